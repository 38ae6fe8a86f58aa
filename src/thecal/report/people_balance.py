"""Benefit against harm for each indication, as data for the page: tables, draws for the sliders, and words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thecal.analysis.harm import balance, hazards, records

INDICATIONS = ("peripheral_nerve_injury_pain", "lumbar_radicular_pain", "spinal_cord_injury_pain", "chronic_pain")
DRAWS = 200
START = 0.1  # where the sliders stand before the reader moves them; nobody's judgement, and the page says so
STEPS = (0.0, 0.1, 0.3, 1.0)


def treatment_shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """What is put into a person for the harm part: the dose of a rule with a basis, never beyond what was published.

    Doses past all experience have no harm data, so rates are those of published doses whatever the rule asks for.
    """
    rows = [r for r in found["rules"] if r["relief"] != "no basis" and r["dose_cells"]]
    chosen = next((r for r in rows if r["name"] == "cells per ml CSF"), rows[0] if rows else None)
    cells = {"BMSC": "bmsc", "adipose stromal cells": "asc", "umbilical-cord stromal cells": "uc_msc"}
    name = next((cells[p] for p in found["products"] if p in cells), "bmsc")
    donor = "autologous" if found["donor"] in ("syngeneic", "autologous") else found["donor"]
    if chosen is None:
        return {"rule": "", "product": {"cells": name, "donor": donor}, "dose_cells": 1e8, "volume_ul": 5000.0,
                "repeats": max(1, found["doses"]), "exposure": {}, "beyond": ""}
    return {"rule": chosen["name"], "product": {"cells": name, "donor": donor}, "dose_cells": chosen["dose_cells"],
            "volume_ul": chosen["volume_ul"], "repeats": max(1, found["doses"]), "beyond": chosen["beyond_experience"],
            "exposure": {"tgfb1_ng_d_ml": max(0.0, chosen["csf_active_tgfb1_ng_d_ml"])}}


def indication(name: str, plan: Mapping[str, Any]) -> dict[str, Any]:
    """One indication: its effects table, its draws, and what would have to be true."""
    common = {"product": plan["product"], "dose_cells": plan["dose_cells"], "volume_ul": plan["volume_ul"]}
    listed = hazards.assess(name, "human", repeats=plan["repeats"], exposure=plan["exposure"], **common)
    rated = [h for h in listed if h.kind == "rate" and h.unit.startswith("per 100")]
    ids = [h.id for h in rated]

    def one(which: str) -> balance.Plane:
        return balance.plane(name, {k: float(k == which) for k in ids}, sham=(0.0, 0.0), repeats=plan["repeats"],
                             draws=DRAWS, **common)

    parts = {h.id: one(h.id).harm for h in rated}
    response = one("").benefit
    unsure = balance.plane(name, dict.fromkeys(ids, 0.0), repeats=plan["repeats"], draws=DRAWS, **common).benefit
    sham = balance.sham_response(name)
    told = {h.name: h.statement for h in listed if h.id == "arachnoiditis"}  # with the exposure of this plan
    return {
        "id": name, "title": records.indication(name)["name"], "remark": records.indication(name)["remark"],
        "effects": [_effect(e, told) for e in balance.effects_table(name, plan["repeats"], **common)],
        "hazards": [h.as_dict() for h in listed],
        "draws": {"harm": {k: [round(float(v), 3) for v in x] for k, x in parts.items()},
                  "response": _plain(response), "unsure": _plain(unsure)},
        "sliders": [{"id": h.id, "name": h.name, "typical": _rate(h)} for h in rated],
        "unknown": [h.name for h in listed if h.kind != "rate" and h.level != "not expected"],
        "sham": [round(s) for s in sham],
        "fixed": [_fixed(w, parts, response) for w in STEPS],
        "must": balance.must_be_true(name, dict.fromkeys(ids, START), plan["repeats"], **common)}


def _plain(draws: np.ndarray | None) -> list[float] | None:
    return None if draws is None else [round(float(v), 2) for v in draws]


def _rate(hazard: hazards.Hazard) -> str:
    assert hazard.low is not None and hazard.high is not None
    span = f"{_number(hazard.low)} to {_number(hazard.high)}"
    return span if hazard.estimate is None else f"{_number(hazard.estimate)}, {span}"


def _fixed(weight: float, parts: Mapping[str, np.ndarray], response: np.ndarray | None) -> dict[str, Any]:
    """One line of the table that stands for the sliders where there is no script: all weights alike."""
    harm = np.sum([weight * x for x in parts.values()], axis=0) if parts else np.zeros(DRAWS)
    return {"weight": weight, "needed": float(np.median(harm)),
            "undone": None if response is None else float(np.median(response) - np.median(harm))}


def _effect(effect: balance.Effect, told: Mapping[str, str]) -> dict[str, Any]:
    def words(numbers: tuple[float, float, float] | None) -> str:
        if numbers is None:
            return "unknown"
        low, middle, high = map(_number, numbers)
        return f"{middle} ({low} to {high})"

    return {"name": effect.name, "favourable": effect.favourable, "with": words(effect.with_cells),
            "without": words(effect.without_cells), "known": effect.with_cells is not None,
            "words": told.get(effect.name, effect.natural_frequency), "certainty": effect.certainty,
            "basis": effect.basis, "sources": list(effect.sources)}


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 or value == 0 else f"{value:.1f}"
