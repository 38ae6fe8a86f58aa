"""Exact derivatives against differences of tightly computed solutions, and the bridge to JAX."""

from __future__ import annotations

import numpy as np
import pytest
from tests.engine_compiled.small_models import begin_at, small_model
from tests.engine_compiled.test_twins import mouse

from thecal.core.errors import ThecalError
from thecal.core.expression import exp, hill, maximum
from thecal.engine.compiled import CompiledIntegrator
from thecal.engine.gradient import in_jax, slopes
from thecal.engine.integrate import Event

MODEL = small_model(
    ["a", "b", "c"],
    lambda y, p: [p[0] - p[1] * y[0] * y[2], p[1] * hill(y[0], p[2], p[3]) - y[1] * y[1],
                  maximum(y[0], p[4]) - 40 * y[2]],
    ["in", "k", "half", "n", "least"], lambda y, p: {"a": y[0], "mixed": y[0] * y[1] * p[2] + exp(-p[3] * y[1])})
NAMES = [p.name for p in MODEL.parameters]
ROWS = np.array([[1.0, 0.7, 0.5, 2.5, 0.3], [0.2, 3.0, 0.05, 1.0, 0.9], [4.0, 0.1, 2.0, 4.0, 0.01]])
EVENTS = [begin_at([1, 0.5, 0.2]), Event(1.0, np.array([0, 0, 1]), np.array([1, 2, 1]), np.array([0.5, 3.0, -0.5])),
          Event(2.0, offset=np.array([2.0, 0, 0]), parameters={0: 9.0}), Event(3.0, parameters={0: 0.5})]
TIMES = np.array([0.0, 0.5, 1.0, 2.0, 2.5, 3.0, 6.0])


def differences(model, row, events, times, observables, place, start_d=0.0):
    """Central differences of a solution computed to 1e-12."""
    step = 1e-5 * abs(row[place])
    rows = np.repeat(row[None], 2, axis=0)
    rows[:, place] += [step, -step]
    values = CompiledIntegrator(threads=1).solve(model, rows, [events], np.zeros(2, int), start_d, times, observables,
                                                 rtol=1e-12).values
    return (values[0] - values[1]) / (2 * step)


def test_every_parameter_events_included():
    result = slopes(MODEL, ROWS, [EVENTS], np.zeros(3, int), 0.0, TIMES, ["a", "mixed"], NAMES, rtol=1e-8)
    assert not result.status.any()
    for animal, row in enumerate(ROWS):
        for place in range(len(NAMES)):
            exact = differences(MODEL, row, EVENTS, TIMES, ["a", "mixed"], place)
            np.testing.assert_allclose(result.slopes[animal, :, :, place], exact, rtol=1e-5, atol=2e-6,
                                       err_msg=NAMES[place])


def test_values_are_the_bytes_of_the_plain_solve():
    with_slopes = slopes(MODEL, ROWS, [EVENTS], np.zeros(3, int), 0.0, TIMES, ["a", "mixed"], ["k"])
    plain = CompiledIntegrator().solve(MODEL, ROWS, [EVENTS], np.zeros(3, int), 0.0, TIMES, ["a", "mixed"])
    assert with_slopes.values.tobytes() == plain.values.tobytes()


def test_slopes_do_not_depend_on_company_or_choice():
    together = slopes(MODEL, ROWS, [EVENTS], np.zeros(3, int), 0.0, TIMES, ["a", "mixed"], NAMES)
    for animal in range(3):
        alone = slopes(MODEL, ROWS[animal: animal + 1], [EVENTS], np.zeros(1, int), 0.0, TIMES, ["a", "mixed"], NAMES)
        assert alone.slopes[0].tobytes() == together.slopes[animal].tobytes()
    some = slopes(MODEL, ROWS, [EVENTS], np.zeros(3, int), 0.0, TIMES, ["mixed"], ["n", "in"])
    np.testing.assert_allclose(some.slopes[:, :, 0], together.slopes[:, :, 1][..., [3, 0]], rtol=1e-12, atol=1e-14)


def test_twenty_parameters_of_the_mouse():
    model, typical, events = mouse("bmsc_early")
    rooms = ("cells", "signalling", "pain")
    candidates = [p.name for p, value in zip(model.parameters, typical, strict=True)
                  if p.name.split(".")[0] in rooms and value != 0]
    chosen = sorted(np.random.default_rng(1).choice(candidates, 20, replace=False))
    times, seen = np.array([4.0, 4.2, 8.0, 20.0]), ["pain.mechanical", "signalling.tnf", "cells.living"]
    result = slopes(model, typical[None], [events], np.zeros(1, int), -31.0, times, seen, chosen)
    for column, name in enumerate(chosen):
        exact = differences(model, typical, events, times, seen, model.parameter_index[name], -31.0)
        scale = np.abs(result.values[0]).max(axis=0) / max(abs(typical[model.parameter_index[name]]), 1e-3)
        error = np.abs(result.slopes[0, :, :, column] - exact) / np.maximum(np.abs(exact).max(axis=0), 1e-3 * scale)
        assert error.max() < 1e-5, (name, error)


def test_unknown_parameters_are_refused():
    with pytest.raises(ThecalError, match="nonsense"):
        slopes(MODEL, ROWS, [[]], np.zeros(3, int), 0.0, TIMES, ["a"], ["nonsense"])


def test_jax_value_gradient_and_map():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    f = in_jax(MODEL, ROWS[0], EVENTS, 0.0, TIMES, ["a", "mixed"], ["k", "half"], logarithmic=True, rtol=1e-8)
    theta = np.log(ROWS[0, [1, 2]])

    def loss(x):
        return (f(x)[1:, 0] ** 2).sum() + f(x)[-1, 1]

    def by_hand(x):
        return float(loss(x))

    gradient = np.asarray(jax.jit(jax.grad(loss))(theta))
    step = 1e-5
    numeric = [(by_hand(theta + step * e) - by_hand(theta - step * e)) / (2 * step) for e in np.eye(2)]
    np.testing.assert_allclose(gradient, numeric, rtol=2e-5)
    many = np.stack([theta, theta + 0.1, theta - 0.2])
    np.testing.assert_allclose(jax.vmap(f)(many), np.stack([f(x) for x in many]), rtol=1e-12)
    np.testing.assert_allclose(jax.vmap(jax.grad(loss))(many)[0], gradient, rtol=1e-12)
    assert np.isnan(f(np.array([np.nan, 0.0]))).any()
