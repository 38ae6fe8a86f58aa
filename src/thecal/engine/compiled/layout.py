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
        start, end = {}, 0
        for name, count in rows.items():
            start[name] = end
            end += -(-count * lanes * 8 // CACHE_LINE) * CACHE_LINE
        return cls(lanes, dict(rows), start, end)

    def pointers(self) -> list[str]:
        """LLVM lines that name every array of the workspace ``%work``."""
        return [f"  %{name} = getelementptr inbounds i8, ptr %work, i64 {offset}"
                for name, offset in self.start.items()]
