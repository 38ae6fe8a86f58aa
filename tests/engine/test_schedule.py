"""From an arm to events: what one syringe holds is one slug; pumps switch on and off; removal takes cells alone."""

from __future__ import annotations

import numpy as np
import pytest

from thecal.core.errors import ThecalError
from thecal.engine.coupling import assemble_model
from thecal.engine.layout import layout_of
from thecal.engine.schedule import schedule_of
from thecal.engine.subjects import enrol
from thecal.study.load import loads
from thecal.study.resolve import resolve

TEXT = """
name: doses
species: mouse
end: 60 d
injury: CCI
arms:
  - id: mixed
    give:
      - {what: AMD3100, dose: 1 nmol, day: 4 d, volume: 5 ul}
      - {what: BMSC, dose: 2.5e5 cells, day: 4 d, volume: 5 ul}
  - {id: alone, give: [{what: BMSC, dose: 2.5e5 cells, day: 4 d, volume: 10 ul}]}
  - {id: pump, give: [{what: TGF-b1, infusion: {rate: 10 ng/d, duration: 14 d}, route: catheter, day: 5 d}]}
  - {id: taken, give: [{what: BMSC, dose: 2.5e5 cells, day: 4 d}], remove: [{fraction: 60 %, day: 18 d}]}
"""
PLAN = resolve(loads(TEXT))
LAYOUT = layout_of(PLAN.species)
MODEL = assemble_model(LAYOUT)


def _events(arm_id: str) -> list:
    arm = PLAN.arm(arm_id)
    return schedule_of(arm, MODEL, LAYOUT, enrol(arm, MODEL, np.array([0]), 1, {}, spread=False).values)


def test_one_syringe_is_one_slug() -> None:
    mixed, alone = _events("mixed")[-1], _events("alone")[-1]
    cells = [MODEL.state_index[n] for n in MODEL.state_index if n.startswith("cells.suspended")]
    assert mixed.offset[cells] == pytest.approx(alone.offset[cells])
    assert len(_events("mixed")) == 2  # the injury and the syringe
    assert mixed.parameters == {MODEL.parameter_index["cells.inhibitor_blocks_cxcr4"]: 1.0}


def test_a_pump_goes_on_and_off() -> None:
    on, off = [e for e in _events("pump") if e.parameters]
    assert (on.time_d, off.time_d) == (5, 19) and list(on.parameters.values()) == [1e4]
    assert list(off.parameters.values()) == [0.0]


def test_removal_takes_its_share_of_every_living_cell() -> None:
    event = _events("taken")[-1]
    assert event.time_d == 18 and np.all(event.weights == -0.6)
    assert {MODEL.states[i].name.split("[")[0] for i in event.rows} == {
        "cells.suspended", "cells.landed", "cells.adhered", "cells.captured"}


def test_a_syringe_too_large_is_refused() -> None:
    plan = resolve(loads(TEXT.replace("volume: 10 ul", "volume: 40 ul")))
    arm = plan.arm("alone")
    with pytest.raises(ThecalError, match="give way"):
        schedule_of(arm, MODEL, LAYOUT, enrol(arm, MODEL, np.array([0]), 1, {}, spread=False).values)
