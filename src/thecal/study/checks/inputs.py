"""Checks of overrides and definitions in the study itself."""

from __future__ import annotations

from collections.abc import Iterator

from thecal.core.errors import Problem
from thecal.core.register import load as load_register
from thecal.study.catalogue import records
from thecal.study.checks.context import Context
from thecal.study.model.names import normal


def outside_range(context: Context) -> Iterator[Problem]:
    """A number set in the study lies outside what the register holds possible."""
    register = load_register()
    places: list[tuple[tuple[str | int, ...], str, float]] = []
    for key in context.study.parameters:
        places.append((("parameters", key), key, context.plan.arms[0].parameters[key].value))
    for index, written, arm in context.arms():
        places += [(("arms", index, "parameters", key), key, arm.parameters[key].value) for key in written.parameters]
    for path, key, value in places:
        entry = register[key]
        if entry.low < entry.high and not entry.low <= value <= entry.high:
            yield context.warning("outside-range", path, f"{key} lies outside the register's range",
                                  seen=f"{value:g} {entry.unit}",
                                  allowed=f"{entry.low:g} to {entry.high:g} {entry.unit}",
                                  remedy="keep it if a what-if is meant; the report marks it")


def unused_definition(context: Context) -> Iterator[Problem]:
    """A product or an injury is defined and never used."""
    used = {a.product for arm in context.plan.arms for a in arm.administrations}
    used |= {agent.product for visit in context.plan.visits for agent in visit.bath}
    used |= {product.content.of for product in context.study.products if product.content}
    for index, product in enumerate(context.study.products):
        if product.name not in used:
            yield context.note("unused-definition", ("products", index), f"{product.name} is defined and never given",
                               remedy="give it in an arm, or remove it")
    injuries = {arm.injury.model for arm in context.plan.arms}
    for index, injury in enumerate(context.study.injuries):
        if injury.name not in injuries:
            yield context.note("unused-definition", ("injuries", index), f"{injury.name} is defined and never used",
                               remedy="use it in an arm, or remove it")


def shadowed_name(context: Context) -> Iterator[Problem]:
    """A definition of the study takes the place of one of the library."""
    for kind, defined in (("products", context.study.products), ("injuries", context.study.injuries)):
        library = {normal(name) for record in records(kind) for name in (record.name, *record.aliases)}
        for index, record in enumerate(defined):
            if library & {normal(name) for name in (record.name, *record.aliases)}:
                yield context.note("shadowed-name", (kind, index),
                                   f"{record.name} here takes the place of the library's",
                                   remedy="rename it to keep both")


def treated_reference(context: Context) -> Iterator[Problem]:
    """The arm to compare with is itself treated, or has another injury."""
    for index, written, arm in context.arms():
        if written.reference is None or arm.reference is None:
            continue
        other = context.plan.arm(arm.reference)
        if any(a.kind != "vehicle" for a in other.administrations):
            yield context.warning("treated-reference", ("arms", index, "reference"),
                                  "the arm to compare with is treated itself", seen=arm.reference,
                                  remedy="compare with a vehicle arm; reversal assumes one")

