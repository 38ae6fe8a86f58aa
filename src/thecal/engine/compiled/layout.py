"""Where the arrays of one gang of lanes lie in its workspace: one block of memory, rows of one number per lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CACHE_LINE = 64


@dataclass(frozen=True)
class Layout:
    """``rows[name]``: length of an array; ``start[name]``: its first byte; ``size``: bytes of the whole."""

    lanes: int
    rows: dict[str, int]
    start: dict[str, int]
    size: int

    @classmethod
    def of(cls, lanes: int, rows: Mapping[str, int]) -> Layout:
        """Lay arrays one behind the other, each on a cache line of its own."""
        start, end, unit = {}, 0, max(CACHE_LINE, 8 * lanes)
        for name, count in rows.items():
            start[name] = end
            end += -(-count * lanes * 8 // unit) * unit
        return cls(lanes, dict(rows), start, end)

    def row(self, name: str) -> int:
        """First row of an array, counted from the beginning of the workspace."""
        return self.start[name] // (8 * self.lanes)

    def pointers(self) -> list[str]:
        """LLVM lines that name every array of the workspace ``%work``."""
        return [f"  %{name} = getelementptr inbounds i8, ptr %work, i64 {offset}"
                for name, offset in self.start.items()]


@dataclass(frozen=True)
class TangentLayout:
    """Memory behind the animal's own workspace: what all derivatives share, then one block per vector of them.

    ``shared`` and ``block`` begin at their own zero; ``shared_start`` and ``block_start`` say where in the whole.
    """

    shared: Layout
    block: Layout
    shared_start: int
    block_start: int
    blocks: int

    @property
    def size(self) -> int:
        """Bytes of the whole workspace, the animal's part included."""
        return self.block_start + self.blocks * self.block.size
