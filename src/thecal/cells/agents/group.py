"""Cells held as one array per property, which grow and shrink in place."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, fields
from typing import ClassVar, Self, TypeVar

import numpy as np
from numba import njit

G = TypeVar("G", bound="Group")


@njit(cache=True)
def _close_up(array, chosen):  # type: ignore[no-untyped-def]
    """Move the chosen entries to the front, in order, without a copy; returns how many they are."""
    n = 0
    for q in range(array.size):
        array[n] = array[q]
        n += int(chosen[q])
    return n


@dataclass
class Group:
    """Some cells, all arrays (cells,) and in one order; subclasses add properties and say their types in ``KINDS``.

    The arrays may be views of longer ones, so that cells can come without moving all others.
    """

    KINDS: ClassVar[tuple[type, ...]] = (np.uint32,)

    cell: np.ndarray  # uint32, the cell's number, key of its random draws
    _room: dict[str, np.ndarray] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def none(cls) -> Self:
        """No cells yet."""
        return cls(*(np.empty(0, kind) for kind in cls.KINDS))

    @classmethod
    @functools.cache
    def names(cls) -> tuple[str, ...]:
        """The properties, in order."""
        return tuple(f.name for f in fields(cls) if f.init)

    def __len__(self) -> int:
        return int(self.cell.size)

    def take(self, chosen: np.ndarray) -> Self:
        """A copy of some of the cells, in the same order; ``chosen``: a mask, or indices."""
        return self.take_as(type(self), chosen)

    def take_as(self, kind: type[G], chosen: np.ndarray) -> G:
        """The same as another kind of group, whose properties all stand here too."""
        chosen = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        return kind(*(getattr(self, name)[chosen] for name in kind.names()))

    def keep(self, chosen: np.ndarray) -> None:
        """Drop all other cells, in place; ``chosen``: a mask."""
        if chosen.all():
            return
        for name in self.names():
            array = getattr(self, name)
            setattr(self, name, array[:_close_up(array, chosen)])

    def extend(self, more: Group) -> None:
        """Other cells come after these, in place; ``more`` may have further properties, which are left behind."""
        n, total = len(self), len(self) + len(more)
        if total == n:
            return
        for name in self.names():
            array = getattr(self, name)
            if name not in self._room or self._room[name].size < total:
                self._room[name] = np.empty(max(total, 2 * n), array.dtype)
                self._room[name][:n] = array
            self._room[name][n:total] = getattr(more, name)
            setattr(self, name, self._room[name][:total])
