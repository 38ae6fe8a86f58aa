"""Leaving out states that stay zero: which, and that nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from tests.engine_compiled.small_models import small_model
from tests.engine_compiled.test_twins import TIMES, mouse

from thecal.core.evaluate import numpy_function
from thecal.core.expression import hill
from thecal.engine.compiled import CompiledIntegrator, integrator
from thecal.engine.compiled.reduction import Group, groups_of, reduced, whole
from thecal.engine.integrate import Event

#   a is fed by a parameter; b by a; c by d alone; d by c alone, or by a pump
MODEL = small_model(
    ["a", "b", "c", "d"],
    lambda y, p: [p[0] - y[0], hill(y[0], 1.0) - y[1], y[3] - y[2], p[1] * (1 + y[1]) + y[2] * y[2] - 3 * y[3]],
    ["in", "pump"], lambda y, p: {"sum": y[0] + y[1] + y[2] * p[0] + y[3]})
ROWS = np.array([[1.0, 0.0], [2.0, 0.0], [1.0, 0.5], [0.0, 0.0]])


def living(events, row=ROWS[0]):
    (group,) = groups_of(MODEL, row[None], [events], np.zeros(1, int))
    return "".join("abcd"[i] for i in group.form.living)


def test_what_lives():
    assert living([]) == "ab"
    assert living([], ROWS[2]) == "abcd"
    assert living([Event(1.0, offset=np.array([0, 0, 2.0, 0]))]) == "abcd"
    assert living([Event(1.0, offset=np.zeros(4))]) == "ab"
    assert living([Event(1.0, parameters={1: 2.0})]) == "abcd"
    assert living([Event(1.0, parameters={1: 0.0})]) == "ab"
    assert living([Event(1.0, np.array([2]), np.array([1]), np.array([0.5]))]) == "abcd"
    assert living([Event(1.0, np.array([2]), np.array([3]), np.array([0.5]))]) == "ab"
    assert living([Event(1.0, parameters={0: 0.0})], ROWS[3]) == "abcd", "where nothing lives, all is computed"


def test_animals_are_grouped_by_their_own_dose_and_zeros():
    dose = np.zeros((4, 4))
    dose[1, 3] = 1.0
    groups = groups_of(MODEL, ROWS[:3], [[Event(1.0, offset=dose[:3])], []], np.array([0, 0, 1]))
    assert [(group.form.living, group.members.tolist()) for group in groups] == [
        ((0, 1), [0]), ((0, 1, 2, 3), [1, 2])]


def test_a_parameter_to_differentiate_by_is_not_taken_for_zero():
    (group,) = groups_of(MODEL, ROWS[:1], [[]], np.zeros(1, int), varied=[1])
    assert len(group.form.living) == 4


def test_left_out_states_are_zero_among_all_states():
    result = CompiledIntegrator(threads=1).solve(MODEL, ROWS, [[], [Event(1.0, offset=np.array([0, 0, 0, 1.0]))]],
                                                 np.array([0, 1, 0, 0]), 0.0, np.array([0.5, 2.0]), ["sum"],
                                                 all_states=True)
    assert not result.states[0, :, 2:].any() and result.states[1, 1, 2:].all() and result.states[2, :, 2:].all()
    np.testing.assert_allclose(result.values[:, :, 0], result.states[:, :, 0] + result.states[:, :, 1] + result.states[
        :, :, 2] * ROWS[:, :1] + result.states[:, :, 3])


@pytest.mark.parametrize("arm", ["vehicle_early", "tgfb1_10ng_d5"])
def test_the_mouse_without_what_it_does_not_have(arm, monkeypatch):
    model, typical, events = mouse(arm)
    (group,) = groups_of(model, typical[None], [events], np.zeros(1, int))
    names = [q.name for q in model.states]
    dead = [name for i, name in enumerate(names) if i not in group.form.living]
    assert {"cells.suspended[1]", "anatomy.antibody[0]", "cells.immunity"} <= set(dead)

    def run():
        return CompiledIntegrator(threads=1).solve(model, typical[None], [events], np.zeros(1, int), -31.0, TIMES,
                                                   tuple(model.observable_index), all_states=True, rtol=1e-8)

    less = run()
    monkeypatch.setattr(integrator, "groups_of", lambda m, p, s, of, varied=(): [Group(whole(m), np.arange(len(p)))])
    full = run()
    assert not full.states[:, :, [names.index(name) for name in dead]].any()
    peak = np.maximum(np.abs(full.states).max(axis=1), 1e-3)
    assert (np.abs(less.states - full.states).max(axis=1) / peak).max() < 1e-6


def test_the_rest_of_the_equations_is_the_same():
    model, typical, events = mouse("bmsc_early")
    (group,) = groups_of(model, typical[None], [events], np.zeros(1, int))
    less = reduced(model, group.form)
    y = np.zeros(len(model.states))
    y[list(group.form.living)] = np.random.default_rng(1).uniform(0.1, 10, len(group.form.living))
    full = numpy_function(model.rates, model.state_symbols, model.parameters)(y, typical)
    some = numpy_function(less.rates, less.state_symbols, less.parameters)(y[list(group.form.living)], typical)
    np.testing.assert_allclose(some, full[list(group.form.living)], rtol=1e-13)
    assert not np.delete(full, group.form.living).any()
