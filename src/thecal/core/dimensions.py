"""Dimension check of expressions: sums and comparisons must join equal units, exactly.

A unit is read once by pint into (factor to base units, exponents of base dimensions). Adding microlitres to
millilitres is refused like adding days to cells: inside the model one unit serves one quantity.
"""

from __future__ import annotations

import functools
from fractions import Fraction

from thecal.core.expression import Expression, nodes_of
from thecal.core.quantities import registry, spelled

Unit = tuple[float, tuple[tuple[str, Fraction], ...]]
PURE: Unit = (1.0, ())


@functools.cache
def unit_of(text: str) -> Unit:
    """A unit's factor and exponents, e.g. ``"pg/ul"``."""
    quantity = registry().Quantity(1.0, spelled(text)).to_base_units()
    powers = tuple(sorted((name, Fraction(power).limit_denominator(12))
                          for name, power in quantity.dimensionality.items()))
    return float(quantity.magnitude), powers


def check_dimensions(rows: list[tuple[str, Expression, str]]) -> None:
    """Check that each expression has the unit it claims.

    Arguments:
        rows: (name, expression, unit).

    Errors: ValueError naming the row and the operation where units part.
    """
    units: dict[int, Unit | None] = {}
    for name, expression, claimed in rows:
        for node in nodes_of([expression]):
            if node.order not in units:
                try:
                    units[node.order] = node_unit(node, [units[a.order] for a in node.arguments])
                except ValueError as error:
                    raise ValueError(f"in '{name}': {error}") from None
        found = units[expression.order]
        if found is not None and not _same(found, unit_of(claimed)):
            raise ValueError(f"'{name}' should be in {claimed}, its expression has {_text(found)}")


def node_unit(node: Expression, inner: list[Unit | None]) -> Unit | None:
    """The unit of a node from those of its arguments; None for zero, which fits anywhere."""
    match node.operation:
        case "number":
            return None if node.value == 0 else PURE
        case "symbol":
            return unit_of(node.unit)
        case "mul" | "div":
            first, second = inner[0] or PURE, inner[1] or PURE
            return _product(first, second, 1 if node.operation == "mul" else -1)
        case "neg":
            return inner[0]
        case "sqrt":
            return _power(inner[0] or PURE, Fraction(1, 2))
        case "pow":
            return _raised(node, inner[0] or PURE, inner[1] or PURE)
        case "exp" | "log":
            if not _same(inner[0] or PURE, PURE):
                raise ValueError(f"{node.operation} of {_text(inner[0] or PURE)}, which has a unit")
            return PURE
    if inner[0] is None or inner[1] is None:
        return inner[0] or inner[1]
    if not _same(inner[0], inner[1]):
        raise ValueError(f"{node.operation} joins {_text(inner[0])} and {_text(inner[1])}")
    return inner[0]


def _raised(node: Expression, base: Unit, exponent: Unit) -> Unit:
    if not _same(exponent, PURE):
        raise ValueError("an exponent has a unit")
    if node.arguments[1].is_number:
        return _power(base, Fraction(node.arguments[1].value).limit_denominator(12))
    if not _same(base, PURE):
        raise ValueError("a base with a unit meets an exponent that is not a plain number")
    return PURE


def _product(a: Unit, b: Unit, sign: int) -> Unit:
    powers = dict(a[1])
    for name, power in b[1]:
        powers[name] = powers.get(name, Fraction(0)) + sign * power
    return a[0] * b[0]**sign, tuple(sorted((n, p) for n, p in powers.items() if p))


def _power(a: Unit, exponent: Fraction) -> Unit:
    return a[0]**float(exponent), tuple((n, p * exponent) for n, p in a[1])


def _same(a: Unit, b: Unit) -> bool:
    return a[1] == b[1] and abs(a[0] - b[0]) <= 1e-9 * abs(b[0])


def _text(unit: Unit) -> str:
    names = " ".join(f"{n}^{p}" for n, p in unit[1]) or "no unit"
    return f"{names} x {unit[0]:.6g}"
