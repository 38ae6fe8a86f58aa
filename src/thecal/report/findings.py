"""What the report says about each arm, worked out once and used by words, tables and figures alike."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from thecal.analysis.outcome import StudyOutcome
from thecal.analysis.relief import ObservedRelief, Relief, reversal
from thecal.report.comparisons import Comparison, comparisons
from thecal.study.plan import ArmPlan, StudyPlan


@dataclass(frozen=True)
class ArmFinding:
    """Relief of one arm: latent, observed, and two kinds of uncertainty about the latent one.

    ``over_animals``, ``over_draws``: durations (h) with other animals, and under other numbers.
    """

    arm: ArmPlan
    latent: Relief | None
    observed: ObservedRelief | None
    over_animals: np.ndarray
    over_draws: np.ndarray


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
                                           self.outcome.durations_over_animals(arm),
                                           self.outcome.durations_over_draws(arm))
        return found

    @cached_property
    def baseline(self) -> dict[str, float]:
        """Mean latent log10 threshold before injury, by arm; nan where the species has no filament test."""
        animals = self.outcome.results.read("animals").to_pandas()
        return {str(k): float(v) for k, v in animals.groupby("arm")["baseline_log10_g"].mean().items()}

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The statistics of the main assay, by question and reference."""
        return comparisons(self.outcome)

    def significant_days(self, arm: ArmPlan) -> tuple[float, ...]:
        """Days on which an arm differs from its reference by the classical test."""
        for family in self.comparisons:
            if arm.id in family.significant:
                return family.significant[arm.id]
        return ()

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
        times, mine = self.outcome.draw_curves(arm.id)
        grid, others = self.outcome.draw_curves(str(arm.reference))
        if len(mine) < 5 or len(mine) != len(others):
            return None
        both = [self._reversal(arm, times, fall, grid, other) for fall, other in zip(mine, others, strict=True)]
        table = np.array([value for _, value in both])
        enough = np.isfinite(table).mean(axis=0) > 0.5
        return (both[0][0][enough], *(_quantile(table[:, enough], share) for share in (low, high)))

    def _reversal(self, arm: ArmPlan, times: np.ndarray, fall: np.ndarray, grid: np.ndarray,
                  other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        day = float(arm.first_dose_d or 0.0)
        kept = (times >= day) & (times <= arm.end_d)
        value = reversal(-fall[kept], -np.interp(times[kept], grid, other), 0.0,
                         self.plan.analysis.deficit_floor_log10).value
        return (times[kept] - day) * 24, value


def _quantile(table: np.ndarray, share: float) -> np.ndarray:
    """Quantile of each column over its finite entries (linear between order statistics)."""
    ordered, counts = np.sort(table, axis=0), np.isfinite(table).sum(axis=0)
    place = share * (counts - 1)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, counts - 1)
    column = np.arange(table.shape[1])
    return ordered[low, column] + (place - low) * (ordered[high, column] - ordered[low, column])


def interval(hours: np.ndarray, share: float) -> tuple[float, float] | None:
    """The central ``share`` of durations (h); None without values."""
    if not len(hours):
        return None
    low, high = np.quantile(hours, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)
