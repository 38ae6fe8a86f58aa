"""A study from file to tables: same bytes for any number of workers, failures counted, nothing half done."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from thecal.analysis.outcome import StudyOutcome, summary
from thecal.engine.run import run_study
from thecal.study.load import loads
from thecal.study.resolve import resolve

TEXT = """
name: small
seed: 7
species: mouse
strain: CD1
end: 30 d
injury: {model: CCI, severity_sd: 0.15}
conduct: {missed_visits: 10 %}
arms:
  - {id: vehicle, n: 30, role: vehicle, give: [{what: vehicle, day: 4 d}]}
  - {id: cells, n: 30, reference: vehicle, give: [{what: BMSC, dose: 2.5e5 cells, day: 4 d}]}
  - {id: protein, n: 4, reference: vehicle, give: [{what: TGF-b1, dose: 10 ng, day: 5 d}]}
tests:
  - {assay: von Frey, days: [-1, 3, 7, 14, 28], paws: both}
  - {assay: Hargreaves, days: [-1, 14]}
  - {assay: acetone, days: [-1, 14]}
  - {assay: place preference, arms: [vehicle, cells], days: [14]}
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> StudyOutcome:
    plan = resolve(loads(TEXT))
    return StudyOutcome(plan, run_study(plan, TEXT, tmp_path_factory.mktemp("run") / "one", workers=1, draws=3))


def test_two_workers_give_the_same_bytes(outcome: StudyOutcome, tmp_path: Path) -> None:
    again = run_study(outcome.plan, TEXT, tmp_path / "two", workers=2, draws=3)
    assert again.digest() == outcome.results.digest()


def test_another_seed_gives_other_animals(outcome: StudyOutcome, tmp_path: Path) -> None:
    other = StudyOutcome(outcome.plan, run_study(outcome.plan, TEXT, tmp_path / "x", seed=8, workers=1, draws=0))
    assert not np.allclose(other.curve("vehicle")[1][-1], outcome.curve("vehicle")[1][-1], rtol=1e-9)


def test_the_notebook_holds_what_an_experimenter_writes(outcome: StudyOutcome) -> None:
    rows = outcome.readings
    frey = rows[rows["assay"] == "von_frey"]
    assert set("".join(frey["series"])) <= set("XO") and (frey["last_filament"] >= 1).all()
    assert 0.8 < len(frey) / (64 * 5 * 2) < 0.97  # a tenth of the visits is missed
    injured = frey[(frey["day"] == 14) & (frey["arm"] == "vehicle")]
    paws = injured.groupby("paw")["value_log10"].mean()
    assert paws["contralateral"] - paws["ipsilateral"] > 0.5


def test_cells_outlast_protein(outcome: StudyOutcome) -> None:
    cells, protein = (outcome.latent_relief(outcome.plan.arm(a)) for a in ("cells", "protein"))
    assert cells.duration_h > 50 * protein.duration_h > 0


def test_the_summary_has_the_promised_keys(outcome: StudyOutcome) -> None:
    arm = json.loads(json.dumps(summary(outcome), allow_nan=False))["arms"][1]
    assert {"id", "relief", "drg_cells", "csf_peak"} <= set(arm)
    assert {"spans", "onset_h", "end_h", "duration_h"} <= set(arm["relief"]["latent"])
    assert arm["relief"]["level"] == 0.3 and arm["relief"]["observed"]


def test_intervals_over_animals_and_over_parameters_stand_apart(outcome: StudyOutcome) -> None:
    cells = outcome.plan.arm("cells")
    found = outcome.duration_intervals(cells)
    assert set(found) == {"level", "over_animals", "over_parameters"}
    assert found["over_animals"] != found["over_parameters"]
    low, high = found["over_animals"]
    assert low <= outcome.latent_relief(cells).duration_h <= high
    few = np.quantile(outcome.durations_over_draws(cells), [0.05, 0.95])
    assert found["over_parameters"] == pytest.approx(few)


def test_every_animal_has_a_status(outcome: StudyOutcome) -> None:
    animals = outcome.results.read("animals").to_pandas()
    assert len(animals) == 64 and (animals["status"] == "ok").all()
