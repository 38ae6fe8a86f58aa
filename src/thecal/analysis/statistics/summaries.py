"""Summaries that pain papers print: means by visit, MPE, AUC per animal, and observed relief with its intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from thecal.analysis.relief import ObservedRelief, relief_observed
from thecal.analysis.statistics.anova import ttest
from thecal.analysis.statistics.multiplicity import holm
from thecal.analysis.statistics.readings import Readings

Floats = NDArray[np.float64]


def means(data: Readings, level: float = 0.95) -> pd.DataFrame:
    """Mean, SEM and t interval of each arm at each visit, readings at their bound where censored."""
    per_animal = data.frame.groupby(["arm", "day", "animal"], sort=True)["y"].mean().reset_index()
    table = per_animal.groupby(["arm", "day"])["y"].agg(n="size", mean="mean", sd="std").reset_index()
    hidden = data.frame.assign(hidden=data.frame["censored"] != "").groupby(["arm", "day"])["hidden"].sum()
    table["sem"] = table["sd"] / np.sqrt(table["n"])
    half = stats.t.ppf(0.5 + level / 2, np.maximum(table["n"] - 1, 1)) * table["sem"]
    table["low"], table["high"] = table["mean"] - half, table["mean"] + half
    table["censored"] = table.set_index(["arm", "day"]).index.map(hidden).astype(int)
    return table


def mpe(post: ArrayLike, pre: ArrayLike, cutoff: float) -> Floats:
    """Maximum possible effect in percent, 100·(post − pre)/(cutoff − pre); nan where pre is at the cut-off."""
    post, pre = np.broadcast_arrays(np.asarray(post, float), np.asarray(pre, float))
    room = cutoff - pre
    return np.divide(100 * (post - pre), room, out=np.full(post.shape, np.nan), where=room > 0)


def auc(days: ArrayLike, y: ArrayLike) -> Floats:
    """Area under the change from the first visit, trapezoid rule; days (v,), y (..., v), unit of y times days."""
    y = np.asarray(y, float)
    return np.trapezoid(y - y[..., :1], np.asarray(days, float), axis=-1)


def per_animal(data: Readings, baseline_days: tuple[float, ...], dose_day: float | None,
               cutoff: float | None) -> pd.DataFrame:
    """AUC from baseline, and MPE relative to the last visit before the dose, one row per animal.

    AUC needs every visit. ``mpe_best`` is the largest MPE after the dose, on the scale of analysis; ``cutoff`` is on
    that scale too.
    """
    wide = data.frame.pivot_table(index=["arm", "animal"], columns="day", values="y")
    later = [d for d in wide.columns if d not in baseline_days]
    first = [d for d in wide.columns if d in baseline_days]
    if first:
        start = wide[first].mean(axis=1)
        area = auc([max(first), *later], np.column_stack([start, wide[later]]))
    else:
        area = auc(later, wide[later].to_numpy())
    table = pd.DataFrame({"auc": area}, index=wide.index)
    before = [d for d in wide.columns if dose_day is not None and d <= dose_day]
    after = [d for d in wide.columns if dose_day is not None and d > dose_day]
    if cutoff is not None and before and after:
        effect = mpe(wide[after].to_numpy(), wide[before[-1]].to_numpy()[:, None], cutoff)
        table["mpe_best"] = pd.DataFrame(effect, index=wide.index).max(axis=1)
        table["mpe_mean"] = pd.DataFrame(effect, index=wide.index).mean(axis=1)
    return table.reset_index()


def compare_summaries(table: pd.DataFrame, pairs: list[tuple[str, str]], paired: bool = False) -> pd.DataFrame:
    """Welch's t (or, paired, that of the differences within animals) on each summary for each pair, Holm within one."""
    rows = []
    for column in [c for c in table.columns if c not in ("arm", "animal")]:
        block = []
        for arm, reference in pairs:
            a, b = (table[table["arm"] == x].set_index("animal")[column].dropna() for x in (arm, reference))
            if paired:
                a = (a - b).dropna()
                b = 0 * a
            if min(len(a), len(b)) < 2 or (a.std() == 0 and b.std() == 0):
                continue
            t = ttest(a, b)         # b without spread: Welch's t is then that of one sample
            block.append({"summary": column, "name": f"{arm} − {reference}", "estimate": float(t.difference),
                          "low": float(t.low), "high": float(t.high), "df": float(t.df), "p": float(t.p)})
        for row, p in zip(block, holm([r["p"] for r in block]), strict=True):
            rows.append(row | {"p_adjusted": float(p)})
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class ReliefWithIntervals:
    """Observed relief of an arm and what resampling of animals says about it.

    ``share`` is the share of resamples with any relief; the intervals run from the lower quantile of the interval's
    start to the upper quantile of its end, among resamples with relief, and are about *animals*, not parameters.
    """

    arm: str
    reference: str
    observed: ObservedRelief
    share: float
    onset_h: tuple[float, float] | None
    end_h: tuple[float, float] | None
    duration_h: tuple[float, float] | None

    def as_dict(self) -> dict[str, object]:
        """Plain data; open bounds are ``null``."""
        def pair(x: tuple[float, float] | None) -> list[float | None] | None:
            return None if x is None else [v if np.isfinite(v) else None for v in x]
        return {"arm": self.arm, "reference": self.reference, "observed": self.observed.as_dict(),
                "over_animals": {"share_with_relief": self.share, "onset_h": pair(self.onset_h),
                                 "end_h": pair(self.end_h), "duration_h": pair(self.duration_h)}}


def relief_with_intervals(data: Readings, arm: str, reference: str, baseline_days: tuple[float, ...], dose_day: float,
                          level: float, floor: float, rng: np.random.Generator, bootstraps: int = 1000,
                          confidence: float = 0.95) -> ReliefWithIntervals | None:
    """Onset, loss and duration of relief from visits, with a bootstrap by animal within each arm.

    Baseline is the mean of both arms before anything was done. None when there is no baseline or no visit after the
    dose.
    """
    wide = data.frame.pivot_table(index=["arm", "animal"], columns="day", values="y")
    if arm not in wide.index.get_level_values(0) or reference not in wide.index.get_level_values(0):
        return None
    first = [d for d in wide.columns if d in baseline_days]
    days = np.array([d for d in wide.columns if d not in baseline_days])
    if not first or not (days > dose_day).any():
        return None
    a, r = wide.loc[arm], wide.loc[reference]

    def once(one: pd.DataFrame | Floats, two: pd.DataFrame | Floats) -> ObservedRelief:
        start = _mean(np.concatenate([one[:, :len(first)].ravel(), two[:, :len(first)].ravel()])[:, None])[0]
        return relief_observed(days, _mean(one[:, len(first):]), _mean(two[:, len(first):]), float(start), dose_day,
                               level, floor)

    A, R = (x[[*first, *days]].to_numpy() for x in (a, r))
    observed = once(A, R)
    draws = [once(A[rng.integers(len(A), size=len(A))], R[rng.integers(len(R), size=len(R))])
             for _ in range(bootstraps)]
    with_relief = [d for d in draws if d.spans]
    tail = (1 - confidence) / 2

    def bounds(name: str) -> tuple[float, float] | None:
        if not with_relief:
            return None
        ends = np.array([getattr(d, name) for d in with_relief])
        return (float(np.quantile(ends[:, 0], tail, method="lower")),
                float(np.quantile(ends[:, 1], 1 - tail, method="higher")))

    share = len(with_relief) / bootstraps if bootstraps else float(bool(observed.spans))
    return ReliefWithIntervals(arm, reference, observed, share, bounds("onset_h"), bounds("end_h"),
                               bounds("duration_h"))


def _mean(y: Floats) -> Floats:
    count = np.isfinite(y).sum(0)
    return np.divide(np.nansum(y, 0), count, out=np.full(y.shape[1], np.nan), where=count > 0)
