"""Which arms belong in one figure: by what the arm asks, read from its plan."""

from __future__ import annotations

from dataclasses import dataclass

from thecal.report.words import pretty
from thecal.study.plan import Administration, ArmPlan, StudyPlan

QUESTIONS = {
    "cells": "Cells",
    "protein": "Protein and other dissolved agents",
    "infusion": "Infusion without cells",
    "antibody": "Cells, then an antibody",
    "knockdown": "Cells changed before injection",
    "inhibitor": "With an inhibitor",
    "removal": "Donor cells taken out",
    "uninjured": "Without injury",
}


@dataclass(frozen=True)
class Question:
    """Arms that ask the same thing, in the study's order."""

    id: str
    title: str
    arms: tuple[ArmPlan, ...]


def questions(plan: StudyPlan) -> tuple[Question, ...]:
    """Treatment arms and uninjured controls by question; groups that others are compared with are left out."""
    found: dict[str, list[ArmPlan]] = {key: [] for key in QUESTIONS}
    for arm in plan.arms:
        key = question_of(arm)
        if key:
            found[key].append(arm)
    return tuple(Question(key, QUESTIONS[key], tuple(arms)) for key, arms in found.items() if arms)


def question_of(arm: ArmPlan) -> str:
    """The question an arm asks; empty for a reference group."""
    given = [a for a in arm.administrations if a.kind != "vehicle"]
    if not arm.injury.injured:
        return "uninjured"
    if not given:
        return ""
    if arm.removals:
        return "removal"
    if any(is_antibody(a) for a in given):
        return "antibody"
    if any(is_inhibitor(a) for a in given):
        return "inhibitor"
    if any(a.remaining for a in given):
        return "knockdown"
    if any(a.duration_d > 0 for a in given):
        return "infusion"
    return "cells" if any(a.kind == "cells" for a in given) else "protein"


def is_antibody(given: Administration) -> bool:
    """An antibody of any target, control IgG included."""
    return bool({"antibody", "inert"} & set(given.amounts))


def is_inhibitor(given: Administration) -> bool:
    """A small inhibitor."""
    return "inhibitor" in given.amounts


def main_arms(plan: StudyPlan, tested: bool = False) -> tuple[ArmPlan, ...]:
    """Arms that carry the message: the plain ones, of cells first, then of protein, then of an infusion.

    Arguments:
        tested: only arms that the study's main assay looks at.
    """
    looked = {arm for visit in plan.visits if visit.assay == plan.analysis.assay for arm in visit.arms}
    plain = [arm for key in ("cells", "protein", "infusion") for arm in plan.arms
             if question_of(arm) == key and arm.reference and (arm.id in looked or not tested)]
    return tuple(plain)


def chosen(plan: StudyPlan, key: str) -> ArmPlan | None:
    """One arm to show a question by: of the first plain arm's product and cohort, the middle dose (the upper of two).

    Chosen by the design alone, never by what came out.
    """
    arms = [arm for arm in main_arms(plan, tested=True) if question_of(arm) == key]
    arms = arms or [arm for arm in main_arms(plan) if question_of(arm) == key]
    if not arms:
        return None
    alike = [arm for arm in arms if (arm.cohort, _product(arm)) == (arms[0].cohort, _product(arms[0]))]
    return sorted(alike, key=lambda arm: sum(sum(a.amounts.values()) for a in arm.administrations))[len(alike) // 2]


def _product(arm: ArmPlan) -> str:
    return next(a.product for a in arm.administrations if a.kind != "vehicle")


def given_words(arm: ArmPlan) -> str:
    """What an arm got, e.g. ``BMSC 2.5e5 cells on day 4``."""
    words = []
    for a in arm.administrations:
        when = (f"day {a.day_d:g}" if not a.duration_d else f"days {a.day_d:g} to {a.end_d:g}")
        dose = f" {a.dose_text}" if a.dose_text and a.kind != "vehicle" else ""
        left = "".join(f", {gene} {100 * share:.0f} % left" for gene, share in a.remaining.items())
        words.append(pretty(f"{a.product}{dose}{left}, {when}"))
    words += [f"{100 * r.fraction:.0f} % of donor cells taken out, day {r.day_d:g}" for r in arm.removals]
    return "; ".join(words) or "nothing"
