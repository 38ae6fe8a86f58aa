"""The register: every number of the model, once, with its unit, range, source, and whether a person checked it.

One CSV per room under ``data/parameters``; a species, injury or product file overrides entries by id.
"""

from __future__ import annotations

import csv
import functools
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from importlib import resources

KINDS = ("measured", "derived", "assumed", "calibrated", "switch")
SCALES = ("log", "linear", "fixed")
SD_OF_RANGE = 1.6448536269514722  # low and high are read as the 5th and 95th percentile


@dataclass(frozen=True)
class Parameter:
    """One number.

    ``low`` and ``high`` are the 5th and 95th percentile of what one may believe (uncertainty); ``between_animals``
    is the log-scale standard deviation between animals of one group. ``scale`` says how it is drawn: ``log``
    (always positive), ``linear`` (clipped to [low, high]) or ``fixed``.
    """

    id: str
    symbol: str
    value: float
    low: float
    high: float
    unit: str
    scale: str
    kind: str
    verified: bool
    between_animals: float
    species: str
    context: str
    source: str
    note: str

    @property
    def room(self) -> str:
        """The room that the parameter belongs to."""
        return self.id.split(".", 1)[0]

    @property
    def is_assumption(self) -> bool:
        """True where nobody measured it: shown as such wherever the number is shown."""
        return self.kind in ("assumed", "calibrated")

    def quantile(self, z: float) -> float:
        """The value at a standard normal score: two half-normals (log or linear) that meet at ``value``."""
        if self.scale == "fixed" or z == 0 or self.low == self.high:
            return self.value
        z = max(-2.5, min(2.5, z))
        edge = self.low if z < 0 else self.high
        if self.scale == "log":
            return self.value * math.exp(abs(z) / SD_OF_RANGE * math.log(edge / self.value))
        return min(max(self.value + abs(z) / SD_OF_RANGE * (edge - self.value), self.low), self.high)


class Register(Mapping[str, Parameter]):
    """All parameters by id, e.g. ``register["cells.half_life_captured"]``."""

    def __init__(self, entries: Mapping[str, Parameter]) -> None:
        self._entries = dict(entries)

    def __getitem__(self, key: str) -> Parameter:
        try:
            return self._entries[key]
        except KeyError:
            raise KeyError(f"'{key}' is not in the register") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def with_values(self, overrides: Mapping[str, float | Parameter]) -> Register:
        """A register with some numbers replaced; a whole ``Parameter`` also replaces range and source."""
        from dataclasses import replace

        entries = dict(self._entries)
        for key, new in overrides.items():
            entries[key] = new if isinstance(new, Parameter) else replace(self[key], value=float(new))
        return Register(entries)


@functools.cache
def load() -> Register:
    """The register as shipped."""
    entries: dict[str, Parameter] = {}
    folder = resources.files("thecal") / "data" / "parameters"
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".csv"):
            for row in csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))):
                entry = read_row(row, file.name)
                if entry.id in entries:
                    raise ValueError(f"{file.name}: '{entry.id}' stands twice in the register")
                entries[entry.id] = entry
    return Register(entries)


def read_row(row: Mapping[str, str], where: str) -> Parameter:
    """One CSV row as a parameter; ValueError says what is wrong with it."""
    unknown = set(row) - {f.name for f in fields(Parameter)}
    if unknown:
        raise ValueError(f"{where}: unknown columns {sorted(map(str, unknown))}")
    value = float(row["value"])
    entry = Parameter(
        id=row["id"], symbol=row["symbol"], value=value, low=float(row["low"] or value),
        high=float(row["high"] or value), unit=row["unit"], scale=row["scale"], kind=row["kind"],
        verified=row["verified"] == "yes", between_animals=float(row["between_animals"] or 0),
        species=row["species"], context=row["context"], source=row["source"], note=row["note"])
    if entry.kind not in KINDS or entry.scale not in SCALES:
        raise ValueError(f"{where}: '{entry.id}' has kind '{entry.kind}' and scale '{entry.scale}'")
    if not entry.low <= entry.value <= entry.high or (entry.scale == "log" and entry.low <= 0):
        raise ValueError(f"{where}: '{entry.id}' is {entry.value}, outside [{entry.low}, {entry.high}]")
    return entry
