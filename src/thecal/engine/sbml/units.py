"""Units of the model as SBML unit definitions.

A unit keeps its spelling where SBML can say it (``pg/ul`` is a picogram per microlitre); a unit that only an
intermediate result has is written in base units. ``cell`` is SBML's ``item``.
"""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree as ET

from thecal.core.dimensions import PURE, Unit, unit_of
from thecal.core.quantities import factor, registry, spelled

Part = tuple[str, float, int, float]  # kind, exponent, scale, multiplier: (multiplier 10^scale kind)^exponent
KINDS = {"gram": ("gram",), "liter": ("litre",), "meter": ("metre",), "second": ("second",), "mole": ("mole",),
         "cell": ("item",), "subject": ("item",), "dimensionless": ("dimensionless",), "molar": ("mole", "per litre")}
_BASE = {"[mass]": "kilogram", "[length]": "metre", "[time]": "second", "[substance]": "mole",
         "[cell_count]": "item", "[subject_count]": "item", "[temperature]": "kelvin"}


class UnitTable:
    """The unit definitions of one document, made as they are asked for."""

    def __init__(self) -> None:
        self._definitions: dict[str, list[Part]] = {}
        self._by_unit: dict[tuple, str] = {_key(PURE): "dimensionless"}

    def of_text(self, text: str) -> str:
        """The identifier of a unit by its spelling, e.g. ``pg/ul``."""
        unit = unit_of(text)
        if _key(unit) not in self._by_unit:
            name = _identifier(text)
            self._definitions[name] = _parts(text)
            self._by_unit[_key(unit)] = name
        return self._by_unit[_key(unit)]

    def of_unit(self, unit: Unit | None) -> str:
        """The identifier of a unit by its factor and exponents; None (a zero) has no unit."""
        unit = unit or PURE
        if _key(unit) not in self._by_unit:
            name = f"unit_{len(self._definitions)}"
            parts = [(_BASE[dimension], float(power), 0, 1.0) for dimension, power in unit[1]]
            self._definitions[name] = [("dimensionless", 1.0, 0, unit[0]), *parts]
            self._by_unit[_key(unit)] = name
        return self._by_unit[_key(unit)]

    def write(self, place: ET.Element) -> None:
        """Fill ``listOfUnitDefinitions`` with exponents, scales and multipliers as SBML wants them."""
        for name, parts in self._definitions.items():
            inside = ET.SubElement(ET.SubElement(place, "unitDefinition", id=name), "listOfUnits")
            for kind, exponent, scale, multiplier in parts:
                ET.SubElement(inside, "unit", kind=kind, exponent=f"{exponent:g}", scale=str(scale),
                              multiplier=repr(float(multiplier)))


def _key(unit: Unit) -> tuple:
    """Units that differ by rounding alone are one."""
    return float(f"{unit[0]:.9g}"), unit[1]


def _identifier(text: str) -> str:
    words = text.replace("%", "percent").replace("/", " per ").replace(".", " point ")
    plain = re.sub(r"\W+", "_", words.replace("-", " minus ")).strip("_")
    return f"u_{plain}" if plain[:1].isdigit() else plain


def _parts(text: str) -> list[Part]:
    """A unit's factors, each as it is spelled."""
    return [part for name, exponent in registry().Quantity(1.0, spelled(text)).unit_items()
            for part in _spelled_part(name, float(exponent))]


def _spelled_part(name: str, exponent: float) -> list[Part]:
    for known, (kind, *others) in KINDS.items():
        try:
            size = factor(name, known)
        except ValueError:
            continue
        scale = round(math.log10(size))
        exact = abs(size / 10.0**scale - 1) < 1e-12
        rest = [(other.removeprefix("per "), -exponent, 0, 1.0) for other in others]
        return [(kind, exponent, scale, 1.0) if exact else (kind, exponent, 0, size), *rest]
    raise ValueError(f"SBML has no unit for '{name}'")
