"""Von Frey filament sets: which forces lie in the box, in order, and where a test starts."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np

from thecal.core.errors import ThecalError

HANDLE_OFFSET = 4.0  # handle = log10(10 x force in mg) = log10(force in g) + 4


@dataclass(frozen=True)
class FilamentSet:
    """An ordered set of filaments.

    Arguments:
        id: short name, ``mouse-8``.
        log10_g: log10 force of each filament, ascending, shape (m,), m >= 2. Exact: from the handle, not the marking.
        start: position (1 = lightest) of the filament a test starts with.
        marked_g: what is printed on each holder, in g; used to recognise forces in a notebook.
        first_number: number of the lightest filament in the full set of 20 (only the SUDO formula needs it).
    """

    id: str
    log10_g: tuple[float, ...]
    start: int
    name: str = ""
    species: str = "any"
    marked_g: tuple[float, ...] = ()
    first_number: int = 1
    source: str = ""
    verified: bool = False

    def __post_init__(self) -> None:
        forces = np.asarray(self.log10_g)
        if forces.size < 2 or not np.all(np.isfinite(forces)) or not np.all(np.diff(forces) > 0):
            raise ThecalError.single(
                "filaments",
                "a filament set needs two or more forces in ascending order",
                seen=", ".join(f"{10**f:g} g" for f in forces),
            )
        if not 1 <= self.start <= forces.size:
            raise ThecalError.single(
                "filaments.start",
                "the first filament is not in the set",
                seen=str(self.start),
                allowed=f"1 to {forces.size}",
            )

    def __len__(self) -> int:
        return len(self.log10_g)

    @property
    def forces_log10_g(self) -> np.ndarray:
        """log10 force in g, shape (m,)."""
        return np.asarray(self.log10_g)

    @property
    def step_log10(self) -> float:
        """Mean step between neighbours (Dixon's d), log10 units."""
        return (self.log10_g[-1] - self.log10_g[0]) / (len(self.log10_g) - 1)

    @classmethod
    def from_grams(cls, forces_g: Sequence[float], start: int | None = None, **details) -> FilamentSet:
        """A set from forces in g; the start defaults to the filament left of the middle (4th of 8)."""
        forces = np.sort(np.asarray(forces_g, dtype=float))
        if forces.size < 2 or not np.all(forces > 0):
            raise ThecalError.single(
                "filaments", "forces must be two or more positive numbers in g", seen=str(list(forces_g))
            )
        details = {"id": "given", "marked_g": tuple(float(f) for f in forces)} | details
        return cls(
            log10_g=tuple(float(f) for f in np.log10(forces)), start=start or max(1, forces.size // 2), **details
        )

    def position(self, force_g: float) -> int | None:
        """Position (from 1) of a force in g, by marking or by true force within 3 %; None if not in the set."""
        for scale in (self.marked_g, tuple(10.0**f for f in self.log10_g)):
            for place, known in enumerate(scale, start=1):
                if abs(force_g - known) <= 0.03 * known:
                    return place
        return None


@functools.cache
def filament_sets() -> dict[str, FilamentSet]:
    """Every set in the package data, by id."""
    return {key: _read(key, row) for key, row in _data()["sets"].items()}


def filament_set(name: str) -> FilamentSet:
    """A set by its id, or the usual one of a species (``mouse``, ``rat``)."""
    key = _data()["default"].get(name, name)
    if key not in filament_sets():
        raise ThecalError.single(
            "filaments",
            "no such filament set",
            seen=name,
            allowed=", ".join([*_data()["default"], *filament_sets()]),
            remedy="name one of these or give the forces in g",
        )
    return filament_sets()[key]


@functools.cache
def _data() -> dict:
    from ruamel.yaml import YAML

    text = (resources.files("thecal") / "data" / "assays" / "filaments.yaml").read_text(encoding="utf-8")
    return YAML(typ="safe", pure=True).load(text)


def _read(key: str, row: dict) -> FilamentSet:
    shared = {
        "id": key,
        "name": row["name"],
        "species": row["species"],
        "source": row["source"],
        "verified": row["verified"],
        "first_number": row.get("first_number", 1),
    }
    if "forces_g" in row:
        return FilamentSet.from_grams(row["forces_g"], start=row["start"], **shared)
    return FilamentSet(
        log10_g=tuple(handle - HANDLE_OFFSET for handle in row["handles"]),
        start=row["start"],
        marked_g=tuple(float(force) for force in row["marked_g"]),
        **shared,
    )
