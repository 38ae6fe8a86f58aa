"""Variability within and between animals, and the assumptions a model rests on, each with what it means."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from thecal.analysis.statistics.anova import RepeatedMeasures
from thecal.analysis.statistics.censored import Imputed
from thecal.analysis.statistics.design_matrix import Layout
from thecal.analysis.statistics.mixed import Fit
from thecal.analysis.statistics.readings import Readings

Floats = NDArray[np.float64]


def variability(data: Readings, baseline_days: tuple[float, ...] = (), level: float = 0.95) -> pd.DataFrame:
    """Within-animal SD, between-animal SD and ICC of each arm, by a two-way decomposition (animal, visit).

        MS_within = Σ(y − animal − visit + mean)²/((n−1)(v−1)),  between² = (MS_animal − MS_within)/v

    Only animals with a measured (not censored) reading at every visit enter, as the decomposition needs. One row per
    arm for the visits after baseline, and one for all visits where there is a baseline. The interval of the ICC is
    Shrout and Fleiss' (1979) for ICC(3,1).
    """
    rows = []
    for arm in data.arms:
        frame = data.frame[data.frame["arm"] == arm]
        later = frame[~frame["day"].isin(baseline_days)]
        for visits, part in (("after baseline", later), ("all", frame)):
            if visits == "all" and len(later) == len(frame):
                continue
            wide = part[part["censored"] == ""].pivot_table(index="animal", columns="day", values="y", dropna=False)
            wide = wide.reindex(columns=sorted(part["day"].unique())).dropna()
            row = {"arm": arm, "visits": visits, "animals": len(wide), "visits_per_animal": wide.shape[1]}
            rows.append(row | _two_way(wide.to_numpy(), level))
    return pd.DataFrame(rows)


def _two_way(y: Floats, level: float) -> dict[str, float]:
    names = ("within_animal_sd", "between_animal_sd", "icc", "icc_low", "icc_high")
    n, v = y.shape
    if n < 2 or v < 2:
        return dict.fromkeys(names, np.nan)
    animal, visit = y.mean(1, keepdims=True), y.mean(0)
    within = float(np.sum((y - animal - visit + y.mean()) ** 2) / ((n - 1) * (v - 1)))
    between = float(v * np.sum((animal - y.mean()) ** 2) / (n - 1))
    if not within > 0:
        return dict.fromkeys(names, np.nan)
    df = (n - 1, (n - 1) * (v - 1))
    F, tail = between / within, 0.5 + level / 2
    low, high = F / stats.f.ppf(tail, *df), F * stats.f.ppf(tail, *df[::-1])
    variance = max(0.0, (between - within) / v)
    values = (np.sqrt(within), np.sqrt(variance), variance / (variance + within),
              max(0.0, (low - 1) / (low + v - 1)), max(0.0, (high - 1) / (high + v - 1)))
    return {k: float(x) for k, x in zip(names, values, strict=True)}


def assumptions(fit: Fit | Imputed, layout: Layout, data: Readings, anova: RepeatedMeasures | None,
                baseline_days: tuple[float, ...]) -> pd.DataFrame:
    """What the models assume, what the readings say about it, and what to make of it.

    ``verdict`` is ``holds``, ``doubtful`` or ``violated``. At these sample sizes a test of normality rarely rejects;
    the size of a departure stands beside its p.
    """
    residual, animal = fit.residuals()
    order = layout.frame.sort_values("animal", kind="stable")
    arm = order["arm"].to_numpy()
    rows = [_normal("residuals are normal", residual), _normal("animal effects are normal", animal),
            _spread("equal spread in the arms", residual, arm),
            _spread("equal spread at the visits", residual, order["day"].to_numpy())]
    if anova is not None and np.isfinite(anova.mauchly_p):
        p, eps = float(anova.mauchly_p), float(anova.gg)
        verdict = "holds" if p > 0.05 and eps > 0.75 else "doubtful" if p > 0.01 else "violated"
        rows.append(_row("sphericity (classical ANOVA)", eps, p, verdict,
                         "ε is 1 when all pairs of visits are equally correlated; read the Greenhouse-Geisser p"))
    rows += _shares(layout, data, baseline_days)
    return pd.DataFrame(rows)


def _row(check: str, statistic: float, p: float, verdict: str, meaning: str) -> dict[str, object]:
    return {"check": check, "statistic": float(statistic), "p": float(p), "verdict": verdict, "meaning": meaning}


def _normal(check: str, x: Floats) -> dict[str, object]:
    x = x[np.isfinite(x)]
    if x.size < 4 or np.ptp(x) < 1e-9:
        return _row(check, np.nan, np.nan, "holds", "too few or no spread to tell")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        p, skew = float(stats.shapiro(x).pvalue), float(stats.skew(x))
    verdict = "violated" if p < 0.01 and abs(skew) > 1 else "doubtful" if p < 0.05 and abs(skew) > 0.5 else "holds"
    return _row(check, skew, p, verdict, "statistic is the skewness, p is Shapiro-Wilk's; "
                "means of several animals stand moderate departures")


def _spread(check: str, residual: Floats, group: NDArray) -> dict[str, object]:
    groups = [residual[group == g] for g in np.unique(group) if np.sum(group == g) > 2]
    sd = [float(g.std(ddof=1)) for g in groups]
    if len(groups) < 2 or min(sd) <= 0:
        return _row(check, np.nan, np.nan, "holds", "too few readings to tell")
    ratio, p = max(sd) / min(sd), float(stats.levene(*groups, center="median").pvalue)
    verdict = "violated" if ratio > 2 and p < 0.05 else "doubtful" if ratio > 1.5 and p < 0.05 else "holds"
    return _row(check, ratio, p, verdict, "statistic is the largest over the smallest residual SD, p is "
                "Brown-Forsythe's; the model has a variance for each arm unless the plan says otherwise, see the "
                "sensitivity analyses")


def _shares(layout: Layout, data: Readings, baseline_days: tuple[float, ...]) -> list[dict[str, object]]:
    frame = layout.frame
    censored = float((frame["censored"] != "").mean())
    verdict = "holds" if censored < 0.05 else "doubtful" if censored < 0.25 else "violated"
    rows = [_row("readings lie within the instrument's range", censored, np.nan, verdict,
                 "share of readings known only as a bound")]
    days = frame["day"].nunique()
    crossed = layout.periods is not None        # then a visit belongs to the animal, whatever arm it is in
    animals = data.frame.assign(arm="" if crossed else data.frame["arm"]).groupby("arm")["animal"].nunique()
    held = frame.drop_duplicates(["animal", "day"]).assign(arm=lambda x: "" if crossed else x["arm"])
    missing = 1 - held.groupby("arm").size() / (animals * days)
    worst = float(missing.max())
    unequal = worst - float(missing.min())
    verdict = "holds" if worst < 0.05 else "doubtful" if worst < 0.2 and unequal < 0.15 else "violated"
    rows.append(_row("visits are complete", worst, np.nan, verdict, "largest share of missed visits in an arm; "
                     "the mixed model takes them as missing at random"))
    before = data.frame[data.frame["day"].isin(baseline_days)].groupby(["arm", "animal"])["y"].mean()
    if before.groupby("arm").size().gt(1).sum() > 1:
        spread = float(np.sqrt(before.groupby("arm").var().mean()))
        gap = float(np.ptp(before.groupby("arm").mean())) / spread if spread > 0 else 0.0
        rows.append(_row("arms start alike", gap, np.nan, "holds" if gap < 0.5 else "doubtful" if gap < 1 else
                         "violated", "largest difference of baseline means in standard deviations; the model adjusts"))
    return rows
