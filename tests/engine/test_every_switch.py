"""Everything a study file can express, in one run: it works, and each switch moves what it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from thecal.analysis.outcome import StudyOutcome
from thecal.engine.run import run_study
from thecal.study.lint import runnable

FILE = Path(__file__).with_name("every_switch.yaml")


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> StudyOutcome:
    plan = runnable(FILE)
    text = FILE.read_text("utf-8")
    return StudyOutcome(plan, run_study(plan, text, tmp_path_factory.mktemp("run") / "all", seed=1, draws=0))


def best(outcome: StudyOutcome, arm: str) -> float:
    return outcome.latent_relief(outcome.plan.arm(arm)).best


def cells(outcome: StudyOutcome, arm: str, key: str = "peak") -> float:
    return sum(v[key] for k, v in outcome.ganglion_cells(outcome.plan.arm(arm)).items() if k.endswith("injured"))


def test_every_animal_and_every_assay(outcome: StudyOutcome) -> None:
    assert set(outcome.results.read("animals")["status"].to_pylist()) == {"ok"}
    rows = outcome.readings
    assert set(rows["assay"]) >= {"von_frey", "hargreaves", "acetone", "place_preference", "sepsc_frequency",
                                  "sepsc_amplitude", "csf_tgfb1", "tissue_tnf", "cell_count"}
    assert set(rows[rows["assay"] == "acetone"]["paw"]) == {"ipsilateral", "contralateral"}
    assert set(rows[rows["assay"] == "von_frey"]["observer"]) == {"observer 1", "observer 2"}


def test_the_wrong_name_is_told_and_the_right_molecule_given(outcome: StudyOutcome) -> None:
    assert any(notice.code == "misname" for notice in outcome.plan.notices)
    assert outcome.plan.arm("igf").administrations[0].amounts == {"active_tgfb1": pytest.approx(1e4)}


@pytest.mark.parametrize(("less", "more", "factor"), [("amd", "igg", 0.6), ("kdc", "igg", 0.8), ("fib", "igg", 0.7),
                                                      ("passaged", "igg", 0.5), ("igg", "hypoxia", 1.0)])
def test_what_lowers_homing(outcome: StudyOutcome, less: str, more: str, factor: float) -> None:
    """AMD3100, Cxcr4 knock-down, passages and another kind of cell; low oxygen raises CXCR4."""
    assert cells(outcome, less) < factor * cells(outcome, more)


@pytest.mark.parametrize(("arm", "factor"), [("removed", 0.2), ("xeno", 0.5), ("allo", 0.8), ("override", 0.9)])
def test_what_shortens_the_life_of_cells(outcome: StudyOutcome, arm: str, factor: float) -> None:
    """Removal, rejection by donor, and a half-life set in the study."""
    assert cells(outcome, arm, "day_14_after") < factor * cells(outcome, "igg", "day_14_after")


@pytest.mark.parametrize(("less", "more"), [("sb", "igf"), ("kd", "igg"), ("h2only", "igg"), ("amd", "igg"),
                                            ("killed", "lysate"), ("asc", "igg"), ("killed", "igg")])
def test_what_weakens_relief(outcome: StudyOutcome, less: str, more: str) -> None:
    assert best(outcome, less) < best(outcome, more)


def test_repeated_doses_relieve_again_and_a_pump_keeps_on(outcome: StudyOutcome) -> None:
    many = outcome.latent_relief(outcome.plan.arm("many"))
    assert len(many.spans) == 3 and many.duration_h < 24
    assert outcome.latent_relief(outcome.plan.arm("pump")).duration_h > 7 * 24
