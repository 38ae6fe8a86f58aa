"""A thousand damaged notebooks, the same ones every time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime

import numpy as np
import openpyxl

HEADER = ["mouse", "day", "xo_series", "last_filament", "group", "sex"]
SERIES = [("oxooxo", 5), ("xxoox", 4), ("oxoxxo", 3), ("xxxx", 1), ("ooxoxox", 6)]
TRAPS = [
    None,
    "",
    " ",
    "?",
    "n/a",
    datetime(2024, 3, 1),
    datetime(1900, 1, 1),
    True,
    -1,
    0,
    1e308,
    1e-308,
    45123,
    "45123",
    "=A1+1",
    "=1/0",
    "#REF!",
    "x" * 3000,
    "oxox\x00o",
    "0110",
    110,
    "+--+",
    "<0.02",
    "0,4",
    "１２",
    "oxoOXо",
    "🐭",
    "'1431",
    "1431.0",
    "D7",
    "baseline",
    "-",
    "NaN",
    "inf",
    '=HYPERLINK("http://x")',
    "@SUM(A1)",
    "1e5",
    "²",
    "٣",
    "oxoxoxoxoxoxoxoxoxoxoxoxoxoxoxoxoxoxoxoxoxoxoxox",
    9,
    8.5,
    "4.31",
    "day -1",
]


def rows() -> list[list]:
    """A healthy notebook of six mice and three days."""
    return [
        [f"m{m}", day, *SERIES[(m + day) % 5], "SNI" if m % 2 else "sham", "male"]
        for day in (-1, 3, 7)
        for m in range(6)
    ]


def damaged(count: int = 1000, seed: int = 4) -> Iterator[tuple[str, bytes]]:
    """Names and contents of ``count`` damaged files."""
    rng = np.random.default_rng(seed)
    book = workbook([HEADER, *rows()])
    makers = (
        flipped_bytes,
        truncated,
        without_part,
        spoiled_part,
        trap_cells,
        trap_csv,
        trap_csv,
        spoiled_text,
        spoiled_text,
        odd_encoding,
        shuffled_layout,
    )
    special = [
        million_rows,
        far_cell,
        zip_bomb,
        entity_bomb,
        merged,
        old_xls,
        wide_csv,
        unclosed_quote,
        empty,
        only_header,
    ]
    for number in range(count):
        if number < len(special):
            yield special[number]()
        else:
            yield makers[number % len(makers)](rng, book)


def workbook(table: list[list], change=None) -> bytes:
    """Rows as XLSX."""
    book = openpyxl.Workbook()
    for row in table:
        book.active.append([v if not isinstance(v, str) else v.replace("\x00", "") for v in row])
    if change:
        change(book.active)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def text(table: list[list], mark: str = ",") -> str:
    """Rows as CSV."""
    return "\n".join(mark.join("" if v is None else str(v) for v in row) for row in table)


def flipped_bytes(rng, book):
    data = bytearray(book)
    for place in rng.integers(0, len(data), rng.integers(1, 30)):
        data[place] = rng.integers(0, 256)
    return "flipped.xlsx", bytes(data)


def truncated(rng, book):
    return "truncated.xlsx", book[: rng.integers(1, len(book))]


def _parts(book, change) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = change(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
    return out.getvalue()


def without_part(rng, book):
    names = zipfile.ZipFile(io.BytesIO(book)).namelist()
    gone = names[rng.integers(len(names))]
    return "part_missing.xlsx", _parts(book, lambda name, data: None if name == gone else data)


def spoiled_part(rng, book):
    def change(name, data):
        if not name.endswith(("sheet1.xml", "sharedStrings.xml", "workbook.xml", "styles.xml")) or rng.random() < 0.5:
            return data
        data = bytearray(data)
        for place in rng.integers(0, len(data), rng.integers(1, 6)):
            data[place] = rng.integers(32, 127)
        return bytes(data)

    return "part_spoiled.xlsx", _parts(book, change)


def _trapped(rng) -> list[list]:
    table = [list(HEADER), *rows()]
    for _ in range(rng.integers(1, 25)):
        table[rng.integers(len(table))][rng.integers(6)] = TRAPS[rng.integers(len(TRAPS))]
    return table


def trap_cells(rng, book):
    return "traps.xlsx", workbook(_trapped(rng))


def trap_csv(rng, book):
    return "traps.csv", text(_trapped(rng), ",;\t|"[rng.integers(4)]).encode()


def spoiled_text(rng, book):
    data = bytearray(text([HEADER, *rows()]).encode())
    for place in rng.integers(0, len(data), rng.integers(1, 60)):
        data[place] = rng.integers(0, 256)
    return "spoiled.csv", bytes(data[: rng.integers(1, len(data))] if rng.random() < 0.3 else data)


def odd_encoding(rng, book):
    table = [HEADER, *rows()]
    table[3][0] = "Mäuschen é"
    kind = ("utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-8-sig", "utf-32", "mac-roman")[rng.integers(7)]
    return "encoding.csv", text(table).encode(kind)


def shuffled_layout(rng, book):
    table = [HEADER, *rows()]
    order = rng.permutation(6)[: rng.integers(1, 7)]
    table = [[row[i] for i in order] for row in table]
    if rng.random() < 0.5:
        table = [list(row) for row in zip(*table, strict=True)]
    for _ in range(rng.integers(0, 4)):
        table.insert(rng.integers(len(table)), ["title", None, "of a table"])
    return "layout.csv", text(table).encode()


def million_rows():
    return "million.csv", b"mouse,day,xo_series,last_filament\n" + b"1431,3,oxooxx,5\n" * 1_000_000


def far_cell():
    def change(sheet):
        sheet["XFD1048576"] = "x"

    return "far.xlsx", workbook([HEADER, *rows()], change)


def zip_bomb():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("xl/worksheets/sheet1.xml", b"\0" * 200_000_000)
    return "bomb.xlsx", out.getvalue()


def entity_bomb():
    lines = "".join(f'<!ENTITY b{i} "{("&b" + str(i - 1) + ";") * 10}">' for i in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE z [<!ENTITY b0 "lol">{lines}]><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&b11;</t></si></sst>'
    return "entities.xlsx", _parts(
        workbook([HEADER, *rows()]), lambda name, data: bomb.encode() if name.endswith("sharedStrings.xml") else data
    )


def merged():
    def change(sheet):
        sheet.merge_cells("A2:A7")
        sheet.merge_cells("E2:F19")
        sheet.merge_cells("B1:C1")

    return "merged.xlsx", workbook([HEADER, *rows()], change)


def old_xls():
    return "old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)


def wide_csv():
    return "wide.csv", (
        ",".join(["mouse", *(f"D{i}" for i in range(20_000))]) + "\n" + ",".join(["m1"] + ["oxoxx"] * 20_000)
    ).encode()


def unclosed_quote():
    return "quote.csv", b'mouse,day,xo_series\nm1,3,"oxox\n' + b"m1,3,oxox\n" * 200_000


def empty():
    return "empty.csv", b""


def only_header():
    return "header.csv", b"mouse,day,xo_series,last_filament\n"
