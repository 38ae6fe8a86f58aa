"""A resolved study: every name looked up, every quantity a float in one unit, every dose on its day.

Units: days (``_d``), microlitres (``_ul``), millimetres from the sacral end of the canal (``_mm``); amounts in
cells, pg (TGF-b1, IL-10) and fmol (antibodies, inhibitors). The engine reads this and nothing of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from thecal.core.errors import Problem
from thecal.core.register import Parameter

# What an injection can hold, with its unit. Keys of ``Administration.amounts``.
AMOUNT_UNITS = {
    "cells": "cells",           # living and dead as counted; viability is a parameter
    "dead_cells": "cells",      # corpses delivered as such
    "latent_tgfb1": "pg",
    "active_tgfb1": "pg",
    "il10": "pg",
    "vesicles": "cells*h",      # hours of vesicle release of that many cells
    "antibody": "fmol",
    "inhibitor": "fmol",
    "inert": "fmol",
}


@dataclass(frozen=True)
class Ganglion:
    """One level; a left and a right ganglion lie there."""

    level: str
    position_mm: float
    sciatic_share: float


@dataclass(frozen=True)
class Strain:
    """Threshold of uninjured animals; None where the species has no filament test."""

    name: str
    baseline_log10_g: float | None
    between_animal_sd_log10: float | None
    kind: str
    source: str


@dataclass(frozen=True)
class Species:
    """The animal: canal, ganglia, cord, needle levels."""

    name: str
    segments: int
    drg: tuple[Ganglion, ...]
    cord_lumbar_mm: tuple[float, float]
    injection_levels: Mapping[str, float]
    default_level: str
    default_volume_ul: float
    largest_volume_ul: float
    body_mass_g: float
    filament_set: str
    assays: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class InjuryPlan:
    """``injured`` is False for sham and naive; ``surgery`` is False for naive only."""

    model: str
    day_d: float
    side: str
    severity_sd: float
    injured: bool
    surgery: bool
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True)
class Administration:
    """One bolus (``duration_d`` 0) or one infusion, in canonical units.

    ``amounts`` holds the whole amount given; of an infusion, divided evenly over ``duration_d``. It is empty for
    a vehicle. ``target`` says what an antibody or inhibitor acts on: tgfb1, il10, tgfbr1, cxcr4, none.
    """

    product: str
    kind: str
    day_d: float
    amounts: Mapping[str, float]
    volume_ul: float
    route: str
    level: str
    position_mm: float
    duration_d: float
    target: str
    donor: str
    remaining: Mapping[str, float]
    dose_text: str

    @property
    def end_d(self) -> float:
        """The day an infusion stops; of a bolus, its own day."""
        return self.day_d + self.duration_d

    def rate_per_d(self, what: str) -> float:
        """Amount per day of an infusion; 0 for a bolus."""
        return self.amounts.get(what, 0.0) / self.duration_d if self.duration_d else 0.0


@dataclass(frozen=True)
class Removal:
    """A share of all donor cells is taken out on a day."""

    day_d: float
    fraction: float


@dataclass(frozen=True)
class ArmPlan:
    """One group.

    ``parameters`` replace entries of the register for this arm, already merged (species, injury, product, study,
    arm; the later one wins): ``register.with_values(arm.parameters)``. ``factors`` multiply entries afterwards
    (knock-down, passages, priming, differences from BMSC); ``relative`` holds range and origin of the last kind.
    ``hypotheses`` holds all of H1 to H9 with weights from 0 to 1.
    """

    id: str
    label: str
    role: str
    cohort: str
    n: int
    sexes: tuple[str, ...]
    strain: Strain
    injury: InjuryPlan
    administrations: tuple[Administration, ...]
    removals: tuple[Removal, ...]
    hypotheses: Mapping[str, float]
    parameters: Mapping[str, Parameter]
    factors: Mapping[str, float]
    relative: Mapping[str, Parameter]
    reference: str | None
    end_d: float
    facts: str
    sources: tuple[str, ...]

    @property
    def first_dose_d(self) -> float | None:
        """Day of the first thing given other than a vehicle; of the vehicle where nothing else is given."""
        days = [a.day_d for a in self.administrations if a.kind != "vehicle"]
        days = days or [a.day_d for a in self.administrations]
        return min(days) if days else None


@dataclass(frozen=True)
class BathAgent:
    """A constant concentration around a slice: ng/ml for proteins, nM for inhibitors and antibodies."""

    product: str
    solute: str
    target: str
    concentration: float
    unit: str


@dataclass(frozen=True)
class Visit:
    """One assay on one day in the arms that have it. ``after_dose_h`` is None for a scheduled day.

    A visit on the day of a dose is made before that dose is given.
    """

    index: int
    assay: str
    modality: str
    label: str
    day_d: float
    after_dose_h: float | None
    arms: tuple[str, ...]
    paws: tuple[str, ...]
    terminal: bool
    replicates: int
    bath: tuple[BathAgent, ...]
    duration_min: float


@dataclass(frozen=True)
class ConductPlan:
    """Observers, blinding, randomisation, cages, missed visits.

    ``animals_per_cage`` is None where the study says nothing of cages.
    """

    observers: int
    blinded: bool
    randomisation: str
    block_by: str
    missed_visits: float
    animals_per_cage: int | None = None


@dataclass(frozen=True)
class AnalysisPlan:
    """How readings become results."""

    outcome: str
    assay: str
    relief_level: float
    deficit_floor_log10: float
    reference: str | None
    alpha: float
    interval: float
    methods: tuple[str, ...]


@dataclass(frozen=True)
class StudyPlan:
    """Everything the engine needs, and what the reader was told on the way (``notices``)."""

    name: str
    title: str
    description: str
    seed: int
    end_d: float
    species: Species
    arms: tuple[ArmPlan, ...]
    visits: tuple[Visit, ...]
    conduct: ConductPlan
    analysis: AnalysisPlan
    notices: tuple[Problem, ...]
    sources: tuple[str, ...]

    def arm(self, arm_id: str) -> ArmPlan:
        """The arm of that name; KeyError if there is none."""
        for arm in self.arms:
            if arm.id == arm_id:
                return arm
        raise KeyError(arm_id)

    def visits_of(self, arm_id: str) -> tuple[Visit, ...]:
        """The visits of one arm in order of time."""
        return tuple(visit for visit in self.visits if arm_id in visit.arms)
