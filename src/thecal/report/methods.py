"""Methods in words: how the study was conducted, and what each room of the model holds, beside its equations."""

from __future__ import annotations

import re
from dataclasses import dataclass

from thecal.core.declaration import Model
from thecal.core.structure import Structure
from thecal.report.arms import given_words
from thecal.report.citations import parameters_of
from thecal.report.equations import Equation, equations
from thecal.report.mathml import equation, symbol_term
from thecal.report.tables import unit_text
from thecal.report.words import number, pretty
from thecal.study.plan import ArmPlan, StudyPlan

TITLES = {"anatomy": "Canal and fluid", "cells": "Injected cells",
          "signalling": "Borders of the ganglia, and inflammation", "pain": "From injury to the paw",
          "sources": "What enters the fluid"}
WORDS = {
    "anatomy": "The canal is a row of equal segments from the sacral end to the foramen magnum, with a cranial tank "
               "above. Fluid formed in the head flows down and is absorbed on its way; dispersion by pulsation rises "
               "towards the head. What is dissolved is carried, mixed, taken up by the walls, activated or bound.",
    "cells": "Cells are counts: suspended, lying on the wall, holding it, arrested at the border of a ganglion, dead. "
             "CXCL12 acts through CXCR4 and only changes arrest; it is the one thing in which the two sides differ. "
             "Cells secrete latent and active TGF-β1 and, with weights of their own, other factors.",
    "signalling": "Each ganglion has a border of its own, with local release, local activation of latent TGF-β1, "
                  "exchange with the fluid and saturable uptake. Uptake at the border and clearance from the fluid are "
                  "different things. Inflammation of the injured side follows; 1 is an untreated, fully injured "
                  "animal.",
    "pain": "Injury drives neurons, neurons and cytokines sensitise, first in the periphery and then in the cord. "
            "TGF-β1 acts within minutes on drive that injury made, and over days through inflammation.",
    "sources": "Releases into one compartment of fluid, summed over where they come from.",
}


@dataclass(frozen=True)
class ShownEquation:
    """An equation as MathML with the words below it."""

    math: str
    words: str


@dataclass(frozen=True)
class ShownCoefficient:
    """A coefficient that differs by place."""

    math: str
    values: str


@dataclass(frozen=True)
class ShownRoom:
    """One room of the methods section."""

    title: str
    words: str
    equations: tuple[ShownEquation, ...]
    coefficients: tuple[ShownCoefficient, ...]


def room_texts(model: Model, structure: Structure, plan: StudyPlan) -> list[ShownRoom]:
    """Every room of the model in words and equations."""
    register = parameters_of(plan)
    return [ShownRoom(TITLES.get(room.name, room.name), WORDS.get(room.name, room.meaning),
                      tuple(ShownEquation(equation(e, register), _words(e, structure)) for e in room.equations),
                      tuple(ShownCoefficient(symbol_term(name, register),
                                             ", ".join(f"{number(v)} ({place})" for place, v in values))
                            for name, values in room.coefficients))
            for room in equations(model, structure)]


def _words(shown: Equation, structure: Structure) -> str:
    meaning = pretty(shown.meaning)
    unit = unit_text(re.sub(r"^\((.*)\)/d$", r"\1/d", shown.unit))
    unit = unit.replace("1/d", "per day") if shown.unit == "1/d" else unit
    words = f"{meaning} ({unit})" if unit and meaning else meaning
    if len(shown.members) > 1 or (shown.members and shown.members[0]):
        words += f"{'; ' if words else ''}{_members(shown.members, structure)}"
    if shown.lacking:
        verb = "lack" if len(shown.lacking) > 1 else "lacks"
        words += f"; {_members(shown.lacking, structure)} {verb} terms that do not exist there"
    return words


def _members(members: tuple[str, ...], structure: Structure) -> str:
    """Indices in words: ``i = 0 to 6``, ``j all``, ``j on the injured side``."""
    chosen = set(members)
    ganglia = {g.name for g in structure.ganglia}
    if chosen <= ganglia:
        if chosen == ganglia:
            return "j: all ganglia"
        sides = {g.side for g in structure.ganglia if g.name in chosen}
        side = sides.pop() if len(sides) == 1 else ""
        whole = side and chosen == {g.name for g in structure.side(side)}
        return f"j: {side} side" if whole else f"j: {', '.join(members)}"
    places = [c for c in structure.compartments if c in chosen]
    if len(places) > 2 and places == list(structure.compartments)[:len(places)]:
        return f"i = {places[0]} to {places[-1]}"
    return f"i = {', '.join(places or members)}"


def conduct_words(plan: StudyPlan) -> str:
    """How the animals were kept apart and tested."""
    c = plan.conduct
    observers = "One observer tested" if c.observers == 1 else f"{c.observers} observers took turns and tested"
    blinded = "blind to the groups" if c.blinded else "not blind to the groups"
    missed = f" {100 * c.missed_visits:g} % of the visits were missed at random." if c.missed_visits else ""
    kinds: dict[str, list[float]] = {}
    for visit in plan.visits:
        kinds.setdefault(assay_name(visit.assay), []).append(visit.day_d)
    tests = "; ".join(f"{name} on {_days(days)}" for name, days in kinds.items())
    return (f"{observers}, {blinded}; animals were allocated by {c.randomisation}.{missed} Days count from the injury. "
            f"Tests: {tests}. Outcome: {plan.analysis.outcome} of the {assay_name(plan.analysis.assay)} threshold.")


def _days(days: list[float]) -> str:
    found = sorted(set(days))
    if len(found) > 8:
        return f"{len(found)} occasions from day {found[0]:g} to day {found[-1]:g}".replace("-", "−")
    return ("days " if len(found) > 1 else "day ") + ", ".join(f"{d:.4g}" for d in found).replace("-", "−")


def assay_name(assay: str) -> str:
    """An assay as papers name it."""
    return {"von_frey": "von Frey", "hargreaves": "Hargreaves", "csf_elisa": "CSF ELISA"}.get(
        assay, assay.replace("_", " "))


@dataclass(frozen=True)
class ArmRow:
    """One group of the study as the methods list it."""

    id: str
    label: str
    n: int
    injury: str
    given: str
    reference: str
    facts: str


def arm_rows(plan: StudyPlan) -> list[ArmRow]:
    """Every group of the study."""
    return [ArmRow(a.id, pretty(a.label), a.n, _injury(a), given_words(a),
                   pretty(plan.arm(a.reference).label) if a.reference else "–", pretty(a.facts)) for a in plan.arms]


def _injury(arm: ArmPlan) -> str:
    if not arm.injury.surgery:
        return "none"
    return f"{arm.injury.model}, {arm.injury.side}, day {arm.injury.day_d:g}"
