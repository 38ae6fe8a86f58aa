"""When to look at the latent curves: finely after a dose, coarsely elsewhere."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import ArrayLike

from thecal.study.plan import ArmPlan, Visit


def latent_grid(dose_days: ArrayLike, end_d: float, start_d: float = 0.0) -> np.ndarray:
    """Times (days) at which latent curves are read: every 5 min for 24 h after a dose, every 6 h elsewhere.

    Arguments:
        dose_days: (k,) days of the doses; those outside [start_d, end_d] are ignored.
        end_d, start_d: the last and the first time, both on the grid.
    """
    if not end_d > start_d:
        raise ValueError(f"the grid must end after it starts, not at {end_d} d from {start_d} d")
    doses = sorted({float(d) for d in np.atleast_1d(np.asarray(dose_days, float)) if start_d <= d <= end_d})
    marks = [start_d, *doses, end_d]
    pieces = []
    for here, there in itertools.pairwise(marks):
        fine_until = min(here + 1.0, there) if here in doses else here
        pieces += [here + np.arange(0, math.ceil((fine_until - here) * 288 - 1e-9)) / 288.0,
                   fine_until + np.arange(0, math.ceil((there - fine_until) * 4 - 1e-9)) / 4.0]
    return np.append(np.concatenate(pieces), end_d)


def times_of(arm: ArmPlan, visits: tuple[Visit, ...], start_d: float, end_d: float) -> np.ndarray:
    """The latent grid of an arm, together with its visits."""
    doses = [day for a in arm.administrations for day in (a.day_d, a.end_d)] + [r.day_d for r in arm.removals]
    grid = latent_grid(doses, max(end_d, arm.end_d), start_d)
    return np.unique(np.concatenate([grid, [v.day_d for v in visits]]))
