"""Multiplicity: p values and intervals of a family of planned contrasts, kept at one family-wise level.

Sources: Holm 1979; Bonferroni; Dunnett 1955 generalised to any correlated contrasts by the multivariate t
distribution (Hothorn, Bretz & Westfall 2008). Twin: R mvtnorm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

Floats = NDArray[np.float64]
METHODS = ("holm", "bonferroni", "dunnett", "none")


def holm(p: ArrayLike) -> Floats:
    """Holm's step-down adjusted p values; (k,) in, (k,) out, nan kept and not counted."""
    p = np.asarray(p, float)
    out = np.full(p.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = np.arange(order.size, 0, -1)
    out[order] = np.minimum(1, np.maximum.accumulate(p[order] * factors)) if order.size else []
    return out


def bonferroni(p: ArrayLike) -> Floats:
    """Bonferroni-adjusted p values; nan kept and not counted."""
    p = np.asarray(p, float)
    return np.minimum(1, p * np.isfinite(p).sum())


def dunnett(t: ArrayLike, df: ArrayLike, correlation: Floats) -> Floats:
    """P(max |T| ≥ |t_i|) for correlated t statistics (Dunnett's test when all share one control).

    Arguments: t (k,), df (k,) — each contrast is referred to a joint t distribution with its own df, as contrasts of a
    mixed model differ a little in df — and their correlation (k, k).
    """
    t, df = np.broadcast_arrays(np.asarray(t, float), np.asarray(df, float))
    if correlation.shape[0] == 1:
        return 2 * stats.t.sf(np.abs(t), df)
    largest = _largest(correlation)
    return np.array([_outside(abs(ti), di, largest) for ti, di in zip(t, df, strict=True)])


def critical(df: ArrayLike, correlation: Floats, method: str, level: float = 0.95) -> Floats:
    """Half-width of simultaneous intervals in standard errors, (k,).

    Holm has no simultaneous intervals of its own; the Bonferroni half-width, valid and slightly wider, is used.
    """
    df = np.atleast_1d(np.asarray(df, float))
    if method == "none":
        return stats.t.ppf(0.5 + level / 2, df)
    single = stats.t.ppf(1 - (1 - level) / (2 * df.size), df)
    if method != "dunnett" or df.size == 1:
        return single
    largest = _largest(correlation)
    ends = np.unique([df.min(), df.max()])
    found = [optimize.brentq(lambda c, d=d: 1 - _outside(c, d, largest) - level,
                             stats.t.ppf(0.5 + level / 2, d) - 0.05, single.max() + 0.05, xtol=1e-5) for d in ends]
    return np.interp(1 / df, 1 / ends[::-1], found[::-1])           # nearly straight in 1/df


def adjusted(p: ArrayLike, t: ArrayLike, df: ArrayLike, correlation: Floats, method: str) -> Floats:
    """Adjusted p values of a family by the named method."""
    if method == "holm":
        return holm(p)
    if method == "bonferroni":
        return bonferroni(p)
    if method == "dunnett":
        return dunnett(t, df, correlation)
    if method == "none":
        return np.asarray(p, float)
    raise ValueError(f"multiplicity must be one of {', '.join(METHODS)}, not '{method}'")


def _outside(c: float, df: float, largest: Floats) -> float:
    """P(max |T| ≥ c) given draws of max |Z|: T = Z/s with df·s² chi-squared, integrated over s exactly."""
    return float(np.mean(stats.chi2.cdf(df * (largest / max(c, 1e-12)) ** 2, df)))


def _largest(correlation: Floats) -> Floats:
    """Draws of max |Z|, Z ~ N(0, correlation), on a Sobol sequence with a fixed seed: the same numbers every time.

    With 2¹⁶ points the tail probabilities near 0.05 are good to about 1e-4.
    """
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0))
    points = stats.qmc.Sobol(root.shape[0], scramble=True, rng=np.random.default_rng(20150803)).random_base2(16)
    return np.max(np.abs(stats.norm.ppf(np.clip(points, 1e-12, 1 - 1e-12)) @ root.T), axis=1)
