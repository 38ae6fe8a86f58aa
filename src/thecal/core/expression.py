"""Symbolic expressions: what the rooms write and every reader reads.

An expression is a node of one shared graph. Equal nodes are the same object, so common subexpressions are found
for nothing, derivatives stay small, and a list of nodes in creation order is already straight-line code.
Ours instead of SymPy because a cold start must not cost a second and because the compiler, the reference solver,
SBML and the printed equations all need no more than these operations.

Operations: ``+ - * / pow exp log sqrt minimum maximum``; leaves: numbers and named symbols with a unit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Number = int | float


class Expression:
    """A node: ``operation``, ``arguments``; a number carries ``value``, a symbol ``name``, ``unit``, ``role``."""

    __slots__ = ("arguments", "name", "operation", "order", "role", "unit", "value")
    _pool: dict[tuple, Expression] = {}

    operation: str
    arguments: tuple[Expression, ...]
    value: float
    name: str
    unit: str
    role: str
    order: int

    def __new__(cls, operation: str, arguments: tuple = (), value: float = math.nan,
                name: str = "", unit: str = "", role: str = "") -> Expression:
        """The one node of this meaning; made when it is asked for first."""
        key = (operation, tuple(a.order for a in arguments), value.hex() if operation == "number" else "",
               name, unit, role)
        node = cls._pool.get(key)
        if node is None:
            node = super().__new__(cls)
            node.operation, node.arguments, node.value = operation, arguments, value
            node.name, node.unit, node.role, node.order = name, unit, role, len(cls._pool)
            cls._pool[key] = node
        return node

    def __add__(self, other: Any) -> Expression:
        return add(self, wrap(other))

    def __radd__(self, other: Any) -> Expression:
        return add(wrap(other), self)

    def __sub__(self, other: Any) -> Expression:
        return subtract(self, wrap(other))

    def __rsub__(self, other: Any) -> Expression:
        return subtract(wrap(other), self)

    def __mul__(self, other: Any) -> Expression:
        return multiply(self, wrap(other))

    def __rmul__(self, other: Any) -> Expression:
        return multiply(wrap(other), self)

    def __truediv__(self, other: Any) -> Expression:
        return divide(self, wrap(other))

    def __rtruediv__(self, other: Any) -> Expression:
        return divide(wrap(other), self)

    def __pow__(self, other: Any) -> Expression:
        return power(self, wrap(other))

    def __neg__(self) -> Expression:
        return negate(self)

    def __repr__(self) -> str:
        if self.operation == "number":
            return f"{self.value:.6g}"
        if self.operation == "symbol":
            return self.name
        inside = ", ".join(map(repr, self.arguments))
        return f"{self.operation}({inside})"

    @property
    def is_number(self) -> bool:
        """Whether this is a literal."""
        return self.operation == "number"


def number(value: Number) -> Expression:
    """A literal; minus zero is zero, so that a sum knows it."""
    return Expression("number", value=float(value) + 0.0)


def symbol(name: str, unit: str, role: str) -> Expression:
    """A named quantity; ``role`` is ``state``, ``parameter``, ``port`` or ``time``."""
    return Expression("symbol", name=name, unit=unit, role=role)


def wrap(value: Expression | Number) -> Expression:
    """A number as an expression; an expression as it is."""
    return value if isinstance(value, Expression) else number(value)


ZERO, ONE = number(0), number(1)


def add(a: Expression, b: Expression) -> Expression:
    """``a + b``, with zeros, numbers and signs folded."""
    if a is ZERO or b is ZERO:
        return b if a is ZERO else a
    if a.is_number and b.is_number:
        return number(a.value + b.value)
    if b.operation == "neg":
        return subtract(a, b.arguments[0])
    if a.operation == "neg":
        return subtract(b, a.arguments[0])
    return Expression("add", (a, b))


def subtract(a: Expression, b: Expression) -> Expression:
    """``a - b``, simplified likewise."""
    if b is ZERO:
        return a
    if a is ZERO:
        return negate(b)
    if a is b:
        return ZERO
    if a.is_number and b.is_number:
        return number(a.value - b.value)
    if b.operation == "neg":
        return add(a, b.arguments[0])
    return Expression("sub", (a, b))


def multiply(a: Expression, b: Expression) -> Expression:
    """``a b``; a number stands first, and equal products are one node."""
    if a is ZERO or b is ZERO:
        return ZERO
    if a is ONE or b is ONE:
        return b if a is ONE else a
    if a.is_number and b.is_number:
        return number(a.value * b.value)
    if b.operation == "neg":
        return negate(multiply(a, b.arguments[0]))
    if a.operation == "neg":
        return negate(multiply(a.arguments[0], b))
    if b.is_number or (not a.is_number and b.order < a.order):
        a, b = b, a
    return Expression("mul", (a, b))


def divide(a: Expression, b: Expression) -> Expression:
    """``a / b``; division by a number becomes multiplication."""
    if a is ZERO:
        return ZERO
    if b is ONE:
        return a
    if a is b:
        return ONE
    if b.is_number:
        return multiply(number(1.0 / b.value), a) if not a.is_number else number(a.value / b.value)
    if a.operation == "neg":
        return negate(divide(a.arguments[0], b))
    return Expression("div", (a, b))


def negate(a: Expression) -> Expression:
    """``-a``."""
    if a.is_number:
        return number(-a.value)
    return a.arguments[0] if a.operation == "neg" else Expression("neg", (a,))


def power(a: Expression, b: Expression) -> Expression:
    """``a ** b``; the base must stay at or above zero unless the exponent is a whole number."""
    if b is ZERO:
        return ONE
    if b is ONE:
        return a
    if a.is_number and b.is_number:
        return number(a.value**b.value)
    if b.is_number and b.value == 2:
        return multiply(a, a)
    if b.is_number and b.value == 0.5:
        return sqrt(a)
    return Expression("pow", (a, b))


def exp(a: Expression) -> Expression:
    """``e ** a``."""
    return number(math.exp(a.value)) if a.is_number else Expression("exp", (a,))


def log(a: Expression) -> Expression:
    """Natural logarithm of ``a``."""
    return number(math.log(a.value)) if a.is_number else Expression("log", (a,))


def sqrt(a: Expression) -> Expression:
    """Square root of ``a``."""
    return number(math.sqrt(a.value)) if a.is_number else Expression("sqrt", (a,))


def minimum(a: Any, b: Any) -> Expression:
    """The smaller of two."""
    return _extreme("min", min, wrap(a), wrap(b))


def maximum(a: Any, b: Any) -> Expression:
    """The greater of two."""
    return _extreme("max", max, wrap(a), wrap(b))


def _extreme(operation: str, fold: Any, a: Expression, b: Expression) -> Expression:
    if a.is_number and b.is_number:
        return number(fold(a.value, b.value))
    return a if a is b else Expression(operation, (a, b))


def total(terms: Iterable[Any]) -> Expression:
    """The sum of any number of terms."""
    result = ZERO
    for term in terms:
        result = result + term
    return result


def hill(x: Any, half: Any, exponent: Any = 1) -> Expression:
    """``x^n / (x^n + half^n)``: zero at zero, one half at ``half``, one at infinity.

    With an exponent other than 1 the ratio is held above 1e-9, so that a state a rounding error below zero
    never meets a power.
    """
    x, half, exponent = wrap(x), wrap(half), wrap(exponent)
    if exponent is ONE:
        return x / (x + half)
    ratio = power(maximum(x / half, 1e-9), exponent)
    return ratio / (1 + ratio)


def nodes_of(expressions: Sequence[Expression]) -> list[Expression]:
    """All nodes that the expressions need, arguments before their users (creation order)."""
    seen: dict[int, Expression] = {}
    stack = list(expressions)
    while stack:
        node = stack.pop()
        if node.order not in seen:
            seen[node.order] = node
            stack.extend(node.arguments)
    return [seen[k] for k in sorted(seen)]


def symbols_of(expressions: Sequence[Expression]) -> list[Expression]:
    """The leaves with a name, in creation order."""
    return [node for node in nodes_of(expressions) if node.operation == "symbol"]


def substitute(expressions: Sequence[Expression], table: dict[Expression, Expression]) -> list[Expression]:
    """The expressions with leaves replaced (ports by what feeds them)."""
    new: dict[int, Expression] = {}
    for node in nodes_of(expressions):
        if node in table:
            new[node.order] = table[node]
        elif not node.arguments:
            new[node.order] = node
        else:
            new[node.order] = rebuild(node.operation, [new[a.order] for a in node.arguments])
    return [new[e.order] for e in expressions]


_BUILD: dict[str, Callable[..., Expression]] = {
    "add": add, "sub": subtract, "mul": multiply, "div": divide, "pow": power, "min": minimum, "max": maximum,
    "neg": negate, "exp": exp, "log": log, "sqrt": sqrt}


def rebuild(operation: str, arguments: Sequence[Expression]) -> Expression:
    """The operation applied anew, with its simplifications."""
    return _BUILD[operation](*arguments)


