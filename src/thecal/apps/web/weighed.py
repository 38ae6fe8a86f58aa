"""The published studies weighed for a selection. What is asked for first, all of them, is kept on the disk.

Weighing all studies takes some seconds of estimation, the same each time. An idle worker does it before anybody asks;
the file's name holds the digest of the tables and of the code that weighs them, so nothing old is ever shown.
"""

from __future__ import annotations

import functools
import hashlib
import json
import threading
from collections.abc import Sequence
from importlib import metadata, resources
from pathlib import Path
from typing import Any

FILTERS = ("species", "model", "condition", "cells", "route", "outcome", "effect", "certainty")
TOLD = (*FILTERS, "ae_term", "comparator")  # columns whose words the page explains
ALL: tuple[tuple[str, ...], ...] = ((),) * len(FILTERS)
_turn = threading.Lock()


def evidence(given: Sequence[Sequence[str]], home: Path) -> bytes:
    """The synthesis of ``thecal evidence --json`` with the chosen rows, as JSON.

    Arguments:
        given: words for each of :data:`FILTERS`. home: folder of the server.
    Errors: ThecalError naming each unknown word.
    """
    asked = tuple(tuple(sorted(set(words))) for words in given)
    if asked != ALL:
        with _turn:
            return _weighed(asked)
    place = _place(home)
    return place.read_bytes() if place.is_file() else weigh_ahead(home)


def weigh_ahead(home: Path) -> bytes:
    """Weigh all studies and keep the answer in ``home``, unless it is there."""
    from thecal.engine.jobs.parts import write_atomically

    place = _place(home)
    with _turn:
        if place.is_file():
            return place.read_bytes()
        found = _weighed(ALL)
        place.parent.mkdir(parents=True, exist_ok=True)
        for old in place.parent.glob("evidence-*.json"):
            old.unlink(missing_ok=True)
        write_atomically(place, found)
    return found


def warm() -> None:
    """Fit what every selection shares, so that filters answer at once."""
    with _turn:
        _weighed(ALL)


def _place(home: Path) -> Path:
    return home / "kept" / f"evidence-{_digest()}.json"


@functools.cache
def _digest() -> str:
    """Names the tables, the code that weighs them, and the libraries that it fits with."""
    package = resources.files("thecal")
    files = [file for folder in ("data/evidence", "analysis/evidence", "apps/web") for file in
             sorted((package / folder).iterdir(), key=lambda f: f.name)
             if file.is_file() and (folder != "apps/web" or file.name == "weighed.py")]
    digest = hashlib.sha256(" ".join(metadata.version(name) for name in ("numpy", "scipy")).encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@functools.lru_cache(maxsize=64)
def _weighed(given: tuple[tuple[str, ...], ...]) -> bytes:
    from thecal.analysis.evidence import query, synthesis, tables, words
    from thecal.apps.web.answers import Evidence

    known = tables.load()
    selection = query.Selection.of(**{k: w for k, w in zip(FILTERS, given, strict=True) if w})
    found = synthesis.synthesise(known, selection)
    rows = query.select(known, selection)
    found["words"] = [{"heading": heading, "text": text} for heading, text in words.tell(found)]
    found["rows"] = {kind: [query.public(row) for row in listed] for kind, listed in rows.items()}
    found["counts"] = {f"{harm['term']} {harm['unit']}": [_limits(count) for count in harm["counts"]]
                       for harm in found["people"]["adverse_events"]}
    plain = synthesis.plain(found)
    Evidence.model_validate(plain)
    return json.dumps(plain, ensure_ascii=False, allow_nan=False).encode()


def _limits(count: dict[str, Any]) -> dict[str, Any]:
    """Events of one study in per cent, with exact (Clopper-Pearson) limits."""
    from scipy import stats

    if count["events"] is None or not count["total"]:
        return {**count, "share_pct": None, "ci_pct": None}
    interval = stats.binomtest(count["events"], count["total"]).proportion_ci(method="exact")
    return {**count, "share_pct": 100 * count["events"] / count["total"],
            "ci_pct": [100 * float(interval.low), 100 * float(interval.high)]}


def vocabulary() -> dict[str, dict[str, str]]:
    """The words of each column, with their meaning; those of groups first."""
    from thecal.analysis.evidence import schema

    groups = schema.raw()["groups"]
    return {name: {**{group: "group: " + ", ".join(members) for group, members in groups.get(name, {}).items()},
                   **schema.words(name)} for name in TOLD}
