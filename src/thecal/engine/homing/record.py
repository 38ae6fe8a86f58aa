"""What a run of single cells leaves behind: counts by place and day, the wall, and key frames for pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thecal.cells.agents import crawl, transit
from thecal.engine.homing.state import Run

PLACES = ("suspended", "rolling", "tank", "arrested", "crawling", "captured", "dying", "cleared")
LIVING = slice(0, PLACES.index("dying"))
CRAWLING, CAPTURED, DYING, CLEARED = (PLACES.index(name) for name in ("crawling", "captured", "dying", "cleared"))


@dataclass
class Course:
    """What happened, at the asked days after the first injection. Counts are agents; ``weight`` cells each.

    ``captured``: (days, ganglia) living cells at each border. ``places``: (days, 8) of :data:`PLACES`: a *dying* cell
    is dead and its remains still lie there, a *cleared* one has left nothing (or was taken out by an experimenter).
    Landing is an event between two places. ``died_at``: (days, ganglia) deaths at each border so far, ``remains``:
    those of them not cleared yet. ``wall_counts``: (days, along, around) living cells that hold the wall or are at
    borders. ``frames``: for a sample of cells ``(times, cells, [x mm, turn, index into PLACES])``. ``secrete``:
    whether living cells secrete. ``updates``: steps of living, crawling cells.
    """

    days: np.ndarray
    weight: float
    agents: int
    captured: np.ndarray
    places: np.ndarray
    died_at: np.ndarray
    remains: np.ndarray
    cxcl12_nm: np.ndarray
    wall_counts: np.ndarray
    frames: np.ndarray
    frame_days: np.ndarray
    secrete: bool
    updates: int = 0

    @property
    def living(self) -> np.ndarray:
        """Agents alive, wherever they are; (days,)."""
        return self.places[:, LIVING].sum(axis=1)

    @property
    def dead(self) -> np.ndarray:
        """Agents that have died, cleared or not; (days,)."""
        return self.places[:, DYING] + self.places[:, CLEARED]

    @property
    def secreting(self) -> np.ndarray:
        """Agents that secrete, as in the cohort model: every living one, wherever it is, unless switched off."""
        return self.living * self.secrete

    def cells_by_place(self, row: int) -> dict[str, float]:
        """Cells in each of :data:`PLACES` on one day, and how many of them secrete."""
        counts = dict(zip(PLACES, self.places[row], strict=True)) | {"secreting": self.secreting[row]}
        return {name: float(agents * self.weight) for name, agents in counts.items()}


def empty_course(run: Run, agents: int, days: Sequence[float], frame_days: Sequence[float], sample: int) -> Course:
    """A course with nothing written down yet."""
    n, wall = len(days), run.c.wall
    per_ganglion = (n, len(wall.sleeves))
    return Course(np.array(days, float), run.weight, agents, np.zeros(per_ganglion, np.int64),
                  np.zeros((n, len(PLACES)), np.int64), np.zeros(per_ganglion, np.int64),
                  np.zeros(per_ganglion, np.int64), np.zeros(per_ganglion), np.zeros((n, *wall.shape), np.int64),
                  np.zeros((len(frame_days), min(sample, agents), 3)), np.array(frame_days, float),
                  run.c.values["cells.secretes"] > 0)


def record(run: Run, course: Course, row: int, day: float) -> None:
    """Write down this moment as one row of a course."""
    run.clear(day)
    course.captured[row] = run.at_borders(run.border)
    course.died_at[row] = run.died_at
    course.remains[row] = run.at_borders(run.remains)
    phases = np.bincount(run.travellers.phase, minlength=transit.SPREAD)
    course.places[row] = [*phases, run.crawling, len(run.border), len(run.remains), run.cleared]
    course.cxcl12_nm[row] = run.c.wall.mean_in_reach(run.field.free)
    course.wall_counts[row] = run.on_wall(run.crawlers, run.border, run.arrested())


def record_frame(run: Run, frame: np.ndarray, first: int, day: float) -> None:
    """Where the sampled cells are, from number ``first`` on: x in mm, share of a turn, state (index into PLACES)."""
    run.clear(day)
    run.pack()
    frame[:] = [np.nan, np.nan, CLEARED]
    for group, state in ((run.travellers, run.travellers.phase), (run.crawlers, CRAWLING), (run.border, CAPTURED),
                         (run.remains, DYING)):
        number = group.cell.astype(np.int64) - first
        mine = number < frame.shape[0]
        x, y = run.places_of(group.take(mine))
        at = number[mine]
        frame[at, 0] = x / crawl.CANAL * run.c.wall.length_mm
        frame[at, 1] = y.view(np.uint32) / crawl.TURN
        frame[at, 2] = state[mine] if isinstance(state, np.ndarray) else state
