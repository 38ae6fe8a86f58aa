"""libRoadRunner on the SBML that we write agrees with our solvers on random animals of the real model."""

import dataclasses

import numpy as np
import pytest

from thecal.engine.compiled import CompiledIntegrator
from thecal.engine.integrate import Status
from thecal.engine.reference import ReferenceIntegrator
from thecal.engine.sbml.arm import TypicalAnimal
from thecal.engine.subjects import enrol, scores_of_draw
from thecal.study import load, resolve

pytest.importorskip("roadrunner")
from bench.peers_roadrunner import RoadRunnerAnimal

ARMS = ["bmsc_early",          # a slug of cells that displaces
        "bmsc_removed_late",   # cells taken out
        "bmsc_late_antibody",  # a second injection, and parameters that change
        "tgfb1_infusion"]      # a pump on and off
ANIMALS = 3


@pytest.fixture(scope="module")
def plan():
    return resolve(load("chen2015"))


def cohort(plan, arm_id):
    """A typical animal to write down, and animals far apart: each has its own draw of every uncertain number."""
    animal = TypicalAnimal(plan, plan.arm(arm_id))
    rows = [enrol(animal.arm, animal.model, np.array([k]), 5, scores_of_draw(animal.register, 5, k)).parameters[0]
            for k in range(ANIMALS)]
    days = [event.time_d for event in animal.events]
    after = np.concatenate([day + np.array([0.003, 0.02, 0.1, 0.4]) for day in days])
    times = np.setdiff1d(np.union1d(after, np.linspace(-0.5, 60.5, 41)), days)
    return animal, np.array(rows), times


def error(found, expected):
    """Largest deviation of each animal and observable, relative to the observable's largest value.

    Values below 1e-6 of an observable's unit count as that much: there the twin's absolute tolerance speaks.
    """
    size = np.maximum(np.abs(expected).max(axis=1), 1e-6)
    return np.abs(found - expected).max(axis=1) / size


@pytest.mark.parametrize("arm_id", ARMS)
def test_solvers_agree(plan, arm_id):
    animal, parameters, times = cohort(plan, arm_id)
    names = list(animal.model.observable_index)
    twin = RoadRunnerAnimal(animal.model, animal.events, animal.start_d, names)
    expected = np.array([twin.run(p, times, 1e-9) for p in parameters])
    assert (np.ptp(expected, axis=1) > 0).any(axis=0).sum() > 40  # most observables move, so there is much to compare
    for solver, rtol in ((ReferenceIntegrator(), 1e-9), (CompiledIntegrator(), 1e-7)):
        found = solver.solve(animal.model, parameters, [animal.events], np.zeros(ANIMALS, int), animal.start_d, times,
                             names, rtol=rtol)
        assert (found.status == Status.OK).all()
        worst = error(found.values, expected)
        assert worst.max() < 1e-5, (type(solver).__name__, names[worst.max(axis=0).argmax()], worst.max())


def test_the_twin_sees_a_change_of_the_equations(plan):
    """The comparison can fail: one rate changed by a part in a thousand is seen."""
    animal, parameters, times = cohort(plan, "bmsc_early")
    model, rates = animal.model, list(animal.model.rates)
    rates[model.state_index["signalling.tnf"]] *= 1.001
    bent = dataclasses.replace(model, rates=tuple(rates))
    names = list(model.observable_index)
    expected = RoadRunnerAnimal(bent, animal.events, animal.start_d, names).run(parameters[0], times, 1e-9)
    found = ReferenceIntegrator().solve(model, parameters[:1], [animal.events], [0], animal.start_d, times, names,
                                        rtol=1e-9)
    assert error(found.values, expected[None]).max() > 1e-5
