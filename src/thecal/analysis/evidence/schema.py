"""What an evidence table may hold: columns, words and limits, read from ``data/evidence/schema.yaml``."""

from __future__ import annotations

import difflib
import functools
import math
import re
from dataclasses import dataclass
from importlib import resources
from typing import Any

from thecal.core.errors import Problem

Cell = str | int | float | None
Row = dict[str, Any]

_P = re.compile(r"^(ns|[<>=]?\s*(0?\.\d+|[01](\.0*)?))$")
_ID = re.compile(r"^[a-z0-9][a-z0-9_]*$")
_URL = re.compile(r"^https?://[^\s]+$")


@dataclass(frozen=True)
class Column:
    """One column: its type, its words or range, whether it must be filled."""

    name: str
    type: str
    words: str = ""
    required: bool = False
    low: float = -math.inf
    high: float = math.inf
    about: str = ""


@dataclass(frozen=True)
class Table:
    """One kind of table: its file, its columns in order, and the columns that together name a row."""

    kind: str
    file: str
    key: tuple[str, ...]
    columns: dict[str, Column]


@functools.cache
def raw() -> dict[str, Any]:
    """The schema file as plain data."""
    from ruamel.yaml import YAML

    text = (resources.files("thecal") / "data" / "evidence" / "schema.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = YAML(typ="safe").load(text)
    return data


def words(name: str) -> dict[str, str]:
    """A vocabulary: each allowed word with its meaning."""
    found: dict[str, str] = raw()["vocabulary"][name]
    return found


@functools.cache
def table(kind: str) -> Table:
    """The table of a kind: ``animal``, ``human`` or ``index``."""
    data = raw()["tables"][kind]
    columns = {
        name: Column(name, c["type"], c.get("words", ""), bool(c.get("required")), float(c.get("min", -math.inf)),
                     float(c.get("max", math.inf)), c.get("about", ""))
        for name, c in data["columns"].items()}
    return Table(kind, data["file"], tuple(data["key"]), columns)


def kinds() -> list[str]:
    """The kinds of table, in order."""
    return list(raw()["tables"])


def read_cell(column: Column, text: str, where: str) -> tuple[Cell, Problem | None]:
    """One cell as a value; a Problem says what is wrong with it and what would be right."""
    text = text.strip()
    if not text:
        missing = Problem(where, f"'{column.name}' must be filled", remedy=_allowed(column), code="missing")
        return None, missing if column.required else None
    if column.type == "word":
        return _word(column, text, where)
    if column.type in ("number", "int"):
        return _number(column, text, where)
    rule = {"p": (_P, "<0.01, 0.003 or ns"), "url": (_URL, "an address that begins with http:// or https://"),
            "id": (_ID, "small letters, digits and underscores, such as zhang2014")}.get(column.type)
    if rule and not rule[0].match(text):
        return None, Problem(where, f"'{column.name}' cannot be read", seen=text, allowed=rule[1], code="form")
    return text, None


def _word(column: Column, text: str, where: str) -> tuple[Cell, Problem | None]:
    known = words(column.words)
    if text in known:
        return text, None
    near = difflib.get_close_matches(text.lower().replace(" ", "_"), known, n=1, cutoff=0.5)
    return None, Problem(where, f"'{text}' is not a word of the vocabulary '{column.words}'", seen=text,
                         allowed=", ".join(known), remedy=f"write '{near[0]}'?" if near else
                         "use one of these, or add the word to schema.yaml with its meaning", code="vocabulary")


def _number(column: Column, text: str, where: str) -> tuple[Cell, Problem | None]:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    whole = column.type == "int"
    if not math.isfinite(value) or (whole and value != int(value)):
        return None, Problem(where, f"'{column.name}' must be a {'whole ' if whole else ''}number", seen=text,
                             allowed=_allowed(column), remedy="leave the cell blank if it was not read", code="number")
    if not column.low <= value <= column.high:
        return None, Problem(where, f"'{column.name}' cannot be {text}", seen=text, allowed=_allowed(column),
                             remedy="check the unit and the power of ten", code="range")
    return (int(value) if whole else value), None


def _allowed(column: Column) -> str:
    if column.type == "word":
        return ", ".join(words(column.words))
    if math.isfinite(column.low) or math.isfinite(column.high):
        return f"{column.low:g} to {column.high:g}"
    return column.about
