"""Find the header of a sheet and say what each column holds."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import Any

from thecal.analysis.notebook.forces import named_forces
from thecal.analysis.notebook.mapping import Mapping
from thecal.analysis.notebook.spelling import read_day
from thecal.analysis.notebook.vocabulary import ASSAYS, column_meaning, plain
from thecal.core.errors import ThecalError

_LOOKED_AT = 40  # rows in which a header is looked for
ATTRIBUTES = ("group", "group_id", "sex", "cohort", "observer", "paw", "included", "excluded", "comment", "stimulus")


@dataclass(frozen=True)
class Column:
    """One column: its place, its name, what it holds, and the day or force in its name if there is one.

    ``percent``: the name says that the cells are per cent of the touches.
    """

    place: int
    name: str
    meaning: str
    day: float | None = None
    force_g: float | None = None
    percent: bool = False


@dataclass(frozen=True)
class Header:
    """The columns of a sheet, the row they were found in (from 0), and how the sheet is laid out.

    ``kind``: "long" one row per reading; "wide" one row per animal, days across; "across" one row per day, animals
    across; "animals" a list of animals without readings. ``assumed`` says what was made of names that are unclear.
    """

    row: int
    first_row: int
    kind: str
    columns: tuple[Column, ...]
    unread: tuple[str, ...] = field(default=())
    assumed: str = ""

    def place(self, meaning: str) -> int | None:
        """Place of the first column with this meaning."""
        return self._places.get(meaning)

    @functools.cached_property
    def _places(self) -> dict[str, int]:
        return {column.meaning: column.place for column in reversed(self.columns)}

    def having(self, *meanings: str) -> list[Column]:
        """Columns with one of these meanings."""
        return [c for c in self.columns if c.meaning in meanings]


def find_header(rows: list[list[Any]], mapping: Mapping, source: str) -> Header | None:
    """The header of a sheet; None if there is nothing that looks like one.

    Errors: ThecalError when a row looks like a header but the layout cannot be understood.
    """
    scored = [(_score(row, mapping), -number, number) for number, row in enumerate(rows[:_LOOKED_AT])]
    score, _, number = max(scored, default=(0, 0, 0))
    if score < 2:
        return None
    columns, assumed = _with_forces(_columns(rows, number, mapping), rows[number], mapping)
    first = number + 1
    below = rows[first] if first < len(rows) else []
    second = [column_meaning(cell) for cell in below]
    if sum(m in ("series", "last_filament", *ASSAYS) for m in second) >= 2:  # days in one row, series and last below
        columns = [_joined(c, below) for c in columns]
        first += 1
    kind = _kind(columns)
    if kind is None:
        seen = ", ".join(str(cell) for cell in rows[number] if cell is not None)[:300]
        raise ThecalError.single(
            f"{source}, row {number + 1}",
            "it is not clear which columns hold the animal, the day and the reading",
            seen=seen,
            remedy="name them in a mapping file: columns: {animal: ..., day: ..., series: ...}",
        )
    unread = tuple(
        c.name for c in columns if not c.meaning and c.name and c.force_g is None and kind in ("long", "animals")
    )
    return Header(number, first, kind, tuple(columns), unread, assumed)


def _wanted(mapping: Mapping) -> dict[str, str]:
    names = {plain(name): meaning for meaning, name in mapping.columns.items()}
    return names | {plain(name): assay for name, assay in mapping.value_assay.items()}


def _meaning(cell: Any, mapping: Mapping) -> str:
    wanted = _wanted(mapping)
    key = plain(cell) if cell is not None else ""
    if key and key in wanted:
        return wanted[key]
    found = column_meaning(cell)
    return (
        "" if found and found in wanted.values() and found not in ASSAYS else found
    )  # a named column replaces the usual one


def _score(row: list[Any], mapping: Mapping) -> int:
    meanings = [_meaning(cell, mapping) for cell in row]
    named = len({m for m in meanings if m})
    if not named:
        return 0
    unnamed = [cell for cell, meaning in zip(row, meanings, strict=True) if not meaning and cell is not None]
    days = sum(_header_day(c, mapping) is not None or _day_and_meaning(c, mapping)[0] is not None for c in unnamed)
    text = sum(isinstance(cell, str) for cell in row if cell is not None)
    if "animal" in meanings:
        return named + min(days, 20)
    if "day" in meanings:  # days down, animals across: the other cells are names
        return named + (text >= 3)
    return min(named, text) // 2


def _header_day(cell: Any, mapping: Mapping) -> float | None:
    if isinstance(cell, str) and re.search(r"\d\s*g$", cell.strip().lower()):
        return None
    return read_day(cell, _lower(mapping.days), mapping.day_unit == "week")


def _lower(days: dict[str, float]) -> dict[str, float]:
    return {str(name).strip().lower(): day for name, day in days.items()}


def _columns(rows: list[list[Any]], number: int, mapping: Mapping) -> list[Column]:
    width = max((len(row) for row in rows[number : number + 200]), default=0)
    columns = []
    for place in range(width):
        cell = rows[number][place] if place < len(rows[number]) else None
        name = "" if cell is None else str(cell)
        meaning = _meaning(cell, mapping)
        day = None if meaning else _header_day(cell, mapping)
        if not meaning and day is None:
            day, meaning = _day_and_meaning(cell, mapping)
        columns.append(Column(place, name, meaning, day))
    return columns


def _with_forces(columns: list[Column], cells: list[Any], mapping: Mapping) -> tuple[list[Column], str]:
    """The columns with the forces in their names, and what was assumed about these."""
    meanings = {c.meaning for c in columns}
    reading = meanings & {"series", "value", "responses", *ASSAYS}
    free = [_unread(c, cell, mapping) for c, cell in zip(columns, [*cells, *[None] * len(columns)], strict=False)]
    bare = {"animal", "day"} <= meanings and not reading and mapping.assay in (None, "percent_response")
    forces, assumed = named_forces(free, mapping, bare)
    found = [
        Column(c.place, c.name, "", None, forces[c.place].g, forces[c.place].percent) if c.place in forces else c
        for c in columns
    ]
    return found, assumed


def _unread(column: Column, cell: Any, mapping: Mapping) -> Any:
    """The name of a column that may be a filament's: "vF 0.4" has the word of a test in front, not its meaning."""
    worded = column.meaning == "von_frey" and plain(column.name) not in _wanted(mapping)
    return cell if not column.meaning or worded else None


def _day_and_meaning(name: Any, mapping: Mapping) -> tuple[float | None, str]:
    """The day and the rest of a name such as "D3 series", "last_day 7", "baseline latency"."""
    words = [word for word in re.split(r"[\s_/:|]+", name) if word][:8] if isinstance(name, str) else []
    for cut in range(1, len(words)):
        for day_words, rest in ((words[:cut], words[cut:]), (words[cut:], words[:cut])):
            day, meaning = _header_day(" ".join(day_words), mapping), _meaning(" ".join(rest), mapping)
            if day is not None and meaning in ("series", "last_filament", *ASSAYS):
                return day, meaning
    return None, ""


def _joined(column: Column, below: list[Any]) -> Column:
    under = column_meaning(below[column.place]) if column.place < len(below) else ""
    return (
        Column(column.place, column.name, under, column.day, column.force_g) if under and not column.meaning else column
    )


def _kind(columns: list[Column]) -> str | None:
    meanings = {c.meaning for c in columns if c.day is None}
    reading = meanings & {"series", "value", "responses", *ASSAYS}
    across = [c for c in columns if c.day is not None]
    forces = [c for c in columns if c.force_g is not None]
    if "animal" in meanings:
        if len(across) >= 1 and "day" not in meanings:
            return "wide"
        if reading or len(forces) >= 2:
            return "long"
        if meanings & set(ATTRIBUTES) and not reading and "day" not in meanings:
            return "animals"
        return None
    if "day" in meanings and not reading and sum(not c.meaning and bool(c.name) for c in columns) >= 2:
        return "across"
    return None
