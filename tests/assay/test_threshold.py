"""The threshold estimator against Dixon's published table, worked rows of public tools, and R's glm."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from thecal.assay.filaments import FilamentSet, filament_set
from thecal.assay.series import after_change, last_from_start, positions, read_series
from thecal.assay.threshold import dixon_k, estimate
from thecal.core.errors import ThecalError

HERE = Path(__file__).parent
MOUSE, RAT, WEIGHED = filament_set("mouse"), filament_set("rat"), filament_set("rat-8-weighed")


def test_all_248_published_k():
    """Dixon 1965 as printed in three public tables; the table itself is rounded to 0.001."""
    table = pd.read_csv(HERE / "dixon_k.csv")
    assert len(table) == 248
    assert np.abs(dixon_k(table["series"]) - table["k"]).max() < 0.001


def test_nominal_threshold_is_the_table_formula():
    """10^(Xf + k d)/10,000 with the published k, every series that the mouse set can hold."""
    table = pd.read_csv(HERE / "dixon_k.csv")
    for last in (2, 5):
        t = estimate(table["series"], np.full(248, last), MOUSE, steps="nominal")
        expected = MOUSE.log10_g[last - 1] + table["k"] * MOUSE.step_log10
        assert np.abs(t.log10_g - expected).max() < 0.001 * MOUSE.step_log10


@pytest.mark.parametrize(
    "filaments, series, grams",
    [
        (MOUSE, ["OXOOXX", "OXOXOX", "OOXXOO", "XOXXO"], [0.343083, 0.24507, 0.59459, 0.05595]),
        (RAT, ["OXOXOX", "XOXOXO", "OOOXXOX"], [2.80451, 1.55648, 5.10068]),
        (
            WEIGHED,
            ["XOXXO", "OXXOXX", "OXXOXO", "OOXXXOO", "OOOXXXXO", "OOOXOXXO", "OOOOXXOO"],
            [0.888627, 1.428627, 1.872522, 2.539677, 3.382107, 6.876596, 11.070164],
        ),
    ],
)
def test_worked_rows(filaments, series, grams):
    """Rows of a calculator sheet (0.343083), of a public notebook (weighed rat set), and computed elsewhere."""
    t = estimate(series, last_from_start(read_series(series), 4), filaments, steps="nominal")
    assert t.grams == pytest.approx(grams, rel=5e-4)  # their k has three digits


def test_against_r_glm():
    table = pd.read_csv(HERE / "threshold_r.csv")
    for steps, rows in table.groupby("steps"):
        t = estimate(rows["series"], rows["last"], MOUSE, steps=steps)
        assert np.allclose(t.log10_g, rows["log10_g"], atol=2e-8)
        assert np.allclose(t.low, rows["low"], atol=2e-8)
        assert np.allclose(t.high, rows["high"], atol=2e-8)


def test_letters_swapped_and_scale_turned_give_the_mirror_image():
    mirror = FilamentSet("mirror", tuple(-f for f in reversed(MOUSE.log10_g)), start=5)
    series = ["OXOOXX", "XXOOX", "OOXOXXO"]
    last = last_from_start(read_series(series), 4)
    swapped = ["".join("XO"[c == "X"] for c in s) for s in series]
    a, b = estimate(series, last, MOUSE), estimate(swapped, 9 - last, mirror)
    assert np.allclose(a.log10_g, -b.log10_g) and np.allclose(a.low, -b.high)


def test_sessions_without_a_change_are_censored_not_invented():
    t = estimate(["XXXX", "OOOOO", "XX", ""], [1, 8, 3, 4], MOUSE)
    assert t.censored.tolist() == ["<", ">", "<", ""]
    assert t.log10_g[:3] == pytest.approx([MOUSE.log10_g[0], MOUSE.log10_g[7], MOUSE.log10_g[2]])
    assert np.isneginf(t.low[0]) and np.isposinf(t.high[1])
    assert np.isnan(t.log10_g[3])
    # One X at force x: the bound is where Phi((x - theta)/sigma) = exp(-chi2/2)
    from scipy.stats import chi2, norm

    one = estimate(["X"], [4], MOUSE)
    assert one.high[0] == pytest.approx(MOUSE.log10_g[3] - MOUSE.step_log10 * norm.ppf(np.exp(-chi2.ppf(0.95, 1) / 2)))


def test_path_outside_the_set_is_said():
    t = estimate(["OOOXOOXX", "OXOOXX"], [8, 5], MOUSE)
    assert t.outside.tolist() == [True, False]
    assert np.isfinite(t.log10_g).all()
    beyond = FilamentSet(
        "nine", (*MOUSE.log10_g, MOUSE.log10_g[-1] + MOUSE.step_log10), start=4
    )  # the ninth, one mean step up
    same = estimate(["OOOXOOXX"], [8], beyond, sigma_log10=MOUSE.step_log10)
    assert t.log10_g[0] == pytest.approx(same.log10_g[0], abs=1e-10)


def test_series_arithmetic():
    r = read_series(["oxooxo", "XXOOX", "XXXX"])
    assert r.strings().tolist() == ["OXOOXO", "XXOOX", "XXXX"]
    assert positions(r, np.array([5, 4, 1]))[0].tolist() == [4, 5, 4, 5, 6, 5]
    assert after_change(r).tolist() == [4, 2, -1]
    assert last_from_start(r, 4).tolist() == [5, 4, 1]


@pytest.mark.parametrize("wrong", [["OXA"], ["OX OO"], ["O" * 41]])
def test_wrong_letters_are_refused(wrong):
    with pytest.raises(ThecalError):
        estimate(wrong, [4], MOUSE)


def test_wrong_settings_are_refused():
    for bad in (dict(steps="round"), dict(sigma_log10=0.0)):
        with pytest.raises(ThecalError):
            estimate(["OX"], [5], MOUSE, **bad)
    with pytest.raises(ThecalError):
        filament_set("hamster")
    with pytest.raises(ThecalError):
        FilamentSet.from_grams([1.0, -2.0])
