"""Designs of a handful of readings: numbers or one clear reason, no warnings and no crash in arithmetic."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from thecal.analysis.statistics import AnalysisPlan, analyse
from thecal.analysis.statistics.effects import noncentrality
from thecal.core.errors import ThecalError


def test_four_degrees_of_freedom_are_no_pole():
    """Kenward and Roger's formula divides by zero at exactly 4 df; the limit is Student's t test."""
    y = [0.0, 0.4, 0.9, 1.0, 1.6, 1.9]
    data = pd.DataFrame({"animal": range(6), "arm": ["veh"] * 3 + ["a"] * 3, "day": 3, "value_log10": y})
    plan = AnalysisPlan(reference="veh", residual_by=None, bootstraps=0, sensitivity=False)
    row = analyse(data, plan).contrasts.iloc[0]
    assert row["df"] == pytest.approx(4) and row["t"] == pytest.approx(stats.ttest_ind(y[3:], y[:3]).statistic)


def test_noncentrality_of_extreme_statistics_is_a_number_or_nan():
    for t, df in ((1e6, 1.0), (300.0, 0.4), (-50.0, 0.1), (0.0, 1.0)):
        low, high = noncentrality(t, df)
        assert not low > high


@pytest.mark.parametrize("outcome", ["threshold", "score", "value"])
def test_few_readings_of_any_kind(outcome):
    rng = np.random.default_rng(2)
    done = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for k in range(60):
            days = (-1, 3, 7)[: rng.integers(2, 4)]
            rows = [(f"g{g}a{a}", ("veh", "a", "b")[g], d, rng.choice([0.0, 0.3, 1.0, -1.0]) if k % 3 else rng.normal())
                    for g in range(rng.integers(2, 4)) for a in range(rng.integers(1, 4)) for d in days
                    if rng.random() < 0.85]
            data = pd.DataFrame(rows, columns=["animal", "arm", "day", "value_log10"])
            try:
                analyse(data.assign(value=data["value_log10"]), AnalysisPlan(
                    outcome=outcome, reference="veh", bootstraps=3, dose_day=0.0, equivalence_margin=0.2))
                done += 1
            except ThecalError as error:
                assert len(error.problems) == 1
    assert done > 20
