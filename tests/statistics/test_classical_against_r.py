"""Classical tests beside base R and mvtnorm on the same tables (tests/twins_r/classical.R)."""

import numpy as np
import pytest
from r_twin import table

from thecal.analysis.statistics.anova import oneway, oneway_fast, rm_anova, rm_anova_fast, ttest
from thecal.analysis.statistics.multiplicity import adjusted, bonferroni, critical, dunnett, holm

ARMS = ["vehicle", "low", "high"]


@pytest.mark.parametrize("name", ["equal", "unequal"])
def test_repeated_measures_anova_is_that_of_r(name):
    wide = table(f"anova_{name}").pivot(index=["arm", "animal"], columns="day", values="value_log10")
    found = rm_anova(wide.to_numpy(), [ARMS.index(a) for a, _ in wide.index])
    r = table("anova_results").query("set == @name").set_index("term")
    for term, effect in {"arm": found.arm, "visit": found.visit, "arm:visit": found.interaction}.items():
        row = r.loc[term]
        assert [effect.F, effect.df1, effect.df2, effect.p] == pytest.approx(list(row[["F", "df1", "df2", "p"]]))
        if term != "arm":
            assert effect.p_gg == pytest.approx(row["p_gg"])
            assert [found.gg, found.hf] == pytest.approx([row["gg"], row["hf"]], abs=6e-5)   # R prints four digits
    assert [found.mauchly_W, found.mauchly_p] == pytest.approx(list(r.loc["mauchly", ["F", "p"]]))


def test_post_tests_use_the_mean_square_within_cells():
    # (SS_animals + SS_residual)/(df + df) is the pooled variance of all cells: compute it cell by cell
    rng = np.random.default_rng(1)
    y = rng.normal(size=(2, 5, 4)) + rng.normal(size=(2, 5, 1))
    found = rm_anova_fast(y)
    pooled = y.var(axis=1, ddof=1).mean()
    assert found.se[0] == pytest.approx(np.sqrt(pooled * 2 / 5)) and found.df == 2 * 4 * 4
    assert found.difference[0] == pytest.approx(y[1].mean(0) - y[0].mean(0))
    assert np.allclose(found.p_bonferroni, np.minimum(1, 4 * found.p))


def test_many_experiments_at_once_equal_one_by_one():
    y = np.random.default_rng(2).normal(size=(7, 3, 5, 6))
    many = rm_anova_fast(y)
    one = [rm_anova_fast(x) for x in y]
    assert np.allclose(many.interaction.p_gg, [o.interaction.p_gg for o in one])
    assert np.allclose(many.p_bonferroni, [o.p_bonferroni for o in one])
    assert np.allclose(oneway_fast(y[..., 0]).p, [oneway_fast(x[..., 0]).p for x in y])


def test_oneway_and_t_tests_are_those_of_r():
    d, r = table("oneway"), table("oneway_results").set_index("what")["value"]
    arms = ["vehicle", "cells", "naive", "lysate"]
    index = np.array([arms.index(a) for a in d["arm"]])
    pairs = [(i, j) for i in range(4) for j in range(i)]
    found = oneway(d["value"], index, pairs)
    at = {pair: k for k, pair in enumerate(pairs)}
    assert [found.F, found.p] == pytest.approx([r["F"], r["p"]])
    assert found.p_bonferroni[at[1, 0]] == pytest.approx(r["bonferroni_cells_vehicle"])
    assert found.p_bonferroni[at[2, 1]] == pytest.approx(r["bonferroni_cells_naive"])
    assert holm(found.p_pairs)[at[1, 0]] == pytest.approx(r["holm_cells_vehicle"])
    cells, vehicle = (d.loc[d["arm"] == a, "value"] for a in ("cells", "vehicle"))
    student, welch = ttest(cells, vehicle, welch=False), ttest(cells, vehicle)
    assert [student.t, student.p, student.low, student.high] == pytest.approx(
        [r["student_t"], r["student_p"], r["student_low"], r["student_high"]])
    assert [welch.t, welch.df, welch.p, welch.low, welch.high] == pytest.approx(
        [r["welch_t"], r["welch_df"], r["welch_t_p"], r["welch_low"], r["welch_high"]])


def test_dunnett_is_that_of_mvtnorm():
    for row in table("dunnett").itertuples():
        n = np.array([int(x) for x in row.n.split("/")])
        share = np.sqrt(n[1:] / (n[1:] + n[0]))
        correlation = np.outer(share, share)
        np.fill_diagonal(correlation, 1)
        assert dunnett([row.t], [row.df], correlation)[0] == pytest.approx(row.p, abs=2e-4)
        assert critical([row.df] * 3, correlation, "dunnett")[0] == pytest.approx(row.critical, abs=2e-3)


def test_adjustments_by_hand():
    p = np.array([0.01, 0.04, np.nan, 0.03])
    assert holm(p) == pytest.approx([0.03, 0.06, np.nan, 0.06], nan_ok=True)
    assert bonferroni(p) == pytest.approx([0.03, 0.12, np.nan, 0.09], nan_ok=True)
    with pytest.raises(ValueError, match="holm, bonferroni"):
        adjusted(p, p, p, np.eye(4), "scheffe")
