"""Dead cells whose remains still lie where they died, until phagocytes have cleared them.

The moment of death is uniform within the window in which a cell died, the time to clearance exponential; both are
drawn once, keyed by the cell, so neither windows nor the order of deaths change them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import uint32

from thecal.cells.agents.compiled import compiled
from thecal.cells.agents.crawl import CLEARANCE_PURPOSE, Captured
from thecal.cells.agents.random_numbers import philox, unit


@dataclass
class Remains(Captured):
    """Dead cells that still lie there; ``sleeve`` is -1 for those that did not die at a border."""

    KINDS: ClassVar[tuple[type, ...]] = (*Captured.KINDS, np.float64)

    until: np.ndarray     # float64, the day on which they are gone


@compiled()
def cleared_on(cells, end_d, span_d, mean_d, k0, k1):
    """The day on which the remains of each cell are gone, (cells,).

    Arguments:
        cells: numbers of cells that died in the window of ``span_d`` days before ``end_d``.
        mean_d: mean time from death to clearance; 0: at once. k0, k1: key.
    """
    day = np.empty(cells.shape[0])
    for q in range(cells.shape[0]):
        w0, w1, _w2, _w3 = philox(uint32(0), CLEARANCE_PURPOSE, cells[q], uint32(0), k0, k1)
        day[q] = end_d - span_d * unit(w0) - mean_d * np.log(np.float64(unit(w1)))
    return day
