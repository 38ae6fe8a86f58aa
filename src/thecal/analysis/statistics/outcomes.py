"""Outcomes that a normal model does not fit: scores (ranks) and seconds with many zeros (two parts).

Scores: Brunner–Munzel's relative effect P(arm > control) + ½P(arm = control), with its small-sample t interval; when
the arms do not overlap its variance is zero, and an exact permutation p and no interval is given.
Seconds: the share of animals that respond at all (Fisher's exact test) and the seconds of those that do (Welch on
log10), beside the mixed model in which "no response" is censored.
Source: Brunner & Munzel 2000, Biometrical J 42:17. Twin: their worked example.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import comb

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from thecal.analysis.statistics.anova import ttest
from thecal.analysis.statistics.multiplicity import bonferroni, holm
from thecal.analysis.statistics.readings import Readings


@dataclass(frozen=True)
class RelativeEffect:
    """Probability that a reading of one arm exceeds one of the other, ties counted half."""

    value: float
    low: float
    high: float
    t: float
    df: float
    p: float
    exact: bool


def relative_effect(a: ArrayLike, b: ArrayLike, level: float = 0.95) -> RelativeEffect:
    """Brunner–Munzel: P(a > b) + ½P(a = b). Needs two readings in each arm."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    n, m = a.size, b.size
    if min(n, m) < 2:
        raise ValueError("a relative effect needs two readings in each arm")
    ranks = stats.rankdata(np.concatenate([a, b]))
    ra, rb = ranks[:n], ranks[n:]
    value = float((ra.mean() - (n + 1) / 2) / m)
    va = np.var(ra - stats.rankdata(a), ddof=1) / m ** 2 / n
    vb = np.var(rb - stats.rankdata(b), ddof=1) / n ** 2 / m
    if va + vb < 1e-15:
        return RelativeEffect(value, np.nan, np.nan, np.nan, np.nan, _permutation(ranks, n), True)
    se = float(np.sqrt(va + vb))
    df = float((va + vb) ** 2 / (va ** 2 / (n - 1) + vb ** 2 / (m - 1)))
    t = (value - 0.5) / se
    half = float(stats.t.ppf(0.5 + level / 2, df)) * se
    return RelativeEffect(value, max(0.0, value - half), min(1.0, value + half), t, df,
                          float(2 * stats.t.sf(abs(t), df)), False)


def paired_effect(a: ArrayLike, b: ArrayLike, level: float = 0.95) -> RelativeEffect:
    """The same probability where a (n,) and b (n,) are readings of the same animals (Munzel & Brunner 2002).

        variance of the estimate = var(Z)/n,   Z_i = F_b(a_i) − F_a(b_i),   t with n − 1 degrees of freedom

    F are the distribution functions that count ties half. Where Z has no spread the exact sign test stands in, without
    an interval. Needs two animals.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape or a.size < 2:
        raise ValueError("a paired effect needs two animals with both readings")
    n = a.size
    above = (np.sign(a[:, None] - b[None, :]) + 1) / 2
    value, z = float(above.mean()), above.mean(1) + above.mean(0)        # F_b(a_i) and 1 − F_a(b_i)
    se = float(z.std(ddof=1) / np.sqrt(n))
    if se < 1e-12:
        up, moved = int(np.sum(a > b)), int(np.sum(a != b))
        p = float(stats.binomtest(up, moved).pvalue) if moved else 1.0
        return RelativeEffect(value, np.nan, np.nan, np.nan, np.nan, p, True)
    t, half = (value - 0.5) / se, float(stats.t.ppf(0.5 + level / 2, n - 1)) * se
    return RelativeEffect(value, max(0.0, value - half), min(1.0, value + half), t, n - 1.0,
                          float(2 * stats.t.sf(abs(t), n - 1)), False)


def score_contrasts(data: Readings, pairs: list[tuple[str, str]], days: tuple[float, ...], adjust: str = "holm",
                    level: float = 0.95, paired: bool = False) -> pd.DataFrame:
    """Relative effects of each pair at each visit, p adjusted over all of them (Holm, or Bonferroni)."""
    rows = []
    for arm, reference in pairs:
        for day in days:
            x, y = _both(data, arm, reference, day) if paired else [_at(data, n, day) for n in (arm, reference)]
            if min(x.size, y.size) < 2:
                continue
            e = (paired_effect if paired else relative_effect)(x, y, level)
            rows.append({"name": f"{arm} − {reference}", "arm": arm, "reference": reference, "day": day,
                         "estimate": e.value, "low": e.low, "high": e.high, "t": e.t, "df": e.df, "p": e.p,
                         "exact": e.exact})
    table = pd.DataFrame(rows)
    if len(table):
        p = table["p"].to_numpy()
        table["p_adjusted"] = p if adjust == "none" else bonferroni(p) if adjust == "bonferroni" else holm(p)
    return table


def two_part(data: Readings, pairs: list[tuple[str, str]], days: tuple[float, ...]) -> pd.DataFrame:
    """Share of responders and seconds of responders, pair by pair and visit by visit; Holm over each column of p."""
    rows = []
    for arm, reference in pairs:
        for day in days:
            x, y = (_at(data, name, day, "censored") for name in (arm, reference))
            if not x.size or not y.size:
                continue
            yes = [int(np.sum(z == "")) for z in (x, y)]
            fisher = stats.fisher_exact([[yes[0], x.size - yes[0]], [yes[1], y.size - yes[1]]])
            row = {"name": f"{arm} − {reference}", "day": day, "share": yes[0] / x.size,
                   "share_reference": yes[1] / y.size, "p_share": float(fisher.pvalue)}
            if min(yes) > 1:
                t = ttest(*(_at(data, name, day)[_at(data, name, day, "censored") == ""] for name in (arm, reference)))
                row |= {"estimate_log10_s": float(t.difference), "low": float(t.low), "high": float(t.high),
                        "p_seconds": float(t.p)}
            rows.append(row)
    table = pd.DataFrame(rows)
    for column in ("p_share", "p_seconds"):
        if column in table:
            table[f"{column}_adjusted"] = holm(table[column])
    return table


def _at(data: Readings, arm: str, day: float, column: str = "y") -> np.ndarray:
    frame = data.frame
    return frame.loc[(frame["arm"] == arm) & (frame["day"] == day), column].to_numpy()


def _both(data: Readings, arm: str, reference: str, day: float) -> list[np.ndarray]:
    """Readings of the animals that have one in both arms."""
    frame = data.frame[data.frame["day"] == day]
    table = frame.pivot_table(index="animal", columns="arm", values="y").reindex(columns=[arm, reference]).dropna()
    return [table[arm].to_numpy(), table[reference].to_numpy()]


def _permutation(ranks: np.ndarray, n: int) -> float:
    """Two-sided exact p of the rank sum over all splits, or over 20,000 fixed random ones when there are too many."""
    total, expected = ranks.size, n * (ranks.size + 1) / 2
    seen = abs(ranks[:n].sum() - expected) - 1e-9
    if comb(total, n) <= 20_000:
        sums = np.array([ranks[list(s)].sum() for s in itertools.combinations(range(total), n)])
        return float(np.mean(np.abs(sums - expected) >= seen))
    rng = np.random.default_rng(20000117)
    sums = np.array([rng.permutation(ranks)[:n].sum() for _ in range(20_000)])
    return float((1 + np.sum(np.abs(sums - expected) >= seen)) / 20_001)
