"""Shapes of what the pages of known things and of real data are told, for the published API.

A model that allows more keys passes on everything that the command line prints; it names what the pages read.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

Cell = str | float | int | bool | None
Low_High = tuple[float | None, float | None]


class Open(BaseModel):
    """More keys may come than are named."""

    model_config = ConfigDict(extra="allow")


class Number(BaseModel):
    """One number of the register."""

    id: str
    symbol: str
    value: float
    low: float
    high: float
    unit: str
    kind: str
    assumption: bool
    verified: bool
    between_animals: float
    species: str
    context: str
    source: str
    note: str


class Equation(BaseModel):
    """One equation as MathML. ``change``: it gives the rate of its quantity."""

    mathml: str
    meaning: str
    unit: str
    change: bool


class Room(BaseModel):
    """The equations of one part of the model."""

    room: str
    meaning: str
    equations: list[Equation]


class Claim(BaseModel):
    """A claim with its window, and its verdict where it was scored."""

    id: str
    number: int
    statement: str
    source: str
    tag: str
    role: str
    window: dict[str, Low_High]
    verdict: str | None
    share: float | None
    prior_share: float | None
    value: float | None
    low: float | None
    high: float | None
    cause: str | None


class Changed(Open):
    """A window that was changed after it was written down, and why."""

    claim: str
    changed: str
    when: str
    reason: str


class Claims(BaseModel):
    """The register of claims."""

    scored: bool
    log: list[Changed]
    claims: list[Claim]


class Votes(Open):
    """How many studies report relief; ``share`` of those that tell a direction."""

    studies: int
    relief: int
    worse: int
    mixed: int
    no_sign: int
    share: float | None
    low: float | None
    high: float | None
    caveat: str


class Interval(BaseModel):
    """When a study saw something begin or end; ``high_d`` is null where it had not been seen."""

    study: str
    low_d: float | None
    high_d: float | None
    certainty: str


class Times(Open):
    """Onset or duration over studies, and a law where one could be fitted."""

    k: int
    why: str
    intervals: list[Interval]
    fit: dict[str, Any] | None


class Pooled(Open):
    """A pooled share in per cent."""

    k: int
    events: int
    total: int
    typical_pct: float
    ci_pct: Low_High
    prediction_interval_pct: Low_High | None
    remark: str


class Harm(Open):
    """One adverse event pooled over studies."""

    term: str
    unit: str
    comparator: str
    all: Pooled | None


class Counted(Open):
    """One study's count of an adverse event, with exact limits in per cent."""

    study: str
    events: int | None
    total: int | None
    status: str
    share_pct: float | None
    ci_pct: Low_High | None


class Printed(Open):
    """A pooled estimate as others printed it."""

    study: str
    outcome: str
    cells: str | None
    smd: float | None
    ci: Low_High
    note: str


class EffectSizes(Open):
    """Hedges' g of every experiment that gives means, spreads and sizes; and why there is no pooled one."""

    k: int
    effects: list[dict[str, Any]]
    pooled: dict[str, Any] | None
    why: str


class Certainty(BaseModel):
    """How sure one may be, and why not surer."""

    level: str
    reasons: list[str]


class Animals(Open):
    """What animal studies come to."""

    effect_sizes: EffectSizes
    published_pooled: list[Printed]
    directions: dict[str, Votes]
    onset: Times
    duration: Times
    certainty_for_animals: Certainty
    certainty_for_people: Certainty


class Relief(Open):
    """How many people of one study had less pain, in per cent."""

    study: str
    condition: str | None
    events: int | None
    denominator: int | None
    share_pct: float | None
    ci_pct: Low_High | None
    controlled: bool
    note: str


class People(Open):
    """What studies in people come to."""

    relief: list[Relief]
    placebo: list[Relief]
    adverse_events: list[Harm]
    risk_ratios: list[dict[str, Cell]]
    cases_of_harm: list[dict[str, Cell]]
    certainty_of_relief: Certainty


class Told(BaseModel):
    """A line of the synthesis in words."""

    heading: str
    text: str


class Rows(BaseModel):
    """The chosen rows of both tables."""

    animal: list[dict[str, Cell]]
    human: list[dict[str, Cell]]


class Evidence(Open):
    """The synthesis of a selection of published studies; ``counts`` holds the studies behind each pooled harm."""

    version: int
    digest: str
    selection: dict[str, Any]
    animals: Animals
    people: People
    words: list[Told]
    rows: Rows
    counts: dict[str, list[Counted]]


class Icon(BaseModel):
    """A picture of 100; ``filled`` is null where nobody has counted."""

    label: str
    filled: int | None
    low: float | None
    high: float | None
    of: int
    unit: str


class Plain(BaseModel):
    """The summary for patients."""

    title: str
    markdown: str
    facts: dict[str, Any]
    icon_arrays: list[Icon]


class About(BaseModel):
    """Version, and which pages have something to show."""

    version: str
    disclaimer: str
    pages: list[str]


class Mean(BaseModel):
    """Mean of a group on a day, on the scale that is analysed (``value_log10`` or ``value``)."""

    assay: str
    paw: str
    stimulus: str
    reference: str
    group: str
    day: float
    mean: float
    sem: float | None
    count: int
    scale: str


class Reading(BaseModel):
    """One reading of one animal; ``included`` is false where the notebook takes it out."""

    animal: str
    group: str
    day: float | None
    assay: str
    paw: str
    stimulus: str
    value: float | None
    value_log10: float | None
    included: bool


class Stage(BaseModel):
    """What is being done with an upload, in words, and how much of it is done."""

    words: str = "sending the files"
    done: int = 0
    total: int = 1


class Notebook(Open):
    """What ``thecal analyze --json`` prints of notebooks, with the readings and means that the page draws."""

    names: dict[str, str]
    animals: int
    count: int
    groups: list[str]
    readings: list[Reading]
    means: list[Mean]
    contrasts: list[dict[str, Any]]
    variability: dict[str, Any]
    findings: list[dict[str, Any]]
    sensitivity: list[dict[str, Any]]
    conclusions: list[dict[str, str]]
    not_analysed: list[dict[str, str]]
    counts: dict[str, int]
    notice: str
