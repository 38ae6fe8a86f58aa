"""Expressions and their derivatives against finite differences and SciPy; simplification never changes a value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.differentiate import derivative

from thecal.core.derivative import jacobian
from thecal.core.dimensions import check_dimensions
from thecal.core.evaluate import numpy_function
from thecal.core.expression import (
    ZERO,
    Expression,
    exp,
    hill,
    log,
    maximum,
    minimum,
    number,
    sqrt,
    substitute,
    symbol,
    total,
)

X, Y = symbol("x", "1", "state"), symbol("y", "1", "state")
LEAVES = st.sampled_from([X, Y]) | st.floats(0.2, 3).map(number)


def _grow(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda p: p[0] + p[1]), pair.map(lambda p: p[0] - p[1]), pair.map(lambda p: p[0] * p[1]),
        pair.map(lambda p: p[0] / (2 + p[1] * p[1])), inner.map(lambda e: exp(-(e * e))),
        inner.map(lambda e: log(1 + e * e)), inner.map(lambda e: sqrt(1 + e * e)), inner.map(lambda e: -e),
        inner.map(lambda e: hill(1 + e * e, 0.7, 2.5)))


@settings(max_examples=60, deadline=None)
@given(st.recursive(LEAVES, _grow, max_leaves=12), st.floats(0.3, 2), st.floats(0.3, 2))
def test_derivatives_agree_with_finite_differences(expression: Expression, x: float, y: float) -> None:
    row = jacobian([expression], [X, Y])[0]
    exact = numpy_function([row.get(0, ZERO), row.get(1, ZERO)], [X, Y])(np.array([x, y]))
    f = numpy_function([expression], [X, Y])
    along_x = derivative(lambda t: np.broadcast_to(f(np.array([t, np.full_like(t, y)]))[0], t.shape), x).df
    along_y = derivative(lambda t: np.broadcast_to(f(np.array([np.full_like(t, x), t]))[0], t.shape), y).df
    assert exact == pytest.approx([float(along_x), float(along_y)], rel=1e-5, abs=1e-7)


def test_minimum_and_maximum_take_the_branch_in_force() -> None:
    row = jacobian([minimum(2 * X, Y), maximum(2 * X, Y)], [X, Y])
    f = numpy_function([row[0].get(0, ZERO), row[0].get(1, ZERO), row[1].get(0, ZERO), row[1].get(1, ZERO)], [X, Y])
    assert f(np.array([0.2, 1.0])).tolist() == [2, 0, 0, 1]
    assert f(np.array([0.9, 1.0])).tolist() == [0, 1, 2, 0]


def test_equal_expressions_are_one_node() -> None:
    assert X * Y + 1 is X * Y + 1
    assert X * Y is Y * X
    assert total([]) is ZERO
    assert substitute([X * Y], {Y: number(0)}) == [ZERO]


def test_hill_holds_its_meaning() -> None:
    f = numpy_function([hill(X, 0.5, 3), hill(X, 0.5)], [X])
    assert f(np.array([0.5])) == pytest.approx([0.5, 0.5])
    assert f(np.array([-1e-14]))[0] >= 0


@pytest.mark.parametrize(("expression", "unit", "wrong"), [
    (symbol("a", "pg/ul", "state") * symbol("v", "ul", "parameter"), "pg", "ul"),
    (symbol("k", "1/d", "parameter") * symbol("n", "cell", "state"), "cell/d", "1/d"),
    (sqrt(symbol("d2", "mm**2", "state")), "mm", "mm**2")])
def test_units_are_checked(expression: Expression, unit: str, wrong: str) -> None:
    check_dimensions([("x", expression, unit)])
    with pytest.raises(ValueError, match="should be in"):
        check_dimensions([("x", expression, wrong)])


def test_a_sum_of_two_units_is_refused_even_of_one_dimension() -> None:
    with pytest.raises(ValueError, match="joins"):
        check_dimensions([("x", symbol("a", "ul", "state") + symbol("b", "ml", "state"), "ul")])
