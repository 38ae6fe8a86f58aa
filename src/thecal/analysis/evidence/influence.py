"""What one study does to a pooled estimate, and whether small studies tell another story than large ones.

Sources: Viechtbauer and Cheung 2010, Res Synth Methods 1:112 (influence); Egger 1997, BMJ 315:629; Begg and
Mazumdar 1994, Biometrics 50:1088; Duval and Tweedie 2000, Biometrics 56:455 (trim and fill).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from thecal.analysis.evidence.pooling import Array, Pooled, pool


@dataclass(frozen=True)
class Influence:
    """One study: the estimate without it, its Cook's distance, weight (hat value) and studentised residual."""

    index: int
    estimate_without: float
    low_without: float
    high_without: float
    tau2_without: float
    i2_without: float
    cooks_distance: float
    hat: float
    studentised: float


def influence(y: ArrayLike, v: ArrayLike) -> list[Influence]:
    """Leave each study out in turn; needs at least three studies (ValueError)."""
    y, v = np.asarray(y, float), np.asarray(v, float)
    if len(y) < 3:
        raise ValueError("leaving one out needs at least three studies")
    full = pool(y, v)
    weights = 1 / (v + full.tau2)
    found = []
    for i in range(len(y)):
        keep = np.arange(len(y)) != i
        rest = pool(y[keep], v[keep])
        # Hartung-Knapp scales the covariance; the variance of the study left out is scaled alike
        scale = rest.covariance[0, 0] * np.sum(1 / (v[keep] + rest.tau2))
        spread = np.sqrt(scale * (v[i] + rest.tau2) + rest.covariance[0, 0])
        found.append(Influence(
            i, rest.estimate, rest.low, rest.high, rest.tau2, rest.i2,
            (full.estimate - rest.estimate) ** 2 / float(full.covariance[0, 0]), float(weights[i] / weights.sum()),
            float((y[i] - rest.estimate) / spread)))
    return found


@dataclass(frozen=True)
class SmallStudies:
    """Three views on small-study effects; each is weak below ten studies, and none proves publication bias."""

    egger_slope: float
    egger_p: float
    limit_estimate: float
    rank_tau: float
    rank_p: float
    filled: int
    filled_side: str
    filled_estimate: Pooled
    remark: str


def small_studies(y: ArrayLike, v: ArrayLike) -> SmallStudies:
    """Egger's regression on the standard error, the rank test, and trim and fill; at least three studies."""
    y, v = np.asarray(y, float), np.asarray(v, float)
    if len(y) < 3:
        raise ValueError("small-study tests need at least three studies")
    slope, slope_p, limit = egger(y, v)
    tau, tau_p = rank_test(y, v)
    k0, side, filled = trim_and_fill(y, v)
    remark = "" if len(y) >= 10 else f"{len(y)} studies: these tests have little power below 10"
    return SmallStudies(slope, slope_p, limit, tau, tau_p, k0, side, filled, remark)


def egger(y: Array, v: Array) -> tuple[float, float, float]:
    """(slope on the standard error, its P, the estimate at standard error zero), mixed-effects with Hartung-Knapp."""
    if np.ptp(v) < 1e-12 * np.max(v):
        return float("nan"), float("nan"), float("nan")
    fit = pool(y, v, np.column_stack([np.ones(len(y)), np.sqrt(v)]))
    t = fit.coefficients[1] / np.sqrt(fit.covariance[1, 1])
    return float(fit.coefficients[1]), float(2 * stats.t.sf(abs(t), len(y) - 2)), float(fit.coefficients[0])


def rank_test(y: Array, v: Array) -> tuple[float, float]:
    """Kendall's tau between standardised effects and their variances."""
    w = 1 / v
    centred = (y - np.sum(w * y) / w.sum()) / np.sqrt(v - 1 / w.sum())
    result = stats.kendalltau(centred, v)
    return float(result.statistic), float(result.pvalue)


def trim_and_fill(y: Array, v: Array) -> tuple[int, str, Pooled]:
    """Number of studies missing by symmetry (estimator L0), the side, and the estimate with mirror images added.

    The side is the one where Egger's slope says that small studies are missing. A symmetry argument, not data.
    """
    slope = egger(y, v)[0]
    side = "right" if slope < 0 else "left"
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * y, kind="stable")
    flipped, variances, k, k0 = (sign * y)[order], v[order], len(y), 0
    for _ in range(100):
        keep = k - k0
        centre = pool(flipped[:keep], variances[:keep]).estimate if keep > 1 else float(flipped[0])
        ranks = stats.rankdata(np.abs(flipped - centre))
        signed = float(np.sum(ranks[(flipped - centre) > 0]))
        estimate = max(0, round((4 * signed - k * (k + 1)) / (2 * k - 1)))
        if estimate == k0:
            break
        k0 = min(estimate, k - 2)
    mirrored = 2 * centre - flipped[k - k0:]
    return k0, side, pool(np.concatenate([y, sign * mirrored]), np.concatenate([v, variances[k - k0:]]))
