"""What single cells teach the counts: the catchment of a ganglion.

Counts know a ganglion's reach only as a length of canal wall, ``cells.catchment``; single cells know it as an area of
the wall that cells enter, leave and run out of. With cells spread evenly over the lumbar wall, the catchment is

    l_c = dx * captures / int sum_j k_j(t) A_j(t) dt,    k_j = s_hom (k_cap0 + k_cap1 phi (1 - Q) theta_j)

with ``A_j`` the single cells that hold the wall in the segment (length ``dx``) of ganglion ``j`` and the counts' own
rates ``k_j``: the maximum likelihood of one factor on all rates, days 0 to 28.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from thecal.analysis.homing import COARSE
from thecal.engine.homing import Conditions, Course, follow

DAYS = np.unique(np.concatenate([np.arange(0, 2, 1 / 8), np.arange(2, 28.1, 0.5)]))


def catchment(conditions: Conditions, agents: int, seed: int) -> tuple[float, float]:
    """Catchment of a ganglion, from one injection's cells spread evenly over the lumbar wall.

    Arguments:
        conditions: of an arm with one injection of cells. agents: to follow. seed: of their random numbers.

    Returns: millimetres of canal, and the relative standard error of sampling (clumps land together).
    """
    [slug] = conditions.slugs
    even = replace(conditions, slugs=(replace(slug, low_mm=0.0, high_mm=conditions.wall.grid_mm),))
    course = follow(even, agents, seed, DAYS, window=COARSE)
    seen = (course.captured + course.died_at)[-1].sum()
    expected = np.trapezoid((rates(conditions, course) * beside(conditions, course)).sum(axis=1), course.days)
    clump = max(1.0, conditions.values["homing.clump_cells"])
    return conditions.wall.sleeves[0].segment_mm * seen / expected, math.sqrt(clump / max(seen, 1))


def beside(conditions: Conditions, course: Course) -> np.ndarray:
    """Single cells that hold the wall in the segment of every ganglion, (days, ganglia)."""
    wall = conditions.wall
    x = (np.arange(wall.shape[0]) + 0.5) * wall.step_mm[0]
    held = []
    for sleeve in wall.sleeves:
        ring = np.floor(x / sleeve.segment_mm) == sleeve.segment
        ring[-1] = False  # the last row also holds all that lies above the grid
        same = [j for j, s in enumerate(wall.sleeves) if s.segment == sleeve.segment]
        held.append(course.wall_counts[:, ring].sum(axis=(1, 2)) - course.captured[:, same].sum(axis=1))
    return np.maximum(np.array(held, float).T, 0)


def rates(conditions: Conditions, course: Course) -> np.ndarray:
    """The counts' capture rate of a cell beside each ganglion, without crowding, (days, ganglia)."""
    rules, times, lost = conditions.rules, conditions.times_d, 0.0
    share = np.zeros(times.size)
    for k in range(1, times.size):
        cxcl12, _, inhibitor = conditions.at(float(times[k - 1] + times[k]) / 2)
        gain = rules.desensitisation * rules.occupancy(cxcl12, inhibitor).mean()
        speed = gain + rules.resensitisation
        lost = gain / speed + (lost - gain / speed) * math.exp(-speed * (times[k] - times[k - 1]))
        share[k] = lost
    found = []
    for day in conditions.slugs[0].day_d + course.days:
        cxcl12, _, inhibitor = conditions.at(float(day))
        felt = rules.cxcr4 * (1 - np.interp(day, times, share)) * rules.occupancy(cxcl12, inhibitor)
        found.append(rules.capture_basal + rules.capture_cxcl12 * felt)
    return np.array(found)
