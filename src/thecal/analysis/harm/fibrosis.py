"""TGF-b1 over time against a situation in people that is known to scar: only an order, no rate.

The exposure is the area under the concentration in cerebrospinal fluid above its normal level, in ng d/ml. It is set
against the area in people after subarachnoid haemorrhage, many of whom develop scarring of the meninges. The cut points
between words are assumptions. Total TGF-b1 is mostly latent, so a given area of active protein weighs more.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from thecal.analysis.harm.records import Number, raw


@dataclass(frozen=True)
class Scarring:
    """Exposure, the reference exposure, their ratio and its word."""

    exposure: float
    reference: float
    ratio: float
    level: str
    source: str
    warning: str


def reference_exposure() -> tuple[float, str]:
    """Area under CSF TGF-b1 above baseline after subarachnoid haemorrhage (trapezoids), ng d/ml, and its source."""
    data = raw("hazards")["fibrosis"]
    points, base = data["reference"]["points_d_ng_ml"], Number.of(data["baseline_ng_ml"]).value
    area = sum((t2 - t1) * ((c1 + c2) / 2 - base) for (t1, c1), (t2, c2) in pairwise(points))
    return area, str(data["reference"]["source"])


def scarring(exposure_ng_d_ml: float) -> Scarring:
    """How an exposure compares; ``level`` is one of negligible, low, raised, as high as in a disease that scars."""
    data: dict[str, Any] = raw("hazards")["fibrosis"]
    reference, source = reference_exposure()
    ratio, steps = exposure_ng_d_ml / reference, data["steps"]
    if ratio < steps["none"]:
        level = "negligible"
    elif ratio < steps["low"]:
        level = "low"
    elif ratio < steps["of_concern"]:
        level = "raised"
    else:
        level = "as high as in a disease that scars"
    return Scarring(exposure_ng_d_ml, reference, ratio, level, source, data["warning"])
