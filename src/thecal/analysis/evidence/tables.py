"""Reading evidence tables: every cell typed, every row checked, every finding with its line."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from thecal.analysis.evidence import checks, schema
from thecal.analysis.evidence.schema import Row
from thecal.core.errors import Problem, ThecalError


@dataclass(frozen=True)
class Evidence:
    """The tables as shipped, with any rows the user added; ``digest`` names exactly this content."""

    animal: tuple[Row, ...]
    human: tuple[Row, ...]
    index: tuple[Row, ...]
    version: int
    digest: str

    def rows(self, kind: str) -> tuple[Row, ...]:
        """The rows of ``animal``, ``human`` or ``index``."""
        found: tuple[Row, ...] = getattr(self, kind)
        return found


def parse(text: str, name: str, kind: str | None = None) -> tuple[str, list[Row], list[Problem]]:
    """Read one CSV table.

    Arguments:
        text: the whole file.
        name: how to call it in findings.
        kind: ``animal``, ``human`` or ``index``; None: the kind whose columns the header names.

    Returns: the kind, the rows that could be read (each with ``_line`` and ``_file``), and every finding,
        errors and warnings, in the order of the lines.
    """
    lines, broken = _lines(text, name)
    header = [cell.strip() for cell in lines[0][1]] if lines else []
    kind, problems = _kind_of(header, name, kind)
    problems = broken or problems
    if problems:
        return kind, [], problems
    table, rows = schema.table(kind), []
    for line, cells in lines[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            problems.append(Problem(f"{name} line {line}",
                                    f"the row has {len(cells)} cells, the header has {len(header)}",
                                    remedy="put text that holds a comma into double quotes", code="cells"))
            continue
        row: Row = {"_line": line, "_file": name} | dict.fromkeys(table.columns)
        found = []
        for column_name, cell in zip(header, cells, strict=True):
            where = f"{name} line {line}, column {column_name}"
            row[column_name], problem = schema.read_cell(table.columns[column_name], cell, where)
            found += [problem] if problem else []
        problems += found
        if not found:
            rows.append(row)
            problems += checks.row(kind, row)
    return kind, rows, problems + checks.table(kind, rows)


def lint(path: Path) -> tuple[str, list[Row], list[Problem]]:
    """Check a table of the user's; see :func:`parse`. ThecalError if the file cannot be read at all."""
    return parse(_text_of(path), path.name)


@functools.cache
def load() -> Evidence:
    """The tables as shipped; ValueError if the package itself is damaged."""
    folder = resources.files("thecal") / "data" / "evidence"
    read: dict[str, tuple[Row, ...]] = {}
    digest = hashlib.sha256()
    problems: list[Problem] = []
    for kind in schema.kinds():
        file = schema.table(kind).file
        text = (folder / file).read_text(encoding="utf-8")
        digest.update(text.encode())
        _, rows, found = parse(text, file, kind)
        read[kind] = tuple(rows)
        problems += [p for p in found if p.severity == "error"]
    if problems:
        raise ThecalError(problems)
    return Evidence(**read, version=int(schema.raw()["version"]), digest=digest.hexdigest()[:16])


def load_with(paths: Iterable[Path]) -> Evidence:
    """The shipped tables and the user's rows, checked together, so that a study entered twice is found."""
    base = load()
    extra: dict[str, list[Row]] = {kind: [] for kind in schema.kinds()}
    digest, problems = hashlib.sha256(base.digest.encode()), []
    for path in paths:
        kind, rows, found = lint(path)
        extra[kind] += rows
        problems += found
        digest.update(_text_of(path).encode())
    for kind, rows in extra.items():
        problems += clashes(kind, rows)
    errors = [p for p in problems if p.severity == "error"]
    if errors:
        raise ThecalError(list(dict.fromkeys(errors)))
    return Evidence(**{k: (*base.rows(k), *extra[k]) for k in extra}, version=base.version,
                    digest=digest.hexdigest()[:16])


def clashes(kind: str, rows: list[Row]) -> list[Problem]:
    """What the user's rows repeat of the shipped table."""
    if not rows:
        return []
    return checks.table(kind, [*load().rows(kind), *rows], only_files={r["_file"] for r in rows})


def template(kind: str) -> str:
    """A table of one header line: what to fill when a study is added."""
    return ",".join(schema.table(kind).columns) + "\n"


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ThecalError.single(where=str(path), what="there is no such file", code="file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ThecalError.single(where=str(path), what=f"the file cannot be read: {error}", code="file",
                                 remedy="save the table as CSV in UTF-8") from None


def _lines(text: str, name: str) -> tuple[list[tuple[int, list[str]]], list[Problem]]:
    """The cells of each line with its number, or what makes the file unreadable as CSV."""
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    lines = []
    try:
        lines = [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        return lines, [Problem(f"{name} line {reader.line_num}", f"this is no CSV text: {error}", code="file",
                               remedy="save the table as CSV in UTF-8")]
    return lines, []


def _kind_of(header: list[str], name: str, kind: str | None) -> tuple[str, list[Problem]]:
    """Which table a header belongs to, and what is wrong with it."""
    fits = {k: len(set(header) & set(schema.table(k).columns)) for k in schema.kinds()}
    chosen = kind or max(fits, key=lambda k: fits[k])
    columns = schema.table(chosen).columns
    where = f"{name} line 1"
    if len(header) == 1 and ";" in header[0]:
        return chosen, [Problem(where, "the cells are parted by semicolons", seen=header[0][:60], allowed="commas",
                                remedy="save the table as CSV with commas, and points in numbers", code="columns")]
    if not fits[chosen]:
        return chosen, [Problem(where, "this is no evidence table: no column is known", seen=", ".join(header)[:80],
                                remedy="start from 'thecal evidence --template animal'", code="columns")]
    problems = [Problem(where, f"the column '{c}' is not known", seen=c, allowed=", ".join(columns),
                        remedy="rename or remove it", code="columns") for c in header if c not in columns]
    problems += [Problem(where, f"the column '{c}' stands twice", seen=c, code="columns")
                 for c in dict.fromkeys(c for c in header if header.count(c) > 1)]
    problems += [Problem(where, f"the column '{c}' is missing", remedy=columns[c].about or "add it", code="columns")
                 for c in columns if columns[c].required and c not in header]
    return chosen, problems
