"""The classical tests as published pain papers show them.

Two-way repeated-measures ANOVA with Bonferroni, one-way ANOVA, Student and Welch t. Everything is vectorised over a
leading axis of experiments, so that scoring a claim by 10⁴ simulated experiments and analysing one real table run the
same code.

Two-way repeated measures (arm between animals, visit within): sums of squares of type III, Greenhouse–Geisser and
Huynh–Feldt (Lecoutre) corrections, Mauchly's test. Bonferroni comparisons of two arms at one visit use the mean square
within cells, (SS_animals + SS_residual)/(df_animals + df_residual), as the program used by most such papers does
(GraphPad Prism, knowledge base on post tests after repeated-measures two-way ANOVA). Twin: base R.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """One line of an ANOVA table; arrays over experiments."""

    F: Floats
    df1: float
    df2: float
    p: Floats
    p_gg: Floats           #: Greenhouse–Geisser corrected; equals p for effects between animals
    partial_eta2: Floats


@dataclass(frozen=True)
class RepeatedMeasures:
    """A two-way repeated-measures ANOVA of many experiments at once. Arrays lead with the experiments."""

    arm: Effect
    visit: Effect
    interaction: Effect
    gg: Floats             #: Greenhouse–Geisser epsilon
    hf: Floats             #: Huynh–Feldt epsilon
    mauchly_W: Floats
    mauchly_p: Floats
    difference: Floats     #: (…, comparisons, visits) arm − reference
    se: Floats             #: (…, comparisons)
    df: float
    p: Floats              #: (…, comparisons, visits), not adjusted
    p_bonferroni: Floats   #: adjusted over all comparisons and visits


def rm_anova(y: ArrayLike, arm: ArrayLike, pairs: list[tuple[int, int]] | None = None,
             family: int | None = None) -> RepeatedMeasures:
    """Two-way repeated-measures ANOVA of complete data; group sizes may differ.

    Arguments:
        y: (..., animals, visits). arm: (animals,) integers 0…a−1.
        pairs: (arm, reference) compared at every visit; every arm with arm 0 by default.
        family: number of comparisons for Bonferroni; len(pairs) × visits by default.

    Errors: ValueError when there are fewer than two arms, visits or animals per arm, or missing values.
    """
    y, arm = np.asarray(y, float), np.asarray(arm, int)
    v, a = y.shape[-1], int(arm.max()) + 1
    sizes = np.bincount(arm, minlength=a).astype(float)
    if a < 2 or v < 2 or sizes.min() < 1 or arm.size <= a:
        raise ValueError("needs two arms, two visits, and more animals than arms")
    if not np.isfinite(y).all():
        raise ValueError("needs complete data; leave animals with missed visits out first")
    member = np.eye(a)[arm].T                                            # (a, N)
    means = (member @ y) / sizes[:, None]                                # (..., a, v)
    within = y - means[..., arm, :]
    C = _helmert(v)                                                      # (v, v−1), orthonormal
    dfs, dfe = arm.size - a, (arm.size - a) * (v - 1)
    share = (sizes / sizes.sum())[:, None]

    level = means.mean(-1)
    ss_arm = v * np.sum(sizes * (level - np.sum(share[:, 0] * level, -1, keepdims=True)) ** 2, -1)
    ss_animals = v * np.sum(within.mean(-1) ** 2, -1)
    shape = means @ C
    ss_visit = np.sum(shape.mean(-2) ** 2, -1) / np.sum(1 / sizes) * a ** 2
    ss_inter = np.sum(sizes[:, None] * (shape - np.sum(share * shape, -2, keepdims=True)) ** 2, (-1, -2))
    R = within @ C
    E = np.swapaxes(R, -1, -2) @ R                                       # error cross-products (…, v−1, v−1)
    ss_error = np.trace(E, axis1=-2, axis2=-1)

    gg, hf, W, p_w = _sphericity(E, ss_error, dfs, v - 1)
    pairs = [(k, 0) for k in range(1, a)] if pairs is None else pairs
    difference = np.stack([means[..., i, :] - means[..., j, :] for i, j in pairs], axis=-2)
    ms_cells = (ss_animals + ss_error) / (dfs + dfe)
    se = np.sqrt(ms_cells[..., None] * np.array([1 / sizes[i] + 1 / sizes[j] for i, j in pairs]))
    with np.errstate(divide="ignore", invalid="ignore"):                 # an experiment without any noise gives nan
        p = 2 * stats.t.sf(np.abs(difference / se[..., None]), dfs + dfe)
    return RepeatedMeasures(_effect(ss_arm, a - 1, ss_animals, dfs), _effect(ss_visit, v - 1, ss_error, dfe, gg),
                            _effect(ss_inter, (a - 1) * (v - 1), ss_error, dfe, gg), gg, hf, W, p_w,
                            difference, se, float(dfs + dfe), p,
                            np.minimum(1, p * (family or len(pairs) * v)))


def rm_anova_fast(y: ArrayLike, pairs: list[tuple[int, int]] | None = None,
                  family: int | None = None) -> RepeatedMeasures:
    """:func:`rm_anova` for balanced simulated experiments, y (experiments, arms, animals, visits)."""
    y = np.asarray(y, float)
    arms, animals, visits = y.shape[-3:]
    return rm_anova(y.reshape(*y.shape[:-3], arms * animals, visits), np.repeat(np.arange(arms), animals), pairs,
                    family)


@dataclass(frozen=True)
class OneWay:
    """One-way ANOVA of many experiments, with Bonferroni comparisons on the pooled variance."""

    F: Floats
    df1: float
    df2: float
    p: Floats
    difference: Floats     #: (…, comparisons)
    se: Floats
    p_pairs: Floats
    p_bonferroni: Floats


def oneway(y: ArrayLike, arm: ArrayLike, pairs: list[tuple[int, int]] | None = None) -> OneWay:
    """One-way ANOVA, y (..., animals), arm (animals,); pairs default to every arm with arm 0."""
    y, arm = np.asarray(y, float), np.asarray(arm, int)
    a = int(arm.max()) + 1
    sizes = np.bincount(arm, minlength=a).astype(float)
    means = (y @ np.eye(a)[arm]) / sizes
    ss_error = np.sum((y - means[..., arm]) ** 2, -1)
    ss_arm = np.sum(sizes * (means - y.mean(-1, keepdims=True)) ** 2, -1)
    df1, df2 = a - 1, arm.size - a
    F = ss_arm / df1 / (ss_error / df2)
    pairs = [(k, 0) for k in range(1, a)] if pairs is None else pairs
    difference = np.stack([means[..., i] - means[..., j] for i, j in pairs], -1)
    se = np.sqrt((ss_error / df2)[..., None] * np.array([1 / sizes[i] + 1 / sizes[j] for i, j in pairs]))
    p = 2 * stats.t.sf(np.abs(difference / se), df2)
    return OneWay(F, df1, df2, stats.f.sf(F, df1, df2), difference, se, p, np.minimum(1, p * len(pairs)))


def oneway_fast(y: ArrayLike, pairs: list[tuple[int, int]] | None = None) -> OneWay:
    """:func:`oneway` for balanced simulated experiments, y (experiments, arms, animals)."""
    y = np.asarray(y, float)
    return oneway(y.reshape(*y.shape[:-2], -1), np.repeat(np.arange(y.shape[-2]), y.shape[-1]), pairs)


@dataclass(frozen=True)
class TTest:
    """Two-sample t test, a − b; arrays over experiments."""

    difference: Floats
    se: Floats
    df: Floats
    t: Floats
    p: Floats
    low: Floats
    high: Floats


def ttest(a: ArrayLike, b: ArrayLike, welch: bool = True, level: float = 0.95) -> TTest:
    """Welch's (or Student's) t test along the last axis, a (..., n), b (..., m); nan readings are left out.

    Two samples without any spread have no test: se is 0 and the rest nan.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    na, nb = np.isfinite(a).sum(-1), np.isfinite(b).sum(-1)
    va, vb = np.nanvar(a, -1, ddof=1), np.nanvar(b, -1, ddof=1)
    difference = np.nanmean(a, -1) - np.nanmean(b, -1)
    if welch:
        se2 = va / na + vb / nb
        below = (va / na) ** 2 / (na - 1) + (vb / nb) ** 2 / (nb - 1)
        df = np.divide(se2 ** 2, below, out=np.full(np.shape(below), np.nan), where=below > 0)[()]
    else:
        df = np.asarray(na + nb - 2, float)
        se2 = ((na - 1) * va + (nb - 1) * vb) / df * (1 / na + 1 / nb)
    se = np.sqrt(se2)
    t = np.divide(difference, se, out=np.full(np.shape(se), np.nan), where=se > 0)[()]
    half = stats.t.ppf(0.5 + level / 2, df) * se
    return TTest(difference, se, df, t, 2 * stats.t.sf(np.abs(t), df), difference - half, difference + half)


def _effect(ss: Floats, df1: float, ss_error: Floats, df2: float, epsilon: Floats | float = 1.0) -> Effect:
    with np.errstate(divide="ignore", invalid="ignore"):
        F, eta2 = (ss / df1) / (ss_error / df2), ss / (ss + ss_error)
    return Effect(F, float(df1), float(df2), stats.f.sf(F, df1, df2), stats.f.sf(F, df1 * epsilon, df2 * epsilon), eta2)


def _helmert(v: int) -> Floats:
    """Orthonormal columns (v, v−1), each orthogonal to the mean."""
    C = np.zeros((v, v - 1))
    for k in range(1, v):
        C[:k, k - 1], C[k, k - 1] = 1, -k
    return C / np.linalg.norm(C, axis=0)


def _sphericity(E: Floats, trace: Floats, df: int, q: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Greenhouse–Geisser and Huynh–Feldt ε, Mauchly's W and its p (two terms of Box's expansion).

    W is nan when there are too few animals or only two visits.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        gg = np.clip(trace ** 2 / (q * np.sum(E * E, (-1, -2))), 1 / q, 1)
        hf = np.minimum(1, ((df + 1) * q * gg - 2) / (q * (df - q * gg)))
        if q < 2 or df < q:
            return gg, hf, np.full(trace.shape, np.nan), np.full(trace.shape, np.nan)
        logW = np.linalg.slogdet(E)[1] - q * np.log(trace / q)
    rho = 1 - (2 * q * q + q + 2) / (6 * q * df)
    w2 = (q + 2) * (q - 1) * (q - 2) * (2 * q ** 3 + 6 * q * q + 3 * q + 2) / (288 * (df * q * rho) ** 2)
    z, f = -df * rho * logW, q * (q + 1) / 2 - 1
    first, second = stats.chi2.sf(z, f), stats.chi2.sf(z, f + 4)
    return gg, hf, np.exp(logW), first + w2 * (second - first)
