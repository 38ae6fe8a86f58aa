"""Animals compared with themselves: crossovers and two paws."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from thecal.analysis.statistics import AnalysisPlan, analyse
from thecal.analysis.statistics.outcomes import paired_effect
from thecal.core.errors import ThecalError

SHORT = AnalysisPlan(reference="vehicle", baseline="none", bootstraps=0, sensitivity=False, residual_by=None)


def table(rng, n, days, effect=0.4):
    rows = []
    for animal in range(n):
        own = rng.normal(0, 0.5)
        for arm, shift in (("vehicle", 0.0), ("drug", effect)):
            rows += [(f"m{animal}", arm, d, own + shift + rng.normal(0, 0.2)) for d in days]
    return pd.DataFrame(rows, columns=["animal", "arm", "day", "value_log10"])


def test_one_visit_is_the_paired_t_test():
    """Balanced and with animals that differ, REML gives the paired t test exactly."""
    data = table(np.random.default_rng(4), 9, [1])
    row = analyse(data, AnalysisPlan(**vars(SHORT) | {"paired": True})).contrasts.iloc[0]
    wide = data.pivot(index="animal", columns="arm", values="value_log10")
    expected = stats.ttest_rel(wide["drug"], wide["vehicle"])
    interval = expected.confidence_interval()
    assert row["t"] == pytest.approx(expected.statistic, rel=1e-6) and row["df"] == pytest.approx(8, rel=1e-6)
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high), rel=1e-6)


def test_mean_over_visits_is_the_paired_t_test_of_animal_means():
    """An effect of the animal in each arm keeps repeated visits from counting as new animals."""
    rng = np.random.default_rng(5)
    data = table(rng, 10, [1, 3, 7])
    own = {key: rng.normal(0, 0.4) for key in data.groupby(["animal", "arm"]).groups}
    data["value_log10"] += [own[key] for key in zip(data["animal"], data["arm"], strict=True)]
    found = analyse(data, AnalysisPlan(**vars(SHORT) | {"paired": True}))
    row = found.contrasts[found.contrasts["day"].isna()].iloc[0]
    wide = data.pivot_table(index="animal", columns="arm", values="value_log10")
    expected = stats.ttest_rel(wide["drug"], wide["vehicle"])
    assert row["t"] == pytest.approx(expected.statistic, rel=1e-4) and row["df"] == pytest.approx(9, rel=1e-3)


def test_a_crossover_in_two_periods_uses_the_animal():
    """Half the animals get the drug first: the mean contrast is far tighter than between strangers."""
    rng, rows = np.random.default_rng(6), []
    for animal in range(12):
        own = rng.normal(0, 0.6)
        for period, day in enumerate((1, 8)):
            arm = ("drug", "vehicle")[(animal + period) % 2]
            rows.append((f"m{animal}", arm, day, own + 0.5 * (arm == "drug") + rng.normal(0, 0.15)))
    data = pd.DataFrame(rows, columns=["animal", "arm", "day", "value_log10"])
    found = analyse(data, AnalysisPlan(**vars(SHORT) | {"paired": True})).contrasts
    row = found[found["day"].isna()].iloc[0]
    assert row["estimate"] == pytest.approx(0.5, abs=3 * row["se"]) and row["se"] < 0.1
    with pytest.raises(ThecalError, match="more than one arm"):
        analyse(data, SHORT)


def test_paired_scores_are_centred_and_keep_their_level():
    """Near 5 % for animals measured on a fine scale; below it where coarse scores tie."""
    rng = np.random.default_rng(7)
    fine, coarse = [], []
    for _ in range(1000):
        own = rng.normal(0, 1, 12)
        fine.append(paired_effect(own + rng.normal(0, 1, 12), own + rng.normal(0, 1, 12)).p)
        coarse.append(paired_effect(*(np.clip(np.round(own + rng.normal(0, 1, 12)), -1, 2) for _ in range(2))).p)
    assert 0.03 < np.mean(np.array(fine) < 0.05) < 0.07
    assert np.mean(np.array(coarse) < 0.05) < 0.07
    assert paired_effect([1, 2, 3], [1, 2, 3]).value == 0.5
    certain = paired_effect([5, 5, 5, 5], [1, 1, 1, 1])
    assert certain.value == 1 and certain.exact and certain.p == pytest.approx(2 / 16)


def test_paired_without_pairs_is_refused():
    data = table(np.random.default_rng(8), 4, [1, 3])
    data["animal"] = data["animal"] + data["arm"]
    with pytest.raises(ThecalError, match="no animal stands in two arms"):
        analyse(data, AnalysisPlan(**vars(SHORT) | {"paired": True}))
