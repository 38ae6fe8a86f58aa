"""Days and visits: dates to days, names to days, doubles and gaps."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from dataclasses import replace

import pandas as pd

from thecal.analysis.notebook.findings import Finding
from thecal.analysis.notebook.layout import Entry
from thecal.analysis.notebook.spelling import read_date

_LISTED = 400  # single findings of one kind; more are counted


def resolve_days(entries: list[Entry], findings: list[Finding]) -> list[Entry]:
    """Give a day to entries that carry a date or an unknown name.

    Dates count from the earliest date, where most visits are dates. Names that several animals share (``post``,
    ``wash-out``) are numbered in order of appearance after the last known day. Both are said. What is left is a slip.
    """
    open_entries = [e for e in entries if e.day is None and e.day_text]
    dates = {e.day_text for e in open_entries if _is_date(e.day_text)}
    days: dict[str, float] = {}
    if dates and sum(_is_date(e.day_text) for e in open_entries) >= 0.5 * len(entries):
        first = min(map(datetime.date.fromisoformat, dates))
        days |= {text: float((datetime.date.fromisoformat(text) - first).days) for text in dates}
        findings.append(
            Finding(
                "columns",
                f"visits are given as dates, the first is {first.isoformat()}",
                "days are counted from that date",
                likely_cause="give the day of injury in a mapping file: first_day: '2024-05-17'",
            )
        )
    users: dict[str, set[str]] = defaultdict(set)
    for entry in open_entries:
        if not _is_date(entry.day_text):
            users[entry.day_text].add(entry.animal)
    names = [name for name, animals in users.items() if len(animals) > 1]
    if names and len(names) <= 12:
        last = max([0.0, *(e.day for e in entries if e.day is not None), *days.values()])
        days |= {name: last + number for number, name in enumerate(names, start=1)}
        findings.append(
            Finding(
                "columns",
                f"visits with names: {', '.join(f'{n} = day {days[n]:g}' for n in names)}"[:300],
                "numbered in order of appearance",
                likely_cause="give their days in a mapping file: days: {" + names[0] + ": 1}",
            )
        )
    return [_with_day(entry, days, findings) for entry in entries]


def _with_day(entry: Entry, days: dict[str, float], findings: list[Finding]) -> Entry:
    if entry.day is not None:
        return entry
    if entry.day_text in days:
        return replace(entry, day=days[entry.day_text])
    cause = (
        "the spreadsheet turned the day into a date"
        if _is_date(entry.day_text)
        else "a typing slip"
        if entry.day_text
        else ""
    )
    findings.append(
        Finding(
            "cell",
            f"'{entry.day_text}' is not a day" if entry.day_text else "no day is given",
            "kept without a day, not analysed",
            animal=entry.animal,
            where=entry.where,
            severity="error",
            likely_cause=cause,
        )
    )
    return entry


def _is_date(text: str) -> bool:
    return len(text) == 10 and read_date(text) is not None


def mark_duplicates(table: pd.DataFrame, findings: list[Finding]) -> pd.DataFrame:
    """Analyse the first of several readings of one animal, day and test; the others stay in the table, marked."""
    rows = table.to_dict("records")
    firsts: dict[tuple, dict] = {}
    second = []
    for number, row in enumerate(rows):
        if row["value"] == row["value"] and row["day"] == row["day"]:
            key = tuple(row[name] for name in ("animal", "group", "day", "assay", "paw", "stimulus", "observer"))
            if firsts.setdefault(key, row) is not row:
                second.append((number, row, firsts[key]))
    if not second:
        return table
    readable = len(firsts) + len(second)
    if len(second) > 0.2 * readable:
        findings.append(
            Finding(
                "duplicate",
                f"{len(second)} of {readable} readings are second ones of their visit",
                "see each below",
                likely_cause="a column that tells them apart was not read; name it: columns: {stimulus: ...}",
            )
        )
    for _, row, first in second[:_LISTED]:
        same = (row["series"], row["last_filament"], row["value"]) == (
            first["series"],
            first["last_filament"],
            first["value"],
        )
        findings.append(
            Finding(
                "duplicate",
                f"a second {row['assay'].replace('_', ' ')} reading ({_shown(row)}); the first is {_shown(first)}",
                "the first is analysed; this one stays in the table, left out",
                animal=row["animal"],
                day=row["day"],
                likely_cause="copied twice" if same else "another animal, day or paw was meant, or a repeated test",
                where=row["where"],
            )
        )
    if len(second) > _LISTED:
        findings.append(
            Finding(
                "duplicate",
                f"{len(second)} readings stand twice",
                f"the first {_LISTED} are listed; all later ones are left out",
            )
        )
    places = [number for number, _, _ in second]
    included, note = table["included"].to_numpy(copy=True), table["note"].to_numpy(copy=True)
    included[places], note[places] = False, "a second reading of the same visit"
    return table.assign(included=included, note=note)


def _shown(row: dict) -> str:
    return f"{row['series']} at {row['last_filament']}" if row["series"] else f"{row['value']:g} {row['unit']}"


def missing_visits(table: pd.DataFrame, findings: list[Finding]) -> None:
    """Animals without a reading on a day on which at least half of their group have one."""
    seen: dict[tuple[str, str], dict[str, set[float]]] = defaultdict(lambda: defaultdict(set))
    groups: dict[str, str] = {}
    for row in table[["animal", "group", "day", "assay", "stimulus", "value"]].itertuples(index=False):
        if row.value == row.value and row.day == row.day:
            seen[row.assay, row.stimulus][row.animal].add(row.day)
            groups.setdefault(row.animal, row.group)
    gaps = []
    for (assay, stimulus), days in seen.items():
        if len(days) < 3:
            continue
        members = Counter(groups[animal] for animal in days)
        tested = Counter((groups[animal], day) for animal, own in days.items() for day in own)
        usual = {
            group: {day for (g, day), count in tested.items() if g == group and count >= 0.5 * members[group]}
            for group in members
        }
        for animal, own in days.items():
            for day in sorted(usual[groups[animal]] - own):
                cause = "dropped out" if day > max(own) else ""
                what = f"no {assay.replace('_', ' ')} reading{' with ' + stimulus if stimulus else ''} on day {day:g}"
                gaps.append(Finding("missing_visit", what, "left empty", animal=animal, day=day, likely_cause=cause))
    findings += gaps[:_LISTED]
    if len(gaps) > _LISTED:
        findings.append(Finding("missing_visit", f"{len(gaps)} missing visits", f"the first {_LISTED} are listed"))
