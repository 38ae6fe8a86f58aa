"""Percent response against R's glm; SUDO against the forces of its own filaments."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from thecal.assay.filaments import filament_set
from thecal.assay.percent_response import fit_counts
from thecal.assay.sudo import sudo
from thecal.core.errors import ThecalError

FORCES = np.log10([0.04, 0.07, 0.16, 0.4, 1, 2])


def test_against_r_glm():
    table = pd.read_csv(Path(__file__).with_name("percent_response_r.csv"))
    t = fit_counts(FORCES, table[[f"k{i}" for i in range(1, 7)]], 10)
    assert np.allclose(t.log10_g, table["theta"], atol=1e-3)
    assert np.allclose(t.low, table["low"], atol=3e-3) and np.allclose(t.high, table["high"], atol=3e-3)


def test_step_curve_lies_between_its_filaments():
    t = fit_counts(FORCES, [[0, 0, 0, 10, 10, 10]], 10)
    assert FORCES[2] < t.log10_g[0] < FORCES[3]
    assert t.low[0] < t.log10_g[0] < t.high[0]


def test_all_alike_is_censored_and_nothing_tested_is_missing():
    t = fit_counts(FORCES, [[10] * 6, [0] * 6, [0] * 6], [[10] * 6, [10] * 6, [0] * 6])
    assert t.censored.tolist() == ["<", ">", ""]
    assert t.log10_g[:2] == pytest.approx([FORCES[0], FORCES[-1]]) and np.isnan(t.log10_g[2])
    assert np.isneginf(t.low[0]) and np.isposinf(t.high[1])


@pytest.mark.parametrize("count", [-1, 11, 2.5])
def test_impossible_counts_are_refused(count):
    with pytest.raises(ThecalError):
        fit_counts(FORCES, [[count, 0, 0, 0, 0, 0]], 10)


def test_sudo_agrees_with_its_filaments():
    """The recalled line runs through the middle between neighbouring filaments, within the 0.2 log10 it is known to."""
    for species in ("mouse", "rat"):
        f = filament_set(f"sudo-{species}")
        for last in range(1, len(f)):
            middle = 0.5 * (f.log10_g[last - 1] + f.log10_g[last])
            assert sudo(["OXOXO"], [f.first_number + last - 1], species)[0] == pytest.approx(middle, abs=0.25)
    assert sudo(["OXOXO", "OXOXX"], [5, 5], "mouse") == pytest.approx([0.24 * 5.5 - 2, 0.24 * 4.5 - 2])
    assert np.isnan(sudo(["OXOX"], [5], "mouse")[0])
    with pytest.raises(ThecalError):
        sudo(["OXOXO"], [5], "cat")
