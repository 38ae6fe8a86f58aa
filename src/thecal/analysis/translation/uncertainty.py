"""How sure one can be, and what to measure next: parameters, studies and the choice of a rule, taken apart.

Days of relief ``Y(p, s, r)`` depend on the parameter draw ``p``, on how this study differs from others (``s``: the
duration is multiplied by ``exp(tau z_s)``, ``tau`` the between-study spread of published durations) and on the rule
``r``. All combinations are computed, so Sobol's indices are exact for these draws::

    first_i = Var(E[Y | i]) / Var(Y),          total_i = E[Var(Y | all but i)] / Var(Y)

Within the parameters, ``Var(E[Y | x]) / Var(Y)`` of a single number ``x`` is the variance that measuring it would be
expected to remove. It is estimated from the same draws by bins of equal count, less what chance gives.
Sources: Sobol 2001 Math Comput Simul 55:271; Plischke 2010 Reliab Eng Syst Saf 95:354 (estimation from given draws).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from thecal.core.register import Register, load

Floats = NDArray[np.float64]
STUDIES = 41   # quantiles of how studies differ
BINS = 6
CHANCE = 0.05  # a number is named only where chance would give its share more rarely, over all numbers looked at


def spread_over_studies(days: Floats, tau: float, longest_d: float) -> Floats:
    """Days of relief as other studies would find them, capped by the length of the record.

    Arguments:
        days: (rules, draws). tau: spread of log duration between studies.

    Returns: (rules, draws, studies).
    """
    z = stats.norm.ppf((np.arange(STUDIES) + 0.5) / STUDIES)
    return np.minimum(days[..., None] * np.exp(tau * z), longest_d)


def indices(y: Floats) -> list[tuple[float, float]]:
    """(first, total) index of each axis of a full table, equal weights; (0, 0) for all where nothing varies."""
    whole = float(y.var())
    found = []
    for axis in range(y.ndim):
        others = tuple(a for a in range(y.ndim) if a != axis)
        first, total = float(y.mean(axis=others).var()), float(y.var(axis=axis).mean())
        found.append((first / whole, total / whole) if whole > 0 else (0.0, 0.0))
    return found


def reduction(x: Floats, y: Floats, bins: int = BINS) -> tuple[float, float]:
    """Share of the variance of ``y`` that knowing ``x`` removes, less what chance gives, and its P value.

    Arguments: x, y: (draws,).
    """
    edges = np.quantile(x, np.linspace(0, 1, bins + 1)[1:-1])
    place = np.searchsorted(edges, x)
    groups = [y[place == k] for k in range(bins) if np.any(place == k)]
    n, k = y.size, len(groups)
    whole = float(((y - y.mean())**2).sum())
    if whole <= 0 or k < 2 or n <= k:
        return 0.0, 1.0
    between = sum(g.size * (g.mean() - y.mean())**2 for g in groups) / whole
    adjusted = 1 - (1 - between) * (n - 1) / (n - k)
    ratio = between / max(1 - between, 1e-12) * (n - k) / (k - 1)
    return max(adjusted, 0.0), float(stats.f.sf(ratio, k - 1, n - k))


def measure_next(scores: Sequence[Mapping[str, float]], y: Floats, part: float, register: Register,
                 used: Collection[str], count: int = 8) -> list[dict[str, Any]]:
    """Numbers whose measurement would teach most about the days of relief.

    Arguments:
        scores: the draws by parameter. y: days averaged over rules and studies, (draws,).
        part: share of the whole variance that parameters carry (first order).
        used: ids that the computed animal reads at all.

    Returns: rows with the share of the parameters' variance and of the whole that measuring it removes.
    """
    table = {name: np.array([one.get(name, 0.0) for one in scores]) for name in sorted(used)
             if name in register}
    table = {name: x for name, x in table.items() if np.ptp(x) > 0}
    rows: list[dict[str, Any]] = []
    for name, x in table.items():
        share, p = reduction(x, y)
        entry = register[name]
        if p * len(table) < CHANCE:
            rows.append({"parameter": name, "meaning": load()[name].context, "share_of_parameters": share,
                         "share_of_all": share * part, "p": p, "kind": entry.kind, "low": entry.low,
                         "high": entry.high, "unit": entry.unit, "source": entry.source})
    return sorted(rows, key=lambda row: -float(row["share_of_parameters"]))[:count]


def quantiles(values: Floats) -> list[float] | None:
    """5th, 50th and 95th percentile of what is finite; None where nothing is."""
    fine = values[np.isfinite(values)]
    return [float(q) for q in np.quantile(fine, [0.05, 0.5, 0.95])] if fine.size else None
