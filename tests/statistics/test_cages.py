"""Animals that share cages: arms spread within cages, whole cages, and what cannot be."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from thecal.analysis.design import lists
from thecal.analysis.design.checklists import checklist
from thecal.analysis.design.critique import critique
from thecal.analysis.design.lists import allocate, fill_cages, unseal, write_lists
from thecal.analysis.design.study_design import Request, design_study
from thecal.apps import cli
from thecal.core.errors import ThecalError
from thecal.study import loads, resolve
from thecal.study.lint import lint

STUDY = """
name: caged
species: mouse
sex: both
n: 8
end: 40 d
injury: CCI
arms:
  - {id: vehicle, give: [{what: vehicle, day: 4 d}]}
  - {id: cells, give: [{what: BMSC, dose: 2.5e5 cells, day: 4 d, viability: 90 %}]}
  - {id: protein, give: [{what: TGF-b1, dose: 10 ng, day: 4 d}]}
tests: [{assay: von Frey, days: [-1, 3, 7, 14, 21, 35], hours_after_dose: [1]}]
conduct: {CONDUCT}
"""


def plan(conduct: str, text: str = STUDY):
    return resolve(loads(text.replace("CONDUCT", conduct)))


def errors(conduct: str) -> list:
    return [p for p in lint(loads(STUDY.replace("CONDUCT", conduct))) if p.severity == "error"]


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_arms_are_spread_evenly_within_cages(size):
    table = allocate(plan(f"block_by: cage, animals_per_cage: {size}"), secret=3).table
    assert Counter(table["arm"]) == {"vehicle": 8, "cells": 8, "protein": 8}
    assert (table.groupby("block")["sex"].nunique() == 1).all()          # a cage has one number and one sex
    for _, stratum in table.groupby("sex"):
        sizes = stratum.groupby("block").size()
        assert sizes.max() <= size and sizes.max() - sizes.min() <= 1 and len(sizes) == math.ceil(12 / size)
        shares = stratum.groupby(["block", "arm"]).size().unstack(fill_value=0)
        assert ((shares >= 4 // len(sizes)) & (shares <= math.ceil(4 / len(sizes)))).all(axis=None)


@pytest.mark.parametrize(("arms", "each", "size", "meetings"), [(3, 4, 2, 2), (4, 3, 2, 1), (4, 3, 3, 2)])
def test_small_cages_give_the_balanced_incomplete_block_design(arms, each, size, meetings):
    """Where a balanced design exists (Cochran and Cox, plans 11.1 and 11.2), every pair meets equally often."""
    cages = fill_cages(dict.fromkeys("ABCD"[:arms], each), size, np.random.default_rng(1))
    pairs = Counter(pair for cage in cages for pair in itertools.combinations(sorted(cage), 2))
    assert len(cages) == arms * each // size and all(len(set(cage)) == size for cage in cages)
    assert set(pairs.values()) == {meetings} and len(pairs) == arms * (arms - 1) // 2


def test_every_arm_is_as_likely_in_every_place_of_a_cage(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lists, "SWAPS", 20)
    rng = np.random.default_rng(2)
    first = Counter(cage[0] for _ in range(150) for cage in fill_cages({"a": 6, "b": 3}, 3, rng))
    assert first["b"] / sum(first.values()) == pytest.approx(1 / 3, abs=0.08)


def test_whole_cages_hold_one_arm(tmp_path: Path):
    caged = plan("randomisation: cages, animals_per_cage: 2")
    table = write_lists(caged, tmp_path, secret=4).table
    assert (table.groupby("block")["arm"].nunique() == 1).all() and (table.groupby("block").size() == 2).all()
    assert Counter(table["arm"]) == {"vehicle": 8, "cells": 8, "protein": 8}
    orders = {tuple(allocate(caged, secret=k).table.drop_duplicates("block")["arm"]) for k in range(8)}
    assert len(orders) > 4 and "whole cages" in unseal(tmp_path).method
    assert any(r.weight == "major" and "experimental unit" in r.what for r in critique(caged, []))
    said = " ".join(i.answer for i in checklist("arrive2", caged))
    assert "The experimental unit is the cage" in said and "Whole cages" in said
    path = tmp_path / "caged.yaml"
    path.write_text(STUDY.replace("CONDUCT", "randomisation: cages, animals_per_cage: 2"))
    with pytest.raises(ThecalError, match="power cannot be simulated for whole cages"):
        design_study(path, Request())
    assert design_study(path, Request(simulate=False)).critique


def test_without_a_number_blocks_by_cage_are_as_before():
    before = allocate(plan("block_by: none"), secret=7).table
    assert allocate(plan("block_by: cage"), secret=7).table.equals(before)
    assert allocate(plan("animals_per_cage: 4"), secret=7).table.equals(before)


@pytest.mark.parametrize(("conduct", "code", "words"), [
    ("randomisation: cages", "cage-size", "add 'animals_per_cage: 4'"),
    ("randomisation: cages, animals_per_cage: 3", "broken-cages", "set n to 12"),
    ("randomisation: cages, animals_per_cage: 4", "broken-cages", "share one cage"),
    ("randomisation: simple, block_by: cage, animals_per_cage: 4", "no-blocks", "write 'randomisation: blocks'"),
    ("randomisation: cages, block_by: cage, animals_per_cage: 2", "no-blocks", "remove 'block_by'"),
    ("block_by: cage, animals_per_cage: 1", "cage-of-one", "2 to 20"),
    ("animals_per_cage: 21", "less_than_equal", "at most 20")])
def test_what_cannot_be_is_refused(conduct, code, words, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "caged.yaml"
    path.write_text(STUDY.replace("CONDUCT", conduct))
    assert cli.run(["design", str(path), "--lists", str(tmp_path / "lists")]) == 2
    said = capsys.readouterr().err
    assert words in said and "line 1" in said and "seen" in said and not (tmp_path / "lists").exists()
    if code != "less_than_equal":
        assert code in {p.code for p in errors(conduct)}


def test_the_plan_says_how_many_share_a_cage(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "caged.yaml"
    path.write_text(STUDY.replace("CONDUCT", "block_by: cage, animals_per_cage: 4"))
    assert cli.run(["plan", str(path)]) == 0
    assert "4 animals per cage" in capsys.readouterr().out
