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
from thecal.core.expression import Expression, nodes_of
from thecal.core.register import Parameter
from thecal.engine.integrate import Event
from thecal.engine.sbml.events import changed_parameters, jumps, write_events
from thecal.engine.sbml.mathml import Formula, shared
from thecal.engine.sbml.names import Identifiers
from thecal.engine.sbml.notes import describe_parameter, write_notes
from thecal.engine.sbml.units import UnitTable

CORE = "http://www.sbml.org/sbml/level3/version2/core"
WARNING = "Computer model, not medical advice."


@dataclass(frozen=True)
class Metadata:
    """What the document says of itself: an identifier, a title, notes in words, and the register for sources."""

    identifier: str = "thecal"
    title: str = "Thecal"
    notes: tuple[str, ...] = ()
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


def identifiers(model: Model) -> dict[str, str]:
    """The SBML identifier of each state, parameter and observable, by its name."""
    names = Identifiers()
    every = [*(q.name for q in model.states), *(p.name for p in model.parameters), *(q.name for q in model.observables)]
    return {name: names[name] for name in every}


class _Document:
    def __init__(self, model: Model, metadata: Metadata, start_d: float) -> None:
        self.model, self.metadata, self.start_d = model, metadata, start_d
        self.names, self.units = Identifiers(), UnitTable()
        for name in identifiers(model):  # first come, first named: the same as without a document
            self.names[name]
        self.meanings = _meanings(model)
        self.expressions = [*model.rates, *(q.expression for q in model.observables)]
        self.node_units = _units(self.expressions)
        self.intermediate = self._intermediate()
        called = {leaf.order: self.names[leaf.name] for leaf in nodes_of(self.expressions)
                  if leaf.operation == "symbol"}
        called |= {order: self.names[q.name] for order, q in self.intermediate.items()}
        self.formula = Formula(called, {order: self.units.of_unit(u) for order, u in self.node_units.items()})

    def _intermediate(self) -> dict[int, Quantity]:
        """Names for what several formulas share: an observable's, a port's where a room produces it, or a number."""
        given = {q.expression.order: q for q in self.model.observables if q.expression.arguments}
        found, k = dict(given), 0
        ports = {q.expression.order: (room.name, q) for room in self.model.rooms for q in room.produced.values()}
        for node in shared(self.expressions):
            if node.order in found:
                continue
            if node.order in ports:
                room, q = ports[node.order]
                name = f"{room}.{q.name}"
                found[node.order] = Quantity(f"{name} (port)" if name in self.names else name, node, q.unit, q.meaning)
            else:
                k += 1
                found[node.order] = Quantity(f"shared_{k}", node, "", "an intermediate result that formulas share")
        return found

    def write(self, values: np.ndarray, found: list) -> str:
        root = ET.Element("sbml", {"xmlns": CORE, "level": "3", "version": "2", "xmlns:sbml": CORE})
        day = self.units.of_text("d")
        body = ET.SubElement(root, "model", id=Identifiers()[self.metadata.identifier], name=self.metadata.title,
                             timeUnits=day)
        write_notes(body, self.metadata.title, *self.metadata.notes, WARNING)
        unit_place = ET.SubElement(body, "holder")
        parameters = ET.SubElement(body, "listOfParameters")
        self._states(parameters)
        self._numbers(parameters, values, changed_parameters(found))
        rules = ET.SubElement(body, "listOfRules")
        self._assigned(parameters, rules)
        for state, rate in zip(self.model.states, self.model.rates, strict=True):
            rule = ET.SubElement(rules, "rateRule", variable=self.names[state.name])
            self.formula.write(rule, rate)
        write_events(body, found, self.model, self.start_d, self.names, self.units)
        self.units.write(unit_place)
        body[list(body).index(unit_place)] = unit_place[0]
        ET.indent(root, " ")
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"

    def _states(self, place: ET.Element) -> None:
        for state in self.model.states:
            self._parameter(place, state.name, state.unit, "0", False, state.meaning)

    def _numbers(self, place: ET.Element, values: np.ndarray, moved: set[int]) -> None:
        for index, (leaf, value) in enumerate(zip(self.model.parameters, values, strict=True)):
            element = self._parameter(place, leaf.name, leaf.unit, repr(float(value)), index not in moved)
            entry = self.metadata.register.get(leaf.name)
            if entry is not None:
                describe_parameter(element, entry)
            elif leaf.name in self.meanings:
                write_notes(element, self.meanings[leaf.name])

    def _assigned(self, place: ET.Element, rules: ET.Element) -> None:
        """Observables, shared results and the study's day: parameters with assignment rules."""
        plain = [q for q in self.model.observables if not q.expression.arguments]
        twins = [q for q in self.model.observables
                 if q.expression.arguments and self.intermediate[q.expression.order] is not q]
        ordered = [self.intermediate[order] for order in sorted(self.intermediate)]
        for q in [*ordered, *plain, *twins]:
            unit = q.unit or None
            element = self._parameter(place, q.name, unit, None, False, q.meaning)
            if unit is None:
                element.set("units", self.units.of_unit(self.node_units[q.expression.order]))
            rule = ET.SubElement(rules, "assignmentRule", variable=self.names[q.name])
            self.formula.write(rule, q.expression, whole=q in ordered)
        self._parameter(place, "start_day", "d", repr(float(self.start_d)), True, "study day at SBML time zero")
        self._parameter(place, "study_day", "d", None, False, "day of the study")
        self._study_day(ET.SubElement(rules, "assignmentRule", variable=self.names["study_day"]))

    def _study_day(self, rule: ET.Element) -> None:
        math = ET.SubElement(rule, "math", {"xmlns": "http://www.w3.org/1998/Math/MathML"})
        apply = ET.SubElement(math, "apply")
        ET.SubElement(apply, "plus")
        ET.SubElement(apply, "csymbol", encoding="text",
                      definitionURL="http://www.sbml.org/sbml/symbols/time").text = " time "
        ET.SubElement(apply, "ci").text = f" {self.names['start_day']} "

    def _parameter(self, place: ET.Element, name: str, unit: str | None, value: str | None, constant: bool,
                   meaning: str = "") -> ET.Element:
        known = {} if value is None else {"value": value}
        units = {} if unit is None else {"units": self.units.of_text(unit)}
        element = ET.SubElement(place, "parameter", {
            "id": self.names[name], "name": name, **known, **units, "constant": "true" if constant else "false"})
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
