"""Carry-over in crossovers, beside lme4 with Kenward-Roger (tests/twins_r/crossover.R) and a t test by hand."""

import numpy as np
import pandas as pd
import pytest
from r_twin import table
from scipy import stats

from thecal.analysis.statistics import AnalysisPlan, analyse
from thecal.analysis.statistics.crossover import crossover
from thecal.core.errors import ThecalError

PLAN = AnalysisPlan(reference="vehicle", baseline="none", bootstraps=0, sensitivity=False, residual_by=None,
                    paired=True)
NUMBERS = ["estimate", "se", "df", "low", "high", "p"]


def crossed(name: str) -> pd.DataFrame:
    data = table(f"crossover_{name}").rename(columns={"y": "value_log10"})
    return data.sort_values("arm", key=lambda arms: arms != "vehicle", kind="stable")     # the vehicle is the first arm


def by_r(which: str, name: str) -> np.ndarray:
    rows = table("crossover_results").query("set == @which and name == @name")
    return rows[NUMBERS].to_numpy(float)[0]


def test_three_arms_in_six_orders_are_those_of_lme4():
    found = analyse(crossed("three"), PLAN)
    left = found.carry_over.set_index("name")
    assert set(left["tested"]) == {"term"}
    for arm in ("low", "high"):
        ours = left.loc[f"after {arm} − after vehicle", NUMBERS].to_numpy(float)
        assert ours == pytest.approx(by_r("three", f"after {arm}"), rel=2e-4)
        mean = found.contrasts[found.contrasts["day"].isna() & (found.contrasts["arm"] == arm)]
        assert mean[NUMBERS].to_numpy(float)[0] == pytest.approx(by_r("three", f"{arm}/vehicle"), rel=2e-4)
    joint = found.model.set_index("term").loc["carry-over", ["F", "df1", "df2", "p"]].to_numpy(float)
    assert joint == pytest.approx(table("crossover_joint").to_numpy(float)[0], rel=2e-4)
    assert sum("adjusted for it" in said.text for said in found.conclusions) == 2


def test_two_arms_in_two_orders_compare_the_totals_of_animals():
    """λ of one arm less that of the other is the difference of animal totals between the orders: a plain t test."""
    data = crossed("two")
    found = analyse(data, PLAN)
    row = found.carry_over.iloc[0]
    assert row["tested"] == "orders" and row["name"] == "after high − after vehicle"
    assert row[NUMBERS].to_numpy(float) == pytest.approx(by_r("two", "orders"), rel=2e-4)
    totals, first = data.groupby("animal")["value_log10"].sum(), data[data["day"] == 1].set_index("animal")["arm"]
    by_hand = stats.ttest_ind(totals[first == "high"], totals[first == "vehicle"])
    assert (row["t"], row["df"], row["p"]) == pytest.approx((by_hand.statistic, 12, by_hand.pvalue), rel=1e-6)
    assert any("off by half of it" in said.text for said in found.conclusions)


def simulate(rng, carried, orders, animals=6, days=(1, 8, 15), noise=0.1):
    effect, rows = {"vehicle": 0.0, "low": 0.3, "high": 0.6}, []
    for k in range(animals * len(orders)):
        own, order = rng.normal(0, 0.3), orders[k % len(orders)]
        for p, (arm, day) in enumerate(zip(order, days, strict=False)):
            left = carried if p and order[p - 1] == "high" else 0.0
            rows.append((f"m{k}", arm, day, own + effect[arm] + left + rng.normal(0, noise)))
    return pd.DataFrame(rows, columns=["animal", "arm", "day", "value_log10"])


SIX = [("vehicle", "low", "high"), ("low", "high", "vehicle"), ("high", "vehicle", "low"),
       ("vehicle", "high", "low"), ("low", "vehicle", "high"), ("high", "low", "vehicle")]


def test_the_term_takes_the_bias_out_of_the_comparison():
    data = simulate(np.random.default_rng(3), 0.4, SIX)
    with_it, options = analyse(data, PLAN), vars(PLAN) | {"sensitivity": True}
    row = with_it.contrasts.query("arm == 'high' and day.isna()").iloc[0]
    assert row["estimate"] == pytest.approx(0.6, abs=3 * row["se"])
    others = analyse(data, AnalysisPlan(**options)).sensitivity.query("name == 'high − vehicle' and day.isna()")
    without = others.set_index("analysis").loc["carry-over left out", "estimate"]
    assert without < row["estimate"] - 0.08              # what high leaves behind was credited to the others
    assert with_it.carry_over["estimate"].iloc[1] == pytest.approx(0.4, abs=0.1)
    firsts = analyse(simulate(np.random.default_rng(4), 0.4, [("vehicle", "high"), ("high", "vehicle")], 12),
                     AnalysisPlan(**options)).sensitivity
    assert "first period only" in set(firsts["analysis"])


def test_periods_are_runs_of_visits():
    frame = pd.DataFrame({"animal": ["a"] * 6 + ["b"] * 2, "day": [1, 2, 8, 9, 15, 16, 1, 8],
                          "arm": ["v", "v", "d", "d", "v", "v", "d", "v"]}).sample(frac=1, random_state=1)
    found = crossover(frame)
    ours = frame.assign(period=found.period, before=found.before).sort_values(["animal", "day"])
    assert list(ours["period"]) == [1, 1, 2, 2, 3, 3, 1, 2]
    assert list(ours["before"]) == ["", "", "v", "v", "d", "d", "", "d"]
    assert found.orders == {"a": ("v", "d", "v"), "b": ("d", "v")} and not found.one_order
    paws = pd.DataFrame({"animal": ["a"] * 4, "day": [1, 1, 2, 2], "arm": ["left", "right"] * 2})
    assert crossover(paws) is None and crossover(frame.assign(animal=range(8))) is None


def test_one_order_for_all_is_refused():
    data = simulate(np.random.default_rng(5), 0.0, [("vehicle", "high")], 8, (1, 8))
    with pytest.raises(ThecalError, match="same order") as error:
        analyse(data, PLAN)
    assert error.value.problems[0].seen == "vehicle, then high" and error.value.problems[0].remedy


def test_a_visit_belongs_to_the_animal():
    """An animal that was in the other arm on a day has not missed that day; one that was in none has."""
    def share(data):
        checks = analyse(data, PLAN).assumptions.set_index("check")
        return checks.loc["visits are complete", "statistic"]

    data = crossed("two")
    assert share(data) == 0 and share(data.iloc[1:]) == pytest.approx(1 / 28)
