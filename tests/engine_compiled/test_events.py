"""Events against the exact solutions of linear systems between them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm
from tests.engine_compiled.small_models import begin_at, small_model, solve

from thecal.core.errors import ThecalError
from thecal.engine.compiled import CompiledIntegrator
from thecal.engine.integrate import Event

MODEL = small_model(["a", "b"], lambda y, p: [p[2] - p[0] * y[0], p[0] * y[0] - p[1] * y[1]], ["k1", "k2", "in"],
                    lambda y, p: {"a": y[0], "b": y[1], "flow": p[0] * y[0], "k1": p[0]})


def exact(parameters, events, times, start=0.0):
    """Matrix exponentials from event to event; a look at an event's moment sees what is after it."""
    k1, k2, inflow = parameters
    y, now, rows = np.zeros(2), start, []
    queue = sorted([*((e.time_d, 0, e) for e in events), *((t, 1, None) for t in times)], key=lambda x: x[:2])
    for t, _, event in queue:
        system = np.array([[-k1, 0, inflow], [k1, -k2, 0], [0, 0, 0]])
        y = (expm(system * (t - now)) @ [*y, 1.0])[:2]
        now = t
        if event is None:
            rows.append([*y, k1 * y[0], k1])
        else:
            step = np.zeros(2)
            for row, column, weight in zip(event.rows, event.columns, event.weights, strict=True):
                step[row] += weight * y[column]
            y = y + step + (0 if event.offset is None else event.offset)
            for index, value in event.parameters.items():
                k1, k2, inflow = [value if i == index else old for i, old in enumerate((k1, k2, inflow))]
    return np.array(rows)


PARAMETERS = np.array([[0.7, 2.0, 0.3], [40.0, 0.1, 1.0], [3.0, 3.001, 0.0]])
TIMES = [0.0, 0.1, 1.0, 1.5, 2.0, 3.0, 3.0, 10.0]
SCHEDULES = {
    "none": [],
    "initial": [begin_at([1, 2])],
    "doses": [begin_at([1, 0]), begin_at([5, 0], 1.0), begin_at([0, 7], 2.5)],
    "map": [begin_at([1, 2]), Event(1.0, np.array([0, 1, 1]), np.array([1, 0, 1]), np.array([0.5, 0.25, -1.0]))],
    "map adds twice": [begin_at([1, 2]), Event(1.0, np.array([0, 0]), np.array([1, 1]), np.array([0.5, 0.25]))],
    "map and dose at once": [begin_at([3, 1]), Event(1.5, np.array([0, 1]), np.array([0, 0]), np.array([-1.0, 1.0]),
                                                     offset=np.array([2.0, 0.0]), parameters={0: 5.0})],
    "infusion": [begin_at([0, 0]), Event(0.5, parameters={2: 9.0}), Event(1.5, parameters={2: 0.0})],
    "two at one moment": [begin_at([1, 1]), begin_at([1, 1]), Event(3.0, parameters={1: 0.5}),
                          Event(3.0, np.array([0]), np.array([1]), np.array([2.0]))],
    "at the last look": [begin_at([1, 0]), begin_at([4, 4], 10.0)],
    "after the last look": [begin_at([1, 0]), begin_at([4, 4], 11.0)],
    "close together": [begin_at([1, 0]), begin_at([4, 4], 1.0), begin_at([4, 4], 1.0 + 1e-6)],
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_against_matrix_exponentials(name):
    result = solve(MODEL, PARAMETERS, SCHEDULES[name], TIMES, rtol=1e-8)
    for animal, parameters in enumerate(PARAMETERS):
        np.testing.assert_allclose(result.values[animal], exact(parameters, SCHEDULES[name], TIMES), rtol=1e-6,
                                   atol=1e-9)


def test_every_animal_may_have_its_own_schedule_and_its_own_dose():
    names = list(SCHEDULES)
    animals = np.arange(23)
    rows = np.exp(np.random.default_rng(5).normal(size=(23, 3)))
    dose = np.random.default_rng(6).uniform(1, 9, (23, 2))
    own = [*SCHEDULES[names[2]], Event(4.0, offset=dose, parameters={0: dose[:, 1]})]
    schedules = [*SCHEDULES.values(), own]
    chosen = animals % len(schedules)
    result = CompiledIntegrator(threads=1).solve(MODEL, rows, schedules, chosen, 0.0, np.array(TIMES),
                                                 ["a", "b", "flow", "k1"], rtol=1e-8)
    for animal in animals:
        events = [Event(e.time_d, e.rows, e.columns, e.weights,
                        e.offset[animal] if np.ndim(e.offset) == 2 else e.offset,
                        {i: float(np.broadcast_to(v, 23)[animal]) for i, v in e.parameters.items()})
                  for e in schedules[chosen[animal]]]
        np.testing.assert_allclose(result.values[animal], exact(rows[animal], events, TIMES), rtol=1e-6, atol=1e-9)


def test_start_before_zero_and_looks_at_the_start():
    result = solve(MODEL, PARAMETERS[:1], [begin_at([1, 0], 0.0)], [-5.0, -5.0, -1.0, 0.0, 2.0], start_d=-5.0,
                   rtol=1e-8)
    np.testing.assert_allclose(result.values[0], exact(PARAMETERS[0], [begin_at([1, 0], 0.0)],
                                                       [-5.0, -5.0, -1.0, 0.0, 2.0], start=-5.0), rtol=1e-6, atol=1e-9)


def test_a_look_a_rounding_error_before_an_event_sees_it():
    result = solve(MODEL, PARAMETERS[:1], [begin_at([1, 0], 1.0)], [np.nextafter(1.0, 0), 1.0], rtol=1e-8)
    assert result.values[0, 0, 0] == result.values[0, 1, 0] > 1.0


def test_states_on_request_are_the_observables_states():
    result = solve(MODEL, PARAMETERS, SCHEDULES["doses"], TIMES, all_states=True)
    np.testing.assert_array_equal(result.states, result.values[:, :, :2])
    assert solve(MODEL, PARAMETERS, SCHEDULES["doses"], TIMES).states is None


def test_tiny_negatives_are_read_as_zero_and_large_ones_are_seen():
    fading = small_model(["a"], lambda y, p: [-50 * y[0]])
    assert solve(fading, [], [begin_at([1])], np.linspace(0, 20, 200), rtol=1e-4).values.min() >= 0.0
    falling = small_model(["a"], lambda y, p: [-1.0 + 0 * y[0]])
    np.testing.assert_allclose(solve(falling, [], [begin_at([1])], [3.0]).values, -2.0)


@pytest.mark.parametrize("events, word", [
    ([begin_at([1, 0], -1.0)], "start"), ([begin_at([1, 0], 2.0), begin_at([1, 0], 1.0)], "follow"),
    ([begin_at([1, 0, 0])], "one number per state"), ([Event(1.0, parameters={9: 1.0})], "parameters of the model"),
    ([Event(1.0, np.array([0]), np.array([5]), np.array([1.0]))], "states of the model")])
def test_events_that_do_not_fit_are_refused(events, word):
    with pytest.raises(ThecalError, match=word):
        solve(MODEL, PARAMETERS, events, TIMES)


@pytest.mark.parametrize("change", [{"times_d": np.array([2.0, 1.0])}, {"observables": ["nonsense"]},
                                    {"schedule_of": np.array([0, 1])}, {"parameters": np.ones((2, 4))}, {"rtol": 0.0}])
def test_arguments_that_do_not_fit_are_refused(change):
    given = {"parameters": np.ones((2, 3)), "schedules": [[]], "schedule_of": np.zeros(2, int), "start_d": 0.0,
             "times_d": np.array([1.0]), "observables": ["a"]}
    with pytest.raises(ThecalError):
        CompiledIntegrator(threads=1).solve(MODEL, **(given | change))
