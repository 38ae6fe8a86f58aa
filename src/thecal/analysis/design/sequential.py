"""Group-sequential designs: look early, stop when the answer is there, and keep the error rate.

Nominal levels at the looks come from the joint normal distribution of the statistics (correlation √(n_i/n_j)):
*Pocock* spends evenly, *O'Brien–Fleming* saves nearly all for the end. They are applied to the p values of the planned
test at each look, which keeps the level closely even at small n (checked by simulation in the tests).
Source: Pocock 1977; O'Brien & Fleming 1979; Jennison & Turnbull 2000, tables 2.1 and 2.3 (the twin).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from thecal.analysis.design.population import Conditions, Pair, experiments
from thecal.analysis.design.power import USUAL, decisions, share

Floats = NDArray[np.float64]
KINDS = ("obrien-fleming", "pocock")


@dataclass(frozen=True)
class Boundaries:
    """Looks at cumulative animals per arm, with the critical |z| and the two-sided nominal level of each."""

    kind: str
    sizes: tuple[int, ...]
    critical: tuple[float, ...]
    nominal: tuple[float, ...]


def boundaries(sizes: Sequence[int], alpha: float = 0.05, kind: str = "obrien-fleming") -> Boundaries:
    """Critical values whose overall two-sided level is alpha.

    Arguments:
        sizes: cumulative animals per arm at each look, increasing; at most 8 looks.
        kind: ``obrien-fleming`` (critical value ∝ 1/√information) or ``pocock`` (constant).

    Errors: ValueError for looks that do not increase or an unknown kind.
    """
    n = np.asarray(sizes, float)
    if n.size < 1 or n.size > 8 or np.any(np.diff(n) <= 0) or n[0] < 2:
        raise ValueError("looks need increasing numbers of animals, from 2 on, and at most 8 looks")
    if kind not in KINDS:
        raise ValueError(f"boundaries must be one of {', '.join(KINDS)}, not '{kind}'")
    shape = np.sqrt(n[-1] / n) if kind == "obrien-fleming" else np.ones(n.size)
    if n.size == 1:
        c = float(stats.norm.isf(alpha / 2))
    else:
        c = float(optimize.brentq(lambda x: _stay(x * shape, n) - (1 - alpha), 1.0, 5.0, xtol=1e-6))
    critical = c * shape
    return Boundaries(kind, tuple(int(k) for k in n), tuple(map(float, critical)),
                      tuple(float(2 * stats.norm.sf(z)) for z in critical))


def _stay(critical: Floats, n: Floats) -> float:
    """Probability that |z| stays inside at every look, by recursive integration over the increments.

    S_k = S_{k−1} + N(0, n_k − n_{k−1}) on a grid of the partial sum; trapezoid rule, error below 1e-5.
    """
    grid = np.linspace(-1, 1, 401)
    edge = critical[0] * np.sqrt(n[0])
    s = grid * edge
    density = stats.norm.pdf(s, scale=np.sqrt(n[0]))
    for k in range(1, n.size):
        edge = critical[k] * np.sqrt(n[k])
        new = grid * edge
        kernel = stats.norm.pdf(new[:, None] - s[None, :], scale=np.sqrt(n[k] - n[k - 1]))
        density, s = np.trapezoid(kernel * density, s, axis=1), new
    return float(np.trapezoid(density, s))


def sequential_power(pair: Pair, looks: Boundaries, count: int, seed: int, test: str = "mean",
                     conditions: Conditions = USUAL, null: bool = False) -> pd.DataFrame:
    """What stopping early is worth: how often, at which look, and how many animals on average.

    Returns: one row per look (look, n, nominal, stopped, cumulative) and the attributes ``power``, ``low``, ``high``,
    ``expected_n`` in ``.attrs``.
    """
    before, after = pair.split()
    y = experiments(pair, looks.sizes[-1], count, seed, conditions, null=null)
    p = np.array([decisions(y[:, :, :n], before, after, pair.planned_visit())[test] for n in looks.sizes])
    crossed = p < np.array(looks.nominal)[:, None]
    first = np.where(crossed.any(0), crossed.argmax(0), len(looks.sizes))
    used = np.array([*looks.sizes, looks.sizes[-1]])[first]
    rows = pd.DataFrame({"look": np.arange(1, len(looks.sizes) + 1), "n": looks.sizes, "nominal": looks.nominal,
                         "stopped": [float(np.mean(first == k)) for k in range(len(looks.sizes))]})
    rows["cumulative"] = rows["stopped"].cumsum()
    found = share(first < len(looks.sizes))
    rows.attrs.update(power=found.value, low=found.low, high=found.high, expected_n=float(used.mean()))
    return rows
