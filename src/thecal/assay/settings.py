"""Numbers of the assay room: each carries its unit, its source and whether it was measured or assumed."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

KINDS = ("measured", "derived", "assumed", "calibrated", "protocol")


def number(value: Any, unit: str, kind: str, source: str, low: float | None = None, high: float | None = None) -> Any:
    """A dataclass field with its provenance.

    Arguments:
        kind: measured, derived (computed from data or other numbers), assumed, calibrated, or protocol (a choice of the
            experimenter).
        low, high: plausible range where one is known.
    """
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is not one of {KINDS}")
    return field(default=value, metadata={"unit": unit, "kind": kind, "source": source, "low": low, "high": high})


@dataclass(frozen=True)
class Provenance:
    """One row of the list of assay numbers."""

    id: str
    value: Any
    unit: str
    kind: str
    source: str
    low: float | None = None
    high: float | None = None


def provenance(settings: Any, room: str = "assay") -> list[Provenance]:
    """Every number of a settings object with its source, for the report's table of parameters."""
    prefix = f"{room}.{type(settings).__name__}"
    return [
        Provenance(
            f"{prefix}.{item.name}",
            getattr(settings, item.name),
            item.metadata["unit"],
            item.metadata["kind"],
            item.metadata["source"],
            item.metadata["low"],
            item.metadata["high"],
        )
        for item in fields(settings)
        if item.metadata
    ]
