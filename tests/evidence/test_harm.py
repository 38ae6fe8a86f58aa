"""Hazards and balance: mechanisms against exact solutions, rates against the tables, unknown stays unknown."""

from __future__ import annotations

import json
import math

import flesch
import numpy as np
import pytest
from scipy import integrate

from thecal.analysis.evidence import tables
from thecal.analysis.harm import balance, clumping, fibrosis, hazards, plain_summary, pressure, records
from thecal.core.errors import ThecalError

WEIGHTS = {"headache": 0.05, "puncture_pain": 0.02, "fever": 0.05, "meningeal_reaction": 0.02, "infection": 5.0}


@pytest.mark.parametrize(
    ("space", "volume_ml", "seconds"),
    [
        (pressure.FluidSpace(0.0518, 464, 5.0), 0.01, 30),
        (pressure.FluidSpace(25, 8.6, 11.6), 10, 120),
        (pressure.FluidSpace(25, 8.6, 11.6), 5, 3600),
    ],
)
def test_pressure_solves_its_equation(space, volume_ml, seconds) -> None:
    speed, factor = volume_ml / seconds * 60, math.log10(math.e) * space.pvi_ml

    def slope(t, p):
        q = speed if t < seconds / 60 else 0.0
        return p / factor * (q - (p - space.resting_mmhg) / space.resistance)

    end = seconds / 60
    up = integrate.solve_ivp(slope, (0, end), [space.resting_mmhg], rtol=1e-10, atol=1e-12)
    assert space.peak(volume_ml, seconds) == pytest.approx(up.y[0, -1], rel=1e-7)
    limit = (space.resting_mmhg + up.y[0, -1]) / 2

    def crossing(t, p):
        return p[0] - limit

    start = integrate.solve_ivp(
        slope, (0, end), [space.resting_mmhg], rtol=1e-10, atol=1e-12, events=crossing
    ).t_events[0][0]
    down = integrate.solve_ivp(
        lambda t, p: slope(end + 1, p), (0, 600), up.y[:, -1], rtol=1e-10, atol=1e-12, events=crossing
    )
    assert space.minutes_above(limit, volume_ml, seconds) == pytest.approx(end - start + down.t_events[0][0], rel=1e-5)


def test_a_fast_bolus_follows_the_pressure_volume_index() -> None:
    space = pressure.FluidSpace(25, 8.6, 10.0)
    assert space.peak(25, 1e-4) == pytest.approx(100.0, rel=1e-4)  # one index of volume: tenfold pressure
    assert space.peak(5, 1e9) == pytest.approx(10.0, rel=1e-4)  # infinitely slow: nothing
    assert space.minutes_above(200, 5, 60) == 0 and space.minutes_above(9, 5, 60) == math.inf


def test_rat_infusions_rise_as_they_were_seen_to() -> None:
    # 1.6 ul/min into the rat cisterna left the pressure as it was, 6.4 raised it (doi:10.1186/1479-5876-11-107)
    rat = records.species("rat")
    space = pressure.FluidSpace(
        rat["pvi_ml"]["value"], rat["outflow_resistance_mmhg_min_ml"]["value"], rat["resting_mmhg"]["value"]
    )
    slow, fast = (space.peak(q * 60 / 1000, 3600) - space.resting_mmhg for q in (1.6, 6.4))
    assert slow < 1.0 < 2.5 < fast < 4


@pytest.mark.parametrize("name", ["mouse", "rat", "cynomolgus", "human"])
def test_pressure_rises_with_volume_and_its_range_holds_the_value(name) -> None:
    peaks = [pressure.rise(name, v) for v in (1, 5, 10)]
    assert peaks[0].peak_mmhg < peaks[1].peak_mmhg < peaks[2].peak_mmhg
    assert all(p.low_mmhg <= p.peak_mmhg <= p.high_mmhg for p in peaks)


def test_crowding_is_the_volume_of_the_cells() -> None:
    found = clumping.clumping("mouse", 2.5e5, 10)
    assert found.solids == pytest.approx(0.0763, abs=5e-4)  # 18 um spheres
    assert found.encounters_per_cell == pytest.approx(8 / math.pi * found.solids * 8 / 3 * 13 / 0.08)
    assert found.low == 0 and clumping.clumping("mouse", 2.5e4, 10).share < found.share


def test_scarring_is_ordered_against_a_disease() -> None:
    area, source = fibrosis.reference_exposure()
    assert area == pytest.approx(4 * (2.557 - 0.097) + 4 * (1.1905 - 0.097)) and "Flood" in source
    levels = [fibrosis.scarring(x * area).level for x in (0.001, 0.05, 0.5, 2)]
    assert levels == ["negligible", "low", "raised", "as high as in a disease that scars"]


def assess(**change):
    plan = (
        dict(
            indication="spinal_cord_injury_pain",
            species="human",
            product="autologous bmsc",
            dose_cells=1e8,
            volume_ul=5000,
            repeats=3,
        )
        | change
    )
    return {h.id: h for h in hazards.assess(**plan)}


def test_every_hazard_is_told_and_unknown_is_not_zero() -> None:
    found = assess()
    assert set(found) == {
        "pressure",
        "headache",
        "puncture_pain",
        "fever",
        "meningeal_reaction",
        "musculoskeletal",
        "tissue_reaction",
        "clumping",
        "arachnoiditis",
        "ectopic_tissue",
        "infection",
        "pain_worse",
        "rejection",
    }
    for name in ("arachnoiditis", "ectopic_tissue", "tissue_reaction"):
        assert (found[name].kind, found[name].estimate, found[name].high) == ("unknown", None, None)
    assert found["headache"].denominator_unit == "injections" and found["headache"].course > found["headache"].estimate
    assert found["infection"].estimate == 0 and found["infection"].high > 5
    assert (found["pain_worse"].low, found["pain_worse"].high) == (10.6, 20)
    assert found["musculoskeletal"].estimate == 1.61 and "22.43" in found["headache"].without_cells
    json.dumps([h.as_dict() for h in found.values()], allow_nan=False)


def test_hazards_follow_the_plan() -> None:
    assert assess(product="autologous bmsc")["rejection"].level == "not expected"
    assert assess(product="allogeneic bmsc")["rejection"].level == "unknown"
    assert assess(product={"cells": "nsc", "donor": "allogeneic"})["headache"].kind == "unknown"
    assert assess(indication="lumbar_radicular_pain")["pain_worse"].kind == "unknown"
    assert assess(species="mouse", dose_cells=2.5e5, volume_ul=10)["headache"].kind == "unknown"
    told = assess(exposure={"tgfb1_ng_d_ml": 30.0})["arachnoiditis"]
    assert told.kind == "ordinal" and told.level.startswith("as high") and "hydrocephalus" in " ".join(told.sources)
    slow, fast = (assess(volume_ul=10000, exposure={"injection_s": s})["pressure"].estimate for s in (600.0, 30.0))
    assert fast > slow
    assert assess(product="tgf_b1", dose_cells=0)["clumping"].level == "no cells"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"species": "horse"}, "species"),
        ({"species": "unicorn"}, "species"),
        ({"indication": "gout"}, "indication"),
        ({"product": "magic"}, "product"),
        ({"dose_cells": 1e12}, "dose_cells"),
        ({"dose_cells": 0}, "dose_cells"),
        ({"dose_cells": float("nan")}, "dose_cells"),
        ({"volume_ul": -1}, "volume_ul"),
        ({"volume_ul": 1e7}, "volume_ul"),
        ({"repeats": 0}, "repeats"),
        ({"dose_cells": 1.9e9, "volume_ul": 1000}, "dose_cells"),
        ({"exposure": {"tgfb1_ng_d_ml": -1.0}}, "exposure.tgfb1_ng_d_ml"),
    ],
)
def test_what_cannot_be_is_refused(change, where) -> None:
    with pytest.raises(ThecalError) as caught:
        assess(**change)
    assert caught.value.problems[0].where == where and caught.value.problems[0].allowed


@pytest.mark.parametrize("name", list(records.raw("indications")["indications"]))
def test_the_effects_table_says_what_is_not_known(name) -> None:
    table = balance.effects_table(name, 3)
    assert table[0].favourable and table[0].difference is None and table[0].certainty == "very low"
    assert (table[0].with_cells is None) == (name != "spinal_cord_injury_pain")
    assert table[0].without_cells[0] < table[0].without_cells[2] < 50
    assert len(table) == 14 and not any(line.favourable for line in table[1:])


def test_weights_are_the_readers() -> None:
    with pytest.raises(ThecalError, match="pain_worse"):
        balance.plane("spinal_cord_injury_pain", WEIGHTS)
    with pytest.raises(ThecalError, match="luck"):
        balance.plane("chronic_pain", WEIGHTS | {"luck": 1.0})
    with pytest.raises(ThecalError, match="fever"):
        balance.plane("chronic_pain", WEIGHTS | {"fever": -1.0})


def test_no_trial_no_benefit_on_the_plane() -> None:
    found = balance.plane("peripheral_nerve_injury_pain", WEIGHTS)
    assert found.benefit is None and found.wins is None and "Nobody knows" in found.why
    assert "arachnoiditis" in found.unknown


def test_the_plane_moves_as_it_must() -> None:
    weights = WEIGHTS | {"pain_worse": 1.0}
    open_sham = balance.plane("spinal_cord_injury_pain", weights, draws=500)
    assert open_sham.wins is None and np.all(open_sham.benefit >= -1e-9)
    low, high = (
        balance.plane("spinal_cord_injury_pain", weights, sham=s, draws=500).wins for s in ((10, 15), (70, 80))
    )
    assert high < low
    dearer = balance.plane("spinal_cord_injury_pain", weights | {"pain_worse": 5.0}, draws=500)
    assert (
        np.median(dearer.harm) > np.median(open_sham.harm)
        and dearer.sham_that_undoes_it < open_sham.sham_that_undoes_it
    )
    again = balance.plane("spinal_cord_injury_pain", weights, draws=500)
    assert np.array_equal(again.benefit, open_sham.benefit) and np.array_equal(again.harm, open_sham.harm)
    free = balance.plane("chronic_pain", dict.fromkeys(WEIGHTS, 0.0), draws=50)
    assert not free.harm.any() and free.counted == ()


def test_what_would_have_to_be_true_has_numbers() -> None:
    lines = balance.must_be_true("peripheral_nerve_injury_pain", WEIGHTS, serious_weight=20, net_gain=10)
    assert any("1 in 200 people" in line for line in lines) and any("carry over" in line for line in lines)


def test_the_plain_summary_reads_like_a_good_newspaper() -> None:
    text = plain_summary.markdown()
    ease, grade = flesch.measure(text)
    assert ease >= 60 and grade <= 9
    assert "not medical advice" in text and "Unknown how often" in text
    for word in (
        "IGF-β1",
        "TGF-β1",
        "catheter",
        "CXCL12",
        "one hour",
        "What was seen in mice",
        "What was seen in people",
    ):
        assert word in text
    assert "{{" not in text and "http" in text


def test_the_plain_summary_takes_its_numbers_from_the_tables(tmp_path) -> None:
    evidence = tables.load()
    facts = plain_summary.facts(evidence)
    changed = tables.Evidence(
        tuple(e | {"events": 6} if e["study"] == "vaquero2018_pain" else e for e in evidence.animal),
        tuple(e | {"events": 6} if e["study"] == "vaquero2018_pain" else e for e in evidence.human),
        evidence.index,
        evidence.version,
        "changed",
    )
    assert facts["relief_counts"].startswith("9 of 10") and plain_summary.facts(changed)["relief_counts"].startswith(
        "6 of 10"
    )
    assert f"{facts['headache']['typical']} after every 100" in plain_summary.markdown(evidence)
    assert [i["filled"] for i in plain_summary.icons(evidence)].count(None) == 3


def test_flesch_itself() -> None:
    # Flesch's formula by hand: 9 words, 1 sentence, 9 syllables
    ease, _ = flesch.measure("The cat sat on the mat and then left.")
    assert ease == pytest.approx(206.835 - 1.015 * 9 - 84.6)
    assert [flesch.syllables(w) for w in ("injection", "made", "people", "study", "the", "several")] == [
        3,
        1,
        2,
        2,
        1,
        3,
    ]
