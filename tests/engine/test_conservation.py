"""Cells are conserved exactly, mass follows its sources, and a finer solve does not move an answer."""

from __future__ import annotations

import numpy as np
import pytest

from thecal.core.declaration import Model
from thecal.engine.coupling import assemble_model
from thecal.engine.fitted import centre
from thecal.engine.layout import layout_of
from thecal.engine.reference import ReferenceIntegrator
from thecal.engine.schedule import schedule_of, start_of
from thecal.engine.subjects import enrol
from thecal.study.load import load
from thecal.study.resolve import resolve

PLAN = resolve(load("chen2015"))
TIMES = np.array([-1.0, 4.0, 4.001, 4.1, 5.0, 10.0, 30.0, 60.0])


@pytest.fixture(scope="module")
def model() -> Model:
    return assemble_model(layout_of(PLAN.species))


def _states(model: Model, arm_id: str, rtol: float = 1e-8) -> np.ndarray:
    arm = PLAN.arm(arm_id)
    subject = enrol(arm, model, np.array([0]), 1, centre(), spread=False)
    events = schedule_of(arm, model, layout_of(PLAN.species), subject.values)
    solution = ReferenceIntegrator().solve(model, subject.parameters, [events], np.zeros(1, int),
                                           start_of(events, TIMES), TIMES, [], rtol=rtol, all_states=True)
    assert solution.status[0] == 0
    return solution.states[0]


def _index(model: Model, start: str) -> list[int]:
    return [i for name, i in model.state_index.items() if name.startswith(start)]


def test_at_most_120_states(model: Model) -> None:
    assert len(model.states) <= 120


def test_every_cell_is_somewhere(model: Model) -> None:
    """Living and dead together are what was injected less what ran back along the needle, at every time."""
    states = _states(model, "bmsc_early")
    count = states[:, _index(model, "cells.suspended") + _index(model, "cells.landed") + _index(model, "cells.adhered")
                   + _index(model, "cells.captured") + _index(model, "cells.dead")].sum(axis=1)
    subject = enrol(PLAN.arm("bmsc_early"), model, np.array([0]), 1, centre(), spread=False)
    injected = 2.5e5 * (1 - subject.values["anatomy.backflow"])
    assert count[TIMES > 4] == pytest.approx(np.full((TIMES > 4).sum(), injected), rel=1e-6)
    assert count[TIMES < 4] == pytest.approx(0)


def test_nothing_becomes_negative(model: Model) -> None:
    states = _states(model, "bmsc_anti_tgfb1")
    scale = np.abs(states).max(axis=0)
    assert (states >= -1e-6 * np.maximum(scale, 1e-3)).all()


def test_a_tighter_tolerance_moves_no_answer(model: Model) -> None:
    coarse, fine = _states(model, "bmsc_early", 1e-6), _states(model, "bmsc_early", 1e-9)
    scale = np.abs(fine).max(axis=0)
    assert np.max(np.abs(coarse - fine) / np.maximum(scale, 1e-6)) < 2e-4


def test_an_injection_delivers_its_dose(model: Model) -> None:
    """10 ng of active TGF-b1 less the backflow is in the CSF right after the injection."""
    arm = PLAN.arm("tgfb1_10ng_d5")
    subject = enrol(arm, model, np.array([0]), 1, centre(), spread=False)
    event = next(e for e in schedule_of(arm, model, layout_of(PLAN.species), subject.values) if e.time_d == 5.0)
    names = [n for n in model.state_index if n.startswith("anatomy.active[")]
    segments = layout_of(PLAN.species).segments
    volumes = [subject.values["anatomy.cranial_volume"] if n.endswith("cranial]")
               else subject.values["anatomy.canal_volume"] / segments for n in names]
    amount = sum(event.offset[model.state_index[n]] * v for n, v in zip(names, volumes, strict=True))
    assert amount == pytest.approx(1e4 * (1 - subject.values["anatomy.backflow"]), rel=1e-9)
