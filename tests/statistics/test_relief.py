"""Relief against cases that can be solved with pencil and paper."""

import math

import numpy as np
import pytest

from thecal.analysis.relief import latent_grid, relief_latent, relief_observed, reversal


def test_grid_is_fine_for_a_day_after_each_dose_and_coarse_elsewhere():
    t = latent_grid([4.0, 21.0], 30.0)
    steps_h = np.diff(t) * 24
    assert t[0] == 0 and t[-1] == 30 and {4.0, 21.0} <= set(t)
    fine = ((t[:-1] >= 4) & (t[:-1] < 5 - 1e-9)) | ((t[:-1] >= 21) & (t[:-1] < 22 - 1e-9))
    assert np.allclose(steps_h[fine], 1 / 12) and fine.sum() == 2 * 288
    assert steps_h[~fine].max() == pytest.approx(6) and steps_h.min() > 0


def test_exponential_decay_has_its_analytic_duration():
    # reversal = 0.9·exp(−t/3 h) falls to 0.3 after 3·ln 3 hours
    t = latent_grid([5.0], 20.0)
    shape = np.where(t >= 5, 0.9 * np.exp(-(t - 5) * 24 / 3), 0)
    found = relief_latent(t, -1.4 + 1.4 * shape, np.full(t.size, -1.4), 0.0, 5.0)
    assert found.onset_h == 0 and found.spans[0].opened == "dose"
    assert found.duration_h == pytest.approx(3 * math.log(3), abs=1e-3)
    assert found.end_h == found.duration_h and found.best == pytest.approx(0.9) and not found.open_end


def test_relief_may_come_back_and_the_level_matters():
    t = np.linspace(0, 10, 2001)
    arm = -1 + 0.5 * (1 + np.sin(2 * np.pi * t / 5 - np.pi / 2))       # reversal swings between 0 and 1, period 5 d
    half = relief_latent(t, arm, np.full(t.size, -1.0), 0.0, 0.0, level=0.5)
    assert len(half.spans) == 2 and half.onset_h == pytest.approx(30, abs=0.01)
    assert half.duration_h == pytest.approx(2 * 60, abs=0.02)
    assert relief_latent(t, arm, np.full(t.size, -1.0), 0.0, 0.0, level=0.1).duration_h > half.duration_h


def test_small_deficit_leaves_the_difference_and_says_why():
    rev = reversal([0.1, 0.1], [-0.1, -1.0], 0.0)
    assert list(rev.defined) == [False, True] and math.isnan(rev.value[0])
    assert rev.value[1] == pytest.approx(1.1) and rev.difference_log10[0] == pytest.approx(0.2)
    assert "0.2 log10" in rev.reason
    t = np.linspace(0, 10, 101)
    vehicle = -1 + 0.1 * t                                             # deficit falls to the floor at day 8
    found = relief_latent(t, np.zeros(101), vehicle, 0.0, 0.0)
    assert found.spans[0].closed == "undefined" and found.end_h == pytest.approx(8 * 24)
    never = relief_latent(t, np.zeros(101), np.full(101, -0.1), 0.0, 0.0)
    assert not never.defined and never.spans == () and never.best_difference_log10 == pytest.approx(0.1)


def test_open_end_is_a_lower_bound():
    t = np.linspace(0, 10, 41)
    found = relief_latent(t, np.zeros(41), np.full(41, -1.0), 0.0, 4.0)
    assert found.open_end and found.end_h is None and found.duration_h == pytest.approx(144)
    assert found.as_dict()["end_h"] is None


def test_visits_give_intervals():
    days = np.array([0, 4, 5, 7, 14, 21, 28, 35])
    value = np.array([0, 0, .1, .5, .6, .5, .2, .1])
    seen = relief_observed(days, -1 + value, np.full(8, -1.0), 0.0, dose_day=4)
    assert seen.onset_h == (24, 72) and seen.end_h == (17 * 24, 24 * 24)
    assert seen.duration_h == (14 * 24, 23 * 24)
    late = relief_observed(days[:6], -1 + value[:6], np.full(6, -1.0), 0.0, dose_day=4)
    assert late.end_h == (17 * 24, math.inf) and late.as_dict()["end_h"] == [17 * 24, None]
    first = relief_observed(days[3:], -1 + value[3:], np.full(5, -1.0), 0.0, dose_day=4)
    assert first.onset_h == (0, 72)
    none = relief_observed(days, np.full(8, -1.0), np.full(8, -1.0), 0.0, dose_day=4)
    assert none.onset_h is None and none.duration_h == (0, 0)


def test_a_vehicle_tested_on_days_only_is_read_between_its_visits():
    """On a straight course the line between two visits is the course: the same relief as with the vehicle tested."""
    days = np.array([3, 4, 4.0208, 4.0417, 4.125, 4.2083, 5, 7])
    vehicle = -1.0 - 0.02 * (days - 3)
    arm = vehicle + np.array([0, 0, 0.8, 0.7, 0.5, 0.1, 0, 0])
    tested = relief_observed(days, arm, vehicle, 0.0, 4.0)
    sparse = relief_observed(days, arm, np.where(np.isin(days, [3, 4, 5, 7]), vehicle, np.nan), 0.0, 4.0)
    assert sparse.onset_h == tested.onset_h == (0, pytest.approx(0.5, abs=0.01))
    assert sparse.end_h == tested.end_h and sparse.reversal == pytest.approx(tested.reversal)
    assert sparse.interpolated_h == pytest.approx([0.5, 1, 3, 5], abs=0.01) and tested.interpolated_h == ()
    assert sparse.as_dict()["vehicle_interpolated_h"] == list(sparse.interpolated_h) and sparse.reason == ""
    before, after = np.where(days < 5, np.nan, vehicle), np.where(days > 4, np.nan, vehicle)
    for outside in (before, after):                                   # never beyond the vehicle's own visits
        seen = relief_observed(days, arm, outside, 0.0, 4.0)
        assert seen.interpolated_h == () and seen.onset_h is None


def test_latent_falls_inside_the_observed_interval():
    t = latent_grid([4.0], 60.0)
    curve = -1.3 + 0.9 * np.exp(-((t - 14) / 8) ** 2) * (t > 4)
    latent = relief_latent(t, curve, np.full(t.size, -1.3), 0.0, 4.0)
    days = np.arange(0, 60, 3.5)
    seen = relief_observed(days, np.interp(days, t, curve), np.full(days.size, -1.3), 0.0, 4.0)
    assert seen.onset_h[0] <= latent.onset_h <= seen.onset_h[1]
    assert seen.end_h[0] <= latent.end_h <= seen.end_h[1]
    assert seen.duration_h[0] <= latent.duration_h <= seen.duration_h[1]
