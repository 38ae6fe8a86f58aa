"""Does a labelled cell mean a living cell? Living cells, remains and host cells with label, at all ganglia."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from thecal.engine.homing import Conditions, Course


def label_over_days(conditions: Conditions, course: Course) -> dict[str, np.ndarray]:
    """What carries the label at all borders of one run, in cells; each (days,).

    ``corpses`` are dead cells that lie there still. Of those cleared, a share ``homing.label_transfer`` (f_l) ends in
    ``host`` cells, H, where label has a half-life h_l::

        dH/dt = f_l (clearance) - H ln2 / h_l                  clearance as counted, even over each step of days
    """
    v, days = conditions.values, course.days
    living, corpses, died = (counts.sum(axis=1) * course.weight
                             for counts in (course.captured, course.remains, course.died_at))
    cleared = np.diff(died - corpses, prepend=0.0)
    fade = math.log(2) / v["homing.label_half_life"]
    host = np.zeros(days.size)
    for k in range(1, days.size):
        step = days[k] - days[k - 1]
        kept = -math.expm1(-fade * step) / (fade * step)
        host[k] = host[k - 1] * math.exp(-fade * step) + v["homing.label_transfer"] * cleared[k] * kept
    return {"day": days, "living": living, "corpses": corpses, "host": host}


def label_day(labels: Mapping[str, np.ndarray]) -> float:
    """Day from which corpses and host cells with label outnumber living cells for good; nan where they never do.

    Arguments:
        labels: from :func:`label_over_days`. Between two days the excess is taken as linear.
    """
    excess = labels["corpses"] + labels["host"] - labels["living"]
    behind = np.flatnonzero(excess <= 0)
    if not behind.size or behind[-1] + 1 == excess.size:
        return math.nan
    k = behind[-1]
    days = labels["day"]
    return float(days[k] + (days[k + 1] - days[k]) * -excess[k] / (excess[k + 1] - excess[k]))
