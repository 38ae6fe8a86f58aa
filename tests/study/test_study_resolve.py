"""From the file to the plan: canonical units, merged numbers, doses on their days, visits with their arms."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from thecal.core.errors import ThecalError
from thecal.core.register import load as load_register
from thecal.study import dumps, load, loads, resolve

BASE = Path(__file__).with_name("base_study.yaml").read_bytes()


@pytest.fixture(scope="module")
def plan():
    return resolve(loads(BASE))


def with_arm(text: str, more: str = ""):
    return resolve(loads(f"name: x\nend: 60 d\ninjury: CCI\n{more}\narms:\n  - {{id: a, {text}}}\n")).arm("a")


def test_arms_in_canonical_units(plan):
    cells = plan.arm("cells")
    first, *later = cells.administrations
    assert (first.kind, first.day_d, first.amounts, first.volume_ul) == ("cells", 4.0, {"cells": 2.5e5}, 10.0)
    assert (first.level, first.position_mm, first.route) == ("L4-L5", 8.0, "catheter")
    assert [a.day_d for a in later] == [8.0, 9.0]
    assert later[0].amounts["antibody"] == pytest.approx(4e6 / 150) and later[0].target == "tgfb1"
    assert cells.removals[0].day_d == 18 and cells.removals[0].fraction == 1
    assert cells.sexes == ("female", "male") and cells.injury.side == "right" and cells.n == 6


def test_numbers_are_merged_in_order(plan):
    cells, nsc = plan.arm("cells"), plan.arm("nsc")
    assert cells.parameters["cells.viability"].value == 0.9
    assert cells.parameters["cells.active_fraction"].value == 0.1  # study-wide
    assert cells.parameters["cells.attachment"].value == 12  # of the arm
    assert cells.parameters["cells.pre_primed"].value == 1  # primed with TNF
    assert cells.parameters["pain.injury_drive"].value == 0.75  # CCI
    assert nsc.parameters["pain.injury_drive"].value == 0.8  # crush, defined in the study
    assert nsc.parameters["cells.secretion_rate"].value == pytest.approx(2e-4)  # 200 pg/1e6 cells/d
    assert nsc.parameters["cells.secretion_rate"].low == pytest.approx(5e-5)
    assert nsc.parameters["cells.half_life_captured"].value == 20  # the study overrides the product
    register = load_register().with_values(cells.parameters)
    assert register["cells.half_life_captured"].value == 20


def test_knock_down_passages_and_differences_are_factors(plan):
    factors = plan.arm("cells").factors
    assert factors["cells.secretion_rate"] == pytest.approx(0.35 * math.exp(-0.05 * 2))
    assert factors["cells.cxcr4"] == pytest.approx(0.30 * math.exp(-0.4 * 2))
    fat = with_arm("give: [{what: ASC, dose: 1e5 cells, day: 4 d}]")
    assert fat.factors["cells.secretion_rate"] == 0.7 and fat.relative["cells.secretion_rate"].kind == "assumed"
    eight = with_arm("give: [{what: BMSC, dose: 1e5 cells, day: 4 d, doublings: 16}]")
    assert eight.factors["cells.cxcr4"] == pytest.approx(math.exp(-0.4 * 2))  # 4 doublings per passage


def test_an_arm_takes_what_it_leaves_out_from_the_study():
    text = ("name: x\nend: 9 d\ninjury: {model: CCI, side: right, day: 1 d, severity_sd: 20 %}\narms:\n"
            "  - {id: a}\n  - {id: b, injury: SNI}\n  - {id: c, injury: {severity_sd: 40 %}}\n")
    plans = [arm.injury for arm in resolve(loads(text)).arms]
    assert [(p.model, p.side, p.day_d, p.severity_sd) for p in plans] == [
        ("CCI", "right", 1.0, 0.2), ("SNI", "right", 1.0, 0.2), ("CCI", "right", 1.0, 0.4)]


@pytest.mark.parametrize(("donor", "rate"), [("syngeneic", 0), ("autologous", 0), ("allogeneic", 0.1),
                                             ("xenogeneic", 0.25)])
def test_rejection_depends_on_the_donor(donor, rate):
    arm = with_arm(f"give: [{{what: BMSC, dose: 1e5 cells, day: 4 d, donor: {donor}}}]")
    assert arm.parameters["cells.rejection_rate"].value == rate


def test_infusion(plan):
    (pump,) = plan.arm("pump").administrations
    assert pump.amounts["active_tgfb1"] == pytest.approx(140_000) and pump.duration_d == 14
    assert pump.rate_per_d("active_tgfb1") == pytest.approx(10_000) and pump.end_d == 18
    assert pump.volume_ul == pytest.approx(84)


def test_cell_free_products_spill_what_their_cells_would_make():
    """Lysate: 24 h of synthesis at once, 5 % of it active, nothing afterwards."""
    (given,) = with_arm("give: [{what: lysate, dose: 1e6 cells, day: 4 d}]").administrations
    day = 1e6 * load_register()["cells.secretion_rate"].value
    assert given.amounts["latent_tgfb1"] + given.amounts["active_tgfb1"] == pytest.approx(day)
    assert given.amounts["active_tgfb1"] == pytest.approx(0.05 * day)
    assert "cells" not in given.amounts and "dead_cells" not in given.amounts
    (killed,) = with_arm("give: [{what: heat-killed cells, dose: 1e6 cells, day: 4 d}]").administrations
    assert killed.amounts["dead_cells"] == 1e6


def test_hypotheses_default_to_h1_and_h2(plan):
    assert plan.arm("vehicle").hypotheses == {
        "H1": 1, "H2": 0.5, "H3": 0, "H4": 0, "H5": 0, "H6": 0, "H7": 0, "H8": 0, "H9": 0}
    assert plan.arm("cells").hypotheses["H2"] == 0
    assert with_arm("give: []", "hypotheses: {H9: on}").hypotheses["H1"] == 1


def test_roles_and_references(plan):
    assert {a.id: a.role for a in plan.arms} == {
        "vehicle": "vehicle", "cells": "treatment", "pump": "treatment", "nsc": "treatment", "slices": "sham"}
    assert plan.arm("cells").reference == "vehicle" and plan.arm("vehicle").reference is None
    assert plan.arm("slices").reference is None  # another cohort


def test_visits(plan):
    frey = [v for v in plan.visits if v.assay == "von_frey"]
    assert [v.day_d for v in plan.visits] == sorted(v.day_d for v in plan.visits)
    assert [v.index for v in plan.visits] == list(range(len(plan.visits)))
    assert all(v.paws == ("ipsilateral", "contralateral") and "slices" not in v.arms for v in frey)
    hours = {(round(v.day_d, 4), v.after_dose_h): v.arms for v in frey if v.after_dose_h}
    assert hours[(4.0417, 1.0)] == ("vehicle", "cells")  # a vehicle arm is looked at when its vehicle is given
    assert hours[(8.0417, 1.0)] == ("cells",) and hours[(5.0417, 1.0)] == ("nsc",)
    (bath,) = [v for v in plan.visits if v.assay == "slice_bath"]
    assert bath.arms == ("slices",) and bath.terminal and bath.duration_min == 5
    assert (bath.bath[0].solute, bath.bath[0].concentration, bath.bath[0].unit) == ("active_tgfb1", 2.0, "ng/ml")
    assert plan.arm("slices").end_d == 4 and plan.arm("cells").end_d == 60


def test_nobody_is_tested_twice_at_one_time():
    plan = resolve(load("chen2015"))
    for arm in plan.arms:
        seen = [(v.assay, v.day_d, v.bath) for v in plan.visits_of(arm.id)]
        assert len(seen) == len(set(seen))


@pytest.mark.parametrize(("text", "code"), [
    ("give: [{what: BMSC, dose: 1e5 cells, day: 4 d}, {what: ASC, dose: 1e5 cells, day: 4 d}]", "two-cells"),
    ("give: [{what: BMSC, dose: 10 ng, day: 4 d}]", "dose"), ("give: [{what: BMSC, day: 4 d}]", "dose"),
    ("give: [{what: PBS, dose: 10 ng, day: 4 d}]", "dose"), ("give: [{what: PBS}]", "when"),
    ("give: [{what: TGF-b1, dose: 10 ng, day: 4 d, remaining: {Tgfb1: 35 %}}]", "not-cells"),
    ("give: [{what: TGF-b1, dose: 10 ng, day: 4 d, viability: 90 %}]", "not-cells"),
    ("give: [{what: BMSC, dose: 1e5 cells, day: 4 d, level: T12}]", "level"),
    ("give: [{what: BMSC, dose: 1e5 cells, day: 4 d, priming: {agent: coffee}}]", "priming"),
    ("give: [{what: PBS, day: 4 d, volume: 9 ul, infusion: {duration: 2 d}}]", "volume"),
    ("strain: DBA", "strain"), ("reference: b", "unknown-arm"),
    ("parameters: {cells.secretion: 3}", "unknown-parameter"), ("parameters: {cells.half_life_free: 3 kg}", "unit")])
def test_what_cannot_be_resolved(text, code):
    with pytest.raises(ThecalError) as caught:
        with_arm(text)
    (problem,) = caught.value.problems
    assert problem.code == code and "arm a" in problem.where and "line" in problem.where


def test_all_arms_report_at_once():
    text = "name: x\nend: 9 d\narms:\n  - {id: a, injury: CCCI}\n  - {id: b, injury: SNNI}\n"
    with pytest.raises(ThecalError) as caught:
        resolve(loads(text))
    assert [p.remedy for p in caught.value.problems] == ["did you mean 'CCI'?", "did you mean 'SNI'?"]


def test_a_product_file_can_stand_in_the_study_as_it_is():
    """A newcomer copies one small file, into the package or into the study, in the same form."""
    from importlib import resources

    from thecal.study.model.text import read

    folder = resources.files("thecal") / "data" / "products"
    record = read((folder / "adipose_stromal_cells.yaml").read_bytes(), "f").data
    record |= {"name": "my cells", "aliases": []}
    data = read("name: x\nend: 60 d\narms: [{id: a, give: [{what: my cells, dose: 1e5 cells, day: 4 d}]}]", "f").data
    from thecal.study.load import validate
    from thecal.study.model.text import Document

    plan = resolve(validate(Document({**data, "products": [record]}, {}, "f")))
    assert plan.arm("a").factors["cells.secretion_rate"] == 0.7


@pytest.mark.parametrize("source", ["base", "chen2015", "human-lumbar"])
def test_a_study_written_out_reads_back_the_same(source):
    study = loads(BASE) if source == "base" else load(source)
    again = loads(dumps(study))
    assert again.model_dump() == study.model_dump() and resolve(again) == resolve(study)
    assert dumps(again) == dumps(study)
