"""The mixed model of many experiments with missed visits, all at once.

Random intercept per animal, one residual variance, cell means of arm × visit and a baseline covariate. With
θ = σ_animal²/σ², V_i⁻¹ = (I − k_i 11ᵀ)/σ², k_i = θ/(1 + θn_i), so everything follows from sums per animal:

    A(θ) = XᵀX − Σ k_i S_iS_iᵀ,   deviance(θ) = (n − p) log RSS(θ) + log|A(θ)| + Σ log(1 + θn_i)

with S_i the column sums of X over the visits animal i has. θ is found by a grid and golden sections in every experiment
at once; Satterthwaite's degrees of freedom come from second differences of the three functions of θ. Equal to
:mod:`mixed` (a test holds them together); for complete data :mod:`fast` is quicker still.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
GOLDEN = (np.sqrt(5) - 1) / 2


@dataclass(frozen=True)
class BatchMixed:
    """Contrasts of two arms: (experiments, visits), and of their mean over visits (experiments,)."""

    estimate: Floats
    se: Floats
    df: Floats
    p: Floats
    estimate_mean: Floats
    se_mean: Floats
    df_mean: Floats
    p_mean: Floats
    theta: Floats             #: variance between animals over residual variance


@dataclass(frozen=True)
class _Profile:
    rss: Floats
    log_A: Floats
    shrink: Floats
    value: Floats             #: contrasts (E, k)
    unit: Floats              #: their variances over σ² (E, k)


def mixed_batch(y: ArrayLike, arm: ArrayLike, baseline: ArrayLike | None = None) -> BatchMixed:
    """Arm 1 minus arm 0 at each visit and on average, in experiments with missed visits.

    Arguments:
        y: (experiments, animals, visits), nan where missed. arm: (animals,) of 0 and 1.
        baseline: (experiments, animals), finite.

    An experiment with an empty cell gets nan for that contrast and for the mean.
    """
    y, arm = np.asarray(y, float), np.asarray(arm, int)
    data = _Sums(y, arm, None if baseline is None else np.asarray(baseline, float))
    theta = _largest(data)
    here = data.profile(theta)
    sigma2 = here.rss / data.free
    df = _satterthwaite(data, theta, here, sigma2)
    se = np.sqrt(here.unit * sigma2[:, None])
    p = 2 * stats.t.sf(np.abs(here.value) / se, df)
    for x in (se, df, p):
        x[data.empty] = np.nan
    return BatchMixed(here.value[:, :-1], se[:, :-1], df[:, :-1], p[:, :-1], here.value[:, -1], se[:, -1], df[:, -1],
                      p[:, -1], theta)


class _Sums:
    """Sums per animal and per experiment from which every profile follows."""

    def __init__(self, y: Floats, arm: NDArray[np.int64], baseline: Floats | None) -> None:
        count, animals, visits = y.shape
        seen = np.isfinite(y)
        cells = 2 * visits
        p = cells + (baseline is not None)
        self.n_i = seen.sum(-1).astype(float)                             # (E, N)
        S = np.zeros((count, animals, p))
        for a in (0, 1):
            S[:, arm == a, a * visits:(a + 1) * visits] = seen[:, arm == a]
        XX = np.zeros((count, p, p))
        counts = S[..., :cells].sum(1)
        XX[:, np.arange(cells), np.arange(cells)] = counts + 1e-9 * (counts == 0)
        value = np.where(seen, y, 0.0)
        Xy = np.concatenate([value[:, arm == a].sum(1) for a in (0, 1)], -1)
        if baseline is not None:
            b = baseline - baseline.mean(-1, keepdims=True)
            XX[:, cells, :cells] = XX[:, :cells, cells] = np.einsum("eac,ea->ec", S[..., :cells], b)
            XX[:, cells, cells] = np.sum(self.n_i * b * b, -1)
            S[..., cells] = self.n_i * b
            Xy = np.concatenate([Xy, np.sum(value.sum(-1) * b, -1)[:, None]], -1)
        self.S, self.XX, self.Xy, self.sum_i = S, XX, Xy, value.sum(-1)
        self.yy = np.sum(value ** 2, (-1, -2))
        self.free = self.n_i.sum(-1) - p + (counts == 0).sum(-1)
        hollow = (counts.reshape(count, 2, visits) == 0).any(1)
        self.empty = np.concatenate([hollow, hollow.any(-1, keepdims=True)], -1)
        L = np.zeros((visits + 1, p))
        L[np.arange(visits), visits + np.arange(visits)], L[np.arange(visits), np.arange(visits)] = 1, -1
        L[-1] = L[:-1].mean(0)
        self.L = L

    def profile(self, theta: Floats) -> _Profile:
        """Residual sum of squares, determinants and contrasts at θ (experiments,)."""
        k = theta[:, None] / (1 + theta[:, None] * self.n_i)
        weighted = self.S * k[..., None]
        A = self.XX - np.swapaxes(weighted, 1, 2) @ self.S
        b = self.Xy - np.einsum("eap,ea->ep", weighted, self.sum_i)
        inverse = np.linalg.inv(A)
        beta = (inverse @ b[..., None])[..., 0]
        rss = self.yy - np.sum(k * self.sum_i ** 2, -1) - np.sum(beta * b, -1)
        return _Profile(rss, np.linalg.slogdet(A)[1], np.log1p(theta[:, None] * self.n_i).sum(-1), beta @ self.L.T,
                        np.einsum("kp,epq,kq->ek", self.L, inverse, self.L, optimize=True))

    def deviance(self, theta: Floats) -> Floats:
        """Profile restricted deviance (experiments,)."""
        f = self.profile(theta)
        return self.free * np.log(f.rss) + f.log_A + f.shrink


def _largest(data: _Sums) -> Floats:
    """θ that maximises the restricted likelihood in each experiment."""
    grid = np.concatenate([[0.0], np.geomspace(1e-3, 50, 18)])
    height = np.array([data.deviance(np.full(data.free.shape, g)) for g in grid])
    best = height.argmin(0)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, grid.size - 1)]
    c, d = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_c, at_d = data.deviance(c), data.deviance(d)
    for _ in range(28):
        left = at_c < at_d
        low, high = np.where(left, low, c), np.where(left, d, high)
        c, d = np.where(left, high - GOLDEN * (high - low), d), np.where(left, c, low + GOLDEN * (high - low))
        fresh = data.deviance(np.where(left, c, d))
        at_c, at_d = np.where(left, fresh, at_d), np.where(left, at_c, fresh)
    theta = (low + high) / 2
    return np.where(data.deviance(np.zeros_like(theta)) <= data.deviance(theta), 0.0, theta)


def _satterthwaite(data: _Sums, theta: Floats, here: _Profile, sigma2: Floats) -> Floats:
    """2 var²/(gᵀAg) with the observed information of (θ, σ²); df of the residual where θ is at zero."""
    h = np.maximum(1e-3 * theta, 1e-5)
    up, down = data.profile(theta + h), data.profile(np.maximum(theta - h, 0))
    span = h + np.minimum(h, theta)

    def first(name: str) -> Floats:
        return (getattr(up, name) - getattr(down, name)) / (span[:, None] if name == "unit" else span)

    def second(name: str) -> Floats:
        return (getattr(up, name) - 2 * getattr(here, name) + getattr(down, name)) / h ** 2

    # half the Hessian of the deviance (n − p) log σ² + log|A| + Σ log(1 + θn_i) + RSS/σ²
    H11 = (second("log_A") + second("shrink") + second("rss") / sigma2) / 2
    H12 = -first("rss") / sigma2 ** 2 / 2
    H22 = data.free / sigma2 ** 2 / 2
    determinant = H11 * H22 - H12 ** 2
    g1, g2 = first("unit") * sigma2[:, None], here.unit
    inside = (theta > 2 * h) & (determinant > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = (g1 ** 2 * H22[:, None] - 2 * g1 * g2 * H12[:, None] + g2 ** 2 * H11[:, None]) / determinant[:, None]
        df = 2 * (here.unit * sigma2[:, None]) ** 2 / spread
    return np.where(inside[:, None], df, data.free[:, None])
