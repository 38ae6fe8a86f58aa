"""The coefficients: order of the step, of the error estimate and of the dense output, by a plain reading."""

from __future__ import annotations

import numpy as np
import pytest
from tests.engine_compiled.small_models import begin_at, small_model, solve

from thecal.engine.compiled import tableau


def rates(y):
    """A nonlinear system with a known solution: y = (sin-like orbit) of x' = x v, v' = -x^2 (x^2 + v^2 constant)."""
    return np.array([y[0] * y[1], -y[0] * y[0]])


def slope(y):
    return np.array([[y[1], y[0]], [-2 * y[0], 0.0]])


def exact(t):
    return np.array([1 / np.cosh(t), -np.tanh(t)])


def plain_step(y, h):
    """One step as the tableau's docstring says it, with dense linear algebra."""
    system = np.eye(2) / (h * tableau.GAMMA) - slope(y)
    k = np.zeros((tableau.STAGES, 2))
    for i in range(tableau.STAGES):
        u = y + tableau.A[i] @ k
        k[i] = np.linalg.solve(system, rates(u) + tableau.C[i] @ k / h)
    new = u + k[-1]
    d = tableau.H @ k

    def between(s):
        return (1 - s) * y + s * (new + (1 - s) * (d[0] + s * (d[1] + s * d[2])))

    return new, k[-1], between


@pytest.mark.parametrize("what, order", [("step", 6), ("estimate", 5), ("dense", 5)])
def test_local_errors_shrink_with_their_order(what, order):
    errors = []
    for h in (0.08, 0.04, 0.02):
        new, estimate, between = plain_step(exact(0.3), h)
        errors.append({"step": np.abs(new - exact(0.3 + h)).max(), "estimate": np.abs(estimate).max(),
                       "dense": np.abs(between(0.4) - exact(0.3 + 0.4 * h)).max()}[what])
    measured = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert measured[-1] == pytest.approx(order, abs=0.35)


def test_stiff_accuracy_and_stability_at_infinity():
    """For y' = -L y with L h to infinity the step must damp to zero (L-stability)."""
    z = 1e12
    system = 1 / tableau.GAMMA + z
    k = np.zeros(tableau.STAGES)
    for i in range(tableau.STAGES):
        u = 1 + tableau.A[i] @ k
        k[i] = (-z * u + tableau.C[i] @ k) / system
    assert abs(u + k[-1]) < 1e-6
    assert tableau.A[7, 6] == 1 and np.array_equal(tableau.A[7, :6], tableau.A[6, :6])


def test_compiled_solve_converges_with_the_tolerance():
    model = small_model(["x", "v"], lambda y, p: [y[0] * y[1], -y[0] * y[0]])
    times = np.linspace(0.1, 4, 23)
    errors, steps = [], []
    for rtol in (1e-4, 1e-6, 1e-8, 1e-10):
        result = solve(model, [], [begin_at([1, 0])], times, rtol=rtol)
        errors.append(np.abs(result.values[0] - exact(times).T).max())
        steps.append(int(result.steps[0]))
    assert all(e < 10 * r for e, r in zip(errors, (1e-4, 1e-6, 1e-8, 1e-10), strict=True)), errors
    orders = np.log(np.array(errors[:-1]) / errors[1:]) / np.log(np.array(steps[1:]) / steps[:-1])
    assert orders[-1] > 4.0, (errors, steps)


def test_closed_systems_keep_their_mass():
    """Exchange between compartments with saturable uptake: the linear invariant is kept to rounding."""
    model = small_model(
        ["a", "b", "c"],
        lambda y, p: [-p[0] * y[0] / (1 + y[0]) + y[2], p[0] * y[0] / (1 + y[0]) - p[1] * y[1] * y[1],
                      p[1] * y[1] * y[1] - y[2]], ["v", "k"])
    result = solve(model, [[30.0, 4.0], [3.0, 400.0]], [begin_at([5, 0.5, 0])], np.linspace(0, 20, 9), rtol=1e-5)
    np.testing.assert_allclose(result.values.sum(axis=2), 5.5, rtol=2e-14)
