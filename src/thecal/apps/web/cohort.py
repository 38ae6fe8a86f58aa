"""A few animals of a few arms, computed at once: what the quick looks of the bench have in common.

The animals are the first ones of the full run (draws are keyed by animal), so a quick look shows part of what a run
will show. Two kinds of spread are kept apart: differences between animals, and what is not known about the numbers.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thecal.core.declaration import Model
from thecal.core.errors import ThecalError
from thecal.core.structure import Structure
from thecal.engine.fitted import centre, fitted_draws
from thecal.engine.integrate import Event, Status
from thecal.engine.layout import layout_of
from thecal.engine.schedule import schedule_of, start_of
from thecal.engine.subjects import arm_register, enrol, parameter_table, scores_of_draw, values_of
from thecal.study.load import loads
from thecal.study.model import Study
from thecal.study.plan import ArmPlan, StudyPlan
from thecal.study.resolve import resolve

ANIMALS, DRAWS = 24, 12
RTOL = 1e-5     # 1e-5 log10 of threshold from the full run
ALONG = 121     # times over the study, before those after doses
AFTER_DOSE_H = np.array([0, 1 / 12, 1 / 4, 1 / 2, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 36])
MOST_DOSES = 8  # of which the hours after are looked at closely

turns = threading.BoundedSemaphore(2)


@functools.lru_cache(maxsize=16)
def study_of(text: str) -> Study:
    """The study of a file's text. Errors: :class:`ThecalError`."""
    return loads(text)


@functools.lru_cache(maxsize=16)
def plan_of(text: str) -> StudyPlan:
    """The resolved study of a file's text. Errors: :class:`ThecalError`."""
    return resolve(study_of(text))


def arm_of(plan: StudyPlan, arm_id: str) -> ArmPlan:
    """The arm of that name. Errors: :class:`ThecalError`, with the names there are."""
    arm = next((arm for arm in plan.arms if arm.id == arm_id), None)
    if arm is None:
        raise ThecalError.single("arm", "the study has no arm of this name", seen=arm_id[:64],
                                 allowed=", ".join(a.id for a in plan.arms[:40]), code="unknown-arm")
    return arm


@dataclass(frozen=True)
class Solved:
    """``animals[k]`` and ``draws[k]``: (members, times, names) of arm ``k``; ``baseline[k]``: (animals,), log10 g.

    Animals that could not be computed are left out and counted in ``lost``; such draws are NaN.
    """

    times: np.ndarray
    names: tuple[str, ...]
    animals: list[np.ndarray]
    draws: list[np.ndarray]
    baseline: list[np.ndarray]
    lost: int

    def of(self, table: np.ndarray, name: str) -> np.ndarray:
        """The column of one name: (members, times)."""
        return np.asarray(table[:, :, self.names.index(name)])


def times_of(arms: Sequence[ArmPlan], start_d: float, end_d: float) -> np.ndarray:
    """Evenly over the study, and closely after doses."""
    marks = sorted({a.day_d for arm in arms for a in arm.administrations}
                   | {a.end_d for arm in arms for a in arm.administrations} | {r.day_d for arm in arms
                                                                               for r in arm.removals})[:MOST_DOSES]
    grid = np.concatenate([np.linspace(start_d, end_d, ALONG), *(day + AFTER_DOSE_H / 24 for day in marks)])
    return np.unique(np.round(grid[(grid >= start_d) & (grid <= end_d)], 9))


def model_of(plan: StudyPlan) -> tuple[Structure, Model]:
    """The canal's layout and the assembled model of a study's species."""
    from thecal.engine.coupling import assemble_model

    structure = layout_of(plan.species)
    return structure, assemble_model(structure)


def solve(plan: StudyPlan, arms: Sequence[ArmPlan], observables: Sequence[str], states: Sequence[str] = ()) -> Solved:
    """All animals and draws of some arms in one call of the engine.

    Arguments:
        observables, states: what to look at; ``names`` of the answer holds both, in this order.
    Errors: :class:`ThecalError` where no animal of an arm could be computed.
    """
    from thecal.engine.solvers import integrator

    structure, model = model_of(plan)
    end = max([plan.end_d, *(a.end_d for a in arms)])
    times = times_of(arms, min([-1.0, *(v.day_d for v in plan.visits)]), end)
    tables, schedules, chosen, baseline = _members(plan, arms, model, structure)
    start = min(start_of(events, times) for events in schedules)
    solution = integrator("compiled", 1).solve(model, tables, schedules, chosen, start, times, tuple(observables),
                                               rtol=RTOL, all_states=bool(states))
    values = solution.values
    if states and solution.states is not None:
        kept = solution.states[:, :, [model.state_index[name] for name in states]]
        values = np.concatenate([values, kept], axis=2)
    size = ANIMALS + DRAWS
    fine = [solution.status[k * size:k * size + ANIMALS] == Status.OK for k in range(len(arms))]
    animals = [values[k * size:k * size + ANIMALS][ok] for k, ok in enumerate(fine)]
    for arm, table in zip(arms, animals, strict=True):
        if not len(table):
            raise ThecalError.single(f"arm {arm.id}", "no animal of this arm could be computed", code="not-computed",
                                     remedy="look for an unusual number under 'parameters'")
    draws = [values[k * size + ANIMALS:(k + 1) * size] for k in range(len(arms))]
    return Solved(times, (*observables, *states), animals, draws,
                  [b[ok] for b, ok in zip(baseline, fine, strict=True)], int((solution.status != Status.OK).sum()))


def _members(plan: StudyPlan, arms: Sequence[ArmPlan], model: Model, structure: Structure,
             ) -> tuple[np.ndarray, list[list[Event]], np.ndarray, list[np.ndarray]]:
    """Parameters, schedules and baselines: of each arm first its animals, then its typical animal once per draw."""
    known = fitted_draws()[1:DRAWS + 1]
    tables: list[np.ndarray] = []
    schedules: list[list[Event]] = []
    chosen: list[int] = []
    baseline = []
    for arm in arms:
        subjects = enrol(arm, model, np.arange(ANIMALS), plan.seed, centre())
        tables.append(subjects.parameters)
        baseline.append(subjects.baseline_log10_g)
        chosen += [len(schedules)] * ANIMALS
        schedules.append(schedule_of(arm, model, structure, subjects.values))
        register = arm_register(arm)
        values = [values_of(register, known[k] if len(known) >= DRAWS else scores_of_draw(register, plan.seed, k))
                  for k in range(DRAWS)]
        tables.append(parameter_table(arm, model, register, values, np.arange(DRAWS), plan.seed, spread=False))
        chosen += range(len(schedules), len(schedules) + DRAWS)
        schedules += [schedule_of(arm, model, structure, one) for one in values]
    return np.concatenate(tables), schedules, np.array(chosen), baseline
