"""Arithmetic of the generated code against numpy and against long double."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from thecal.core.derivative import jacobian
from thecal.core.evaluate import numpy_function
from thecal.core.expression import exp, hill, log, maximum, minimum, number, power, sqrt, symbol, total
from thecal.engine.compiled import toolchain, vector_functions
from thecal.engine.compiled.kernels import attributes
from thecal.engine.compiled.lowering import constants_of, lower
from thecal.engine.compiled.vector_code import Code, Writer, function, intrinsics, places_of


def run(code: Code, arrays: dict[str, np.ndarray]) -> None:
    """Compile one function body and call it on arrays (rows, lanes)."""
    text = intrinsics(code.lanes) + function("body", list(arrays), ["entry:", *code.lines], internal=False)
    machine = toolchain.Machine([toolchain.compile_object(text + attributes(code.lanes))])
    ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(arrays))(machine.address("body"))(
        *[a.ctypes.data for a in arrays.values()])


def aligned(rows: int, lanes: int) -> np.ndarray:
    block = np.zeros(rows * lanes + 8)
    first = (-block.ctypes.data // 8) % 8
    return block[first: first + rows * lanes].reshape(rows, lanes)


def apply(name: str, x: np.ndarray) -> np.ndarray:
    lanes, code = 8, Code(8)
    rows = -(-x.size // lanes)
    given, result = aligned(rows, lanes), aligned(rows, lanes)
    given.ravel()[: x.size] = x
    for row in range(rows):
        code.store(getattr(vector_functions, name)(code, code.load("x", row)), "r", row)
    run(code, {"x": given, "r": result})
    return result.ravel()[: x.size].copy()


def units_in_the_last_place(value: np.ndarray, exact: np.ndarray) -> float:
    return float(np.max(np.abs(value.astype(np.longdouble) - exact) / np.spacing(np.abs(exact).astype(float))))


def test_exponential_is_exact_to_a_unit_in_the_last_place():
    random = np.random.default_rng(1)
    x = np.concatenate([random.uniform(-700, 709.7, 700), random.normal(size=700), np.linspace(-1e-9, 1e-9, 41)])
    assert units_in_the_last_place(apply("exp", x), np.exp(x.astype(np.longdouble))) < 1.1


def test_logarithm_is_exact_to_a_unit_in_the_last_place():
    random = np.random.default_rng(2)
    x = np.concatenate([np.exp(random.uniform(-700, 700, 700)), random.uniform(0.5, 2, 700), 1 + random.normal(
        scale=1e-8, size=100)])
    assert units_in_the_last_place(apply("log", x), np.log(x.astype(np.longdouble))) < 1.1


def test_ends_of_the_range():
    given = np.array([710.0, -800.0, np.inf, -np.inf, np.nan, 0.0, 709.78])
    np.testing.assert_array_equal(apply("exp", given)[:6], [np.inf, 0, np.inf, 0, np.nan, 1])
    assert np.isfinite(apply("exp", given)[6])
    at_the_edge = apply("log", np.array([0.0, -1.0, np.inf, np.nan, 1.0]))
    np.testing.assert_array_equal(at_the_edge[1:], [np.nan, np.inf, np.nan, 0.0])
    assert at_the_edge[0] == pytest.approx(-708.396, abs=1e-3)


def expressions():
    a, b, c = (symbol(n, "1", "state") for n in "abc")
    p, q = (symbol(n, "1", "parameter") for n in "pq")
    mean = total([a, b, c, a * b, b * c, a * c, a * a, b * b, c * c, a * b * c]) / 10
    written = [mean, hill(a, p, q), b**3 / (p + b), a**-2 * q, exp(-a * p) + log(b + 1),
               sqrt(a * a + b), minimum(a, b) - maximum(b, c), -(a - b) * p * q * 3, a**2.5, number(2),
               p * q / (p + q), a / (b + c) + b / (b + c), -a - b - c, power(a, q)]
    return written, [a, b, c], [p, q]


@pytest.mark.parametrize("lanes", [1, 2, 4, 8, 16])
def test_expressions_and_their_derivatives_equal_numpy(lanes):
    written, y, p = expressions()
    wanted = written + [e for row in jacobian(written, [*y, *p]) for _, e in sorted(row.items())]
    lowered = lower(wanted)
    code = Code(lanes)
    held = constants_of(lowered)
    writer = Writer(code, {**places_of("y", y), **places_of("p", p)}, lowered)
    for row, e in enumerate(lowered):
        code.store(writer.value(e), "r", row)
    random = np.random.default_rng(3)
    arrays = {"y": aligned(3, lanes), "p": aligned(2, lanes), "r": aligned(len(wanted), lanes)}
    arrays["y"][:], arrays["p"][:] = random.uniform(0.2, 3, (3, lanes)), random.uniform(1.1, 2.5, (2, lanes))
    run(code, arrays)
    exact = numpy_function(wanted, y, p)(arrays["y"], arrays["p"])
    np.testing.assert_allclose(arrays["r"], exact, rtol=3e-14, atol=1e-14)
    assert any(p[0] in e.arguments for e in held), "what depends on parameters alone is found"


def test_constant_factors_meet_before_they_meet_a_state():
    a, p, q = symbol("a", "1", "state"), symbol("p", "1", "parameter"), symbol("q", "1", "parameter")
    (product,) = lower([p * a * q / (p + q)])
    assert len(constants_of([product])) == 1 and product.operation == "mul"


def test_the_power_below_an_exponent_costs_no_second_exponential():
    a, q = symbol("a", "1", "state"), symbol("q", "1", "parameter")
    rate = power(a, q)
    both = lower([rate, jacobian([rate], [a])[0][0]])
    from thecal.core.expression import nodes_of

    assert sum(node.operation == "exp" for node in nodes_of(both)) == 1
