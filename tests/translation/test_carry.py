"""Carrying an arm: doses worked out by hand, refusals, and the animals between two species."""

from __future__ import annotations

import pytest

from thecal.analysis.translation.carry import carried, species_called, treatment_of
from thecal.analysis.translation.causes import CAUSES, exposures
from thecal.analysis.translation.rules import carry, outside, rules, volume_factor
from thecal.analysis.translation.translate import Translation, translate
from thecal.core.errors import ThecalError
from thecal.core.register import load as load_register
from thecal.engine.fitted import centre
from thecal.engine.solvers import integrator
from thecal.engine.subjects import arm_register, values_of
from thecal.study.load import load, loads
from thecal.study.resolve import resolve


def test_doses_by_hand(to_human: Translation) -> None:
    """25 g against 70 kg; 40 ul against 140 ml; three ganglia against three; 10 of 40 ul is 35 ml of 140 ml."""
    found = {c.rule.name: c for c in (carry(r, to_human.treatment, to_human.target, lambda: 1000.0) for r in rules())}
    dose = to_human.treatment.dose_cells
    assert dose == 2.5e5
    assert found["cells per kg"].amount * dose == pytest.approx(7e8)
    assert found["cells per ml CSF"].amount * dose == pytest.approx(8.75e8)
    assert found["cells per DRG"].amount * dose == pytest.approx(2.5e5)
    assert found["injected volume share"].amount is None
    assert "15 ml" in found["injected volume share"].refused


def test_out_of_range_gives_no_number(to_human: Translation) -> None:
    """More cells than are possible in a person, more volume, or less than a cell: a reason, never a dose."""
    treatment, person = to_human.treatment, to_human.target
    assert outside(treatment, person, 1e5, 1500)
    assert outside(treatment, person, 1.0, 2000)
    assert outside(treatment, person, 1e-6, 200)
    assert outside(treatment, person, 4000, 1500) == ""
    row = next(r for r in to_human.rows if r["name"] == "injected volume share")
    assert row["relief"] == "no basis"
    assert (row["dose_cells"], row["local_exposure_ratio"], row["causes"]) == (None, None, [])


def test_volume_stays_between_usual_and_largest(to_human: Translation) -> None:
    treatment, person = to_human.treatment, to_human.target
    assert volume_factor(treatment, person, 1.0) * 10 == person.default_volume_ul
    assert volume_factor(treatment, person, 1e6) * 10 == person.largest_volume_ul


def test_all_causes_on_is_the_target_and_none_is_the_source(to_human: Translation) -> None:
    """Scaled lengths and volumes give the very animal that the species file gives."""
    t, c = to_human.treatment, next(c for c in to_human.usable if c.rule.name == "cells per ml CSF")
    there = to_human.there(c.amount, c.volume)[0]
    here, far = (values_of(arm_register(a), s) for a, s in ((t.arm, centre()), (there, to_human.centre)))
    table = exposures(t, to_human.target, there, here, far, to_human.solver)
    assert len(table) == 2**len(CAUSES)
    assert table[frozenset()] == pytest.approx(to_human.at_home, rel=1e-5)
    assert table[frozenset(CAUSES)] == pytest.approx(to_human.exposure_there([c.amount], [c.volume])[0], rel=1e-5)


def test_factors_of_the_causes_multiply_to_the_ratio(to_human: Translation) -> None:
    for row in to_human.rows:
        if row["causes"]:
            product = 1.0
            for cause in row["causes"]:
                product *= 10**cause["log10_change"]
            assert product == pytest.approx(row["local_exposure_ratio"], rel=1e-4)
            assert sum(cause["share"] for cause in row["causes"]) == pytest.approx(1)


def test_people_show_dilution_distance_and_crawling(to_human: Translation) -> None:
    """The same dose: more fluid, places further apart and cells that crawl no further all take exposure away."""
    row = next(r for r in to_human.rows if r["name"] == "cells per DRG")
    change = {c["name"]: c["log10_change"] for c in row["causes"]}
    assert change["dose"] == pytest.approx(0, abs=1e-9)
    assert all(change[name] < 0 for name in ("dilution", "places", "crawling", "border"))
    profile = {p["name"]: p for p in to_human.along()}
    assert profile["cells per ml CSF"]["cord_over_ganglia"] < profile["at home"]["cord_over_ganglia"]


def test_a_species_to_itself_changes_nothing() -> None:
    same = translate(resolve(load("chen2015")), "mouse", integrator("compiled"), draws=8)
    assert same.there(1.0, 1.0)[0].administrations == same.treatment.arm.administrations
    assert same.exposure_there([1.0], [1.0])[0] == pytest.approx(same.at_home, rel=1e-9)
    assert all(c.amount == pytest.approx(1) for c in same.carried)


def test_the_catchment_of_a_ganglion_is_the_target_s_own(to_human: Translation) -> None:
    """Single cells gave it for every canal; it grows less than the canal does."""
    arm = to_human.there(1.0, 200.0)[0]
    here, there = load_register()["cells.catchment"].value, arm.parameters["cells.catchment"].value
    lengths = [load_register()["anatomy.canal_length"].value, arm.parameters["anatomy.canal_length"].value]
    assert "cells.capture_cxcl12" not in arm.factors
    assert 1 < there / here < lengths[1] / lengths[0]


def test_anatomy_set_by_the_study_stays_behind() -> None:
    text = ("thecal: 1\nname: t\nspecies: mouse\nend: 30 d\ninjury: {model: CCI}\nparameters: {anatomy.gap: 100 um, "
            "cells.half_life_free: 3 d}\narms:\n  - {id: v, give: [{what: vehicle, day: 4 d}]}\n"
            "  - {id: c, reference: v, give: [{what: BMSC, dose: 1e5 cells, day: 4 d}]}\n")
    found = treatment_of(resolve(loads(text)))
    there = carried(found.arm, found.species, species_called("rat"), 1.0, 1.0)
    assert there.parameters["anatomy.gap"].value == 150
    assert there.parameters["cells.half_life_free"].value == 3


def test_refusals() -> None:
    plan = resolve(load("chen2015"))
    with pytest.raises(ThecalError, match="no species of that name"):
        translate(plan, "dog", integrator("compiled"))
    with pytest.raises(ThecalError, match="no injured arm"):
        treatment_of(plan, "vehicle_early")
    with pytest.raises(ThecalError, match="no injured arm"):
        treatment_of(resolve(load("sni-natural-course")))


def test_json_has_the_promised_shape(to_human: Translation) -> None:
    rules_ = to_human.as_dict()["rules"]
    assert [r["name"] for r in rules_] == [r.name for r in rules()]
    for row in rules_:
        assert {"name", "dose_cells", "local_exposure_ratio", "relief", "causes"} <= set(row)
        assert row["relief"] == "no basis" or {"duration_h", "best", "days_over_draws"} <= set(row["relief"])
        assert all({"name", "share"} <= set(cause) for cause in row["causes"])
    equal = next(r for r in rules_ if r["name"].startswith("equal local"))
    if equal["relief"] != "no basis":
        assert equal["local_exposure_ratio"] == pytest.approx(1, rel=0.02)
