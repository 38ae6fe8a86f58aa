"""Typical animals in numbers: local exposure and pain of arms under tables of parameter values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from thecal.analysis.relief import Relief, relief_latent
from thecal.core.structure import Structure
from thecal.engine.coupling import assemble_model
from thecal.engine.integrate import Integrator, Status
from thecal.engine.schedule import schedule_of, start_of
from thecal.engine.subjects import arm_register, parameter_table
from thecal.study.plan import ArmPlan, StudyPlan

WINDOW_D = 28.0  # over which exposure is summed
PAIN = "pain.mechanical"
Values = Mapping[str, float]


def grid(dose_d: float, end_d: float) -> np.ndarray:
    """Times to look: the hour before, closely after the dose, then every half day; shape (n,)."""
    after = np.concatenate([np.geomspace(0.002, 1.0, 30), np.arange(1.5, end_d - dose_d, 0.5)])
    return np.unique(np.concatenate([[dose_d - 0.01], dose_d + after, [end_d]]))


def exposure_grid(dose_d: float) -> np.ndarray:
    """Fewer times, enough for an area over :data:`WINDOW_D`."""
    return np.concatenate([[dose_d - 1e-3], dose_d + np.geomspace(2e-3, WINDOW_D, 48)])


def curves(arms: Sequence[ArmPlan], structure: Structure, values: Sequence[Values], which: Sequence[int],
           times: np.ndarray, names: Sequence[str], solver: Integrator) -> np.ndarray:
    """Observables of typical animals.

    Arguments:
        arms: schedules to choose from, all with the same register. values: one table of numbers for each animal.
        which: for each animal the index of its arm. times: (n,), days. names: observables.

    Returns: (animals, times, names); NaN where an animal could not be computed.
    """
    model = assemble_model(structure)
    table = parameter_table(arms[0], model, arm_register(arms[0]), list(values), np.arange(len(values)), 0, False)
    schedules = [schedule_of(arm, model, structure, values[k]) for arm, k in zip(arms, _first(which), strict=True)] \
        if len(arms) < len(values) else [schedule_of(arms[w], model, structure, v)
                                         for w, v in zip(which, values, strict=True)]
    index = np.asarray(which) if len(arms) < len(values) else np.arange(len(values))
    start = min(start_of(events, times) for events in schedules)
    solution = solver.solve(model, table, schedules, index, start, times, tuple(names))
    lost = solution.status != Status.OK
    found = np.array(solution.values)
    found[lost] = np.nan
    return found


def _first(which: Sequence[int]) -> list[int]:
    """For each arm an animal that stands for its schedule: all of one arm must share what the schedule reads."""
    order = np.asarray(which)
    return [int(np.flatnonzero(order == k)[0]) for k in range(int(order.max()) + 1)]


def area(times: np.ndarray, treated: np.ndarray, vehicle: np.ndarray, dose_d: float) -> np.ndarray:
    """Area of treated above vehicle over the window after the dose, unit x day; shape of the leading axes."""
    inside = (times >= dose_d) & (times <= dose_d + WINDOW_D)
    return np.trapezoid((treated - vehicle)[..., inside], times[inside], axis=-1)


@dataclass(frozen=True)
class Course:
    """Treated and vehicle animals of one arm, one row for each table of values; pain as fall of log10 threshold."""

    times: np.ndarray
    treated: np.ndarray
    vehicle: np.ndarray
    local: np.ndarray
    local_vehicle: np.ndarray
    dose_d: float

    @property
    def exposure(self) -> np.ndarray:
        """Local exposure above vehicle, (animals,)."""
        return area(self.times, self.local, self.local_vehicle, self.dose_d)

    def relief(self, plan: StudyPlan) -> list[Relief | None]:
        """Latent relief of each animal; None where one could not be computed."""
        rule = plan.analysis
        return [relief_latent(self.times, -a, -b, 0.0, self.dose_d, rule.relief_level, rule.deficit_floor_log10)
                if np.isfinite(a).all() and np.isfinite(b).all() else None
                for a, b in zip(self.treated, self.vehicle, strict=True)]


def course(treated: ArmPlan, vehicle: ArmPlan, structure: Structure, values: Sequence[Values], vehicle_values:
           Sequence[Values], local: str, end_d: float, solver: Integrator) -> Course:
    """Run an arm and its reference for each table of values."""
    assert treated.first_dose_d is not None
    times = grid(treated.first_dose_d, end_d)
    many = list(range(len(values)))
    a, b = (curves([arm] * len(table), structure, table, many, times, (PAIN, local), solver)
            for arm, table in ((treated, values), (vehicle, vehicle_values)))
    return Course(times, a[..., 0], b[..., 0], a[..., 1], b[..., 1], treated.first_dose_d)
