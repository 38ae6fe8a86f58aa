"""The studies of the package: no errors, sources in the file, every arm of the index study."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from thecal.study import library, load, resolve
from thecal.study.lint import lint

ARMS = Path(__file__).parents[2].parent / "shared" / "evidence" / "chen2015_arms.csv"


def test_the_promised_studies_are_there():
    assert {"chen2015", "sni-natural-course", "dose-response", "bone-marrow-or-fat", "human-lumbar"} <= set(library())


@pytest.mark.parametrize("name", library())
def test_each_lints_without_errors_and_names_its_sources(name):
    assert [p for p in lint(name) if p.severity == "error"] == []
    study = load(name)
    assert study.name == name and study.sources and study.title


def test_every_arm_of_the_index_study_says_what_is_published():
    for arm in load("chen2015").arms:
        assert any(word in arm.facts for word in ("published", "unconfirmed", "assumed", "not in the paper", "press"))


def test_the_index_study_has_the_published_designs():
    plan = resolve(load("chen2015"))

    def given(arm):
        return [(a.product, a.day_d, a.dose_text) for a in plan.arm(arm).administrations]

    assert given("bmsc_early") == [("BMSC", 4.0, "2.5e5 cells")] and plan.arm("bmsc_early").n == 5
    assert given("bmsc_anti_tgfb1")[1][0::2] == ("anti-TGF-b1", "4 ug")
    assert given("tgfb1_10ng_d5") == [("TGF-b1", 5.0, "10 ng")]
    assert given("tgfb1_10ng_d21")[0][1] == 21 and given("bmsc_late")[0][1] == 14
    assert {a for _, _, a in given("tgfb1_sb431542_d19")} == {"10 ng", "100 pmol"}
    assert plan.arm("bmsc_tgfb1_sirna").factors["cells.secretion_rate"] == 0.35
    assert plan.arm("bmsc_nt_sirna").factors["cells.secretion_rate"] == 1.0
    assert plan.arm("bmsc_removed_late").removals[0].day_d == 18
    csf = [v for v in plan.visits if v.assay == "csf_elisa"]
    assert [(v.day_d, v.arms) for v in csf] == [(8.0, ("csf_naive", "csf_vehicle", "csf_bmsc"))]
    assert all(plan.arm(a).n == 4 for a in csf[0].arms)
    slices = [v for v in plan.visits if v.assay == "slice_bath"]
    assert {tuple((b.product, b.concentration) for b in v.bath) for v in slices} >= {
        (), (("TGF-b1", 2.0),), (("TGF-b1", 10.0),)}


@pytest.mark.skipif(not ARMS.exists(), reason="the table of published arms lies outside the repository")
def test_no_behavioural_agent_of_the_published_table_is_missing():
    """Each injected agent of the table, by product and day where a day was read, has an arm."""
    plan = resolve(load("chen2015"))
    have = {(a.product, a.day_d) for arm in plan.arms for a in arm.administrations}
    words = {"BMSC": "BMSC", "TGF-b1 protein": "TGF-b1", "vehicle": "vehicle"}
    checked = 0
    for row in csv.DictReader(ARMS.read_text(encoding="utf-8").splitlines()):
        product, day = words.get(row["agent"]), row["day_given"].split(" d post")[0]
        if product and day.isdigit() and row["route"].startswith("i.t."):
            assert (product, float(day)) in have, row["arm_id"]
            checked += 1
    assert checked >= 6
