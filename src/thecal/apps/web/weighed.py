"""The published studies weighed for a selection. What is asked for first, all of them, comes with the package.

Weighing all studies takes some seconds of estimation, the same each time, so the answer is kept beside this file. Its
name holds the digest of the tables and of the code that weighs them: nothing old is ever shown, it is computed instead.
``python -m thecal.apps.web.weighed`` writes it anew; a test says when it has to be.
"""

from __future__ import annotations

import functools
import hashlib
import json
import threading
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

FILTERS = ("species", "model", "condition", "cells", "route", "outcome", "effect", "certainty")
TOLD = (*FILTERS, "ae_term", "comparator")  # columns whose words the page explains
ALL: tuple[tuple[str, ...], ...] = ((),) * len(FILTERS)
_turn = threading.Lock()


def evidence(given: Sequence[Sequence[str]]) -> bytes:
    """The synthesis of ``thecal evidence --json`` with the chosen rows, as JSON.

    Arguments:
        given: words for each of :data:`FILTERS`.
    Errors: ThecalError naming each unknown word.
    """
    asked = tuple(tuple(sorted(set(words))) for words in given)
    if asked == ALL and place().is_file():
        return place().read_bytes()
    with _turn:
        return _weighed(asked)


def keep() -> Path:
    """Weigh all studies and keep the answer in the package; where it stands."""
    from thecal.engine.jobs.parts import write_atomically

    for old in place().parent.glob("evidence-*.json"):
        old.unlink()
    write_atomically(place(), weigh())
    return place()


def weigh() -> bytes:
    """All studies, weighed now."""
    with _turn:
        return _weighed(ALL)


def place() -> Path:
    """Where the answer for all studies is kept."""
    return Path(__file__).with_name("kept") / f"evidence-{_digest()}.json"


@functools.cache
def _digest() -> str:
    """Names the tables and the code that weighs them."""
    package = resources.files("thecal")
    files = [file for folder in ("data/evidence", "analysis/evidence") for file in
             sorted((package / folder).iterdir(), key=lambda f: f.name) if file.is_file()]
    digest = hashlib.sha256(Path(__file__).read_bytes())
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


if __name__ == "__main__":
    keep()
