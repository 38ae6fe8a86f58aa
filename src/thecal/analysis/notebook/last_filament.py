"""The last filament of a series, however it is written: position, force in g or handle."""

from __future__ import annotations

import datetime

import numpy as np

from thecal.analysis.notebook.findings import Finding
from thecal.analysis.notebook.layout import Entry, finding_at
from thecal.analysis.notebook.mapping import Mapping
from thecal.analysis.notebook.spelling import read_number
from thecal.assay.filaments import FilamentSet


def last_positions(
    entries: list[Entry], mapping: Mapping, filaments: FilamentSet, findings: list[Finding]
) -> list[int | None]:
    """Last filaments as positions. How they are written is one decision for the whole notebook."""
    numbers = [None if isinstance(e.last, datetime.date) else read_number(e.last) for e in entries]
    known = [n.value for n in numbers if n]
    if entries and not known and all(e.last is None for e in entries):
        findings.append(
            Finding(
                "last_filament",
                "no column for the last filament",
                f"every test is taken to start at filament {filaments.start}, "
                f"{10 ** filaments.log10_g[filaments.start - 1]:.2g} g",
                severity="warning",
            )
        )
        return [None] * len(entries)
    written = mapping.last_filament or _how_written(known, filaments)
    if written != "position" and not mapping.last_filament:
        findings.append(
            Finding(
                "columns",
                f"the last filament is written as {'force in g' if written == 'g' else 'handle'}",
                "turned into the position in the set",
                severity="note",
            )
        )
    places = []
    for entry, number in zip(entries, numbers, strict=True):
        place = None if number is None else _place(number.value, written, filaments)
        if place is None and entry.series is not None:
            seen = "missing" if entry.last is None else f"'{entry.last}'"
            cause = (
                "the spreadsheet turned it into a date"
                if isinstance(entry.last, datetime.date)
                else "a typing slip"
                if entry.last is not None
                else ""
            )
            findings.append(
                finding_at(
                    entry,
                    "last_filament",
                    f"the last filament is {seen}; the set has {_described(filaments, written)}",
                    "taken from the letters and the usual start",
                    cause,
                )
            )
        places.append(place)
    return places


def _how_written(values: list[float], filaments: FilamentSet) -> str:
    fits = {way: sum(_place(v, way, filaments) is not None for v in values) for way in ("position", "g", "handle")}
    return max(fits, key=lambda way: (fits[way], way == "position"))


def _place(value: float, written: str, filaments: FilamentSet) -> int | None:
    if written == "position":  # counted in the full set of 20 where the set is a part of that
        place = value - filaments.first_number + 1
        return int(place) if place == int(place) and 1 <= place <= len(filaments) else None
    if written == "g":
        return filaments.position(value)
    handle = filaments.forces_log10_g + 4.0
    nearest = int(np.argmin(np.abs(handle - value)))
    return nearest + 1 if abs(handle[nearest] - value) < 0.015 else None


def _described(filaments: FilamentSet, written: str) -> str:
    if written == "position":
        return f"{filaments.first_number} to {filaments.first_number + len(filaments) - 1}"
    values = filaments.marked_g or tuple(10**f for f in filaments.log10_g)
    return (
        "handles " + ", ".join(f"{f + 4:.2f}" for f in filaments.log10_g)
        if written == "handle"
        else ", ".join(f"{v:g}" for v in values) + " g"
    )
