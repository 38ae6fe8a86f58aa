"""Cells held as one array per property."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, Self

import numpy as np


@dataclass
class Group:
    """Some cells, all arrays (cells,) and in one order; subclasses add properties and say their types in ``KINDS``."""

    KINDS: ClassVar[tuple[type, ...]] = (np.uint32,)

    cell: np.ndarray  # uint32, the cell's number, key of its random draws

    @classmethod
    def none(cls) -> Self:
        """No cells yet."""
        return cls(*(np.empty(0, kind) for kind in cls.KINDS))

    def __len__(self) -> int:
        return int(self.cell.size)

    def take(self, chosen: np.ndarray) -> Self:
        """Some of the cells, in the same order."""
        return type(self)(*(getattr(self, f.name)[chosen] for f in fields(self)))

    def join(self, other: Self) -> Self:
        """These cells and others after them."""
        return type(self)(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))
