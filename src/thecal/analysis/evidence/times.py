"""Onset and duration as interval-censored times: a test sees that relief began or ended between two visits.

Turnbull's estimator without a law, and Weibull and lognormal laws by maximum likelihood. A study that ended while
relief lasted is right-censored; dropping it, or taking its last day as the duration, would both be wrong.

Sources: Turnbull 1976, J R Stat Soc B 38:290; Gentleman and Geyer 1994, Biometrika 81:618.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from thecal.analysis.evidence.pooling import Array

LAWS = ("weibull", "lognormal")


@dataclass(frozen=True)
class Turnbull:
    """Mass on the innermost intervals (left, right]; ``right`` may be infinite."""

    left: Array
    right: Array
    mass: Array

    def survival(self, t: float) -> tuple[float, float]:
        """Lowest and highest share of times beyond t: inside an interval the data do not say where the mass is."""
        certain = float(self.mass[self.left >= t].sum())
        inside = float(self.mass[(self.left < t) & (self.right > t)].sum())
        return certain, certain + inside


@dataclass(frozen=True)
class FittedTime:
    """A law of times: log T = location + scale * error (error: smallest extreme value or standard normal)."""

    law: str
    k: int
    exact_or_bracketed: int
    right_censored: int
    location: float
    scale: float
    median: float
    low: float
    high: float
    log_likelihood: float
    remark: str = ""

    def quantile(self, share: float) -> float:
        """The time by which a share of studies has passed it."""
        error = float(stats.norm.ppf(share)) if self.law == "lognormal" else math.log(-math.log1p(-share))
        return math.exp(self.location + self.scale * error)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``, in days."""
        return {"law": self.law, "k": self.k, "bracketed": self.exact_or_bracketed,
                "right_censored": self.right_censored, "median_d": self.median, "ci_d": [self.low, self.high],
                "location_log_d": self.location, "scale_log": self.scale,
                "range_of_studies_d": [self.quantile(0.05), self.quantile(0.95)],
                "log_likelihood": self.log_likelihood, "remark": self.remark}


def turnbull(low: ArrayLike, high: ArrayLike, tolerance: float = 1e-12) -> Turnbull:
    """The nonparametric estimate.

    Arguments: low and high, shape (k,), the time lies in (low, high]; high = inf for "longer than the study".
    """
    low, high = _intervals(low, high)
    left, right = _innermost(low, high)
    inside = (left[None, :] >= low[:, None]) & (right[None, :] <= high[:, None])
    mass = np.full(len(left), 1 / len(left))
    for _ in range(200_000):
        share = inside * mass
        new = (share / share.sum(axis=1, keepdims=True)).mean(axis=0)
        if np.max(np.abs(new - mass)) < tolerance:
            break
        mass = new
    return Turnbull(left, right, mass)


def fit_time(low: ArrayLike, high: ArrayLike, law: str = "lognormal", level: float = 0.95) -> FittedTime:
    """A law by maximum likelihood, with the profile-likelihood interval of its median.

    Errors: ValueError when there are fewer than two times, or when every time is right-censored (no upper end of
        any duration was seen, so none can be estimated), or when all brackets overlap in one point (no spread).
    """
    low, high = _intervals(low, high)
    censored = int(np.isinf(high).sum())
    if len(low) < 2:
        raise ValueError("a spread needs at least two studies")
    if censored == len(low):
        raise ValueError("in every study relief outlasted the tests, so no duration can be estimated")
    if np.max(low) < np.min(high):
        raise ValueError("one single time would fit every study, so no spread between studies can be estimated")
    if censored == 0 and not np.any(low > 0):
        raise ValueError("every time is only known to be short, so no median can be estimated")
    log_low, log_high = _logs(low, high)

    def negative(theta: Array) -> float:
        return -_likelihood(law, float(theta[0]), math.exp(float(theta[1])), log_low, log_high)

    middle = np.log(np.where(np.isinf(high), np.maximum(low, 1e-3), (low + np.minimum(high, 1e9)) / 2))
    options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 5000}
    found = min((optimize.minimize(negative, [float(np.mean(middle)), s], method="Nelder-Mead", options=options)
                 for s in (-1.0, 0.0, 1.0)), key=lambda r: float(r.fun))
    location, scale = float(found.x[0]), math.exp(float(found.x[1]))
    shift = 0.0 if law == "lognormal" else math.log(math.log(2))
    bounds = _median_interval(law, location + scale * shift, shift, -float(found.fun), log_low, log_high, level)
    bracketed = len(low) - censored
    return FittedTime(law, len(low), bracketed, censored, location, scale, math.exp(location + scale * shift), *bounds,
                      -float(found.fun), "" if bracketed >= 5 else
                      f"only {bracketed} of {len(low)} studies saw the time; the law beyond the data is its assumption")


def best_law(low: ArrayLike, high: ArrayLike, level: float = 0.95) -> FittedTime:
    """The law with the larger likelihood; both have two parameters."""
    return max((fit_time(low, high, law, level) for law in LAWS), key=lambda f: f.log_likelihood)


@dataclass(frozen=True)
class TimeBelief:
    """5 %, 50 % and 95 % of belief about the median time over studies, and about the spread (SD of log time)."""

    median_d: tuple[float, float, float]
    spread_log: tuple[float, float, float]


def belief(low: ArrayLike, high: ArrayLike, prior_low_d: float, prior_high_d: float,
           prior_spread: float = 1.0) -> TimeBelief:
    """A lognormal law weighed on a grid, for handing on: finite even where likelihood alone has no upper end.

    Arguments:
        low, high: the intervals.
        prior_low_d, prior_high_d: 5 % and 95 % of what one may believe of the median before these studies.
        prior_spread: scale of a half-normal belief about the SD of log time between studies.
    """
    low, high = _intervals(low, high)
    log_low, log_high = _logs(low, high)
    centre = (math.log(prior_low_d) + math.log(prior_high_d)) / 2
    width = (math.log(prior_high_d) - math.log(prior_low_d)) / 2 / 1.6448536269514722
    locations = centre + width * np.linspace(-4, 4, 241)
    scales = prior_spread * np.linspace(0.02, 3.5, 120)
    m, spread = locations[:, None, None], scales[None, :, None]
    weight = _log_mass("lognormal", (log_low - m) / spread, (log_high - m) / spread).sum(axis=2)
    weight += stats.norm.logpdf(locations, centre, width)[:, None] - scales[None, :] ** 2 / (2 * prior_spread**2)
    mass = np.exp(weight - weight.max())
    return TimeBelief(_quantiles(np.exp(locations), mass.sum(axis=1)), _quantiles(scales, mass.sum(axis=0)))


def _quantiles(values: Array, mass: Array) -> tuple[float, float, float]:
    low, middle, high = np.interp([0.05, 0.5, 0.95], np.cumsum(mass) / mass.sum(), values)
    return float(low), float(middle), float(high)


def _intervals(low: ArrayLike, high: ArrayLike) -> tuple[Array, Array]:
    low, high = np.asarray(low, float), np.asarray(high, float)
    if len(low) == 0 or np.any(low < 0) or np.any(high <= low):
        raise ValueError("each time needs 0 <= low < high")
    return low, high


def _logs(low: Array, high: Array) -> tuple[Array, Array]:
    return np.where(low > 0, np.log(np.maximum(low, 1e-300)), -math.inf), np.log(high)


def _innermost(low: Array, high: Array) -> tuple[Array, Array]:
    """Intervals (q, p] with q a left end, p the next right end, and no other end between: the only carriers of mass."""
    left, right = [], []
    for q in np.unique(low):
        p = np.min(high[high > q])
        if not np.any((low > q) & (low < p)):
            left.append(q)
            right.append(p)
    return np.array(left), np.array(right)


def _likelihood(law: str, location: float, scale: float, log_low: Array, log_high: Array) -> float:
    return float(np.sum(_log_mass(law, (log_low - location) / scale, (log_high - location) / scale)))


def _log_mass(law: str, a: Array, b: Array) -> Array:
    """Log probability of (a, b] for standardised log times, from the nearer tail so that no digits are lost."""
    if law == "lognormal":
        upper = a > 0  # mirror intervals in the upper tail
        big = stats.norm.logcdf(np.where(upper, -a, b))
        small = stats.norm.logcdf(np.where(upper, -b, a))
    else:
        with np.errstate(over="ignore"):
            big, small = -np.exp(a), -np.exp(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = big + np.log1p(-np.exp(np.minimum(small - big, 0)))
    return np.where(np.isfinite(terms), terms, -1e6)


def _median_interval(law: str, log_median: float, shift: float, best: float, log_low: Array, log_high: Array,
                     level: float) -> tuple[float, float]:
    drop = float(stats.chi2.ppf(level, 1)) / 2

    def height(at: float) -> float:
        over = optimize.minimize_scalar(
            lambda s: -_likelihood(law, at - math.exp(s) * shift, math.exp(s), log_low, log_high),
            bounds=(-6.0, 4.0), method="bounded", options={"xatol": 1e-8})
        return -float(over.fun) - best + drop

    edges = []
    for sign in (-1, 1):
        far = 0.2
        while height(log_median + sign * far) > 0 and far < 12:
            far *= 1.5
        if far >= 12:
            edges.append(0.0 if sign < 0 else math.inf)
        else:
            edges.append(math.exp(float(optimize.brentq(lambda d, s=sign: height(log_median + s * d), 0, far)) * sign
                                  + log_median))
    return edges[0], edges[1]
