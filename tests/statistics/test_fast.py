"""The closed form beside the general REML fit, and both beside known truth by simulation."""

import numpy as np
import pandas as pd
import pytest

from thecal.analysis.statistics.batch import mixed_batch
from thecal.analysis.statistics.design_matrix import layout
from thecal.analysis.statistics.fast import mixed_fast
from thecal.analysis.statistics.mixed import SATTERTHWAITE, reml
from thecal.analysis.statistics.multiplicity import holm
from thecal.analysis.statistics.readings import readings


def experiments(count: int, sizes: list[int], visits: int, seed: int, between: float = 0.21, within: float = 0.35):
    """Thresholds in log10 under the null, with the spread found in real animals: (count, animals, visits + 1)."""
    rng = np.random.default_rng(seed)
    arm = np.repeat(np.arange(len(sizes)), sizes)
    y = rng.normal(0, between, (count, arm.size, 1)) + rng.normal(0, within, (count, arm.size, visits + 1))
    return y[..., 1:], y[..., 0], arm


def long_table(y, baseline, arm, sex):
    rows = [(f"a{i}", str(arm[i]), sex[i], d, v) for i in range(arm.size)
            for d, v in enumerate([baseline[i], *y[i]])]
    return pd.DataFrame(rows, columns=["animal", "arm", "sex", "day", "value_log10"])


@pytest.mark.parametrize("seed", range(6))
def test_closed_form_is_reml_inside_and_at_the_bound(seed):
    y, baseline, arm = experiments(1, [5, 7, 6], 4, seed, between=0.3 if seed % 2 else 0.0)
    sex = np.arange(arm.size) % 2
    fast = mixed_fast(y, arm, baseline, sex)
    plan = layout(readings(long_table(y[0], baseline[0], arm, sex), arms="012"), (0,), covariates=("sex",))
    fit = reml(plan.blocks())
    assert fit.theta == pytest.approx([fast.variance_animal[0], fast.variance_residual[0]], abs=1e-8)
    for k in (1, 2):
        for day in (1, 4):
            found = fit.contrast(plan.weights({(str(k), day): 1, ("0", day): -1}), SATTERTHWAITE)
            at = (0, k - 1, day - 1)
            assert [found.value, found.se, found.df, found.p, found.low, found.high] == pytest.approx(
                [fast.estimate[at], fast.se[at], fast.df[at], fast.p[at], fast.low[at], fast.high[at]], rel=1e-5)
        mean = fit.contrast(plan.weights({(str(k), d): .25 for d in range(1, 5)}
                                         | {("0", d): -.25 for d in range(1, 5)}), SATTERTHWAITE)
        assert [mean.value, mean.se, mean.df, mean.p] == pytest.approx(
            [x[0, k - 1] for x in (fast.estimate_mean, fast.se_mean, fast.df_mean, fast.p_mean)], rel=1e-5)


@pytest.mark.parametrize("n", [5, 8, 12])
def test_error_rate_and_coverage_are_nominal(n):
    # 4000 experiments of 3 contrasts × 4 visits: the standard error of a rate near 5 % is at most 0.35 %
    y, baseline, arm = experiments(4000, [n] * 3, 4, seed=n)
    found = mixed_fast(y, arm, baseline)
    rate = np.mean(found.p < 0.05)
    assert 0.04 < rate < 0.06
    truth = 0.4
    shifted = mixed_fast(y + truth * (arm == 1)[:, None], arm, baseline)
    covered = (shifted.low[..., 0, :] < truth) & (truth < shifted.high[..., 0, :])
    assert 0.93 < covered.mean() < 0.97
    family = np.mean(found.adjusted("holm").min((-1, -2)) < 0.05)
    assert family < 0.06


def test_holm_over_many_experiments_is_holm():
    y, _, arm = experiments(5, [4, 4, 4], 3, seed=9)
    found = mixed_fast(y, arm)
    assert np.allclose(found.adjusted()[2].ravel(), holm(found.p[2].ravel()))


def test_general_fit_keeps_its_rates_with_missed_visits_and_unequal_spread():
    # 250 experiments of 8 readings each way; the large run is bench/statistics_calibration.py
    from bench.statistics_calibration import unbalanced

    for row in unbalanced(6, 120, by_arm=True):
        assert abs(row["rejected"] - 0.05) < max(0.01, 3 * row["se"]), row
        assert 0.92 < row["coverage"] < 0.98, row


@pytest.mark.parametrize("between", [0.0, 0.3])
def test_batch_with_missed_visits_is_reml(between):
    y, baseline, arm = experiments(6, [6, 7], 5, 11, between=between)
    y[np.random.default_rng(0).uniform(size=y.shape) < 0.12] = np.nan
    found = mixed_batch(y, arm, baseline)
    for k in range(6):
        table = long_table(y[k], baseline[k], arm, ["f"] * arm.size)
        plan = layout(readings(table, arms="01"), (0,), covariates=())
        fit = reml(plan.blocks())
        assert fit.theta[0] / fit.theta[1] == pytest.approx(found.theta[k], abs=2e-4)
        for day in (1, 3, 5):
            one = fit.contrast(plan.weights({("1", day): 1, ("0", day): -1}), SATTERTHWAITE)
            at = (k, day - 1)
            assert [one.value, one.se, one.df, one.p] == pytest.approx(
                [found.estimate[at], found.se[at], found.df[at], found.p[at]], rel=2e-3)
        mean = fit.contrast(plan.weights({("1", d): .2 for d in range(1, 6)} | {("0", d): -.2 for d in range(1, 6)}),
                            SATTERTHWAITE)
        assert [mean.value, mean.se, mean.df] == pytest.approx(
            [found.estimate_mean[k], found.se_mean[k], found.df_mean[k]], rel=2e-3)


def test_batch_of_complete_experiments_is_the_closed_form():
    y, baseline, arm = experiments(30, [5, 5], 4, 3)
    batch, fast = mixed_batch(y, arm, baseline), mixed_fast(y, arm, baseline)
    assert np.allclose(batch.p, fast.p[:, 0], rtol=2e-3, atol=1e-5)
    assert np.allclose(batch.p_mean, fast.p_mean[:, 0], rtol=2e-3, atol=1e-5)
    y[0, arm == 1, 2] = np.nan
    hollow = mixed_batch(y, arm, baseline)
    assert np.isnan(hollow.p[0, 2]) and np.isfinite(hollow.p[0, 1]) and np.isnan(hollow.p_mean[0])
