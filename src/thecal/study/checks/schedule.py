"""Checks of tests and visits."""

from __future__ import annotations

from collections.abc import Iterator

from thecal.core.errors import Problem
from thecal.study.catalogue import find_assay
from thecal.study.checks.context import Context, listed

FAST = ("active_tgfb1", "il10")
SEEN_WITHIN_H = 6.0
FOLLOW_UP_D = 28.0


def no_tests(context: Context) -> Iterator[Problem]:
    """Nothing is measured in an arm."""
    idle = [arm.id for arm in context.plan.arms if not context.plan.visits_of(arm.id)]
    if idle:
        yield context.warning("no-tests", ("tests",), "nothing is measured in some arms", seen=listed(idle),
                              remedy="add a test for their cohort; the latent course is still computed")


def no_baseline(context: Context) -> Iterator[Problem]:
    """A paw test without a visit before the surgery."""
    lacking: dict[str, list[str]] = {}
    for arm in context.plan.arms:
        first: dict[str, float] = {}
        for visit in context.plan.visits_of(arm.id):
            if visit.paws:
                first[visit.assay] = min(visit.day_d, first.get(visit.assay, visit.day_d))
        for assay, day in first.items():
            if arm.injury.surgery and day >= arm.injury.day_d:
                lacking.setdefault(assay, []).append(arm.id)
    for assay, arms in lacking.items():
        yield context.warning("no-baseline", ("tests",),
                              f"no baseline of {find_assay(assay).name} before the surgery", seen=listed(arms),
                              allowed="a visit before the day of injury",
                              remedy="add a day such as -1; without it reversal is not defined")


def after_end(context: Context) -> Iterator[Problem]:
    """A visit after the study's last day."""
    for index, test in enumerate(context.study.tests):
        late = [day for day in test.days if day > context.plan.end_d]
        if late:
            yield context.error("visit-after-end", ("tests", index, "days"), "a visit after the study's last day",
                                seen=f"day {max(late):g}", allowed=f"up to day {context.plan.end_d:g}",
                                remedy="raise 'end', or drop the visit")


def after_terminal(context: Context) -> Iterator[Problem]:
    """A visit of animals that were used up by an earlier assay."""
    for index, _, arm in context.arms():
        visits = context.plan.visits_of(arm.id)
        ends = [visit for visit in visits if visit.terminal]
        if ends and max(visit.day_d for visit in visits) > min(visit.day_d for visit in ends):
            last = max(visits, key=lambda visit: visit.day_d)
            yield context.error("after-terminal", ("arms", index),
                                f"{last.label} on day {last.day_d:g} comes after the animals' end",
                                seen=f"{ends[0].label} on day {ends[0].day_d:g} uses them up",
                                remedy="give each terminal assay a cohort of its own")


def species_lacks_assay(context: Context) -> Iterator[Problem]:
    """The assay has no data in this species."""
    known = {find_assay(name).id for name in context.plan.species.assays}
    for index, test in enumerate(context.study.tests):
        assay = find_assay(test.assay)
        if assay.id not in known:
            yield context.error("species-lacks-assay", ("tests", index, "assay"),
                                f"{assay.name} has no data in the {context.plan.species.name}", seen=test.assay,
                                allowed=", ".join(context.plan.species.assays), remedy="drop it, or change the species")


def outcome_not_measured(context: Context) -> Iterator[Problem]:
    """The analysis asks for an assay that nobody does."""
    measured = {visit.assay for visit in context.plan.visits}
    names = sorted(find_assay(assay).name for assay in measured)
    if context.plan.analysis.assay not in measured:
        yield context.note("outcome-not-measured", ("analysis", "assay"),
                           "the assay of the outcome is not done: only the latent course is reported",
                           seen=find_assay(context.plan.analysis.assay).name,
                           allowed=listed(names) or "no assay is done")


def blind_to_protein(context: Context) -> Iterator[Problem]:
    """A protein acts for hours and nobody looks within hours."""
    for index, _, arm in context.arms():
        visits = [visit.day_d for visit in context.plan.visits_of(arm.id) if visit.paws]
        for given in arm.administrations:
            if given.duration_d or not any(what in given.amounts for what in FAST) or given.kind != "solute":
                continue
            if visits and not any(0 < day - given.day_d <= SEEN_WITHIN_H / 24 for day in visits):
                yield context.warning("blind-to-protein", ("arms", index),
                                      f"no test within {SEEN_WITHIN_H:g} h of {given.product} on day {given.day_d:g}",
                                      remedy="add 'hours_after_dose: [0.5, 1, 3]' to a test of this cohort")
                break


def short_follow_up(context: Context) -> Iterator[Problem]:
    """Cells may act for weeks; the end of relief then lies beyond the last visit."""
    for index, _, arm in context.arms():
        days = [visit.day_d for visit in context.plan.visits_of(arm.id) if visit.paws]
        given = [a.day_d for a in arm.administrations if a.kind == "cells"]
        if days and given and max(days) - min(given) < FOLLOW_UP_D:
            yield context.note("short-follow-up", ("arms", index),
                               f"the last test comes {max(days) - min(given):g} d after the cells",
                               allowed=f"{FOLLOW_UP_D:g} d or more",
                               remedy="add later days, or read the end of relief as censored")

