"""Small conditions for tests: a mouse-like canal with one pair of ganglia, without the ODE behind it."""

from __future__ import annotations

import numpy as np

from thecal.cells.agents.rules import rules_of
from thecal.cells.agents.wall import Sleeve, wall_of
from thecal.core.register import load
from thecal.engine.homing.conditions import Conditions, Slug


def make(cells: float = 1e5, *, rings: bool = False, end_d: float = 30.0, cxcl12=(5.0, 2.0),
         **changes: float) -> Conditions:
    """``changes``: register values, with two underscores for the dot (``cells__cxcr4=0``)."""
    values = {key: entry.value for key, entry in load().items()}
    values.update({key.replace("__", "."): value for key, value in changes.items()})
    length = values["anatomy.canal_length"]
    sleeves = [Sleeve(f"L4 {side}", "L4", side, 2, 10.75, 3.0, 0.35, length / 10) for side in ("injured", "other")]
    wall = wall_of(length, values["anatomy.canal_volume"], values["anatomy.gap"], sleeves, rings)
    times = np.linspace(0, end_d, 50)
    levels = np.tile(np.array(cxcl12) * values["homing.cxcl12"], (50, 1))
    return Conditions("test", wall, rules_of(values), values, (Slug(0.0, cells, 0.0, 0.0, 5.0, 20.0),), (), times,
                      levels, np.zeros((50, 2)), np.zeros(50), np.zeros((50, 2)), np.zeros((50, 2)), end_d, "left")
