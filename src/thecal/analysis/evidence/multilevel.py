"""Several outcomes of one study are not several studies: a three-level model with cluster-robust errors.

y_ij = mu + u_i + w_ij + e_ij, u ~ N(0, s2_between), w ~ N(0, s2_within), e ~ N(0, v_ij) known.
Sources: Konstantopoulos 2011, Res Synth Methods 2:61; Hedges 2010, Res Synth Methods 1:39 (robust errors).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from thecal.analysis.evidence.pooling import Array

Members = list[NDArray[np.intp]]


@dataclass(frozen=True)
class Multilevel:
    """The mean over clusters with model-based and cluster-robust errors."""

    k: int
    clusters: int
    estimate: float
    se: float
    robust_se: float
    low: float
    high: float
    p: float
    s2_between: float
    s2_within: float


def pool_clustered(y: ArrayLike, v: ArrayLike, cluster: ArrayLike, level: float = 0.95) -> Multilevel:
    """Pool dependent effects.

    Arguments: effects y and variances v, shape (k,); ``cluster`` names the study of each.
    Returns: interval and P from the cluster-robust error with t(clusters - 1).
    Errors: ValueError below three clusters.
    """
    y, v, names = np.asarray(y, float), np.asarray(v, float), np.asarray(cluster)
    groups = [np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())]
    m = len(groups)
    if m < 3:
        raise ValueError("a robust error needs at least three studies")

    def deviance(log_s2: Array) -> float:
        return _deviance(np.exp(np.clip(log_s2, -40, 20)), y, v, groups)

    start = np.log([max(1e-4, np.var(y) / 2)] * 2)
    found = min((optimize.minimize(deviance, start + shift, method="Nelder-Mead",
                                   options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000})
                 for shift in ([0, 0], [-8, 0], [0, -8])), key=lambda r: float(r.fun))
    s2 = np.exp(np.clip(found.x, -40, 20))
    blocks = [_inverse(s2, v[g]) for g in groups]
    information = sum(float(w.sum()) for w in blocks)
    mu = sum(float(w.sum(axis=0) @ y[g]) for w, g in zip(blocks, groups, strict=True)) / information
    scores = np.array([float(w.sum(axis=0) @ (y[g] - mu)) for w, g in zip(blocks, groups, strict=True)])
    robust = float(np.sqrt(np.sum(scores**2) * m / (m - 1))) / information
    edge = float(stats.t.ppf(0.5 + level / 2, m - 1))
    return Multilevel(len(y), m, mu, information**-0.5, robust, mu - edge * robust, mu + edge * robust,
                      float(2 * stats.t.sf(abs(mu) / robust, m - 1)), float(s2[0]), float(s2[1]))


def _inverse(s2: Array, v: Array) -> Array:
    return np.asarray(np.linalg.inv(np.diag(v + s2[1]) + s2[0]))


def _deviance(s2: Array, y: Array, v: Array, groups: Members) -> float:
    """-2 restricted log-likelihood up to a constant."""
    blocks = [_inverse(s2, v[g]) for g in groups]
    information = sum(float(w.sum()) for w in blocks)
    mu = sum(float(w.sum(axis=0) @ y[g]) for w, g in zip(blocks, groups, strict=True)) / information
    fit = sum(float((y[g] - mu) @ w @ (y[g] - mu)) for w, g in zip(blocks, groups, strict=True))
    return fit - sum(float(np.linalg.slogdet(w)[1]) for w in blocks) + float(np.log(information))
