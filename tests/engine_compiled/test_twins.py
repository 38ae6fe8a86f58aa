"""The whole mouse against other solvers: CVODE and SciPy on the same declared model."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from tests.engine_compiled.small_models import begin_at, small_model, solve

from thecal.core.declaration import Model
from thecal.core.evaluate import numpy_function
from thecal.core.expression import hill, total
from thecal.core.streams import stream
from thecal.engine.compiled import CompiledIntegrator
from thecal.engine.coupling import assemble_model
from thecal.engine.integrate import Event, Status
from thecal.engine.layout import layout_of
from thecal.engine.loop import RunPlan, enrol, events_of
from thecal.engine.reference import ReferenceIntegrator
from thecal.study import load, resolve

NOTHING = 1e-3  # a thousandth of a cell, of a pg/ul, of a fraction: what never exceeds it is noise
TIMES = np.array([-1.0, 0.0, 0.01, 1.0, 3.999, 4.0, 4.01, 4.1, 4.5, 6.0, 12.0, 30.0])


def mouse(arm: str) -> tuple[Model, np.ndarray, list[Event]]:
    """The mouse model, its typical animal, and the events of an arm of the index study."""
    plan = resolve(load("chen2015"))
    structure = layout_of(plan.species)
    model = assemble_model(structure)
    typical = enrol(plan.arm(arm), model, np.array([0]), 1, {}, spread=False)
    return model, typical.parameters[0], events_of(RunPlan(plan), plan.arm(arm), structure, model)


def cohort(model: Model, typical: np.ndarray, animals: int, log_sd: float, seed: int) -> np.ndarray:
    """Animals whose every parameter is spread about the typical one; a new parameter leaves the others' draws alone."""
    draws = [stream(seed, p.name, "spread").normal(0, log_sd, animals) for p in model.parameters]
    return typical * np.exp(np.stack(draws, axis=1))


def relative_to_peak(values: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Largest error of each animal, each observable against its own largest value."""
    peak = np.maximum(np.abs(exact).max(axis=1, keepdims=True), NOTHING)
    return (np.abs(values - exact) / peak).max(axis=(1, 2))


def run(integrator, model, rows, events, **settings):
    return integrator.solve(model, rows, [events], np.zeros(len(rows), int), -31.0, TIMES,
                            tuple(model.observable_index), **settings)


@pytest.mark.parametrize("arm, log_sd", [("bmsc_early", 0.2), ("tgfb1_infusion", 0.2), ("bmsc_amd3100", 0.6)])
def test_cvode_agrees_on_random_mice(arm, log_sd):
    model, typical, events = mouse(arm)
    rows = cohort(model, typical, 3, log_sd, seed=len(arm))
    exact = run(ReferenceIntegrator(), model, rows, events, rtol=1e-9)
    ours = run(CompiledIntegrator(threads=1), model, rows, events)
    fine = ours.status == Status.OK
    assert np.array_equal(fine, exact.status == Status.OK) and fine.sum() >= 2
    assert relative_to_peak(ours.values[fine], exact.values[fine]).max() < 1e-5


def test_scipy_radau_agrees_on_one_mouse():
    model, typical, _ = mouse("bmsc_early")
    function = numpy_function(model.rates, model.state_symbols, model.parameters)
    with np.errstate(all="ignore"):
        other = solve_ivp(lambda t, y: function(y, typical), (-31, -30.9), np.zeros(len(model.states)), method="Radau",
                          rtol=1e-7, atol=1e-11, t_eval=[-30.9])
    ours = CompiledIntegrator(threads=1).solve(model, typical[None], [[]], np.zeros(1, int), -31.0, np.array([-30.9]),
                                               [], all_states=True)
    np.testing.assert_allclose(ours.states[0, 0], other.y[:, -1], rtol=2e-5, atol=1e-6)


def test_a_wide_cohort_is_never_silently_wrong():
    """Every parameter spread by a log-sd of 0.8: each animal is computed or counted, and a tight tolerance agrees.

    Some of these animals are monsters (fractions above one) whose equations have no solution beyond a moment: CVODE
    stops there as well. States are compared, for an observable of a monster may magnify any error.
    """
    model, typical, events = mouse("bmsc_early")
    rows = cohort(model, typical, 96, 0.8, seed=8)
    ours = run(CompiledIntegrator(), model, rows, events, all_states=True)
    tight = run(CompiledIntegrator(), model, rows, events, rtol=1e-8, all_states=True)
    fine = ours.status == Status.OK
    assert fine.mean() > 0.9
    assert np.array_equal(fine, np.isfinite(ours.states).all(axis=(1, 2)))
    assert np.array_equal(fine, tight.status == Status.OK)
    assert relative_to_peak(ours.states[fine], tight.states[fine]).max() < 5e-5


def test_observables_hold_for_the_parameters_in_force():
    model, typical, _ = mouse("bmsc_early")
    changed = Event(1.0, parameters={0: 2.0})
    ours = CompiledIntegrator(threads=1).solve(model, typical[None], [[changed]], np.zeros(1, int), -31.0,
                                               np.array([0.0, 1.0]), tuple(model.observable_index), all_states=True)
    after = typical.copy()
    after[0] = 2.0
    function = numpy_function([q.expression for q in model.observables], model.state_symbols, model.parameters)
    for look, parameters in enumerate((typical, after)):
        np.testing.assert_allclose(ours.values[0, look], function(ours.states[0, look], parameters), rtol=1e-12,
                                   atol=1e-14)


def test_a_canal_against_scipy_lsoda():
    """Dispersion with saturable uptake after a bolus, a state per segment."""
    segments = 30
    names = [f"c[{i}]" for i in range(segments)]

    def rates(y, p):
        inner = [p[0] * (y[max(i - 1, 0)] - 2 * y[i] + y[min(i + 1, segments - 1)]) for i in range(segments)]
        return [d - p[1] * hill(c, 0.5) for d, c in zip(inner, y, strict=True)]

    model = small_model(names, rates, ["d", "v"],
                        lambda y, p: {"mean": total(y) / segments, "far": y[-1], "near": y[0]})
    bolus = np.zeros(segments)
    bolus[0] = 100.0
    times = np.array([0.001, 0.01, 0.05, 0.2, 1.0])
    ours = solve(model, [[864.0, 200.0]], [begin_at(bolus)], times)
    function = numpy_function(model.rates, model.state_symbols, model.parameters)
    other = solve_ivp(lambda t, y: function(y, [864.0, 200.0]), (0, 1), bolus, method="LSODA", rtol=1e-10, atol=1e-12,
                      t_eval=times).y
    exact = np.stack([other.mean(axis=0), other[-1], other[0]], axis=1)
    assert (np.abs(ours.values[0] - exact) / np.abs(exact).max(axis=0)).max() < 2e-6
