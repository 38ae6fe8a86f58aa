"""From an arm of a study to events of the ODE: injury, injections, pumps, removal of cells.

An event maps the state at one moment: a slug displaces what is dissolved or suspended, adds what it carries, and
tells the model what the carried antibody or inhibitor binds. Between events the ODE knows nothing of the study.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from thecal.anatomy.canal import SOLUTES
from thecal.anatomy.injection import displace
from thecal.core.declaration import Model
from thecal.core.errors import ThecalError
from thecal.core.structure import Structure
from thecal.engine.integrate import Event
from thecal.study.plan import Administration, ArmPlan, Removal

SETTLING_D = 30.0  # before the first event: host TGF-b1 and CXCL12 come to rest
CARRIED = {"latent_tgfb1": "latent", "active_tgfb1": "active", "il10": "il10",
           "antibody": "antibody", "inert": "antibody", "inhibitor": "inhibitor"}
TARGETS = {"tgfb1": "signalling.antibody_binds_tgfb1", "il10": "signalling.antibody_binds_il10",
           "tgfbr1": "signalling.inhibitor_blocks_alk5", "cxcr4": "cells.inhibitor_blocks_cxcr4"}


def schedule_of(arm: ArmPlan, model: Model, structure: Structure, values: Mapping[str, float]) -> list[Event]:
    """All events of one arm, in time order.

    Arguments:
        arm: the arm. model, structure: the assembled animal.
        values: parameter values by register id (volumes, viability, backflow), shared by the arm's animals.

    Errors: :class:`ThecalError` for an injection that the canal cannot hold or a pump of cells.
    """
    events: list[Event] = []
    if arm.injury.injured:
        events.append(_injure(arm.injury.day_d, model))
    syringes: dict[tuple[float, float], list[Administration]] = {}
    for given in arm.administrations:
        if given.duration_d > 0:
            events += _pump(given, model, structure, values)
        else:  # what is given at one time and place is mixed in one syringe
            syringes.setdefault((given.day_d, given.position_mm), []).append(given)
    events += [_inject(mixed, model, structure, values) for mixed in syringes.values()]
    events += [_remove(removal, model) for removal in arm.removals]
    return sorted(events, key=lambda event: event.time_d)


def start_of(events: list[Event], times_d: np.ndarray) -> float:
    """When to start from rest: well before the first thing that happens or is looked at."""
    return min([0.0, *(e.time_d for e in events), *map(float, times_d[:1])]) - SETTLING_D


def _injure(day: float, model: Model) -> Event:
    offset = np.zeros(len(model.states))
    offset[model.state_index["pain.wound"]] = 1.0
    return Event(day, offset=offset)


def _inject(mixed: list[Administration], model: Model, structure: Structure, values: Mapping[str, float]) -> Event:
    """One slug of everything in the syringe."""
    day, position = mixed[0].day_d, mixed[0].position_mm
    volume = sum(given.volume_ul for given in mixed)
    kept = 1 - values["anatomy.backflow"]
    canal, tank = values["anatomy.canal_volume"], values["anatomy.cranial_volume"]
    try:
        moved, slug = displace(structure.segments, canal, tank, position / values["anatomy.canal_length"],
                               volume * kept)
    except ValueError as error:
        products = " with ".join(given.product for given in mixed)
        raise ThecalError.single(where=f"{products} on day {day:g}", what=str(error), seen=f"{volume:g} ul",
                                 remedy="give a smaller volume") from None
    size = np.append(np.full(structure.segments, canal / structure.segments), tank)
    rows, columns, weights = [], [], []
    for names, scale in _movable(structure, size):
        index = [model.state_index[n] for n in names]
        change = (moved * scale[None, :] / scale[:, None]) - np.eye(len(index))
        for i, j in zip(*np.nonzero(change), strict=True):
            rows.append(index[i])
            columns.append(index[j])
            weights.append(change[i, j])
    offset = np.zeros(len(model.states))
    for given in mixed:
        offset += _carried(given, model, structure, values, slug * kept, size)
    parameters: dict[int, np.ndarray | float] = {
        model.parameter_index[TARGETS[given.target]]: 1.0 for given in mixed if given.target in TARGETS}
    return Event(day, np.array(rows, np.int64), np.array(columns, np.int64), np.array(weights), offset,
                 parameters)


def _movable(structure: Structure, size: np.ndarray) -> list[tuple[list[str], np.ndarray]]:
    """What a slug pushes along: solutes (states are concentrations) and suspended cells (states are counts)."""
    solutes = [([f"anatomy.{s}[{c}]" for c in structure.compartments], size) for s in SOLUTES]
    return [*solutes, ([f"cells.suspended[{c}]" for c in structure.compartments], np.ones_like(size))]


def _carried(given: Administration, model: Model, structure: Structure, values: Mapping[str, float],
             share: np.ndarray, size: np.ndarray) -> np.ndarray:
    """What the slug brings, as an addition to the states. ``share``: part of the dose in each compartment."""
    offset = np.zeros(len(model.states))
    for what, amount in given.amounts.items():
        if what in CARRIED:
            for c, part, volume in zip(structure.compartments, share, size, strict=True):
                offset[model.state_index[f"anatomy.{CARRIED[what]}[{c}]"]] += amount * part / volume
        elif what == "cells":
            living = amount * values["cells.viability"] * (1 - values["cells.first_day_loss"])
            for c, part in zip(structure.compartments, share, strict=True):
                offset[model.state_index[f"cells.suspended[{c}]"]] += living * part
            offset[model.state_index["cells.dead"]] += (amount - living) * share.sum()
            spilled = amount * values["cells.spilled"] * values["cells.secretion_rate"] * values["cells.cargo_time"]
            for c, part, volume in zip(structure.compartments, share, size, strict=True):
                offset[model.state_index[f"anatomy.latent[{c}]"]] += spilled * part / volume
        elif what == "dead_cells":
            offset[model.state_index["cells.dead"]] += amount * share.sum()
        elif what == "vesicles":
            cell_days = amount / 24
            half = values["cells.paracrine_half"]
            offset[model.state_index["cells.vesicles"]] += (values["cells.vesicle_rate"] * share.sum()
                                                            * cell_days / (cell_days + half))
    return offset


def _pump(given: Administration, model: Model, structure: Structure, values: Mapping[str, float]) -> list[Event]:
    """An infusion: a rate on and a rate off. Its volume is small against CSF formation and is not modelled."""
    step = values["anatomy.canal_length"] / structure.segments
    segment = min(int(given.position_mm / step), structure.segments - 1)
    on: dict[int, float | np.ndarray] = {}
    for what in given.amounts:
        if what not in CARRIED:
            raise ThecalError.single(where=f"{given.product} on day {given.day_d:g}",
                                     what="only dissolved agents can be infused", seen=what,
                                     remedy="give cells as one or several injections")
        on[model.parameter_index[f"sources.pump_{CARRIED[what]}[{segment}]"]] = given.rate_per_d(what)
    off: dict[int, float | np.ndarray] = dict.fromkeys(on, 0.0)
    if given.target in TARGETS:
        on[model.parameter_index[TARGETS[given.target]]] = 1.0
    return [Event(given.day_d, parameters=on), Event(given.end_d, parameters=off)]


def _remove(removal: Removal, model: Model) -> Event:
    index = [i for name, i in model.state_index.items()
             if name.startswith(("cells.suspended", "cells.landed", "cells.adhered", "cells.captured"))]
    cells = np.array(index, np.int64)
    return Event(removal.day_d, cells, cells, np.full(cells.size, -removal.fraction))
