"""What the bench is answered, as the published API describes it: studies, runs, and what is said beside arrays."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Spot(BaseModel):
    """A place in a study file."""

    path: str
    line: int | None


class Finding(BaseModel):
    """One finding about a study file, with the places that it is about; ``line`` and ``path`` are of the first."""

    where: str
    what: str
    seen: str
    allowed: str
    remedy: str
    severity: str
    code: str
    line: int | None
    path: str
    spots: list[Spot]


class ArmShown(BaseModel):
    """An arm as the list of arms shows it."""

    id: str
    label: str
    role: str
    n: int
    reference: str | None
    injured: bool
    first_dose_d: float | None


class Findings(BaseModel):
    """What a check found; ``arms`` is empty where the study cannot be run."""

    problems: list[Finding]
    errors: int
    arms: list[ArmShown]
    animals: int


class StudyNamed(BaseModel):
    """A study of the library by name."""

    name: str
    title: str


class StudyFile(StudyNamed):
    """A study of the library."""

    text: str


class SpeciesShown(BaseModel):
    """A species with its needle levels; volumes in ul."""

    name: str
    levels: list[str]
    default_level: str
    default_volume_ul: float
    largest_volume_ul: float
    strains: list[str]


class Described(BaseModel):
    """A name with its meaning."""

    name: str
    description: str


class Product(Described):
    """What can be given; ``published_doses`` by species."""

    aliases: list[str]
    kind: str
    published_doses: dict[str, list[str]]


class Hypothesis(BaseModel):
    """One of H1 to H9 with its weight where a study says nothing."""

    id: str
    name: str
    meaning: str
    default: float


class Catalogue(BaseModel):
    """What a form can choose from."""

    species: list[SpeciesShown]
    injuries: list[Described]
    products: list[Product]
    assays: list[Described]
    hypotheses: list[Hypothesis]
    genes: list[str]
    routes: list[str]
    donors: list[str]


class DoseShown(BaseModel):
    """One administration: when, until when, what in words, and how far from the sacral end of the canal."""

    day_d: float
    end_d: float
    what: str
    position_mm: float


class ReliefShown(BaseModel):
    """Where the latent curve is relieved: hours after the first dose."""

    level: float
    spans: list[tuple[float, float]]
    onset_h: float | None
    end_h: float | None
    duration_h: float
    open_end: bool
    best: float | None
    defined: bool
    reason: str


class ArmHead(BaseModel):
    """What is said of an arm beside its curves."""

    study: str
    species: str
    arm: str
    label: str
    n: int
    draws: int
    lost: int
    injury_d: float
    injured: bool
    end_d: float
    doses: list[DoseShown]
    first_dose_d: float | None


class PreviewHead(ArmHead):
    """What a preview found, beside its curves. ``duration_h``: 5 %, 95 % and number of draws; ``fitted``: what for."""

    reference: str | None
    reference_label: str | None
    baseline_log10_g: float | None
    level: float
    relief: ReliefShown | None
    words: str
    duration_h: tuple[float, float, int] | None
    fitted: str


class Place(BaseModel):
    """A canal segment (mm from the sacral end, the ganglia beside it), the cranial tank, or a ganglion."""

    id: str
    low_mm: float | None
    high_mm: float | None
    ganglia: list[str]


class SubstanceShown(BaseModel):
    """One picture: rows of its arrays are ``places``, from the head downwards."""

    id: str
    name: str
    unit: str
    places: list[Place]


class PlacesHead(ArmHead):
    """Which pictures there are; what an arm never holds is left out."""

    substances: list[SubstanceShown]


class ReadingsHead(BaseModel):
    """One arm of a finished run, beside its curves."""

    arm: str
    label: str
    n: int
    reference: str | None
    baseline_log10_g: float | None
    seed: int
    doses: list[DoseShown]


class Accepted(BaseModel):
    """The id of a run that waits now."""

    id: str


class Run(BaseModel):
    """How far a run is. ``state``: waiting, running, done, failed or cancelled."""

    id: str
    kind: str
    name: str
    title: str
    created: float
    finished: float | None
    state: str
    done: int
    total: int
    message: str


class ReliefFound(BaseModel):
    """Relief of one arm; ``latent`` is of the animals as they are, ``observed`` of what the visits showed."""

    model_config = ConfigDict(extra="allow")
    level: float
    reference: str


class ArmFound(BaseModel):
    """One arm of a finished run, as ``thecal run --json`` prints it, and a sentence."""

    model_config = ConfigDict(extra="allow")
    id: str
    label: str
    n: int
    words: str
    relief: ReliefFound | None
    duration_over_draws_h: tuple[float, float] | None


class RunSummary(BaseModel):
    """A finished run: its arms, how its animals ended, the digest of all results."""

    study: str
    seed: int
    arms: list[ArmFound]
    digest: str
    statuses: dict[str, int]
    report: bool
    tables: list[str]


class RunDetails(Run):
    """A run with its study."""

    text: str
    options: dict[str, Any]
