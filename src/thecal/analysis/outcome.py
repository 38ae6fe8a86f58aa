"""What a finished study shows: relief per arm (latent and observed), cells at the ganglia, CSF peaks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from thecal.analysis.claims.fitted import fits_of
from thecal.analysis.relief import ObservedRelief, Relief, relief_durations, relief_latent, relief_observed
from thecal.core.streams import stream
from thecal.engine.jobs import Results
from thecal.study.load import loads
from thecal.study.plan import ArmPlan, StudyPlan
from thecal.study.resolve import resolve

FALLS = {"mechanical": "pain.mechanical", "heat": "pain.heat", "cold": "pain.cold", "ongoing": "pain.ongoing"}


@dataclass(frozen=True)
class StudyOutcome:
    """A finished run together with its plan. All tables are read once."""

    plan: StudyPlan
    results: Results

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Latent group means: one row per arm and time, weighted over the chunks of animals."""
        table = self.results.read("curves").to_pandas()
        names = [c for c in table.columns if "." in c]
        table[names] = table[names].mul(table["n"], axis=0)
        summed = table.groupby(["arm", "t_d"], sort=False)[[*names, "n"]].sum().reset_index()
        summed[names] = summed[names].div(summed["n"], axis=0)
        return summed

    @cached_property
    def details(self) -> pd.DataFrame:
        """Means of everything else over the animals followed in detail."""
        return self.results.read("details").to_pandas()

    @cached_property
    def readings(self) -> pd.DataFrame:
        """The notebook's rows."""
        return self.results.read("readings").to_pandas()

    @cached_property
    def draws(self) -> pd.DataFrame:
        """Latent outcomes of typical animals under parameter draws."""
        return self.results.read("draws").to_pandas()

    @cached_property
    def traces(self) -> pd.DataFrame:
        """Latent outcomes of single animals."""
        return self.results.read("traces").to_pandas()

    @cached_property
    def chain(self) -> pd.DataFrame:
        """The first animal of each arm, link by link."""
        return self.results.read("chain").to_pandas()

    def curve(self, arm_id: str, name: str = "pain.mechanical") -> tuple[np.ndarray, np.ndarray]:
        """Times (d) and the latent mean of one arm."""
        rows = self._curves_by_arm[arm_id]
        return rows["t_d"].to_numpy(), rows[name].to_numpy()

    def draw_curves(self, arm_id: str, name: str = "pain.mechanical") -> tuple[np.ndarray, np.ndarray]:
        """Times (d), and one latent curve per parameter draw, shape (draws, times); no rows where there are none."""
        if "draws" not in self.results.tables or arm_id not in self._draws_by_arm:
            return np.empty(0), np.empty((0, 0))
        rows = self._draws_by_arm[arm_id]
        times = rows["t_d"].to_numpy()
        times = times[rows["draw"].to_numpy() == rows["draw"].iloc[0]]
        return times, rows[name].to_numpy().reshape(-1, times.size)

    @cached_property
    def _curves_by_arm(self) -> dict[str, pd.DataFrame]:
        return {str(arm): rows for arm, rows in self.curves.groupby("arm", sort=False)}

    @cached_property
    def _draws_by_arm(self) -> dict[str, pd.DataFrame]:
        return {str(arm): rows for arm, rows in self.draws.groupby("arm", sort=False)}

    def latent_relief(self, arm: ArmPlan, name: str = "pain.mechanical") -> Relief | None:
        """Relief of the noise-free group mean against the arm's reference; None without one."""
        reference, day = self._reference(arm)
        if reference is None or day is None:
            return None
        times, fall = self.curve(arm.id, name)
        times, fall = times[times <= arm.end_d], fall[times <= arm.end_d]  # nothing is relieved after the last day
        other = np.interp(times, *self.curve(reference.id, name))
        return relief_latent(times, -fall, -other, 0.0, day, self.plan.analysis.relief_level,
                             self.plan.analysis.deficit_floor_log10)

    def observed_relief(self, arm: ArmPlan) -> ObservedRelief | None:
        """Relief as the scheduled von Frey visits show it; the reference is read between its visits where need be."""
        reference, day = self._reference(arm)
        if reference is None or day is None:
            return None
        means = self.visit_means("von_frey")
        mine, other = means.get(arm.id), means.get(reference.id)
        if mine is None or other is None:
            return None
        days = mine.index.union(other.index)
        days = days[days > arm.injury.day_d]
        before = [d for d in mine.index if d < arm.injury.day_d]
        if not before or not (mine.index > day).any() or not (other.index > day).any():
            return None
        baseline = float(np.mean([mine[before].mean(), other[[d for d in before if d in other.index]].mean()]))
        return relief_observed(days.to_numpy(), mine.reindex(days).to_numpy(), other.reindex(days).to_numpy(),
                               baseline, day, self.plan.analysis.relief_level, self.plan.analysis.deficit_floor_log10)

    def visit_means(self, assay: str, paw: str = "ipsilateral") -> dict[str, pd.Series]:
        """Mean log10 reading by day, per arm."""
        rows = self.readings[(self.readings["assay"] == assay) & (self.readings["paw"] == paw)]
        return {str(arm): group.groupby("day")["value_log10"].mean() for arm, group in rows.groupby("arm")}

    def duration_intervals(self, arm: ArmPlan) -> dict[str, Any]:
        """Intervals of hours of latent relief, over animals and over parameters apart, at the study's level.

        A bound is None where nothing could be computed (no parameter draws were run, say).
        """
        level = self.plan.analysis.interval
        edges = [0.5 - level / 2, 0.5 + level / 2]

        def interval(hours: np.ndarray) -> list[float | None]:
            fine = hours[np.isfinite(hours)]
            return [float(x) for x in np.quantile(fine, edges)] if fine.size else [None, None]

        return {"level": level, "over_animals": interval(self.durations_over_animals(arm)),
                "over_parameters": interval(self.durations_over_draws(arm))}

    def durations_over_draws(self, arm: ArmPlan, name: str = "pain.mechanical") -> np.ndarray:
        """Hours of relief of the typical animal, one for each parameter draw that could be computed."""
        reference, day = self._reference(arm)
        times, mine = self.draw_curves(arm.id, name)
        if reference is None or day is None or not len(mine):
            return np.empty(0)
        grid, others = self.draw_curves(reference.id, name)
        others = np.array([np.interp(times, grid, other) for other in others])
        return self._durations(arm, day, times, mine, others)

    def durations_over_animals(self, arm: ArmPlan, repeats: int = 400) -> np.ndarray:
        """Hours of relief of the group mean with the arm's (and its reference's) animals drawn again with replacement.

        Groups keep their size; of large groups only the animals that were followed in detail are drawn from.
        """
        reference, day = self._reference(arm)
        if reference is None or day is None:
            return np.empty(0)
        mine, times = self._animals(arm)
        other, grid = self._animals(reference)
        if not len(mine) or not len(other):
            return np.empty(0)
        other = np.array([np.interp(times, grid, one) for one in other])
        generator = stream(self.results.seed, f"{arm.id}/{reference.id}", "relief over animals")
        means = [table[generator.integers(0, len(table), (repeats, n))].mean(axis=1)
                 for table, n in ((mine, arm.n), (other, reference.n))]
        return self._durations(arm, day, times, *means)

    def _durations(self, arm: ArmPlan, day: float, times: np.ndarray, fall: np.ndarray,
                   other: np.ndarray) -> np.ndarray:
        fine = np.isfinite(fall).all(axis=1) & np.isfinite(other).all(axis=1)
        kept = times <= arm.end_d
        return relief_durations(times[kept], -fall[fine][:, kept], -other[fine][:, kept], 0.0, day,
                                self.plan.analysis.relief_level, self.plan.analysis.deficit_floor_log10)

    def _animals(self, arm: ArmPlan) -> tuple[np.ndarray, np.ndarray]:
        rows = self.traces[(self.traces["arm"] == arm.id) & (self.traces["t_d"] <= arm.end_d)]
        wide = rows.pivot(index="animal", columns="t_d", values="pain.mechanical")
        return wide.to_numpy(float), wide.columns.to_numpy(float)

    def _reference(self, arm: ArmPlan) -> tuple[ArmPlan | None, float | None]:
        """What the arm is compared with, and from which day; nothing where there is no pain to relieve."""
        if not arm.injury.injured:
            return None, None
        reference = self.plan.arm(arm.reference) if arm.reference and arm.reference != arm.id else None
        return reference, arm.first_dose_d

    def ganglion_cells(self, arm: ArmPlan) -> dict[str, dict[str, float]]:
        """Mean living cells at each DRG: at the peak, and 14 and 60 days after the first cells."""
        rows = self.details[self.details["arm"] == arm.id]
        names = [c for c in rows.columns if c.startswith("cells.captured[")]
        given = [a.day_d for a in arm.administrations if a.kind == "cells"]
        if not given or rows.empty:
            return {}
        found = {}
        for name in names:
            counts, times = rows[name].to_numpy(), rows["t_d"].to_numpy()
            found[name[len("cells.captured["):-1]] = {
                "peak": float(counts.max()),
                **{f"day_{k}_after": float(np.interp(given[0] + k, times, counts)) for k in (14, 60)
                   if given[0] + k <= times[-1]}}
        return found

    def csf_peak(self, arm: ArmPlan) -> dict[str, float]:
        """Highest lumbar CSF level (pg/ml) of total TGF-b1, and the highest at the injured border, after day 0."""
        times, total = self.curve(arm.id, "anatomy.csf_tgfb1_total")
        _, border = self.curve(arm.id, "signalling.active_at_injured")
        return {"tgfb1_total_pg_ml": float(1000 * total.max()), "at_d": float(times[int(total.argmax())]),
                "drg_active_tgfb1_pg_ml": float(1000 * border.max())}


def open_outcome(folder: Path | str) -> StudyOutcome:
    """The outcome of a finished job folder, with the animals per arm that were run.

    Errors: :class:`ThecalError` where there is no finished run.
    """
    results = Results(folder).require_finished()
    plan = resolve(loads(results.study_text, "study.yaml"))
    animals = {arm.id: arm.n for arm in results.arms}
    return StudyOutcome(replace(plan, arms=tuple(replace(arm, n=animals.get(arm.id, arm.n)) for arm in plan.arms)),
                        results)


def summary(outcome: StudyOutcome) -> dict[str, Any]:
    """The study in plain data, as ``thecal run --json`` prints it."""
    arms = []
    for arm in outcome.plan.arms:
        latent, observed = outcome.latent_relief(arm), outcome.observed_relief(arm)
        relief = None
        if latent is not None:
            relief = {"level": latent.level, "reference": arm.reference, "latent": latent.as_dict(),
                      "observed": observed.as_dict() if observed else None,
                      "duration_h_intervals": outcome.duration_intervals(arm),
                      "fitted_to": [fit.claim.id for fit in fits_of(outcome.plan, arm) if fit.same],
                      "leans_on_fit": [fit.claim.id for fit in fits_of(outcome.plan, arm) if not fit.same]}
        arms.append({"id": arm.id, "label": arm.label, "n": arm.n, "relief": relief,
                     "drg_cells": outcome.ganglion_cells(arm), "csf_peak": outcome.csf_peak(arm)})
    return {"study": outcome.plan.name, "seed": outcome.results.seed, "arms": arms}
