"""Two readings of time: days after injury, or hours after a dose where hours decide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from thecal.report.arms import question_of
from thecal.study.plan import ArmPlan, StudyPlan

MINUTE, DAY = 1 / 60, 24.0
NAMED_H = ((5 * MINUTE, "5 min"), (0.5, "30 min"), (3, "3 h"), (DAY, "1 d"), (7 * DAY, "1 wk"), (30 * DAY, "30 d"),
           (100 * DAY, "100 d"))


@dataclass(frozen=True)
class Days:
    """Days after injury, from the first look to the last."""

    first: float
    last: float
    zero: float = 0.0

    def x(self, day: np.ndarray | float) -> np.ndarray:
        """Place on the axis."""
        return np.asarray(day, float) - self.zero

    def shows(self, day: np.ndarray | float) -> np.ndarray:
        """Whether a day lies on the axis."""
        return (np.asarray(day, float) >= self.first) & (np.asarray(day, float) <= self.last)

    def dress(self, axes: Axes) -> None:
        """Ticks, limits and label."""
        wide = self.last - self.first
        axes.set_xlim(self.first - self.zero - 0.02 * wide, self.last - self.zero + 0.02 * wide)
        axes.set_xlabel("days after injury")


@dataclass(frozen=True)
class Hours:
    """Hours after one dose: even up to an hour, logarithmic beyond; earlier visits stand at the left edge."""

    dose: float
    injury: float
    last_h: float
    looks_h: tuple[float, ...]

    def x(self, day: np.ndarray | float) -> np.ndarray:
        """Place on the axis; what lies before the dose is 'before injury' or 'before the dose'."""
        day = np.asarray(day, float)
        hours = (day - self.dose) * 24
        later = np.where(hours <= 1, hours, 1 + np.log(np.maximum(hours, 1)))
        return np.where(day < self.injury, -1.3, np.where(hours < -1e-6, -0.65, later))

    def shows(self, day: np.ndarray | float) -> np.ndarray:
        """Whether a day lies on the axis."""
        return (np.asarray(day, float) - self.dose) * 24 <= self.last_h + 1e-6

    def dress(self, axes: Axes) -> None:
        """Ticks, limits and label."""
        marks = sorted({0.0, *self.looks_h})
        marks = [h for i, h in enumerate(marks) if i == 0 or float(self.x(self.dose + h / 24))
                 - float(self.x(self.dose + marks[i - 1] / 24)) > 0.3]
        axes.set_xticks([-1.3, -0.65, *(float(self.x(self.dose + h / 24)) for h in marks)],
                        ["BL", "pre", *(f"{h:g}" for h in marks)])
        axes.set_xlim(-1.6, float(self.x(self.dose + self.last_h / 24)) + 0.2)
        axes.set_xlabel("hours after the dose")


def clock_of(plan: StudyPlan, arm: ArmPlan, assay: str) -> Days | Hours:
    """Hours for a dissolved bolus that was looked at within hours; days otherwise."""
    visits = [v for v in plan.visits if v.assay == assay and arm.id in v.arms]
    close = [v.after_dose_h for v in visits if v.after_dose_h is not None]
    soluble = question_of(arm) in ("protein", "inhibitor", "uninjured") and not any(
        a.kind == "cells" for a in arm.administrations)
    if soluble and len(close) >= 3 and arm.first_dose_d is not None:
        return Hours(arm.first_dose_d, arm.injury.day_d, max(close), tuple(close))
    days = [v.day_d for v in visits] or [0.0, arm.end_d]
    return Days(min(days), max(days), arm.injury.day_d)


def log_hours(axes: Axes, low_h: float, high_h: float, label: str = "time after the dose",
              none: bool = False) -> None:
    """A logarithmic axis of hours with ticks a reader can say aloud; with ``none``, its left edge stands for zero."""
    axes.set_xscale("log")
    axes.set_xlim(low_h * (0.75 if none else 1), high_h)
    inside = [(low_h, "none")] if none else []
    inside += [(h, name) for h, name in NAMED_H if low_h * (4 if none else 0.999) <= h <= high_h * 1.02]
    axes.set_xticks([h for h, _ in inside], [name for _, name in inside])
    axes.set_xticks([], minor=True)
    axes.set_xlabel(label)


def even(values: Sequence[float], count: int) -> list[float]:
    """At most ``count`` of the values, evenly chosen, ends included."""
    step = max(1, math.ceil(len(values) / count))
    return list(values[::step])
