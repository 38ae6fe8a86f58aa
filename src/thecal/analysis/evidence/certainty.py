"""Risk of bias of one row and certainty of a body of evidence, by rules that are written down and shown.

The body starts at high for randomised or controlled experiments and at low for uncontrolled series, and loses a
step for each reason found; the reasons are part of the answer. The steps follow GRADE (Guyatt 2008, BMJ 336:924;
for animals Hooijmans 2018, PLoS One 13:e0187271) but are a program's reading, not a panel's judgement.
"""

from __future__ import annotations

from dataclasses import dataclass

from thecal.analysis.evidence.schema import Row

LEVELS = ("very low", "low", "moderate", "high")
UNCONTROLLED = ("single_arm", "case_report", "pool", "review")


@dataclass(frozen=True)
class Certainty:
    """How sure a body of evidence makes one, and why not surer."""

    level: str
    reasons: tuple[str, ...]


def risk_of_bias(entry: Row) -> str:
    """low, some, high or unclear: from design, allocation, blinding and how much of the study was read."""
    if entry["design"] in UNCONTROLLED or entry["randomised"] == "no":
        return "high"
    if entry["certainty"] in ("second_hand", "partial", "lead"):
        return "unclear"
    if entry["randomised"] == "yes":
        return "low" if entry["blinded"] == "yes" else "some"
    return "unclear"


def body(rows: list[Row], *, about_people: bool = True, inconsistent: str = "", imprecise: str = "",
         selective: str = "") -> Certainty:
    """Certainty of what rows together say.

    Arguments:
        rows: the rows behind one statement.
        about_people: whether the statement is about people (then animal rows are indirect by two steps).
        inconsistent, imprecise, selective: the reason where there is one, empty where there is none.
    """
    if not rows:
        return Certainty("very low", ("no study was found",))
    uncontrolled = [e for e in rows if e["design"] in UNCONTROLLED]
    start = 1 if len(uncontrolled) > len(rows) / 2 else 3
    reasons, lost = [], 0
    if start == 1:
        reasons.append("most of it has no control group")
    shaky = sum(risk_of_bias(e) in ("high", "unclear") for e in rows)
    if start == 3 and shaky > len(rows) / 2:
        lost += 1
        reasons.append("randomisation and blinding were mostly not read or not done")
    if about_people and any(e.get("species") for e in rows):
        lost += 2
        reasons.append("animals, not people")
    for reason in (inconsistent, imprecise, selective):
        if reason:
            lost += 1
            reasons.append(reason)
    return Certainty(LEVELS[max(0, start - lost)], tuple(reasons))
