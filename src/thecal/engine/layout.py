"""From a species file to the layout that the rooms are declared on."""

from __future__ import annotations

from thecal.core.register import load
from thecal.core.structure import SIDES, Ganglion, Structure
from thecal.study.plan import Species


def layout_of(species: Species, segments: int | None = None) -> Structure:
    """The canal layout of a species.

    Arguments:
        species: as resolved from its file; positions in mm from the sacral end.
        segments: number of equal canal segments, default the file's; more segments cost time, not code.

    Returns: ganglia of both sides in their segments, the cord segments of the lumbar enlargement, and the profile
        of spinal CSF absorption (greatest at the sacral end, linearly down to zero at ``anatomy.absorbing_share``).
    """
    count = segments or species.segments
    register = load().with_values(species.parameters)
    step = register["anatomy.canal_length"].value / count
    ganglia = tuple(Ganglion(g.level, side, min(int(g.position_mm / step), count - 1), g.sciatic_share)
                    for side in SIDES for g in species.drg)
    low, high = (min(int(edge / step), count - 1) for edge in species.cord_lumbar_mm)
    absorbing = register["anatomy.absorbing_share"].value
    profile = [max(0.0, 1 - (i + 0.5) / (absorbing * count)) for i in range(count)]
    whole = sum(profile)
    return Structure(species.name, count, ganglia, tuple(range(low, high + 1)), tuple(a / whole for a in profile))
