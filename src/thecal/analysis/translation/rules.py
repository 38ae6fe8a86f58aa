"""The rules by which a dose is carried, and where each stops: beyond its range there is no number at all."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from thecal.analysis.evidence import schema
from thecal.analysis.evidence.tables import load as load_evidence
from thecal.analysis.translation.carry import Treatment, csf_ul
from thecal.study.plan import Species


@dataclass(frozen=True)
class Rule:
    """One rule: what it keeps equal, who says so, what speaks against it, and its range in words."""

    name: str
    by: str
    meaning: str
    source: str
    verified: bool
    against: str
    range: str


@dataclass(frozen=True)
class Carried:
    """A dose in the target species by one rule.

    ``amount`` and ``volume`` are factors on the source's amounts and volumes; ``refused`` says why there is no basis
    (then the factors are None); ``beyond`` says how far past all published doses it lies.
    """

    rule: Rule
    amount: float | None
    volume: float | None
    refused: str = ""
    beyond: str = ""


@functools.cache
def raw() -> dict[str, Any]:
    """The rules' file."""
    from ruamel.yaml import YAML

    text = (resources.files("thecal") / "data" / "translation" / "rules.yaml").read_text("utf-8")
    return dict(YAML(typ="safe").load(text))


def rules() -> tuple[Rule, ...]:
    """All rules in the order of the file."""
    return tuple(Rule(**entry) for entry in raw()["rules"])


def carry(rule: Rule, treatment: Treatment, target: Species, equal_exposure: Callable[[], float | str]) -> Carried:
    """The dose of a treatment in the target species by one rule.

    Arguments:
        equal_exposure: the factor that gives equal exposure, or why there is none; asked only when the rule needs it.
    """
    source = treatment.species
    csf = csf_ul(target) / csf_ul(source)
    by: dict[str, Callable[[], float | str]] = {
        "body_mass": lambda: target.body_mass_g / source.body_mass_g, "csf_volume": lambda: csf,
        "ganglia": lambda: len(target.drg) / len(source.drg), "exposure": equal_exposure, "volume_share": lambda: csf}
    amount = by[rule.by]()
    if rule.by == "volume_share" and not treatment.volume_ul:
        return Carried(rule, None, None, "an infusion displaces no volume worth counting")
    if isinstance(amount, str):
        return Carried(rule, None, None, amount)
    volume = csf if rule.by == "volume_share" else volume_factor(treatment, target, amount)
    why = outside(treatment, target, amount, volume)
    if why:
        return Carried(rule, None, None, why)
    return Carried(rule, amount, volume, beyond=_beyond(treatment, target, amount))


def volume_factor(treatment: Treatment, target: Species, amount: float) -> float:
    """Volume at the source's concentration, kept between the target's usual and its largest volume."""
    if not treatment.volume_ul or (target.name == treatment.species.name and amount == 1):
        return 1.0  # an infusion is slow against the formation of CSF; its volume is not modelled
    wanted = min(max(treatment.volume_ul * amount, target.default_volume_ul), target.largest_volume_ul)
    return wanted / treatment.volume_ul


def most_cells(species: Species) -> float:
    """More cells than this are impossible in the species (evidence schema)."""
    return float(schema.raw()["limits"]["dose_cells"][species.name]["value"])


def outside(treatment: Treatment, target: Species, amount: float, volume: float) -> str:
    """Why a dose lies outside what can be said; empty where it lies inside."""
    most_ul = target.largest_volume_ul
    if not treatment.volume_ul:
        return ""
    if treatment.volume_ul * volume > most_ul * (1 + 1e-9):
        return (f"the rule asks for more than the {most_ul / 1000:g} ml that are injected into the fluid of a "
                f"{target.name} at most")
    cells = (treatment.dose_cells or 0.0) * amount
    if cells > most_cells(target):
        return f"the rule asks for more than {most_cells(target):.1e} cells, beyond anything given to a {target.name}"
    radius = schema.raw()["limits"]["cell_diameter_um"]["value"] / 2
    solids = cells * 4 / 3 * math.pi * radius**3 * 1e-9 / (treatment.volume_ul * volume)
    if solids > raw()["packing"]["value"]:
        return f"the cells would not fit into the {most_ul / 1000:g} ml that can be injected"
    return "less than one cell" if 0 < cells < 1 else ""


def largest_published(species: Species) -> tuple[float, str] | None:
    """The largest intrathecal dose of cells in the evidence tables, and who gave it; None where none was read."""
    tables = load_evidence()
    rows = tables.human if species.name == "human" else [e for e in tables.animal if e["species"] == species.name]
    given = [(float(e["dose_cells"]), str(e["reference"])) for e in rows if e["route"] == "it" and e["dose_cells"]]
    return max(given, default=None)


def _beyond(treatment: Treatment, target: Species, amount: float) -> str:
    cells = (treatment.dose_cells or 0.0) * amount
    known = largest_published(target)
    if target.name == treatment.species.name or (cells and known and cells <= known[0]):
        return ""
    if not cells:
        products = ", ".join(dict.fromkeys(a.product for a in treatment.arm.administrations if a.amounts))
        return f"no intrathecal dose of {products} in {target.name} was read"
    if not known:
        return f"no published intrathecal dose of cells in {target.name} was read"
    return (f"{cells / known[0]:.1f} times the largest dose read for {target.name} ({known[0]:.1e} cells, {known[1]}); "
            "nobody knows its harm")
