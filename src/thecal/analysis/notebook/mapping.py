"""The mapping file: what a notebook's columns and words mean, where they are not understood by themselves.

A small YAML file; every key is optional and unknown keys are refused. Example::

    columns: {animal: Tiernummer, day: Messtag, series: Muster, last_filament: letztes}
    days: {vor OP: -1, nach OP: 3}
    species: rat
    filaments: [0.4, 0.6, 1, 2, 4, 6, 8, 15]     # or the name of a set, rat-9
    start: 4
    letters: {response: R, none: "-"}
    groups: {veh: vehicle, Veh.: vehicle}
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from thecal.analysis.notebook.vocabulary import COLUMNS, Assay
from thecal.assay.filaments import FilamentSet, filament_set
from thecal.core.errors import Problem, ThecalError


class LetterNames(BaseModel):
    """The laboratory's own characters in a series."""

    model_config = ConfigDict(extra="forbid")
    response: str = Field(min_length=1, max_length=1)
    none: str = Field(min_length=1, max_length=1)


class Mapping(BaseModel):
    """What to read where. All defaults mean: find out."""

    model_config = ConfigDict(extra="forbid")
    columns: dict[str, str] = Field(default_factory=dict, description="meaning -> name of the column")
    sheet: str | None = Field(None, description="read only this sheet")
    days: dict[str, float] = Field(default_factory=dict, description="name of a visit -> day after injury")
    day_unit: Literal["day", "week"] = "day"
    first_day: str | None = Field(None, description="date of injury, 2024-05-17, where the notebook holds dates")
    assay: Assay | None = Field(None, description="the test, where no column says it")
    species: str = "mouse"
    filaments: str | list[float] | None = Field(None, description="name of a set, or forces in g")
    start: int | None = Field(None, ge=1, description="position of the filament that a test starts with")
    last_filament: Literal["position", "g", "handle"] | None = Field(
        None, description="how the last filament is written"
    )
    method: Literal["up-down", "sudo"] = Field(
        "up-down", description="sudo: always five touches, no table (Bonin 2014)"
    )
    letters: LetterNames | None = None
    after_change: int = Field(4, ge=1, le=10, description="responses after the first change of letter")
    groups: dict[str, str] = Field(default_factory=dict, description="name as written -> name to use")
    animals: dict[str, str] = Field(default_factory=dict, description="name as written -> name to use")
    cutoff: dict[Assay, float] = Field(default_factory=dict, description="cut-off by test, in its unit")
    touches: int | None = Field(None, ge=1, le=100, description="touches per filament in percent response")
    value_assay: dict[str, Assay] = Field(default_factory=dict, description="name of a value column -> its test")

    def cutoff_of(self, assay: str) -> float | None:
        """The cut-off of a test, in its unit; None where none is stated."""
        return next((value for name, value in self.cutoff.items() if name == assay), None)

    def filament_set(self) -> FilamentSet:
        """The set in use, with the start."""
        if isinstance(self.filaments, list):
            return FilamentSet.from_grams(self.filaments, start=self.start)
        usual = f"sudo-{self.species}" if self.method == "sudo" else self.species
        found = filament_set(self.filaments or usual)
        return found if self.start is None else FilamentSet(**{**vars(found), "start": self.start})


def read_mapping(path: str | Path | None, **changes: Any) -> Mapping:
    """A mapping from a YAML file (None for an empty one), with keys changed by the command line where not None.

    Errors: ThecalError naming the key, the value seen and what is allowed.
    """
    data: dict[str, Any] = {}
    if path is not None:
        data = _load(Path(path))
    data.update({key: value for key, value in changes.items() if value is not None})
    try:
        mapping = Mapping(**data)
    except (ValidationError, TypeError) as error:
        raise ThecalError(_problems(error, path)) from error
    unknown = [key for key in mapping.columns if key not in COLUMNS]
    if unknown:
        raise ThecalError.single(
            f"columns.{unknown[0]}", "no such meaning of a column", seen=unknown[0], allowed=", ".join(COLUMNS)
        )
    mapping.filament_set()  # a wrong set must be said now, not at the first series
    return mapping


def _load(path: Path) -> dict[str, Any]:
    """The file's data, by the reader of study files: bounded depth, size and aliases, each mistake with its line."""
    from thecal.study.model.text import read

    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ThecalError.single(
            path.name, "the mapping file cannot be read", seen=error.strerror or str(error)
        ) from error
    if len(raw) > 200_000:
        raise ThecalError.single(path.name, "this is too long for a mapping file")
    data = read(raw, path.name).data if raw.strip() else None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ThecalError.single(path.name, "a mapping file is a list of key: value", seen=type(data).__name__)
    return {str(key): value for key, value in data.items()}


def _problems(error: ValidationError | TypeError, path: Any) -> list[Problem]:
    if isinstance(error, TypeError):
        return [Problem(str(path), "the mapping file cannot be used", seen=str(error))]
    allowed = ", ".join(Mapping.model_fields)
    return [
        Problem(
            ".".join(map(str, item["loc"])) or str(path),
            item["msg"],
            seen=str(item.get("input"))[:80],
            allowed=allowed if item["type"] == "extra_forbidden" else "",
        )
        for item in error.errors()
    ]


