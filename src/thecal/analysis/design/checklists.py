"""ARRIVE 2.0 and SYRCLE, filled as far as a study file can fill them.

The questions are data (``data/checklists/*.yaml``); each names a rule here that reads the plan. What a file cannot know
(ethics, housing, funding) stays open and is said to be open: a checklist that fills itself would be worth nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from thecal.study.plan import StudyPlan

ANSWERED, PARTLY, OPEN = "answered", "partly", "open"
LOW, HIGH, UNCLEAR = "low", "high", "unclear"
CHECKLISTS = ("arrive2", "syrcle")
Answer = tuple[str, str]


@dataclass(frozen=True)
class Item:
    """One line of a checklist. ``status``: answered, partly, open (ARRIVE); low, high, unclear risk (SYRCLE)."""

    checklist: str
    id: str
    set: str
    title: str
    question: str
    status: str
    answer: str


def checklist(name: str, plan: StudyPlan, sealed: bool = False) -> list[Item]:
    """One checklist filled from a plan.

    Arguments:
        name: ``arrive2`` or ``syrcle``. sealed: an allocation was drawn and sealed by ``thecal design --lists``.
    """
    title, rows = questions(name)
    blank = (OPEN, "to be filled by those who do the work") if name == "arrive2" else (
        UNCLEAR, "the study file says nothing of this; to be filled by those who do the work")
    items = []
    for row in rows:
        status, answer = RULES[row["rule"]](plan, sealed) if "rule" in row else blank
        items.append(Item(title, row["id"], row["set"], row["title"], row["question"], status, answer))
    return items


def questions(name: str) -> tuple[str, list[dict[str, str]]]:
    """Title of a checklist, and its questions as data."""
    from ruamel.yaml import YAML

    text = (resources.files("thecal") / "data" / "checklists" / f"{name}.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return data["name"], data["items"]


def _design(plan: StudyPlan, sealed: bool) -> Answer:
    arms = "; ".join(f"{a.label or a.id} (n {a.n})" for a in plan.arms[:12])
    more = f"; and {len(plan.arms) - 12} more" if len(plan.arms) > 12 else ""
    unit = "cage" if plan.conduct.randomisation == "cages" else "animal"
    return ANSWERED, f"{len(plan.arms)} groups: {arms}{more}. The experimental unit is the {unit}."


def _sample_size(plan: StudyPlan, sealed: bool) -> Answer:
    sizes = sorted({a.n for a in plan.arms})
    span = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    return PARTLY, (f"{span} animals per group, {sum(a.n for a in plan.arms)} in all. The reason for the number is "
                    "the power curve of this design report; say which effect it rests on.")


def _exclusion(plan: StudyPlan, sealed: bool) -> Answer:
    return PARTLY, ("Readings are checked against the filament path and kept unless marked; animals are left out only "
                    "when marked as excluded, and come back in a sensitivity analysis. Write down your own criteria, "
                    "such as an uncut nerve, before the first animal.")


def _randomisation(plan: StudyPlan, sealed: bool) -> Answer:
    c = plan.conduct
    if c.randomisation == "none":
        return PARTLY, "Animals are not randomised."
    by = "" if c.block_by == "none" else f", blocked by {c.block_by}"
    kind = {"blocks": "Permuted blocks", "cages": "Whole cages"}.get(c.randomisation, "Simple randomisation")
    housed = f" {c.animals_per_cage} animals of one sex share a cage." if c.animals_per_cage else ""
    return ANSWERED, f"{kind}{by}; animals are tested in random order within blocks.{housed}"


def _blinding(plan: StudyPlan, sealed: bool) -> Answer:
    if not plan.conduct.blinded:
        return PARTLY, "The tester knows the group."
    key = "a sealed allocation with a published hash" if sealed else "an allocation key"
    return PARTLY, (f"The tester works with codes; {key} is opened when the data are locked. "
                    "Name who fills the syringes.")


def _outcomes(plan: StudyPlan, sealed: bool) -> Answer:
    labels = ", ".join(dict.fromkeys(v.label for v in plan.visits)) or "none"
    days = sorted({v.day_d for v in plan.visits if v.assay == plan.analysis.assay})
    when = f" on {len(days)} visits from day {days[0]:g} to {days[-1]:g}" if days else ""
    return ANSWERED, (f"Primary: {plan.analysis.outcome} of {plan.analysis.assay}{when}; relief from "
                      f"{plan.analysis.relief_level:.0%}. All: {labels}.")


def _statistics(plan: StudyPlan, sealed: bool) -> Answer:
    return ANSWERED, ("Mixed model on log10 (random animal, arm × visit, baseline as covariate, a variance for each "
                      "arm, Kenward–Roger), planned contrasts with Holm; beside it " + ", ".join(plan.analysis.methods)
                      + f"; alpha {plan.analysis.alpha:g}. Assumptions are checked and printed by Thecal.")


def _animals(plan: StudyPlan, sealed: bool) -> Answer:
    strains = ", ".join(sorted({a.strain.name for a in plan.arms}))
    sexes = ", ".join(sorted({s for a in plan.arms for s in a.sexes}))
    return PARTLY, f"{plan.species.name}, {strains}, {sexes}. Age or weight, source and health are for you to add."


def _procedures(plan: StudyPlan, sealed: bool) -> Answer:
    injuries = ", ".join(dict.fromkeys(f"{a.injury.model} on day {a.injury.day_d:g}" for a in plan.arms))
    given = ", ".join(dict.fromkeys(f"{g.product} {g.dose_text} by {g.route}".replace("  ", " ")
                                    for a in plan.arms for g in a.administrations)) or "nothing"
    return PARTLY, f"Injury: {injuries}. Given: {given}. Anaesthesia, cell preparation and place are for you to add."


def _results(plan: StudyPlan, sealed: bool) -> Answer:
    return ANSWERED, "Means, spread, contrasts with intervals, Hedges' g and all single animals are in the report."


def _background(plan: StudyPlan, sealed: bool) -> Answer:
    return (PARTLY, plan.description) if plan.description else (OPEN, "the study file has no description")


def _objectives(plan: StudyPlan, sealed: bool) -> Answer:
    return (PARTLY, plan.title) if plan.title else (OPEN, "the study file has no title")


def _interpretation(plan: StudyPlan, sealed: bool) -> Answer:
    return PARTLY, "The report says what may and may not be concluded; the limits of your own animals are yours to add."


def _generalisability(plan: StudyPlan, sealed: bool) -> Answer:
    one = len({s for a in plan.arms for s in a.sexes}) == 1
    said = "One sex only, so nothing about the other. " if one else "Both sexes. "
    return PARTLY, said + f"One species ({plan.species.name}), {len({a.strain.name for a in plan.arms})} strain(s)."


def _protocol(plan: StudyPlan, sealed: bool) -> Answer:
    return PARTLY, ("The study file with its analysis plan is the protocol; register it with the hash of the "
                    "allocation before the first animal.")


def _data_access(plan: StudyPlan, sealed: bool) -> Answer:
    return PARTLY, "The report carries every table as CSV; say where it is kept."


def _sequence(plan: StudyPlan, sealed: bool) -> Answer:
    if plan.conduct.randomisation == "none":
        return HIGH, "no randomisation"
    return LOW, f"{plan.conduct.randomisation}, by a keyed generator"


def _baseline(plan: StudyPlan, sealed: bool) -> Answer:
    tested = [a for a in plan.arms if any(v.assay == plan.analysis.assay for v in plan.visits_of(a.id))]
    lacking = [a.id for a in tested if not any(v.day_d < a.injury.day_d for v in plan.visits_of(a.id)
                                               if v.assay == plan.analysis.assay)]
    if not tested or lacking:
        return HIGH if lacking else UNCLEAR, f"no baseline of {plan.analysis.assay}" + (
            f" in {', '.join(lacking[:5])}" if lacking else "")
    return LOW, "baseline measured in every arm and used as covariate"


def _concealment(plan: StudyPlan, sealed: bool) -> Answer:
    if plan.conduct.randomisation == "none":
        return HIGH, "nothing to conceal: not randomised"
    return (LOW, "allocation sealed, hash committed") if sealed else (UNCLEAR, "no sealed allocation yet (--lists)")


def _test_order(plan: StudyPlan, sealed: bool) -> Answer:
    return (LOW, "test lists are in random order") if sealed else (UNCLEAR, "test lists not drawn yet (--lists)")


def _assessor(plan: StudyPlan, sealed: bool) -> Answer:
    return (LOW, "the tester works with codes") if plan.conduct.blinded else (HIGH, "the tester knows the group")


def _attrition(plan: StudyPlan, sealed: bool) -> Answer:
    lost = plan.conduct.missed_visits
    if lost > 0.2:
        return HIGH, f"{lost:.0%} of the visits are expected to be lost"
    return LOW, "missed visits stay in the mixed model and are counted; excluded animals come back in a second analysis"


def _reporting(plan: StudyPlan, sealed: bool) -> Answer:
    return LOW, "every planned outcome and contrast is in the report; compare it with the registered study file"


def _other(plan: StudyPlan, sealed: bool) -> Answer:
    many, housed = plan.conduct.observers > 1, plan.conduct.animals_per_cage
    cages = "cages are not in the study file" if housed is None else f"{housed} animals per cage"
    return UNCLEAR, (f"{plan.conduct.observers} observers take turns by visit, so they do not differ between arms; "
                     if many else "") + cages


RULES: dict[str, Callable[[StudyPlan, bool], Answer]] = {
    "design": _design, "sample_size": _sample_size, "exclusion": _exclusion, "randomisation": _randomisation,
    "blinding": _blinding, "outcomes": _outcomes, "statistics": _statistics, "animals": _animals,
    "procedures": _procedures, "results": _results, "background": _background, "objectives": _objectives,
    "interpretation": _interpretation, "generalisability": _generalisability, "protocol": _protocol,
    "data_access": _data_access, "sequence": _sequence, "baseline": _baseline, "concealment": _concealment,
    "test_order": _test_order, "assessor": _assessor, "attrition": _attrition, "reporting": _reporting, "other": _other,
}
