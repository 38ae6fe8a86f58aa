"""Checks of animals and conduct."""

from __future__ import annotations

from collections.abc import Iterator

from thecal.core.errors import Problem
from thecal.study.checks.context import Context, listed

FEW = 5
RODENTS = ("mouse", "rat")


def no_vehicle(context: Context) -> Iterator[Problem]:
    """Injured animals are treated and no arm of their cohort got the vehicle."""
    for index, _, arm in context.arms():
        tested = any(visit.paws for visit in context.plan.visits_of(arm.id))
        if arm.role == "treatment" and arm.injury.injured and arm.reference is None and tested:
            yield context.warning("no-vehicle", ("arms", index), "no vehicle arm to compare this arm with",
                                  allowed="an arm of the same cohort and injury that gets the vehicle",
                                  remedy="add one: give: [{what: vehicle, day: ...}]")


def one_sex(context: Context) -> Iterator[Problem]:
    """Results in one sex say little about the other."""
    sexes = {sex for arm in context.plan.arms for sex in arm.sexes}
    if len(sexes) == 1:
        yield context.warning("one-sex", ("sex",), "animals of one sex only", seen=f"{sexes.pop()}", allowed="both",
                              remedy="write 'sex: both', unless a published study is being repeated")


def few_animals(context: Context) -> Iterator[Problem]:
    """Fewer animals than can carry a test."""
    small = [arm.id for arm in context.plan.arms if arm.n < FEW]
    if small:
        yield context.warning("few-animals", ("arms",), f"fewer than {FEW} animals: chance can carry the result",
                              seen=listed(small), allowed=f"n of {FEW} or more",
                              remedy="'thecal design' says how many are needed for a given power")


def unblinded(context: Context) -> Iterator[Problem]:
    """The observer knows the arm."""
    if not context.plan.conduct.blinded:
        yield context.warning("unblinded", ("conduct", "blinded"), "the observer knows the arm", seen="blinded: false",
                              remedy="blind the observer; unblinded pain tests overstate effects")


def not_randomised(context: Context) -> Iterator[Problem]:
    """Animals are not allocated at random."""
    if context.plan.conduct.randomisation == "none":
        yield context.warning("not-randomised", ("conduct", "randomisation"), "animals are not randomised to arms",
                              seen="none", allowed="blocks, simple", remedy="write 'randomisation: blocks'")


def many_missed(context: Context) -> Iterator[Problem]:
    """More than a fifth of the visits is lost."""
    if context.plan.conduct.missed_visits > 0.2:
        yield context.warning("many-missed", ("conduct", "missed_visits"), "more than a fifth of all visits is missed",
                              seen=f"{context.plan.conduct.missed_visits:.0%}", allowed="up to 20 %",
                              remedy="plan fewer visits")


def assumed_strain(context: Context) -> Iterator[Problem]:
    """The strain's threshold was never measured, or not in this strain."""
    strains = {arm.strain.name for arm in context.plan.arms if arm.strain.kind == "assumed"}
    if strains and "von_frey" in {visit.assay for visit in context.plan.visits}:
        yield context.note("assumed-strain", ("strain",), "the baseline threshold of this strain is an assumption",
                           seen=listed(sorted(strains)))


def rodent_injury(context: Context) -> Iterator[Problem]:
    """Injury models are of rodents; elsewhere they stand in for something unknown."""
    if context.plan.species.name in RODENTS:
        return
    if any(arm.injury.injured for arm in context.plan.arms):
        yield context.warning("rodent-injury", ("injury",),
                              "the injury's course was seen in rodents; "
                              f"in the {context.plan.species.name} it stands in",
                              remedy="read relief as a statement about the model, not about patients")
