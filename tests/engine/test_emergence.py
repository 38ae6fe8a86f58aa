"""Perturbations guard emergence: hours against weeks must follow clearance, survival and secretion, not code."""

from __future__ import annotations

import numpy as np
import pytest

from thecal.analysis.claims.laboratory import Laboratory
from thecal.analysis.claims.relief_tests import CLEARANCE, DEATH
from thecal.engine.fitted import centre
from thecal.engine.solvers import integrator


@pytest.fixture(scope="module")
def laboratory() -> Laboratory:
    return Laboratory([centre()], 1, integrator("reference"), typical=True)


def _duration(laboratory: Laboratory, arm: str, factors: dict[str, float] | None = None) -> float:
    relief = laboratory.relief(arm, factors)[0]
    assert relief is not None
    return relief.duration_h


def test_hours_against_weeks(laboratory: Laboratory) -> None:
    protein, cells = _duration(laboratory, "mouse/protein"), _duration(laboratory, "mouse/cells")
    assert 0.5 < protein < 24 and cells > 50 * protein


def test_clearance_moves_protein_alone(laboratory: Laboratory) -> None:
    protein = _duration(laboratory, "mouse/protein", CLEARANCE) / _duration(laboratory, "mouse/protein")
    cells = _duration(laboratory, "mouse/cells", CLEARANCE) / _duration(laboratory, "mouse/cells")
    assert 0.4 < protein < 0.7 and 0.85 < cells < 1.15


def test_death_moves_cells_alone(laboratory: Laboratory) -> None:
    protein = _duration(laboratory, "mouse/protein", DEATH) / _duration(laboratory, "mouse/protein")
    cells = _duration(laboratory, "mouse/cells", DEATH) / _duration(laboratory, "mouse/cells")
    assert protein == pytest.approx(1, abs=0.01) and cells < 0.7


def test_no_secretion_no_relief(laboratory: Laboratory) -> None:
    assert _duration(laboratory, "mouse/cells-silent") == 0


def test_the_sides_differ_by_cxcl12_alone(laboratory: Laboratory) -> None:
    """Without a rise of CXCL12 both sides hold the same cells; inflammation then only kills more on the injured one."""
    factors = {"signalling.cxcl12_from_glia": 0.0, "cells.inflammatory_death": 0.0}
    run = laboratory.run("mouse/cells", factors)
    assert run.cells("injured", 14.0) == pytest.approx(run.cells("other", 14.0), rel=1e-6)
    normal = laboratory.run("mouse/cells")
    assert normal.cells("injured", 14.0) > normal.cells("other", 14.0)


def test_dose_adds_a_logarithm(laboratory: Laboratory) -> None:
    """Each five-fold dose adds about the same: the law of a first-order clearance."""
    two, ten, fifty = (_duration(laboratory, f"mouse/{a}") for a in ("protein-2ng", "protein", "protein-50ng"))
    assert fifty - ten == pytest.approx(ten - two, rel=0.35)
    assert two < ten < fifty


def test_igg_and_anti_il10_leave_relief(laboratory: Laboratory) -> None:
    for arm in ("mouse/cells-igg", "mouse/cells-anti-il10"):
        before, after = laboratory.reversal_at(arm, 7.99), laboratory.reversal_at(arm, 10.0)
        assert after > 0.75 * before
    assert np.all(laboratory.reversal_at("mouse/cells-antibody", 8.2) < 0.5 * laboratory.reversal_at(
        "mouse/cells-antibody", 7.99))
