"""Random-effects pooling: y_i ~ N(x_i b, v_i + tau2), restricted maximum likelihood, Hartung-Knapp intervals.

Sources: Viechtbauer 2005, J Educ Behav Stat 30:261 (REML); Knapp and Hartung 2003, Stat Med 22:2693;
Higgins 2009, J R Stat Soc A 172:137 (prediction interval); Viechtbauer 2007, Stat Med 26:37 (Q-profile).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pooled:
    """A pooled estimate.

    ``estimate`` is the first coefficient (the mean effect without moderators); ``low`` and ``high`` its
    Hartung-Knapp interval; ``predicted`` where the true effect of a new study would lie; ``i2`` the share of
    variance that is between studies, in per cent; ``tau2_low`` and ``tau2_high`` from the Q profile.
    """

    k: int
    estimate: float
    se: float
    low: float
    high: float
    p: float
    tau2: float
    tau2_low: float
    tau2_high: float
    i2: float
    q: float
    q_p: float
    predicted: tuple[float, float]
    coefficients: Array
    covariance: Array
    level: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return {"k": self.k, "estimate": self.estimate, "se": self.se, "ci": [self.low, self.high], "p": self.p,
                "tau2": self.tau2, "tau2_ci": [self.tau2_low, self.tau2_high], "tau": self.tau2**0.5, "i2_pct": self.i2,
                "q": self.q, "q_p": self.q_p, "prediction_interval": list(self.predicted), "level": self.level,
                "method": "REML, Hartung-Knapp"}


def pool(y: ArrayLike, v: ArrayLike, x: ArrayLike | None = None, level: float = 0.95, cautious: bool = False) -> Pooled:
    """Pool effects.

    Arguments:
        y: effects, shape (k,).
        v: sampling variances, shape (k,), all positive.
        x: moderators, shape (k, p), with the column of ones; None is the mean alone.
        level: of every interval.
        cautious: never narrower than without the Hartung-Knapp scale, which a few alike effects can make tiny
            (Roever 2015, BMC Med Res Methodol 15:99).

    Errors: ValueError when there are fewer than p + 1 effects, or a variance is not positive.
    Validity: normal effects with known variances; for k below about 5 the interval is wide and says so.
    """
    y, v, x = _arrays(y, v, x)
    k, p = x.shape
    tau2 = reml(y, v, x)
    b, vb, residual = _fit(y, v + tau2, x)
    scale = float(residual @ (residual / (v + tau2))) / (k - p)
    vb = vb * max(scale, 1.0 if cautious else 1e-30)
    se = float(np.sqrt(vb[0, 0]))
    edge = float(stats.t.ppf(0.5 + level / 2, k - p))
    q = float(np.sum(_fit(y, v, x)[2] ** 2 / v))
    wide = edge * float(np.sqrt(vb[0, 0] + tau2))
    low, high = q_profile(y, v, x, level)
    return Pooled(k, float(b[0]), se, float(b[0]) - edge * se, float(b[0]) + edge * se,
                  float(2 * stats.t.sf(abs(b[0]) / se, k - p)), tau2, low, high,
                  100 * tau2 / (tau2 + typical_variance(v, x)), q, float(stats.chi2.sf(q, k - p)),
                  (float(b[0]) - wide, float(b[0]) + wide), b, vb, level)


def _arrays(y: ArrayLike, v: ArrayLike, x: ArrayLike | None) -> tuple[Array, Array, Array]:
    y, v = np.asarray(y, float), np.asarray(v, float)
    x = np.ones((len(y), 1)) if x is None else np.asarray(x, float)
    if len(y) <= x.shape[1]:
        raise ValueError(f"{len(y)} effects are too few to pool with {x.shape[1]} coefficient(s)")
    if not (np.all(v > 0) and np.all(np.isfinite(y))):
        raise ValueError("every effect needs a finite value and a positive variance")
    return y, v, x


def _fit(y: Array, total: Array, x: Array) -> tuple[Array, Array, Array]:
    """Weighted least squares: coefficients, their covariance, residuals."""
    weighted = x / total[:, None]
    covariance = np.linalg.inv(x.T @ weighted)
    b = covariance @ (weighted.T @ y)
    return b, np.asarray(covariance, float), y - x @ b


def projection(v: Array, x: Array) -> Array:
    """P = W - W X (X'WX)^-1 X'W, the matrix that takes the moderators out; shape (k, k)."""
    w = np.diag(1 / v)
    return w - w @ x @ np.linalg.inv(x.T @ w @ x) @ x.T @ w


def typical_variance(v: Array, x: Array) -> float:
    """The "typical" within-study variance that I2 sets tau2 against: (k - p) / trace(P)."""
    return (len(v) - x.shape[1]) / float(np.trace(projection(v, x)))


def reml(y: Array, v: Array, x: Array) -> float:
    """The restricted maximum likelihood estimate of tau2, by a bounded search and Fisher scoring to the end."""

    def deviance(tau2: float) -> float:
        total = v + tau2
        _, covariance, residual = _fit(y, total, x)
        return float(np.sum(np.log(total)) - np.linalg.slogdet(covariance)[1] + np.sum(residual**2 / total))

    top = 10 * float(np.var(y)) + 10 * float(np.max(v))
    grid = np.concatenate([[0.0], np.geomspace(1e-8 * top, top, 80)])
    values = [deviance(t) for t in grid]
    best = int(np.argmin(values))
    if best == 0:
        return 0.0
    found = optimize.minimize_scalar(deviance, bounds=(grid[best - 1], grid[min(best + 1, 80)]), method="bounded",
                                     options={"xatol": 1e-12 * top})
    tau2 = float(found.x)
    for _ in range(30):
        p = projection(v + tau2, x)
        step = float(y @ p @ p @ y - np.trace(p)) / float(np.trace(p @ p))
        tau2 = max(0.0, tau2 + step)
        if abs(step) < 1e-13 * top:
            break
    return tau2


def q_profile(y: Array, v: Array, x: Array, level: float) -> tuple[float, float]:
    """Interval of tau2: the values at which the generalised Q reaches its chi-square quantiles."""
    df = len(y) - x.shape[1]

    def q(tau2: float) -> float:
        residual = _fit(y, v + tau2, x)[2]
        return float(np.sum(residual**2 / (v + tau2)))

    def where(target: float) -> float:
        if q(0.0) <= target:
            return 0.0
        top = 1.0
        while q(top) > target:
            top *= 4
        return float(optimize.brentq(lambda t: q(t) - target, 0.0, top, xtol=1e-12))

    return where(float(stats.chi2.ppf(0.5 + level / 2, df))), where(float(stats.chi2.ppf(0.5 - level / 2, df)))
