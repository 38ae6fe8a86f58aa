"""Every named check speaks when it should and is silent on a sound study."""

from __future__ import annotations

from pathlib import Path

import pytest

from thecal.apps import cli
from thecal.study import loads
from thecal.study.lint import CHECKS, lint, runnable

SOUND = """
name: sound
species: mouse
strain: C57BL/6J
sex: both
n: 8
end: 60 d
injury: {model: CCI, day: 0 d}
arms:
  - {id: vehicle, give: [{what: vehicle, day: 4 d}]}
  - {id: cells, give: [{what: BMSC, dose: 1e5 cells, day: 4 d, viability: 92 %}]}
  - {id: protein, give: [{what: TGF-b1, dose: 10 ng, day: 4 d}]}
tests: [{assay: von Frey, days: [-1, 3, 7, 14, 28, 42], hours_after_dose: [1]}]
"""
CELLS = "  - {id: cells, give: [{what: BMSC, dose: 1e5 cells, day: 4 d, viability: 92 %}]}\n"
VEHICLE = "  - {id: vehicle, give: [{what: vehicle, day: 4 d}]}\n"
TESTS = "tests: [{assay: von Frey, days: [-1, 3, 7, 14, 28, 42], hours_after_dose: [1]}]\n"

CASES = {
    "no-vehicle": (VEHICLE, ""),
    "one-sex": ("sex: both", "sex: male"),
    "few-animals": ("n: 8", "n: 3"),
    "unblinded": ("end: 60 d", "end: 60 d\nconduct: {blinded: false}"),
    "not-randomised": ("end: 60 d", "end: 60 d\nconduct: {randomisation: none}"),
    "many-missed": ("end: 60 d", "end: 60 d\nconduct: {missed_visits: 40 %}"),
    "cage-size": ("end: 60 d", "end: 60 d\nconduct: {randomisation: cages}"),
    "no-blocks": ("end: 60 d", "end: 60 d\nconduct: {randomisation: simple, block_by: cage}"),
    "cage-of-one": ("end: 60 d", "end: 60 d\nconduct: {block_by: cage, animals_per_cage: 1}"),
    "broken-cages": ("end: 60 d", "end: 60 d\nconduct: {randomisation: cages, animals_per_cage: 3}"),
    "incomplete-cages": ("end: 60 d", "end: 60 d\nconduct: {block_by: cage, animals_per_cage: 2}"),
    "viability-unstated": (", viability: 92 %", ""),
    "large-volume": ("day: 4 d, viability", "day: 4 d, volume: 20 ul, viability"),
    "unusual-dose": ("dose: 1e5 cells", "dose: 1e9 cells"),
    "before-injury": ("day: 0 d", "day: 5 d"),
    "dose-after-end": ("end: 60 d", "end: 3 d"),
    "visit-after-end": ("end: 60 d", "end: 30 d"),
    "infused-cells": ("dose: 1e5 cells, day: 4 d", "day: 4 d, infusion: {rate: 1e5 cells/d, duration: 2 d}"),
    "removal-without-cells": ("{id: protein, ", "{id: protein, remove: [{day: 9 d}], "),
    "nothing-acts": ("{id: cells, ", "{id: cells, hypotheses: {H1: off, H2: off}, "),
    "no-tests": ("{id: protein, ", "{id: protein, cohort: other, "),
    "no-baseline": ("[-1, 3,", "[3,"),
    "after-terminal": (TESTS, TESTS[:-2] + ", {assay: CSF ELISA, days: [8]}]\n"),
    "species-lacks-assay": ("species: mouse\nstrain: C57BL/6J", "species: human"),
    "rodent-injury": ("species: mouse\nstrain: C57BL/6J", "species: human"),
    "outcome-not-measured": ("end: 60 d", "end: 60 d\nanalysis: {assay: Hargreaves}"),
    "blind-to-protein": (", hours_after_dose: [1]", ""),
    "short-follow-up": (", 28, 42]", "]"),
    "outside-range": ("end: 60 d", "end: 60 d\nparameters: {cells.half_life_free: 50 d}"),
    "unused-definition": ("end: 60 d", "end: 60 d\nproducts: [{name: y, description: z, kind: vehicle}]"),
    "shadowed-name": ("end: 60 d", "end: 60 d\nproducts: [{name: saline, description: z, kind: vehicle}]"),
    "treated-reference": ("{id: cells, ", "{id: cells, reference: protein, "),
    "misname": ("what: TGF-b1", "what: IGF-b1"),
    "no-model": ("what: TGF-b1", "what: IGF-1"),
}


def codes(text: str) -> dict[str, str]:
    return {p.code: p.severity for p in lint(loads(text))}


def test_a_sound_study_has_one_note():
    assert codes(SOUND) == {"assumed-strain": "note"}


@pytest.mark.parametrize("code", CASES)
def test_a_check_speaks(code):
    old, new = CASES[code]
    assert old in SOUND
    assert code in codes(SOUND.replace(old, new, 1))


def test_every_check_has_a_case():
    """A check that no case triggers would be a check that nobody has seen working."""
    spoken = set()
    for old, new in CASES.values():
        spoken |= set(codes(SOUND.replace(old, new, 1)))
    assert len(CHECKS) == 33 and len(spoken) >= 33


def test_findings_say_where_and_what_to_do():
    text = SOUND.replace("dose: 1e5 cells", "dose: 1e9 cells")
    (found,) = [p for p in lint(loads(text)) if p.code == "unusual-dose"]
    assert found.where == "arms[1].give[0].dose (arm cells, line 11)" and found.seen == "1e9 cells"
    assert found.allowed == "2e4 cells to 2.5e5 cells" and found.remedy


def test_errors_come_first_and_an_unreadable_study_is_a_finding(tmp_path: Path):
    text = SOUND.replace("sex: both", "sex: male").replace("end: 60 d", "end: 30 d")
    severities = [p.severity for p in lint(loads(text))]
    assert severities == sorted(severities, key=["error", "warning", "note"].index) and severities[0] == "error"
    path = tmp_path / "broken.yaml"
    path.write_text("name: [x")
    assert lint(path)[0].severity == "error"
    assert lint(tmp_path / "none.yaml")[0].code == "not-found"


def test_what_is_the_same_in_many_arms_is_told_once():
    """Forty arms with one mistake are one finding, with the first places named and the others counted."""
    arms = "\n".join(f"  - {{id: more{k}, give: [{{what: BMSC, dose: 1e5 cells, day: 900 d}}]}}" for k in range(5))
    found = [p for p in lint(loads(SOUND.replace("arms:\n", f"arms:\n{arms}\n", 1))) if p.code == "dose-after-end"]
    assert len(found) == 1
    assert found[0].where.startswith("arms[0].give (arm more0,") and found[0].where.endswith("and 2 more")


def test_a_study_with_an_error_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """What lint calls an error stops a run before anything is written; warnings do not."""
    path = tmp_path / "late.yaml"
    path.write_text(SOUND.replace("end: 60 d", "end: 30 d"))
    assert cli.run(["run", str(path), "--out", str(tmp_path / "out")]) == 2
    assert "after the study's last day" in capsys.readouterr().err and not (tmp_path / "out").exists()
    assert runnable(loads(SOUND.replace("sex: both", "sex: male"))).arms
