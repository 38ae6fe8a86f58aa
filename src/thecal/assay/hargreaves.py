"""Hargreaves heat test: latency of paw withdrawal from a lamp, with a cut-off, repeated some minutes apart.

latency = min(cutoff, latent x exp(day + reading)),  day ~ N(-s_d^2/2, s_d), reading ~ N(-s_r^2/2, s_r)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from thecal.assay.settings import number
from thecal.core.streams import uniforms


@dataclass(frozen=True)
class HargreavesSettings:
    """Protocol and noise of the heat test. The same numbers serve a cold plate; set ``cutoff_s`` to its own."""

    cutoff_s: float = number(
        20.0, "s", "protocol", "Viberg 2012 AAPS J 14:657; mouse protocols use 20 to 30 s", 15.0, 30.0
    )
    readings: int = number(3, "readings", "protocol", "methods texts: 3 to 5 readings at least 5 min apart", 1, 5)
    resolution_s: float = number(0.1, "s", "protocol", "timer of the apparatus", 0.01, 1.0)
    reading_cv: float = number(
        0.20,
        "fraction",
        "derived",
        "with day_cv and 3 readings gives the residual SD of 1.03 s at "
        "5.9 s of Viberg 2012 (rat, SNL); the split between the two is an assumption",
        0.10,
        0.30,
    )
    day_cv: float = number(0.13, "fraction", "derived", "as reading_cv", 0.05, 0.20)
    observer_cv: float = number(0.05, "fraction", "assumed", "no figure was found", 0.0, 0.15)


def measure(
    latency_s: np.ndarray,
    seed: int,
    group: str,
    animals: np.ndarray,
    visit: int,
    settings: HargreavesSettings = HargreavesSettings(),
    observer: str = "",
    paw: str = "left",
) -> dict[str, np.ndarray]:
    """Test n animals once.

    Arguments:
        latency_s: true mean latency now, s, shape (n,), positive. seed, group, animals, visit: keys of the draws.

    Returns: ``readings_s`` (n, readings), ``latency_s`` (their mean, n), ``at_cutoff`` (readings
        stopped by the cut-off, n).
    Validity: cut-off readings are censored; a mean that holds one is too short.
    """
    latent = np.asarray(latency_s, dtype=np.float64)
    draws = ndtri(uniforms(seed, group, animals, f"hargreaves/{paw}", visit, settings.readings + 1))
    who = 0.0
    if observer:
        who = float(ndtri(uniforms(seed, f"observer:{observer}", np.array([0]), "observer/heat", 0, 1)[0, 0]))
    scale = [np.sqrt(np.log1p(cv**2)) for cv in (settings.day_cv, settings.reading_cv, settings.observer_cv)]
    noise = scale[0] * draws[:, :1] + scale[1] * draws[:, 1:] + scale[2] * who - 0.5 * (scale[0] ** 2 + scale[1] ** 2)
    raw = latent[:, None] * np.exp(noise)
    readings = np.minimum(np.round(raw / settings.resolution_s) * settings.resolution_s, settings.cutoff_s)
    return {
        "readings_s": readings,
        "latency_s": readings.mean(axis=1),
        "at_cutoff": (raw >= settings.cutoff_s).sum(axis=1),
    }
