"""Crossovers: animals that get several arms one after the other, and what the earlier one may leave behind.

A period is a run of visits of one animal in one arm. *Carry-over* is the effect of the period before:

    y = arm × visit + Σ_k λ_k [the period before was arm k] + animal + residual

λ of the reference arm is set to zero: what every arm leaves behind alike belongs to the visits. In designs in which an
arm follows several others at one visit, λ is a term of the model and the comparisons of arms are free of it. With two
arms in two orders it is not: the period before is then known from arm and visit. What can be tested is whether the
orders differ in their totals, between animals and so with little power; the mean over the periods is (A − B) −
(λ_A − λ_B)/2, and only the first period is free of carry-over.

Sources: Grizzle 1965, Biometrics 21:467; Senn, Cross-over Trials in Clinical Research, 2nd ed. 2002, chapters 3 and 5
(why the comparison must not be chosen by this test).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TERM = "carry-over"
Cell = tuple[str, float]


@dataclass(frozen=True)
class Crossover:
    """What each reading of a crossover comes after.

    Arguments:
        period: number of the period of each reading, from 1, shape (n,). before: arm of the period before, "" in the
            first, shape (n,). orders: the arms of each animal, in order.
    """

    period: NDArray[np.int64]
    before: NDArray[np.str_]
    orders: dict[str, tuple[str, ...]]

    @property
    def one_order(self) -> bool:
        """Every animal with several arms got them in the same order: arm and time cannot be told apart."""
        return len({order for order in self.orders.values() if len(order) > 1}) == 1

    def columns(self, arms: tuple[str, ...]) -> list[tuple[str, Floats]]:
        """One centred column for each arm that may leave something behind, the first arm as reference."""
        found = []
        for arm in arms[1:]:
            indicator = (self.before == arm).astype(float)
            if indicator.any():
                found.append((f"{TERM}={arm}", indicator - indicator.mean()))
        return found

    def between_orders(self, frame: pd.DataFrame, arms: tuple[str, ...]) -> dict[Cell, float]:
        """Weights of cells that give λ of the second arm minus λ of the first; empty unless two arms in two periods."""
        if len(arms) != 2 or set(self.period) != {1, 2} or self.one_order:
            return {}
        parts: dict[Cell, float] = {}
        for period, sign in ((1, 1.0), (2, -1.0)):
            rows = frame[self.period == period]
            days = [set(rows.loc[rows["arm"] == arm, "day"]) for arm in arms]
            shared = sorted(days[0] & days[1])
            if not shared:
                return {}
            for arm, own in ((arms[1], sign), (arms[0], -sign)):
                parts |= {(arm, float(day)): own / len(shared) for day in shared}
        return parts


def crossover(frame: pd.DataFrame) -> Crossover | None:
    """The periods of readings; None where animals have one arm, or their arms at the same visits (two paws)."""
    if not frame.groupby("animal")["arm"].nunique().gt(1).any():
        return None
    if frame.drop_duplicates(["animal", "arm", "day"]).duplicated(["animal", "day"]).any():
        return None
    ordered = frame.sort_values(["animal", "day"], kind="stable")
    last = ordered.groupby("animal")["arm"].shift()
    starts = ordered["arm"] != last
    period = starts.groupby(ordered["animal"]).cumsum().astype(int)
    before = last.where(starts & last.notna()).fillna("").astype(str)
    before = before.groupby([ordered["animal"], period]).transform("first")
    orders = {str(animal): tuple(rows) for animal, rows in ordered[starts].groupby("animal")["arm"]}
    return Crossover(period.reindex(frame.index).to_numpy(), before.reindex(frame.index).to_numpy(dtype=str), orders)
