"""A file with several mistakes shows them all at once, and nothing that only follows from them."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from thecal.apps import cli
from thecal.core.errors import ThecalError
from thecal.study import loads
from thecal.study.lint import lint, runnable

TEXT = """
name: sound
species: mouse
sex: both
n: 8
end: 60 d
injury: {model: CCI, day: 0 d}
arms:
  - {id: vehicle, give: [{what: vehicle, day: 4 d}]}
  - {id: cells, give: [{what: BMSC, dose: 1e5 cells, day: 4 d, viability: 92 %}]}
  - {id: protein, give: [{what: TGF-b1, dose: 10 ng, day: 4 d}]}
tests:
  - {assay: von Frey, days: [-1, 3, 7, 14, 28, 42], hours_after_dose: [1]}
  - {assay: Hargreaves, days: [-1, 3]}
conduct: {observers: 1}
"""
# What is changed, the place it is told at, and the finding.
MISTAKES = {
    "species": ("species: mouse", "species: moose", "species (line 3)", "unknown-species"),
    "seed": ("sex: both", "seed: x", "seed (line 4)", "number"),
    "end": ("end: 60 d", "end: soon", "end (line 6)", "quantity"),
    "injury": ("model: CCI", "model: CCC", "injury (line 7)", "unknown-injury"),
    "dose": ("1e5 cells", "1e5 parsecs", "arms[1].give[0].dose (arm cells, line 10)", "dose"),
    "typo": ("viability", "viabilty", "arms[1].give[0].viabilty (arm cells, line 10)", "unknown-key"),
    "product": ("TGF-b1", "TGF-zz", "arms[2].give[0].what (arm protein, line 11)", "unknown-product"),
    "reference": ("{id: protein,", "{id: protein, reference: none,",
                  "arms[2].reference (arm protein, line 11)", "unknown-arm"),
    "assay": ("assay: von Frey", "assay: von Fry", "tests[0].assay (line 13)", "unknown-assay"),
    "second assay": ("assay: Hargreaves", "assay: Hot plate", "tests[1].assay (line 14)", "unknown-assay"),
    "observers": ("observers: 1", "observers: 0", "conduct.observers (line 15)", "greater_than_equal"),
}


def told(text: str) -> set[tuple[str, str]]:
    try:
        found = [p for p in lint(loads(text, "study.yaml")) if p.severity == "error"]
    except ThecalError as error:
        found = error.problems
    return {(p.where, p.code) for p in found}


def with_mistakes(*names: str) -> tuple[str, set[tuple[str, str]]]:
    text = TEXT
    for name in names:
        old, new, _, _ = MISTAKES[name]
        assert old in text
        text = text.replace(old, new, 1)
    return text, {MISTAKES[name][2:] for name in names}


def test_the_text_is_sound():
    assert told(TEXT) == set()


@pytest.mark.parametrize("pair", itertools.combinations(MISTAKES, 2), ids=" and ".join)
def test_two_mistakes_are_both_told_and_nothing_else(pair):
    text, expected = with_mistakes(*pair)
    assert told(text) == expected


def test_all_mistakes_at_once():
    text, expected = with_mistakes(*MISTAKES)
    assert told(text) == expected


def test_what_follows_from_a_mistake_is_not_told():
    """Without a species nobody knows its strains and needle levels; without an arm's name nobody can refer to it."""
    text = TEXT.replace("species: mouse", "species: moose\nstrain: Sprague-Dawley")
    assert told(text) == {("species (line 3)", "unknown-species")}
    text = TEXT.replace("id: cells,", "id: 'a cell',").replace("{id: protein,", "{id: protein, reference: cells,")
    assert {where for where, _ in told(text)} == {"arms[1].id (arm a cell, line 10)"}


def test_the_check_behind_the_names_is_reached():
    """A visit after the end is found by the last of the checks; an unknown product does not hide it."""
    text, expected = with_mistakes("product")
    assert told(text.replace("[-1, 3]", "[-1, 300]")) == expected | {("tests[1].days (line 14)", "visit-after-end")}


def test_as_a_user_sees_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Each command shows every mistake with its line, what was seen and what to do, and leaves with status 2."""
    path = tmp_path / "study.yaml"
    path.write_text(with_mistakes("species", "dose", "product", "assay")[0])
    for arguments in (["lint"], ["plan"], ["run", "--out", str(tmp_path / "out")], ["design", "--no-simulate"],
                      ["design", "--lists", str(tmp_path / "lists")], ["cite"], ["params", "--study"]):
        assert cli.run([arguments[0], *arguments[1:], str(path)]) == 2, arguments
        said = "".join(capsys.readouterr())
        assert all(word in said for word in ("moose", "parsecs", "TGF-zz", "von Fry", "line 10", "line 13")), arguments
        assert said.count("  seen: ") == said.count("  allowed: ") == said.count("  do: ") == 4
        assert "Traceback" not in said
    assert not (tmp_path / "out").exists() and not (tmp_path / "lists").exists()
    with pytest.raises(ThecalError):
        runnable(path)


def test_two_arms_of_one_name_and_whatever_else_is_wrong():
    text = TEXT.replace("{id: protein,", "{id: Cells,").replace("1e5 cells", "1e5 parsecs")
    assert told(text) == {("arms[2].id (arm Cells, line 11)", "duplicate-arm"), MISTAKES["dose"][2:]}
