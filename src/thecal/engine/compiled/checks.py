"""What is checked before a cohort is computed, and after."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thecal.core.declaration import Model
from thecal.core.errors import Problem, RunFailed, ThecalError
from thecal.engine.compiled.schedules import problems_of
from thecal.engine.integrate import Event, Status


def refuse_misfits(model: Model, parameters: np.ndarray, schedules: Sequence[Sequence[Event]],
                    schedule_of: np.ndarray, start_d: float, times: np.ndarray, observables: Sequence[str],
                    rtol: float) -> None:
    """Say everything that does not fit, before anything is computed."""
    problems = []
    if parameters.ndim != 2 or parameters.shape[1] != len(model.parameters):
        problems.append(Problem("parameters", "one row per animal, one column per parameter of the model",
                                seen=str(parameters.shape), allowed=f"(animals, {len(model.parameters)})"))
    if schedule_of.shape != parameters.shape[:1] or np.any((schedule_of < 0) | (schedule_of >= len(schedules))):
        problems.append(Problem("schedule_of", "one schedule per animal", seen=str(schedule_of.shape),
                                allowed=f"numbers from 0 to {len(schedules) - 1}, one per animal"))
    if times.ndim != 1 or np.any(np.diff(times) < 0) or (times.size and not times[0] >= start_d):
        problems.append(Problem("times_d", "times to look must ascend from the start on",
                                allowed=f"ascending, at or after {start_d} d"))
    unknown = [name for name in observables if name not in model.observable_index]
    if unknown:
        problems.append(Problem("observables", "the model does not have what is asked for", seen=", ".join(unknown),
                                allowed=", ".join(model.observable_index)))
    problems += [problem for s, schedule in enumerate(schedules)
                 for problem in problems_of(model, schedule, len(parameters), start_d, f"schedules[{s}]")]
    if not 1e-13 <= rtol <= 0.1:
        problems.append(Problem("rtol", "the relative tolerance is out of range", seen=str(rtol),
                                allowed="1e-13 to 0.1"))
    if problems:
        raise ThecalError(problems)


def check_budget(status: np.ndarray, allowed_share: float = 0.0) -> None:
    """Stop a run in which too many animals could not be computed.

    Arguments:
        status: (animals,) of :class:`thecal.engine.integrate.Status`.
        allowed_share: share of animals that may fail, 0 to 1.

    Errors: RunFailed with the counts per cause when more failed than allowed.
    """
    causes = {Status.STEP_LIMIT: "needed too many steps", Status.NOT_FINITE: "met numbers that are not finite",
              Status.RESIDUAL: "had a linear system that could not be solved"}
    counts = {cause: int(np.count_nonzero(np.asarray(status) == cause)) for cause in causes}
    failed, animals = sum(counts.values()), len(status)
    if failed > allowed_share * animals:
        told = "; ".join(f"{count} {causes[cause]} ({cause.name})" for cause, count in counts.items() if count)
        raise RunFailed([Problem("cohort", f"{failed} of {animals} animals could not be computed: {told}",
                                 seen=f"{failed / animals:.2%} failed", allowed=f"at most {allowed_share:.2%}",
                                 remedy="look at the parameters of these animals; a wider spread than the model is "
                                        "meant for, or a dose out of range, is the usual cause", code="budget")])
