"""The shape of one species' spinal canal: how many segments, and which ganglia hang where."""

from __future__ import annotations

from dataclasses import dataclass

SIDES = ("injured", "other")


@dataclass(frozen=True)
class Ganglion:
    """A dorsal root ganglion: its level, side, canal segment, and share of the injured nerve's neurons."""

    level: str
    side: str
    segment: int
    share: float

    @property
    def name(self) -> str:
        """Level and side, e.g. ``L4 injured``."""
        return f"{self.level} {self.side}"


@dataclass(frozen=True)
class Structure:
    """What the rooms need to know of a body's layout.

    Arguments:
        species: its name. segments: number of equal canal segments, 0 at the sacral end.
        ganglia: all ganglia followed, both sides.
        cord_segments: segments beside the lumbar enlargement, where dorsal horn input arrives.
        absorption: share of the spinal CSF absorption in each segment; sums to 1.
    """

    species: str
    segments: int
    ganglia: tuple[Ganglion, ...]
    cord_segments: tuple[int, ...]
    absorption: tuple[float, ...]

    @property
    def compartments(self) -> tuple[str, ...]:
        """Canal segments from the sacral end, then the cranial tank."""
        return (*(str(i) for i in range(self.segments)), "cranial")

    def side(self, side: str) -> tuple[Ganglion, ...]:
        """The ganglia of one side."""
        return tuple(g for g in self.ganglia if g.side == side)
