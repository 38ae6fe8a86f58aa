"""The statistics that papers of this field show, and beside them a mixed model, for each question of a study.

A family is one question against one reference group. Bonferroni counts every comparison of an arm with the reference
at every visit after the first dose. The mixed model describes the readings after the first dose by one mean per arm
and visit, an intercept per animal and the reading before injury as covariate; its contrast is the mean difference over
those visits. Complete readings are fitted in closed form, readings with missed visits by REML with Kenward and Roger's
degrees of freedom; both are the same model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from thecal.analysis.outcome import StudyOutcome
from thecal.analysis.statistics.anova import Effect, RepeatedMeasures, rm_anova
from thecal.analysis.statistics.design_matrix import layout
from thecal.analysis.statistics.fast import mixed_fast
from thecal.analysis.statistics.mixed import Estimate, reml
from thecal.analysis.statistics.readings import readings
from thecal.core.errors import ThecalError
from thecal.report.arms import Question, questions
from thecal.study.plan import ArmPlan


@dataclass(frozen=True)
class Comparison:
    """One family: ANOVA over its arms and visits, and one mixed-model contrast per arm.

    ``significant`` holds the days on which an arm differs from the reference (Bonferroni).
    ``note`` says why a number is missing.
    """

    question: Question
    reference: ArmPlan
    arms: tuple[ArmPlan, ...]
    days: tuple[float, ...]
    after: tuple[float, ...]
    anova: RepeatedMeasures | None
    mixed: dict[str, Estimate]
    significant: dict[str, tuple[float, ...]]
    smallest_p: dict[str, tuple[float, float]]
    note: str = ""

    @property
    def effects(self) -> tuple[tuple[str, Effect], ...]:
        """Rows of the ANOVA table."""
        if self.anova is None:
            return ()
        return (("arm", self.anova.arm), ("visit", self.anova.visit), ("arm × visit", self.anova.interaction))


def comparisons(outcome: StudyOutcome) -> tuple[Comparison, ...]:
    """Every family of the study's main assay that has readings after a dose."""
    rows = outcome.readings
    rows = rows[(rows["assay"] == outcome.plan.analysis.assay) & (rows["paw"] != "contralateral")]
    found = []
    for question in questions(outcome.plan):
        groups: dict[str, list[ArmPlan]] = {}
        for arm in question.arms:
            if arm.reference and arm.first_dose_d is not None and (rows["arm"] == arm.id).any():
                groups.setdefault(arm.reference, []).append(arm)
        for reference, arms in groups.items():
            if (rows["arm"] == reference).any() and question.id != "uninjured":
                found.append(_compare(outcome, rows, question, outcome.plan.arm(reference), tuple(arms)))
    return tuple(found)


def _compare(outcome: StudyOutcome, rows: pd.DataFrame, question: Question, reference: ArmPlan,
             arms: tuple[ArmPlan, ...]) -> Comparison:
    group = [reference, *arms]
    rows = rows[rows["arm"].isin([a.id for a in group])]
    wide = {a.id: rows[rows["arm"] == a.id].pivot_table(index="animal", columns="day", values="value_log10")
            for a in group}
    days = sorted(set.intersection(*(set(table.columns) for table in wide.values())))
    first = min(float(a.first_dose_d or 0.0) for a in arms)
    after = tuple(d for d in days if d > first + 1e-9)
    tables = [wide[a.id][days].dropna() for a in group]
    anova, note = _anova(tables, len(arms) * max(1, len(after)))
    significant, smallest = {}, {}
    if anova is not None:
        for k, arm in enumerate(arms):
            p = {d: float(anova.p_bonferroni[k, days.index(d)]) for d in after}
            significant[arm.id] = tuple(d for d, value in p.items() if value < outcome.plan.analysis.alpha)
            if p:
                best = min(p, key=lambda d: p[d])
                smallest[arm.id] = (best, p[best])
    lost = sum(len(wide[a.id]) - len(t) for a, t in zip(group, tables, strict=True))
    if lost:
        note = f"{lost} animals with a missed visit are left out of the ANOVA. {note}".strip()
    return Comparison(question, reference, arms, tuple(days), after, anova, _mixed(rows, reference, arms, after),
                      significant, smallest, note)


def _anova(tables: list[pd.DataFrame], family: int) -> tuple[RepeatedMeasures | None, str]:
    labels = np.repeat(np.arange(len(tables)), [len(t) for t in tables])
    try:
        return rm_anova(np.vstack([t.to_numpy() for t in tables]), labels, family=family), ""
    except ValueError as problem:
        return None, f"No ANOVA: {problem}."


def _mixed(rows: pd.DataFrame, reference: ArmPlan, arms: tuple[ArmPlan, ...],
           after: tuple[float, ...]) -> dict[str, Estimate]:
    """Mean difference over the visits after the dose, per arm; empty where the data do not allow a fit."""
    before = rows[rows["day"] < reference.injury.day_d]
    table = pd.concat([before, rows[rows["day"].isin(after)]])
    table = table.assign(animal=table["arm"] + "/" + table["animal"].astype(str))
    wide = table.pivot_table(index=["arm", "animal"], columns="day", values="value_log10")
    try:
        if len(after) > 1 and not before.empty and wide.notna().all(axis=None):
            return _closed_form(wide, [reference, *arms], sorted(before["day"].unique()), after)
        return _by_reml(table, reference, arms, tuple(sorted(before["day"].unique())), after)
    except (ThecalError, ValueError, KeyError):
        return {}


def _closed_form(wide: pd.DataFrame, group: list[ArmPlan], before: list[float],
                 after: tuple[float, ...]) -> dict[str, Estimate]:
    place = {arm.id: k for k, arm in enumerate(group)}
    labels = np.array([place[str(name)] for name in wide.index.get_level_values("arm")])
    fit = mixed_fast(wide[list(after)].to_numpy(), labels, wide[before].mean(axis=1).to_numpy())
    half = stats.t.ppf(0.975, fit.df_mean) * fit.se_mean
    return {arm.id: Estimate(float(v), float(se), float(df), float(v / se), float(p), float(v - h), float(v + h))
            for arm, v, se, df, p, h in zip(group[1:], fit.estimate_mean, fit.se_mean, fit.df_mean, fit.p_mean, half,
                                            strict=True)}


def _by_reml(table: pd.DataFrame, reference: ArmPlan, arms: tuple[ArmPlan, ...], before: tuple[float, ...],
             after: tuple[float, ...]) -> dict[str, Estimate]:
    design = layout(readings(table), before, "covariate" if before else "none", covariates=())
    fit, share = reml(design.blocks()), 1 / len(after)
    return {arm.id: fit.contrast(design.weights({(arm.id, d): share for d in after}
                                                | {(reference.id, d): -share for d in after})) for arm in arms}
