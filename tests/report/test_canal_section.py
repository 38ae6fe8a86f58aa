"""Single cells in the study report: kept beside the run, read without simulating, shown without a network."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from report.claim_rows import CLAIMS
from report.test_page import Reader
from thecal.analysis.outcome import open_outcome
from thecal.apps.beside import keep_cells
from thecal.core.errors import ThecalError
from thecal.report.canal_viewer.frames import frames_of, seen
from thecal.report.canal_viewer.kept import FILE, keep, kept
from thecal.report.study import external, render


@pytest.fixture(scope="module")
def followed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small run with single cells kept beside it, of few agents."""
    out = tmp_path_factory.mktemp("canal") / "small"
    shutil.copytree(folder, out)
    outcome = open_outcome(out)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("thecal.apps.beside.AGENTS", 4_000)
        keep_cells(outcome.plan, outcome.results)
    return out


@pytest.fixture(scope="module")
def page(followed: Path) -> str:
    return render(open_outcome(followed), CLAIMS)


def test_shown_whole_and_without_a_network(page: str) -> None:
    reader = Reader()
    reader.feed(page)
    assert not reader.open and len(reader.ids) == len(set(reader.ids))
    assert '<section id="canal">' in page and 'href="#canal"' in page
    assert [attributes.get("type") for tag, attributes in reader.tags if tag == "script"] == ["application/json",
                                                                                              "module"]
    assert external(page) == [] and "import " not in page.split('<script type="module">')[1]
    assert len(page.encode()) < 6_000_000


def test_weighted_and_said_so(page: str, followed: Path) -> None:
    text = re.search(r'<section id="canal">(.*?)</section>', page, flags=re.S)
    assert text and "4\u202f000 agents, each standing for" in text[1]
    assert "<code>thecal cells small</code> follows every cell" in text[1]
    assert "imulated" in text[1] and "90 % of sampling" in text[1]


def test_a_still_picture_stands_where_nothing_runs(page: str) -> None:
    """The viewer's place is hidden until the module has filled it; the still picture is plain SVG."""
    assert '<div id="canal-viewer" hidden></div>' in page
    still = re.search(r'<div class="still">(.*?)</div>\s*<div class="scroll">', page, flags=re.S)
    assert still and "<svg" in still[1] and "at a ganglion" in still[1] and "<script" not in still[1]


def test_table_and_viewer_show_the_same_counts(page: str, followed: Path) -> None:
    frames = kept(open_outcome(followed).results)
    assert frames is not None
    cells = re.findall(r"<tr><th scope=\"row\">(L\d)</th><td>(\w+), (\w+)</td>(.*?)</tr>", page)
    told = {(level, side): [float(c) for c in re.findall(r"<td>(\d+) \(", row)] for level, _, side, row in cells}
    for row in frames["drg"]:
        days = sorted({each["day"] for each in frames["drg"]})
        assert told[row["level"], row["side"]][days.index(row["day"])] == round(row["cells"])
    shown = json.loads(re.search(r'id="canal-viewer-data">(.*?)</script>', page, flags=re.S)[1])  # type: ignore[index]
    assert shown == frames
    assert max(days) <= 36  # the study ends on day 40, cells were given on day 4


def test_same_run_same_bytes(page: str, followed: Path) -> None:
    assert render(open_outcome(followed), CLAIMS) == page
    before = (followed / FILE).read_bytes()
    outcome = open_outcome(followed)
    keep(kept(outcome.results), outcome.results)  # type: ignore[arg-type]
    assert (followed / FILE).read_bytes() == before


def test_cells_of_another_run_are_not_shown(followed: Path, tmp_path: Path) -> None:
    shutil.copytree(followed, tmp_path / "run")
    file = tmp_path / "run" / FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | {"digest": "another"}))
    assert kept(open_outcome(tmp_path / "run").results) is None
    file.write_text("{")
    with pytest.raises(ThecalError, match="cannot be read as key frames"):
        kept(open_outcome(tmp_path / "run").results)


def test_a_study_without_cells_keeps_none(folder: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    shutil.copytree(folder, tmp_path / "run")
    outcome = open_outcome(tmp_path / "run")
    assert keep_cells(replace(outcome.plan, arms=outcome.plan.arms[:1]), outcome.results) == ""
    assert not (tmp_path / "run" / FILE).exists()


def test_packed_frames_are_the_cells(folder: Path) -> None:
    """Places come back within half a unit of packing, states exactly, totals as counted."""
    from thecal.analysis.homing import arm_with_cells, as_data, study_homing
    from thecal.engine.homing.course import PLACES

    plan = open_outcome(folder).plan
    days = (0.0, 1 / 144, 0.5, 3.0)
    homing = study_homing(plan, arm_with_cells(plan), seed=1, agents=2_000, draws=0, days=(1, 3), frame_days=days,
                          sample=700)
    frames = frames_of(homing, as_data(homing))
    course = homing.course
    for k, day in enumerate(days):
        now = seen(frames, day)
        x, turn, state = course.frames[k].T
        assert np.array_equal(now.state, np.array(PLACES)[state.astype(int)])
        assert np.array_equal(np.isnan(now.x_mm), np.isnan(x))
        assert np.nanmax(np.abs(now.x_mm - x), initial=0) <= frames["length_mm"] / 32767
        assert np.nanmax(np.abs(now.turn - turn), initial=0) <= 1 / 32767
        share = np.array([(now.state == place).mean() for place in PLACES])
        assert share == pytest.approx(np.array(frames["totals"][k]) / sum(frames["totals"][k]), abs=0.08)
        assert sum(frames["totals"][k]) == pytest.approx(course.agents * course.weight, abs=len(PLACES))
