"""Percent response: each filament is applied a fixed number of times, and a psychometric curve is fitted to the counts.

    count at force F ~ Binomial(touches, Phi((log10 F - theta) / sigma))

theta is the force answered half of the time. The interval is that of the profile likelihood: at each theta the best
sigma is taken, so an unknown slope widens it.

Source: Bradman 2015 J Neurosci Methods 255:92 (why fitted curves rather than single filaments).
Validity: sigma is searched from 0.05 to 2 log10; a session with all touches alike has no curve and is returned as
censored.
"""

from __future__ import annotations

import numpy as np
from scipy.special import log_ndtr

from thecal.assay.threshold import Thresholds, chi2_one
from thecal.core.errors import ThecalError

_SIGMAS = np.geomspace(0.05, 2.0, 61)
_MARGIN_LOG10 = 2.0  # how far beyond the filaments a threshold is looked for


def fit_counts(forces_log10_g, responses, touches, sigma_log10: float | None = None, level: float = 0.95) -> Thresholds:
    """50 % thresholds from counts.

    Arguments:
        forces_log10_g: log10 force of each filament, shape (m,), ascending.
        responses, touches: withdrawals and touches per session and filament, shape (n, m); touches 0 where not tested.
        sigma_log10: hold the width fixed (a pooled value, say); None to fit it in each session.

    Returns: :class:`Thresholds`; an interval that runs past the search range is open (-inf or +inf).
    Errors: ThecalError when a count is negative, broken or above the touches.
    """
    forces = np.asarray(forces_log10_g, dtype=np.float64)
    hits = np.atleast_2d(np.asarray(responses, dtype=np.float64))
    touched = np.broadcast_to(np.asarray(touches, dtype=np.float64), hits.shape)
    wrong = ~((hits >= 0) & (hits <= touched) & (hits == np.round(hits)))
    if wrong.any():
        raise ThecalError.single(
            "responses",
            "a count of responses must be a whole number from 0 to the touches",
            seen=f"{hits[wrong][0]:g} of {touched[wrong][0]:g}",
        )
    sigmas = _SIGMAS if sigma_log10 is None else np.array([float(sigma_log10)])
    grid = np.arange(forces[0] - _MARGIN_LOG10, forces[-1] + _MARGIN_LOG10, 0.01)
    z = (forces[None, None, :] - grid[:, None, None]) / sigmas[None, :, None]
    yes, no = log_ndtr(z), log_ndtr(-z)
    _, first, back = np.unique(np.hstack([hits, touched]), axis=0, return_index=True, return_inverse=True)
    fits = [_one(grid, hits[i], touched[i], forces, sigmas, yes, no, chi2_one(level)) for i in first]
    centre, low, high, censored = (np.array(column) for column in zip(*fits, strict=True))
    return Thresholds(centre, low, high, censored.astype("U1"), np.zeros(len(fits), dtype=bool)).take(back.ravel())


def _one(grid, hits, touched, forces, sigmas, yes, no, quantile) -> tuple[float, float, float, str]:
    tested = touched > 0
    if not tested.any():
        return np.nan, np.nan, np.nan, ""
    surface = yes @ hits + no @ (touched - hits)
    profile = surface.max(axis=1)
    peak = int(profile.argmax())
    inside = profile >= profile[peak] - quantile / 2
    low = -np.inf if inside[0] else _cross(grid, profile, int(inside.argmax()) - 1, profile[peak] - quantile / 2)
    last = len(grid) - 1 - int(inside[::-1].argmax())
    high = np.inf if inside[-1] else _cross(grid, profile, last, profile[peak] - quantile / 2)
    if hits.sum() == touched.sum():
        return float(forces[tested][0]), -np.inf, high, "<"
    if hits.sum() == 0:
        return float(forces[tested][-1]), low, np.inf, ">"
    best = surface[peak].argmax()
    return _polish(_vertex(grid, profile, peak), sigmas[best], hits, touched, forces, len(sigmas) == 1), low, high, ""


def _polish(theta: float, sigma: float, hits, touched, forces, width_known: bool) -> float:
    """From the best point of the grid to the maximum; along a flat top (a step-like curve) the start is kept."""

    def loss(at: np.ndarray) -> float:
        z = (forces - at[0]) / (sigma if width_known else np.exp(at[1]))
        return -float(hits @ log_ndtr(z) + (touched - hits) @ log_ndtr(-z))

    begin = np.array([theta, np.log(sigma)])
    from scipy.optimize import minimize  # a tenth of a second that up-down tests need not pay

    found = minimize(
        loss,
        begin,
        method="L-BFGS-B",
        bounds=[(theta - 0.1, theta + 0.1), tuple(np.log(_SIGMAS[[0, -1]]))],
        options={"ftol": 1e-14, "gtol": 1e-9},
    )
    return float(found.x[0]) if found.fun < loss(begin) - 1e-9 else theta


def _cross(grid: np.ndarray, profile: np.ndarray, left: int, target: float) -> float:
    """Where the profile crosses the target between two points of the grid."""
    a, b = profile[left], profile[left + 1]
    return float(grid[left] + (grid[left + 1] - grid[left]) * (target - a) / (b - a))


def _vertex(grid: np.ndarray, profile: np.ndarray, peak: int) -> float:
    """The top of the parabola through the best point and its neighbours; the middle of a flat top."""
    top = np.flatnonzero(profile >= profile[peak] - 1e-9)
    if top.size > 1:
        return float(grid[top].mean())
    if not 0 < peak < len(grid) - 1:
        return float(grid[peak])
    a, b, c = profile[peak - 1 : peak + 2]
    return float(grid[peak] + 0.5 * (grid[1] - grid[0]) * (a - c) / (a - 2 * b + c))
