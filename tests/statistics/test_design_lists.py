"""Randomisation lists, seals, checklists and critique."""

import hashlib
import json
from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest

from thecal.analysis.design.checklists import CHECKLISTS, checklist
from thecal.analysis.design.critique import critique
from thecal.analysis.design.lists import COMMITMENT, SEALED, allocate, unseal, write_lists
from thecal.analysis.design.study_design import Request, design_study
from thecal.core.errors import ThecalError
from thecal.study import load, resolve
from thecal.study.lint import lint

STUDY = """
thecal: 1
name: small
title: A small study
species: mouse
strain: CD1
sex: both
n: 6
end: 40 d
injury: {model: CCI, day: 0 d}
arms:
  - {id: vehicle, give: [{what: vehicle, day: 4 d}]}
  - {id: cells, give: [{what: BMSC, dose: 2.5e5 cells, day: 4 d, viability: 90 %}]}
tests:
  - {assay: von Frey, days: [-1, 3, 7, 14, 21, 28]}
analysis: {reference: vehicle}
"""


@pytest.fixture(scope="module")
def plan():
    return resolve(load("dose-response"))


def written(tmp_path, text: str):
    path = tmp_path / "small.yaml"
    path.write_text(text)
    return path


def remarks(tmp_path, text: str):
    path = written(tmp_path, text)
    return critique(resolve(load(path)), lint(path))


def test_every_block_holds_every_arm_once_and_the_numbers_come_out(plan):
    table = allocate(plan, secret=5).table
    assert Counter(table["arm"]) == {a.id: a.n for a in plan.arms}
    assert (table.groupby(["cohort", "sex", "block"])["arm"].nunique() == table.groupby(
        ["cohort", "sex", "block"]).size()).all()
    assert table["code"].is_unique and set(table.groupby("arm")["sex"].nunique()) == {2}


def test_allocations_are_uniform_over_many_secrets(plan):
    # the first animal of the first block: each of ten arms one time in ten
    first = Counter(allocate(plan, secret=k).table["arm"].iloc[0] for k in range(300))
    assert len(first) == len(plan.arms) and max(first.values()) < 60 and min(first.values()) > 10


@pytest.mark.parametrize(("by", "words"), [("cage", "one cage"), ("day", "one day"), ("sex", "cohort and sex")])
def test_lists_say_what_a_block_is(plan, by, words):
    changed = replace(plan, conduct=replace(plan.conduct, randomisation="blocks", block_by=by))
    assert words in allocate(changed, secret=1).method


def test_seal_opens_and_notices_a_changed_allocation(plan, tmp_path):
    made = write_lists(plan, tmp_path, secret=11)
    assert unseal(tmp_path).table.equals(made.table)
    assert (tmp_path / COMMITMENT).read_text().split()[0] == hashlib.sha256(made.content().encode()).hexdigest()
    assert pd.read_csv(tmp_path / "allocation.csv")["arm"].tolist() == made.table["arm"].tolist()
    with pytest.raises(ThecalError, match="already a sealed allocation"):
        write_lists(plan, tmp_path)
    other = write_lists(plan, tmp_path / "other", secret=12)
    (tmp_path / SEALED).write_text((tmp_path / "other" / SEALED).read_text())
    with pytest.raises(ThecalError, match="not the one that was committed"):
        unseal(tmp_path)
    (tmp_path / SEALED).write_text("one line\nnot base64 at all\n")
    with pytest.raises(ThecalError, match="damaged"):
        unseal(tmp_path)
    with pytest.raises(ThecalError, match="not complete"):
        unseal(tmp_path / "nowhere")
    assert other.commitment() != made.commitment()


def test_the_testers_lists_name_no_arm(plan, tmp_path):
    write_lists(plan, tmp_path, secret=3)
    text = (tmp_path / "lists.html").read_text() + (tmp_path / "test_lists.csv").read_text()
    assert not any(a.id in text or (a.label != "vehicle" and a.label in text) for a in plan.arms)
    tests = pd.read_csv(tmp_path / "test_lists.csv")
    sessions = tests.groupby(["day", "assay", "paw"])
    assert sessions["code"].nunique().max() == sum(a.n for a in plan.arms) and sessions["order"].min().eq(1).all()
    days = list(tests.groupby("day")["code"].apply(tuple))
    assert days[0] != days[1]                                  # another order every day
    assert set(pd.read_csv(tmp_path / "preparation_list.csv")["arm"]) == {a.id for a in plan.arms}


def test_checklists_fill_what_a_file_can_know_and_no_more(plan):
    arrive, syrcle = (checklist(name, plan) for name in CHECKLISTS)
    assert [i.id for i in arrive] == [str(k) for k in range(1, 22)] and len(syrcle) == 10
    by = {i.title: i for i in arrive}
    assert by["Study design"].status == "answered" and "80 in all" in by["Sample size"].answer
    assert by["Ethics"].status == by["Housing"].status == by["Interests"].status == "open"
    risk = {i.title: i.status for i in syrcle}
    assert risk["Sequence generation"] == "low" and risk["Allocation concealment"] == "unclear"
    sealed = {i.title: i.status for i in checklist("syrcle", plan, sealed=True)}
    assert sealed["Allocation concealment"] == sealed["Random outcome assessment"] == "low"


def test_a_good_plan_gets_few_remarks_and_praise(tmp_path):
    found = remarks(tmp_path, STUDY)
    assert not [r for r in found if r.weight == "major"]
    assert {r.topic for r in found if r.weight == "good"} >= {"conduct", "animals"}


@pytest.mark.parametrize(("old", "new", "weight", "words"), [
    ("  - {id: vehicle, give: [{what: vehicle, day: 4 d}]}\n",
     "  - {id: low, give: [{what: BMSC, dose: 1e5 cells, day: 4 d, viability: 90 %}]}\n", "major", "no vehicle arm"),
    ("sex: both", "sex: male", "minor", "one sex"),
    ("days: [-1, 3,", "days: [3,", "major", "no baseline"),
    ("analysis:", "conduct: {blinded: false}\nanalysis:", "major", "knows the arm"),
    ("analysis:", "conduct: {randomisation: none}\nanalysis:", "major", "not randomised"),
    ("n: 6", "n: 4", "major", "fewer than 5"),
    (", viability: 90 %", "", "minor", "viability"),
    ("viability: 90 %}", "viability: 90 %}, {what: anti-TGF-b1, dose: 4 ug, day: 8 d}", "major",
     "without a control IgG"),
    ("id: vehicle, give: [{what: vehicle, day: 4 d}]", "id: vehicle, give: [{what: vehicle, day: 1 d}]", "minor",
     "reference vehicle on day 1"),
])
def test_each_weakness_is_named(tmp_path, old, new, weight, words):
    assert old in STUDY
    text = STUDY.replace(old, new)
    if "id: low" in text:
        text = text.replace("{reference: vehicle}", "{}")
    found = remarks(tmp_path, text)
    assert any(r.weight == weight and words in r.what for r in found), [(r.weight, r.what) for r in found]


def test_underpowered_comparisons_are_called_so(tmp_path):
    power = pd.DataFrame([{"name": "a − v", "n": 5, "test": "mean", "power": 0.3},
                          {"name": "b − v", "n": 5, "test": "mean", "power": 0.05},
                          {"name": "c − v", "n": 5, "test": "mean", "power": 0.9}])
    path = written(tmp_path, STUDY)
    found = critique(resolve(load(path)), [], power, 0.8)
    size = [r for r in found if r.topic == "sample size"]
    assert [r.weight for r in size] == ["major", "minor", "good"] and "a − v 30%" in size[0].what


def test_design_of_a_study_from_the_command_line(tmp_path, capsys):
    from click.testing import CliRunner

    from thecal.apps.commands.design import command

    path = written(tmp_path, STUDY)
    run = CliRunner().invoke(command, [str(path), "--experiments", "40", "--n", "4,8", "--looks", "4,8", "--json",
                                       "--out", str(tmp_path / "out")], catch_exceptions=False)
    found = json.loads(run.stdout)
    assert {r["test"] for r in found["needed"]} == {"one visit", "mean", "any visit", "ANOVA"}
    assert {"power", "visits", "filaments", "dose", "conduct", "assurance", "sequential", "critique",
            "checklists"} <= set(found)
    assert [r["n"] for r in found["power"] if r["test"] == "mean"] == [4, 6, 8]
    page = (tmp_path / "out" / "design.html").read_text()
    assert "What a reviewer would say" in page and "<svg" in page and "http://" not in page.replace(
        "http://www.w3.org", "")
    assert (tmp_path / "out" / "needed.csv").exists() and not list((tmp_path / "out").glob(".*"))


def test_same_seed_same_design(tmp_path):
    path = written(tmp_path, STUDY)
    request = Request(sizes=(6,), experiments=30, curves=False, animals=40)
    one, two = (design_study(path, request).power for _ in range(2))
    assert one.equals(two)
    with pytest.raises(ThecalError, match="no arm of that name"):
        design_study(path, Request(arms=("bmsc",)))
