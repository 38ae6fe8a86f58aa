"""What an injection does to the canal at the moment it is given: a slug that displaces.

The injected volume enters as a slug whose lower face lies at the needle and pushes everything above it up the canal;
what leaves the top joins the cranial tank, whose outflow makes room. A free share runs back along the needle.
In a mouse 10 ul is more than half of the spinal CSF, so displacement, not dispersion, sets the first profile.
"""

from __future__ import annotations

import numpy as np


def displace(segments: int, canal_volume_ul: float, cranial_volume_ul: float, position: float,
             volume_ul: float) -> tuple[np.ndarray, np.ndarray]:
    """The map that a slug makes of the amounts in the canal.

    Arguments:
        segments: number of equal segments. canal_volume_ul, cranial_volume_ul: volumes.
        position: needle as a share of the canal's length from the sacral end, 0 to 1.
        volume_ul: volume that stays in the canal.

    Returns: ``(moved, slug)``: amounts after = ``moved @ amounts before`` (compartments x compartments, the last one
        is the tank) and the share of the injected amount in each compartment (sums to 1).
        Columns of ``moved`` for canal segments sum to 1. The tank's column is ``1 - volume / cranial volume``:
        its fluid is what leaves (for veins and lymph), at the tank's concentration.
    Errors: ValueError for a volume above the cranial volume: the model has no place for it.
    """
    if not 0 <= volume_ul <= cranial_volume_ul:
        raise ValueError(f"{volume_ul:.4g} ul is more than the cranial CSF can give way for ({cranial_volume_ul:.4g})")
    size = canal_volume_ul / segments
    edges = np.arange(segments + 1) * size
    needle = position * canal_volume_ul
    moved = np.zeros((segments + 1, segments + 1))
    for i in range(segments):  # each old segment is a piece below the needle and a piece above it, which shifts
        below = (edges[i], min(edges[i + 1], needle))
        above = (max(edges[i], needle) + volume_ul, edges[i + 1] + volume_ul)
        moved[:, i] = (_overlap(below, edges) + _overlap(above, edges)) / size
    moved[-1, -1] = 1 - volume_ul / cranial_volume_ul
    slug = _overlap((needle, needle + volume_ul), edges)
    return moved, slug / volume_ul if volume_ul > 0 else _point(needle, edges)


def _overlap(piece: tuple[float, float], edges: np.ndarray) -> np.ndarray:
    """Length of a piece in each segment, and beyond the top in the tank."""
    low, high = piece
    if high <= low:
        return np.zeros(len(edges))
    inside = np.clip(np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1]), 0, None)
    return np.append(inside, max(high - max(low, edges[-1]), 0.0))


def _point(needle: float, edges: np.ndarray) -> np.ndarray:
    share = np.zeros(len(edges))
    share[min(int(np.searchsorted(edges, needle, side="right")) - 1, len(edges) - 2)] = 1.0
    return share
