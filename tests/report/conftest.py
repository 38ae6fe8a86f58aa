"""One small real run, shared by the tests of the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from report.claim_rows import CLAIMS
from thecal.analysis import sensitivity
from thecal.analysis.outcome import StudyOutcome, open_outcome
from thecal.engine.fitted import centre
from thecal.engine.loop import RunPlan
from thecal.engine.run import run_study
from thecal.report.study import explained_arms
from thecal.study.load import loads
from thecal.study.resolve import resolve

STUDY = """
thecal: 1
name: small
title: A small study for tests
seed: 3
species: mouse
strain: CD1
n: 4
end: 40 d
injury: {model: CCI, day: 0 d, severity_sd: 15 %}
arms:
  - {id: vehicle, label: CCI and vehicle, give: [{what: vehicle, day: 4 d}]}
  - {id: cells, label: "CCI & BMSC <2.5e5>", give: [{what: BMSC, dose: 2.5e5 cells, day: 4 d}]}
  - {id: protein, label: "IGF-b1 as the press has it", give: [{what: IGF-b1, dose: 10 ng, day: 4 d}]}
  - id: antibody
    label: BMSC, then anti-TGF-b1
    give: [{what: BMSC, dose: 2.5e5 cells, day: 4 d}, {what: anti-TGF-b1, dose: 4 ug, day: 8 d}]
  - {id: sham, label: sham, injury: {model: sham, day: 0 d}, give: [{what: vehicle, day: 4 d}]}
tests:
  - {assay: von Frey, paws: both, days: [-1, 3, 5, 7, 14, 28, 40], arms: [vehicle, cells, antibody, sham]}
  - {assay: von Frey, days: [-1, 3], hours_after_dose: [0.5, 1, 3, 24], arms: [protein]}
  - {assay: von Frey, days: [4.0208333, 4.0416667, 4.125], arms: [vehicle]}
  - {assay: acetone, days: [-1, 14], arms: [vehicle, cells]}
  - {assay: CSF ELISA, days: [8], arms: [vehicle, cells]}
analysis: {relief_level: 30 %, reference: vehicle}
"""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the small study."""
    out = tmp_path_factory.mktemp("report") / "small"
    plan = resolve(loads(STUDY, "small.yaml"))
    run_study(plan, STUDY, out, solver="reference", draws=6).close()
    one = [arm for arm in explained_arms(plan) if arm.id == "protein"]
    sensitivity.write(sensitivity.local_sensitivity(RunPlan(plan, "compiled", centre()), one), out)
    return out


@pytest.fixture()
def outcome(folder: Path) -> StudyOutcome:
    """The run, opened anew."""
    return open_outcome(folder)


@pytest.fixture(scope="session")
def page(folder: Path) -> str:
    """Its report."""
    from thecal.report.study import render

    return render(open_outcome(folder), CLAIMS)
