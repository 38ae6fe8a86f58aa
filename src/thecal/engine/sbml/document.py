"""The whole model of one animal as SBML Level 3 Version 2.

Every state is a parameter with a rate rule: concentrations, counts and fractions stand side by side, and no tool
has to guess volumes that the equations already hold. Observables and shared intermediate results are assignment
rules, doses are events. SBML time begins at ``start_d`` of the study (rest, before the injury); ``study_day`` gives
the study's own day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

import numpy as np

from thecal.core.declaration import Model, Quantity
from thecal.core.dimensions import Unit, node_unit
from thecal.core.expression import Expression, nodes_of, symbols_of
from thecal.core.register import Parameter
from thecal.engine.integrate import Event
from thecal.engine.sbml.events import changed_parameters, jumps, write_events
from thecal.engine.sbml.mathml import Formula, shared
from thecal.engine.sbml.names import (
    OBSERVABLE,
    OTHER,
    PARAMETER,
    PORT,
    STATE,
    Identifiers,
    identifiers,
    is_state,
)
from thecal.engine.sbml.notes import cite, describe_parameter, write_notes
from thecal.engine.sbml.units import UnitTable

CORE = "http://www.sbml.org/sbml/level3/version2/core"
Named = tuple[tuple[str, str], Quantity]  # (kind, name) and what it is
WARNING = "Computer model, not medical advice."


@dataclass(frozen=True)
class Metadata:
    """What the document says of itself: an identifier, a title, notes in words, sources, the register."""

    identifier: str = "thecal"
    title: str = "Thecal"
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    register: Mapping[str, Parameter] = field(default_factory=dict)


def write_sbml(model: Model, parameter_values: np.ndarray | Sequence[float], events: Sequence[Event] = (),
               metadata: Metadata | None = None, *, start_d: float = 0.0, animal: int = 0) -> str:
    """One animal as an SBML document.

    Arguments:
        model: the assembled model; nothing but its declaration is written.
        parameter_values: (parameters,), in the order of ``model.parameters``, before the first event.
        events: the animal's schedule. start_d: the day at which SBML time begins, at or before all events.
        metadata: title, notes and the register. animal: the row of events that differ between animals.

    Returns: the document's text. Its identifiers are the model's names with other signs than letters, digits and
        underscores replaced; each quantity keeps its name in ``name``.
    Errors: ValueError when an event lies before ``start_d``.
    """
    if any(event.time_d < start_d for event in events):
        raise ValueError(f"an event lies before the start at {start_d} d")
    return _Document(model, metadata or Metadata(), start_d).write(
        np.asarray(parameter_values, float), jumps(events, animal, len(model.states)))


class _Document:
    def __init__(self, model: Model, metadata: Metadata, start_d: float) -> None:
        self.model, self.metadata, self.start_d = model, metadata, start_d
        self.names, self.units = identifiers(model), UnitTable()
        for unit in [*(q.unit for q in (*model.states, *model.observables)), *(p.unit for p in model.parameters)]:
            self.units.of_text(unit)  # spelled units first, so that results in the same unit share the spelling
        self.meanings = _meanings(model)
        self.expressions = [*model.rates, *(q.expression for q in model.observables)]
        self.node_units = _units(self.expressions)
        self.intermediate = self._intermediate()
        roles = {"state": STATE, "parameter": PARAMETER}
        called = {leaf.order: self.names[roles[leaf.role], leaf.name] for leaf in symbols_of(self.expressions)}
        called |= {order: self.names[key] for order, (key, _) in self.intermediate.items()}
        self.formula = Formula(called, {order: self.units.of_unit(u) for order, u in self.node_units.items()})

    def _intermediate(self) -> dict[int, Named]:
        """Names for what several formulas share: an observable's, a port's where a room produces it, or a number."""
        found: dict[int, Named] = {}
        for q in self.model.observables:
            if q.expression.arguments:
                found.setdefault(q.expression.order, ((OBSERVABLE, q.name), q))
        ports = {q.expression.order: (room.name, q) for room in self.model.rooms for q in room.produced.values()}
        nodes = [node for node in shared(self.expressions) if node.order not in found]
        for k, node in enumerate(nodes):
            if node.order in ports:
                room, q = ports[node.order]
                found[node.order] = ((PORT, f"{room}.{q.name}"), q)
            else:
                text = "an intermediate result that several formulas share"
                found[node.order] = ((OTHER, f"shared_{k + 1}"), Quantity(f"shared_{k + 1}", node, "", text))
        return found

    def write(self, values: np.ndarray, found: list) -> str:
        root = ET.Element("sbml", {"xmlns": CORE, "level": "3", "version": "2", "xmlns:sbml": CORE})
        day = self.units.of_text("d")
        body = ET.SubElement(root, "model", id=Identifiers()[OTHER, self.metadata.identifier], name=self.metadata.title,
                             timeUnits=day)
        write_notes(body, self.metadata.title, *self.metadata.notes, WARNING)
        cite(body, *self.metadata.sources)
        definitions = ET.SubElement(body, "listOfUnitDefinitions")  # filled last, when all are known
        parameters = ET.SubElement(body, "listOfParameters")
        self._states(parameters)
        self._numbers(parameters, values, changed_parameters(found))
        rules = ET.SubElement(body, "listOfRules")
        self._assigned(parameters, rules)
        for state, rate in zip(self.model.states, self.model.rates, strict=True):
            rule = ET.SubElement(rules, "rateRule", variable=self.names[STATE, state.name])
            self.formula.write(rule, rate)
        write_events(body, found, self.model, self.start_d, self.names, self.units)
        self.units.write(definitions)
        ET.indent(root, " ")
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"

    def _states(self, place: ET.Element) -> None:
        for state in self.model.states:
            self._parameter(place, (STATE, state.name), self.units.of_text(state.unit), "0", False, state.meaning)

    def _numbers(self, place: ET.Element, values: np.ndarray, moved: set[int]) -> None:
        for index, (leaf, value) in enumerate(zip(self.model.parameters, values, strict=True)):
            element = self._parameter(place, (PARAMETER, leaf.name), self.units.of_text(leaf.unit),
                                      repr(float(value)), index not in moved)
            entry = self.metadata.register.get(leaf.name)
            if entry is not None:
                describe_parameter(element, entry)
            elif leaf.name in self.meanings:
                write_notes(element, self.meanings[leaf.name])

    def _assigned(self, place: ET.Element, rules: ET.Element) -> None:
        """Observables, shared results and the study's day: parameters with assignment rules."""
        defined = [named for _, named in sorted(self.intermediate.items())]
        known = {key for key, _ in defined}
        others = [((OBSERVABLE, q.name), q) for q in self.model.observables if not is_state(q.expression)]
        for key, q in [*defined, *(named for named in others if named[0] not in known)]:
            unit = self.units.of_text(q.unit) if q.unit else self.units.of_unit(self.node_units[q.expression.order])
            self._parameter(place, key, unit, None, False, q.meaning)
            rule = ET.SubElement(rules, "assignmentRule", variable=self.names[key])
            self.formula.write(rule, q.expression, whole=key in known)
        start, day = (OTHER, "start_day"), (OTHER, "study_day")
        unit = self.units.of_text("d")
        self._parameter(place, start, unit, repr(float(self.start_d)), True, "study day at SBML time zero")
        self._parameter(place, day, unit, None, False, "day of the study")
        self._study_day(ET.SubElement(rules, "assignmentRule", variable=self.names[day]), self.names[start])

    def _study_day(self, rule: ET.Element, start: str) -> None:
        math = ET.SubElement(rule, "math", {"xmlns": "http://www.w3.org/1998/Math/MathML"})
        apply = ET.SubElement(math, "apply")
        ET.SubElement(apply, "plus")
        ET.SubElement(apply, "csymbol", encoding="text",
                      definitionURL="http://www.sbml.org/sbml/symbols/time").text = " time "
        ET.SubElement(apply, "ci").text = f" {start} "

    def _parameter(self, place: ET.Element, key: tuple[str, str], unit: str, value: str | None, constant: bool,
                   meaning: str = "") -> ET.Element:
        known = {} if value is None else {"value": value}
        element = ET.SubElement(place, "parameter", {
            "id": self.names[key], "name": key[1], **known, "units": unit, "constant": "true" if constant else "false"})
        if meaning:
            write_notes(element, meaning)
        return element


def _units(expressions: list[Expression]) -> dict[int, Unit | None]:
    """The unit of every node, by its order."""
    units: dict[int, Unit | None] = {}
    for node in nodes_of(expressions):
        units[node.order] = node_unit(node, [units[a.order] for a in node.arguments])
    return units


def _meanings(model: Model) -> dict[str, str]:
    """What the inputs of the rooms mean, by name."""
    return {q.name: q.meaning for room in model.rooms for q in room.inputs.values()}
