"""Reading a study: from a file, from text, or from the library of the package."""

from __future__ import annotations

import difflib
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from thecal.core.errors import Problem, ThecalError
from thecal.study.mending import all_problems
from thecal.study.model import Study
from thecal.study.model.problems import translate
from thecal.study.model.text import MAX_BYTES, Document, read


def library() -> list[str]:
    """Names of the studies in the package."""
    folder = resources.files("thecal") / "data" / "studies"
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))


def load(source: str | Path) -> Study:
    """A study by path or by its name in the library.

    Errors: :class:`ThecalError` with one problem per finding; nothing else leaves.
    """
    raw, name = source_text(source)
    return loads(raw, name)


def loads(raw: bytes | str, name: str = "study.yaml") -> Study:
    """A study from the bytes or the text of a file; ``name`` is used in messages."""
    return validate(read(raw, name))


def validate(document: Document) -> Study:
    """A study from plain data.

    Errors: :class:`ThecalError` with one problem per finding, those behind the first ones included.
    """
    try:
        return _validated(document)
    except ThecalError:
        raise ThecalError(everything_wrong(document)) from None


def everything_wrong(document: Document) -> list[Problem]:
    """All errors of a file that can be found in one pass: of its keys and values, of its names, and of the checks."""
    from thecal.study.lint import findings

    return all_problems(document, lambda mended: findings(_validated(mended)))


def _validated(document: Document) -> Study:
    try:
        return Study.model_validate(document.data).read_from(document)
    except ValidationError as error:
        raise ThecalError(translate(error, Study, document)) from None


def dumps(study: Study) -> str:
    """The study as a file again: what was set, with units; it reads back as the same study."""
    import io

    from ruamel.yaml import YAML

    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    writer.width = 120
    stream = io.StringIO()
    writer.dump(study.model_dump(mode="json", exclude_unset=True), stream)
    return stream.getvalue()


def source_text(source: str | Path) -> tuple[bytes, str]:
    """The bytes of a study file and its name; a bare word is looked up in the library."""
    text = str(source)
    if text in library():
        return (resources.files("thecal") / "data" / "studies" / f"{text}.yaml").read_bytes(), f"{text}.yaml"
    path = Path(text)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ThecalError.single(text, "the file is too large for a study", seen=f"{path.stat().st_size} bytes",
                                     allowed=f"at most {MAX_BYTES} bytes", code="too-large")
        return path.read_bytes(), path.name
    except FileNotFoundError:
        near = difflib.get_close_matches(text, library(), n=1)
        raise ThecalError.single(
            text, "there is no such file and no study of that name in the library", code="not-found",
            allowed=", ".join(library()), remedy=f"did you mean '{near[0]}'?" if near else "check the path") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ThecalError.single(text[:200], f"the file cannot be read: {reason}", code="unreadable",
                                 remedy="give the path of a study file") from None
