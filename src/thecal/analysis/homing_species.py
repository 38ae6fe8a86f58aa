"""The same rules in canals of different species: cells at each ganglion, as counts and as shares of what was given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from thecal.analysis.homing import COARSE, DAYS, centre_scores
from thecal.cells.agents.wall import Sleeve
from thecal.engine.homing import Conditions, conditions_of, follow
from thecal.study.plan import ArmPlan, StudyPlan

AGENTS = 100_000


@dataclass(frozen=True)
class SpeciesCount:
    """One arm in one species.

    ``cells``, ``sd``, ``came``: (days, ganglia), living cells, the standard deviation of sampling them by agents, and
    all cells that a ganglion has ever captured, those that died there included. ``living_given``: cells.
    """

    plan: StudyPlan
    arm: ArmPlan
    conditions: Conditions
    days: np.ndarray
    cells: np.ndarray
    sd: np.ndarray
    came: np.ndarray
    living_given: float
    cells_per_agent: float

    def distance_mm(self, sleeve: Sleeve) -> float:
        """From the nearest end of the first slug to the middle of a ganglion's reach; 0 where it lies in the slug."""
        slug = self.conditions.slugs[0]
        top = min(slug.high_mm, self.conditions.wall.length_mm)
        return max(slug.low_mm - sleeve.centre_mm, sleeve.centre_mm - top, 0.0)


def compare_species(chosen: Sequence[tuple[StudyPlan, ArmPlan]], *, agents: int = AGENTS, seed: int | None = None,
                    days: Sequence[float] = DAYS,
                    progress: Callable[[float], None] = lambda share: None) -> list[SpeciesCount]:
    """Follow one arm of each study at the centre of the register, by weighted agents.

    Arguments:
        chosen: studies with the arm to follow. agents: for each. seed: replaces the studies' own.
        days: after the first injection. progress: called with the share done, 0 to 1.
    """
    found = []
    for k, (plan, arm) in enumerate(chosen):
        [c] = conditions_of(plan, arm, [centre_scores()], days_after=max(days))
        living = c.living

        def show(share: float, begun: int = k) -> None:
            progress((begun + share) / len(chosen))

        run = follow(c, int(min(agents, living)), plan.seed if seed is None else seed, days, window=COARSE,
                     progress=show)
        cells = run.captured * run.weight
        clump = max(1.0, c.values["homing.clump_cells"])
        found.append(SpeciesCount(plan, arm, c, run.days, cells, np.sqrt(cells * run.weight * clump),
                                  (run.captured + run.died_at) * run.weight, living, run.weight))
    return found
