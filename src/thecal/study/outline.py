"""What will happen in a study, in order: for people (lines) and for machines (plain data)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from thecal.study.plan import AMOUNT_UNITS, Administration, ArmPlan, StudyPlan

ORDER = {"surgery": 0, "test": 1, "removal": 2, "dose": 3}


@dataclass(frozen=True)
class Step:
    """Something that happens on a day to some arms. ``kind``: surgery, test, dose, removal."""

    day_d: float
    kind: str
    what: str
    arms: tuple[str, ...]


def steps(plan: StudyPlan) -> list[Step]:
    """All steps in order of time; on one day surgery, then tests, then removal, then doses."""
    found: dict[tuple[float, str, str], list[str]] = {}
    for arm in plan.arms:
        for day, kind, what in _arm_steps(arm):
            found.setdefault((day, kind, what), []).append(arm.id)
    for visit in plan.visits:
        paws = f", {' and '.join(visit.paws)} paw" if visit.paws else ""
        after = f", {visit.after_dose_h:g} h after a dose" if visit.after_dose_h is not None else ""
        end = ", end of life" if visit.terminal else ""
        found.setdefault((visit.day_d, "test", visit.label + paws + after + end), []).extend(visit.arms)
    listed = [Step(day, kind, what, tuple(dict.fromkeys(arms))) for (day, kind, what), arms in found.items()]
    return sorted(listed, key=lambda step: (step.day_d, ORDER[step.kind]))


def _arm_steps(arm: ArmPlan) -> list[tuple[float, str, str]]:
    found = []
    if arm.injury.surgery:
        found.append((arm.injury.day_d, "surgery", f"{arm.injury.model}, {arm.injury.side}"))
    for given in arm.administrations:
        found.append((given.day_d, "dose", dose_in_words(given)))
    for removal in arm.removals:
        found.append((removal.day_d, "removal", f"{removal.fraction:.0%} of the donor cells taken out"))
    return found


def dose_in_words(given: Administration) -> str:
    """One administration as a line."""
    parts = [f"{given.product} {given.dose_text}".strip(), f"{given.volume_ul:g} ul at {given.level} ({given.route})"]
    if given.kind == "cells":
        parts.append(f"{given.donor} donor")
    parts += [f"{gene} left {share:.0%}" for gene, share in given.remaining.items()]
    return ", ".join(parts)


def as_data(plan: StudyPlan) -> dict[str, Any]:
    """The plan as plain data: names, floats in canonical units, and the steps in order."""
    data = asdict(plan)
    data["amount_units"] = AMOUNT_UNITS
    data["steps"] = [asdict(step) for step in steps(plan)]
    return data
