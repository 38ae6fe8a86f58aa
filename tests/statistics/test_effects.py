"""Effect sizes and equivalence beside R's noncentral t and beside known truth."""

import numpy as np
import pytest
from r_twin import table

from thecal.analysis.statistics.effects import correction, hedges_g, noncentrality, tost


def test_noncentrality_is_that_of_r():
    for row in table("noncentral").itertuples():
        assert noncentrality(row.t, row.df) == pytest.approx((row.low, row.high), abs=1e-6)


def test_small_sample_factor_in_closed_form():
    # Γ(1)/Γ(1/2) = 1/√π; Γ(3/2)/(√(3/2) Γ(1)); Hedges' approximation 1 − 3/(4 df − 1) for larger df
    assert [correction(2), correction(3)] == pytest.approx([np.pi ** -0.5, np.sqrt(np.pi / 6)])
    assert [correction(d) for d in (10, 50)] == pytest.approx([1 - 3 / 39, 1 - 3 / 199], abs=5e-4)


def test_g_is_unbiased_and_its_interval_covers():
    rng = np.random.default_rng(3)
    found = [hedges_g(rng.normal(1.0, 1, 6), rng.normal(0, 1, 6)) for _ in range(500)]
    assert np.mean([f.g for f in found]) == pytest.approx(1.0, abs=3 * 0.7 / np.sqrt(500))
    # the factor J shortens the interval a little, so it is compared before the correction
    J = correction(10)
    covered = np.mean([f.low / J < 1 < f.high / J for f in found])
    assert 0.92 < covered < 0.98


def test_absence_of_significance_is_not_equivalence():
    wide = tost(0.05, 0.30, 10, margin=0.2)
    assert not wide.equivalent and wide.p > 0.05
    narrow = tost(0.05, 0.05, 30, margin=0.2)
    assert narrow.equivalent and narrow.low > -0.2 and narrow.high < 0.2
    with pytest.raises(ValueError, match="positive"):
        tost(0, 1, 10, 0)


def test_tost_keeps_its_error_rate_at_the_margin():
    rng = np.random.default_rng(8)
    from thecal.analysis.statistics.anova import ttest
    t = ttest(rng.normal(0.5, 1, (3000, 12)), rng.normal(0, 1, (3000, 12)), welch=False)
    wrong = np.mean([tost(d, s, df, 0.5, 0.05).equivalent for d, s, df in
                     zip(t.difference, t.se, np.broadcast_to(t.df, t.se.shape), strict=True)])
    assert wrong <= 0.06
