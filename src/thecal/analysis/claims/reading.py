"""What a claim's test reads: numbers of latent relief, and the published kinds of comparison on notebook values."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from thecal.analysis.claims.laboratory import Experiment, Laboratory
from thecal.analysis.relief import Relief
from thecal.analysis.statistics.anova import oneway, rm_anova

ALPHA = 0.05


@dataclass(frozen=True)
class Shown:
    """Per draw: ``reproduced`` and ``latent`` (bool), ``value`` (float, NaN where undefined)."""

    reproduced: np.ndarray
    latent: np.ndarray
    value: np.ndarray


def show(lab: Laboratory, latent: np.ndarray, value: np.ndarray,
         experiment: Callable[[], np.ndarray] | None = None) -> Shown:
    """A finding whose noise-free part must hold, and whose experiment must show it where there is one.

    A laboratory of typical animals has no groups to compare: there the noise-free part stands alone.
    """
    latent = np.asarray(latent, bool)
    seen = latent if experiment is None or lab.typical else latent & np.asarray(experiment(), bool)
    return Shown(seen, latent, np.asarray(value, float))


def numbers(found: list[Relief | None], what: str) -> np.ndarray:
    """One number of each draw's relief; NaN where there is none."""
    numbers = [math.nan if r is None or getattr(r, what) is None else float(getattr(r, what)) for r in found]
    return np.array(numbers)


def significant(lab: Laboratory, arm: str, days: tuple[float, float]) -> np.ndarray:
    """The arm lies above its reference (less pain), two-way repeated-measures ANOVA, P < 0.05."""
    mine = lab.run(arm)
    return higher(mine, lab.run(f"{arm.split('/', 1)[0]}/{mine.arm.reference}"), days)


def higher(upper: Experiment, lower: Experiment, days: tuple[float, float]) -> np.ndarray:
    """One arm lies above another: two-way repeated-measures ANOVA over shared visits, arm effect, P < 0.05."""
    a, b = _shared(upper, lower, days)
    y = np.concatenate([b, a], axis=1)
    group = np.repeat([0, 1], [b.shape[1], a.shape[1]])
    if y.shape[2] < 2:
        test = oneway(y[:, :, 0], group)
        p = test.p
    else:
        p = rm_anova(y, group).arm.p
    return (p < ALPHA) & (a.mean(axis=(1, 2)) > b.mean(axis=(1, 2)))


def difference(one: Experiment, other: Experiment, days: tuple[float, float]) -> np.ndarray:
    """Difference of the notebook's means over shared visits, log10 g, (draws,)."""
    a, b = _shared(one, other, days)
    return a.mean(axis=(1, 2)) - b.mean(axis=(1, 2))


def _shared(one: Experiment, other: Experiment, days: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Notebook thresholds of both arms on the visits they share within a stretch of days."""
    both = [d for d in one.days if d in other.days and days[0] <= d <= days[1]]
    if not both:
        raise ValueError(f"{one.arm.id} and {other.arm.id} share no visit in {days}")
    return (one.thresholds[:, :, np.isin(one.days, both)], other.thresholds[:, :, np.isin(other.days, both)])
