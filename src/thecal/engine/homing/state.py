"""Everything that changes while single cells are followed, and what can be counted in it at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field

import numba
import numpy as np

from thecal.cells.agents import crawl, transit
from thecal.cells.agents.crawl import Captured, Crawlers
from thecal.cells.agents.field import WallField
from thecal.cells.agents.group import Group
from thecal.cells.agents.remains import Remains, cleared_on
from thecal.cells.agents.transit import Travellers
from thecal.engine.homing.conditions import Conditions


@dataclass
class Run:
    """Cells in four groups, the CXCL12 field, immunity, and the dead that are gone. Counts are agents.

    ``left``: how many of the crawlers' places are empty; they are packed when that saves more than it costs.
    """

    c: Conditions
    key: tuple[np.uint32, np.uint32]
    weight: float
    dt: float
    field: WallField
    per_source: np.ndarray
    died_at: np.ndarray
    travellers: Travellers = field(default_factory=Travellers.none)
    crawlers: Crawlers = field(default_factory=Crawlers.none)
    border: Captured = field(default_factory=Captured.none)
    remains: Remains = field(default_factory=Remains.none)
    left: int = 0
    cleared: int = 0
    injected: int = 0
    immunity: float = 0.0
    updates: int = 0
    block: int = crawl.BLOCK
    waited: float = 0.0
    at_sleeves: np.ndarray = field(default_factory=lambda: np.empty(0))
    table: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))

    @property
    def crawling(self) -> int:
        """Agents that crawl."""
        return len(self.crawlers) - self.left

    @property
    def living(self) -> int:
        """Agents alive, wherever they are."""
        return len(self.travellers) + self.crawling + len(self.border)

    def at_borders(self, group: Captured) -> np.ndarray:
        """How many of a group lie at each border, (ganglia,)."""
        return np.bincount(group.sleeve[group.sleeve >= 0], minlength=len(self.c.wall.sleeves))

    def on_wall(self, *groups: Group) -> np.ndarray:
        """How many of the groups lie at each node of the wall, (along, around) int64."""
        wall, threads = self.c.wall, numba.get_num_threads()
        scales = crawl.scales_of(wall.length_mm, wall.around_mm, wall.grid_mm, wall.shape)
        counts = np.zeros(wall.shape, np.int64)
        for group in groups:
            here = group.state != crawl.LEFT if isinstance(group, Crawlers) else np.ones(len(group), bool)
            counts += crawl.deposit(*self.places_of(group), here, np.array(wall.shape), scales,
                                    threads).reshape(wall.shape)
        return counts

    def places_of(self, group: Group) -> tuple[np.ndarray, np.ndarray]:
        """Level and angle of a group as whole numbers."""
        if isinstance(group, Travellers):
            return crawl.whole_numbers(group.x, group.y, self.c.wall.length_mm)
        return group.x, group.y  # type: ignore[attr-defined]

    def arrested(self) -> Travellers:
        """Cells that hold the wall and do not crawl yet."""
        return self.travellers.take(self.travellers.phase == transit.ARRESTED)

    def pack(self) -> None:
        """Cells that have left the wall give up their room in the dense arrays."""
        if self.left:
            self.crawlers.keep(self.crawlers.state != crawl.LEFT)
            self.left = 0

    def bury(self, dead: Group, day: float, span: float) -> None:
        """Cells that died within the ``span`` days up to ``day`` leave remains until they are cleared."""
        if len(dead):
            sleeve = dead.sleeve if isinstance(dead, Captured) else np.full(len(dead), -1, np.int8)
            until = cleared_on(dead.cell, day, span, self.c.values["homing.clearance_time"], *self.key)
            self.remains.extend(Remains(dead.cell, *self.places_of(dead), sleeve, until))

    def clear(self, day: float) -> None:
        """Remains whose day has come are gone."""
        lasting = self.remains.until > day
        self.cleared += lasting.size - int(lasting.sum())
        self.remains.keep(lasting)
