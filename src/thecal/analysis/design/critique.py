"""What a good reviewer would say about a plan: what stands in the way of the conclusion, and what to do.

Rests on the checks of the study file (``thecal lint``), on what the plan's structure shows (controls, comparisons,
schedule) and, where experiments were simulated, on power. Each remark says what, why it matters, and what would help;
``major`` means the claim would not be believed, ``minor`` that a careful reader will ask, ``good`` what is done well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd

from thecal.core.errors import Problem
from thecal.study.plan import ArmPlan, StudyPlan

MAJOR, MINOR, GOOD = "major", "minor", "good"


@dataclass(frozen=True)
class Remark:
    """One remark of the reviewer."""

    weight: str
    topic: str
    what: str
    why: str
    remedy: str
    where: str = ""


#: findings of the study's own checks: code → (weight, topic, why)
FROM_CHECKS = {
    "no-vehicle": (MAJOR, "control", "Without a vehicle arm nobody can tell the treatment from the injection, from "
                                     "handling or from natural recovery."),
    "one-sex": (MINOR, "animals", "Most preclinical pain work used males only (84 % of 337 papers on "
                                  "chemotherapy-induced neuropathy, Currie 2019); one sex does not speak for "
                                  "the other."),
    "few-animals": (MAJOR, "sample size", "With fewer than five animals one outlier decides, and what reaches "
                                          "significance is inflated."),
    "unblinded": (MAJOR, "blinding", "A von Frey threshold is a judgement: a tester who knows the group can "
                                     "produce the expected effect without meaning to."),
    "not-randomised": (MAJOR, "randomisation", "Without it groups may differ in litter, cage or surgeon's day before "
                                               "anything is given."),
    "no-baseline": (MAJOR, "baseline", "Without a baseline neither the deficit nor its reversal is defined, and groups "
                                       "that differed from the start look treated."),
    "viability-unstated": (MINOR, "cells", "A count that includes dead cells is not a dose; dead cells relieve, or "
                                           "don't, by other means."),
    "many-missed": (MAJOR, "attrition", "Lost visits are rarely lost at random, and the classical ANOVA drops every "
                                        "animal that has one."),
    "blind-to-protein": (MAJOR, "schedule", "A protein that acts for hours cannot be seen by tests that come "
                                            "days later."),
    "short-follow-up": (MINOR, "schedule", "An effect that outlasts the last visit has no known end."),
    "large-volume": (MINOR, "injection", "A slug larger than usual carries the product up the canal and past the "
                                         "segments of interest."),
    "unusual-dose": (MINOR, "dose", "No published animal shows what this dose does."),
    "assumed-strain": (MINOR, "animals", "Power rests on a baseline threshold that was not measured in this strain."),
    "rodent-injury": (MAJOR, "model", "The course of the injury was seen in rodents only."),
    "before-injury": (MINOR, "schedule", "Given before the injury this tests prevention, not treatment."),
}


def critique(plan: StudyPlan, findings: list[Problem], power: pd.DataFrame | None = None,
             target: float = 0.8) -> list[Remark]:
    """All remarks, the weightiest first.

    Arguments:
        plan: the resolved study. findings: from ``thecal.study.lint.lint``.
        power: rows (name, n, planned, test, power, low, high) at the planned n, if it was simulated.
        target: power below which a comparison counts as underpowered.
    """
    remarks = [Remark(*FROM_CHECKS[f.code][:2], f.what + (f" ({f.seen})" if f.seen else ""), FROM_CHECKS[f.code][2],
                      f.remedy, f.where) for f in findings if f.code in FROM_CHECKS]
    for rule in RULES:
        remarks += rule(plan)
    if power is not None and len(power):
        remarks += _power(plan, power, target)
    order = {MAJOR: 0, MINOR: 1, GOOD: 2}
    return sorted(dict.fromkeys(remarks), key=lambda r: order[r.weight])


def _treated(plan: StudyPlan) -> list[ArmPlan]:
    return [a for a in plan.arms if a.role == "treatment"]


def _products(plan: StudyPlan) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for arm in plan.arms:
        for a in arm.administrations:
            found.setdefault(a.kind, []).append(a.product)
    return found


def _no_sham(plan: StudyPlan) -> Iterator[Remark]:
    """Is there an uninjured arm in the same tests?"""
    if any(a.injury.injured for a in plan.arms) and not any(not a.injury.injured for a in plan.arms):
        yield Remark(MINOR, "control", "no sham or naive arm", "The reversal is measured against each group's own "
                     "baseline weeks earlier; age, learning and the observer's drift are then part of it.",
                     "add a sham arm with the same tests")


def _cell_controls(plan: StudyPlan) -> Iterator[Remark]:
    """Cells need a control that is a cell but not the product."""
    given = _products(plan)
    names = {n.lower() for group in given.values() for n in group}
    if "cells" not in given:
        return
    if not any("fibroblast" in n or "killed" in n or "dead" in n or "lysate" in n for n in names):
        yield Remark(MINOR, "control", "no control cells (fibroblasts, killed cells or lysate)",
                     "Any cell suspension changes the CSF and calls macrophages; relief by the product itself is not "
                     "shown against saline alone.", "add fibroblasts or killed cells at the same count")
    donors = {a.donor for arm in plan.arms for a in arm.administrations if a.kind == "cells"}
    if donors == {"xenogeneic"}:
        yield Remark(MINOR, "cells", "every donor is of another species", "Rejection ends the effect early; how long "
                     "cells of the same species would act is not answered.", "add a syngeneic or allogeneic group")
    doses = {a.dose_text for arm in plan.arms for a in arm.administrations if a.kind == "cells"}
    if len(doses) == 1:
        yield Remark(MINOR, "dose", f"one dose of cells only ({doses.pop()})", "Without a second dose a flat and a "
                     "steep dose-response look alike, and nothing carries over to another species.", "add a lower dose")


def _antibody_controls(plan: StudyPlan) -> Iterator[Remark]:
    """Neutralising antibodies need a control immunoglobulin."""
    names = [a.product for arm in plan.arms for a in arm.administrations]
    blocking = [n for n in names if n.lower().startswith("anti-")]
    if blocking and not any("igg" in n.lower() for n in names):
        yield Remark(MAJOR, "control", f"{blocking[0]} without a control IgG", "Foreign protein in the CSF is itself a "
                     "stimulus; a reversal of relief by the antibody is not specific without it.",
                     "add an arm with the same dose of control IgG")


def _reflexes_only(plan: StudyPlan) -> Iterator[Remark]:
    """Evoked withdrawal is not pain."""
    assays = {v.assay for v in plan.visits}
    if assays and assays <= {"von_frey", "hargreaves", "acetone"}:
        yield Remark(MINOR, "outcome", "only evoked reflexes are measured", "Patients complain of ongoing pain; a drug "
                     "that weakens a reflex may sedate or paralyse (adenosine stops allodynia without preference).",
                     "add place preference, or at least a motor test")


def _family(plan: StudyPlan) -> Iterator[Remark]:
    """How many comparisons does the plan make?"""
    treated = _treated(plan)
    visits = [v for v in plan.visits if v.assay == plan.analysis.assay and v.paws]
    count = sum(len([v for v in visits if a.id in v.arms]) for a in treated)
    if count > 60:
        yield Remark(MINOR, "multiplicity", f"{len(treated)} treated arms and their visits make {count} comparisons",
                     "Corrected for all, each needs a very large effect; uncorrected, several will be false.",
                     "name one primary contrast (one arm, one visit or the mean) and call the rest exploratory")


def _handling(plan: StudyPlan) -> Iterator[Remark]:
    """Many tests within hours sensitise the paw."""
    for arm in plan.arms:
        days = sorted(v.day_d for v in plan.visits_of(arm.id) if v.assay == "von_frey")
        crowded = max((sum(d <= x < d + 1 for x in days) for d in days), default=0)
        if crowded > 6:
            yield Remark(MINOR, "schedule", f"{crowded} von Frey sessions within a day ({arm.id})", "Repeated poking "
                         "sensitises or habituates; the model does not know this, real paws do.",
                         "spread the animals over the time points")
            return


def _reference_time(plan: StudyPlan) -> Iterator[Remark]:
    """A vehicle given on another day is no vehicle."""
    for arm in _treated(plan):
        if arm.reference is None:
            continue
        other = plan.arm(arm.reference)
        mine, theirs = arm.first_dose_d, other.first_dose_d
        if mine is not None and theirs is not None and abs(mine - theirs) > 0.5:
            yield Remark(MINOR, "control", f"{arm.id} is dosed on day {mine:g}, its reference {other.id} on day "
                         f"{theirs:g}", "The injection itself, and the time since injury, then differ.",
                         "give the vehicle on the same day")
            return


def _whole_cages(plan: StudyPlan) -> Iterator[Remark]:
    """Arms that are given to whole cages are compared between cages."""
    if plan.conduct.randomisation == "cages":
        yield Remark(MAJOR, "randomisation", "whole cages are allocated, so the cage is the experimental unit",
                     "Cage mates share food, rank, handling and each other's company. Counting them as independent "
                     "animals takes differences between cages for those of the arms; the models here count animals.",
                     "spread the arms within each cage (randomisation: blocks, block_by: cage), or analyse one mean "
                     "per cage")


def _good(plan: StudyPlan) -> Iterator[Remark]:
    """What is done well deserves a line."""
    c = plan.conduct
    if c.blinded and c.randomisation == "blocks":
        yield Remark(GOOD, "conduct", "blinded, and randomised in blocks", "", "")
    if len({s for a in plan.arms for s in a.sexes}) == 2:
        yield Remark(GOOD, "animals", "both sexes", "", "")


def _power(plan: StudyPlan, power: pd.DataFrame, target: float) -> Iterator[Remark]:
    """Comparisons that would miss what the model predicts, and those that have hardly anything to find."""
    best = power.sort_values("power").groupby("name", sort=False).tail(1)
    floor = 2 * plan.analysis.alpha
    raise_n = "raise n (see the curve), test the visits that matter, or name one primary contrast"
    for weight, low, high, what, why, remedy in (
            (MAJOR, floor, 0.5, "more likely to miss the predicted effect than to see it",
             "What reaches significance in such a study overestimates the effect, and a null result means nothing.",
             raise_n),
            (MAJOR, 0.5, target, f"power below {target:.0%}",
             "A null result could not be read as absence of the effect that the model predicts.", raise_n),
            (MINOR, -1.0, floor, "hardly an effect to find",
             "By the model these comparisons are null; only an equivalence test with a margin could say so.",
             "state the margin beforehand, or drop the arm")):
        rows = best[(best["power"] > low) & (best["power"] <= high) & (best["power"] < target)]
        if len(rows):
            listed = "; ".join(f"{r.name} {r.power:.0%} at n = {r.n} ({r.test})" for r in rows.itertuples())
            yield Remark(weight, "sample size", f"{what}: {listed}", why, remedy)
    strong = best[best["power"] >= target]
    if len(strong):
        yield Remark(GOOD, "sample size", f"power of {target:.0%} or more for {', '.join(strong['name'].head(5))}"
                     + (f" and {len(strong) - 5} more" if len(strong) > 5 else ""), "", "")


RULES: tuple[Callable[[StudyPlan], Iterator[Remark]], ...] = (
    _no_sham, _cell_controls, _antibody_controls, _reflexes_only, _family, _handling, _reference_time, _whole_cages,
    _good)
