"""The harm data as shipped: hazards, mechanics of the fluid space, indications. Every number keeps its origin."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from thecal.analysis.evidence import schema
from thecal.core.errors import ThecalError

# Names of products in the study library, in the words of the evidence tables.
PRODUCTS = {"bone marrow stromal cells": "bmsc", "adipose_stromal_cells": "asc",
            "umbilical_cord_stromal_cells": "uc_msc",
            "fibroblasts": "fibroblast", "bmsc_conditioned_medium": "conditioned_medium", "bmsc_lysate": "lysate",
            "heat_killed_bmsc": "lysate", "tgf_b1": "tgfb1", "tgf-b1": "tgfb1", "vehicle": "none"}


@dataclass(frozen=True)
class Number:
    """A value with its range and where it is from."""

    value: float
    low: float
    high: float
    kind: str
    verified: bool
    source: str

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Number:
        """From a YAML entry; a missing range is the value itself."""
        return cls(float(data["value"]), float(data.get("low", data["value"])), float(data.get("high", data["value"])),
                   str(data["kind"]), bool(data.get("verified", False)), str(data.get("source", "")))


@dataclass(frozen=True)
class Product:
    """What is injected, in the words of the evidence tables."""

    cells: str
    donor: str

    @property
    def alive(self) -> bool:
        """Whether it holds living cells."""
        return self.cells in schema.raw()["groups"]["cells"]["living"]

    @property
    def stromal(self) -> bool:
        """Whether the rates of stromal cells are about it."""
        return self.cells in schema.raw()["groups"]["cells"]["stromal"]


@functools.cache
def raw(name: str) -> dict[str, Any]:
    """One file of ``data/harm``: ``hazards``, ``csf_mechanics`` or ``indications``."""
    from ruamel.yaml import YAML

    text = (resources.files("thecal") / "data" / "harm" / f"{name}.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = YAML(typ="safe").load(text)
    return data


def indication(name: str) -> dict[str, Any]:
    """An indication by name; ThecalError with the known ones."""
    known = raw("indications")["indications"]
    if name not in known:
        raise ThecalError.single(where="indication", what=f"'{name}' is not an indication known here", seen=str(name),
                                 allowed=", ".join(known), remedy="choose one of these", code="vocabulary")
    found: dict[str, Any] = known[name]
    return found


def species(name: str) -> dict[str, Any]:
    """Mechanics of the fluid space of a species; ThecalError where there are none: no guess is made."""
    known = raw("csf_mechanics")["species"]
    if name not in known:
        raise ThecalError.single(where="species", what="nothing is known here of the fluid space of "
                                 f"'{name}'", seen=str(name),
                                 allowed=", ".join(known), code="species",
                                 remedy="choose one of these, or add the species to data/harm/csf_mechanics.yaml")
    found: dict[str, Any] = known[name]
    return found


def product(given: str | Mapping[str, str]) -> Product:
    """A product from a name of the library or of the evidence vocabulary, with a donor in front or as a field.

    ``"bmsc"``, ``"allogeneic uc_msc"`` and ``{"cells": "bmsc", "donor": "autologous"}`` are all read.
    """
    donors = schema.words("donor")
    if isinstance(given, Mapping):
        name, donor = str(given.get("cells", given.get("name", ""))), str(given.get("donor", ""))
    else:
        first, _, rest = given.strip().partition(" ")
        donor, name = (first.lower(), rest) if first.lower() in donors else ("", given)
    word = PRODUCTS.get(name.strip().lower(), name.strip().lower())
    if word not in schema.words("cells") or (donor and donor not in donors):
        raise ThecalError.single(where="product", what=f"'{given}' is not a product known here", seen=str(given),
                                 allowed=", ".join(schema.words("cells")), remedy="for example 'allogeneic bmsc'",
                                 code="vocabulary")
    return Product(word, donor or "unstated")
