"""Real data: files are bounded, kept under names of our own, read in a process of its own, and removed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, UploadFile

from thecal.apps.web.answers import Notebook, Stage
from thecal.apps.web.settings import MOST_FILES, MOST_MEMORY, MOST_UPLOAD, SLOWEST_ANALYSIS_S, STAGE
from thecal.core.errors import Problem, ThecalError

router = APIRouter(prefix="/api", tags=["data"])

SUFFIXES = {".xlsx", ".csv", ".txt", ".tsv"}
MAPPINGS = {".yaml", ".yml"}
_turns = threading.BoundedSemaphore(2)
_followed: dict[str, Path] = {}  # folders of uploads that are being read, by the word that their page chose


@router.post("/data")
def analyse(files: list[UploadFile], reference: Annotated[str, Form(max_length=200)] = "",
            species: Annotated[str, Form(max_length=40)] = "",
            ticket: Annotated[str, Form(max_length=40)] = "") -> Notebook:
    """Check and analyse notebooks, as ``thecal analyze`` does.

    Arguments:
        files: XLSX or CSV, at most 8 of 20 MB together; one of them may be a mapping file (YAML) that says what
            their columns mean. reference: the control group. species: mouse or rat.
        ticket: a word of the page's own, to ask for what is being done meanwhile.
    """
    if not 0 < len(files) <= MOST_FILES:
        raise ThecalError.single("files", "wrong number of files", seen=str(len(files)),
                                 allowed=f"1 to {MOST_FILES}", code="files")
    with tempfile.TemporaryDirectory(prefix="thecal-data-") as place:
        names = _keep(files, Path(place))
        if ticket:
            _followed[ticket] = Path(place)
        try:
            return Notebook(**_in_turn(Path(place), names, reference, species), names=names)
        finally:
            _followed.pop(ticket, None)


@router.get("/data/stages/{ticket}")
def stage(ticket: str) -> Stage:
    """What is being done with an upload, and how much of it; also before it has arrived and after it is done."""
    place = _followed.get(ticket)
    try:
        return Stage() if place is None else Stage(**json.loads((place / STAGE).read_bytes()))
    except FileNotFoundError:
        return Stage(words="waiting for the files before it")


def _keep(files: list[UploadFile], place: Path) -> dict[str, str]:
    """Write the files under names of our own; what each was called."""
    names, left = {}, MOST_UPLOAD
    for number, file in enumerate(files, 1):
        called = (file.filename or "").replace("\\", "/").rsplit("/", 1)[-1][:120]
        suffix = Path(called).suffix.lower()
        if suffix not in SUFFIXES | MAPPINGS:
            raise ThecalError.single("files", "this kind of file is not read here", seen=called[-60:],
                                     allowed=", ".join(sorted(SUFFIXES)) + "; .yaml for a mapping file",
                                     remedy="save it as XLSX or CSV", code="file-type")
        content = file.file.read(left + 1)
        left -= len(content)
        if left < 0:
            raise ThecalError.single("files", "the files are too large", allowed=f"{MOST_UPLOAD // 2**20} MB together",
                                     code="too-large")
        kept = f"file{number}{suffix}"
        (place / kept).write_bytes(content)
        names[kept] = called
    return names


def _in_turn(place: Path, names: dict[str, str], reference: str, species: str) -> dict[str, Any]:
    if not _turns.acquire(timeout=SLOWEST_ANALYSIS_S):
        raise ThecalError.single("files", "too many files are being analysed", remedy="try again in a minute",
                                 code="busy")
    try:
        return _analysed(place, names, reference, species)
    finally:
        _turns.release()


def _analysed(place: Path, names: dict[str, str], reference: str, species: str) -> dict[str, Any]:
    """The answer of a process that may use so much time and memory and no more."""
    mappings = [name for name in names if Path(name).suffix in MAPPINGS]
    files = [name for name in names if name not in mappings]
    if len(mappings) > 1 or not files:
        raise ThecalError.single("files", "a mapping file goes with notebooks", seen=f"{len(mappings)} mapping files, "
                                 f"{len(files)} notebooks", allowed="at most one mapping file beside notebooks",
                                 remedy="choose the notebook and its mapping file together", code="files")
    order = json.dumps({"files": files, "mapping": next(iter(mappings), None), "reference": reference or None,
                        "species": species or None, "memory": MOST_MEMORY})
    try:
        done = subprocess.run([sys.executable, "-m", "thecal.apps.web.reader"], input=order.encode(), cwd=place,
                              capture_output=True, timeout=SLOWEST_ANALYSIS_S, check=False)
    except subprocess.TimeoutExpired:
        raise ThecalError.single("files", "the analysis took too long and was stopped",
                                 allowed=f"{SLOWEST_ANALYSIS_S:.0f} s", remedy="split the notebook by cohort",
                                 code="too-slow") from None
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        told = done.stderr.decode(errors="replace")
        if done.returncode >= 0 and "memory" not in told.lower():
            raise RuntimeError(f"the reader of notebooks ended with status {done.returncode}: {told[-2000:]}") from None
        raise ThecalError.single("files", "the files could not be analysed within the memory allowed",
                                 allowed=f"{MOST_MEMORY // 2**30} GB", remedy="split the notebook by cohort",
                                 code="not-analysed") from None
    if "problems" in answer:
        raise ThecalError([Problem(**problem) for problem in answer["problems"]])
    return answer
