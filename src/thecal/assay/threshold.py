"""The 50 % withdrawal threshold of an up-down series: one estimator for simulated and real animals.

The responses are taken as independent with P(X at force F) = Phi((log10 F - theta) / sigma); theta maximises

    sum over X of log Phi((x - theta)/sigma) + sum over O of log Phi((theta - x)/sigma)

With equal steps and sigma = step this is Dixon's method, and k = (theta - x_last)/step reproduces his table; with the
true forces of the filaments (``steps="exact"``) it is the same idea without the rounding of the table. A session where
the letter never changes has no maximum: it is returned as censored, with a bound, and no number is invented.

Sources: Dixon 1965 J Am Stat Assoc 60:967; Chaplan 1994 J Neurosci Methods 53:55.
Validity: the interval assumes that sigma is known and right. See :mod:`thecal.assay.reliability` for what happens when
it is not, and :mod:`thecal.assay.pooling` for sessions where the curve is flat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv, log_ndtr

from thecal.assay.filaments import FilamentSet
from thecal.assay.series import Responses, positions, read_series
from thecal.core.errors import ThecalError

_LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class Thresholds:
    """Estimates of n sessions.

    Arguments:
        log10_g: estimate; for a censored session the last filament used; NaN for an empty series.
        low, high: likelihood interval; -inf or +inf on the open side of a censored session.
        censored: "", "<" (every response was a withdrawal) or ">" (there was none).
        outside: the path leaves the filament set, so some forces were extrapolated by the mean step.
    """

    log10_g: np.ndarray
    low: np.ndarray
    high: np.ndarray
    censored: np.ndarray
    outside: np.ndarray

    def __len__(self) -> int:
        return self.log10_g.size

    @property
    def grams(self) -> np.ndarray:
        """Estimates in g."""
        return 10.0**self.log10_g

    def take(self, index: np.ndarray) -> Thresholds:
        """The sessions at ``index``."""
        return Thresholds(*(values[index] for values in vars(self).values()))


def estimate(
    series, last, filaments: FilamentSet, steps: str = "exact", sigma_log10: float | None = None, level: float = 0.95
) -> Thresholds:
    """50 % thresholds of many sessions.

    Arguments:
        series: strings of O and X, shape (n,), or :class:`Responses`.
        last: position (from 1) of the last filament used, shape (n,).
        filaments: the set in use.
        steps: "exact" uses the true force of each filament, "nominal" equal steps from the last one (Dixon, Chaplan).
        sigma_log10: assumed width of the psychometric curve; the mean step when None, as in Dixon's table.
        level: coverage of the likelihood interval {theta: 2 (l_max - l(theta)) <= chi2_1(level)}.

    Returns: :class:`Thresholds`, in the order given. Equal sessions are computed once.
    Source: as the module; interval by Wilks' theorem, coverage measured in ``assay.reliability``.
    """
    if steps not in ("exact", "nominal"):
        raise ThecalError.single("steps", "unknown kind of filament steps", seen=str(steps), allowed="exact, nominal")
    responses = series if isinstance(series, Responses) else read_series(series)
    last = np.asarray(last, dtype=np.int64)
    code = responses.codes() * 64 + np.clip(last, -20, 40) + 20
    _, first, back = np.unique(code, return_index=True, return_inverse=True)
    distinct = Responses(responses.letters[first], responses.length[first])
    sigma = filaments.step_log10 if sigma_log10 is None else float(sigma_log10)
    if not sigma > 0:
        raise ThecalError.single("sigma_log10", "the width of the curve must be positive", seen=str(sigma))
    path = positions(distinct, last[first])
    outside = (((path < 1) | (path > len(filaments))) & distinct.given).any(axis=1)
    forces = forces_of(path, filaments, steps, last[first])
    centre, low, high, censored = _likelihood(forces / sigma, distinct, chi2_one(level))
    return Thresholds(centre * sigma, low * sigma, high * sigma, censored, outside).take(back.ravel())


def chi2_one(level: float) -> float:
    """Quantile of chi-squared with one degree of freedom, as ``scipy.stats.chi2.ppf``, whose import is dear."""
    return float(2 * gammaincinv(0.5, level))


def dixon_k(series) -> np.ndarray:
    """Dixon's k: (estimate - last level) in steps, shape (n,); NaN where the letter never changes.

    Published for 2 to 9 responses with a change (248 series, Dixon 1965, Chaplan 1994); this gives any length.
    """
    responses = read_series(series)
    path = positions(responses, np.zeros(len(responses), dtype=np.int64)).astype(float)
    centre, _, _, censored = _likelihood(path, responses, 3.84)
    return np.where(censored == "", centre, np.nan)


def forces_of(path: np.ndarray, filaments: FilamentSet, steps: str, last: np.ndarray) -> np.ndarray:
    """log10 force at each position; beyond the set, and with nominal steps, one mean step per position."""
    scale, count, step = filaments.forces_log10_g, len(filaments), filaments.step_log10
    nearest = np.clip(path, 1, count)
    if steps == "nominal":
        held = np.clip(last, 1, count)
        return scale[held - 1][:, None] + step * (path - held[:, None])
    return scale[nearest - 1] + step * (path - nearest)


def _likelihood(levels: np.ndarray, responses: Responses, quantile: float) -> tuple[np.ndarray, ...]:
    """Maximum and interval in units of sigma, by Newton's method on a concave function; all series at once."""
    given, crossed = responses.given, responses.crossed
    signs = np.where(given, np.where(responses.letters == 1, 1.0, -1.0), 0.0)
    n = len(responses)
    centre, low, high = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
    censored = np.full(n, "", dtype="U1")
    if crossed.any():
        x, s = levels[crossed], signs[crossed]
        peak = _maximum(x, s)
        top, _, bend = _log_likelihood(peak, x, s)
        spread = np.sqrt(quantile / -bend)
        centre[crossed] = peak
        low[crossed] = _drop(peak - spread, x, s, top - quantile / 2)
        high[crossed] = _drop(peak + spread, x, s, top - quantile / 2)
    for letter, mark, bound, open_side in ((1, "<", high, low), (0, ">", low, high)):
        flat = ~crossed & (responses.letters[:, 0] == letter)
        if flat.any():
            x, s = levels[flat], signs[flat]
            extreme = x[np.arange(x.shape[0]), responses.length[flat] - 1]
            centre[flat], censored[flat] = extreme, mark
            bound[flat] = _drop(extreme, x, s, np.full(x.shape[0], -quantile / 2))
            open_side[flat] = -np.inf if letter else np.inf
    return centre, low, high, censored


def _log_likelihood(theta: np.ndarray, x: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-likelihood, slope and curvature in theta, each shape (n,); s = +1 for X, -1 for O, 0 for none."""
    w = s * (x - theta[:, None])
    log_p = log_ndtr(w)
    hazard = np.exp(-0.5 * w * w - _LOG_ROOT_2PI - log_p)
    used = s != 0
    return ((log_p * used).sum(axis=1), -(s * hazard).sum(axis=1), -(hazard * (hazard + w) * used).sum(axis=1))


def _maximum(x: np.ndarray, s: np.ndarray) -> np.ndarray:
    used = s != 0
    theta = (x * used).sum(axis=1) / used.sum(axis=1)
    for _ in range(100):
        _, slope, bend = _log_likelihood(theta, x, s)
        step = np.clip(-slope / bend, -2.0, 2.0)
        theta = theta + step
        if np.abs(step).max() < 1e-12:
            break
    return theta


def _drop(theta: np.ndarray, x: np.ndarray, s: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Where a concave log-likelihood falls to ``target``, on the side of the peak where ``theta`` starts."""
    for _ in range(100):
        value, slope, _ = _log_likelihood(theta, x, s)
        step = np.clip((target - value) / slope, -4.0, 4.0)
        theta = theta + step
        if np.abs(step).max() < 1e-12:
            break
    return theta
