"""What the report says about each arm, worked out once and used by words, tables and figures alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from thecal.analysis.outcome import StudyOutcome
from thecal.analysis.relief import ObservedRelief, Relief, reversal
from thecal.study.plan import ArmPlan, StudyPlan


@dataclass(frozen=True)
class ArmFinding:
    """Relief of one arm: latent, observed, and the two kinds of uncertainty about the latent one."""

    arm: ArmPlan
    latent: Relief | None
    observed: ObservedRelief | None
    over_animals: tuple[Relief, ...]
    over_draws: tuple[Relief, ...]


@dataclass(frozen=True)
class Findings:
    """A study's outcome with everything that more than one part of the report needs."""

    outcome: StudyOutcome

    @property
    def plan(self) -> StudyPlan:
        """The study."""
        return self.outcome.plan

    @cached_property
    def arms(self) -> dict[str, ArmFinding]:
        """Findings by arm, for arms that were injured, treated and compared."""
        found = {}
        for arm in self.plan.arms:
            latent = self.outcome.latent_relief(arm)
            if latent is not None:
                found[arm.id] = ArmFinding(arm, latent, self.outcome.observed_relief(arm),
                                           tuple(self.outcome.relief_over_animals(arm)),
                                           tuple(self.outcome.relief_over_draws(arm)))
        return found

    @cached_property
    def baseline(self) -> dict[str, float]:
        """Mean latent log10 threshold before injury, by arm; nan where the species has no filament test."""
        animals = self.outcome.results.read("animals").to_pandas()
        return {str(k): float(v) for k, v in animals.groupby("arm")["baseline_log10_g"].mean().items()}

    @cached_property
    def tested(self) -> set[str]:
        """Arms that the study's main assay looks at."""
        return {arm for visit in self.plan.visits if visit.assay == self.plan.analysis.assay for arm in visit.arms}

    def readings(self, assay: str, arm_id: str, paw: str = "ipsilateral") -> pd.DataFrame:
        """The notebook's rows of one arm, assay and paw."""
        rows = self.outcome.readings
        return rows[(rows["assay"] == assay) & (rows["arm"] == arm_id) & (rows["paw"] == paw)]

    def reversal_curve(self, arm: ArmPlan) -> tuple[np.ndarray, np.ndarray]:
        """Hours after the dose and latent reversal (nan where undefined)."""
        return self._reversal(arm, *self.outcome.curve(arm.id), *self.outcome.curve(str(arm.reference)))

    def reversal_band(self, arm: ArmPlan, low: float = 0.05, high: float = 0.95) -> tuple[np.ndarray, ...] | None:
        """Hours, and two quantiles of the reversal over parameter draws at each time; None with fewer than five."""
        draws = self.outcome.draws if "draws" in self.outcome.results.tables else None
        if draws is None:
            return None
        mine = dict(list(draws[draws["arm"] == arm.id].groupby("draw")))
        other = dict(list(draws[draws["arm"] == arm.reference].groupby("draw")))
        curves, hours = [], np.empty(0)
        for draw, rows in mine.items():
            if draw in other:
                hours, value = self._reversal(arm, rows["t_d"].to_numpy(), rows["pain.mechanical"].to_numpy(),
                                              other[draw]["t_d"].to_numpy(), other[draw]["pain.mechanical"].to_numpy())
                curves.append(value)
        if len(curves) < 5:
            return None
        table = np.array(curves)
        enough = np.isfinite(table).mean(axis=0) > 0.5
        table, hours = table[:, enough], hours[enough]
        return hours, np.nanquantile(table, low, axis=0), np.nanquantile(table, high, axis=0)

    def _reversal(self, arm: ArmPlan, times: np.ndarray, fall: np.ndarray, grid: np.ndarray,
                  other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        day = float(arm.first_dose_d or 0.0)
        kept = (times >= day) & (times <= arm.end_d)
        value = reversal(-fall[kept], -np.interp(times[kept], grid, other), 0.0,
                         self.plan.analysis.deficit_floor_log10).value
        return (times[kept] - day) * 24, value


def interval(values: tuple[Relief, ...], share: float) -> tuple[float, float] | None:
    """The central ``share`` of durations (h); None without values."""
    if not values:
        return None
    hours = [relief.duration_h for relief in values]
    low, high = np.quantile(hours, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)
