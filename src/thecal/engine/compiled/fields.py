"""Which states are measured with one yardstick when the step's error is judged.

A state near zero needs an absolute tolerance, and what counts as near zero depends on the state: cells come by the
hundred thousand, concentrations by the thousandth of a pg/ul. The error of state i is compared with ``rtol`` times
the largest of

- its present size;
- 1e-3 of the largest value that its *field* has shown in this animal so far; a field is the states whose names
  differ only in an index, ``latent[3]`` (the segments of one canal);
- 1e-6 of the largest value that any state of its *unit* has shown in this animal so far;
- a size below which a quantity of its unit is nothing: a tenth of a cell, 1e-4 of a pg, of a pg/ul, of a fraction.

All of it is the animal's own, so an answer is the same wherever and with whomever it is computed. The error norm is
the root mean square over fields of the mean square within each: cutting the canal finer does not dilute the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from thecal.core.declaration import Quantity

FIELD_FLOOR = 1e-3
UNIT_FLOOR = 1e-6
NOTHING = (("cell", 0.1), ("cell/ul", 0.1), ("pg", 1e-4), ("pg/ul", 1e-4))
_NOTHING_ELSE = 1e-4


@dataclass(frozen=True)
class Fields:
    """``field_of[i]``: the field of state i; ``unit_of[f]``: the unit of field f; ``nothing[u]``: its smallest size."""

    field_of: tuple[int, ...]
    unit_of: tuple[int, ...]
    nothing: tuple[float, ...]

    @property
    def count(self) -> int:
        """How many fields."""
        return len(self.unit_of)

    @property
    def units(self) -> int:
        """How many units."""
        return len(self.nothing)

    def members(self, field: int) -> list[int]:
        """The states of one field."""
        return [i for i, f in enumerate(self.field_of) if f == field]


def fields_of(states: Sequence[Quantity]) -> Fields:
    """Group states by name without index and by unit."""
    stems: dict[tuple[str, str], int] = {}
    units: dict[str, int] = {}
    field_of: list[int] = []
    unit_of: list[int] = []
    for state in states:
        stem = (re.sub(r"\[[^\]]*\]|_\d+", "[]", state.name), state.unit)
        if stem not in stems:
            stems[stem] = len(stems)
            unit_of.append(units.setdefault(state.unit, len(units)))
        field_of.append(stems[stem])
    return Fields(tuple(field_of), tuple(unit_of), tuple(_nothing(unit) for unit in units))


def _nothing(unit: str) -> float:
    from thecal.core.quantities import factor

    for known, size in NOTHING:
        try:
            return size * factor(known, unit)
        except ValueError:
            continue
    return _NOTHING_ELSE
