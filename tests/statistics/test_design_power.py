"""Power by simulation beside exact power, boundaries beside published tables."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from thecal.analysis.design.population import Conditions, experiments, pair_of, population
from thecal.analysis.design.power import decisions, needed, power_curve, power_of_simulator, share
from thecal.analysis.design.sequential import boundaries, sequential_power
from thecal.core.errors import ThecalError
from thecal.engine.solvers import integrator
from thecal.study import load, resolve


@pytest.fixture(scope="module")
def plan():
    return resolve(load("dose-response"))


@pytest.fixture(scope="module")
def pair(plan):
    groups = population(plan, ["bmsc_2p5e5", "vehicle"], "von_frey", integrator("compiled"), animals=120)
    return pair_of(plan, groups, "bmsc_2p5e5", "vehicle", "von_frey")


def test_decisions_have_the_power_of_the_noncentral_t():
    # one visit after the dose, no baseline: the mixed model is a t test, whose power is known exactly
    rng = np.random.default_rng(1)
    n, effect = 8, 1.2
    y = rng.normal(0, 1, (4000, 2, n, 1)) + effect * np.array([0, 1])[:, None, None]
    p = decisions(y, np.array([], int), np.array([0]))["mean"]
    crit = stats.t.ppf(0.975, 2 * n - 2)
    exact = stats.nct.sf(crit, 2 * n - 2, effect * np.sqrt(n / 2)) + stats.nct.cdf(-crit, 2 * n - 2,
                                                                                    effect * np.sqrt(n / 2))
    assert np.mean(p < 0.05) == pytest.approx(exact, abs=3 * np.sqrt(exact * (1 - exact) / 4000))


def test_mean_contrast_has_the_power_of_animal_means():
    # complete data: the average over visits is a t test on animal means with variance b² + w²/v
    rng = np.random.default_rng(2)
    n, v, effect, b, w = 6, 5, 0.5, 0.2, 0.4
    y = rng.normal(0, b, (4000, 2, n, 1)) + rng.normal(0, w, (4000, 2, n, v))
    y[:, 1] += effect
    p = decisions(y, np.array([], int), np.arange(v))["mean"]
    ncp, crit = effect / np.sqrt((b * b + w * w / v) * 2 / n), stats.t.ppf(0.975, 2 * n - 2)
    assert np.mean(p < 0.05) == pytest.approx(stats.nct.sf(crit, 2 * n - 2, ncp), abs=0.025)


def test_power_grows_with_animals_and_the_null_stays_at_alpha(pair):
    curve = power_curve(pair, [4, 8, 16], 300, seed=3)
    for _, rows in curve.groupby("test"):
        assert rows.sort_values("n")["power"].is_monotonic_increasing
    null = power_curve(pair, [8], 600, seed=3, null=True)
    assert (null["low"] < 0.06).all() and (null["power"] < 0.09).all()


def test_missed_visits_cost_power_and_cripple_the_classical_anova(pair):
    whole = power_curve(pair, [12], 200, seed=4).set_index("test")["power"]
    holes = power_curve(pair, [12], 200, seed=4, conditions=Conditions(missed=0.1)).set_index("test")["power"]
    assert holes["mean"] > whole["mean"] - 0.12 and holes["ANOVA"] < 0.5 * whole["ANOVA"]


def test_each_arm_with_its_own_observer_makes_false_positives(pair):
    blocked = power_curve(pair, [10], 300, seed=5, null=True).set_index("test")["power"]
    apart = power_curve(pair, [10], 300, seed=5, null=True, conditions=Conditions(own_observer=True))
    assert apart.set_index("test").loc["mean", "low"] > blocked["mean"]


def test_experiments_are_the_same_bytes_and_differ_by_seed(pair):
    assert np.array_equal(experiments(pair, 4, 10, 7), experiments(pair, 4, 10, 7))
    assert not np.array_equal(experiments(pair, 4, 10, 7), experiments(pair, 4, 10, 8))


def test_a_larger_dose_relieves_more(plan):
    solve = integrator("compiled")
    fall = [population(plan, ["bmsc_3e4"], "von_frey", solve, animals=20, dose_factor=f)["bmsc_3e4"].fall[0].mean(0)
            for f in (1.0, 8.0)]
    assert fall[1][13] < fall[0][13] - 0.1 and np.allclose(fall[0][:3], fall[1][:3])      # day 28; days −1, 3, 5


def test_arms_without_shared_visits_are_refused(plan):
    with pytest.raises(ThecalError, match="cannot be simulated"):
        population(plan, ["vehicle"], "csf_elisa", integrator("compiled"))
    cut = replace(plan, visits=tuple(replace(v, arms=("vehicle",)) for v in plan.visits))
    groups = population(plan, ["vehicle"], "von_frey", integrator("compiled"), animals=2)
    with pytest.raises(ThecalError, match="fewer than two visits"):
        pair_of(cut, groups, "bmsc_2p5e5", "vehicle", "von_frey")


def test_needed_interpolates_and_never_extrapolates():
    curve = pd.DataFrame({"n": [4, 8, 12], "test": "mean", "power": [0.3, 0.7, 0.9]})
    assert needed(curve, "mean", 0.8) == 10 and np.isnan(needed(curve, "mean", 0.95)) and needed(curve, "mean", .2) == 4


def test_share_is_clopper_pearson():
    found = share(np.array([True] * 8 + [False] * 2))
    assert [found.low, found.high] == pytest.approx(list(stats.binomtest(8, 10).proportion_ci(0.95)))


def test_any_simulator_and_any_decision():
    def simulate(n, seed):
        rng = np.random.default_rng(seed)
        return pd.DataFrame({"arm": ["a"] * n + ["b"] * n, "y": np.r_[rng.normal(size=n), rng.normal(2, 1, n)]})

    def decide(d):
        return stats.ttest_ind(d["y"][d["arm"] == "a"], d["y"][d["arm"] == "b"]).pvalue < 0.05

    curve = power_of_simulator(simulate, decide, [3, 10], 100)
    assert curve["power"].iloc[1] > 0.95 > curve["power"].iloc[0]


@pytest.mark.parametrize(("kind", "table"), [
    # Jennison & Turnbull 2000, two-sided 0.05: Pocock's C_P and O'Brien & Fleming's C_B
    ("pocock", {2: 2.178, 3: 2.289, 4: 2.361, 5: 2.413}),
    ("obrien-fleming", {2: 1.977, 3: 2.004, 4: 2.024, 5: 2.040}),
])
def test_boundaries_are_those_of_the_published_tables(kind, table):
    for looks, constant in table.items():
        found = boundaries([4 * k for k in range(1, looks + 1)], 0.05, kind)
        assert found.critical[-1] == pytest.approx(constant, abs=1e-3)
    with pytest.raises(ValueError, match="increasing"):
        boundaries([8, 8])


def test_looking_early_keeps_the_level_and_saves_animals(pair):
    looks = boundaries([6, 10, 14])
    null = sequential_power(pair, looks, 500, seed=2, null=True).attrs
    assert null["low"] < 0.055
    real = sequential_power(pair, looks, 200, seed=2).attrs
    assert real["expected_n"] < 14 and real["power"] > null["power"]
