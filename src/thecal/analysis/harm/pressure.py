"""Pressure of the cerebrospinal fluid during and after an injection at constant speed.

Marmarou's model: the space gives by C = 0.4343 PVI / P and drains through a resistance R, so that

    dP/dt = P / (0.4343 PVI) * (q - (P - P0) / R)

with P0 the resting pressure and q the injection speed. This is a logistic equation and is solved exactly: during the
injection P heads for P0 + q R, afterwards back to P0. In the limit of a fast bolus P = P0 10^(V/PVI).

Pressures are measured against zero; the model is meant for pressures above about 3 mmHg and boluses up to the PVI.
Source: Marmarou, Shulman and LaMorgese 1975, J Neurosurg 43:523; Marmarou 1978, J Neurosurg 48:332.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from thecal.analysis.harm.records import Number, raw, species

LOG10_E = math.log10(math.e)


@dataclass(frozen=True)
class FluidSpace:
    """A space with one compliance and one outflow: PVI in ml, R in mmHg min/ml, resting pressure in mmHg."""

    pvi_ml: float
    resistance: float
    resting_mmhg: float

    def peak(self, volume_ml: float, duration_s: float) -> float:
        """Pressure at the end of an injection, mmHg: its highest."""
        return self._toward(self.resting_mmhg, volume_ml / duration_s * 60, duration_s / 60)

    def minutes_above(self, limit_mmhg: float, volume_ml: float, duration_s: float) -> float:
        """How long the pressure stays above a limit during and after the injection, minutes."""
        top = self.peak(volume_ml, duration_s)
        if top <= limit_mmhg:
            return 0.0
        if limit_mmhg <= self.resting_mmhg:
            return math.inf
        rising = duration_s / 60 - self._minutes(self.resting_mmhg, limit_mmhg, volume_ml / duration_s * 60)
        return rising + self._minutes(top, limit_mmhg, 0.0)

    def _rate(self, ceiling: float) -> float:
        return ceiling / (LOG10_E * self.pvi_ml * self.resistance)

    def _toward(self, start: float, speed_ml_min: float, minutes: float) -> float:
        """Logistic approach to the plateau of an infusion speed."""
        ceiling = self.resting_mmhg + speed_ml_min * self.resistance
        return ceiling / (1 + (ceiling / start - 1) * math.exp(-self._rate(ceiling) * minutes))

    def _minutes(self, start: float, target: float, speed_ml_min: float) -> float:
        """Time from one pressure to another at a constant speed; both on the same side of the plateau."""
        ceiling = self.resting_mmhg + speed_ml_min * self.resistance
        return math.log((ceiling / start - 1) / (ceiling / target - 1)) / self._rate(ceiling)


@dataclass(frozen=True)
class PressureRise:
    """Peak pressure with its range over what is not known, and what it is set against."""

    species: str
    peak_mmhg: float
    low_mmhg: float
    high_mmhg: float
    resting_mmhg: float
    threshold: Number | None
    minutes_above: float | None
    duration_s: float
    volume_share_pvi: float
    verified: bool
    numbers: dict[str, Number]


def rise(species_name: str, volume_ul: float, duration_s: float | None = None) -> PressureRise:
    """Peak pressure after an injection into a species.

    Arguments:
        species_name: mouse, rat, cynomolgus or human (ThecalError for others).
        volume_ul: injected volume.
        duration_s: of the injection; None takes what is usual by hand for the species.

    Returns: the peak for the central values (the whole space gives) and its range: each number is moved to the ends of
        its range alone, and the changes of log pressure are added as squares, low and high apart. At the upper end
        only the spinal part of the compliance gives, which a lumbar bolus meets first.
    """
    data = species(species_name)
    numbers = {name: Number.of(data[name]) for name in data}
    spinal = Number.of(raw("csf_mechanics")["spinal_share"])
    usual = numbers["usual_injection_s"]
    duration = usual.value if duration_s is None else duration_s
    pvi, resistance, resting = (numbers[k] for k in ("pvi_ml", "outflow_resistance_mmhg_min_ml", "resting_mmhg"))
    volume = volume_ul / 1000

    def peak(p: float = pvi.value, r: float = resistance.value, p0: float = resting.value,
             s: float = duration) -> float:
        return FluidSpace(p, r, p0).peak(volume, s)

    moved = [peak(p=pvi.low), peak(p=pvi.high), peak(p=pvi.value * spinal.value), peak(r=resistance.low),
             peak(r=resistance.high), peak(p0=resting.low), peak(p0=resting.high)]
    moved += [] if duration_s is not None else [peak(s=usual.low), peak(s=usual.high)]
    changes = [math.log(m / peak()) for m in moved]
    down, up = (math.sqrt(sum(c * c for c in changes if c * side > 0)) for side in (-1, 1))
    centre, threshold = FluidSpace(pvi.value, resistance.value, resting.value), numbers.get("threshold_mmhg")
    return PressureRise(
        species_name, peak(), peak() * math.exp(-down), peak() * math.exp(up), resting.value, threshold,
        centre.minutes_above(threshold.value, volume, duration) if threshold else None, duration, volume / pvi.value,
        all(n.verified for n in numbers.values()), numbers)
