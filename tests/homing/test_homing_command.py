"""``thecal cells`` as its readers see it: fields of the JSON, files, words."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from thecal.apps.commands.cells import command


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    words = ["chen2015", "--json", "--agents", "5000", "--draws", "2", "--out", str(folder)]
    result = CliRunner().invoke(command, words, catch_exceptions=False)
    assert result.exit_code == 0
    return json.loads(result.stdout), folder


def test_counts_by_level_side_and_day(told):
    data, _ = told
    assert {row["day"] for row in data["drg"]} == {1, 3, 7, 14, 28, 56}
    assert {(row["level"], row["side"]) for row in data["drg"]} == {
        (level, side) for level in ("L3", "L4", "L5") for side in ("injured", "other")}
    assert all(0 <= row["low"] <= row["cells"] <= row["high"] for row in data["drg"])
    assert set(data["injured_to_other"]) == {"default", "cxcr4_knockdown", "cxcl12_off"}
    assert "not medical advice" in data["disclaimer"]


def test_files_are_whole_and_need_no_network(told):
    data, folder = told
    page = (folder / "canal.html").read_text("utf-8")
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "") and "https://" not in page
    assert "mountCanal" in page and page.count("<script") == 2  # data, and the module
    assert len(page) < 6e6
    assert (folder / "counts.csv").read_text().count("\n") == len(data["drg"]) + 1
    assert (folder / "label.csv").read_text().count("\n") == 58  # days 0 to 56
    for picture in ("canal", "label"):
        assert (folder / f"{picture}.png").read_bytes().startswith(b"\x89PNG")
        assert "imulated" in (folder / f"{picture}.svg").read_text("utf-8")
    assert sorted(p.name for p in folder.iterdir()) == ["canal.html", "canal.png", "canal.svg", "cells.json",
                                                        "counts.csv", "label.csv", "label.png", "label.svg"]


def test_label_outlives_cells(told):
    data, _ = told
    rows = {row["day"]: row for row in data["label"]}
    living = {day: sum(row["cells"] for row in data["drg"] if row["day"] == day) for day in rows}
    assert all(row["living"] == pytest.approx(living[day], abs=1) for day, row in rows.items())
    day = data["label_day"]
    assert day["draws"] == 2
    for at, row in rows.items():  # the day on which label outnumbers living cells parts the others
        if day["centre"] is None or at < day["centre"] - 1:
            assert row["corpses"] + row["host"] < row["living"]
        elif at > day["centre"] + 1:
            assert row["corpses"] + row["host"] > row["living"]


def test_canals_of_two_species_side_by_side(tmp_path):
    words = ["homing-mouse", "homing-rat", "--compare", "--json", "--agents", "4000", "--out", str(tmp_path)]
    result = CliRunner().invoke(command, words, catch_exceptions=False)
    assert result.exit_code == 0
    rows = json.loads(result.stdout)["ganglia"]
    assert {row["species"] for row in rows} == {"mouse", "rat"}
    assert {row["day"] for row in rows} == {1, 3, 7, 14, 28, 56}
    assert all(row["captured_so_far"] >= row["cells"] >= 0 for row in rows)
    assert all(row["share"] == pytest.approx(row["cells"] / row["living_given"], rel=1e-3, abs=1e-6) for row in rows)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["species.csv", "species.png", "species.svg"]
    assert (tmp_path / "species.csv").read_text().count("\n") == len(rows) + 1


def test_several_studies_are_only_compared():
    from thecal.core.errors import ThecalError

    with pytest.raises(ThecalError, match="several studies"):
        CliRunner().invoke(command, ["homing-mouse", "homing-rat"], catch_exceptions=False)


def test_claims_can_rest_on_single_cells():
    from thecal.analysis.homing import arm_with_cells, injured_to_other
    from thecal.study import load, resolve

    plan = resolve(load("chen2015"))
    arm = arm_with_cells(plan)
    here, there = injured_to_other(plan, arm, [{}, {}], 1, agents=5_000)
    more, _ = injured_to_other(plan, arm, [{"cells.capture_cxcl12": 1.0}], 1, agents=5_000)
    off, off_there = injured_to_other(plan, arm, [{}], 1, agents=5_000, overrides={"homing.cxcl12": 0.0})
    assert here.shape == there.shape == (2,)
    assert here[0] != here[1]  # every draw has its own wall
    assert more[0] > here[0] > off[0] + off_there[0]
    assert np.isfinite(here / there).all()
