"""The anatomy room by itself: every port that other rooms feed is closed."""

from __future__ import annotations

import numpy as np

from thecal.anatomy import canal
from thecal.core.declaration import Model, Room, assemble
from thecal.core.expression import total
from thecal.core.register import load
from thecal.core.structure import SIDES, Ganglion, Structure
from thecal.engine.integrate import Event
from thecal.engine.reference import ReferenceIntegrator


def straight_canal(segments: int, absorption: tuple[float, ...] | None = None) -> tuple[Model, Structure]:
    """A canal with one ganglion on each side, in the middle, and nothing else."""
    ganglia = tuple(Ganglion("L4", side, segments // 2, 1.0) for side in SIDES)
    even = (1 / segments,) * segments
    structure = Structure("test", segments, ganglia, (segments // 2,), absorption or even)
    room = canal.declare(structure, load())
    nothing = Room("nothing", "closed ports", load())
    feeds = {}
    for port, wanted in room.consumed.items():
        nothing.produce(port, total([]), wanted.unit, "nothing")
        feeds["anatomy", port] = ("nothing", port)
    return assemble([room, nothing], feeds), structure


def run(model: Model, values: dict[str, float], amounts: dict[str, float], times: np.ndarray,
        rtol: float = 1e-9) -> np.ndarray:
    """All states (times, states) after the given additions to states at time 0; unnamed parameters are zero."""
    parameters = np.array([[values.get(p.name, 0.0) for p in model.parameters]])
    offset = np.zeros(len(model.states))
    for name, amount in amounts.items():
        offset[model.state_index[name]] = amount
    solution = ReferenceIntegrator().solve(model, parameters, [[Event(0.0, offset=offset)]], np.zeros(1, int), 0.0,
                                           times, [], rtol=rtol, all_states=True)
    assert solution.status[0] == 0
    return solution.states[0]


def plain(length_mm: float, k_mm2_d: float, loss_per_d: float = 0.0) -> dict[str, float]:
    """One dispersion coefficient, one first-order loss, closed ends, unit cross-section (1 mm2)."""
    return {"anatomy.canal_volume": length_mm, "anatomy.cranial_volume": 1e-6, "anatomy.canal_length": length_mm,
            "anatomy.molecular_diffusion": k_mm2_d, "anatomy.gap": 1.0, "anatomy.wall_uptake_antibody": loss_per_d,
            "anatomy.wall_uptake_latent": loss_per_d, "anatomy.border_volume": 0.1, "anatomy.border_path": 0.1}
