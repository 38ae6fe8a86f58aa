"""The canal's wall unrolled: level along it, angle around it, and the reach of each root sleeve.

Length runs from the sacral end (mm); the angle from dorsal (0) over the injured side (90 degrees) and ventral (180)
to the other side (270). The grid covers the lumbar part, where the followed ganglia are; above it nothing happens but
crawling and death.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.fft import next_fast_len

ANGLE = {"injured": 0.25, "other": 0.75}  # share of a turn from dorsal
FINEST, NODES_AROUND, MARGIN_MM = 0.25, 40, 4.0


@dataclass(frozen=True)
class Sleeve:
    """The reach of one ganglion on the wall: its root with its sleeve, an ellipse of ``length_mm`` by ``arc`` turns."""

    name: str
    level: str
    side: str
    segment: int
    centre_mm: float
    length_mm: float
    arc: float
    segment_mm: float


@dataclass(frozen=True)
class Wall:
    """Grid and sleeves. ``length_mm``: whole canal; ``grid_mm``: its gridded, lumbar part; ``shape``: nodes."""

    length_mm: float
    around_mm: float
    grid_mm: float
    shape: tuple[int, int]
    sleeves: tuple[Sleeve, ...]
    rings: bool = False

    @property
    def step_mm(self) -> tuple[float, float]:
        """Distance of nodes along and around."""
        return self.grid_mm / self.shape[0], self.around_mm / self.shape[1]

    @cached_property
    def reach(self) -> np.ndarray:
        """1 inside the reach of each sleeve, (sleeves, nodes along, nodes around)."""
        dx, _ = self.step_mm
        x = (np.arange(self.shape[0])[:, None] + 0.5) * dx
        y = (np.arange(self.shape[1])[None, :] + 0.5) / self.shape[1]
        masks = []
        for s in self.sleeves:
            if self.rings:  # the counts' view: the whole ring of the segment
                inside = (np.floor(x / s.segment_mm) == s.segment) & (y >= 0)
            else:
                apart = (y - ANGLE[s.side] + 0.5) % 1 - 0.5
                inside = (2 * (x - s.centre_mm) / s.length_mm)**2 + (2 * apart / s.arc)**2 <= 1
            masks.append(inside)
        return np.array(masks, np.float64)

    def mean_in_reach(self, values: np.ndarray) -> np.ndarray:
        """Mean of a wall field over the reach of each sleeve, (sleeves,)."""
        return (self.reach * values).sum(axis=(1, 2)) / self.reach.sum(axis=(1, 2))


def wall_of(length_mm: float, volume_ul: float, gap_um: float, sleeves: Sequence[Sleeve], rings: bool = False) -> Wall:
    """The wall of a canal; its circumference is what volume, length and gap leave, ``V / (L h)``.

    Arguments:
        length_mm, volume_ul, gap_um: of the canal. sleeves: of the ganglia. rings: the counts' view, where the reach
            of a ganglion is the whole ring of its segment.
    """
    around = volume_ul / (length_mm * gap_um / 1000)
    top = max([s.centre_mm + s.length_mm / 2 for s in sleeves] + [(s.segment + 1) * s.segment_mm for s in sleeves])
    grid = min(top + MARGIN_MM, length_mm)
    step = min(FINEST, around / NODES_AROUND)
    if rings:  # nodes end where segments end
        segment = sleeves[0].segment_mm
        grid = segment * (max(s.segment for s in sleeves) + 2)  # what lies above counts as in the last row
        each = int(np.ceil(segment / step))
        return Wall(length_mm, around, grid, (each * round(grid / segment), NODES_AROUND), tuple(sleeves), True)
    shape = (next_fast_len(int(np.ceil(grid / step))), next_fast_len(int(np.ceil(around / step)), real=True))
    return Wall(length_mm, around, grid, shape, tuple(sleeves), rings)
