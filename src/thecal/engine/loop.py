"""The core loop: one arm's animals from enrolment to notebook.

1. *Enrol*: draw who the animals are (``subjects``).
2. *Schedule*: turn injury, doses, pumps and removals into events (``schedule``).
3. *Integrate*: event -> integrate -> event ... the one assembled ODE of all rooms (``coupling``), all animals at once.
4. *Measure*: at each visit the latent state goes through the assay as an experimenter would run it (``measure``).
5. *Record*: animals with their status, notebook rows, latent means, traces of some animals, the chain of one.

``thecal plan STUDY`` prints the same steps for a study. A chunk of animals is a pure function of the plan, the arm,
the animals' indices and the seed, so any cut over any number of workers gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from thecal.core.declaration import Model
from thecal.core.structure import Structure
from thecal.engine.coupling import assemble_model
from thecal.engine.grid import times_of
from thecal.engine.integrate import Event, Integrator, Solution, Status
from thecal.engine.layout import layout_of
from thecal.engine.measure import Visited, measure_visit, observables_for
from thecal.engine.schedule import schedule_of, start_of
from thecal.engine.solvers import integrator
from thecal.engine.subjects import Scores, Subjects, enrol, parameter_table, scores_of_draw, values_of
from thecal.engine.subjects import arm_register as register_of
from thecal.study.plan import ArmPlan, StudyPlan, Visit

OUTCOMES = ("pain.mechanical", "pain.heat", "pain.cold", "pain.ongoing", "anatomy.csf_tgfb1_total",
            "signalling.active_at_injured", "cells.living", "signalling.tnf")
DETAILED = 24     # animals per arm of which everything is recorded
CHAIN = ("anatomy.csf_tgfb1_total", "anatomy.csf_tgfb1_active", "signalling.active_at_injured", "signalling.fast",
         "signalling.slow", "signalling.tnf", "pain.stress", "pain.peripheral", "pain.central", "pain.mechanical",
         "cells.living")  # with the cells at each ganglion: one animal from needle to paw
AFTER_DOSE_H = np.array([0, 1 / 12, 1 / 6, 1 / 4, *np.arange(0.5, 12.1, 0.5), 14, 16, 18, 20, 22, 24])
DRAWS = "~draws"  # suffix of the chunks that hold parameter draws instead of animals


@dataclass(frozen=True)
class RunPlan:
    """What a run computes: the study, and how."""

    study: StudyPlan
    solver: str = "compiled"
    scores: Scores = field(default_factory=dict)
    draws: tuple[Scores, ...] = ()
    rtol: float = 1e-6
    threads: int | None = None


def run_chunk(plan: RunPlan, arm_id: str, first: int, n: int, seed: int) -> dict[str, pa.Table]:
    """One chunk of one arm as tables (animals, readings, curves, details, traces, chain; or draws)."""
    if arm_id.endswith(DRAWS):
        return {"draws": draw_curves(plan, plan.study.arm(arm_id.removesuffix(DRAWS)), range(first, first + n), seed)}
    arm, animals = plan.study.arm(arm_id), np.arange(first, first + n)
    structure = layout_of(plan.study.species)
    model = assemble_model(structure)
    visits = plan.study.visits_of(arm_id)
    subjects = enrol(arm, model, animals, seed, plan.scores)                                            # 1
    events = schedule_of(arm, model, structure, subjects.values)                                        # 2
    times = times_of(arm, visits, _first_look(plan.study), plan.study.end_d)
    names = tuple(model.observable_index) if first < DETAILED else _needed(visits, model)
    solution = _solver(plan).solve(model, subjects.parameters, [events], np.zeros(n, np.int64),         # 3
                                   start_of(events, times), times, names, rtol=plan.rtol)
    readings = [measure_visit(_at(plan, arm, visit, model, subjects, animals, times, names, solution, seed))
                for visit in visits]                                                                    # 4
    return _record(arm, animals, times, names, solution, subjects, readings)                            # 5


def draw_curves(plan: RunPlan, arm: ArmPlan, draws: Sequence[int], seed: int) -> pa.Table:
    """Latent outcomes of the arm's typical animal under parameter draws: uncertainty apart from animals."""
    structure = layout_of(plan.study.species)
    model = assemble_model(structure)
    visits = plan.study.visits_of(arm.id)
    times = times_of(arm, visits, _first_look(plan.study), plan.study.end_d)
    register = register_of(arm)
    values = [values_of(register, plan.draws[draw] if plan.draws else scores_of_draw(register, seed, draw))
              for draw in draws]
    parameters = parameter_table(arm, model, register, values, np.array(list(draws)), seed, spread=False)
    schedules = [schedule_of(arm, model, structure, each) for each in values]
    start = min(start_of(events, times) for events in schedules)
    engine = integrator("compiled", plan.threads)  # thousands of animals; the reference solver is there to check them
    solution = engine.solve(model, parameters, schedules, np.arange(len(schedules)), start, times, OUTCOMES,
                            rtol=plan.rtol)
    size = times.size
    columns: dict[str, object] = {"arm": [arm.id] * (size * len(schedules)),
                                  "draw": np.repeat(np.array(list(draws), np.int32), size),
                                  "t_d": np.tile(times, len(schedules))}
    columns |= {name: solution.values[:, :, k].ravel() for k, name in enumerate(OUTCOMES)}
    return pa.table(columns)


def _first_look(study: StudyPlan) -> float:
    return min([-1.0, *(visit.day_d for visit in study.visits)])


def _solver(plan: RunPlan) -> Integrator:
    return integrator(plan.solver, plan.threads)


def _needed(visits: tuple[Visit, ...], model: Model) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*OUTCOMES, *observables_for(visits, model)]))


def _at(plan: RunPlan, arm: ArmPlan, visit: Visit, model: Model, subjects: Subjects, animals: np.ndarray,
        times: np.ndarray, names: tuple[str, ...], solution: Solution, seed: int) -> Visited:
    """The living part of the arm at one visit. Animals that could not be computed have no rows; they are counted."""
    moment = int(np.searchsorted(times, visit.day_d))
    fine = np.flatnonzero(solution.status == Status.OK)
    latent = {name: solution.values[fine, moment, k] for k, name in enumerate(names)}
    alive = Subjects(subjects.values, subjects.parameters[fine], subjects.baseline_log10_g[fine])
    return Visited(plan.study, arm, visit, model, alive, animals[fine], latent, seed)


def _record(arm: ArmPlan, animals: np.ndarray, times: np.ndarray, names: tuple[str, ...], solution: Solution,
            subjects: Subjects, readings: list[pa.Table]) -> dict[str, pa.Table]:
    fine = solution.status == Status.OK
    status = ["ok" if s == Status.OK else Status(int(s)).name.lower().replace("_", " ") for s in solution.status]
    tables = {"animals": pa.table({
        "arm": [arm.id] * animals.size, "animal": animals,
        "sex": [arm.sexes[int(a) % len(arm.sexes)] for a in animals], "status": status,
        "steps": solution.steps.astype(np.int64), "baseline_log10_g": subjects.baseline_log10_g})}
    if readings:
        tables["readings"] = pa.concat_tables(readings)
    if fine.any():
        whole = solution.values if fine.all() else solution.values[fine]
        means = whole.mean(axis=0)
        head = {"arm": [arm.id] * times.size, "first_animal": np.full(times.size, animals[0]),
                "n": np.full(times.size, int(fine.sum())), "t_d": times}
        tables["curves"] = pa.table(head | {name: means[:, names.index(name)] for name in OUTCOMES})
        if animals[0] < DETAILED:
            others = [name for name in names if name not in OUTCOMES]
            tables["details"] = pa.table(head | {name: means[:, names.index(name)] for name in others})
            tables["traces"] = _traces(arm, animals, times, names, solution, fine)
        if animals[0] == 0 and fine[0]:
            tables["chain"] = _chain(arm, times, names, solution)
    return tables


def _traces(arm: ArmPlan, animals: np.ndarray, times: np.ndarray, names: tuple[str, ...], solution: Solution,
            fine: np.ndarray) -> pa.Table:
    """Outcomes of single animals: twice a day, and closely for a day after each dose, where hours decide."""
    wanted = [np.arange(times[0], times[-1] + 1e-9, 0.5), *(a.day_d + AFTER_DOSE_H / 24 for a in arm.administrations)]
    look = np.unique(np.searchsorted(times, np.concatenate(wanted) - 1e-9).clip(max=times.size - 1))
    chosen = np.flatnonzero(fine & (animals < DETAILED))
    columns: dict[str, object] = {"arm": [arm.id] * (chosen.size * look.size),
                                  "animal": np.repeat(animals[chosen], look.size),
                                  "t_d": np.tile(times[look], chosen.size)}
    for name in OUTCOMES:
        columns[name] = solution.values[chosen][:, look, names.index(name)].ravel().astype(np.float32)
    return pa.table(columns)


def _chain(arm: ArmPlan, times: np.ndarray, names: tuple[str, ...], solution: Solution) -> pa.Table:
    """The first animal of the arm, link by link, at every time of the grid."""
    links = [k for k, name in enumerate(names) if name in CHAIN or name.startswith("cells.captured")]
    columns: dict[str, object] = {"arm": [arm.id] * times.size, "animal": np.zeros(times.size, np.int64), "t_d": times}
    return pa.table(columns | {names[k]: solution.values[0, :, k].astype(np.float32) for k in links})


def events_of(plan: RunPlan, arm: ArmPlan, structure: Structure, model: Model) -> list[Event]:
    """The events of one arm at the run's own parameter values (for export and for ``thecal plan``)."""
    return schedule_of(arm, model, structure, enrol(arm, model, np.array([0]), 0, plan.scores, False).values)
