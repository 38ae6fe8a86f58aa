"""Acetone drop test of cold: how long the animal lifts or shakes the paw after each of a few drops.

duration of one response ~ Gamma(shape, mean = latent x day factor), stopped at the end of the window
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv, ndtri

from thecal.assay.settings import number
from thecal.core.streams import uniforms


@dataclass(frozen=True)
class AcetoneSettings:
    """Protocol and noise of the acetone test."""

    drops: int = number(5, "drops", "protocol", "PSPP/NINDS acetone page: 5 applications, 5 min apart", 1, 10)
    window_s: float = number(30.0, "s", "protocol", "PSPP/NINDS acetone page: watched for 30 s", 20.0, 120.0)
    resolution_s: float = number(0.1, "s", "protocol", "stop-watch")
    shape: float = number(
        0.8, "1", "assumed", "durations are skewed, with many near zero; no raw set was found", 0.5, 2.0
    )
    day_cv: float = number(0.25, "fraction", "assumed", "no figure was found", 0.1, 0.5)


def measure(
    duration_s: np.ndarray,
    seed: int,
    group: str,
    animals: np.ndarray,
    visit: int,
    settings: AcetoneSettings = AcetoneSettings(),
    paw: str = "left",
) -> dict[str, np.ndarray]:
    """Test n animals once.

    Arguments:
        duration_s: true mean duration of the response to a drop, s, shape (n,), not negative (naive about 0.5 s,
            injured 3 to 12 s; both recalled, not read).

    Returns: ``durations_s`` (n, drops), ``seconds`` (mean per drop, n), ``responses`` (drops answered, n).
    """
    latent = np.maximum(np.asarray(duration_s, dtype=np.float64), 0.0)
    draws = uniforms(seed, group, animals, f"acetone/{paw}", visit, settings.drops + 1)
    spread = np.sqrt(np.log1p(settings.day_cv**2))
    day = np.exp(spread * ndtri(draws[:, :1]) - 0.5 * spread**2)
    raw = gammaincinv(settings.shape, draws[:, 1:]) * (latent[:, None] * day / settings.shape)
    durations = np.minimum(np.round(raw / settings.resolution_s) * settings.resolution_s, settings.window_s)
    return {"durations_s": durations, "seconds": durations.mean(axis=1), "responses": (durations > 0).sum(axis=1)}
