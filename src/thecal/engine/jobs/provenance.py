"""What one needs to know to get the same bytes again."""

from __future__ import annotations

import functools
import hashlib
import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from thecal.engine.jobs.parts import write_atomically

PROVENANCE = "provenance.json"

# What can change a number: rooms of the program, and folders of its data.
_ROOMS = ("core", "study", "anatomy", "cells", "signalling", "pain", "assay", "engine")
_DATA = ("parameters", "species", "injuries", "products", "assays", "fitted")
_VERSIONED = ("thecal", "numpy", "scipy", "pyarrow", "duckdb", "scikit-sundae", "llvmlite", "statsmodels")


def collect_provenance(study_text: str, seed: int, model_sha256: str = "", **more: Any) -> dict[str, Any]:
    """Digests, seed and the versions of what computes.

    Arguments:
        study_text: the study file, as read.
        seed: the study's seed.
        model_sha256: digest of the assembled model, empty when there is none.
        more: further entries, plain data.

    Returns:
        Plain data for ``provenance.json``.
    """
    versions = {}
    for name in _VERSIONED:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    entries = {"study_sha256": sha256_of(study_text), "model_sha256": model_sha256, "seed": int(seed),
               "program_sha256": program_sha256(),
               "versions": versions, "python": platform.python_version(), "machine": platform.machine(), **more}
    plain: dict[str, Any] = json.loads(json.dumps(entries))  # as it will be read again, so that it can be compared
    return plain


@functools.cache
def program_sha256() -> str:
    """SHA-256 over the code and the data that can change a number, as they lie on disk; hexadecimal."""
    root = Path(__file__).parents[2]
    folders = [*(root / room for room in _ROOMS), *(root / "data" / kind for kind in _DATA)]
    digest = hashlib.sha256()
    for file in sorted(f for folder in folders for f in folder.rglob("*") if f.is_file() and f.suffix != ".pyc"):
        digest.update(f"{file.relative_to(root).as_posix()}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def sha256_of(text: str) -> str:
    """SHA-256 of a text in UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def now() -> str:
    """The time of day for people, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_provenance(folder: Path, entries: Mapping[str, Any]) -> None:
    """Write ``provenance.json`` whole."""
    text = json.dumps(entries, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    write_atomically(folder / PROVENANCE, text.encode())


def read_provenance(folder: Path) -> dict[str, Any]:
    """Read ``provenance.json``."""
    entries: dict[str, Any] = json.loads((folder / PROVENANCE).read_text("utf-8"))
    return entries
