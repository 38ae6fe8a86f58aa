"""Power by simulation of whole experiments, with the analysis that is planned and the one that papers print.

Four tests of a treated arm against its reference, from the visits after the first dose:

* ``one visit``: mixed model, the visit with the largest predicted difference, planned beforehand;
* ``mean``: mixed model, difference averaged over the visits (one test, no multiplicity);
* ``any visit``: mixed model, at least one visit after Holm;
* ``ANOVA``: two-way repeated-measures ANOVA, at least one visit after Bonferroni, as most such papers report.

Power and false positives are shares of experiments with a Clopper–Pearson interval: what the simulation leaves open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from thecal.analysis.design.population import Conditions, Pair, experiments
from thecal.analysis.statistics.anova import rm_anova, ttest
from thecal.analysis.statistics.batch import mixed_batch
from thecal.analysis.statistics.fast import mixed_fast

Floats = NDArray[np.float64]
TESTS = ("one visit", "mean", "any visit", "ANOVA")
USUAL = Conditions()


@dataclass(frozen=True)
class Share:
    """A share of experiments with its Clopper–Pearson interval."""

    value: float
    low: float
    high: float


def share(hits: NDArray[np.bool_], level: float = 0.95) -> Share:
    """Share of true values among experiments."""
    k, n = int(np.sum(hits)), int(hits.size)
    tail = (1 - level) / 2
    return Share(k / n, float(stats.beta.ppf(tail, k, n - k + 1)) if k else 0.0,
                 float(stats.beta.ppf(1 - tail, k + 1, n - k)) if k < n else 1.0)


def decisions(y: Floats, before: NDArray[np.int64], after: NDArray[np.int64], planned: int = -1) -> dict[str, Floats]:
    """Smallest adjusted p of each test in each experiment, (experiments,).

    Arguments:
        y: (experiments, 2, animals, visits), reference first; nan where a visit was missed.
        before, after: indices of the baseline visits and of the visits that are tested; the ANOVA takes all visits.
        planned: index of the one planned visit, among ``after``.

    The mixed model keeps animals with missed visits; the classical ANOVA leaves them out, as it must.
    """
    n = y.shape[2]
    arm = np.repeat([0, 1], n)
    flat = y.reshape(len(y), 2 * n, -1)
    base = _baseline(flat[..., before]) if before.size else None
    late = flat[..., after]
    one = int(np.searchsorted(after, planned)) if planned in after else after.size - 1
    if np.isfinite(flat).all():
        found = mixed_fast(late, arm, base)
        return {"one visit": found.p[:, 0, one], "mean": found.p_mean[:, 0],
                "any visit": found.adjusted().min((-1, -2)), "ANOVA": _classical(flat, arm, after).min(-1)}
    batch = mixed_batch(late, arm, base)
    p = np.nan_to_num(batch.p, nan=1.0)
    return {"one visit": p[:, one], "mean": np.nan_to_num(batch.p_mean, nan=1.0),
            "any visit": np.minimum(1, p.min(-1) * after.size),                          # Holm's first step
            "ANOVA": _complete_cases(flat, arm, after)}


def power_curve(pair: Pair, sizes: Sequence[int], count: int, seed: int, alpha: float = 0.05,
                conditions: Conditions = USUAL, draw: int = 0, visits: NDArray[np.int64] | None = None,
                null: bool = False) -> pd.DataFrame:
    """Share of significant experiments for each number of animals per arm.

    The same experiments serve every n (the first n of the largest), so the curve is smooth.

    Arguments:
        sizes: animals per arm. count: experiments. visits: only these of the visits after the dose are made.
        conditions, draw, null: see :func:`~thecal.analysis.design.population.experiments`.

    Returns: rows (n, test, power, low, high).
    """
    before, after = pair.split()
    planned = pair.planned_visit(visits)
    y = experiments(pair, max(sizes), count, seed, conditions, draw, null)
    if visits is not None:
        kept = np.setdiff1d(np.arange(y.shape[-1]), np.setdiff1d(after, visits))
        y, before, after = y[..., kept], np.searchsorted(kept, before), np.searchsorted(kept, visits)
        planned = int(np.searchsorted(kept, planned))
    rows = []
    for n in sizes:
        for test, p in decisions(y[:, :, :n], before, after, planned).items():
            s = share(p < alpha)
            rows.append({"n": n, "test": test, "power": s.value, "low": s.low, "high": s.high})
    return pd.DataFrame(rows)


def needed(curve: pd.DataFrame, test: str, target: float) -> float:
    """Smallest n whose power reaches the target: monotone regression, then linear between sizes; nan if none does."""
    rows = curve[curve["test"] == test].sort_values("n")
    n, power = rows["n"].to_numpy(float), np.maximum.accumulate(rows["power"].to_numpy())
    if not power.size or power[-1] < target:
        return float("nan")
    k = int(np.argmax(power >= target))
    if k == 0:
        return float(n[0])
    exact = n[k - 1] + (target - power[k - 1]) / (power[k] - power[k - 1]) * (n[k] - n[k - 1])
    return float(np.ceil(exact - 1e-9))


def assurance(pair: Pair, n: int, count: int, seed: int, alpha: float = 0.05,
              conditions: Conditions = USUAL) -> pd.DataFrame:
    """Power at one n in each parameter draw of the population: its mean is the assurance.

    Returns: rows (draw, test, power).
    """
    before, after = pair.split()
    rows = []
    for draw in range(pair.arm.level.shape[0]):
        p = decisions(experiments(pair, n, count, seed + draw, conditions, draw), before, after, pair.planned_visit())
        rows += [{"draw": draw, "test": test, "power": float(np.mean(v < alpha))} for test, v in p.items()]
    return pd.DataFrame(rows)


def power_of_simulator(simulate: Callable[[int, int], pd.DataFrame], decide: Callable[[pd.DataFrame], bool],
                       sizes: Sequence[int], count: int, seed: int = 1) -> pd.DataFrame:
    """Power of any simulator and any decision: ``simulate(n, seed)`` gives readings, ``decide(readings)`` a verdict.

    The slow way, for plans that the closed forms do not cover (``decide`` may call ``analyse``).
    """
    rows = []
    for n in sizes:
        s = share(np.array([decide(simulate(n, seed + k)) for k in range(count)]))
        rows.append({"n": n, "test": "given", "power": s.value, "low": s.low, "high": s.high})
    return pd.DataFrame(rows)


def _baseline(y: Floats) -> Floats:
    """Mean of the baseline visits an animal has; the mean of all where it has none."""
    seen = np.isfinite(y)
    count = seen.sum(-1)
    own = np.divide(np.where(seen, y, 0).sum(-1), count, out=np.full(count.shape, np.nan), where=count > 0)
    everyone = np.nanmean(own, -1, keepdims=True)
    return np.where(np.isfinite(own), own, everyone)


def _classical(y: Floats, arm: NDArray[np.int64], after: NDArray[np.int64]) -> Floats:
    """Bonferroni p at the visits after the dose, (..., visits); one visit in all is a t test."""
    if y.shape[-1] == 1:
        return ttest(y[..., arm == 1, 0], y[..., arm == 0, 0], welch=False).p[..., None]
    return rm_anova(y, arm).p_bonferroni[..., 0, after]


def _complete_cases(flat: Floats, arm: NDArray[np.int64], after: NDArray[np.int64]) -> Floats:
    """Smallest Bonferroni p over the visits after the dose, animals with missed visits left out."""
    p = np.ones(len(flat))
    for k, one in enumerate(flat):
        whole = np.isfinite(one).all(-1)
        if np.bincount(arm[whole], minlength=2).min() >= 2:
            p[k] = _classical(one[whole], arm[whole], after).min()
    return p
