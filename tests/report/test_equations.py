"""The printed equations mean what the solver runs: every family, evaluated as printed, equals the declaration."""

from __future__ import annotations

import math

import numpy as np
import pytest

from thecal.core.declaration import Model, Room
from thecal.core.evaluate import numpy_function
from thecal.core.expression import add, multiply, number, symbol, symbols_of
from thecal.core.register import load as register
from thecal.core.structure import Structure
from thecal.engine.coupling import assemble_model
from thecal.engine.layout import layout_of
from thecal.report.equations import Equation, RoomEquations, equations
from thecal.report.formula import Call, Formula, Name, Number, Over, Power, Product, Sum, aligned, gathered, read
from thecal.report.mathml import equation
from thecal.study.load import load
from thecal.study.resolve import resolve

FUNCTIONS = {"exp": math.exp, "log": math.log, "sqrt": math.sqrt, "min": min, "max": max}


@pytest.fixture(scope="module")
def structure() -> Structure:
    return layout_of(resolve(load("dose-response")).species)


@pytest.fixture(scope="module")
def model(structure: Structure) -> Model:
    return assemble_model(structure)


@pytest.fixture(scope="module")
def rooms(model: Model, structure: Structure) -> tuple[RoomEquations, ...]:
    return equations(model, structure)


class Paper:
    """A reader with nothing but the page: equations, coefficients, and a value for every symbol."""

    def __init__(self, room: Room, shown: RoomEquations, structure: Structure, values: dict[str, float]) -> None:
        self.room, self.shown, self.structure, self.values = room, shown, structure, values
        self.segment_of = {g.name: str(g.segment) for g in structure.ganglia}
        self.coefficients = {name.name: dict(numbers) for name, numbers in shown.coefficients}

    def value(self, formula: Formula, at: dict[str, str]) -> float:
        match formula:
            case Number(x):
                return x
            case Name():
                return self.named(formula, at)
            case Sum(terms):
                return sum(sign * self.value(t, at) for sign, t in terms)
            case Product(c, over, under):
                first = self.named(c, at) if isinstance(c, Name) else c
                return first * math.prod(self.value(f, at) for f in over) / math.prod(self.value(f, at) for f in under)
            case Power(base, exponent):
                return self.value(base, at) ** self.value(exponent, at)
            case Call(function, arguments):
                return FUNCTIONS[function](*(self.value(a, at) for a in arguments))
            case Over(letter, term, span):
                return sum(self.value(term, at | {letter: place}) for place in self.span(letter, span, at))
        raise TypeError(formula)

    def span(self, letter: str, span: str, at: dict[str, str]) -> list[str]:
        every = list(self.structure.compartments)
        if letter == "i":
            return {"all": every, "canal": every[:-1], "beside ganglia": sorted(set(self.segment_of.values())),
                    "lumbar cord": [str(k) for k in self.structure.cord_segments]}.get(span) or span.split(", ")
        ganglia = list(self.segment_of)
        if span == "beside i":
            return [g for g in ganglia if self.segment_of[g] == at["i"]]
        return ganglia if span == "all" else [g for g in ganglia if g.endswith(span)] or span.split(", ")

    def index(self, index: str, at: dict[str, str]) -> str:
        every = list(self.structure.compartments)
        if index in ("i+1", "i−1"):
            return every[every.index(at["i"]) + (1 if index == "i+1" else -1)]
        if index == "i(j)":
            return self.segment_of[at["j"]]
        return at["j"].rsplit(" ", 1)[-1] if index == "side of j" else at.get(index, index)

    def named(self, name: Name, at: dict[str, str]) -> float:
        index = self.index(name.index, at)
        if name.kind == "coefficient":
            if name.name == "w":
                pytest.skip("shares of the nerve are not printed with the sum")
            return self.coefficients[name.name][index]
        if name.kind == "term" and name.name.startswith("u") and name.name[1:].isdigit():
            found = [e for e in self.shown.equations if e.name.name == name.name]
            return self.value(found[0].formula, {"j": index, "i": index} if index else {})
        return self.values[f"{name.kind}:{name.name}" + (f"[{index}]" if index else "")]


def values_for(model: Model, room: Room) -> dict[str, float]:
    """Any positive number for every symbol, and for what other rooms hand over or a room produces."""
    generator = np.random.default_rng(7)
    found: dict[str, float] = {}
    numbers: dict[str, float] = {}
    expressions = [*room.rates.values(), *(q.expression for r in model.rooms for q in r.produced.values()),
                   *(q.expression for q in room.observed.values())]
    for leaf in symbols_of(expressions):
        numbers[leaf.name] = float(generator.uniform(0.2, 2.0))
        kind = "port" if "<" in leaf.name else leaf.role
        found[f"{kind}:{leaf.name.split('<')[-1]}" if kind == "port" else f"{kind}:{leaf.name}"] = numbers[leaf.name]
    for leaf in symbols_of(expressions):  # one name for one port, whichever room asks
        if "<" in leaf.name:
            numbers[leaf.name] = found[f"port:{leaf.name.split('<')[-1]}"]
    for other in model.rooms:
        for name, quantity in other.produced.items():
            leaves = symbols_of([quantity.expression])
            found[f"term:{name}"] = float(numpy_function([quantity.expression], leaves)(
                np.array([numbers[leaf.name] for leaf in leaves]))[0])
    return found | {f"number:{k}": v for k, v in numbers.items()}


@pytest.mark.parametrize("name", ["anatomy", "cells", "signalling", "pain"])
def test_rates_as_printed_are_the_rates_that_run(name: str, model: Model, rooms: tuple[RoomEquations, ...],
                                                 structure: Structure) -> None:
    room = next(r for r in model.rooms if r.name == name)
    shown = next(r for r in rooms if r.name == name)
    values = values_for(model, room)
    paper = Paper(room, shown, structure, values)
    printed: set[str] = set()
    checked = 0
    for equation_ in (e for e in shown.equations if e.change):
        for member in equation_.members:
            state = equation_.name.name + (f"[{member}]" if member else "")
            printed.add(state)
            if member in equation_.lacking or _has_shares(equation_.formula):
                continue
            leaves = symbols_of([room.rates[state]])
            truth = numpy_function([room.rates[state]], leaves)(
                np.array([values[f"number:{leaf.name}"] for leaf in leaves]))[0]
            at = {"j": member} if member in paper.segment_of else {"i": member}
            assert paper.value(equation_.formula, at) == pytest.approx(float(truth), rel=1e-9), state
            checked += 1
    assert printed == set(room.rates)
    assert checked >= 0.5 * len(room.rates)


def _has_shares(formula: Formula) -> bool:
    return '"w"' in repr(formula) or "name='w'" in repr(formula)


def test_members_that_lack_terms_lack_them_in_the_declaration(rooms: tuple[RoomEquations, ...]) -> None:
    anatomy = rooms[0].equations
    latent = next(e for e in anatomy if e.change and e.name.name == "anatomy.latent" and e.name.index == "i")
    assert "0" in latent.lacking and "cranial" not in latent.members


def test_equations_are_sound_markup(rooms: tuple[RoomEquations, ...]) -> None:
    import xml.etree.ElementTree as tree

    for room in rooms:
        for shown in room.equations:
            assert isinstance(shown, Equation)
            tree.fromstring(equation(shown, register()).replace("\u00a0", " "))


def test_small_formulas() -> None:
    a, b, k = (symbol(n, "1", "state") for n in ("x[1]", "x[2]", "k"))

    def name_of(node) -> Formula | None:
        base, _, index = node.name.partition("[")
        return Name("state", base, index.rstrip("]")) if node.operation == "symbol" else None

    product = read(multiply(multiply(number(2), a), multiply(a, k)), name_of)
    assert isinstance(product, Product) and product.coefficient == 2
    assert Power(Name("state", "x", "1"), Number(2)) in product.over
    total = gathered(read(add(a, b), name_of), ["1", "2"], "i")
    assert total == Over("i", Name("state", "x", "i"), "1 2")
    fuller = Sum(((1, Name("state", "x")), (-1, Product(3.0, (Name("state", "y"),), ()))))
    assert aligned(Name("state", "x"), fuller) is None
    assert np.isnan(aligned(Sum(((1, Name("state", "x")),)), fuller)).all()
