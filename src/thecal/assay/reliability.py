"""What the up-down method can know: bias and spread of its estimate for a filament set and a curve.

The up-down rule allows only a few hundred different series, so their probabilities are summed exactly instead of
drawn; ``tests/assay`` compares the sums with simulated sessions. The answer says when the method itself fails: steps
too coarse for the curve, or a curve much flatter or steeper than the estimator assumes.

Reference case (mouse set of 8, start 4th, nominal steps): sigma 0.35 gives SD 0.20, 0.44 gives 0.24, and 1.39, as
measured after SNI, 0.51 with a bias of +0.2 and 4 % of sessions without a change of letter.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from thecal.assay.filaments import FilamentSet
from thecal.assay.series import Responses, positions
from thecal.assay.threshold import Thresholds, estimate
from thecal.assay.von_frey import ResponseCurve, longest_series, response_probability

BIAS_LIMIT_LOG10 = 0.10  # a bias of 0.1 log10 is 26 % in grams
SD_LIMIT_LOG10 = 0.40  # then one session is worth little: its 95 % range spans a factor of 40
NO_ESTIMATE_LIMIT = 0.02


@dataclass(frozen=True)
class Reliability:
    """Expected behaviour of the estimate at each true threshold, arrays of shape (n,).

    Arguments:
        true_log10_g: thresholds asked for. bias, sd: of the estimate, over sessions that have one, log10.
        no_estimate: probability of a session with letters all alike.
        coverage: probability that the 95 % likelihood interval holds the truth (open intervals included).
        stimuli: mean number of touches.
        warnings: what is wrong with the method here, in words; empty when nothing is.
    """

    true_log10_g: np.ndarray
    bias: np.ndarray
    sd: np.ndarray
    no_estimate: np.ndarray
    coverage: np.ndarray
    stimuli: np.ndarray
    warnings: tuple[str, ...]


def reliability(
    filaments: FilamentSet,
    sigma_log10: float,
    true_log10_g,
    steps: str = "nominal",
    assumed_sigma_log10: float | None = None,
    after_change: int = 4,
    guess: float = 0.0,
    lapse: float = 0.0,
) -> Reliability:
    """Expected bias, spread and failures of the up-down estimate.

    Arguments:
        sigma_log10: true width of the animal's curve. true_log10_g: true thresholds, scalar or shape (n,).
        steps, assumed_sigma_log10: as the estimator will be used (see :func:`thecal.assay.threshold.estimate`).

    Returns: :class:`Reliability`. Exact but for rounding: every possible series is weighted by its probability.
    """
    responses, last = every_series(filaments, after_change)
    fitted = _fitted(filaments, steps, assumed_sigma_log10, after_change)
    truth = np.atleast_1d(np.asarray(true_log10_g, dtype=np.float64))
    weight = _probabilities(responses, last, filaments, truth, sigma_log10, guess, lapse)
    known = fitted.censored == ""
    share = weight[:, known].sum(axis=1)
    mean = weight[:, known] @ fitted.log10_g[known] / share
    square = weight[:, known] @ fitted.log10_g[known] ** 2 / share
    inside = (fitted.low[None, :] <= truth[:, None]) & (truth[:, None] <= fitted.high[None, :])
    bias, sd = mean - truth, np.sqrt(np.maximum(square - mean**2, 0.0))
    assumed = filaments.step_log10 if assumed_sigma_log10 is None else assumed_sigma_log10
    return Reliability(
        truth,
        bias,
        sd,
        1.0 - share,
        (weight * inside).sum(axis=1),
        weight @ responses.length,
        _warnings(filaments, sigma_log10, assumed, truth, bias, sd, 1.0 - share),
    )


@functools.lru_cache(maxsize=32)
def every_series(filaments: FilamentSet, after_change: int = 4) -> tuple[Responses, np.ndarray]:
    """Every series that the rule allows from the set's start, with its last filament."""
    finished: list[tuple[list[int], int]] = []
    open_series: list[tuple[list[int], int, int]] = [([], filaments.start, -1)]  # letters, filament, responses left
    while open_series:
        letters, place, left = open_series.pop()
        for answer in (0, 1):
            now = [*letters, answer]
            still = left - 1 if left > 0 else after_change if letters and answer != letters[-1] else left
            onward = place + (-1 if answer else 1)
            if still == 0 or not 1 <= onward <= len(filaments):
                finished.append((now, place))
            else:
                open_series.append((now, onward, still))
    table = np.full((len(finished), longest_series(filaments, after_change)), -1, dtype=np.int8)
    for row, (letters, _) in enumerate(finished):
        table[row, : len(letters)] = letters
    length = (table >= 0).sum(axis=1)
    return Responses(table[:, : int(length.max())], length), np.array([place for _, place in finished])


@functools.lru_cache(maxsize=32)
def _fitted(filaments: FilamentSet, steps: str, sigma: float | None, after_change: int) -> Thresholds:
    return estimate(*every_series(filaments, after_change), filaments, steps=steps, sigma_log10=sigma)


def _probabilities(
    responses: Responses,
    last: np.ndarray,
    filaments: FilamentSet,
    truth: np.ndarray,
    sigma: float,
    guess: float,
    lapse: float,
) -> np.ndarray:
    """P(series | true threshold), shape (thresholds, series); each row sums to 1."""
    curve = ResponseCurve(guess=guess, lapse=lapse)
    chance = response_probability(truth, np.full(truth.size, float(sigma)), curve, filaments)
    path = np.clip(positions(responses, last), 1, len(filaments)) - 1
    p = chance[:, path]
    p = np.where(responses.letters == 1, p, 1.0 - p)
    return np.where(responses.given, p, 1.0).prod(axis=2)


def _warnings(filaments: FilamentSet, sigma: float, assumed: float, truth, bias, sd, none) -> tuple[str, ...]:
    said = []
    step, ratio = filaments.step_log10, sigma / assumed
    if step > 2.0 * sigma:
        said.append(
            f"The steps ({step:.2f} log10) are more than twice the width of the curve ({sigma:.2f}): the estimate "
            "jumps between filaments. Use a finer set."
        )
    if not 0.5 <= ratio <= 2.0:
        said.append(
            f"The estimator assumes a curve of width {assumed:.2f} log10, the animals have {sigma:.2f}: intervals "
            "of single sessions are wrong. Pool sessions, or state the width."
        )
    for at, value, limit, text in (
        (truth, np.abs(bias), BIAS_LIMIT_LOG10, "is biased by up to {:.2f} log10"),
        (truth, sd, SD_LIMIT_LOG10, "has a spread (SD) of up to {:.2f} log10 from the method alone"),
        (truth, none, NO_ESTIMATE_LIMIT, "does not exist in up to {:.0%} of sessions (letters all alike)"),
    ):
        if value.max() > limit:
            where = 10.0 ** at[int(value.argmax())]
            said.append(f"The estimate {text.format(float(value.max()))}, at a true threshold of {where:.3g} g.")
    return tuple(said)
