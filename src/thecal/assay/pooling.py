"""Pool sessions where a single one says little: a probit with a random threshold per session.

    P(X at force F in session j of condition c) = guess + (1 - guess - lapse) Phi((log10 F - mu_c - b_j) / sigma_c)
    b_j ~ Normal(0, tau_c)

After SNI the curve is so flat (sigma near 1.4 log10) that six touches hardly fix one threshold; the condition's mean is
still well determined. The session estimate returned here is the posterior mean, drawn toward mu_c as far as its own
responses are weak. The random effect is integrated by Gauss-Hermite quadrature.

Source: random-effects probit as in Bradman 2015 J Neurosci Methods 255:92 (fitted curves, pooled data).
Validity: the adaptive design is ignorable (the next filament depends on past responses only). With few
sessions on a flat curve tau may be estimated as 0; the sessions are then all alike, and their own SD of 0 is too small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, logsumexp, ndtr

from thecal.assay.filaments import FilamentSet
from thecal.assay.series import positions, read_series
from thecal.assay.threshold import forces_of
from thecal.core.errors import ThecalError

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(41)
_LOG_WEIGHTS = np.log(_WEIGHTS / _WEIGHTS.sum())
_SIGMA_BOUNDS, _TAU_BOUNDS = (0.02, 10.0), (1e-3, 5.0)


@dataclass(frozen=True)
class PooledCurve:
    """The fitted curve of one condition.

    Arguments:
        mean_log10_g, mean_se: mu and its standard error (from the observed information).
        sigma_log10, sigma_se_log: width of the curve, and the standard error of its natural logarithm.
        tau_log10: spread of the threshold between sessions.
        session_log10_g, session_sd: posterior mean and SD per session, shape (n,).
        trials: stimuli used. log_likelihood: at the maximum. converged: whether the optimiser said so.
    """

    mean_log10_g: float
    mean_se: float
    sigma_log10: float
    sigma_se_log: float
    tau_log10: float
    session_log10_g: np.ndarray
    session_sd: np.ndarray
    trials: int
    log_likelihood: float
    converged: bool


def pool(
    series,
    last,
    filaments: FilamentSet,
    guess: float = 0.0,
    lapse: float = 0.0,
    sigma_log10: float | None = None,
    steps: str = "exact",
) -> PooledCurve:
    """Fit one condition's sessions together.

    Arguments:
        series, last: as in :func:`thecal.assay.threshold.estimate`, shape (n,); sessions without a change of letter
            count too.
        guess, lapse: probability of X far below, and of O far above, the threshold.
        sigma_log10: hold the width fixed instead of estimating it.

    Returns: :class:`PooledCurve`.
    Errors: ThecalError when all responses are alike, so that no curve can be fitted.
    """
    responses = read_series(series)
    last = np.asarray(last, dtype=np.int64)
    if not (0 <= guess < 0.5 and 0 <= lapse < 0.5):
        raise ThecalError.single("pool", "guess and lapse must lie in [0, 0.5)", seen=f"{guess}, {lapse}")
    if not ((responses.letters == 1).any() and (responses.letters == 0).any()):
        raise ThecalError.single(
            "series", "all responses are alike, so no curve can be fitted", remedy="report the sessions as censored"
        )
    code = responses.codes() * 64 + np.clip(last, -20, 40) + 20
    _, first, back, count = np.unique(code, return_index=True, return_inverse=True, return_counts=True)
    forces = forces_of(positions(responses, last)[first], filaments, steps, last[first])
    letters = responses.letters[first]

    from scipy.optimize import minimize  # a tenth of a second that a simulated study need not pay

    def sessions(parameters: np.ndarray) -> np.ndarray:
        mean, log_sigma, log_tau = parameters
        width = np.exp(log_sigma) if sigma_log10 is None else sigma_log10
        return _joint(forces, letters, mean + np.exp(log_tau) * _NODES, width, guess, lapse)

    def loss(parameters: np.ndarray) -> float:
        return -float(count @ logsumexp(sessions(parameters), axis=1))

    used = letters >= 0
    begin = np.array(
        [np.average(np.where(used, forces, 0).sum(1) / used.sum(1), weights=count), np.log(0.5), np.log(0.3)]
    )
    bounds = [(None, None), tuple(np.log(_SIGMA_BOUNDS)), tuple(np.log(_TAU_BOUNDS))]
    fits = [
        minimize(loss, begin + shift, method="L-BFGS-B", bounds=bounds)
        for shift in (np.zeros(3), np.array([0.0, 0.7, -1.5]))
    ]  # the second start guards against a flat ridge
    fit = min(fits, key=lambda result: result.fun)
    mean_se, sigma_se = _standard_errors(loss, fit.x, estimated_width=sigma_log10 is None)
    joint = sessions(fit.x)
    posterior = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
    grid = fit.x[0] + np.exp(fit.x[2]) * _NODES
    mean = posterior @ grid
    spread = np.sqrt(np.maximum(posterior @ grid**2 - mean**2, 0.0))
    width = float(np.exp(fit.x[1])) if sigma_log10 is None else float(sigma_log10)
    return PooledCurve(
        float(fit.x[0]),
        mean_se,
        width,
        sigma_se,
        float(np.exp(fit.x[2])),
        mean[back.ravel()],
        spread[back.ravel()],
        int(responses.length.sum()),
        -float(fit.fun),
        bool(fit.success),
    )


def _joint(forces, letters, thresholds, width, guess, lapse) -> np.ndarray:
    """Log P(series, node): shape (sessions, nodes)."""
    z = (forces[:, :, None] - thresholds) / width
    if guess == 0 and lapse == 0:
        log_p = log_ndtr(np.where(letters[:, :, None] == 1, z, -z))
    else:
        p = guess + (1 - guess - lapse) * ndtr(z)
        log_p = np.log(np.where(letters[:, :, None] == 1, p, 1 - p).clip(1e-300))
    return np.where(letters[:, :, None] >= 0, log_p, 0.0).sum(axis=1) + _LOG_WEIGHTS


def _standard_errors(loss, at: np.ndarray, estimated_width: bool) -> tuple[float, float]:
    """From the curvature of the loss by central differences; a parameter at its bound is held."""
    at_bound = at[2] < np.log(_TAU_BOUNDS[0]) + 1
    free = [0, *([1] if estimated_width else []), *([] if at_bound else [2])]
    h = 1e-3
    hessian = np.empty((len(free), len(free)))
    for i, a in enumerate(free):
        for j, b in enumerate(free):
            corners = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
            total = sum(p * q * loss(at + h * (p * np.eye(3)[a] + q * np.eye(3)[b])) for p, q in corners)
            hessian[i, j] = total / (4 * h * h)
    variance = np.diag(np.linalg.pinv(hessian))
    error = np.sqrt(np.where(variance > 0, variance, np.nan))
    return float(error[0]), float(error[1]) if estimated_width else 0.0
