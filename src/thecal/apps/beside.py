"""What a run keeps beside its results so that the report needs no simulation: sensitivities, and single cells."""

from __future__ import annotations

from thecal.core.errors import ThecalError
from thecal.engine.jobs import Results
from thecal.study.plan import StudyPlan

AGENTS = 40_000


def keep_sensitivity(plan: StudyPlan, results: Results, solver: str) -> None:
    """Which numbers carry the result, for the arms that the report explains."""
    from thecal.analysis.sensitivity import local_sensitivity, write
    from thecal.engine.fitted import centre
    from thecal.engine.loop import RunPlan
    from thecal.report.study import explained_arms

    write(local_sensitivity(RunPlan(plan, solver, centre()), explained_arms(plan)), results.path)


def keep_cells(plan: StudyPlan, results: Results) -> str:
    """Key frames of single cells of the first arm that gives living ones, by weighted agents; of no arm, nothing.

    Returns: why the cells of that arm could not be followed, or nothing. The run stands all the same.
    """
    from thecal.analysis.homing import DAYS, arms_with_cells, as_data, study_homing
    from thecal.report.canal_viewer.frames import FRAME_DAYS, SAMPLE, frames_of
    from thecal.report.canal_viewer.kept import keep

    arm = next(iter(arms_with_cells(plan)), None)
    if arm is None:
        return ""
    first = min(given.day_d for given in arm.administrations if given.amounts.get("cells"))
    span = arm.end_d - first  # nothing is shown that the study did not wait for
    days = [d for d in DAYS if d <= span] or [max(span, FRAME_DAYS[1])]
    try:
        homing = study_homing(plan, arm, seed=results.seed, agents=AGENTS, draws=0, days=days, sample=SAMPLE,
                              frame_days=[d for d in FRAME_DAYS if d <= max(days)])
    except ThecalError as error:
        return f"single cells were not followed: {error.problems[0]}"
    keep(frames_of(homing, as_data(homing)), results)
    return ""
