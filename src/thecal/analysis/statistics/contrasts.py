"""Planned contrasts: arm minus control at each planned visit, and averaged over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thecal.analysis.statistics.censored import Imputed
from thecal.analysis.statistics.crossover import TERM
from thecal.analysis.statistics.design_matrix import Layout
from thecal.analysis.statistics.effects import standardised, tost
from thecal.analysis.statistics.mixed import NESTED, Fit, JointTest
from thecal.analysis.statistics.multiplicity import adjusted, critical
from thecal.analysis.statistics.plan import AnalysisPlan
from thecal.core.errors import Problem

Floats = NDArray[np.float64]
MEAN = float("nan")       #: day of a contrast that averages visits


@dataclass(frozen=True)
class Planned:
    """One planned contrast: what is compared, when (nan: mean of the visits), and its weights."""

    arm: str
    reference: str
    day: float
    weights: Floats

    @property
    def name(self) -> str:
        """``cells − vehicle``."""
        return f"{self.arm} − {self.reference}"


def planned(layout: Layout, plan: AnalysisPlan, arms: tuple[str, ...],
            baseline_days: tuple[float, ...]) -> tuple[list[Planned], list[Problem]]:
    """The contrasts of the plan that the readings can answer, and a note for each that they cannot."""
    notes = []
    pairs = plan.pairs or tuple((a, plan.reference) for a in arms if a != plan.reference)
    have = set(layout.cells)
    days = plan.days if plan.days is not None else tuple(sorted({d for _, d in have} - set(baseline_days)))
    found = []
    for arm, reference in pairs:
        shared = [d for d in days if (arm, d) in have and (reference, d) in have]
        if len(shared) < len(days):
            notes.append(Problem(f"{arm} − {reference}", "some planned visits have no readings in both arms",
                                 seen=", ".join(f"{d:g}" for d in days if d not in shared), severity="warning",
                                 code="empty-cell"))
        found += [Planned(arm, reference, d, layout.weights({(arm, d): 1.0, (reference, d): -1.0})) for d in shared]
        if plan.mean_contrast and len(shared) > 1:
            k = 1 / len(shared)
            found.append(Planned(arm, reference, MEAN, layout.weights(
                {(arm, d): k for d in shared} | {(reference, d): -k for d in shared})))
    return found, notes


def contrast_table(fit: Fit | Imputed, contrasts: list[Planned], plan: AnalysisPlan) -> pd.DataFrame:
    """Estimates, single and simultaneous intervals, adjusted p, Hedges' g and equivalence.

    The family for multiplicity is every planned contrast at a visit; the means over visits are a family of their own.
    """
    level = 1 - plan.alpha
    rows = []
    for c in contrasts:
        e = fit.contrast(c.weights, plan.method, level)
        sd = spread(fit, c.arm, c.reference)
        size = standardised(e.value, e.se, e.df, sd, level)
        row = {"name": c.name, "arm": c.arm, "reference": c.reference, "day": c.day, "estimate": e.value, "se": e.se,
               "df": e.df, "t": e.t, "p": e.p, "low": e.low, "high": e.high, "g": size.g, "g_low": size.low,
               "g_high": size.high, "sd": sd}
        if plan.equivalence_margin is not None:
            same = tost(e.value, e.se, e.df, plan.equivalence_margin, plan.alpha)
            row |= {"margin": same.margin, "p_equivalence": same.p, "equivalent": same.equivalent}
        rows.append(row)
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    table[["p_adjusted", "low_simultaneous", "high_simultaneous"]] = np.nan
    covariance = fit.covariance(plan.method)
    for family in (table["day"].notna(), table["day"].isna()):
        if family.any():
            _adjust(table, family.to_numpy(), np.array([c.weights for c in contrasts]), covariance, plan)
    return table


def spread(fit: Fit | Imputed, arm: str, reference: str) -> float:
    """Standard deviation of one reading of an animal: between animals and residual, pooled over the two arms."""
    v = fit.variances
    own = [v[f"residual:{a}"] for a in (arm, reference) if f"residual:{a}" in v]
    residual = own or [x for name, x in v.items() if name not in ("animal", NESTED)]
    return float(np.sqrt(max(v["animal"], 0) + v.get(NESTED, 0.0) + np.mean(residual)))


def type_three(fit: Fit | Imputed, layout: Layout, plan: AnalysisPlan) -> pd.DataFrame:
    """F tests of arm, visit, arm × visit (where every cell has readings) and of each covariate."""
    arms = list(dict.fromkeys(a for a, _ in layout.cells))
    days = sorted({d for _, d in layout.cells})
    tests: dict[str, JointTest] = {}
    if len(layout.cells) == len(arms) * len(days):
        def cell(a: str, d: float) -> Floats:
            return layout.weights({(a, d): 1.0})
        mean_arm = {a: np.mean([cell(a, d) for d in days], axis=0) for a in arms}
        mean_day = {d: np.mean([cell(a, d) for a in arms], axis=0) for d in days}
        if len(arms) > 1:
            tests["arm"] = fit.joint(np.array([mean_arm[a] - mean_arm[arms[0]] for a in arms[1:]]), plan.method)
        if len(days) > 1:
            tests["visit"] = fit.joint(np.array([mean_day[d] - mean_day[days[0]] for d in days[1:]]), plan.method)
        if len(arms) > 1 and len(days) > 1:
            tests["arm × visit"] = fit.joint(np.array(
                [cell(a, d) - cell(arms[0], d) - cell(a, days[0]) + cell(arms[0], days[0])
                 for a in arms[1:] for d in days[1:]]), plan.method)
    p = layout.X.shape[1]
    for name in dict.fromkeys(c.split("=")[0] for c in layout.covariates):
        rows = [len(layout.cells) + j for j, c in enumerate(layout.covariates) if c.split("=")[0] == name]
        tests[name] = fit.joint(np.eye(p)[rows], plan.method)
    return pd.DataFrame([{"term": k, "F": t.F, "df1": t.df1, "df2": t.df2, "p": t.p} for k, t in tests.items()],
                        columns=["term", "F", "df1", "df2", "p"])


def carry_over(fit: Fit | Imputed, layout: Layout, plan: AnalysisPlan, arms: tuple[str, ...]) -> pd.DataFrame:
    """What is left behind by each arm, less what the first arm leaves behind; empty where nothing of it can be known.

    ``tested`` says how: ``term`` of the model, or ``orders``, the totals of animals with one order against the other.
    """
    rows = []
    names = [c for c in layout.columns if c.startswith(TERM + "=")]
    if names:
        ways = [(name.split("=", 1)[1], "term", np.eye(len(layout.columns))[layout.columns.index(name)])
                for name in names]
    else:
        parts = {} if layout.periods is None else layout.periods.between_orders(layout.frame, arms)
        ways = [(arms[1], "orders", layout.weights(parts))] if parts else []
    for arm, tested, weights in ways:
        e = fit.contrast(weights, plan.method, 1 - plan.alpha)
        rows.append({"name": f"after {arm} − after {arms[0]}", "tested": tested, "estimate": e.value, "se": e.se,
                     "df": e.df, "t": e.t, "p": e.p, "low": e.low, "high": e.high})
    return pd.DataFrame(rows)


def coefficients(fit: Fit | Imputed, layout: Layout, plan: AnalysisPlan) -> pd.DataFrame:
    """Adjusted means of the cells and coefficients of the covariates, with intervals."""
    rows = []
    for j, name in enumerate(layout.columns):
        e = fit.contrast(np.eye(len(layout.columns))[j], plan.method, 1 - plan.alpha)
        rows.append({"term": name, "kind": "mean" if j < len(layout.cells) else "covariate", "estimate": e.value,
                     "se": e.se, "df": e.df, "low": e.low, "high": e.high, "p": e.p})
    return pd.DataFrame(rows)


def _adjust(table: pd.DataFrame, family: NDArray[np.bool_], W: Floats, covariance: Floats, plan: AnalysisPlan) -> None:
    C = W[family] @ covariance @ W[family].T
    s = np.sqrt(np.diag(C))
    part = table.loc[family]
    correlation = C / np.outer(s, s)
    table.loc[family, "p_adjusted"] = adjusted(part["p"], part["t"], part["df"], correlation, plan.adjust)
    half = critical(part["df"], correlation, plan.adjust, 1 - plan.alpha) * part["se"]
    table.loc[family, "low_simultaneous"] = part["estimate"] - half
    table.loc[family, "high_simultaneous"] = part["estimate"] + half
