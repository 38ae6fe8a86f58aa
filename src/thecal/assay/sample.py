"""A sample taken at the end: CSF by ELISA, or a marker in a piece of cord or ganglion.

reading = true x recovery x exp(animal + well),  below the limit of quantification it is reported as "<"
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from thecal.assay.settings import number
from thecal.core.streams import uniforms


@dataclass(frozen=True)
class SampleSettings:
    """Errors of a sample assay. The unit is the caller's, for example pg/ml or a count per mm2."""

    limit: float = number(0.0, "caller's unit", "protocol", "limit of quantification; 0 for none")
    wells: int = number(2, "wells", "protocol", "duplicates, as ELISA kits ask for", 1, 4)
    well_cv: float = number(0.08, "fraction", "assumed", "kits state an intra-assay CV below 10 %", 0.03, 0.15)
    sampling_cv: float = number(
        0.15, "fraction", "assumed", "taking the sample: dilution by blood, region cut, section chosen", 0.05, 0.40
    )
    recovery: float = number(1.0, "fraction", "assumed", "share of the true amount found", 0.7, 1.1)


def measure(
    true_value: np.ndarray,
    seed: int,
    group: str,
    animals: np.ndarray,
    visit: int,
    settings: SampleSettings = SampleSettings(),
    analyte: str = "sample",
) -> dict[str, np.ndarray]:
    """Take one sample from each of n animals.

    Arguments:
        true_value: amount in the sample, caller's unit, shape (n,), not negative. analyte: name; keys the draws.

    Returns: ``value`` (the limit itself where below it, n), ``below_limit`` (n).
    """
    truth = np.maximum(np.asarray(true_value, dtype=np.float64), 0.0)
    draws = ndtri(uniforms(seed, group, animals, f"sample/{analyte}", visit, settings.wells + 1))
    scale_s, scale_w = (np.sqrt(np.log1p(cv**2)) for cv in (settings.sampling_cv, settings.well_cv))
    taken = truth * settings.recovery * np.exp(scale_s * draws[:, 0] - 0.5 * scale_s**2)
    wells = taken[:, None] * np.exp(scale_w * draws[:, 1:] - 0.5 * scale_w**2)
    value = wells.mean(axis=1)
    below = value < settings.limit
    return {"value": np.where(below, settings.limit, value), "below_limit": below}
