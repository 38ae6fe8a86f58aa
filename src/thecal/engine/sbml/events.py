"""A schedule as SBML events: affine maps of the state and new parameter values at fixed times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import numpy as np

from thecal.core.declaration import Model
from thecal.engine.integrate import Event
from thecal.engine.sbml.mathml import NAMESPACE, affine, number
from thecal.engine.sbml.names import OTHER, PARAMETER, STATE, Identifiers
from thecal.engine.sbml.units import UnitTable


@dataclass(frozen=True)
class Jump:
    """All events of one moment as one map: ``y <- matrix y + offset``, ``p[index] <- value``."""

    time_d: float
    matrix: np.ndarray
    offset: np.ndarray
    parameters: dict[int, float]


def jumps(events: Iterable[Event], animal: int, states: int) -> list[Jump]:
    """Events merged by moment, in order: SBML leaves the order of simultaneous events to chance."""
    merged: dict[float, Jump] = {}
    for event in sorted(events, key=lambda e: e.time_d):
        before = merged.get(event.time_d, Jump(event.time_d, np.eye(states), np.zeros(states), {}))
        matrix = np.eye(states)
        np.add.at(matrix, (event.rows, event.columns), event.weights)
        offset = np.zeros(states) if event.offset is None else np.asarray(event.offset)
        offset = offset[animal] if offset.ndim == 2 else offset
        values = {k: float(np.ravel(v)[animal if np.ndim(v) else 0]) for k, v in event.parameters.items()}
        merged[event.time_d] = Jump(event.time_d, matrix @ before.matrix, matrix @ before.offset + offset,
                                    before.parameters | values)
    return list(merged.values())


def write_events(parent: ET.Element, found: Sequence[Jump], model: Model, start_d: float, names: Identifiers,
                 units: UnitTable) -> None:
    """``listOfEvents``: each fires when SBML time, which begins at ``start_d``, reaches its moment."""
    if not found:
        return
    place = ET.SubElement(parent, "listOfEvents")
    for k, jump in enumerate(found):
        event = ET.SubElement(place, "event", id=names[OTHER, f"event_{k + 1}"], name=f"day {jump.time_d:g}",
                              useValuesFromTriggerTime="true")
        _trigger(event, jump.time_d - start_d, units)
        assigned = ET.SubElement(event, "listOfEventAssignments")
        for i in _changed(jump):
            _assign_state(assigned, i, jump, model, names, units)
        for index, value in jump.parameters.items():
            leaf = model.parameters[index]
            math = ET.SubElement(_assignment(assigned, names[PARAMETER, leaf.name]), "math", {"xmlns": NAMESPACE})
            number(math, value, units.of_text(leaf.unit))


def changed_parameters(found: Sequence[Jump]) -> set[int]:
    """Indices of parameters that any event sets: they are not constant."""
    return {index for jump in found for index in jump.parameters}


def _changed(jump: Jump) -> np.ndarray:
    moved = (jump.matrix != np.eye(len(jump.offset))).any(axis=1)
    return np.flatnonzero(moved | (jump.offset != 0))


def _trigger(event: ET.Element, time: float, units: UnitTable) -> None:
    """From below its moment to at or above it; true at time zero counts as reached just then."""
    trigger = ET.SubElement(event, "trigger", initialValue="false", persistent="true")
    apply = ET.SubElement(ET.SubElement(trigger, "math", {"xmlns": NAMESPACE}), "apply")
    ET.SubElement(apply, "geq")
    ET.SubElement(apply, "csymbol", encoding="text",
                  definitionURL="http://www.sbml.org/sbml/symbols/time").text = " time "
    number(apply, time, units.of_text("d"))


def _assign_state(parent: ET.Element, i: int, jump: Jump, model: Model, names: Identifiers, units: UnitTable) -> None:
    state = model.states[i]
    terms = []
    for j in np.flatnonzero(jump.matrix[i] - np.eye(len(jump.offset))[i]):
        source = model.states[j]
        weight = jump.matrix[i, j] - (1.0 if i == j else 0.0)
        unit = "1" if source.unit == state.unit else f"({state.unit})/({source.unit})"
        terms.append((float(weight), units.of_text(unit), names[STATE, source.name]))
    variable = names[STATE, state.name]
    affine(_assignment(parent, variable), variable, terms, float(jump.offset[i]), units.of_text(state.unit))


def _assignment(parent: ET.Element, variable: str) -> ET.Element:
    return ET.SubElement(parent, "eventAssignment", variable=variable)
