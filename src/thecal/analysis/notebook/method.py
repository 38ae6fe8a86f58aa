"""What the up-down method could know in this notebook: each group's pooled curve, and where the method fails on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from thecal.analysis.notebook.findings import Finding
from thecal.assay.filaments import FilamentSet
from thecal.assay.pooling import PooledCurve, pool
from thecal.assay.reliability import reliability
from thecal.core.errors import ThecalError

# What these figures are in one set of mice, to be seen beside one's own; not a norm.
PUBLISHED = (
    {
        "condition": "uninjured",
        "visits": 5,
        "animals": 12,
        "within_animal_sd": 0.267,
        "between_animal_sd": 0.212,
        "icc": 0.39,
    },
    {
        "condition": "SNI, days 3 to 21",
        "visits": 4,
        "animals": 19,
        "within_animal_sd": 0.434,
        "between_animal_sd": 0.162,
        "icc": 0.12,
    },
)
PUBLISHED_SOURCE = (
    "raw up-down series of 59 mice, Sandoval Ortega 2026, doi:10.5281/zenodo.20762768; log10 g, mouse set of 8"
)
FEWEST_SESSIONS = 5
BEFORE, AFTER = "before day 0", "from day 0"


@dataclass(frozen=True)
class Curve:
    """The pooled psychometric curve of one group before or from day 0, and what the up-down rule makes of it.

    ``method_sd_log10`` is the spread of single thresholds that the rule alone gives on this curve,
    ``method_bias_log10`` how far their mean lies from the curve's own threshold, ``no_estimate`` the share of sessions
    without one.
    """

    group: str
    when: str
    sessions: int
    trials: int
    mean_log10_g: float
    mean_se: float
    sigma_log10: float
    between_sessions_log10: float
    method_sd_log10: float
    method_bias_log10: float
    no_estimate: float
    warnings: tuple[str, ...]


def curves(
    readings: pd.DataFrame, filaments: FilamentSet, steps: str
) -> tuple[list[Curve], pd.DataFrame, list[Finding]]:
    """Pooled curves, each session drawn toward its curve, and a finding where the method cannot handle one.

    Arguments:
        readings: the readings table of one notebook; included von Frey series count.
        steps: how single thresholds were estimated.

    Returns: the curves; a table animal, group, day, pooled_log10_g, pooled_sd (posterior of each session, for
        pictures and single animals; group differences belong to the models); findings.
    """
    fitted, sessions, findings = [], [], []
    for (group, before), rows in _series(readings).groupby(["group", "before"], sort=True):
        fit = _pool(rows, filaments)
        if fit is None:
            continue
        sessions.append(
            rows[["animal", "group", "day"]].assign(pooled_log10_g=fit.session_log10_g, pooled_sd=fit.session_sd)
        )
        when = BEFORE if before else AFTER
        expected = reliability(filaments, fit.sigma_log10, fit.mean_log10_g, steps=steps)
        fitted.append(
            Curve(
                str(group),
                when,
                len(rows),
                fit.trials,
                fit.mean_log10_g,
                fit.mean_se,
                fit.sigma_log10,
                fit.tau_log10,
                float(expected.sd[0]),
                float(expected.bias[0]),
                float(expected.no_estimate[0]),
                expected.warnings,
            )
        )
        if expected.warnings:
            findings.append(
                Finding(
                    "method",
                    f"{group}, {when}: " + " ".join(expected.warnings),
                    "single thresholds are given as the method gives them; see the pooled curve",
                    likely_cause=f"the curve is {fit.sigma_log10:.2f} log10 wide ({len(rows)} sessions pooled)",
                )
            )
    return fitted, pd.concat(sessions) if sessions else pd.DataFrame(), findings


def pooled_contrasts(readings: pd.DataFrame, filaments: FilamentSet, pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """Group differences per day from the letters themselves: a random-threshold probit per group and day.

    The width of the curve is that of the group before or from day 0. Animals of different groups are independent, so
    the variances add; the interval is normal, and therefore a little narrow below about ten animals.

    Returns: columns name, arm, reference, day, estimate, se, low, high (log10 g).
    """
    table = _series(readings)
    width = {
        key: fit.sigma_log10
        for key, rows in table.groupby(["group", "before"])
        if (fit := _pool(rows, filaments)) is not None
    }
    fits: dict[tuple[str, float], PooledCurve] = {}
    for (group, before, day), rows in table.groupby(["group", "before", "day"]):
        fit = _pool(rows, filaments, width.get((group, before)))
        if fit is not None:
            fits[str(group), float(day)] = fit
    found = []
    for arm, reference in pairs:
        for day in sorted({d for g, d in fits if g == arm} & {d for g, d in fits if g == reference}):
            a, b = fits[arm, day], fits[reference, day]
            estimate, se = a.mean_log10_g - b.mean_log10_g, float(np.hypot(a.mean_se, b.mean_se))
            found.append(
                {
                    "name": f"{arm} − {reference}",
                    "arm": arm,
                    "reference": reference,
                    "day": day,
                    "estimate": estimate,
                    "se": se,
                    "low": estimate - 1.959964 * se,
                    "high": estimate + 1.959964 * se,
                }
            )
    return pd.DataFrame(found)


def _series(readings: pd.DataFrame) -> pd.DataFrame:
    usable = (
        (readings["assay"] == "von_frey")
        & readings["included"]
        & (readings["series"] != "")
        & readings["value"].notna()
        & readings["day"].notna()
    )
    table = readings[usable]
    return table.assign(before=table["day"] < 0)


def _pool(rows: pd.DataFrame, filaments: FilamentSet, sigma_log10: float | None = None) -> PooledCurve | None:
    """None where too few sessions, or letters all alike, say nothing about a curve."""
    if len(rows) < FEWEST_SESSIONS:
        return None
    try:
        return pool(
            rows["series"].to_numpy(dtype=str),
            rows["last_filament"].to_numpy(dtype=np.int64),
            filaments,
            sigma_log10=sigma_log10,
        )
    except ThecalError:
        return None
