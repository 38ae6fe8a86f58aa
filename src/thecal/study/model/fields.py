"""Small field types of the study file: quantities with units, names, counts.

A quantity is text with a unit in the file ("2.5e5 cells", "4 d") and a float in one canonical unit behind it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, core_schema

from thecal.core.quantities import parse
from thecal.study.model.text import shown

# A unit as people write it: words with small exponents, joined by / or *. Anything else is refused before the
# unit parser sees it, because that parser also evaluates arithmetic.
_WORD = r"(?:[A-Za-zµμ%][A-Za-z0-9µμ_]{0,24}(?:\^-?\d)?|\d{1,3}(?:e\d{1,2})?)"
_UNIT = re.compile(rf"{_WORD}(?:(?:\s*[/*·]\s*|\s){_WORD}){{0,3}}")
_NUMBER_THEN_UNIT = re.compile(r"\s*[-+]?[0-9.]+(?:[eE][-+]?[0-9]{1,3})?\s*(.*?)\s*", re.DOTALL)


class Strict(BaseModel):
    """A record of the file: unknown keys are refused, numbers are finite, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, str_strip_whitespace=True,
                              str_max_length=4000, use_attribute_docstrings=True)


def refuse(what: str, allowed: str = "", remedy: str = "", code: str = "value", at: tuple[str | int, ...] = (),
           seen: str = "") -> PydanticCustomError:
    """An error that keeps its parts for the message: what is wrong, what is allowed, what to do.

    Arguments:
        at: place below the record that found it. seen: the value there; the whole record's where empty.
    """
    return PydanticCustomError("thecal", "{what}", {"what": what, "allowed": allowed, "remedy": remedy, "code": code,
                                                    "at": at, "seen": seen})


def checked(text: Any, unit: str) -> float:
    """``parse`` of the core, with the unit's spelling checked first.

    Errors: ValueError in the user's words.
    """
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        raise ValueError(f"expected a number with a unit such as '10 {unit}'")
    plain = len(str(text)) <= 80 and str(text).isprintable()
    match = _NUMBER_THEN_UNIT.fullmatch(str(text)) if plain else None
    if match is None:
        raise ValueError(f"'{shown(text, 60)}' is not a number with a unit such as '10 {unit}'")
    if match.group(1) and not _UNIT.fullmatch(match.group(1)):
        raise ValueError(f"'{shown(match.group(1), 40)}' is not a unit known here")
    per_cell, scale = _per_million(str(text))
    value = parse(per_cell, unit) * scale
    if not math.isfinite(value):
        raise ValueError(f"'{shown(text, 60)}' is too large")
    return value


def _per_million(text: str) -> tuple[str, float]:
    """'5 pg/1e6 cells/d' as '5 pg/cell/d' and the factor that goes with it."""
    match = re.search(r"/\s*(\d{1,3}(?:e\d{1,2})?)\s*cells?\b", text)
    if match is None or float(match.group(1)) == 0:
        return text, 1.0
    return text[:match.start()] + "/cell" + text[match.end():], 1.0 / float(match.group(1))


@dataclass(frozen=True)
class Quantity:
    """Marks a float field that is written with a unit.

    ``unit`` is the canonical unit of the float; ``low`` and ``high`` bound it; ``example`` goes into messages.
    A share such as "30 %" may also be written as a bare number between 0 and 1.
    """

    unit: str
    low: float
    high: float
    example: str

    def read(self, text: Any) -> float:
        """The float in ``unit``; raises what the validator turns into a problem."""
        allowed = f"{self._text(self.low)} to {self._text(self.high)}"
        try:
            value = checked(text, self.unit if self.unit != "share" else "")
        except ValueError as error:
            raise refuse(str(error), allowed, f"write for example '{self.example}'", "quantity") from None
        if not self.low <= value <= self.high:
            raise refuse("the quantity is out of range", allowed, f"write for example '{self.example}'", "range")
        return value

    def _text(self, value: float) -> str:
        if self.unit == "share":
            return f"{value * 100:g} %"
        return f"{value:g} {self.unit}"

    def write(self, value: float) -> str | float:
        """The text that reads back as ``value``."""
        return value if self.unit == "share" else f"{value!r} {self.unit}"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.read, serialization=core_schema.plain_serializer_function_ser_schema(self.write))

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema,
                                     handler: GetJsonSchemaHandler) -> dict[str, Any]:
        if self.unit == "share":
            return {"anyOf": [{"type": "string", "pattern": r"^[-+0-9.eE]+\s*%$"}, {"type": "number"}],
                    "examples": [self.example]}
        return {"type": "string", "pattern": r"^[-+]?[0-9.]+([eE][-+]?[0-9]+)?\s*\S.*$", "examples": [self.example],
                "description": f"a number with a unit that converts to {self.unit}"}


@dataclass(frozen=True)
class Shorthand:
    """Marks a record that may be written as one word: ``injury: CCI`` for ``injury: {model: CCI}``."""

    key: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: {self.key: value} if isinstance(value, str) else value, handler(source))

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema,
                                     handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


def _whole(value: Any) -> Any:
    if isinstance(value, (bool, str)):
        raise refuse("expected a whole number", "digits only", "write for example '8'", "number")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, (bool, str)):
        raise refuse("expected a plain number", "a number without a unit: the key says the unit", "", "number")
    return value


def _words(value: Any) -> Any:
    if isinstance(value, str):
        return [value]
    return value


def _text(value: Any) -> Any:
    """Names such as '5' or '2015' arrive as numbers; they are names all the same."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return value


Days = Annotated[float, Quantity("d", -60, 3650, "4 d")]
Span = Annotated[float, Quantity("d", 1e-6, 3650, "14 d")]
Volume = Annotated[float, Quantity("ul", 0, 1e6, "10 ul")]
Share = Annotated[float, Quantity("share", 0, 1, "30 %")]
Spread = Annotated[float, Quantity("share", 0, 2, "15 %")]
Minutes = Annotated[float, Quantity("min", 0.05, 1440, "5 min")]

Count = Annotated[int, BeforeValidator(_whole)]
Number = Annotated[float, BeforeValidator(_number)]
Name = Annotated[str, Field(min_length=1, max_length=120), BeforeValidator(_text)]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"), BeforeValidator(_text)]
ONE_OR_MORE = WithJsonSchema({
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": ["string", "number"]}}]})
Names = Annotated[list[Name], Field(max_length=200), BeforeValidator(_words), ONE_OR_MORE]
Text = Annotated[str, Field(max_length=4000), BeforeValidator(_text)]
Texts = Annotated[list[Text], Field(max_length=200), BeforeValidator(_words), ONE_OR_MORE]
