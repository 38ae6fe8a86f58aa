"""Running a whole study into a job folder."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path

from thecal.engine.coupling import assemble_model
from thecal.engine.fitted import centre, fitted_draws
from thecal.engine.jobs import Arm, Chunk, JobFolder, Progress, Results, collect_provenance, run_chunks
from thecal.engine.layout import layout_of
from thecal.engine.loop import DETAILED, DRAWS, RunPlan, run_chunk
from thecal.study.plan import StudyPlan

DRAWS_SHOWN = 40
LARGE = 512  # animals per chunk beyond the first: many, for the engine works on eight at a time


MANY = 5000  # animals from which worker processes earn back their start


def usual_workers(plan: StudyPlan, solver: str) -> int:
    """Processes for a study: one where a second would cost more than it brings.

    The compiled engine uses all cores within one process; CVODE holds Python's lock, so it wants processes.
    """
    animals = sum(arm.n for arm in plan.arms)
    return 1 if solver == "compiled" and animals < MANY else os.cpu_count() or 1


def cut(arms: list[Arm]) -> list[Chunk]:
    """Chunks of a run: of each arm first the animals kept in detail, then large ones; draws in one piece."""
    pieces = []
    for arm in arms:
        edges = [0, arm.n] if arm.id.endswith(DRAWS) else [0, *range(min(DETAILED, arm.n), arm.n, LARGE), arm.n]
        pieces += [(arm.id, a, b - a) for a, b in itertools.pairwise(edges) if b > a]
    return [Chunk(number, *piece) for number, piece in enumerate(pieces)]


def run_study(plan: StudyPlan, text: str, out: Path, *, seed: int | None = None, solver: str = "compiled",
              workers: int = 1, draws: int = DRAWS_SHOWN, progress: Callable[[Progress], None] | None = None,
              cancel: Callable[[], bool] | None = None, replace: bool = False) -> Results:
    """Simulate every arm of a study and measure it.

    Arguments:
        plan: the resolved study. text: its file, kept word for word in the folder.
        out: job folder; an unfinished run of the same study there is resumed.
        seed: replaces the study's. solver: see :mod:`thecal.engine.solvers`. workers: processes.
        draws: parameter draws per arm for the intervals over parameters (fitted draws where there are enough).
        progress, cancel: see :func:`thecal.engine.jobs.run_chunks`.
        replace: another run in ``out`` is removed instead of refused.

    Returns: the finished job folder, open for reading.
    Errors: :class:`ThecalError` for a folder of another run; :class:`RunFailed` when too many animals were lost.
    """
    seed = plan.seed if seed is None else seed
    model = assemble_model(layout_of(plan.species))
    known = fitted_draws()[1:]
    run = RunPlan(plan, solver, centre(), known[:draws] if len(known) >= draws else (),
                  threads=1 if workers > 1 else None)
    arms = [a for arm in plan.arms for a in
            (Arm(arm.id, arm.n, arm.label), Arm(arm.id + DRAWS, draws, f"{arm.label}, parameter draws")) if a.n > 0]
    chunks = cut(arms)
    provenance = collect_provenance(text, seed, model.fingerprint, solver=solver, draws=draws,
                                    draws_from="fitted" if run.draws else "register",
                                    states=len(model.states), parameters=len(model.parameters))
    with JobFolder.create_or_open(out, text, provenance, chunks, arms, name=plan.name,
                                  replace=replace) as job:
        run_chunks(job, run_chunk, run, workers=workers, progress=progress, cancel=cancel)
    return Results(out)
