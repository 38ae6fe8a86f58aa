"""From the declared expressions to ones that cost little: no powers, few divisions, nothing computed twice a step.

What changes is rounding only (one or two units in the last place): a division becomes a product with a reciprocal
that its other users share, whole powers become products, other powers ``exp(b log a)``, and whatever depends on
parameters alone is taken out, to be computed once per animal.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from thecal.core.expression import (
    ONE,
    Expression,
    divide,
    exp,
    log,
    maximum,
    multiply,
    nodes_of,
    number,
    power,
    rebuild,
)

_LARGEST_WHOLE_POWER = 12
_TINY = 1e-300


def lower(expressions: Sequence[Expression]) -> list[Expression]:
    """The same expressions without ``div`` (except ``1/x``) and without ``pow``, constant factors together."""
    return _gather_constants(_rewrite(expressions))


def names_of(expressions: Sequence[Expression]) -> dict[int, bytes]:
    """A name for every node (by ``order``) that depends on its mathematics alone.

    Nodes are numbered as they are made, so their order, and with it the order of factors in a product, depends on what
    a process has built before. Wherever an order decides how something is rounded or where it is stored, these names
    decide instead: the same model is the same code in every process.
    """
    names: dict[int, bytes] = {}
    for node in nodes_of(expressions):
        inner = [names[a.order] for a in node.arguments]
        if node.operation == "mul":
            inner.sort()
        head = f"{node.operation}|{node.value.hex() if node.is_number else ''}|{node.name}|{node.role}|"
        names[node.order] = hashlib.blake2b(head.encode() + b"".join(inner), digest_size=12).digest()
    return names


def uses_of(expressions: Sequence[Expression]) -> Counter[int]:
    """How often each node (by ``order``) is needed, being a result counting as one use."""
    count: Counter[int] = Counter(e.order for e in expressions)
    for node in nodes_of(expressions):
        count.update(a.order for a in node.arguments)
    return count


def constants_of(expressions: Sequence[Expression]) -> list[Expression]:
    """The largest subexpressions of parameters and numbers alone, what can be computed once per animal, by name."""
    constant = _constant_nodes(expressions)
    found: dict[int, Expression] = {}

    def consider(node: Expression) -> None:
        if node.arguments and node.order in constant:
            found[node.order] = node

    for e in expressions:
        consider(e)
    for node in nodes_of(expressions):
        if node.order not in constant:
            for a in node.arguments:
                consider(a)
    names = names_of(list(found.values()))
    return sorted(found.values(), key=lambda node: names[node.order])


def _constant_nodes(expressions: Sequence[Expression]) -> set[int]:
    constant: set[int] = set()
    for node in nodes_of(expressions):
        own = node.is_number or (node.operation == "symbol" and node.role == "parameter")
        if own or (node.arguments and all(a.order in constant for a in node.arguments)):
            constant.add(node.order)
    return constant


def _rewrite(expressions: Sequence[Expression]) -> list[Expression]:
    new: dict[int, Expression] = {}
    for node in nodes_of(expressions):
        inner = [new[a.order] for a in node.arguments]
        match node.operation:
            case "div":
                new[node.order] = multiply(inner[0], divide(ONE, inner[1]))
            case "pow":
                new[node.order] = _power(*inner)
            case _:
                new[node.order] = _rebuilt(node, inner)
    return [new[e.order] for e in expressions]


def _rebuilt(node: Expression, inner: Sequence[Expression]) -> Expression:
    if not inner:
        return node
    return Expression("step", tuple(inner)) if node.operation == "step" else rebuild(node.operation, inner)


def _power(base: Expression, exponent: Expression) -> Expression:
    if exponent.is_number and abs(exponent.value) <= _LARGEST_WHOLE_POWER and exponent.value == int(exponent.value):
        whole = _whole_power(base, abs(int(exponent.value)))
        return whole if exponent.value > 0 else divide(ONE, whole)
    if base.is_number:
        return power(base, exponent) if exponent.is_number else exp(exponent * log(base))
    if exponent.operation == "sub" and exponent.arguments[1] is ONE:
        # a^(b-1) comes from derivatives, next to a^b: one division instead of a second exponential
        return multiply(_power(base, exponent.arguments[0]), divide(ONE, maximum(base, _TINY)))
    return exp(exponent * log(base))


def _whole_power(base: Expression, n: int) -> Expression:
    if n == 0:
        return number(1)
    half = _whole_power(base, n // 2)
    square = multiply(half, half) if n > 1 else ONE
    return multiply(square, base) if n % 2 else square


def _gather_constants(expressions: Sequence[Expression]) -> list[Expression]:
    """Products regrouped so that factors of parameters alone meet first and become one number per animal."""
    constant, uses, names = _constant_nodes(expressions), uses_of(expressions), names_of(expressions)

    def factors(node: Expression, top: bool = True) -> Iterable[Expression]:
        if node.operation == "mul" and (top or uses[node.order] == 1):
            for a in node.arguments:
                yield from factors(a, top=False)
        else:
            yield node

    new: dict[int, Expression] = {}
    for node in nodes_of(expressions):
        if node.operation == "mul" and node.order not in constant:
            parts = sorted(factors(node), key=lambda f: names[f.order])
            fixed = [new[f.order] for f in parts if f.order in constant]
            moving = [new[f.order] for f in parts if f.order not in constant]
            new[node.order] = _product([_product(fixed), _product(moving)])
        else:
            new[node.order] = _rebuilt(node, [new[a.order] for a in node.arguments])
    return [new[e.order] for e in expressions]


def _product(parts: Sequence[Expression]) -> Expression:
    result = ONE
    for part in parts:
        result = multiply(result, part)
    return result
