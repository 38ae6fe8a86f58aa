"""One arm of a study put into another species: its canal, needle level and volume; biology of cells and pain unchanged.

What is carried: product, schedule, cells' life, secretion and motility, and the course of the injury. What is replaced:
every number and place of ``anatomy``, and the stretch of canal from which a ganglion draws cells (``cells.catchment``),
which single cells that crawl no faster in a larger body gave for each species on its own wall.

Nobody has measured pain biology in people this way, so relief in another species reads: *what the animal's pain would
do if it lay in that canal*.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from thecal.core.errors import ThecalError
from thecal.core.register import Parameter, load
from thecal.study.model.study import Study
from thecal.study.plan import ArmPlan, Species, StudyPlan
from thecal.study.resolve import resolve

LOCAL = {"cells": "signalling.active_at_injured", "latent_tgfb1": "signalling.active_at_injured",
         "active_tgfb1": "signalling.active_at_injured", "il10": "anatomy.csf_il10"}


@dataclass(frozen=True)
class Treatment:
    """A treated arm with the arm it is compared with, in its own species. ``local``: what reaches the ganglia."""

    plan: StudyPlan
    arm: ArmPlan
    reference: ArmPlan
    local: str

    @property
    def species(self) -> Species:
        """The species it was given in."""
        return self.plan.species

    @property
    def dose_cells(self) -> float | None:
        """Cells in one injection, the largest if they differ; None for a product without cells."""
        found = [a.amounts["cells"] for a in self.arm.administrations if "cells" in a.amounts]
        return max(found) if found else None

    @property
    def volume_ul(self) -> float:
        """Volume given on the first day of treatment."""
        return sum(a.volume_ul for a in self.arm.administrations if a.day_d == self.dose_day_d and not a.duration_d)

    @property
    def dose_day_d(self) -> float:
        """Day of the first dose."""
        assert self.arm.first_dose_d is not None
        return self.arm.first_dose_d


def treatment_of(plan: StudyPlan, arm_id: str | None = None) -> Treatment:
    """The arm to be carried: the one named, or the first with living cells, or the first treated one.

    Errors: ThecalError for an arm that is not there, is not compared with another, or gives nothing whose exposure at
        the ganglia the model follows.
    """
    treated = [a for a in plan.arms if a.injury.injured and a.reference and a.reference != a.id
               and any(x.kind != "vehicle" for x in a.administrations)]
    if arm_id is not None:
        chosen = [a for a in treated if a.id == arm_id]
    else:
        chosen = [a for a in treated if any("cells" in x.amounts for x in a.administrations)] or treated
    if not chosen:
        raise ThecalError.single(where="--arm" if arm_id else plan.name, seen=arm_id or "",
                                 what="is no injured arm with a treatment and a reference" if arm_id else
                                 "the study has no injured arm with a treatment and a reference",
                                 allowed=", ".join(a.id for a in treated), remedy="choose one of them", code="arm")
    arm = chosen[0]
    local = next((LOCAL[what] for x in arm.administrations for what in x.amounts if what in LOCAL), None)
    if local is None:
        raise ThecalError.single(where=arm.id, what="gives nothing whose exposure at the ganglia the model follows",
                                 seen=", ".join(x.product for x in arm.administrations),
                                 allowed="cells, TGF-b1, IL-10", remedy="choose another arm", code="no-exposure")
    return Treatment(plan, arm, plan.arm(str(arm.reference)), local)


def species_called(name: str) -> Species:
    """A species by name, with everything the model needs of it.

    Errors: ThecalError for a species without data.
    """
    study = Study.model_validate({"thecal": 1, "name": "translation", "species": name, "end": "1 d", "injury": "naive",
                                  "arms": [{"id": "a", "n": 1, "role": "naive"}]})
    return resolve(study).species


def carried(arm: ArmPlan, source: Species, target: Species, amount: float, volume: float) -> ArmPlan:
    """The arm in the target species.

    Arguments:
        amount, volume: factors on every amount and every volume given.

    Returns: the arm at the target's default needle level; a cisterna magna dose stays one. Numbers that the study
        set for the source's anatomy do not go along.
    """
    given = tuple(replace(a, amounts={k: v * amount for k, v in a.amounts.items()}, volume_ul=a.volume_ul * volume,
                          level=_level(a.level, target), position_mm=target.injection_levels[_level(a.level, target)])
                  for a in arm.administrations)
    return replace(arm, administrations=given, parameters=_parameters(arm, source, target))


def _parameters(arm: ArmPlan, source: Species, target: Species) -> dict[str, Parameter]:
    own = {k for k in arm.parameters if k.startswith("anatomy.")} | set(source.parameters)
    return {k: p for k, p in arm.parameters.items() if k not in own} | dict(target.parameters)


def _level(level: str, target: Species) -> str:
    return level if level == "cisterna magna" and level in target.injection_levels else target.default_level


def csf_ul(species: Species) -> float:
    """Volume of CSF, canal and head, microlitres."""
    register = load().with_values(species.parameters)
    return register["anatomy.canal_volume"].value + register["anatomy.cranial_volume"].value
