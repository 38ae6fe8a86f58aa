"""What the engine is measured on: Thecal's own mouse, an arm of the index study, animals as they are enrolled."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from thecal.core.declaration import Model
from thecal.core.structure import Structure
from thecal.engine.compiled import CompiledIntegrator, CompiledSolution
from thecal.engine.coupling import assemble_model
from thecal.engine.integrate import Event
from thecal.engine.layout import layout_of
from thecal.engine.loop import enrol, schedule_of
from thecal.study import load, resolve

ARM = "bmsc_early"
OBSERVABLES = ("pain.mechanical", "signalling.tnf", "cells.living", "signalling.active_at_injured",
               "anatomy.csf_tgfb1_total")
TIMES = np.array([-0.5, 0.5, 2, 3.5, 4.1, 4.25, 4.5, 5, 6, 8, 12, 18, 26, 40, 60])
START_D = -31.0
SEED = 1


@dataclass(frozen=True)
class Problem:
    """A cohort to compute."""

    model: Model
    parameters: np.ndarray
    events: list[Event]

    def solve(self, integrator: CompiledIntegrator, **settings: Any) -> CompiledSolution:
        return integrator.solve(self.model, self.parameters, [self.events],
                                np.zeros(len(self.parameters), np.int64), START_D, TIMES, OBSERVABLES, **settings)

    def part(self, animals: int) -> Problem:
        return Problem(self.model, self.parameters[:animals], self.events)


def problem(animals: int, segments_times: int = 1) -> Problem:
    """Animals of the arm; ``segments_times`` cuts the canal finer."""
    plan = resolve(load("chen2015"))
    arm = plan.arm(ARM)
    structure = layout_of(plan.species, plan.species.segments * segments_times)
    model = assemble_model(structure)
    subjects = enrol(arm, model, np.arange(animals), SEED, {})
    return Problem(model, subjects.parameters, schedule_of(arm, model, structure, subjects.values))


def structure_of() -> Structure:
    """The mouse's layout."""
    return layout_of(resolve(load("chen2015")).species)


def spread(problem: Problem, animals: int, log_sd: float) -> Problem:
    """Animals about the first one, every parameter spread by ``log_sd``."""
    noise = np.random.default_rng(SEED).normal(0, log_sd, (animals, problem.parameters.shape[1]))
    return Problem(problem.model, problem.parameters[0] * np.exp(noise), problem.events)


def best_of(work: Callable[[], Any], repeats: int, seconds: float = 20.0) -> tuple[float, Any]:
    """The shortest of several runs, in seconds, and the last result: other work on the machine only lengthens."""
    best, result, begun = float("inf"), None, time.perf_counter()
    for _ in range(repeats):
        before = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - before)
        if time.perf_counter() - begun > seconds:
            break
    return best, result
