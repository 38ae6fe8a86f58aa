"""``thecal report``, ``params`` and ``cite`` from the outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from thecal.apps.cli import run
from thecal.core.register import load


def test_report_again_without_simulating(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                                         capsys: pytest.CaptureFixture[str]) -> None:
    import thecal.engine.solvers as solvers

    def refuse(name: str) -> None:
        raise AssertionError(f"solver {name} was asked for")

    monkeypatch.setattr(solvers, "integrator", refuse)
    monkeypatch.setattr("thecal.engine.loop.integrator", refuse)
    assert run(["report", str(folder), "--out", str(tmp_path / "a.html"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["bytes"] == (tmp_path / "a.html").stat().st_size
    assert run(["report", str(folder), "--out", str(tmp_path / "b.html")]) == 0
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert not list(tmp_path.glob("*.tmp*"))


def test_report_of_nothing_is_one_clear_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", str(tmp_path / "none")]) == 2
    assert "there is no such folder" in capsys.readouterr().err


def test_params(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["params", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["parameters"]
    assert {row["id"] for row in rows} == set(load())
    assert run(["params", "--kind", "assumed", "--room", "cells", "half_life"]) == 0
    seen = capsys.readouterr()
    lines = seen.out.splitlines()
    assert lines and all(line.startswith("cells.") and "\tassumed *\t" in line for line in lines)
    assert "are assumptions" in seen.err


def test_params_of_a_study_differ(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["params", "canal_length", "--study", "human-lumbar", "--json"]) == 0
    human = json.loads(capsys.readouterr().out)["parameters"][0]
    assert human["value"] > 10 * load()["anatomy.canal_length"].value
    assert run(["params", "--study", "no-such-study"]) == 2


def test_cite(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cite", "chen2015", "--json"]) == 0
    keys = [row["key"] for row in json.loads(capsys.readouterr().out)["references"]]
    assert keys[0] == "thecal" and keys[1] == "doi:10.1172/JCI80883" and len(keys) == len(set(keys)) > 15
    assert run(["cite", "--bibtex"]) == 0
    text = capsys.readouterr().out
    assert text.count("@") > 15 and text.count("{") == text.count("}")
