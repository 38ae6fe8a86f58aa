"""The mixed model beside lme4, lmerTest, pbkrtest and nlme on the same tables (tests/twins_r/mixed.R)."""

import numpy as np
import pandas as pd
import pytest
from r_twin import table

from thecal.analysis.statistics.design_matrix import Layout, layout
from thecal.analysis.statistics.mixed import KENWARD_ROGER, SATTERTHWAITE, reml
from thecal.analysis.statistics.readings import readings

ARMS = ("vehicle", "low", "high")


def simulated(name: str) -> pd.DataFrame:
    """The stored table as a readings table: the baseline becomes a visit on day −1."""
    d = table(f"mixed_{name}").rename(columns={"y": "value_log10"})
    before = d.drop_duplicates("animal").assign(day=-1, value_log10=lambda x: x["baseline"])
    return pd.concat([before, d])


def designed(name: str, **options) -> Layout:
    return layout(readings(simulated(name), arms=ARMS), baseline_days=(-1,), covariates=("sex", "cohort"), **options)


@pytest.mark.parametrize("name", ["balanced", "missing", "singular"])
def test_variances_and_likelihood_are_those_of_lme4(name):
    fit = reml(designed(name).blocks())
    r = table("mixed_variances").set_index("set").loc[name]
    assert fit.theta[0] == pytest.approx(r["animal"], rel=2e-5, abs=1e-7)
    assert fit.theta[1] == pytest.approx(r["residual"], rel=2e-5)
    assert fit.loglik == pytest.approx(r["loglik"], abs=1e-7)


@pytest.mark.parametrize("method", [KENWARD_ROGER, SATTERTHWAITE])
@pytest.mark.parametrize("name", ["balanced", "missing", "singular"])
def test_contrasts_are_those_of_emmeans(name, method):
    plan = designed(name)
    fit = reml(plan.blocks())
    r = table("mixed_contrasts").query("set == @name and method == @method")
    assert len(r) == 8
    for row in r.itertuples():
        high, low = row.contrast.split("/")
        found = fit.contrast(plan.weights({(high, row.day): 1, (low, row.day): -1}), method)
        assert [found.value, found.se, found.df, found.low, found.high, found.p] == pytest.approx(
            [row.estimate, row.se, row.df, row.low, row.high, row.p], rel=2e-4, abs=2e-6), row


@pytest.mark.parametrize("method", [KENWARD_ROGER, SATTERTHWAITE])
@pytest.mark.parametrize("name", ["balanced", "missing", "singular"])
def test_joint_tests_are_those_of_lmertest(name, method):
    plan = designed(name)
    fit = reml(plan.blocks())
    days = sorted({d for _, d in plan.cells})
    interaction = [plan.weights({(a, d): 1, (ARMS[0], d): -1, (a, days[0]): -1, (ARMS[0], days[0]): 1})
                   for a in ARMS[1:] for d in days[1:]]
    rows = table("mixed_tests").query("set == @name and method == @method").set_index("term")
    for term, weights in {"arm:visit": interaction, "baseline": _column(plan, "baseline"),
                          "sex": _column(plan, "sex"), "cohort": _column(plan, "cohort")}.items():
        found, r = fit.joint(np.array(weights), method), rows.loc[term]
        assert [found.F, found.df1, found.df2, found.p] == pytest.approx(
            [r["F"], r["df1"], r["df2"], r["p"]], rel=5e-4), term


def test_residual_variance_by_arm_is_that_of_nlme():
    plan = designed("missing", residual_by="arm")
    fit = reml(plan.blocks())
    r = table("mixed_by_arm_variances").set_index("what")["value"]
    assert fit.loglik == pytest.approx(r["loglik"], abs=1e-6)
    assert fit.variances["animal"] == pytest.approx(r["animal"], rel=1e-3)
    for arm in ARMS:
        assert fit.variances[f"residual:{arm}"] == pytest.approx(r[f"residual:{arm}"], rel=1e-3)
    for row in table("mixed_by_arm_contrasts").itertuples():
        high, low = row.contrast.split("/")
        found = fit.contrast(plan.weights({(high, row.day): 1, (low, row.day): -1}), SATTERTHWAITE)
        assert [found.value, found.se] == pytest.approx([row.estimate, row.se], rel=1e-3)


def _column(plan: Layout, prefix: str) -> np.ndarray:
    return np.array([[float(c.startswith(prefix)) for c in plan.columns]])
