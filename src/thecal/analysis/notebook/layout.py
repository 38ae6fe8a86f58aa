"""From grids of cells to entries: what one animal's line says about one test on one day, still as written."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from thecal.analysis.notebook.files import Sheet
from thecal.analysis.notebook.findings import Finding
from thecal.analysis.notebook.header import ATTRIBUTES, Column, Header, find_header
from thecal.analysis.notebook.mapping import Mapping
from thecal.analysis.notebook.spelling import read_date, read_day, read_letters, read_name, read_number
from thecal.analysis.notebook.vocabulary import ASSAYS, assay_meaning, plain
from thecal.core.errors import ThecalError

_SERIES_AND_LAST = re.compile(r"^(.*[xo0×✕○].*?)\s*[/;@(\s]\s*(\d+(?:[.,]\d+)?)\s*\)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """One reading as written; ``numbers`` repeat one value, ``counts`` are (force, responses, touches) cells."""

    animal: str
    day: float | None
    assay: str
    where: str
    day_text: str = ""
    series: Any = None
    last: Any = None
    first: Any = None
    numbers: tuple[Any, ...] = ()
    counts: tuple[tuple[Any, Any, Any], ...] = ()
    trial: Any = None
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class Layout:
    """All entries and animal attributes of the files, with what was found on the way."""

    entries: list[Entry] = field(default_factory=list)
    animals: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)  # name, attributes, where
    findings: list[Finding] = field(default_factory=list)


def read_layout(sheet: Sheet, mapping: Mapping, into: Layout) -> bool:
    """Add what one sheet holds; False when nothing in it looks like a table of animals."""
    header = find_header(sheet.rows, mapping, sheet.source)
    into.findings.extend(sheet.findings)
    if header is None:
        return False
    rows = [
        (number, row)
        for number, row in enumerate(sheet.rows)
        if number >= header.first_row and any(c is not None for c in row)
    ]
    _say_columns(header, rows, sheet.source, into)
    if header.kind == "across":
        _refuse_nonsense(header, rows, sheet.source, mapping)
        into.entries.extend(_across(header, rows, sheet, mapping))
    elif header.kind == "animals":
        for number, name, row in _named(header, rows, sheet.source, mapping, into):
            into.animals.append((name, _attributes(header, row), f"{sheet.source}, row {number + 1}"))
    else:
        read = _wide if header.kind == "wide" else _long
        for number, name, row in _named(header, rows, sheet.source, mapping, into):
            into.entries.extend(read(header, row, name, f"{sheet.source}, row {number + 1}", sheet.source, mapping))
    return True


def _refuse_nonsense(header: Header, rows: list, source: str, mapping: Mapping) -> None:
    """A table with days down must have days there; a turned list of attributes has not."""
    days = [_day(_at(row, header.place("day")), mapping) for _, row in rows]
    if sum(day is not None or read_date(text) is not None for day, text in days) < 0.5 * len(days):
        raise ThecalError.single(
            source,
            "the first column is called a day, but most of its cells are not days",
            seen=", ".join(text for _, text in days[:6])[:200],
            remedy="one row per animal and day, or name the columns with a mapping file",
        )


def _say_columns(header: Header, rows: list, source: str, into: Layout) -> None:
    if header.assumed:
        into.findings.append(
            Finding(
                "columns",
                header.assumed,
                "per cent response: a curve is fitted to each animal and day",
                where=source,
                likely_cause="write the unit into the names ('0.07 g') to be sure",
                severity="note",
            )
        )
    if header.unread:
        into.findings.append(
            Finding(
                "columns",
                f"columns not understood: {', '.join(header.unread)[:300]}",
                "not read",
                where=source,
                likely_cause="not needed here, or to be named in a mapping file",
                severity="note",
            )
        )
    known = {c.place for c in header.columns if c.name}
    stray = [(n, p) for n, row in rows for p, cell in enumerate(row) if cell is not None and p not in known]
    if stray:
        into.findings.append(
            Finding(
                "cell",
                f"{len(stray)} cells stand outside the table, the first in row {stray[0][0] + 1}, "
                f"column {stray[0][1] + 1}",
                "not read",
                where=source,
                severity="note",
            )
        )


def _named(
    header: Header, rows: list, source: str, mapping: Mapping, into: Layout
) -> Iterator[tuple[int, str, list[Any]]]:
    """Rows with their animal; an empty name under another one belongs to it when the sheet is kept that way."""
    place = header.place("animal")
    assert place is not None  # a sheet without animals in a column is read by _across
    names = [row[place] if place < len(row) else None for _, row in rows]
    blocks = bool(names) and sum(name is None for name in names) > 0.3 * len(names)
    current = ""
    for (number, row), raw in zip(rows, names, strict=True):
        where = f"{source}, row {number + 1}"
        name = read_name(raw)
        if isinstance(raw, (datetime.date, datetime.time)):
            into.findings.append(
                Finding(
                    "cell",
                    f"the animal's name is a date ({name})",
                    "kept as this name",
                    animal=name,
                    where=where,
                    likely_cause="the spreadsheet turned a name such as 3-1 into a date",
                )
            )
        if not name and blocks:
            name = current
        if not name:
            if _repeated_header(row, header):
                continue
            into.findings.append(Finding("cell", "a row without an animal", "not used", where=where, severity="error"))
            continue
        if _repeated_header(row, header):
            continue
        current = name
        yield number, _renamed(name, mapping.animals), row


def _repeated_header(row: list[Any], header: Header) -> bool:
    same = [c.name and c.place < len(row) and row[c.place] == c.name for c in header.columns if c.name]
    return sum(bool(s) for s in same) >= max(2, len(same) // 2)


def _renamed(name: str, names: dict[str, str]) -> str:
    return names.get(name, name)


def _attributes(header: Header, row: list[Any]) -> dict[str, Any]:
    found = {}
    for column in header.columns:
        if column.meaning in ATTRIBUTES and column.place < len(row) and row[column.place] is not None:
            found.setdefault(column.meaning, row[column.place])
    return found


def _at(row: list[Any], column: Column | int | None) -> Any:
    place = column.place if isinstance(column, Column) else column
    return row[place] if place is not None and place < len(row) else None


def _day(cell: Any, mapping: Mapping) -> tuple[float | None, str]:
    """The day and the text it came from; a date has a day only where the day of injury is known."""
    date = read_date(cell)
    if date is not None:
        since = (date - datetime.date.fromisoformat(mapping.first_day)).days if mapping.first_day else None
        return (None if since is None else float(since)), date.isoformat()
    names = {str(name).strip().lower(): day for name, day in mapping.days.items()}
    return read_day(cell, names, mapping.day_unit == "week"), "" if cell is None else str(cell)


def _long(header: Header, row: list[Any], name: str, where: str, source: str, mapping: Mapping) -> list[Entry]:
    has_day = header.place("day") is not None
    day, text = _day(_at(row, header.place("day")), mapping) if has_day else (0.0, "")
    base = Entry(
        name,
        day,
        "",
        where,
        day_text=text,
        trial=_at(row, header.place("trial")),
        attributes=_attributes(header, row),
        first=_at(row, header.place("first_filament")),
    )
    said = assay_meaning(_at(row, header.place("assay")) or "")
    entries = []
    if header.place("series") is not None:
        entries.append(
            replace(
                base,
                assay="von_frey",
                series=_at(row, header.place("series")),
                last=_at(row, header.place("last_filament")),
            )
        )
    if header.place("responses") is not None and header.place("force") is not None:
        touches = _at(row, header.place("touches")) if header.place("touches") is not None else mapping.touches
        entries.append(
            replace(
                base,
                assay="percent_response",
                counts=((_at(row, header.place("force")), _at(row, header.place("responses")), touches),),
            )
        )
    forces = [c for c in header.columns if c.force_g is not None]
    if len(forces) >= 2:
        entries.append(
            replace(
                base,
                assay="percent_response",
                counts=tuple((c.force_g, _marked(_at(row, c), c), mapping.touches) for c in forces),
            )
        )
    for assay in ASSAYS:
        columns = header.having(assay)
        if columns:
            entries.append(replace(base, assay=assay, numbers=tuple(_at(row, c) for c in columns)))
    values = header.having("value")
    if values:
        assay = said or mapping.assay or _named_assay(source)
        cells = tuple(_at(row, c) for c in values)
        if assay == "von_frey" and any(_looks_like_series(cell) for cell in cells):
            entries.append(replace(base, assay=assay, series=cells[0], last=_at(row, header.place("last_filament"))))
        else:
            entries.append(replace(base, assay=assay, numbers=cells))
    return entries


def _marked(cell: Any, column: Column) -> Any:
    """A cell of a column in per cent, with its sign."""
    number = read_number(cell) if column.percent else None
    return cell if number is None else f"{number.value:g} %"


def _wide(header: Header, row: list[Any], name: str, where: str, source: str, mapping: Mapping) -> list[Entry]:
    attributes = _attributes(header, row)
    days: dict[float, dict[str, list[Any]]] = {}
    for column in header.columns:
        if column.day is not None:
            days.setdefault(column.day, {}).setdefault(column.meaning, []).append(_at(row, column))
    entries = []
    for day, cells in days.items():
        base = Entry(name, day, "", where, attributes=attributes)
        if "series" in cells:
            last = cells.get("last_filament", [None])
            entries.append(replace(base, assay="von_frey", series=cells["series"][0], last=last[0]))
        for assay in ASSAYS:
            if assay in cells:
                entries.append(replace(base, assay=assay, numbers=tuple(cells[assay])))
        if "" in cells:
            entries.append(_bare(base, cells[""], source, mapping))
    return entries


def _across(header: Header, rows: list, sheet: Sheet, mapping: Mapping) -> list[Entry]:
    """Animals across and days down, with the group in the row above the names if there is one."""
    above = sheet.rows[header.row - 1] if header.row else []
    entries = []
    for number, row in rows:
        day, text = _day(_at(row, header.place("day")), mapping)
        for column in header.columns:
            if column.meaning or not column.name:
                continue
            group = above[column.place] if column.place < len(above) else None
            base = Entry(
                _renamed(read_name(column.name), mapping.animals),
                day,
                "",
                f"{sheet.source}, row {number + 1}",
                day_text=text,
                attributes={"group": group} if group is not None else {},
            )
            entries.append(_bare(base, [_at(row, column)], sheet.source, mapping))
    return entries


def _bare(base: Entry, cells: list[Any], source: str, mapping: Mapping) -> Entry:
    """A cell under a day: a series, a series with its last filament ("oxooxx 5"), or a number of the test in hand."""
    first = cells[0]
    if len(cells) == 2 and _looks_like_series(first):
        return replace(base, assay="von_frey", series=first, last=cells[1])
    both = _SERIES_AND_LAST.match(first) if isinstance(first, str) else None
    if both and _looks_like_series(both.group(1)):
        return replace(base, assay="von_frey", series=both.group(1), last=both.group(2))
    if _looks_like_series(first):
        return replace(base, assay="von_frey", series=first)
    return replace(base, assay=mapping.assay or _named_assay(source), numbers=tuple(cells))


def _looks_like_series(cell: Any) -> bool:
    if not isinstance(cell, str) or len(cell) > 200:
        return False
    letters = read_letters(cell)
    return len(letters.clean) >= 2 and len(letters.unread) <= 1 and bool(re.search(r"[^\d.,\s<>-]", cell))


def _named_assay(source: str) -> str:
    """The test that a file or sheet is named after ("hargreaves_2024.xlsx"), or ""."""
    found = assay_meaning(source)
    if found:
        return found
    words = [assay_meaning(word) for word in re.split(r"[^A-Za-z]+", source) if len(word) > 3]
    named = Counter(word for word in words if word)
    if not named and "vonfrey" in plain(source):
        return "von_frey"
    return named.most_common(1)[0][0] if named else ""


def finding_at(entry: Entry, kind: str, what: str, action: str, cause: str = "", severity: str = "warning") -> Finding:
    """A finding about one entry."""
    return Finding(
        kind, what, action, animal=entry.animal, day=entry.day, likely_cause=cause, where=entry.where, severity=severity
    )
