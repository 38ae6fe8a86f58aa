"""Expressions as people write them: sums with signs, products over fractions, one index per family.

A formula is a small tree (:class:`Sum`, :class:`Product`, :class:`Power`, :class:`Call`, :class:`Name`,
:class:`Number`, :class:`Over`). It is read from the declaration's expressions; nothing is typed again by hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from thecal.core.expression import Expression


@dataclass(frozen=True)
class Name:
    """A symbol with its index as shown: ``kind`` is parameter, state, port, term or coefficient."""

    kind: str
    name: str
    index: str = ""


@dataclass(frozen=True)
class Number:
    """A literal."""

    value: float


@dataclass(frozen=True)
class Sum:
    """Terms with signs (+1 or −1)."""

    terms: tuple[tuple[int, Formula], ...]


@dataclass(frozen=True)
class Product:
    """``coefficient`` times ``over``, divided by ``under``."""

    coefficient: float | Name
    over: tuple[Formula, ...]
    under: tuple[Formula, ...]


@dataclass(frozen=True)
class Power:
    """``base`` to ``exponent``."""

    base: Formula
    exponent: Formula


@dataclass(frozen=True)
class Call:
    """A function of arguments."""

    function: str
    arguments: tuple[Formula, ...]


@dataclass(frozen=True)
class Over:
    """A sum of alike terms over an index; ``span`` says over which values."""

    index: str
    term: Formula
    span: str = ""


Formula = Name | Number | Sum | Product | Power | Call | Over
Reader = Callable[[Expression], Formula | None]
RANK = {"coefficient": 0, "parameter": 1, "term": 3, "port": 4, "state": 5}


def read(node: Expression, name_of: Reader, top: bool = True) -> Formula:
    """The formula of an expression.

    Arguments:
        name_of: what a node is called, or None to look inside; asked for every node but the topmost.
    """
    if not top or node.operation == "symbol":
        known = name_of(node)
        if known is not None:
            return known
    if node.operation == "number":
        return Number(node.value)
    if node.operation in ("add", "sub", "neg"):
        return _sum(_terms(node, 1, name_of, top))
    if node.operation in ("mul", "div"):
        return _product(node, name_of, top)
    inside = tuple(read(a, name_of, False) for a in node.arguments)
    return Power(*inside) if node.operation == "pow" else Call(node.operation, inside)


def _terms(node: Expression, sign: int, name_of: Reader, top: bool = False) -> list[tuple[int, Formula]]:
    if node.operation in ("add", "sub", "neg") and (top or name_of(node) is None):
        first, *rest = node.arguments
        found = _terms(first, -sign if node.operation == "neg" else sign, name_of)
        for other in rest:
            found += _terms(other, -sign if node.operation == "sub" else sign, name_of)
        return found
    term = read(node, name_of, False)
    if isinstance(term, Product) and isinstance(term.coefficient, float) and term.coefficient < 0:
        return [(-sign, replace(term, coefficient=-term.coefficient))]
    return [(sign, term)]


def _sum(terms: list[tuple[int, Formula]]) -> Formula:
    ordered = sorted(terms, key=lambda t: -t[0])  # what adds comes first; the sort keeps the rest in order
    return ordered[0][1] if len(ordered) == 1 and ordered[0][0] > 0 else Sum(tuple(ordered))


def _product(node: Expression, name_of: Reader, top: bool) -> Formula:
    over: list[Formula] = []
    under: list[Formula] = []
    coefficient = 1.0

    def collect(part: Expression, upward: bool, outer: bool) -> None:
        nonlocal coefficient
        known = None if outer else name_of(part)
        if known is None and part.operation in ("mul", "div"):
            collect(part.arguments[0], upward, False)
            collect(part.arguments[1], upward if part.operation == "mul" else not upward, False)
        elif known is None and part.operation == "number":
            coefficient *= part.value if upward else 1 / part.value
        else:
            (over if upward else under).append(known or read(part, name_of, False))

    collect(node, True, top)
    return Product(coefficient, _collected(over), _collected(under))


def _collected(factors: list[Formula]) -> tuple[Formula, ...]:
    """Equal factors as powers, in the order people write them: parameters, brackets, ports, states."""
    counts: dict[Formula, int] = {}
    for factor in factors:
        counts[factor] = counts.get(factor, 0) + 1
    powers = [f if n == 1 else Power(f, Number(n)) for f, n in counts.items()]
    return tuple(sorted(powers, key=_rank))


def _rank(factor: Formula) -> tuple[int, str]:
    if isinstance(factor, Power):
        return _rank(factor.base)
    return (RANK.get(factor.kind, 2), factor.name) if isinstance(factor, Name) else (2, "")


def skeleton(formula: Formula) -> Formula:
    """The formula with every number blanked: equal skeletons differ in numbers only."""
    return mapped(formula, lambda f: replace(f, coefficient=0.0) if isinstance(f, Product)
                  else Number(0.0) if isinstance(f, Number) else f)


def mapped(formula: Formula, change: Callable[[Formula], Formula]) -> Formula:
    """The formula with ``change`` applied to every part, inside first."""
    def down(f: Formula) -> Formula:
        return mapped(f, change)

    match formula:
        case Sum(terms):
            formula = Sum(tuple((sign, down(t)) for sign, t in terms))
        case Product(coefficient, over, under):
            formula = Product(coefficient, tuple(map(down, over)), tuple(map(down, under)))
        case Power(base, exponent):
            formula = Power(down(base), down(exponent))
        case Call(function, arguments):
            formula = Call(function, tuple(map(down, arguments)))
        case Over(index, term, span):
            formula = Over(index, down(term), span)
    return change(formula)


def numbers(formula: Formula) -> list[float]:
    """Every number of a formula in reading order, coefficients included."""
    found: list[float] = []

    def note(f: Formula) -> Formula:
        if isinstance(f, Product) and isinstance(f.coefficient, float):
            found.append(f.coefficient)
        elif isinstance(f, Number):
            found.append(f.value)
        return f

    mapped(formula, note)
    return found


def aligned(small: Formula | None, large: Formula) -> list[float] | None:
    """The numbers of ``small`` in the places of ``large``, nan where ``small`` lacks a term; None if it does not fit.

    Equal skeletons always fit; so does a sum that lacks terms of the other, at any depth.
    """
    if small is None:
        return [math.nan] * len(numbers(large))
    if type(small) is not type(large):
        return None
    match small, large:
        case Number(), Number():
            return [small.value]
        case Sum(), Sum():
            return _aligned_terms(small, large)
        case Product(), Product():
            if (len(small.over), len(small.under)) != (len(large.over), len(large.under)):
                return None
            found = _aligned_each((*small.over, *small.under), (*large.over, *large.under))
            return None if found is None else found + [c for c in (small.coefficient,) if isinstance(c, float)]
        case Power(), Power():
            return _aligned_each((small.base, small.exponent), (large.base, large.exponent))
        case Call(), Call():
            return _aligned_each(small.arguments, large.arguments) if small.function == large.function else None
        case Over(), Over():
            return aligned(small.term, large.term) if small.span == large.span else None
    return [] if small == large else None


def _aligned_each(small: tuple[Formula, ...], large: tuple[Formula, ...]) -> list[float] | None:
    parts = [aligned(a, b) for a, b in zip(small, large, strict=True)]
    return None if any(p is None for p in parts) else [x for p in parts for x in p or ()]


def _aligned_terms(small: Sum, large: Sum) -> list[float] | None:
    left, found = list(small.terms), []
    for sign, term in large.terms:
        fits = [(k, row) for k, (s, t) in enumerate(left) if s == sign and (row := aligned(t, term)) is not None]
        k, row = fits[0] if fits else (None, aligned(None, term))
        found += row or []
        if k is not None:
            left.pop(k)
    return None if left else found


def unified(shown: Formula, rows: list[list[float]], name: Callable[[tuple[float, ...]], Name]) -> Formula:
    """One formula for many members; numbers that differ become what ``name`` calls their values.

    Arguments:
        shown: the fullest member. rows: the numbers of every member in its places (see :func:`aligned`).
    """
    at = iter(zip(*rows, strict=True))

    def put(f: Formula) -> Formula:
        is_product = isinstance(f, Product) and isinstance(f.coefficient, float)
        if not is_product and not isinstance(f, Number):
            return f
        values = next(at)
        if len({v for v in values if not math.isnan(v)}) <= 1:
            return f
        return replace(f, coefficient=name(values)) if is_product else name(values)

    return mapped(shown, put)


def gathered(formula: Formula, indices: Iterable[str], letter: str,
             span: Callable[[list[str]], str] = " ".join) -> Formula:
    """Terms that differ in one index only, written as one sum over it.

    Arguments:
        indices: the index values that may be summed over. letter: how the index is written then.
        span: words for the values summed over.
    """
    known = set(indices)

    def blank(f: Formula) -> Formula:
        return replace(f, index=letter) if isinstance(f, Name) and f.index in known else f

    def gather(f: Formula) -> Formula:
        if not isinstance(f, Sum):
            return f
        groups: dict[tuple[int, Formula], list[Formula]] = {}
        for sign, term in f.terms:
            groups.setdefault((sign, skeleton(mapped(term, blank))), []).append(term)
        found: list[tuple[int, Formula]] = []
        for (sign, _), terms in groups.items():
            alike = len(terms) > 1 and all(mapped(t, blank) != t for t in terms)
            if alike:
                rows = [numbers(t) for t in terms]
                term = unified(mapped(terms[0], blank), rows, lambda _: Name("coefficient", "w", letter))
                values = [next(n.index for n in _names(t) if n.index in known) for t in terms]
                found.append((sign, Over(letter, term, span(values))))
            else:
                found += [(sign, t) for t in terms]
        return found[0][1] if len(found) == 1 and found[0][0] > 0 else Sum(tuple(found))

    return mapped(formula, gather)


def _names(formula: Formula) -> list[Name]:
    return [f for f in every_part(formula) if isinstance(f, Name)]


def every_part(formula: Formula) -> list[Formula]:
    """All parts of a formula, inside first."""
    found: list[Formula] = []

    def note(f: Formula) -> Formula:
        found.append(f)
        return f

    mapped(formula, note)
    return found
