"""Past the first mistake: what is wrong gives way to something harmless, and the rest of the file is looked at again.

A name that nobody knows stops the resolution of a study before its doses are read. So that one pass shows all that can
be found, each mistake is told once, its place is filled with a stand-in, and the study is read anew, until nothing new
comes up. What only follows from a stand-in is not told. The mended study is never run.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from thecal.core.errors import Problem, ThecalError
from thecal.study.model.problems import place
from thecal.study.model.text import Document, Path

ROUNDS = 16
# What fills a place: by its key, and in a list by the list's.
KEYS: dict[str, Any] = {"name": "study", "end": "3650 d", "day": "0 d", "days": [0], "what": "vehicle",
                        "arms": [{"id": "mended"}], "assay": "von Frey", "duration": "1 d"}
ITEMS: dict[str, Any] = {"give": {"what": "vehicle", "day": "0 d"}, "tests": {"assay": "von Frey", "days": [0]},
                         "days": 0, "hours_after_dose": 1}
# Findings that a stand-in beside them, or at a place they rest on, may have brought about.
BESIDE = ("dose", "when", "volume", "not-cells", "expansion", "two-cells", "missing")
RESTS_ON = {"strain": ("species",), "level": ("species",), "unknown-product": ("products",),
            "unknown-injury": ("injuries",), "unknown-arm": ("arms",), "unknown-cohort": ("arms",),
            "species-lacks-assay": ("species",)}
# Findings about a whole arm or test, true only where nothing in it was mended.
WHOLE = ("dose-after-end", "visit-after-end", "after-terminal", "infused-cells", "removal-without-cells")

_PART = re.compile(r"\.?([A-Za-z_]\w*)|\[(\d+)\]")


def all_problems(document: Document, look: Callable[[Document], Iterable[Problem]]) -> list[Problem]:
    """Every error that can be found in one pass, in the order of the file.

    Arguments:
        document: the file as read. look: errors of a document; it may raise them as :class:`ThecalError`.
    """
    data = copy.deepcopy(document.data)
    mended: list[Path] = []
    told: dict[Problem, Path] = {}
    for _ in range(ROUNDS):
        found = [(place_of(p), p) for p in _errors(look, replace(document, data=data))]
        told.update({problem: path for path, problem in found
                     if not _follows(problem, path, mended, _at(document.data, path) is not None)})
        filled = [_fill(data, path, mended) for path in dict.fromkeys(path for path, _ in found)]
        done = [path for path in filled if path is not None]
        mended += done
        if not done:
            break
    ordered = sorted(told.items(), key=lambda item: document.line_of(item[1]) or 0)
    return [replace(problem, where=place(path, document) if path else problem.where,
                    remedy=problem.remedy or "write what is allowed here; 'thecal schema' says what each key holds")
            for problem, path in ordered]


def place_of(problem: Problem) -> Path:
    """The keys and indices in front of a problem's place; empty where it names none."""
    parts, text = [], problem.where.split(" ", 1)[0].rstrip(",")
    while match := _PART.match(text):
        parts.append(int(match.group(2)) if match.group(2) else match.group(1))
        text = text[match.end():]
    return () if text else tuple(parts)


def _errors(look: Callable[[Document], Iterable[Problem]], document: Document) -> list[Problem]:
    try:
        return [problem for problem in look(document) if problem.severity == "error"]
    except ThecalError as error:
        return error.problems


def _follows(problem: Problem, path: Path, mended: list[Path], written: bool) -> bool:
    """Whether a stand-in may be the cause; ``written``: the place is in the file, so that its own value may be it."""
    roots = RESTS_ON.get(problem.code, ())
    return any(path == done or (len(done) > 1 and path == done[:-1])
               or (len(done) > 1 and path[:-1] == done[:-1] and problem.code in BESIDE
                   and (done[-1] == "what" or not written))
               or (problem.code in WHOLE and (path[:2] == done[:2] or done[0] in ("tests", "end")))
               or (done[0] in roots and (done[0] != "arms" or len(done) < 3 or done[2] in ("id", "cohort")))
               for done in mended)


def _fill(data: Any, path: Path, mended: list[Path]) -> Path | None:
    """Put a stand-in at a place, or at the nearest one around it that has not had one; None where that cannot be."""
    while path:
        holder = _at(data, path[:-1])
        key = path[-1]
        if path not in mended and isinstance(holder, dict) and (key in holder or key in KEYS):
            if key in KEYS:
                holder[key] = copy.deepcopy(KEYS[key])
            elif key == "id":
                holder[key] = f"mended-{path[-2]}"
            else:
                del holder[key]
            return path
        item = _item(path)
        inside = isinstance(holder, list) and isinstance(key, int) and key < len(holder)
        if path not in mended and inside and item is not None:
            holder[key] = item
            return path
        path = path[:-1]
    return None


def _item(path: Path) -> Any:
    if len(path) < 2 or not isinstance(path[-1], int):
        return None
    return {"id": f"mended-{path[-1]}"} if path[-2] == "arms" else copy.deepcopy(ITEMS.get(str(path[-2])))


def _at(data: Any, path: Path) -> Any:
    for part in path:
        inside = (isinstance(data, dict) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data))
        if not inside:
            return None
        data = data[part]
    return data
