"""``thecal lint``, ``plan`` and ``schema`` from the outside: output, JSON, exit status."""

from __future__ import annotations

import json
import re

import pytest

from thecal.apps.cli import run


def test_lint_of_a_good_study(capsys: pytest.CaptureFixture[str]):
    assert run(["lint", "dose-response"]) == 0
    assert "It can be run." in capsys.readouterr().out


def test_lint_of_a_bad_study(tmp_path, capsys):
    path = tmp_path / "bad.yaml"
    path.write_text("name: x\nend: 30 d\nspecies: mous\narms: [{id: a}]\n", encoding="utf-8")
    assert run(["lint", str(path)]) == 2
    out = capsys.readouterr().out
    assert "did you mean 'mouse'?" in out and "1 error" in out
    assert run(["lint", str(path), "--json"]) == 2
    data = json.loads(capsys.readouterr().out)
    assert data["errors"] == 1 and data["problems"][0]["where"] == "species (line 3)"


def test_plan_in_words_and_as_data(capsys):
    assert run(["plan", "chen2015"]) == 0
    out = capsys.readouterr().out
    assert "BMSC 2.5e5 cells" in out and "not medical advice" in out
    days = [float(found[1]) for found in re.finditer(r"^ +(-?[\d.]+) +(?:test|dose|surgery|removal) ", out, re.M)]
    assert days == sorted(days) and len(days) > 50
    assert run(["plan", "chen2015", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["arms"][2]["administrations"][0]["amounts"] == {"cells": 250000.0}
    assert data["steps"][0]["day_d"] == -1 and data["amount_units"]["antibody"] == "fmol"


def test_plan_lists_the_library_and_refuses_in_words(capsys):
    assert run(["plan"]) == 0 and "chen2015" in capsys.readouterr().out
    assert run(["plan", "chen2016"]) == 2
    assert "did you mean 'chen2015'?" in capsys.readouterr().err


def test_schema(tmp_path, capsys):
    assert run(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Thecal study"
    assert run(["schema", "product"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Thecal product"
    assert run(["schema", "--out", str(tmp_path)]) == 0
    assert len(list(tmp_path.glob("*.schema.json"))) == 5
