"""One call from readings and plan to everything a report shows: :func:`analyse`."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from thecal.analysis.statistics.anova import RepeatedMeasures, rm_anova
from thecal.analysis.statistics.censored import Imputed, fit_censored
from thecal.analysis.statistics.checks import assumptions, variability
from thecal.analysis.statistics.conclusions import Statement, about_carry_over, conclusions
from thecal.analysis.statistics.contrasts import carry_over, coefficients, contrast_table, planned, type_three
from thecal.analysis.statistics.crossover import Crossover
from thecal.analysis.statistics.design_matrix import Layout, layout
from thecal.analysis.statistics.mixed import Fit, reml
from thecal.analysis.statistics.outcomes import score_contrasts, two_part
from thecal.analysis.statistics.plan import OUTCOMES, AnalysisPlan
from thecal.analysis.statistics.readings import Readings, readings
from thecal.analysis.statistics.sensitivity import sensitivity
from thecal.analysis.statistics.summaries import (
    ReliefWithIntervals,
    compare_summaries,
    means,
    per_animal,
    relief_with_intervals,
)
from thecal.analysis.statistics.transform import transformed
from thecal.core.errors import Problem, ThecalError
from thecal.core.files import write_text
from thecal.core.streams import stream


@dataclass(frozen=True)
class Analysis:
    """The results of one analysis. Tables are pandas frames; empty where a method does not apply."""

    plan: AnalysisPlan
    arms: tuple[str, ...]
    animals: dict[str, int]
    means: pd.DataFrame
    contrasts: pd.DataFrame
    model: pd.DataFrame               #: F tests, type III
    coefficients: pd.DataFrame
    carry_over: pd.DataFrame          #: in a crossover, what an arm leaves behind
    variances: dict[str, float]
    anova: pd.DataFrame               #: classical two-way repeated-measures ANOVA
    post_tests: pd.DataFrame          #: its Bonferroni comparisons
    two_part: pd.DataFrame
    assumptions: pd.DataFrame
    variability: pd.DataFrame
    per_animal: pd.DataFrame
    summaries: pd.DataFrame
    relief: tuple[ReliefWithIntervals, ...]
    sensitivity: pd.DataFrame
    conclusions: tuple[Statement, ...]
    findings: tuple[Problem, ...]

    @property
    def unit(self) -> str:
        """Unit of the estimates."""
        return OUTCOMES[self.plan.outcome][1]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``: thresholds carry ``estimate_log10_g``, a mean over visits has day null."""
        out = {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name != "plan"}
        name = "estimate_log10_g" if self.plan.outcome == "threshold" else "estimate"
        for row in out["contrasts"]:
            row[name] = row.pop("estimate")
        return {"plan": _plain(self.plan.as_dict()), "unit": self.unit, **out}

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write :meth:`as_dict`, atomically."""
        write_text(Path(path), json.dumps(self.as_dict(), indent=1, ensure_ascii=False, allow_nan=False))

    def write_csv(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write every table that is not empty as ``<name>.csv``, atomically; the files written."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        tables = {f.name: getattr(self, f.name) for f in fields(self)}
        tables["conclusions"] = pd.DataFrame([s.__dict__ for s in self.conclusions])
        tables["relief"] = pd.json_normalize([r.as_dict() for r in self.relief])
        tables["findings"] = pd.DataFrame([f.as_dict() for f in self.findings])
        written = []
        for name, table in tables.items():
            if isinstance(table, pd.DataFrame) and len(table):
                write_text(folder / f"{name}.csv", table.to_csv(index=False))
                written.append(folder / f"{name}.csv")
        return written


def analyse(table: pd.DataFrame, plan: AnalysisPlan) -> Analysis:
    """Analyse readings, simulated or real, by a plan.

    Arguments:
        table: see :mod:`thecal.analysis.statistics.readings`; outcomes other than thresholds may bring ``value``.
        plan: what was decided beforehand.

    Errors: ThecalError when columns are missing, an arm of the plan has no readings, or nothing can be estimated.
    """
    data = transformed(readings(*_value(table, plan), paired=plan.paired), plan)
    plan, notes = _settled(data, plan)
    base = plan.baseline_days or ()
    rows = layout(data, base, plan.baseline, plan.covariates, plan.residual_by)
    contrasts, gaps = planned(rows, plan, data.arms, base)
    if rows.periods is not None and rows.periods.one_order and not contrasts:
        raise _one_order(rows.periods)
    notes = [*data.notes, *notes, *rows.notes, *gaps, *_all_censored(rows)]
    pairs = list(dict.fromkeys((c.arm, c.reference) for c in contrasts))
    days = tuple(sorted({c.day for c in contrasts if c.day == c.day}))
    empty = left = pd.DataFrame()
    classical, table_anova, posts = (None, empty, empty) if plan.paired else _classical(data, rows, pairs, notes)
    animals = data.frame.groupby("arm")["animal"].nunique().reindex(list(data.arms)).astype(int).to_dict()
    if plan.outcome == "score":
        found = score_contrasts(data, pairs, days, plan.adjust, 1 - plan.alpha, plan.paired)
        model, coefs, variances, checks, others = empty, empty, {}, empty, empty
    else:
        fit = fit_layout(rows, plan)
        try:
            found = contrast_table(fit, contrasts, plan)
            model, coefs, variances = type_three(fit, rows, plan), coefficients(fit, rows, plan), fit.variances
            left = carry_over(fit, rows, plan, data.arms)
        except ValueError as error:
            raise _no_fit(error) from error
        checks = assumptions(fit, rows, data, classical, base)
        others = sensitivity(table, data, plan, _contrasts_of) if plan.sensitivity else empty
    logarithmic = plan.outcome in ("threshold", "latency", "seconds", "log-value")
    ceiling = math.log10(plan.cutoff) if plan.cutoff is not None and logarithmic else None
    single = per_animal(data, base, plan.dose_day, ceiling)
    relief = _relief(data, plan, pairs)
    said = [*about_carry_over(left, rows.periods is not None, plan),
            *conclusions(found, checks, animals, set(data.frame["sex"]), tuple(notes), others, plan)]
    parts = two_part(data, pairs, days) if plan.outcome == "seconds" and not plan.paired else empty
    return Analysis(plan, data.arms, animals, means(data, 1 - plan.alpha), found, model, coefs, left, variances,
                    table_anova, posts, parts, checks, variability(data, base), single,
                    compare_summaries(single, pairs, plan.paired), relief, others, tuple(said), tuple(notes))


def _one_order(periods: Crossover) -> ThecalError:
    order = next(order for order in periods.orders.values() if len(order) > 1)
    return ThecalError.single("table", "every animal got the arms in the same order, so what an arm does cannot be "
                              "told from what time does", seen=", then ".join(order), allowed="animals in both orders",
                              remedy="give half of the animals the arms in the other order, or compare with a group "
                                     "that stayed in one arm", code="one-order")


def fit_layout(rows: Layout, plan: AnalysisPlan) -> Fit | Imputed:
    """The mixed model of a layout, with censored readings imputed when the plan says so."""
    try:
        if plan.censoring == "impute" and (rows.frame["censored"] != "").any():
            return fit_censored(rows, stream(plan.seed, "analysis", "impute"), plan.imputations)
        return reml(rows.blocks())
    except ValueError as error:
        raise _no_fit(error) from error


def _no_fit(error: ValueError) -> ThecalError:
    return ThecalError.single("table", f"the mixed model cannot be fitted: {error}", code="no-fit",
                              remedy="check the arms and visits, or use fewer covariates")


def _contrasts_of(data: Readings, plan: AnalysisPlan, **options: Any) -> pd.DataFrame:
    """Only the contrasts, for another way of analysing; options of :func:`layout`."""
    rows = layout(data, plan.baseline_days or (), plan.baseline, plan.covariates, plan.residual_by, **options)
    return contrast_table(fit_layout(rows, plan), planned(rows, plan, data.arms, plan.baseline_days or ())[0], plan)


def _value(table: pd.DataFrame, plan: AnalysisPlan) -> tuple[pd.DataFrame, str]:
    return table, "value_log10" if plan.outcome == "threshold" or "value" not in table else "value"


def _settled(data: Readings, plan: AnalysisPlan) -> tuple[AnalysisPlan, list[Problem]]:
    """Fill in what the plan left to the data, and say so; refuse arms that have no readings."""
    notes = []
    wanted = {a for pair in plan.pairs for a in pair} | ({plan.reference} if plan.reference else set())
    absent = wanted - set(data.arms)
    if absent:
        raise ThecalError.single("analysis", "the plan compares arms that have no readings",
                                 seen=", ".join(sorted(absent)), allowed=", ".join(data.arms), code="unknown-arm")
    if len(data.arms) < 2:
        raise ThecalError.single("table", "there is only one arm; nothing can be compared", seen=data.arms[0],
                                 code="one-arm")
    if plan.baseline_days is None:
        before = tuple(d for d in data.days if d < 0) or tuple(d for d in data.days[:-1] if d == 0)
        notes.append(Problem("analysis.baseline_days", "baseline visits were taken from the days",
                             seen=", ".join(f"{d:g}" for d in before) or "none", severity="note", code="baseline-days"))
        plan = replace(plan, baseline_days=before)
    if not plan.reference and not plan.pairs:
        likely = [a for word in ("vehicle", "saline", "control", "sham", "uninjured", "naive") for a in data.arms
                  if word in a.lower()] or [data.arms[0]]
        notes.append(Problem("analysis.reference", "no reference arm was planned; one was taken by its name",
                             seen=likely[0], severity="warning", code="reference"))
        plan = replace(plan, reference=likely[0])
    return plan, notes


def _all_censored(rows: Layout) -> list[Problem]:
    share = rows.frame.assign(hidden=rows.frame["censored"] != "").groupby(["arm", "day"])["hidden"].mean()
    return [Problem(f"{arm}, day {day:g}", "every reading is censored: only a bound of this mean is known",
                    severity="warning", code="all-censored") for (arm, day), s in share.items() if s == 1]


def _classical(data: Readings, rows: Layout, pairs: list[tuple[str, str]],
               notes: list[Problem]) -> tuple[RepeatedMeasures | None, pd.DataFrame, pd.DataFrame]:
    """Two-way repeated-measures ANOVA on complete animals, as published papers show it."""
    wide = rows.frame.pivot_table(index=["arm", "animal"], columns="day", values="y")
    complete = wide.dropna()
    if len(complete) < len(wide):
        notes.append(Problem("classical ANOVA", f"{len(wide) - len(complete)} animals missed a visit and are left out "
                             "of the classical ANOVA (the mixed model keeps them)", severity="note", code="incomplete"))
    arms = [a for a in data.arms if a in complete.index.get_level_values(0)]
    index = [arms.index(a) for a, _ in complete.index]
    usable = [(a, r) for a, r in pairs if a in arms and r in arms]
    if len(arms) < 2 or complete.shape[1] < 2 or len(complete) <= len(arms) or not usable:
        return None, pd.DataFrame(), pd.DataFrame()
    found = rm_anova(complete.to_numpy(), index, [(arms.index(a), arms.index(r)) for a, r in usable])
    table = pd.DataFrame([{"term": term, "F": float(e.F), "df1": e.df1, "df2": e.df2, "p": float(e.p),
                           "p_gg": float(e.p_gg), "partial_eta2": float(e.partial_eta2), "gg_epsilon": float(found.gg)}
                          for term, e in (("arm", found.arm), ("visit", found.visit),
                                          ("arm × visit", found.interaction))])
    posts = pd.DataFrame([{"name": f"{a} − {r}", "day": float(d), "estimate": float(found.difference[i, j]),
                           "se": float(found.se[i]), "df": found.df, "p": float(found.p[i, j]),
                           "p_bonferroni": float(found.p_bonferroni[i, j])}
                          for i, (a, r) in enumerate(usable) for j, d in enumerate(complete.columns)])
    return found, table, posts


def _relief(data: Readings, plan: AnalysisPlan, pairs: list[tuple[str, str]]) -> tuple[ReliefWithIntervals, ...]:
    if plan.dose_day is None or plan.outcome == "score" or plan.paired:
        return ()
    found = [relief_with_intervals(data, a, r, plan.baseline_days or (), plan.dose_day, plan.level, plan.floor_log10,
                                   stream(plan.seed, f"{a}/{r}", "relief-bootstrap"), plan.bootstraps)
             for a, r in pairs]
    return tuple(f for f in found if f is not None)


def _plain(x: Any) -> Any:
    """JSON-ready: frames as rows, nan and infinity as null, NumPy numbers as Python's."""
    if isinstance(x, pd.DataFrame):
        return [_plain(row) for row in x.to_dict("records")]
    if hasattr(x, "as_dict"):
        return _plain(x.as_dict())
    if is_dataclass(x):
        return {f.name: _plain(getattr(x, f.name)) for f in fields(x)}
    if isinstance(x, dict):
        return {str(k): _plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [_plain(v) for v in x]
    if isinstance(x, (bool, np.bool_)):
        return bool(x)
    if isinstance(x, (int, np.integer)):
        return int(x)
    if isinstance(x, (float, np.floating)):
        return float(x) if math.isfinite(x) else None
    return x if x is None or isinstance(x, str) else str(x)

