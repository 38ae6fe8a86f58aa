"""Effect sizes with intervals, and equivalence.

    g = J(df)·estimate/SD,   J(df) = Γ(df/2) / (√(df/2) Γ((df−1)/2))

Its interval inverts the noncentral t distribution of the test statistic. Equivalence is claimed by two one-sided tests
(TOST): both must reject a difference as large as the margin. Absence of significance is not equivalence.
Sources: Hedges 1981; Steiger & Fouladi 1997 (inversion); Schuirmann 1987 (TOST). Twin: R's noncentral ``pt``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special, stats

from thecal.analysis.statistics.anova import ttest


@dataclass(frozen=True)
class EffectSize:
    """Standardised difference with its interval."""

    g: float
    low: float
    high: float


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests against ±margin; ``interval`` is the 1 − 2·alpha interval that must lie inside."""

    margin: float
    p: float
    low: float
    high: float
    equivalent: bool


def correction(df: float) -> float:
    """Hedges' small-sample factor J(df), exact."""
    if df <= 1:
        return np.nan
    return float(np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / np.sqrt(df / 2))


def noncentrality(t: float, df: float, level: float = 0.95) -> tuple[float, float]:
    """The noncentralities for which ``t`` is the upper and the lower (1 − level)/2 quantile; nan where none is found.

    With less than about one degree of freedom the interval can be wider than any number SciPy's distribution reaches.
    """
    tail = (1 - level) / 2
    width = 6 * np.sqrt(1 + t * t / (2 * df))

    def excess(ncp: float, target: float) -> float:
        below = stats.nct.cdf(t, df, ncp)
        return (below if np.isfinite(below) else float(ncp < t)) - target      # SciPy gives nan far in the tails

    def solve(target: float) -> float:
        for reach in (width, 8 * width, 64 * width):
            ends = t - reach, t + reach
            if excess(ends[0], target) > 0 > excess(ends[1], target):
                return float(optimize.brentq(excess, *ends, args=(target,), xtol=1e-9))
        return np.nan

    return solve(1 - tail), solve(tail)


def standardised(estimate: float, se: float, df: float, sd: float, level: float = 0.95) -> EffectSize:
    """Hedges' g of any contrast: its estimate over the standard deviation ``sd`` of one reading."""
    J, unit = correction(df), se / sd
    low, high = noncentrality(estimate / se, df, level)
    return EffectSize(J * estimate / sd, J * low * unit, J * high * unit)


def hedges_g(a: ArrayLike, b: ArrayLike, level: float = 0.95) -> EffectSize:
    """Hedges' g of two independent samples, a − b, with the pooled standard deviation."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    test = ttest(a, b, welch=False)
    sd = float(test.se / np.sqrt(1 / a.size + 1 / b.size))
    return standardised(float(test.difference), float(test.se), float(test.df), sd, level)


def tost(estimate: float, se: float, df: float, margin: float, alpha: float = 0.05) -> Equivalence:
    """Is the difference smaller than ``margin`` in either direction?

    Errors: ValueError when the margin is not positive.
    """
    if not margin > 0:
        raise ValueError(f"an equivalence margin must be positive, not {margin:g}")
    p = max(float(stats.t.sf((estimate + margin) / se, df)), float(stats.t.sf((margin - estimate) / se, df)))
    half = float(stats.t.ppf(1 - alpha, df)) * se
    return Equivalence(margin, p, estimate - half, estimate + half, p < alpha)
