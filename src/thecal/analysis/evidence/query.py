"""Choosing rows: filters by vocabulary words, a summary of what was chosen, and export."""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from thecal.analysis.evidence import schema
from thecal.analysis.evidence.schema import Row
from thecal.analysis.evidence.tables import Evidence
from thecal.core.errors import Problem, ThecalError


@dataclass(frozen=True)
class Selection:
    """Which rows are wanted: for each column the words that may stand in it; empty is any.

    ``verified_only`` keeps rows whose page was read. Rows that nobody has read (certainty lead) are kept only when
    ``leads`` is true, and never reach a synthesis.
    """

    species: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    condition: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    donor: tuple[str, ...] = ()
    route: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    ae_term: tuple[str, ...] = ()
    effect: tuple[str, ...] = ()
    certainty: tuple[str, ...] = ()
    design: tuple[str, ...] = ()
    study: tuple[str, ...] = ()
    verified_only: bool = False
    leads: bool = field(default=False)

    @classmethod
    def of(cls, **words: Iterable[str] | bool) -> Selection:
        """A selection from words as a user types them (commas allowed, group names expanded).

        Errors: ThecalError naming each unknown word and the nearest known one.
        """
        chosen: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, given in words.items():
            if isinstance(given, bool):
                chosen[name] = given
                continue
            flat = [w.strip().lower() for text in given for w in text.split(",") if w.strip()]
            chosen[name], found = (tuple(flat), []) if name == "study" else _expand(name, flat)
            problems += found
        if problems:
            raise ThecalError(problems)
        return cls(**chosen)

    def words(self) -> dict[str, Any]:
        """What was asked for, without the empty parts."""
        return {k: v for k, v in asdict(self).items() if v}

    def takes(self, entry: Row) -> bool:
        """Whether a row of the animal or human table is wanted."""
        if not self.leads and entry["certainty"] == "lead":
            return False
        if self.verified_only and entry["verified"] != "yes":
            return False
        here = entry | {"species": entry.get("species") or "human"}
        return all(not wanted or here.get(name) in wanted
                   for name, wanted in asdict(self).items() if isinstance(wanted, tuple))


def _expand(name: str, given: list[str]) -> tuple[tuple[str, ...], list[Problem]]:
    groups, known = schema.raw()["groups"].get(name, {}), schema.words(name)
    chosen: list[str] = []
    problems = []
    for word in given:
        if word not in known and word not in groups:
            near = difflib.get_close_matches(word, [*known, *groups], n=1, cutoff=0.4)
            problems.append(Problem(f"--{name.replace('_', '-')}", f"'{word}' is not a known word", seen=word,
                                    allowed=", ".join([*groups, *known]),
                                    remedy=f"write '{near[0]}'?" if near else "choose one of these", code="vocabulary"))
        # a word that is also the name of a group means the group ("msc" is a word only)
        chosen += groups.get(word, [word])
    return tuple(dict.fromkeys(chosen)), problems


def select(evidence: Evidence, selection: Selection) -> dict[str, list[Row]]:
    """Rows of the animal and the human table that a selection takes."""
    return {kind: [entry for entry in evidence.rows(kind) if selection.takes(entry)] for kind in ("animal", "human")}


def summary(rows: dict[str, list[Row]]) -> dict[str, Any]:
    """Counts of what was chosen: rows, studies, and rows by each word."""
    found: dict[str, Any] = {}
    for kind, entries in rows.items():
        first = ("species", "model") if kind == "animal" else ("condition", "design")
        columns = (*first, "cells", "route", "outcome", "effect", "certainty", "verified")
        found[kind] = {"rows": len(entries), "studies": len({e["study"] for e in entries})} | {
            column: dict(Counter(e[column] or "not read" for e in entries).most_common()) for column in columns}
    return found


def public(entry: Row) -> Row:
    """A row without the marks of where it was read."""
    return {k: v for k, v in entry.items() if not k.startswith("_")}


def export(rows: dict[str, list[Row]], form: str) -> str:
    """The chosen rows as text: ``json``, or ``csv`` of one kind (the one with rows; ThecalError when both have)."""
    if form == "json":
        return json.dumps({k: [public(e) for e in v] for k, v in rows.items()}, indent=1, ensure_ascii=False) + "\n"
    filled = [kind for kind, entries in rows.items() if entries]
    if len(filled) > 1:
        raise ThecalError.single(where="--export csv",
                                 what="the chosen rows belong to two tables with different columns",
                                 seen=" and ".join(filled), remedy="add --species mouse,rat (or human), or export json",
                                 code="export")
    kind = filled[0] if filled else "animal"
    out = io.StringIO()
    writer = csv.DictWriter(out, list(schema.table(kind).columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: "" if v is None else v for k, v in public(e).items()} for e in rows[kind])
    return out.getvalue()
