"""The up-down procedure, its reliability and pooling, against exact sums, published figures and real series."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from thecal.assay.filaments import filament_set
from thecal.assay.pooling import pool
from thecal.assay.reliability import every_series, reliability
from thecal.assay.series import after_change, positions, read_series
from thecal.assay.threshold import estimate
from thecal.assay.von_frey import ResponseCurve, VonFreySettings, climb, measure

MOUSE = filament_set("mouse")
QUIET = dict(day_sd_log10=0.0, observer_sd_log10=0.0, guess=0.0, lapse=0.0, flattening=0.0)
REAL = Path(__file__).parents[3] / "shared" / "data" / "vf_updown_sni_mouse" / "timeline_long.csv"


def sessions(n, latent, sigma, seed=1, **change):
    curve = ResponseCurve(**{**QUIET, "sigma_normal_log10": sigma, **change})
    return measure(np.full(n, latent), np.zeros(n), seed, "arm", np.arange(n), 0, VonFreySettings(MOUSE, curve))


def test_every_session_keeps_the_rule():
    out = sessions(20_000, -0.6, 0.9)
    r = read_series(out["series"])
    path = positions(r, out["last_filament"])
    assert (path[:, 0] == 4).all()
    assert path[r.given].min() >= 1 and path[r.given].max() <= 8
    last_letter = r.letters[np.arange(len(r)), r.length - 1]
    at_end = np.where(last_letter == 1, out["last_filament"] == 1, out["last_filament"] == 8)
    assert ((after_change(r) == 4) | at_end).all()
    assert (after_change(r) <= 4).all()


def test_certain_answers_climb_as_on_paper():
    """An animal that answers from the sixth filament on: O O X O X O X, as worked by hand."""
    chance = np.where(np.arange(1, 9) >= 6, 1.0, 0.0)[None, :]
    letters, last = climb(chance, np.full((1, 12), 0.5), start=4, after_change=4)
    assert letters[0][letters[0] >= 0].tolist() == [0, 0, 1, 0, 1, 0, 1]
    assert last.tolist() == [6]


def test_first_response_has_the_probability_of_the_curve():
    n = 40_000
    curve = ResponseCurve(**{**QUIET, "sigma_normal_log10": 0.4, "guess": 0.05, "lapse": 0.1})
    out = measure(np.full(n, -0.5), np.zeros(n), 2, "arm", np.arange(n), 0, VonFreySettings(MOUSE, curve))
    seen = np.char.startswith(out["series"], "X").mean()
    expected = 0.05 + 0.85 * ndtr((MOUSE.log10_g[3] + 0.5) / 0.4)
    assert seen == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / n))


def test_deficit_flattens_the_curve_as_in_real_mice():
    curve = ResponseCurve()
    assert curve.sigma(np.array([0.0, 1.468])) == pytest.approx([0.339, 1.352], abs=0.005)
    assert curve.sigma(np.array([0.62])) == pytest.approx(0.64, abs=0.06)  # a third group, not used for the two numbers


def test_draws_belong_to_the_animal():
    """Order, number and company of the animals change nothing; another visit, paw or arm does."""
    settings = VonFreySettings(MOUSE)
    animals = np.arange(50)

    def go(who, **keys):
        keys = {"group": "arm", "visit": 3} | keys
        return measure(np.full(len(who), -0.2), np.zeros(len(who)), 7, animals=who, settings=settings, **keys)["series"]

    whole = go(animals)
    assert (go(animals[::-1])[::-1] == whole).all()
    assert (go(animals[10:20]) == whole[10:20]).all()
    for other in (dict(visit=4), dict(group="b"), dict(paw="right"), dict(observer="AB")):
        assert (go(animals, **other) != whole).any()


@pytest.mark.parametrize(
    "sigma, truth, sd, bias, none",
    [(0.35, 0.028, 0.20, 0.0, 0.0), (0.44, 0.028, 0.24, 0.0, 0.0), (1.39, -1.44, 0.51, 0.2, 0.04)],
)
def test_reliability_of_the_mouse_set(sigma, truth, sd, bias, none):
    """Figures found independently for this protocol by simulation; ours are sums over all series."""
    r = reliability(MOUSE, sigma, truth)
    assert r.sd[0] == pytest.approx(sd, abs=0.01)
    assert r.bias[0] == pytest.approx(bias, abs=0.05)
    assert r.no_estimate[0] == pytest.approx(none, abs=0.01)
    assert bool(r.warnings) == (sigma > 1)


@pytest.mark.parametrize("sigma, truth", [(0.35, 0.3), (1.39, -1.44)])
def test_sums_agree_with_simulated_sessions(sigma, truth):
    n = 20_000
    out, r = sessions(n, truth, sigma), reliability(MOUSE, sigma, truth)
    t = estimate(out["series"], out["last_filament"], MOUSE, steps="nominal")
    ok = t.censored == ""
    assert t.log10_g[ok].mean() - truth == pytest.approx(r.bias[0], abs=4 * r.sd[0] / np.sqrt(n))
    assert t.log10_g[ok].std() == pytest.approx(r.sd[0], rel=4 / np.sqrt(2 * n) * 1.5)
    assert (~ok).mean() == pytest.approx(r.no_estimate[0], abs=4 * np.sqrt(0.05 / n))
    assert out["stimuli"].mean() == pytest.approx(r.stimuli[0], abs=0.05)
    assert ((t.low <= truth) & (truth <= t.high)).mean() == pytest.approx(r.coverage[0], abs=0.015)


def test_probabilities_of_all_series_sum_to_one_and_the_list_is_complete():
    from thecal.assay import reliability as module

    responses, last = every_series(MOUSE)
    weight = module._probabilities(responses, last, MOUSE, np.array([-1.0, 0.5]), 0.7, 0.02, 0.01)
    assert weight.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert set(sessions(20_000, -0.6, 1.0)["series"]) <= set(responses.strings())


def test_coarse_steps_are_called_out():
    assert any("finer" in w for w in reliability(MOUSE, 0.15, 0.0).warnings)


def test_pooling_finds_the_truth_where_single_sessions_fail():
    rng_latent = -1.4 + 0.2 * np.random.default_rng(5).standard_normal(1500)
    curve = ResponseCurve(**{**QUIET, "sigma_normal_log10": 1.39})
    out = measure(rng_latent, np.zeros(1500), 3, "arm", np.arange(1500), 0, VonFreySettings(MOUSE, curve))
    fit = pool(out["series"], out["last_filament"], MOUSE)
    assert abs(fit.mean_log10_g + 1.4) < 4 * fit.mean_se < 0.3
    assert abs(np.log(fit.sigma_log10 / 1.39)) < 4 * fit.sigma_se_log
    single = estimate(out["series"], out["last_filament"], MOUSE).log10_g
    assert np.sqrt(np.mean((fit.session_log10_g - rng_latent) ** 2)) < 0.6 * np.sqrt(
        np.mean((single - rng_latent) ** 2)
    )


def test_pooled_sessions_have_honest_widths():
    latent = -0.6 + 0.4 * np.random.default_rng(6).standard_normal(1500)
    curve = ResponseCurve(**{**QUIET, "sigma_normal_log10": 0.7})
    out = measure(latent, np.zeros(1500), 3, "arm", np.arange(1500), 0, VonFreySettings(MOUSE, curve))
    fit = pool(out["series"], out["last_filament"], MOUSE)
    assert fit.tau_log10 == pytest.approx(0.4, abs=0.06)
    assert np.std((fit.session_log10_g - latent) / fit.session_sd) == pytest.approx(1.0, abs=0.08)


@pytest.mark.skipif(not REAL.exists(), reason="the real series are not beside the repository")
def test_curves_of_real_mice():
    """The widths that ResponseCurve rests on, read again from the raw series."""
    d = pd.read_csv(REAL).query("include_in_analysis == 1")
    normal = d[(d.group_name == "uninjured") | (d.day == -1)]
    injured = d[(d.group_name == "SNI") & (d.day > 0)]
    a, b = (pool(x["xo_series"], x["last_filament"], MOUSE) for x in (normal, injured))
    assert (a.sigma_log10, a.tau_log10) == (pytest.approx(0.35, abs=0.01), pytest.approx(0.25, abs=0.01))
    assert (b.sigma_log10, b.mean_log10_g) == (pytest.approx(1.39, abs=0.02), pytest.approx(-1.44, abs=0.01))
    c, e = (pool(x["xo_series"], x["last_filament"], MOUSE, guess=0.01, lapse=0.01) for x in (normal, injured))
    default = ResponseCurve()
    assert default.sigma(np.array([0.0, c.mean_log10_g - e.mean_log10_g])) == pytest.approx(
        [c.sigma_log10, e.sigma_log10], rel=0.01
    )
