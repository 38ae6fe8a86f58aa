"""Pooling proportions of rare events without normal approximations: two random-effects models for counts.

Binomial-normal: x_i ~ Bin(n_i, expit(mu + sigma u_i)), u ~ N(0, 1), by adaptive Gauss-Hermite quadrature.
Beta-binomial:   x_i ~ Bin(n_i, p_i), p_i ~ Beta(m (1/rho - 1), (1 - m)(1/rho - 1)).
No continuity correction is added, and a study without events stays in.

Sources: Stijnen 2010, Stat Med 29:3046; Kuss 2015, Stat Med 34:1097; Liu and Pierce 1994, Biometrika 81:624.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special, stats

from thecal.analysis.evidence.pooling import Array

NODES = 25


@dataclass(frozen=True)
class PooledProportion:
    """A pooled proportion.

    ``typical`` is the proportion in a typical study (median over studies), ``low``/``high`` its profile-likelihood
    interval; ``average`` the mean over studies; ``predicted`` where a new study's true proportion would lie;
    ``spread`` is sigma on the logit scale (binomial-normal) or rho (beta-binomial).
    """

    model: str
    k: int
    events: int
    total: int
    typical: float
    low: float
    high: float
    average: float
    predicted: tuple[float, float] | None
    logit: float
    logit_se: float
    spread: float
    log_likelihood: float
    remark: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``, in per cent."""
        return {"model": self.model, "k": self.k, "events": self.events, "total": self.total,
                "typical_pct": 100 * self.typical, "ci_pct": [100 * self.low, 100 * self.high],
                "average_pct": 100 * self.average,
                "prediction_interval_pct": [100 * p for p in self.predicted] if self.predicted else None,
                "spread": self.spread, "remark": self.remark}


def pool_proportions(events: ArrayLike, totals: ArrayLike, level: float = 0.95) -> PooledProportion:
    """The binomial-normal model, or exact limits where it cannot be fitted (one study, or no event at all).

    Arguments: events and totals, shape (k,), integers with 0 <= events <= totals, totals positive.
    Errors: ValueError when an event count exceeds its total.
    """
    return _binomial_normal_fit(*_hashable(events, totals), level)


@cache  # a pure function of a few integers that reports ask for many times
def _binomial_normal_fit(events: tuple[float, ...], totals: tuple[float, ...], level: float) -> PooledProportion:
    x, n = np.array(events), np.array(totals)
    if len(x) < 2 or x.sum() == 0 or x.sum() == n.sum():
        return _exact(x, n, level)
    model = _binomial_normal(x, n)
    mu, sigma = _maximise(model, x, n)
    best = model.likelihood(mu, sigma)
    se = _standard_error(model, mu, sigma)
    low, high = _profile(model, mu, best, level)
    average = float(_weights() @ special.expit(mu + sigma * _nodes()))
    # with few studies the spread is poorly known: a t quantile with k - 1 degrees of freedom, as for pooled means
    edge = float(stats.t.ppf(0.5 + level / 2, len(x) - 1)) * math.hypot(sigma, se)
    return PooledProportion("binomial-normal", len(x), int(x.sum()), int(n.sum()), float(special.expit(mu)),
                            float(special.expit(low)), float(special.expit(high)), average,
                            (float(special.expit(mu - edge)), float(special.expit(mu + edge))), mu, se, sigma, best,
                            "no spread between studies is seen" if sigma < 1e-3 else "")


def pool_beta_binomial(events: ArrayLike, totals: ArrayLike, level: float = 0.95) -> PooledProportion:
    """The beta-binomial model; see :func:`pool_proportions`. ``typical`` and ``average`` are both the mean."""
    return _beta_binomial_fit(*_hashable(events, totals), level)


@cache
def _beta_binomial_fit(events: tuple[float, ...], totals: tuple[float, ...], level: float) -> PooledProportion:
    x, n = np.array(events), np.array(totals)
    if len(x) < 2 or x.sum() == 0 or x.sum() == n.sum():
        return _exact(x, n, level)
    model = _beta_binomial(x, n)
    mu, rho = _maximise(model, x, n)
    best = model.likelihood(mu, rho)
    low, high = _profile(model, mu, best, level)
    mean = float(special.expit(mu))
    predicted = None
    if rho > 1e-6:
        shape = 1 / rho - 1
        law = stats.beta(mean * shape, (1 - mean) * shape)
        predicted = (float(law.ppf(0.5 - level / 2)), float(law.ppf(0.5 + level / 2)))
    return PooledProportion("beta-binomial", len(x), int(x.sum()), int(n.sum()), mean, float(special.expit(low)),
                            float(special.expit(high)), mean, predicted, mu, _standard_error(model, mu, rho), rho,
                            best)


def repeated(per_injection: float, injections: int) -> float:
    """Probability of at least one event in some injections, if each is a new and independent chance.

    They are hardly independent within one person, so this is an upper bound for a recurring event.
    """
    return -math.expm1(injections * math.log1p(-per_injection))


@dataclass(frozen=True)
class _Model:
    """A log-likelihood of (logit, spread), how a free number becomes a spread, and the range of that number."""

    likelihood: Callable[[float, float], float]
    spread: Callable[[float], float]
    free: tuple[float, float]


def _hashable(events: ArrayLike, totals: ArrayLike) -> tuple[tuple[float, ...], tuple[float, ...]]:
    x, n = np.asarray(events, float), np.asarray(totals, float)
    if np.any(x < 0) or np.any(n <= 0) or np.any(x > n):
        raise ValueError("events must lie between 0 and their totals")
    return tuple(x.tolist()), tuple(n.tolist())


@cache
def _rule() -> tuple[tuple[float, ...], tuple[float, ...]]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return tuple(nodes), tuple(weights / weights.sum())


def _nodes() -> Array:
    return np.array(_rule()[0])


def _weights() -> Array:
    return np.array(_rule()[1])


def _binomial_normal(x: Array, n: Array) -> _Model:
    """Log-likelihood of (mu, sigma): each study's integral centred and scaled at the mode of its integrand."""
    choose = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    nodes, weights = _nodes(), _weights()

    def value(mu: float, sigma: float) -> float:
        u = np.zeros_like(x)
        for _ in range(60):  # Newton on a concave function; steps are damped by the unit prior curvature
            p = special.expit(mu + sigma * u)
            step = (sigma * (x - n * p) - u) / (1 + sigma**2 * n * p * (1 - p))
            u = u + np.clip(step, -2, 2)
            if np.max(np.abs(step)) < 1e-12:
                break
        p = special.expit(mu + sigma * u)
        scale = 1 / np.sqrt(1 + sigma**2 * n * p * (1 - p))
        z = u[:, None] + scale[:, None] * nodes
        eta = mu + sigma * z
        log_integrand = x[:, None] * eta - n[:, None] * np.logaddexp(0, eta) - z**2 / 2 + nodes**2 / 2
        return float(np.sum(choose + np.log(scale) + special.logsumexp(log_integrand, b=weights, axis=1)))

    return _Model(value, lambda free: math.exp(min(max(free, -20.0), 3.0)), (-12.0, 2.5))


def _beta_binomial(x: Array, n: Array) -> _Model:
    """Log-likelihood of (logit mean, rho)."""
    choose = -special.betaln(n - x + 1, x + 1) - np.log(n + 1)

    def value(mu: float, rho: float) -> float:
        m = float(special.expit(mu))
        if rho < 1e-9:
            return float(np.sum(choose + special.xlogy(x, m) + special.xlog1py(n - x, -m)))
        a, b = m * (1 / rho - 1), (1 - m) * (1 / rho - 1)
        return float(np.sum(choose + special.betaln(x + a, n - x + b) - special.betaln(a, b)))

    return _Model(value, lambda free: float(special.expit(min(free, 6.0))), (-12.0, 6.0))


def _maximise(model: _Model, x: Array, n: Array) -> tuple[float, float]:
    """Both parameters; the spread is searched on a free scale and set to zero where that is as likely."""
    crude = float(special.logit(x.sum() / n.sum()))

    def negative(theta: Array) -> float:
        return -model.likelihood(float(theta[0]), model.spread(float(theta[1])))

    rough = min((optimize.minimize(negative, [crude, s], method="L-BFGS-B", bounds=[(None, None), model.free])
                 for s in (-3.0, -0.7)), key=lambda r: float(r.fun))
    found = optimize.minimize(negative, rough.x, method="Nelder-Mead",
                              options={"xatol": 1e-8, "fatol": 1e-11, "maxiter": 400})
    if model.likelihood(crude, 0.0) >= -float(found.fun) - 1e-9:
        return crude, 0.0
    return float(found.x[0]), model.spread(float(found.x[1]))


def _standard_error(model: _Model, mu: float, spread: float) -> float:
    """From the curvature in both parameters, as a profile over the spread."""
    h, value = 1e-4, model.likelihood
    if spread == 0.0:
        curvature = (value(mu + h, 0) - 2 * value(mu, 0) + value(mu - h, 0)) / h**2
        return float((-curvature) ** -0.5)
    s, centre = spread * h, value(mu, spread)
    mm = (value(mu + h, spread) - 2 * centre + value(mu - h, spread)) / h**2
    ss = (value(mu, spread + s) - 2 * centre + value(mu, spread - s)) / s**2
    ms = (value(mu + h, spread + s) - value(mu + h, spread - s)
          - value(mu - h, spread + s) + value(mu - h, spread - s)) / (4 * h * s)
    return float((-(mm - ms**2 / ss)) ** -0.5)


def _profile(model: _Model, mu: float, best: float, level: float) -> tuple[float, float]:
    """Where the likelihood, maximised over the spread, has fallen by half a chi-square quantile."""
    drop = float(stats.chi2.ppf(level, 1)) / 2

    def height(at: float) -> float:
        over = optimize.minimize_scalar(lambda free: -model.likelihood(at, model.spread(free)), method="bounded",
                                        bounds=model.free, options={"xatol": 1e-4})
        return max(-float(over.fun), model.likelihood(at, 0.0)) - best + drop

    edges = []
    for sign in (-1, 1):
        far = 0.25
        while height(mu + sign * far) > 0 and far < 40:
            far *= 1.6
        edges.append(float(optimize.brentq(lambda d, s=sign: height(mu + s * d), 0, far, xtol=1e-6)) * sign + mu
                     if far < 40 else sign * math.inf)
    return edges[0], edges[1]


def _exact(x: Array, n: Array, level: float) -> PooledProportion:
    """Clopper-Pearson limits of the sum, where no model of spread can be fitted."""
    events, total = int(x.sum()), int(n.sum())
    interval = stats.binomtest(events, total).proportion_ci(level, "exact")
    share = events / total
    why = "one study" if len(x) < 2 else "no event in any study" if events == 0 else "every case is an event"
    return PooledProportion("exact", len(x), events, total, share, float(interval.low), float(interval.high), share,
                            None, float(special.logit(share)) if 0 < events < total else math.nan, math.nan, math.nan,
                            math.nan, f"{why}: exact limits, spread between studies not estimated")
