"""How laboratories write things down: letters of a series, days, dates, numbers, sexes, yes and no."""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from thecal.analysis.notebook.vocabulary import plain

# one character each, after lower-casing; Greek and Cyrillic look-alikes come from keyboards and scanned sheets
_RESPONSE = set("x×✕✖✗✘хχ⨯╳+yjrⅹ")
_NONE = set("oоοøº○◯⭕〇0ₒ-−–—n∅•")
_DIGITS = {"1": "X", "0": "O"}
_WORDS = {
    "r": "X",
    "n": "O",
    "y": "X",
    "x": "X",
    "o": "O",
    "yes": "X",
    "no": "O",
    "nr": "O",
    "resp": "X",
    "response": "X",
    "none": "O",
    "pos": "X",
    "neg": "O",
    "nil": "O",
}
_FILLER = re.compile(r"[\s,;.:/|_'\"()\[\]]+")


@dataclass(frozen=True)
class Letters:
    """A series as read: clean letters, characters that could not be read, and what was assumed on the way."""

    clean: str
    unread: str = ""
    note: str = ""


def read_letters(value: Any, response: str = "", none: str = "") -> Letters:
    """One cell as a series of O and X.

    Understood: oxxo, OXXO, O X X O, o,x,x,o, o-x-x-o, 0xx0, 0110, +--+, y/n, yes no, crosses and circles, look-alike
    Greek and Cyrillic letters. In 0110 and +--+ a 1 or + is a withdrawal.

    Arguments:
        response, none: the laboratory's own characters for a withdrawal and for no response, if not among these.
    """
    if value is None or isinstance(value, bool):
        return Letters("", str(value) if value is not None else "", "")
    if isinstance(value, (datetime.date, datetime.datetime, datetime.time)):
        return Letters("", str(value), "the spreadsheet turned the series into a date")
    if isinstance(value, float):
        return Letters("", f"{value:g}", "a number stands where a series should be")
    text = unicodedata.normalize("NFKC", str(value)).strip().lower()
    note = (
        "the spreadsheet stored the digits as a number, so zeros in front may be lost" if isinstance(value, int) else ""
    )
    if response and none:
        return _own_letters(text, response.lower(), none.lower())
    words = [word for word in _FILLER.split(text) if word]
    if len(words) > 1 and all(word in _WORDS for word in words):
        return Letters("".join(_WORDS[word] for word in words))
    text = _FILLER.sub("", text)
    if set(text) <= {"0", "1"} and "1" in text:
        return Letters("".join(_DIGITS[c] for c in text), note=note)
    if "x" in text or "×" in text or "х" in text or "o" in text:  # then dashes and plus signs only separate
        text = re.sub(r"[-−–—+]", "", text)
    clean, unread = [], []
    for character in text:
        mark = "X" if character in _RESPONSE else "O" if character in _NONE else ""
        (clean if mark else unread).append(mark or character)
    return Letters("".join(clean), "".join(unread), note)


def _own_letters(text: str, response: str, none: str) -> Letters:
    unread = [c for c in _FILLER.sub("", text) if c not in (response, none)]
    return Letters("".join("X" if c == response else "O" for c in text if c in (response, none)), "".join(unread))


_DAY = re.compile(
    r"^(?:day|days|d|dpi|dpo|pod|p\.?o\.?d\.?|tag|post\s*-?\s*op\s*day)[\s_.:]*([-+−]?\d+(?:[.,]\d+)?)$|^([-+−]?\d+(?:[.,]\d+)?)\s*(?:d|day|days|dpi|dpo)$"
)
_WEEK = re.compile(
    r"^(?:week|weeks|wk|w)[\s_.]*([-+−]?\d+(?:[.,]\d+)?)$|^([-+−]?\d+(?:[.,]\d+)?)\s*(?:w|wk|wks|week|weeks)$"
)
_HOUR = re.compile(
    r"^(?:hour|hours|h)[\s_.]*([-+−]?\d+(?:[.,]\d+)?)$|^([-+−]?\d+(?:[.,]\d+)?)\s*(?:h|hr|hrs|hour|hours)$"
)
_BEFORE = {
    "baseline",
    "bl",
    "base",
    "pre",
    "preop",
    "presurgery",
    "preinjury",
    "before",
    "naive",
    "bsl",
    "basal",
    "predose",
}


def read_day(value: Any, named: dict[str, float] | None = None, weeks: bool = False) -> float | None:
    """A day as a number: 7, "D7", "day -1", "3 dpi", "week 2" (14), "6 h" (0.25), "baseline" (-1); else None.

    Arguments:
        named: the laboratory's own names, {"pre": -1, "post": 1}; they come first.
        weeks: bare numbers are weeks.
    """
    if value is None or isinstance(value, (bool, datetime.date, datetime.time)):
        return None
    if isinstance(value, (int, float)):
        return float(value) * (7 if weeks else 1) if math.isfinite(value) and abs(value) < 20_000 else None
    text = str(value).strip().lower()
    if named and text in named:
        return float(named[text])
    if plain(text) in _BEFORE:
        return -1.0
    for pattern, factor in ((_DAY, 1.0), (_WEEK, 7.0), (_HOUR, 1 / 24)):
        match = pattern.match(text)
        if match:
            return float(next(g for g in match.groups() if g).replace(",", ".").replace("−", "-")) * factor
    number = read_number(text)
    return number.value * (7 if weeks else 1) if number and not number.side and abs(number.value) < 20_000 else None


def read_date(value: Any) -> datetime.date | None:
    """A date: a date cell, 2024-05-17, 17.05.2024, or the number that a spreadsheet stores for one; None otherwise.

    17/05/2024 and 05/17/2024 are not read: which is the month cannot be known.
    """
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, str) and re.fullmatch(r"[2-7]\d{4}", value.strip()):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 30_000 <= value <= 73_000:  # 1982 to 2099
        return datetime.date(1899, 12, 30) + datetime.timedelta(days=value)
    match = (
        re.match(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T].*)?$|^(\d{1,2})\.(\d{1,2})\.(\d{4})$", str(value).strip())
        if isinstance(value, str)
        else None
    )
    if match is None:
        return None
    year, month, day = match.group(1, 2, 3) if match.group(1) else match.group(6, 5, 4)
    try:
        return datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None


@dataclass(frozen=True)
class Number:
    """A number with the sign of a bound in front of it, if there was one."""

    value: float
    side: str = ""


_NUMBER = re.compile(
    r"^([<>≤≥]?)=?\s*([-+−]?(?:\d+[.,]?\d*|[.,]\d+)(?:e[-+]?\d+)?)\s*(?:g|gram|grams|s|sec|seconds|%|mm/s|vfh|pts?)?$"
)


def read_number(value: Any) -> Number | None:
    """A number as notebooks write it: 0.4, "0,4", "0.4 g", "<0.02", ">6 g"; None if it is not one."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return Number(float(value)) if math.isfinite(value) else None
    match = _NUMBER.match(unicodedata.normalize("NFKC", str(value)).strip().lower())
    if not match:
        return None
    number = float(match.group(2).replace(",", ".").replace("−", "-"))
    return (
        Number(number, {"<": "<", "≤": "<", ">": ">", "≥": ">"}.get(match.group(1), ""))
        if math.isfinite(number)
        else None
    )


def read_sex(value: Any) -> str:
    """male, female, or the text as it stands."""
    key = plain(value) if value is not None else ""
    if key in ("m", "male", "males", "männlich", "1m") or str(value).strip() == "♂":
        return "male"
    if key in ("f", "female", "females", "weiblich", "w") or str(value).strip() == "♀":
        return "female"
    return str(value).strip() if value is not None else ""


def read_flag(value: Any) -> bool | None:
    """Yes or no; None if the cell says neither."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return bool(value) if value in (0, 1) else None
    key = plain(value) if value is not None else ""
    if key in ("1", "yes", "y", "true", "include", "included", "ok", "keep", "ja"):
        return True
    return False if key in ("0", "no", "n", "false", "exclude", "excluded", "nein", "drop") else None


def read_name(value: Any) -> str:
    """The name of an animal or a group: 1431, 1431.0 and " 1431 " are one animal; inner spaces count once."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = re.sub(r"\s+", " ", str(value)).strip()
    return text[:-2] if re.fullmatch(r"\d+\.0", text) else text
