"""Our synthesis against metafor, lme4, VGAM and survival on textbook data and on ours (tables made by metafor.R)."""

from __future__ import annotations

import csv
import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from thecal.analysis.evidence import directions, effects, influence, multilevel, pooling, proportions, times

HERE = Path(__file__).parent


def _twin() -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    with open(HERE / "tables" / "twin.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["data"], {})[row["quantity"]] = float(row["value"])
    return found


TWIN = _twin()


def _columns(name: str) -> dict[str, list[str]]:
    with open(HERE / "inputs" / name, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {key: [row[key] for row in rows] for key in rows[0]}


def _numbers(name: str) -> dict[str, np.ndarray]:
    return {key: np.array([float(v) if v else math.inf for v in column]) for key, column in _columns(name).items()}


def _bcg() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    d = _numbers("bcg.csv")
    treated, control = d["tpos"] + d["tneg"], d["cpos"] + d["cneg"]
    return (
        np.log(d["tpos"] / treated) - np.log(d["cpos"] / control),
        1 / d["tpos"] - 1 / treated + 1 / d["cpos"] - 1 / control,
        d["ablat"],
    )


def _normand() -> tuple[np.ndarray, np.ndarray]:
    d = _numbers("normand1999.csv")
    pairs = [
        effects.hedges_g(int(n1), m1, s1, int(n2), m2, s2)
        for n1, m1, s1, n2, m2, s2 in zip(d["n1i"], d["m1i"], d["sd1i"], d["n2i"], d["m2i"], d["sd2i"], strict=True)
    ]
    return np.array([g for g, _ in pairs]), np.array([v for _, v in pairs])


def test_hedges_g_equals_escalc() -> None:
    g, v = _normand()
    for i in range(len(g)):
        assert g[i] == pytest.approx(TWIN["normand1999"][f"g_{i + 1}"], abs=1e-10)
        assert v[i] == pytest.approx(TWIN["normand1999"][f"v_{i + 1}"], abs=1e-10)


@pytest.mark.parametrize("name", ["bcg", "normand1999"])
def test_pooling_influence_and_small_studies_equal_metafor(name: str) -> None:
    y, v = _bcg()[:2] if name == "bcg" else _normand()
    twin, fit = TWIN[name], pooling.pool(y, v)
    ours = {
        "estimate": fit.estimate,
        "se": fit.se,
        "low": fit.low,
        "high": fit.high,
        "p": fit.p,
        "tau2": fit.tau2,
        "i2": fit.i2,
        "q": fit.q,
        "q_p": fit.q_p,
        "predicted_low": fit.predicted[0],
        "predicted_high": fit.predicted[1],
    }
    tests = influence.small_studies(y, v)
    ours |= {
        "egger_slope": tests.egger_slope,
        "egger_p": tests.egger_p,
        "egger_limit": tests.limit_estimate,
        "rank_tau": tests.rank_tau,
        "rank_p": tests.rank_p,
        "filled": tests.filled,
        "filled_estimate": tests.filled_estimate.estimate,
        "filled_low": tests.filled_estimate.low,
        "filled_high": tests.filled_estimate.high,
    }
    for entry in influence.influence(y, v):
        i = entry.index + 1
        ours |= {
            f"without_{i}": entry.estimate_without,
            f"without_tau2_{i}": entry.tau2_without,
            f"cook_{i}": entry.cooks_distance,
            f"hat_{i}": entry.hat,
            f"rstudent_{i}": entry.studentised,
        }
    for quantity, value in ours.items():
        assert value == pytest.approx(twin[quantity], rel=1e-6, abs=1e-9), quantity
    # metafor searches these bounds on a grid of its own tolerance
    assert fit.tau2_low == pytest.approx(twin["tau2_low"], abs=2e-4)
    assert fit.tau2_high == pytest.approx(twin["tau2_high"], rel=1e-4)


def test_a_moderator_equals_metafor() -> None:
    y, v, latitude = _bcg()
    fit = pooling.pool(y, v, np.column_stack([np.ones(len(y)), latitude]))
    for j in (0, 1):
        assert fit.coefficients[j] == pytest.approx(TWIN["bcg_latitude"][f"b_{j + 1}"], rel=1e-6)
        assert math.sqrt(fit.covariance[j, j]) == pytest.approx(TWIN["bcg_latitude"][f"se_{j + 1}"], rel=1e-6)
    assert fit.tau2 == pytest.approx(TWIN["bcg_latitude"]["tau2"], rel=1e-6)


def test_dependent_effects_equal_metafor() -> None:
    d = _numbers("konstantopoulos2011.csv")
    fit, twin = multilevel.pool_clustered(d["yi"], d["vi"], d["district"]), TWIN["konstantopoulos2011"]
    for quantity in ("estimate", "se", "s2_between", "s2_within", "robust_se", "low", "high", "p"):
        assert getattr(fit, quantity) == pytest.approx(twin[quantity], rel=2e-5, abs=1e-6), quantity


def _events(term: str) -> tuple[list[int], list[int]]:
    d = _columns("ours_events.csv")
    chosen = [i for i, t in enumerate(d["term"]) if t == term]
    return [int(d["events"][i]) for i in chosen], [int(d["total"][i]) for i in chosen]


@pytest.mark.parametrize("name", ["pritz1997", "ours_headache", "ours_fever", "ours_dizziness", "ours_puncture_pain"])
def test_proportions_equal_lme4_and_vgam(name: str) -> None:
    d = _numbers("pritz1997.csv")
    x, n = (d["xi"], d["ni"]) if name == "pritz1997" else _events(name.removeprefix("ours_"))
    twin, fit, beta = TWIN[name], proportions.pool_proportions(x, n), proportions.pool_beta_binomial(x, n)
    assert fit.logit == pytest.approx(twin["logit"], rel=1e-4)
    assert fit.spread**2 == pytest.approx(twin["sigma2"], rel=5e-4)  # lme4 stops its search at about 1e-4
    assert fit.logit_se == pytest.approx(twin["logit_se"], rel=5e-3)  # and its Hessian is a coarse difference
    assert beta.logit == pytest.approx(twin["beta_binomial_logit"], rel=1e-4)
    assert beta.spread == pytest.approx(twin["beta_binomial_rho"], rel=1e-3)
    assert beta.log_likelihood == pytest.approx(twin["beta_binomial_loglik"], abs=1e-5)


def _times(name: str) -> tuple[np.ndarray, np.ndarray]:
    if name == "bcdeter":
        d = _numbers("bcdeter_radiotherapy.csv")
        return d["lower"], d["upper"]
    c = _columns("ours_times.csv")
    chosen = [i for i, w in enumerate(c["what"]) if w == name.removeprefix("ours_")]
    return (
        np.array([float(c["low"][i]) for i in chosen]),
        np.array([float(c["high"][i]) if c["high"][i] else math.inf for i in chosen]),
    )


@pytest.mark.parametrize("name", ["bcdeter", "ours_onset", "ours_duration"])
@pytest.mark.parametrize("law", times.LAWS)
def test_interval_censored_times_equal_survreg(name: str, law: str) -> None:
    fit, twin = times.fit_time(*_times(name), law), TWIN[name]
    assert fit.log_likelihood == pytest.approx(twin[f"{law}_loglik"], abs=1e-6)
    assert fit.location == pytest.approx(twin[f"{law}_location"], rel=1e-4)
    assert fit.scale == pytest.approx(twin[f"{law}_scale"], rel=1e-4)


def test_turnbull_equals_survfit() -> None:
    curve = times.turnbull(*_times("bcdeter"))
    assert curve.mass.sum() == pytest.approx(1)
    for t in (4.5, 12.0, 24.0, 30.0, 46.0):
        low, high = curve.survival(t)
        # survfit puts each mass inside its interval; between intervals both must agree to its tolerance
        assert low - 1e-3 <= TWIN["bcdeter"][f"survival_{t:g}"] <= high + 1e-3


@pytest.mark.parametrize(("relief", "total"), [(8, 9), (5, 5), (3, 14)])
def test_sign_test_equals_binom_test(relief: int, total: int) -> None:
    rows = [{"study": f"s{i}", "effect": "relief" if i < relief else "worse"} for i in range(total)]
    found, twin = directions.directions(rows), TWIN[f"sign_{relief}_{total}"]
    assert (found.p, found.low, found.high) == pytest.approx((twin["p"], twin["low"], twin["high"]), abs=1e-9)


def test_the_stored_inputs_are_our_tables_of_today() -> None:
    """If this fails, run export_ours.py and metafor.R again: the twin has fallen behind the evidence tables."""
    spec = importlib.util.spec_from_file_location("export_ours", HERE / "export_ours.py")
    assert spec is not None and spec.loader is not None
    export = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(export)
    events, spans = _columns("ours_events.csv"), _columns("ours_times.csv")
    assert [(t, s, str(x), str(n)) for t, s, x, n in export.events()] == list(
        zip(events["term"], events["study"], events["events"], events["total"], strict=True)
    )
    assert [(w, s, str(lo), "" if hi is None else str(hi)) for w, s, lo, hi in export.times()] == list(
        zip(spans["what"], spans["study"], spans["low"], spans["high"], strict=True)
    )
