"""The rival hypotheses H1 to H9 as switches: which numbers each one changes, and by how much at full weight.

Default is H1 and H2 mixed. A weight between 0 and 1 moves each number part of the way from its *off* to its *on*
value. The on-values of hypotheses that nobody has measured are assumptions; see ``docs/explanation``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from thecal.core.hypotheses import DEFAULT_WEIGHTS, STATEMENTS
from thecal.core.register import Register


@dataclass(frozen=True)
class Hypothesis:
    """``off`` and ``on``: value of each register id; None stands for the register's own value."""

    id: str
    off: Mapping[str, float | None]
    on: Mapping[str, float | None]

    @property
    def meaning(self) -> str:
        """The hypothesis in words."""
        return STATEMENTS[self.id]


HYPOTHESES = (
    Hypothesis("H1", {"cells.secretes": 0.0}, {"cells.secretes": 1.0}),
    Hypothesis("H2", {"signalling.efferocytosis_turn": 0.0}, {"signalling.efferocytosis_turn": 0.1}),
    Hypothesis("H3", {"cells.il10_strength": None}, {"cells.il10_strength": 4.0}),
    Hypothesis("H4", {"cells.vesicle_rate": 0.0}, {"cells.vesicle_rate": 2.0}),
    Hypothesis("H5", {"pain.mitochondria": 0.0}, {"pain.mitochondria": 1.0}),
    Hypothesis("H6", {"cells.opioid": 0.0}, {"cells.opioid": 0.8}),
    Hypothesis("H7", {"cells.spilled": 0.0}, {"cells.secretes": 0.0, "cells.spilled": 1.0}),
    Hypothesis("H8", {"cells.homing": 1.0}, {"cells.homing": 0.0}),
    Hypothesis("H9", {"pain.excitation": 0.0}, {"pain.excitation": 0.15}),
)


def overrides_of(weights: Mapping[str, float], register: Register) -> dict[str, float]:
    """Register values under the given weights; a hypothesis that is not named stands at its default."""
    values: dict[str, float] = {}
    for hypothesis in HYPOTHESES:
        weight = weights.get(hypothesis.id, DEFAULT_WEIGHTS[hypothesis.id])
        if not hypothesis.off and weight == 0:
            continue
        for key, on in hypothesis.on.items():
            off = hypothesis.off.get(key)
            low = values.get(key, register[key].value) if off is None else off
            values[key] = low + weight * ((register[key].value if on is None else on) - low)
    return values
