"""Parts of the report on their own: slimmer pictures, thinned curves, references, claims, sensitivities."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from thecal.analysis.outcome import StudyOutcome
from thecal.analysis.relief import relief_durations, relief_latent
from thecal.analysis.sensitivity import carrying, local_sensitivity, read
from thecal.core.errors import ThecalError
from thecal.core.register import load as register
from thecal.engine.loop import RunPlan, draw_curves
from thecal.report.arms import chosen, questions
from thecal.report.citations import identifiers, reference, references
from thecal.report.claims import claims_shown, read_claims
from thecal.report.drawing import BLUE, canvas, svg, thin
from thecal.study.load import load
from thecal.study.resolve import resolve


def test_a_slim_picture_shows_the_same_points() -> None:
    figure, axes = canvas()
    x = np.arange(7.0)
    axes.plot(x, x**2, marker="s", ls="", color=BLUE)
    axes.plot(x, x, marker="o", color="#d55e00")
    drawn = svg(figure, "twin", 'points "quoted" & more')
    discs = re.findall(r'd="((?:M[\d.]+ [\d.]+h0)+)"', drawn)
    assert len(discs) == 1 and discs[0].count("h0") == 7
    squares = re.findall(r'd="((?:M[\d.]+ [\d.]+[hvl\d. -]+z)+)" style="fill:var\(--blue\)', drawn)
    assert len(squares) == 1 and squares[0].count("z") == 7
    place = [tuple(map(float, p)) for p in re.findall(r"M([\d.]+) ([\d.]+)h0", discs[0])]
    expected = axes.transData.transform(np.column_stack([x, x])) / figure.dpi * 72
    assert np.allclose([p[0] for p in place], expected[:, 0], atol=0.06)
    assert np.allclose([201.6 - p[1] for p in place], expected[:, 1], atol=0.06)
    assert "<use" not in drawn and "<g>" not in drawn and "&quot;quoted&quot; &amp; more" in drawn
    assert svg(figure, "twin", 'points "quoted" & more') == drawn


def test_thin_keeps_what_is_seen() -> None:
    x = np.linspace(0, 10, 2001)
    y = np.exp(-x) * np.sin(5 * x)
    kept = thin(x, y, 0.01)
    assert kept.size < 120 and np.abs(np.interp(x, x[kept], y[kept]) - y).max() <= 0.01 + 1e-12


def test_durations_at_once_are_the_single_ones() -> None:
    rng = np.random.default_rng(1)
    t = np.sort(rng.uniform(-2, 20, 80))
    arm, vehicle = -rng.uniform(0, 1.2, (30, 80)), -rng.uniform(0.05, 1.2, (30, 80))
    single = [relief_latent(t, a, v, 0.0, 1.3).duration_h for a, v in zip(arm, vehicle, strict=True)]
    assert np.allclose(relief_durations(t, arm, vehicle, 0.0, 1.3), single, rtol=1e-12)


def test_questions_of_the_index_study() -> None:
    plan = resolve(load("chen2015"))
    asked = {q.id: {arm.id for arm in q.arms} for q in questions(plan)}
    assert "bmsc_early" in asked["cells"] and "tgfb1_10ng_d5" in asked["protein"]
    assert asked["antibody"] == {"bmsc_anti_tgfb1", "bmsc_anti_il10", "bmsc_igg", "bmsc_late_antibody"}
    assert "bmsc_removed_late" in asked["removal"] and "sham" in asked["uninjured"]
    assert chosen(plan, "protein").id == "tgfb1_10ng_d5" and chosen(plan, "cells").id == "bmsc_early"


def test_identifiers_and_references() -> None:
    text = ("read (doi:10.1172/JCI80883 Fig 5A,D); doi:10.1016/S0006-3495(03)74502-0 (NGF, 26 kDa); PMC4636157; "
            "PMID:1987610; BIOMD0000000342; recall; doi:10.1186/s12974-019-1631-0/figures/2.")
    keys = identifiers(text)
    assert keys == ["doi:10.1172/JCI80883", "doi:10.1016/S0006-3495(03)74502-0", "PMC4636157", "PMID:1987610",
                    "BIOMD0000000342", "doi:10.1186/s12974-019-1631-0"]
    assert "Intrathecal bone marrow stromal cells" in reference(keys[0]).text
    assert reference(keys[1]).text == keys[1]  # nothing is invented where nothing was read
    entry = reference(keys[0]).bibtex
    assert entry.startswith("@article{") and entry.count("{") == entry.count("}")
    assert references([("a", text), ("b", keys[0])])[0].used_by == ("a", "b")


def test_claims_are_counted_and_damaged_files_refused(tmp_path: Path) -> None:
    from report.claim_rows import CLAIMS

    shown = claims_shown(CLAIMS)
    assert "1 hold, 1 fail and 0 are undecided" in shown.words
    assert shown.rows[0].value == "0.25 (0.1 to 0.4)" and shown.rows[1].value == "–"
    for text in ("", "[]", '{"claims": 3}', '{"claims": [{"id": 1}]}', "{"):
        (tmp_path / "claims.json").write_text(text)
        with pytest.raises(ThecalError, match="not scored claims"):
            read_claims(tmp_path / "claims.json")


def test_sensitivity_is_the_slope_of_the_loop(folder: Path, outcome: StudyOutcome) -> None:
    """Twin: the parameter moved by hand in the arm's own register, run through the other solver."""
    rows = {row.parameter: row for row in read(folder)}
    assert len(carrying(list(rows.values()))) == 10
    assert all(register()[name].is_assumption for name in carrying(list(rows.values())))
    row = rows["anatomy.wall_uptake_active"]
    plan = outcome.plan
    arm, vehicle = plan.arm("protein"), plan.arm("vehicle")
    hours = []
    for factor in (0.97, 1.03):
        run = RunPlan(plan, "reference", {})
        curves = []
        for one in (arm, vehicle):
            moved = replace(one, parameters={**one.parameters, row.parameter: replace(
                register()[row.parameter], value=row.value * factor, low=row.value / 2, high=row.value * 2)})
            fixed = run_at_centre(run, moved, row.parameter)
            curves.append((fixed["t_d"].to_numpy(), fixed["pain.mechanical"].to_numpy()))
        (t, fall), (grid, other) = curves
        hours.append(relief_latent(t, -fall, -np.interp(t, grid, other), 0.0, 4.0).duration_h)
    slope = np.log(hours[1] / hours[0]) / np.log(1.03 / 0.97)
    assert row.elasticity_duration == pytest.approx(slope, rel=0.05)
    assert row.elasticity_duration < -0.3  # faster clearance, shorter relief


def run_at_centre(run: RunPlan, arm, moved: str):
    """The typical animal at the run's centre, but with one number at its own value."""
    from thecal.engine.fitted import centre

    scores = {k: v for k, v in centre().items() if k != moved}
    return draw_curves(replace(run, draws=(scores,)), arm, [0], 0)


def test_no_reference_no_sensitivity(outcome: StudyOutcome) -> None:
    assert local_sensitivity(RunPlan(outcome.plan), [outcome.plan.arm("vehicle")]) == []
