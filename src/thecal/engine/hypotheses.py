"""The rival hypotheses H1 to H9 as switches: which numbers each one changes, and by how much at full weight.

Default is H1 and H2 mixed. A weight between 0 and 1 moves each number part of the way from its *off* to its *on*
value. On-values that nobody has measured are assumptions and stand in the register (``hypotheses.*``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from thecal.core.hypotheses import DEFAULT_WEIGHTS, STATEMENTS
from thecal.core.register import Register

Worth = float | str | None


@dataclass(frozen=True)
class Hypothesis:
    """``off`` and ``on`` by register id: a value, the entry that holds it, or None for the entry's own value."""

    id: str
    off: Mapping[str, Worth]
    on: Mapping[str, Worth]

    @property
    def meaning(self) -> str:
        """The hypothesis in words."""
        return STATEMENTS[self.id]


HYPOTHESES = (
    Hypothesis("H1", {"cells.secretes": 0.0}, {"cells.secretes": 1.0}),
    Hypothesis("H2", {"signalling.efferocytosis_turn": 0.0}, {"signalling.efferocytosis_turn": None}),
    Hypothesis("H3", {"cells.il10_strength": None}, {"cells.il10_strength": "hypotheses.h3_il10_strength"}),
    Hypothesis("H4", {"cells.vesicle_rate": 0.0}, {"cells.vesicle_rate": "hypotheses.h4_vesicle_rate"}),
    Hypothesis("H5", {"pain.mitochondria": 0.0}, {"pain.mitochondria": "hypotheses.h5_mitochondria"}),
    Hypothesis("H6", {"cells.opioid": 0.0}, {"cells.opioid": "hypotheses.h6_opioid"}),
    Hypothesis("H7", {"cells.spilled": 0.0}, {"cells.secretes": 0.0, "cells.spilled": 1.0}),
    Hypothesis("H8", {"cells.homing": 1.0}, {"cells.homing": 0.0}),
    Hypothesis("H9", {"pain.excitation": 0.0}, {"pain.excitation": "hypotheses.h9_excitation"}),
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
            low = values.get(key, register[key].value) if off is None else float(off)
            high = register[on or key].value if on is None or isinstance(on, str) else on
            values[key] = low + weight * (high - low)
    return values
