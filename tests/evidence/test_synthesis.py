"""What the synthesis says of studies with known answers, and what it refuses to say."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from thecal.analysis.evidence import (
    certainty,
    directions,
    effects,
    handover,
    harms,
    influence,
    multilevel,
    pooling,
    proportions,
    query,
    synthesis,
    tables,
    times,
)
from thecal.core.register import read_row


def animal(**change):
    entry = dict.fromkeys(tables.schema.table("animal").columns)
    return (
        entry
        | {
            "study": "a",
            "species": "rat",
            "model": "cci",
            "cells": "bmsc",
            "route": "it",
            "outcome": "mechanical",
            "design": "experiment",
            "effect": "relief",
            "randomised": "unclear",
            "blinded": "unclear",
            "certainty": "direct",
            "verified": "yes",
        }
        | change
    )


def test_hedges_g_by_hand() -> None:
    # (10 - 8) / 2 = 1 times J(18) = Gamma(9) / (3 Gamma(8.5)), near 1 - 3 / 71
    g, v = effects.hedges_g(10, 10.0, 2.0, 10, 8.0, 2.0)
    assert g == pytest.approx(math.gamma(9) / (3 * math.gamma(8.5))) == pytest.approx(1 - 3 / 71, abs=2e-4)
    assert v == pytest.approx(0.2 + g * g / 40)


@pytest.mark.parametrize(("spread", "value"), [("sd", 2.0), ("sem", 2.0 / math.sqrt(10)), ("iqr", 2.0 * 1.3489795)])
def test_sd_sem_and_interquartile_range_give_the_same_effect(spread, value) -> None:
    row = animal(
        mean_treated=10.0,
        mean_control=8.0,
        spread_treated=value,
        spread_control=value,
        spread=spread,
        n_treated=10,
        n_control=10,
        relief_is="higher",
    )
    exact = effects.hedges_g(10, 10.0, 2.0, 10, 8.0, 2.0)[0]
    assert effects.of_row(row).g == pytest.approx(exact)
    assert effects.of_row(row | {"relief_is": "lower"}).g == pytest.approx(-exact)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, "no group means"),
        ({"mean_treated": 1.0, "mean_control": 2.0}, "group sizes"),
        ({"mean_treated": 1.0, "mean_control": 2.0, "n_treated": 5, "n_control": 5}, "no spread"),
        (
            {
                "mean_treated": 1.0,
                "mean_control": 2.0,
                "n_treated": 5,
                "n_control": 5,
                "spread_treated": 1.0,
                "spread_control": 1.0,
                "spread": "unstated",
            },
            "kind of spread",
        ),
        (
            {
                "mean_treated": 1.0,
                "mean_control": 2.0,
                "n_treated": 5,
                "n_control": 5,
                "spread_treated": 0.0,
                "spread_control": 0.0,
                "spread": "sd",
            },
            "no spread",
        ),
    ],
)
def test_why_a_row_gives_no_effect_size_is_said(change, why) -> None:
    assert why in effects.of_row(animal(**change))


def test_a_p_value_bounds_an_effect_and_is_not_pooled() -> None:
    bound = effects.bound_of_row(animal(n_treated=9, n_control=9, p_value="<0.01"))
    # t(0.995, 16) = 2.9208, sqrt(2/9) = 0.4714, J(16) = 0.9523
    assert bound.low == pytest.approx(2.9208 * 0.4714 * 0.9523, abs=2e-3) and bound.high == math.inf
    assert effects.bound_of_row(animal(n_treated=9, n_control=9, p_value="ns")).high < bound.low
    assert effects.bound_of_row(animal(p_value="<0.01")) is None


def test_denominators_follow_from_printed_rates() -> None:
    # six rates of one published trial, with their counts, fit one number of injections only
    rates, counts = [(2.05, 2), (1.37, 2), (3.42, 2), (4.11, 2), (0.68, 2)], [3, 2, 5, 6, 1]
    assert effects.possible_denominators(rates, 500, counts=counts) == [146]
    # and rates that are said to be of 102 patients are not
    assert 102 not in effects.possible_denominators([(14.1, 1), (4.2, 1), (1.6, 1), (1.3, 1)], 408)


def test_equal_effects_pool_to_themselves() -> None:
    fit = pooling.pool([0.5] * 6, [0.04] * 6)
    assert (fit.estimate, fit.tau2, fit.i2) == pytest.approx((0.5, 0.0, 0.0))
    assert fit.low == pytest.approx(fit.estimate, abs=1e-6)  # Hartung-Knapp: no spread seen, none told
    wary = pooling.pool([0.5] * 6, [0.04] * 6, cautious=True)
    assert wary.se == pytest.approx((0.04 / 6) ** 0.5) and wary.high - wary.low > 0.4


def test_hartung_knapp_covers_its_level() -> None:
    rng = np.random.Generator(np.random.Philox(key=5))
    v, inside, runs = np.array([0.05, 0.1, 0.2, 0.3, 0.1, 0.15]), 0, 300
    for _ in range(runs):
        fit = pooling.pool(rng.normal(0.3, np.sqrt(0.2 + v)), v)
        inside += fit.low <= 0.3 <= fit.high
    assert 0.91 <= inside / runs <= 0.985


@pytest.mark.parametrize(
    "call",
    [
        lambda: pooling.pool([1.0], [0.1]),
        lambda: pooling.pool([1.0, 2.0], [0.1, 0.0]),
        lambda: influence.influence([1, 2], [1, 1]),
        lambda: multilevel.pool_clustered([1, 2, 3], [1, 1, 1], ["a", "a", "b"]),
        lambda: proportions.pool_proportions([5], [3]),
        lambda: times.fit_time([3, 5], [math.inf, math.inf]),
        lambda: times.fit_time([0, 0], [5, 7]),
        lambda: times.turnbull([5], [5]),
    ],
)
def test_what_cannot_be_computed_is_refused(call) -> None:
    with pytest.raises(ValueError, match=r"\w{3}"):
        call()


def test_an_influential_study_stands_out() -> None:
    found = influence.influence([0.2, 0.3, 0.25, 0.22, 2.5], [0.05] * 5)
    assert max(found, key=lambda i: i.cooks_distance).index == 4 and abs(found[4].studentised) > 3
    assert sum(i.hat for i in found) == pytest.approx(1)


def test_one_study_one_vote_and_the_unsigned_are_counted_against() -> None:
    rows = [
        animal(study="a"),
        animal(study="a", outcome="heat"),
        animal(study="b"),
        animal(study="c", effect="none"),
        animal(study="d"),
        animal(study="d", effect="worse"),
        animal(study="e"),
        animal(study="f", effect="untreated_course"),
    ]
    found = directions.directions(rows)
    assert (found.studies, found.relief, found.worse, found.mixed, found.no_sign) == (5, 3, 0, 1, 1)
    assert found.share == pytest.approx(0.75) and found.share_if_no_sign_is_against == pytest.approx(0.6)
    assert found.p_if_no_sign_is_against > found.p - 1e-12 and "not a vote count" in found.caveat


def test_a_comparison_with_another_treatment_is_no_vote() -> None:
    chosen = synthesis.pain_rows(tables.load(), query.Selection.of(cells=["stromal"]))
    assert {"xie2019", "jwa2020"} <= {e["study"] for e in chosen}
    assert not {"admsc_pregabalin", "yu2015", "li2017"} & {e["study"] for e in chosen}


def test_no_study_no_share() -> None:
    assert directions.directions([]).p is None


def test_turnbull_without_censoring_is_the_empirical_law() -> None:
    curve = times.turnbull([1, 2, 4], [1.5, 2.5, 4.5])
    assert curve.mass == pytest.approx([1 / 3] * 3)
    assert curve.survival(3) == pytest.approx((1 / 3, 1 / 3))


def test_narrow_intervals_give_the_lognormal_of_the_points() -> None:
    rng = np.random.Generator(np.random.Philox(key=2))
    t = np.exp(rng.normal(2.0, 0.7, 400))
    fit = times.fit_time(t * 0.999, t * 1.001)
    assert fit.location == pytest.approx(np.log(t).mean(), abs=1e-3) and fit.scale == pytest.approx(
        np.log(t).std(), abs=2e-3
    )
    assert fit.low < math.exp(2.0) < fit.high


def test_belief_is_the_prior_without_studies_that_tell_and_finite_with_them() -> None:
    vague = times.belief([0.0], [1e9], 1.0, 180.0)
    assert vague.median_d == pytest.approx((1.0, math.sqrt(180), 180.0), rel=0.06)
    told = times.belief([20, 25, 22], [30, 35, 28], 1.0, 180.0)
    assert 15 < told.median_d[0] < 25 < told.median_d[1] + 1 and told.median_d[2] < 60


def test_no_event_at_all_keeps_an_upper_limit() -> None:
    found = proportions.pool_proportions([0, 0], [30, 70])
    assert (found.low, found.typical) == (0, 0) and found.high == pytest.approx(1 - 0.025 ** (1 / 100))
    assert "no event" in found.remark


def test_a_chance_repeated() -> None:
    assert proportions.repeated(0.1, 1) == pytest.approx(0.1)
    assert proportions.repeated(0.1, 2) == pytest.approx(0.19)


def test_a_pool_and_its_parts_never_count_twice() -> None:
    rows = [
        e
        for e in tables.load().human
        if e["ae_term"] == "headache" and "pan2019" in (e["study"] + (e["part_of"] or ""))
    ]
    found = harms.counts(rows)
    used = {c.study for c in found if c.status != "unusable"}
    assert "wang_tbi" in used and "pan2019_allo_literature" not in used


def test_unclear_denominators_are_marked_and_a_sensitivity_leaves_them_out() -> None:
    human = list(tables.load().human)
    chosen = [e for e in human if query.Selection.of(route=["it"], cells=["stromal"], ae_term=["fever"]).takes(e)]
    [fever] = [h for h in harms.pool_harms(chosen, human) if h.unit == "injections"]
    inferred = [c for c in fever.counts if c.status == "inferred"]
    assert [c.study for c in inferred] == ["yang2021"] and "fit no 102 patients" in inferred[0].note
    assert fever.clear_only.total == fever.all.total - inferred[0].total
    # what is inferred rests on all rates of the study, whatever was chosen of it
    everything = [
        h
        for h in harms.pool_harms(
            [e for e in human if query.Selection.of(route=["it"], cells=["stromal"]).takes(e)], human
        )
        if (h.term, h.unit) == ("fever", "injections")
    ]
    assert everything[0].all.total == fever.all.total


def test_certainty_goes_down_with_reasons() -> None:
    rct = animal(design="rct_double_blind", randomised="yes", blinded="yes", species=None)
    assert certainty.body([rct]).level == "high"
    assert certainty.body([rct], imprecise="few").level == "moderate"
    assert certainty.body([animal()], about_people=True).level == "very low"
    assert certainty.body([animal(design="single_arm", species=None)]).level == "low"
    assert certainty.body([]).reasons == ("no study was found",)


def test_the_shipped_synthesis_is_json_and_honest() -> None:
    found = synthesis.synthesise(tables.load(), query.Selection.of(route=["it"], cells=["stromal"]))
    json.dumps(found, allow_nan=False)
    assert (
        found["animals"]["effect_sizes"]["pooled"] is None
        and "two are needed" in found["animals"]["effect_sizes"]["why"]
    )
    assert found["animals"]["dose"]["slope"] is None
    assert found["animals"]["certainty_for_people"]["level"] == "very low"
    assert {r["controlled"] for r in found["people"]["relief"]} == {False}


def test_sizes_are_pooled_where_there_are_numbers(tmp_path) -> None:
    numbers = dict(
        mean_control=2.0,
        spread_treated=1.0,
        spread_control=1.0,
        spread="sd",
        n_treated=8,
        n_control=8,
        relief_is="higher",
    )
    rows = [animal(study=s, mean_treated=m, **numbers) for s, m in (("a", 3.0), ("b", 3.5), ("c", 2.4), ("d", 2.9))]
    found = synthesis.effect_sizes(rows)
    assert found["pooled"]["k"] == 4 and len(found["influence"]) == 4 and found["small_studies"]["remark"]
    nested = synthesis.effect_sizes([*rows, animal(study="a", outcome="heat", mean_treated=3.3, **numbers)])
    assert nested["pooled"]["clusters"] == 4 and nested["pooled"]["k"] == 5
    assert synthesis.effect_sizes(rows[:1])["pooled"] is None


def test_priors_are_rows_of_the_register() -> None:
    rows = handover.priors()
    read = [read_row({k: str(v) for k, v in row.items() if k != "studies"}, "priors") for row in rows]
    by_id = {p.id: p for p in read}
    assert by_id["evidence.duration_it_cells"].low < 14 < by_id["evidence.duration_it_cells"].high
    assert by_id["evidence.smd_between_studies"].is_assumption and not by_id["evidence.half_effect_dose_it"].verified
    assert all(p.unit and p.source and p.context for p in read)


def test_claims_hold_those_that_disagree() -> None:
    claims = {c["id"]: c for c in handover.claims_from_evidence()}
    assert claims["schaefer2014_bmsc_mechanical"]["tag"] == "conflicts"
    assert claims["teng2019_bmsc_mechanical"]["tag"] == "conflicts"
    assert claims["yoo2020_msc_mechanical"]["tag"] == "supports"
    assert claims["gama2018_none_evoked"]["expect"]["duration_high_d"] == 51
    assert not any("liu2017" in name or "chen2015" in name for name in claims)
    assert all(c["statement"].endswith(".") and c["source"] for c in claims.values())
