"""The planned contrasts again, by other analyses that a reasonable reader might have chosen."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from thecal.analysis.statistics.crossover import crossover
from thecal.analysis.statistics.mixed import KENWARD_ROGER, SATTERTHWAITE
from thecal.analysis.statistics.plan import AnalysisPlan
from thecal.analysis.statistics.readings import Readings, readings
from thecal.analysis.statistics.transform import transformed
from thecal.core.errors import ThecalError

Contrasts = Callable[..., pd.DataFrame]


def sensitivity(table: pd.DataFrame, data: Readings, plan: AnalysisPlan, contrasts: Contrasts) -> pd.DataFrame:
    """Rows of the contrast table, each with the name of the analysis that gave it.

    Arguments:
        table: the readings as they came (to bring excluded animals back). data: the readings analysed.
        contrasts: ``contrasts(data, plan, **options)``, options of the design.
    """
    other = SATTERTHWAITE if plan.method == KENWARD_ROGER else KENWARD_ROGER
    ways: dict[str, Callable[[], pd.DataFrame]] = {
        f"degrees of freedom by {other}": lambda: contrasts(data, replace(plan, method=other)),
        "no covariates": lambda: contrasts(data, replace(plan, covariates=())),
    }
    for label, by in (("one residual variance", None), ("a residual variance for each arm", "arm"),
                      ("a residual variance for each visit", "day")):
        if by != plan.residual_by:
            ways[label] = functools.partial(contrasts, data, replace(plan, residual_by=by))
    if any(data.frame[c].nunique() > 1 for c in plan.covariates):
        ways["every covariate, confounded or not"] = lambda: contrasts(data, plan, max_inflation=np.inf)
    if plan.baseline == "covariate" and plan.baseline_days:
        ways["baseline not used"] = lambda: contrasts(data, replace(plan, baseline="none"))
    outcome = data.frame[~data.frame["day"].isin(plan.baseline_days or ())]
    periods = crossover(outcome)
    if periods is not None:
        ways["carry-over left out"] = lambda: contrasts(data, plan, carry_over=False)
        first = data.frame.drop(outcome.index[periods.period > 1])
        ways["first period only"] = lambda: contrasts(replace(data, frame=first.reset_index(drop=True)), plan)
    if (data.frame["censored"] != "").any():
        ways["censored readings at their bound"] = lambda: contrasts(data, replace(plan, censoring="bound"))
    if any(n.code == "excluded" for n in data.notes):
        name = "value_log10" if plan.outcome == "threshold" or "value" not in table else "value"
        ways["excluded animals brought back"] = lambda: contrasts(
            transformed(readings(table, name, include_excluded=True, arms=data.arms, paired=plan.paired),
                        plan), plan)
    found = []
    for label, way in ways.items():
        try:
            rows = way()
        except (ThecalError, ValueError, np.linalg.LinAlgError) as error:
            rows = pd.DataFrame([{"name": "", "day": np.nan, "note": f"could not be fitted: {error}"}])
        found.append(rows.assign(analysis=label))
    keep = ["analysis", "name", "day", "estimate", "se", "df", "low", "high", "p", "p_adjusted", "note"]
    out = pd.concat(found, ignore_index=True)
    return out[[c for c in keep if c in out]]
