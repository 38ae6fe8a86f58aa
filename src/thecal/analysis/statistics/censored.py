"""Censored readings: multiple imputation under the mixed model, pooled by Rubin's rules.

An all-X or all-O series, a latency at the cut-off and a paw that never lifted say "below" or "above" a bound and no
more. Each imputation draws the truth behind them from its distribution given everything seen: a Gibbs sampler steps
through y_censored | rest (truncated normal), animal effects | rest, β | rest, variances | rest. Every imputed table is
fitted by REML with Kenward–Roger; estimates are pooled with Barnard and Rubin's degrees of freedom, so small samples
stay honest.

Priors: the standard deviation between animals uniform, the residual one uniform in its logarithm; each coefficient
normal around the mean of the data with ten times their standard deviation, which matters only where *every* reading
of a cell is censored. Measured: with half the readings of an arm of six hidden, a difference of 0.70 comes out 0.08
too large (taken at face value: 0.18 too small) and its 95 % interval covers in 96 %.
Sources: Rubin 1987; Barnard & Rubin 1999; Gelman 2006 (uniform prior on a standard deviation). Twin: the random-
intercept Tobit likelihood integrated and maximised in R (tests/twins_r/tobit.R).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from thecal.analysis.statistics.design_matrix import Layout
from thecal.analysis.statistics.mixed import KENWARD_ROGER, Estimate, Fit, JointTest, reml

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Imputed:
    """Fits of m imputed tables that answer questions as one fit would."""

    fits: tuple[Fit, ...]
    layout: Layout

    @property
    def variances(self) -> dict[str, float]:
        """Variance components, averaged over imputations."""
        return {k: float(np.mean([f.variances[k] for f in self.fits])) for k in self.fits[0].variances}

    @property
    def beta(self) -> Floats:
        """Fixed effects, averaged over imputations."""
        return np.mean([f.beta for f in self.fits], axis=0)

    def contrast(self, weights: Floats, method: str = KENWARD_ROGER, level: float = 0.95) -> Estimate:
        """Rubin's rules with Barnard and Rubin's small-sample degrees of freedom."""
        parts = [f.contrast(weights, method, level) for f in self.fits]
        m = len(parts)
        value = float(np.mean([e.value for e in parts]))
        inside, complete = float(np.mean([e.se ** 2 for e in parts])), float(np.mean([e.df for e in parts]))
        extra = (1 + 1 / m) * float(np.var([e.value for e in parts], ddof=1))
        total, share = inside + extra, extra / (inside + extra)
        seen = (complete + 1) / (complete + 3) * complete * (1 - share)
        df = complete if share < 1e-12 else 1 / (1 / ((m - 1) / share ** 2) + 1 / seen)
        se = float(np.sqrt(total))
        t, half = value / se, float(stats.t.ppf(0.5 + level / 2, df)) * se
        return Estimate(value, se, float(df), t, float(2 * stats.t.sf(abs(t), df)), value - half, value + half)

    def joint(self, weights: Floats, method: str = KENWARD_ROGER) -> JointTest:
        """Median of the F tests' p values over imputations with the F of that imputation (Eekhout et al. 2017)."""
        tests = sorted((f.joint(weights, method) for f in self.fits), key=lambda x: x.p)
        return tests[len(tests) // 2]

    def covariance(self, method: str = KENWARD_ROGER) -> Floats:
        """Total covariance of the fixed effects: within plus between imputations."""
        m = len(self.fits)
        between = np.cov(np.array([f.beta for f in self.fits]).T, ddof=1)
        return np.mean([f.covariance(method) for f in self.fits], axis=0) + (1 + 1 / m) * np.atleast_2d(between)

    def residuals(self) -> tuple[Floats, Floats]:
        """Residuals and animal effects averaged over imputations."""
        both = [f.residuals() for f in self.fits]
        return np.mean([b[0] for b in both], axis=0), np.mean([b[1] for b in both], axis=0)


def fit_censored(layout: Layout, rng: np.random.Generator, imputations: int = 20, burn_in: int = 200,
                 thin: int = 15) -> Imputed:
    """Impute the censored readings of a layout and fit each imputation.

    Arguments:
        layout: its frame carries ``censored``, ``low`` and ``high``.
        rng: the stream the draws come from.
        imputations, burn_in, thin: imputed tables, Gibbs steps before the first and between two.
    """
    tables = _gibbs(layout, rng, imputations, burn_in, thin)
    first = reml(layout.blocks(tables[0]))          # the others differ little: they begin where it ended
    return Imputed((first, *(reml(layout.blocks(y), start=first.theta) for y in tables[1:])), layout)


def _gibbs(layout: Layout, rng: np.random.Generator, imputations: int, burn_in: int, thin: int) -> list[Floats]:
    frame, X = layout.frame, layout.X
    animal = frame["animal"].astype("category").cat.codes.to_numpy()
    group = np.zeros(len(frame), int) if layout.residual is None else layout.residual
    m, groups = animal.max() + 1, group.max() + 1
    side = frame["censored"].to_numpy()
    hidden = np.flatnonzero(side != "")
    bound = np.where(side == "left", frame["high"], frame["low"])[hidden]
    left = side[hidden] == "left"
    y = frame["y"].to_numpy(float).copy()
    y[hidden] = bound
    centre, spread = float(y.mean()), max(float(y.std()), 1e-3)
    prior_mean = np.array([centre] * len(layout.cells) + [0.0] * len(layout.covariates))
    ridge = 1 / (10 * spread) ** 2
    b, var_animal, var_residual = np.zeros(m), spread ** 2 / 4, np.full(groups, spread ** 2 / 2)
    tables = []
    for step in range(burn_in + thin * imputations):
        w = 1 / var_residual[group]
        A = (X.T * w) @ X + ridge * np.eye(X.shape[1])
        root = np.linalg.cholesky(A)
        mean = np.linalg.solve(A, X.T @ (w * (y - b[animal])) + ridge * prior_mean)
        fixed = X @ (mean + np.linalg.solve(root.T, rng.standard_normal(mean.size)))
        precision = np.bincount(animal, w) + 1 / var_animal
        b = np.bincount(animal, w * (y - fixed)) / precision + rng.standard_normal(m) / np.sqrt(precision)
        var_animal = _variance(rng, float(b @ b), m - 1, spread)
        residual = y - fixed - b[animal]
        var_residual = np.array([_variance(rng, float(np.sum(residual[group == g] ** 2)), int(np.sum(group == g)),
                                           spread) for g in range(groups)])
        y[hidden] = _truncated(rng, (fixed + b[animal])[hidden], np.sqrt(var_residual[group[hidden]]), bound, left)
        if step >= burn_in and (step - burn_in) % thin == thin - 1:
            tables.append(y.copy())
    return tables


def _variance(rng: np.random.Generator, squares: float, df: int, spread: float) -> float:
    """A draw of a variance: scaled inverse chi-squared.

    df = count − 1 is a prior uniform in the standard deviation (between animals, proper near zero), df = count one
    uniform in its logarithm (residual).
    """
    return max(squares / rng.chisquare(max(df, 1)), 1e-8 * spread ** 2)


def _truncated(rng: np.random.Generator, mean: Floats, sd: Floats, bound: Floats, left: NDArray[np.bool_]) -> Floats:
    """Normal draws below (left) or above their bound, accurate in the far tail (log of the distribution function)."""
    z = np.where(left, bound - mean, mean - bound) / sd
    draw = special.ndtri_exp(np.log(rng.uniform(size=mean.size)) + special.log_ndtr(z))
    return mean + np.where(left, draw, -draw) * sd
