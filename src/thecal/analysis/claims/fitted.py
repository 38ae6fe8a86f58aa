"""Which fitted findings stand behind what a study tells about an arm: such a result was put right, not predicted."""

from __future__ import annotations

from dataclasses import dataclass

from thecal.analysis.claims.register import Claim, find_arm, load_claims
from thecal.study.plan import ArmPlan, StudyPlan

ENDS = {"end_d": 24.0, "end_h": 1.0}     #: parts of a window that say when relief ends, with hours per unit


@dataclass(frozen=True)
class Fit:
    """A fitted claim that an arm's result rests on.

    Arguments:
        claim: from the register. same: the arm is the claim's own (species, injury, what was given and when), so its
            result is the fit itself; otherwise only how long it lasts leans on that fit.
        given, species: what the claim's own arm got, and in which species.
        end_h: hours between which its relief was made to end; None where the claim says nothing of that.
    """

    claim: Claim
    same: bool
    given: str
    species: str
    end_h: tuple[float, float] | None


def fits_of(plan: StudyPlan, arm: ArmPlan) -> tuple[Fit, ...]:
    """The fitted claims about this very arm, and those about when relief by the same kind of product ends."""
    found = []
    for claim in load_claims():
        if claim.role != "fitted":
            continue
        study, own = find_arm(claim.arm)
        same = (study.species.name, own.injury.model, _given(own)) == (plan.species.name, arm.injury.model, _given(arm))
        end = next(((low * hours, high * hours) for part, hours in ENDS.items() if part in claim.window
                    for low, high in [claim.window[part]]), None)
        if same or (end is not None and arm.injury.injured and _kinds(own) and _kinds(own) == _kinds(arm)):
            product = next((a.product for a in own.administrations if a.kind != "vehicle"), "")
            found.append(Fit(claim, same, product, study.species.name, end))
    return tuple(sorted(found, key=lambda fit: not fit.same))


def _given(arm: ArmPlan) -> tuple[object, ...]:
    """What acts on the animals of an arm: product, amounts, days after the injury, removal; and the hypotheses."""
    products = tuple((a.product, tuple(sorted(a.amounts.items())), round(a.day_d - arm.injury.day_d, 6), a.duration_d,
                      tuple(sorted(a.remaining.items()))) for a in arm.administrations if a.kind != "vehicle")
    return products, arm.removals, tuple(sorted(arm.hypotheses.items()))


def _kinds(arm: ArmPlan) -> set[tuple[str, bool]]:
    return {(a.kind, a.duration_d > 0) for a in arm.administrations if a.kind != "vehicle"}
