"""A quick look at one arm and what it is compared with: 24 animals each, the same engine, fewer times.

The animals are the first ones of the full run (draws are keyed by animal), so a preview shows part of what a run will
show. Two bands are kept apart: differences between animals, and what is not known about the numbers (draws).
"""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from thecal.analysis.relief import relief_durations, relief_latent, reversal
from thecal.apps.web.envelope import pack
from thecal.core.errors import ThecalError
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
OUTCOMES = ("pain.mechanical", "anatomy.csf_tgfb1_total", "signalling.active_at_injured", "cells.living")

_turns = threading.BoundedSemaphore(2)


@functools.lru_cache(maxsize=16)
def study_of(text: str) -> Study:
    """The study of a file's text. Errors: :class:`ThecalError`."""
    return loads(text)


@functools.lru_cache(maxsize=16)
def plan_of(text: str) -> StudyPlan:
    """The resolved study of a file's text. Errors: :class:`ThecalError`."""
    return resolve(study_of(text))


@functools.lru_cache(maxsize=64)
def preview(text: str, arm_id: str) -> bytes:
    """The preview of one arm as an envelope.

    Errors: :class:`ThecalError` for a study that cannot be run and for an unknown arm.
    """
    plan = plan_of(text)
    arm = next((arm for arm in plan.arms if arm.id == arm_id), None)
    if arm is None:
        raise ThecalError.single("arm", "the study has no arm of this name", seen=arm_id[:64],
                                 allowed=", ".join(a.id for a in plan.arms[:40]), code="unknown-arm")
    reference = plan.arm(arm.reference) if arm.reference and arm.reference != arm.id else None
    with _turns:
        return _packed(plan, arm, reference, _solve(plan, arm, reference))


@dataclass(frozen=True)
class _Solved:
    """``animals[k]`` and ``draws[k]``: (members, times, observables) of the arm (0) and its reference (1)."""

    times: np.ndarray
    names: tuple[str, ...]
    animals: list[np.ndarray]
    draws: list[np.ndarray]
    baseline: list[np.ndarray]
    lost: int

    def of(self, table: np.ndarray, name: str) -> np.ndarray:
        return np.asarray(table[:, :, self.names.index(name)])


def times_of(arms: list[ArmPlan], start_d: float, end_d: float) -> np.ndarray:
    """Evenly over the study, and closely after doses."""
    marks = sorted({a.day_d for arm in arms for a in arm.administrations}
                   | {a.end_d for arm in arms for a in arm.administrations} | {r.day_d for arm in arms
                                                                               for r in arm.removals})[:MOST_DOSES]
    grid = np.concatenate([np.linspace(start_d, end_d, ALONG), *(day + AFTER_DOSE_H / 24 for day in marks)])
    return np.unique(np.round(grid[(grid >= start_d) & (grid <= end_d)], 9))


def _solve(plan: StudyPlan, arm: ArmPlan, reference: ArmPlan | None) -> _Solved:
    """All animals and draws of both arms in one call of the engine."""
    from thecal.engine.coupling import assemble_model
    from thecal.engine.solvers import integrator

    structure = layout_of(plan.species)
    model = assemble_model(structure)
    arms = [arm] if reference is None else [arm, reference]
    end = max([plan.end_d, *(a.end_d for a in arms)])
    times = times_of(arms, min([-1.0, *(v.day_d for v in plan.visits)]), end)
    names = OUTCOMES + tuple(n for n in model.observable_index
                             if n.startswith(("anatomy.tgfb1_total[", "cells.captured[")))
    known = fitted_draws()[1:DRAWS + 1]
    tables: list[np.ndarray] = []
    schedules: list[list[Event]] = []
    chosen: list[int] = []
    baseline = []
    for each in arms:
        subjects = enrol(each, model, np.arange(ANIMALS), plan.seed, centre())
        tables.append(subjects.parameters)
        baseline.append(subjects.baseline_log10_g)
        chosen += [len(schedules)] * ANIMALS
        schedules.append(schedule_of(each, model, structure, subjects.values))
        register = arm_register(each)
        values = [values_of(register, known[k] if len(known) >= DRAWS else scores_of_draw(register, plan.seed, k))
                  for k in range(DRAWS)]
        tables.append(parameter_table(each, model, register, values, np.arange(DRAWS), plan.seed, spread=False))
        chosen += range(len(schedules), len(schedules) + DRAWS)
        schedules += [schedule_of(each, model, structure, one) for one in values]
    start = min(start_of(events, times) for events in schedules)
    solution = integrator("compiled", 1).solve(model, np.concatenate(tables), schedules, np.array(chosen), start,
                                               times, names, rtol=RTOL)
    size = ANIMALS + DRAWS
    parts = [(solution.values[k * size:(k + 1) * size], solution.status[k * size:(k + 1) * size] == Status.OK)
             for k in range(len(arms))]
    animals = [values[:ANIMALS][fine[:ANIMALS]] for values, fine in parts]
    draws = [values[ANIMALS:] for values, _ in parts]
    if any(len(table) == 0 for table in animals):
        raise ThecalError.single(f"arm {arm.id}", "no animal of this arm could be computed", code="not-computed",
                                 remedy="look for an unusual number under 'parameters'")
    kept = [b[fine[:ANIMALS]] for b, (_, fine) in zip(baseline, parts, strict=True)]
    return _Solved(times, names, animals, draws, kept, int((solution.status != Status.OK).sum()))


def _packed(plan: StudyPlan, arm: ArmPlan, reference: ArmPlan | None, found: _Solved) -> bytes:
    arrays: dict[str, np.ndarray] = {"t_d": found.times}
    for key, table, draws in zip(("arm", "reference"), found.animals, found.draws, strict=False):
        falls, drawn = found.of(table, "pain.mechanical"), found.of(draws, "pain.mechanical")
        arrays |= {f"{key}.animals": falls, f"{key}.mean": falls.mean(axis=0),
                   f"{key}.low": np.quantile(falls, 0.05, axis=0), f"{key}.high": np.quantile(falls, 0.95, axis=0)}
        fine = drawn[np.isfinite(drawn).all(axis=1)]
        if len(fine):
            arrays |= {f"{key}.draws_low": np.quantile(fine, 0.05, axis=0),
                       f"{key}.draws_high": np.quantile(fine, 0.95, axis=0)}
    arrays |= {name: found.of(found.animals[0], name).mean(axis=0) for name in found.names[1:]}
    head: dict[str, Any] = {
        "study": plan.name, "species": plan.species.name, "arm": arm.id, "label": arm.label, "n": ANIMALS,
        "draws": DRAWS, "lost": found.lost, "reference": reference.id if reference else None,
        "reference_label": reference.label if reference else None,
        "baseline_log10_g": _mean(np.concatenate(found.baseline)), "injury_d": arm.injury.day_d,
        "injured": arm.injury.injured, "doses": _doses(arm), "end_d": arm.end_d,
        "level": plan.analysis.relief_level, "relief": None, "words": "", "duration_h": None,
        "segments": _segments(plan)}
    day = arm.first_dose_d
    if reference is not None and day is not None and arm.injury.injured:
        head |= _relief(plan, arm, day, found)
        arrays["reversal"] = _reversal(plan, found)
    return pack(head, arrays)


def _relief(plan: StudyPlan, arm: ArmPlan, day: float, found: _Solved) -> dict[str, Any]:
    from thecal.report.words import dose_word, latent_words

    rule = plan.analysis
    kept = found.times <= arm.end_d
    if (found.times[kept] > day).sum() < 1:
        return {}
    mean, other = (found.of(table, "pain.mechanical").mean(axis=0)[kept] for table in found.animals)
    relief = relief_latent(found.times[kept], -mean, -other, 0.0, day, rule.relief_level, rule.deficit_floor_log10)
    drawn = [found.of(table, "pain.mechanical")[:, kept] for table in found.draws]
    fine = np.isfinite(drawn[0]).all(axis=1) & np.isfinite(drawn[1]).all(axis=1)
    spread = None
    if fine.any():
        hours = relief_durations(found.times[kept], -drawn[0][fine], -drawn[1][fine], 0.0, day, rule.relief_level,
                                 rule.deficit_floor_log10)
        spread = [float(np.quantile(hours, 0.05)), float(np.quantile(hours, 0.95)), int(fine.sum())]
    return {"relief": relief.as_dict(), "words": latent_words(relief, dose_word(arm)), "duration_h": spread,
            "first_dose_d": day}


def _reversal(plan: StudyPlan, found: _Solved) -> np.ndarray:
    mean, other = (found.of(table, "pain.mechanical").mean(axis=0) for table in found.animals)
    return reversal(-mean, -other, 0.0, plan.analysis.deficit_floor_log10).value


def _doses(arm: ArmPlan) -> list[dict[str, Any]]:
    from thecal.study.outline import dose_in_words

    return [{"day_d": a.day_d, "end_d": a.end_d, "what": dose_in_words(a)} for a in arm.administrations[:40]]


def _segments(plan: StudyPlan) -> list[dict[str, Any]]:
    """Where each canal segment lies and which ganglia are beside it."""
    structure = layout_of(plan.species)
    levels: dict[int, list[str]] = {}
    for ganglion in structure.ganglia:
        if ganglion.level not in levels.setdefault(ganglion.segment, []):
            levels[ganglion.segment].append(ganglion.level)
    return [{"id": name, "ganglia": levels.get(k, []) if k < structure.segments else []}
            for k, name in enumerate(structure.compartments)]


def _mean(values: np.ndarray) -> float | None:
    mean = float(np.mean(values))
    return mean if np.isfinite(mean) else None
