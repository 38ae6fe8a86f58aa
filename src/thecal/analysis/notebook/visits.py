"""Days and visits: dates to days, names to days, doubles and gaps."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pandas as pd

from thecal.analysis.notebook.findings import Finding
from thecal.analysis.notebook.layout import Entry

_LISTED = 400  # single findings of one kind; more are counted


def resolve_days(entries: list[Entry], findings: list[Finding]) -> list[Entry]:
    """Give a day to entries that carry a date or an unknown name.

    Dates count from the earliest date. Unknown names (``post``, ``wash-out``) are numbered in order of appearance after
    the last known day, so that nothing is lost; both are said.
    """
    dates = {e.day_text for e in entries if e.day is None and _is_date(e.day_text)}
    days: dict[str, float] = {}
    if dates:
        first = min(datetime.date.fromisoformat(text) for text in dates)
        days |= {text: float((datetime.date.fromisoformat(text) - first).days) for text in dates}
        findings.append(Finding("columns", f"visits are given as dates, the first is {first.isoformat()}", "days are counted from that date",
                                likely_cause="give the day of injury in a mapping file: first_day: '2024-05-17'"))
    names = list(dict.fromkeys(e.day_text for e in entries if e.day is None and e.day_text and e.day_text not in days))
    if names and len(names) <= 12:
        known = [e.day for e in entries if e.day is not None] + list(days.values())
        last = max([0.0, *known])
        days |= {name: last + number for number, name in enumerate(names, start=1)}
        findings.append(Finding("columns", f"visits with names: {', '.join(f'{n} = day {days[n]:g}' for n in names)}"[:300], "numbered in order of appearance",
                                likely_cause="give their days in a mapping file: days: {" + names[0] + ": 1}"))
    resolved, lost = [], 0
    for entry in entries:
        day = entry.day if entry.day is not None else days.get(entry.day_text)
        lost += day is None
        if day is None and lost <= _LISTED:
            findings.append(Finding("cell", f"'{entry.day_text}' is not a day" if entry.day_text else "no day is given", "kept without a day, not analysed",
                                    animal=entry.animal, where=entry.where, severity="error"))
        resolved.append(entry if day == entry.day else replace(entry, day=day))
    if lost > _LISTED:
        findings.append(Finding("cell", f"{lost} rows without a readable day", f"the first {_LISTED} are listed", severity="error"))
    return resolved


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10


def mark_duplicates(table: pd.DataFrame, findings: list[Finding]) -> pd.DataFrame:
    """Keep the first of several readings of one animal, day and test in the analysis; the others stay in the table, marked."""
    key = ["animal", "group", "day", "assay", "paw", "stimulus", "observer"]
    readable = table["value"].notna() & table["day"].notna()
    double = readable & table[readable].duplicated(key, keep="first").reindex(table.index, fill_value=False)
    if not double.any():
        return table
    table = table.copy()
    if double.sum() > 0.2 * readable.sum():
        findings.append(Finding("duplicate", f"{int(double.sum())} of {int(readable.sum())} readings are second ones of their visit", "see each below",
                                likely_cause="a column that tells them apart was not read; name it: columns: {stimulus: ...}"))
    firsts = table[readable].drop_duplicates(key).set_index(key)
    for count, (index, row) in enumerate(table[double].iterrows()):
        if count >= _LISTED:
            findings.append(Finding("duplicate", f"{int(double.sum())} readings stand twice", f"the first {_LISTED} are listed; the later ones are left out"))
            break
        first = firsts.loc[tuple(row[k] for k in key)]
        same = row["series"] == first["series"] and row["last_filament"] is not pd.NA and row["value"] == first["value"]
        findings.append(Finding("duplicate", f"a second {row['assay'].replace('_', ' ')} reading ({_shown(row)}); the first is {_shown(first)}",
                                "the first is analysed; this one stays in the table, left out", animal=row["animal"], day=row["day"],
                                likely_cause="copied twice" if same else "another animal, day or paw was meant, or a repeated test", where=row["where"]))
    table.loc[double, "included"] = False
    table.loc[double, "note"] = "a second reading of the same visit"
    return table


def _shown(row: pd.Series) -> str:
    return f"{row['series']} at {row['last_filament']}" if row["series"] else f"{row['value']:g} {row['unit']}"


def missing_visits(table: pd.DataFrame, findings: list[Finding]) -> None:
    """Animals without a reading on a day on which at least half of their group, or of all animals, have one."""
    table = table[table["day"].notna() & table["value"].notna()]
    listed = 0
    for (assay, stimulus), rows in table.groupby(["assay", "stimulus"], sort=False):
        seen = rows.groupby(["animal", "day"]).size().unstack(fill_value=0) > 0
        if seen.shape[0] < 3:
            continue
        group = rows.groupby("animal")["group"].first()
        usual = seen.groupby(group.reindex(seen.index)).transform("mean") >= 0.5
        gaps = (usual & ~seen).stack()
        for animal, day in gaps[gaps].index:
            listed += 1
            if listed > _LISTED:
                break
            before = seen.loc[animal, [d for d in seen.columns if d > day]]
            cause = "dropped out" if len(before) and not before.any() else ""
            findings.append(Finding("missing_visit", f"no {assay.replace('_', ' ')} reading{' with ' + stimulus if stimulus else ''} on day {day:g}",
                                    "left empty", animal=str(animal), day=float(day), likely_cause=cause))
    if listed > _LISTED:
        findings.append(Finding("missing_visit", f"more than {_LISTED} missing visits", f"the first {_LISTED} are listed"))
