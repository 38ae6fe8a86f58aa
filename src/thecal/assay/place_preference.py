"""Conditioned place preference: does the animal seek the chamber where an analgesic was given?

Preference shows ongoing pain by its relief (King 2009 Nat Neurosci 12:1364): an animal without ongoing pain gains
nothing from the analgesic and shows no preference, however sensitive its paw is.

    share of time in the paired chamber = logistic(bias + gain x relief + day),  relief = efficacy x ongoing drive
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtri

from thecal.assay.settings import number
from thecal.core.streams import uniforms


@dataclass(frozen=True)
class PlacePreferenceSettings:
    """Protocol and noise. Every number but the session length is an assumption: no raw set was found."""

    session_s: float = number(900.0, "s", "protocol", "15 min test session, as in King 2009", 600.0, 1800.0)
    efficacy: float = number(
        0.8, "fraction", "assumed", "share of the ongoing drive that the conditioning drug removes", 0.4, 1.0
    )
    gain: float = number(
        1.2, "logit per unit drive", "assumed", "full relief moves the share from 0.50 to about 0.72", 0.5, 2.0
    )
    chamber_bias_sd: float = number(
        0.25, "logit", "assumed", "an animal's own liking of a chamber, before and after", 0.1, 0.5
    )
    day_sd: float = number(0.25, "logit", "assumed", "change from session to session", 0.1, 0.5)


def measure(
    ongoing_drive: np.ndarray,
    seed: int,
    group: str,
    animals: np.ndarray,
    visit: int,
    settings: PlacePreferenceSettings = PlacePreferenceSettings(),
) -> dict[str, np.ndarray]:
    """Test n animals before and after conditioning.

    Arguments:
        ongoing_drive: ongoing pain during conditioning, 0 (none) to 1 (that of the untreated injury at its height),
            shape (n,).

    Returns: ``before_s`` and ``after_s`` in the paired chamber, ``difference_s`` (after - before), each shape (n,).
    """
    drive = np.asarray(ongoing_drive, dtype=np.float64)
    liking = settings.chamber_bias_sd * ndtri(uniforms(seed, group, animals, "place_preference/liking", 0, 1)[:, 0])
    day = settings.day_sd * ndtri(uniforms(seed, group, animals, "place_preference", visit, 2))
    before = settings.session_s * expit(liking + day[:, 0])
    after = settings.session_s * expit(liking + settings.gain * settings.efficacy * drive + day[:, 1])
    before, after = np.round(before), np.round(after)
    return {"before_s": before, "after_s": after, "difference_s": after - before}
