"""SUDO, the simplified up-down method: always five touches, no table.

    PWT = number of the last filament + 1/2 after no response, - 1/2 after a response
    log10 threshold (g) = slope x PWT + intercept

Source: Bonin 2014 Mol Pain 10:26 (five stimuli; r > 0.96 with Chaplan in mice and rats, read). The slope and the
intercept below were recalled, not read, and are marked so; they agree with the nominal forces within 0.2 log10.
Validity: filaments 2 to 9 (mouse) or 7 to 14 (rat) of the full set of 20, and series of exactly five letters.
"""

from __future__ import annotations

import numpy as np

from thecal.assay.series import read_series
from thecal.core.errors import ThecalError

COEFFICIENTS = {"mouse": (0.240, -2.00), "rat": (0.182, -1.47)}  # slope, intercept; verified: no
TOUCHES = 5


def sudo(series, last_number, species: str) -> np.ndarray:
    """Thresholds by SUDO.

    Arguments:
        series: strings of O and X, shape (n,).
        last_number: number of the last filament in the full set of 20, shape (n,).
        species: mouse or rat.

    Returns: log10 g, shape (n,); NaN where the series does not hold exactly five letters.
    """
    if species not in COEFFICIENTS:
        raise ThecalError.single(
            "species", "SUDO has no formula for this species", seen=species, allowed=", ".join(COEFFICIENTS)
        )
    responses = read_series(series)
    slope, intercept = COEFFICIENTS[species]
    ends_on_x = responses.letters[np.arange(len(responses)), np.maximum(responses.length - 1, 0)] == 1
    pwt = np.asarray(last_number, dtype=np.float64) + np.where(ends_on_x, -0.5, 0.5)
    return np.where(responses.length == TOUCHES, slope * pwt + intercept, np.nan)
