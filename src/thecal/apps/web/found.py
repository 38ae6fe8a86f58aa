"""Shapes of what a run of single cells or a translation has found, for the published API."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from thecal.apps.web.answers import Open


class CountAtGanglion(BaseModel):
    """Living cells at one ganglion on one day after the first injection, with their interval."""

    level: str
    side: str
    body_side: str
    day: float
    cells: float
    low: float
    high: float


class ByCohort(BaseModel):
    """What the well-mixed cohort model has at the same ganglion and day."""

    level: str
    side: str
    day: float
    cells: float


class LocalDose(Open):
    """Active TGF-b1 at the border of the injured ganglia, beside that of lumbar CSF."""

    border_over_csf: float | None
    reach_over_wall: float | None
    day: float


class CellCounts(Open):
    """What ``thecal cells --json`` prints."""

    study: str
    arm: str
    drg: list[CountAtGanglion]
    injured_to_other: dict[str, float | None]
    injured_to_other_90: dict[str, tuple[float | None, float | None]]
    injured_to_other_day: float
    interval: str
    agents: int
    cells_per_agent: float
    leaked_cells: float
    local_tgfb1: LocalDose
    cohort_model: list[ByCohort]


class CellsFound(BaseModel):
    """Counts of single cells, and the key frames of the viewer."""

    counts: CellCounts
    frames: dict[str, Any]


class Cause(Open):
    """One reason why a rule differs, as a change in log10."""

    name: str
    log10_change: float


class ReliefCarried(Open):
    """Relief of the model by one rule; days at 5, 50 and 95 % of draws."""

    duration_h: float
    days_over_draws: tuple[float, float, float] | None = None
    share_of_draws_with_relief: float | None = None


class Rule(Open):
    """One rule of translation and what it predicts; one that gives nothing says why."""

    name: str
    dose_cells: float | None
    dose_factor: float | None = None
    volume_ul: float | None = None
    relief: ReliefCarried | Literal["no basis"]
    why: str | None = None
    local_exposure_ratio: float | None = None
    beyond_experience: str | None = None
    causes: list[Cause] | None = None


class Translated(Open):
    """What ``thecal translate --json`` prints."""

    rules: list[Rule]
    study: str
    arm: str
    from_: str = Field(alias="from")
    to: str
    at_home: dict[str, Any]
    uncertainty: dict[str, Any]
