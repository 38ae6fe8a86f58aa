"""Von Frey up-down testing as it is done: filaments in order, an animal that answers by chance, a stopping rule.

    P(X at force F) = guess + (1 - guess - lapse) Phi((log10 F - theta_session) / sigma)
    theta_session = latent + day effect + observer effect
    sigma = sigma_normal exp(flattening x deficit),  deficit = max(0, baseline - latent)

What leaves the room is what a notebook holds: the letters and the last filament. The threshold is for
:mod:`thecal.assay.threshold` to estimate, as it does for real animals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from thecal.assay.filaments import FilamentSet
from thecal.assay.series import Responses
from thecal.assay.settings import number
from thecal.core.streams import uniforms

_TRIALS = (
    "raw up-down series of 59 mice (Sandoval Ortega 2026, doi:10.5281/zenodo.20762768), probit with a random "
    "threshold per session, assay.pooling"
)


@dataclass(frozen=True)
class ResponseCurve:
    """How one animal answers one filament. The defaults are mouse; for other species they are an assumption."""

    sigma_normal_log10: float = number(
        0.339,
        "log10 g",
        "measured",
        f"{_TRIALS}; uninjured or before injury, 104 sessions, with 1 % guesses and lapses (0.352 without)",
        0.27,
        0.44,
    )
    flattening: float = number(
        0.942,
        "1 / log10 g",
        "measured",
        f"{_TRIALS}; sigma 1.35 at a deficit of 1.46 after SNI, "
        "84 sessions (1.39 without lapses); a third group (deficit 0.6, sigma 0.64) lies on the same "
        "curve",
        0.55,
        1.35,
    )
    sigma_most_log10: float = number(2.0, "log10 g", "assumed", "no curve flatter than this was seen", 1.4, 3.0)
    guess: float = number(
        0.01, "probability", "assumed", f"{_TRIALS}: likelihood is highest at 0 and 1.7 lower at 0.04", 0.0, 0.04
    )
    lapse: float = number(
        0.01, "probability", "assumed", "as guess; 44 of 45 touches with 5.5 g were answered", 0.0, 0.04
    )
    day_sd_log10: float = number(
        0.15,
        "log10 g",
        "derived",
        "between-session SD 0.25 less between-animal SD 0.21 gives "
        "0.14; within-animal SD 0.27 less estimator SD 0.20 gives 0.18 (same 59 mice)",
        0.10,
        0.20,
    )
    observer_sd_log10: float = number(
        0.10,
        "log10 g",
        "assumed",
        "the experimenter is the largest environmental factor "
        "(Chesler 2002 as cited by paingeneticslab.ca), without a figure for von Frey",
        0.0,
        0.25,
    )

    def sigma(self, deficit_log10: np.ndarray) -> np.ndarray:
        """Width of the curve at a deficit (baseline less latent threshold, log10), shape as given."""
        flat = self.sigma_normal_log10 * np.exp(self.flattening * np.maximum(deficit_log10, 0.0))
        return np.minimum(flat, self.sigma_most_log10)


@dataclass(frozen=True)
class VonFreySettings:
    """The protocol: which filaments, when to stop, and the animal's curve.

    Arguments:
        filaments: the set, with its start.
        after_change: responses taken after the first change of letter.
    """

    filaments: FilamentSet
    curve: ResponseCurve = ResponseCurve()
    after_change: int = number(4, "stimuli", "protocol", "Chaplan 1994; PSPP/NINDS von Frey test page")


def measure(
    latent_log10_g: np.ndarray,
    deficit_log10: np.ndarray,
    seed: int,
    group: str,
    animals: np.ndarray,
    visit: int,
    settings: VonFreySettings,
    observer: str = "",
    paw: str = "left",
) -> dict[str, np.ndarray]:
    """Test n animals of one arm on one visit.

    Arguments:
        latent_log10_g: the animal's true 50 % threshold now, log10 g, shape (n,).
        deficit_log10: how far that lies below the animal's own threshold before injury, log10, shape (n,).
        seed, group, animals, visit: keys of the draws; ``animals`` are integers, shape (n,).
        observer: name of who tests; the same name has the same bias throughout a study. "" has none.
        paw: a second paw draws its own numbers.

    Returns: dict of arrays of shape (n,): ``series`` (str), ``last_filament`` (position from 1), ``last_g`` (force),
        ``stimuli`` (count).
    Validity: the animal does not learn within a session; the paw is not sensitised by earlier touches.
    """
    curve, filaments = settings.curve, settings.filaments
    latent = np.asarray(latent_log10_g, dtype=np.float64)
    most = longest_series(filaments, settings.after_change)
    draws = uniforms(seed, group, animals, f"von_frey/{paw}", visit, most + 1)
    theta = latent + curve.day_sd_log10 * ndtri(draws[:, 0]) + observer_effect(curve.observer_sd_log10, seed, observer)
    chance = response_probability(theta, curve.sigma(np.asarray(deficit_log10, dtype=np.float64)), curve, filaments)
    letters, last = climb(chance, draws[:, 1:], filaments.start, settings.after_change)
    length = (letters >= 0).sum(axis=1)
    responses = Responses(letters[:, : int(length.max(initial=1))], length)
    return {
        "series": responses.strings(),
        "last_filament": last,
        "last_g": 10.0 ** filaments.forces_log10_g[last - 1],
        "stimuli": length,
    }


def response_probability(
    theta_log10_g: np.ndarray, sigma_log10: np.ndarray, curve: ResponseCurve, filaments: FilamentSet
) -> np.ndarray:
    """P(X) of each animal at each filament of the set, shape (n, m)."""
    z = (filaments.forces_log10_g[None, :] - np.asarray(theta_log10_g)[:, None]) / np.asarray(sigma_log10)[:, None]
    return curve.guess + (1.0 - curve.guess - curve.lapse) * ndtr(z)


def climb(chance: np.ndarray, draws: np.ndarray, start: int, after_change: int) -> tuple[np.ndarray, np.ndarray]:
    """The up-down rule itself: O one filament up, X one down, stop at the rule or at either end of the set.

    Arguments:
        chance: P(X) per animal and filament, shape (n, m). draws: uniforms, shape (n, t).
    Returns: letters, shape (n, t), -1 where testing had stopped; position of the last filament (from 1), shape (n,).
    """
    animals, heaviest = chance.shape[0], chance.shape[1] - 1
    rows = np.arange(animals)
    place = np.full(animals, start - 1)
    last, previous = place.copy(), np.full(animals, -1, dtype=np.int8)
    left = np.full(animals, -1)  # responses still to take; -1 before the first change of letter
    letters = np.full(draws.shape, -1, dtype=np.int8)
    for trial in range(draws.shape[1]):
        if rows.size == 0:
            break
        here = place[rows]
        answer = (draws[rows, trial] < chance[rows, here]).astype(np.int8)
        letters[rows, trial], last[rows] = answer, here
        waiting = left[rows] < 0
        changed = waiting & (previous[rows] >= 0) & (answer != previous[rows])
        left[rows] = np.where(changed, after_change, np.where(waiting, -1, left[rows] - 1))
        previous[rows] = answer
        onward = here + np.where(answer == 1, -1, 1)
        place[rows] = onward
        rows = rows[(left[rows] != 0) & (onward >= 0) & (onward <= heaviest)]
    return letters, last + 1


def longest_series(filaments: FilamentSet, after_change: int) -> int:
    """Most stimuli that a session can take: the longer way to an end of the set, then the rule."""
    return max(filaments.start, len(filaments) - filaments.start + 1) + after_change


def observer_effect(sd_log10: float, seed: int, observer: str) -> float:
    """The bias of one observer, log10 g, the same throughout a study; 0 for an unnamed one."""
    if not observer:
        return 0.0
    return float(sd_log10 * ndtri(uniforms(seed, f"observer:{observer}", np.array([0]), "observer", 0, 1)[0, 0]))
