"""The reference solver against closed forms, and what it does at events and on failure."""

import pickle

import numpy as np
import pytest
from tests.reference.stand_in import parameters_of, schedule_of, stand_in

from thecal.core.declaration import Model, Quantity
from thecal.core.expression import log, symbol
from thecal.engine.integrate import Event, Status
from thecal.engine.reference import ReferenceIntegrator, absolute_tolerances


def small(rates_of, names=("a", "b"), parameters=("k", "m", "u"), unit="1"):
    """A model of a few states from a function of (states, parameters)."""
    leaves = [symbol(f"room.{n}", unit, "state") for n in names]
    numbers = [symbol(f"room.{n}", "1/d", "parameter") for n in parameters]
    states = tuple(Quantity(leaf.name, leaf, leaf.unit, leaf.name) for leaf in leaves)
    return Model(states, tuple(rates_of(leaves, numbers)), tuple(numbers),
                 (*states, Quantity("room.sum", leaves[0] + leaves[-1], unit, "sum")))


def chain(y, p):
    """``a' = u - k a``, ``b' = k a - m b``."""
    return p[2] - p[0] * y[0], p[0] * y[0] - p[1] * y[1]


def bateman(t, k, m, a0, b0, u=0.0):
    """The chain from (a0, b0), in closed form."""
    a_end, b_end = u / k, u / m
    a = a_end + (a0 - a_end) * np.exp(-k * t)
    extra = k * (a0 - a_end) / (m - k)
    return a, b_end + extra * np.exp(-k * t) + (b0 - b_end - extra) * np.exp(-m * t)


def test_doses_infusion_and_removal_follow_the_closed_form():
    model, (k, m) = small(chain), (3.0, 0.2)
    u = model.parameter_index["room.u"]
    events = [Event(1.0, offset=np.array([[2.0, 0.0], [4.0, 0.0]])), Event(2.0, parameters={u: np.array([1.5, 3.0])}),
              Event(3.0, parameters={u: 0.0}),
              Event(3.0, rows=np.array([0]), columns=np.array([1]), weights=np.array([0.5])),
              Event(4.0, rows=np.array([1]), columns=np.array([1]), weights=np.array([-0.75]))]
    times = np.array([-1.0, 0.5, 1.0, 1.4, 2.0, 2.7, 3.0, 3.5, 4.0, 6.0])
    found = ReferenceIntegrator().solve(model, np.array([[k, m, 0.0]] * 2), [events], np.zeros(2, int), -1.0, times,
                                        ["room.a", "room.b", "room.sum"], rtol=1e-10)
    a1, b1 = bateman(1.0, k, m, 2.0, 0.0)
    a2, b2 = bateman(1.0, k, m, a1, b1, 1.5)
    a2 += 0.5 * b2
    a3, b3 = bateman(1.0, k, m, a2, b2)
    b3 *= 0.25
    expected = [(0, 0), (0, 0), (2, 0), bateman(0.4, k, m, 2, 0), (a1, b1), bateman(0.7, k, m, a1, b1, 1.5),
                (a2, b2), bateman(0.5, k, m, a2, b2), (a3, b3), bateman(2.0, k, m, a3, b3)]
    np.testing.assert_allclose(found.values[0, :, :2], expected, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(found.values[1], 2 * found.values[0], rtol=1e-8, atol=1e-11)
    np.testing.assert_array_equal(found.values[..., 2], found.values[..., 0] + found.values[..., 1])
    assert (found.status == Status.OK).all()


def test_error_shrinks_with_the_tolerance():
    model, integrator = stand_in(segments=8, ganglia=2), ReferenceIntegrator()
    times = np.concatenate([4 + np.linspace(0, 1, 20), np.linspace(6, 60, 28)])
    run = {rtol: integrator.solve(model, parameters_of(model, 3), [schedule_of(model)], np.zeros(3, int), -30.0, times,
                                  list(model.observable_index), rtol=rtol).values for rtol in (1e-4, 1e-6, 1e-8, 1e-10)}
    size = np.abs(run[1e-10]).max(axis=1)
    errors = [(np.abs(run[rtol] - run[1e-10]).max(axis=1) / size).max() for rtol in (1e-4, 1e-6, 1e-8)]
    assert errors[1] < 3e-5 and errors[2] < 3e-6
    assert errors[0] > 5 * errors[1] > 25 * errors[2]


def test_an_animal_does_not_depend_on_its_neighbours_or_on_the_linear_solver():
    model = stand_in(segments=8, ganglia=2)
    parameters, times = parameters_of(model, 4), np.linspace(0, 30, 31)
    quiet = []
    schedules, which = [quiet, schedule_of(model)], np.array([1, 0, 1, 1])
    names = list(model.observable_index)
    whole = ReferenceIntegrator().solve(model, parameters, schedules, which, -30.0, times, names, all_states=True)
    back = ReferenceIntegrator().solve(model, parameters[::-1], schedules, which[::-1], -30.0, times, names,
                                       all_states=True)
    assert whole.states.tobytes() == back.states[::-1].tobytes()
    assert whole.values.tobytes() == np.ascontiguousarray(back.values[::-1]).tobytes()
    dense = ReferenceIntegrator("dense").solve(model, parameters, schedules, which, -30.0, times, names)
    np.testing.assert_allclose(dense.values, whole.values, rtol=1e-4, atol=1e-6)
    assert not whole.values[1, :, 0].any()  # nothing injured, nothing given: nothing moves


def test_failure_is_a_status_and_what_came_before_stays(capfd):
    integrator = ReferenceIntegrator(step_limit=300)
    start = [Event(0.0, offset=np.array([1.0, 0.0]))]
    times = np.array([0.5, 0.9, 2.0])
    explosive = small(lambda y, p: (p[0] * y[0] * y[0], p[1] - p[2] * y[1]))
    found = integrator.solve(explosive, np.array([[1.0, 0.0, 0.0], [0.1, 0.0, 0.0]]), [start], np.zeros(2, int), 0.0,
                             times, ["room.a"], all_states=True)
    assert found.status.tolist() == [Status.STEP_LIMIT, Status.OK]
    np.testing.assert_allclose(found.values[0, :2, 0], 1 / (1 - times[:2]), rtol=1e-3)
    assert np.isnan(found.values[0, 2]).all() and np.isnan(found.states[0, 2]).all()
    undefined = small(lambda y, p: (log(y[0] - 2) * p[0], p[1] - p[2] * y[1]))
    assert integrator.solve(undefined, np.ones((1, 3)), [start], [0], 0.0, times, []).status[0] == Status.NOT_FINITE
    assert capfd.readouterr().out == ""


def test_looks_at_the_start_after_the_last_event_and_not_at_all():
    model = small(chain)
    late = [Event(50.0, offset=np.ones(2))]
    found = ReferenceIntegrator().solve(model, np.ones((1, 3)) * [1, 2, 0], [late], [0], -2.0, np.array([-2.0, 50.0]),
                                        ["room.a"])
    assert found.values[0, :, 0].tolist() == [0.0, 1.0]
    none = ReferenceIntegrator().solve(model, np.ones((1, 3)), [late], [0], 0.0, np.empty(0), ["room.a"])
    assert none.values.shape == (1, 0, 1)


def test_events_before_the_start_are_refused():
    with pytest.raises(ValueError, match="before the start"):
        ReferenceIntegrator().solve(small(chain), np.ones((1, 3)), [[Event(-5.0)]], [0], -2.0, np.array([1.0]), [])


def test_tolerances_follow_units():
    cells, amount = small(chain, unit="cell"), small(chain, unit="ng/ml")
    assert absolute_tolerances(cells, 1e-6) == pytest.approx([1e-6, 1e-6])
    assert absolute_tolerances(amount, 1e-6) == pytest.approx([1e-9, 1e-9])


def test_it_travels_to_other_processes():
    integrator = ReferenceIntegrator("dense", 7)
    integrator.solve(small(chain), np.ones((1, 3)), [[]], [0], 0.0, np.array([1.0]), [])
    copy = pickle.loads(pickle.dumps(integrator))
    assert (copy.linear_solver, copy.step_limit) == ("dense", 7)
