"""Read XLSX and CSV into plain grids of cells, whatever the file has been through.

The parsers are other people's and the bytes are anyone's, so sizes are checked before anything is unpacked, and every
failure becomes one clear error. Limits: 64 MB unpacked, 200,000 rows and 300 columns a sheet, 40 sheets.
"""

from __future__ import annotations

import csv
import io
import math
import re
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thecal.analysis.notebook.findings import Finding
from thecal.core.errors import ThecalError

MOST_BYTES, MOST_ROWS, MOST_COLUMNS, MOST_SHEETS = 64 * 2**20, 200_000, 300, 40
_LONGEST_GAP = 5_000  # empty rows, after which a sheet is taken to end
_SMALL = 4 * 2**20  # unpacked; up to here a workbook is held in memory with its merged cells and formulas
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Sheet:
    """One sheet: rows of cells; a cell is str (stripped, never empty), int, float, bool, datetime or None."""

    source: str
    rows: list[list[Any]]
    findings: tuple[Finding, ...] = ()


def read_file(path: str | Path) -> list[Sheet]:
    """Every sheet of a file that holds anything.

    Errors: ThecalError when the file is missing, empty, too big, damaged or of a kind that is not read here.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as opened:
            head = opened.read(4096)
    except OSError as error:
        raise ThecalError.single(path.name, "the file cannot be opened", seen=error.strerror or str(error)) from error
    if size == 0:
        raise ThecalError.single(path.name, "the file is empty")
    if size > MOST_BYTES:
        raise ThecalError.single(
            path.name,
            "the file is too big for a notebook",
            seen=f"{size / 2**20:.0f} MB",
            allowed=f"up to {MOST_BYTES // 2**20} MB",
            remedy="split it by cohort",
        )
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise ThecalError.single(
            path.name,
            "this is an old .xls workbook, or one with a password",
            remedy="save it as .xlsx without a password, or as CSV",
        )
    if head.startswith(b"PK"):
        sheets = _read_workbook(path)
    elif head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x7fELF", b"\x1f\x8b", b"{\\rtf")):
        raise ThecalError.single(path.name, "this is not a table", allowed="XLSX or CSV")
    elif path.suffix.lower() in (".xlsx", ".xlsm"):
        raise ThecalError.single(
            path.name,
            "the workbook is damaged: it does not begin as an XLSX file",
            remedy="open it in a spreadsheet program and save it again",
        )
    else:
        sheets = [_read_text(path)]
    sheets = [sheet for sheet in sheets if any(cell is not None for row in sheet.rows for cell in row)]
    if not sheets:
        raise ThecalError.single(path.name, "the file holds no values")
    return sheets


def _read_workbook(path: Path) -> list[Sheet]:
    packed = path.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
            computed = unpacked <= _SMALL and any(
                b"<f" in archive.read(item) for item in archive.infolist() if "worksheets/" in item.filename
            )
    except (
        Exception
    ) as error:  # zipfile meets arbitrary bytes here and fails in arbitrary ways, as does the parser below
        raise _damaged(path, error) from error
    if unpacked > MOST_BYTES:
        raise ThecalError.single(
            path.name,
            "the workbook unpacks to more than a notebook can hold",
            seen=f"{unpacked / 2**20:.0f} MB",
            allowed=f"up to {MOST_BYTES // 2**20} MB",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of headers, footers and styles, which are not read here
            return _read_openpyxl(path.name, packed, small=unpacked <= _SMALL, computed=computed)
    except ThecalError:
        raise
    except Exception as error:
        raise _damaged(path, error) from error


def _read_openpyxl(file: str, packed: bytes, small: bool, computed: bool) -> list[Sheet]:
    import openpyxl

    values = openpyxl.load_workbook(io.BytesIO(packed), data_only=True, read_only=not small)
    formulas = openpyxl.load_workbook(io.BytesIO(packed)) if computed else None
    sheets = []
    for number, name in enumerate(values.sheetnames[:MOST_SHEETS]):
        grid = values[name]
        if not hasattr(grid, "iter_rows"):
            continue  # a chart sheet
        source = f"{file}:{name}" if len(values.sheetnames) > 1 else file
        vast = small and (grid.max_row or 0) * (grid.max_column or 0) > 2_000_000
        if vast:  # a stray cell far away would make a dense grid of a small file
            lean = openpyxl.load_workbook(io.BytesIO(packed), data_only=True, read_only=True)
            rows, found = _rows_of(lean[name], source)
        else:
            rows, found = _rows_of(grid, source)
            if formulas is not None:
                found += _fill_merged(rows, grid, source)
                found += _lost_formulas(
                    rows, formulas.worksheets[number] if number < len(formulas.worksheets) else None, source
                )
        if getattr(grid, "sheet_state", "visible") != "visible":
            found.append(
                Finding("file", f"the sheet '{name}' is hidden", "read like the others", where=source, severity="note")
            )
        sheets.append(Sheet(source, rows, tuple(found)))
    values.close()
    return sheets


def _rows_of(grid: Any, source: str) -> tuple[list[list[Any]], list[Finding]]:
    rows: list[list[Any]] = []
    found, gap = [], 0
    for row in grid.iter_rows(max_col=MOST_COLUMNS, values_only=True):
        blank = row.count(None) == len(row)
        gap = gap + 1 if blank else 0
        if gap > _LONGEST_GAP:
            found.append(
                Finding(
                    "file",
                    f"{_LONGEST_GAP} empty rows after row {len(rows) - gap + 1}",
                    "nothing below them was read",
                    likely_cause="a stray cell far down",
                    where=source,
                    severity="note",
                )
            )
            break
        cells = [] if blank else [_cell(value) for value in row]
        while cells and cells[-1] is None:
            cells.pop()
        rows.append(cells)
        if len(rows) > MOST_ROWS:
            raise _too_long(source)
    if (grid.max_column or 0) > MOST_COLUMNS:
        found.append(
            Finding(
                "file",
                f"the sheet claims {grid.max_column} columns",
                f"the first {MOST_COLUMNS} were read",
                where=source,
            )
        )
    while rows and not rows[-1]:
        rows.pop()
    return rows, found


def _fill_merged(rows: list[list[Any]], grid: Any, source: str) -> list[Finding]:
    """A merged cell keeps its value in the corner only; give it to the whole range, as a reader sees it."""
    filled = []
    for area in list(grid.merged_cells.ranges)[:5000]:
        if area.min_row > len(rows):
            continue
        corner = rows[area.min_row - 1]
        value = corner[area.min_col - 1] if area.min_col <= len(corner) else None
        if value is None:
            continue
        filled.append(area.coord)
        for row in rows[area.min_row - 1 : min(area.max_row, len(rows))]:
            right = min(area.max_col, MOST_COLUMNS)
            row.extend([None] * (right - len(row)))
            row[area.min_col - 1 : right] = [value] * (right - area.min_col + 1)
    if not filled:
        return []
    return [
        Finding(
            "file",
            f"{len(filled)} merged ranges ({', '.join(filled[:3])}{' ...' if len(filled) > 3 else ''})",
            "each cell of a range got the value shown",
            where=source,
            severity="note",
        )
    ]


def _lost_formulas(rows: list[list[Any]], written: Any, source: str) -> list[Finding]:
    """Formulas whose result was never stored: the file was written by a program, not saved by a spreadsheet."""
    if written is None or not hasattr(written, "iter_rows"):
        return []
    lost, kept = [], 0
    for r, row in enumerate(written.iter_rows(max_row=len(rows), max_col=MOST_COLUMNS), start=1):
        for c, cell in enumerate(row, start=1):
            if cell.data_type == "f":
                known = c <= len(rows[r - 1]) and rows[r - 1][c - 1] is not None
                kept += known
                if not known:
                    lost.append(f"{cell.coordinate}")
    found = []
    if lost:
        found.append(
            Finding(
                "cell",
                f"{len(lost)} formulas without a stored result ({', '.join(lost[:3])})",
                "read as empty",
                likely_cause="written by a program and never opened in a spreadsheet",
                where=source,
                severity="error",
            )
        )
    if kept:
        found.append(
            Finding(
                "cell", f"{kept} cells are formulas", "their stored results were read", where=source, severity="note"
            )
        )
    return found


def _read_text(path: Path) -> Sheet:
    raw = path.read_bytes()
    text, found = _decode(raw, path.name)
    if "\x00" in text:
        found.append(
            Finding("file", "the text holds null characters", "removed", likely_cause="a damaged copy", where=path.name)
        )
        text = text.replace("\x00", "")
    lines = text.count("\n")
    if lines > MOST_ROWS:
        raise _too_long(path.name, lines)
    separator = _separator(text)
    csv.field_size_limit(1_000_000)
    try:
        cut = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise ThecalError.single(
            path.name,
            "the text cannot be split into cells",
            seen=str(error),
            remedy="look for an unclosed quotation mark",
        ) from error
    widest = max(map(len, cut), default=0)
    if widest > MOST_COLUMNS:
        found.append(
            Finding("file", f"a row has {widest} columns", f"the first {MOST_COLUMNS} were read", where=path.name)
        )
    rows = [[_cell(value) for value in row[:MOST_COLUMNS]] for row in cut]
    for row in rows:
        while row and row[-1] is None:
            row.pop()
    return Sheet(path.name, rows, tuple(found))


def _decode(raw: bytes, name: str) -> tuple[str, list[Finding]]:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or raw[:200].count(b"\x00") > len(raw[:200]) // 4:
        kind = (
            "utf-16"
            if raw.startswith((b"\xff\xfe", b"\xfe\xff"))
            else "utf-16-le"
            if raw[1:2] == b"\x00"
            else "utf-16-be"
        )
        return raw.decode(kind, errors="replace"), [
            Finding("file", f"the text is {kind}", "read as such", where=name, severity="note")
        ]
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace"), [
            Finding(
                "file",
                "the text is not UTF-8",
                "read as Windows-1252; check names with accents",
                where=name,
                severity="note",
            )
        ]


def _separator(text: str) -> str:
    """The separator that splits the first lines into the most equal rows; a comma when nothing splits them."""
    lines = [line for line in text.splitlines()[:50] if line.strip()][:20]

    def evenness(mark: str) -> tuple[int, int]:
        counts = [line.count(mark) for line in lines]
        usual = max(set(counts), key=counts.count, default=0)
        return (sum(count == usual for count in counts) if usual else 0, usual)

    return max("\t;,|", key=evenness) if lines else ","


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        value = _CONTROL.sub("", value).replace("\u00a0", " ").replace("\u200b", "").replace("\ufeff", "").strip()
        return value[:2000] or None
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    return value


def _damaged(path: Path, error: Exception) -> ThecalError:
    return ThecalError.single(
        path.name,
        "the workbook is damaged and cannot be read",
        seen=f"{type(error).__name__}: {error}"[:200],
        remedy="open it in a spreadsheet program, save it again, or export CSV",
    )


def _too_long(source: str, rows: int | None = None) -> ThecalError:
    return ThecalError.single(
        source,
        "too many rows for a notebook",
        seen=str(rows) if rows else f"more than {MOST_ROWS}",
        allowed=f"up to {MOST_ROWS}",
        remedy="one row per animal, day and test; split by cohort",
    )
