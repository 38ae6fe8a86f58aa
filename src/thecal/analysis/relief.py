"""Relief: when it begins, how long it holds, when it ends; latent and observed, never mixed.

    reversal(t) = (arm − vehicle) / (baseline − vehicle)          all in log10 of the 50 % threshold

The denominator is the *deficit* of the vehicle arm. Below a floor (0.2 log10) a reversal would divide by noise, so it
is undefined there and the difference in log10 stands in its place. *Relief* holds while reversal ≥ level. It may come
back, so it is a list of spans, and the level travels with every duration.

*Latent* relief reads noise-free group means on a fine grid; its times are interpolated crossings. *Observed* relief
knows only scheduled visits; its times are intervals (last visit without, first visit with]. Where the treated arm is
tested at an hour at which the vehicle arm is not, the vehicle mean is read on a straight line between its own visits
before and after, and those hours are listed: it changes over days, relief by a protein over hours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thecal.engine.grid import latent_grid

__all__ = ["latent_grid", "relief_latent", "relief_observed", "reversal"]

LEVEL = 0.30          #: reversal that counts as relief unless a study says otherwise
FLOOR_LOG10 = 0.20    #: smallest vehicle deficit for which a reversal is defined
HOURS = 24.0

Floats = NDArray[np.float64]
Bounds = tuple[float, float]


@dataclass(frozen=True)
class Reversal:
    """Reversal along time. ``value`` is nan where ``defined`` is false; ``difference_log10`` is always finite."""

    value: Floats
    difference_log10: Floats
    deficit_log10: Floats
    defined: NDArray[np.bool_]
    reason: str


@dataclass(frozen=True)
class Span:
    """One stretch of latent relief, hours after the dose, with the event that opens and closes it.

    ``opened``: ``crossing``, ``dose`` (there at the dose) or ``undefined`` (the deficit rose through the floor).
    ``closed``: ``crossing``, ``undefined`` (the vehicle arm recovered) or ``end`` (the record stops: a lower bound).
    """

    start_h: float
    end_h: float
    opened: str
    closed: str


@dataclass(frozen=True)
class Relief:
    """Latent relief at a stated level. Times in hours after the dose; ``None`` where there is no such event."""

    level: float
    spans: tuple[Span, ...]
    onset_h: float | None
    end_h: float | None            #: end of the last span; None if it never began or the record stops first
    duration_h: float              #: all spans together; a lower bound when ``open_end``
    best: float                    #: largest defined reversal after the dose, nan if none is defined
    best_difference_log10: float
    defined: bool                  #: some time after the dose has a defined reversal
    open_end: bool
    reason: str

    def as_dict(self) -> dict[str, object]:
        """Plain data for ``--json``; the level stands beside every duration."""
        return {"level": self.level, "spans": [[s.start_h, s.end_h] for s in self.spans],
                "opened": [s.opened for s in self.spans], "closed": [s.closed for s in self.spans],
                "onset_h": self.onset_h, "end_h": self.end_h, "duration_h": self.duration_h,
                "open_end": self.open_end, "best": _plain(self.best),
                "best_difference_log10": _plain(self.best_difference_log10),
                "defined": self.defined, "reason": self.reason}


@dataclass(frozen=True)
class ObservedSpan:
    """One stretch of observed relief: the interval that holds its start and the one that holds its end (hours)."""

    start_h: Bounds
    end_h: Bounds                  #: upper bound ``inf`` when no later visit is without relief


@dataclass(frozen=True)
class ObservedRelief:
    """Observed relief at a stated level: interval-censored by the visits. Hours after the dose."""

    level: float
    spans: tuple[ObservedSpan, ...]
    onset_h: Bounds | None
    end_h: Bounds | None
    duration_h: Bounds             #: shortest and longest total that the visits allow
    best: float
    defined: bool
    visits_h: tuple[float, ...]
    reversal: tuple[float, ...]
    reason: str
    interpolated_h: tuple[float, ...] = ()      #: visits at which the vehicle arm was read between its own

    def as_dict(self) -> dict[str, object]:
        """Plain data for ``--json``; an open bound is ``null``."""
        return {"level": self.level,
                "spans": [[_pair(s.start_h), _pair(s.end_h)] for s in self.spans],
                "onset_h": _pair(self.onset_h), "end_h": _pair(self.end_h), "duration_h": _pair(self.duration_h),
                "best": _plain(self.best), "defined": self.defined, "visits_h": list(self.visits_h),
                "reversal": [_plain(r) for r in self.reversal], "reason": self.reason,
                "vehicle_interpolated_h": list(self.interpolated_h)}


def reversal(arm_log10: ArrayLike, vehicle_log10: ArrayLike, baseline_log10: ArrayLike,
             floor: float = FLOOR_LOG10) -> Reversal:
    """Reversal of the deficit, elementwise, with what to report where it is undefined.

    Arguments: log10 of the 50 % threshold of the arm, the vehicle arm and the baseline, shapes that broadcast.
    """
    arm, vehicle, baseline = np.broadcast_arrays(*(np.asarray(x, float) for x in
                                                   (arm_log10, vehicle_log10, baseline_log10)))
    difference, deficit = arm - vehicle, baseline - vehicle
    defined = np.isfinite(arm) & (deficit >= floor)
    value = np.divide(difference, deficit, out=np.full(arm.shape, np.nan), where=defined)
    if not (np.isfinite(arm) & (deficit < floor)).any():
        reason = ""
    else:
        extent = "at some times" if defined.any() else "throughout"
        reason = (f"vehicle deficit below {floor:g} log10 {extent}: "
                  "reversal undefined there, the difference in log10 is reported")
    return Reversal(value, difference, deficit, defined, reason)


def relief_latent(t_d: ArrayLike, arm_log10: ArrayLike, vehicle_log10: ArrayLike, baseline_log10: float,
                  dose_day: float, level: float = LEVEL, floor: float = FLOOR_LOG10) -> Relief:
    """Relief spans of a noise-free group mean.

    Curves are taken as straight between grid points. Relief holds where both
    ``arm − vehicle − level·deficit ≥ 0`` and ``deficit − floor ≥ 0``; both are then piecewise linear, so the
    crossings are exact for the interpolated curves.

    Arguments:
        t_d: (n,) days, increasing (see :func:`latent_grid`); only times from ``dose_day`` on are used.
        arm_log10, vehicle_log10: (n,) log10 g. baseline_log10: scalar, log10 g.
        dose_day: day of the dose that hours are counted from. level, floor: see the module.

    Errors: ValueError when times do not increase or fewer than two lie after the dose.
    """
    t, arm, vehicle = _from_dose(t_d, arm_log10, vehicle_log10, dose_day)
    rev = reversal(arm, vehicle, baseline_log10, floor)
    above = rev.difference_log10 - level * rev.deficit_log10
    enough = rev.deficit_log10 - floor
    spans = _spans(t * HOURS, above, enough)
    open_end = bool(spans) and spans[-1].closed == "end"
    best = float(np.nanmax(rev.value)) if rev.defined.any() else math.nan
    return Relief(level=level, spans=spans, onset_h=spans[0].start_h if spans else None,
                  end_h=None if not spans or open_end else spans[-1].end_h,
                  duration_h=float(sum(s.end_h - s.start_h for s in spans)), best=best,
                  best_difference_log10=float(np.max(rev.difference_log10)),
                  defined=bool(rev.defined.any()), open_end=open_end, reason=rev.reason)


def relief_durations(t_d: ArrayLike, arm_log10: ArrayLike, vehicle_log10: ArrayLike, baseline_log10: float,
                     dose_day: float, level: float = LEVEL, floor: float = FLOOR_LOG10) -> Floats:
    """``relief_latent(...).duration_h`` for many pairs of curves at once: (k,) hours.

    Arguments: as for :func:`relief_latent`, with arm_log10 and vehicle_log10 of shape (k, n).
    """
    arm, vehicle = np.broadcast_arrays(np.asarray(arm_log10, float), np.asarray(vehicle_log10, float))
    t = np.asarray(t_d, float)
    later = t > dose_day
    if not later.any() or not np.all(np.diff(t) > 0):
        raise ValueError("times must increase and at least one must lie after the dose")
    hours, both = t[later] - dose_day, [arm[:, later], vehicle[:, later]]
    if t[0] <= dose_day:  # the dose itself is put on the grid
        k = int(np.searchsorted(t, dose_day, side="right")) - 1
        share = (dose_day - t[k]) / (t[k + 1] - t[k])
        hours = np.append(0.0, hours)
        both = [np.column_stack([y[:, k] + share * (y[:, k + 1] - y[:, k]), x])
                for y, x in zip((arm, vehicle), both, strict=True)]
    rev = reversal(both[0], both[1], baseline_log10, floor)
    starts, stops = zip(*(_nonnegative_parts(f) for f in (rev.difference_log10 - level * rev.deficit_log10,
                                                          rev.deficit_log10 - floor)), strict=True)
    held = np.clip(np.minimum(*stops) - np.maximum(*starts), 0, None)
    return held @ np.diff(hours) * HOURS


def _nonnegative_parts(f: Floats) -> tuple[Floats, Floats]:
    """:func:`_nonnegative` along the last axis."""
    left, right = f[:, :-1], f[:, 1:]
    root = np.divide(left, left - right, out=np.zeros(left.shape), where=left != right)
    return (np.where(left >= 0, 0.0, np.where(right >= 0, root, 1.0)),
            np.where(right >= 0, 1.0, np.where(left >= 0, root, 0.0)))


def relief_observed(days: ArrayLike, arm_mean: ArrayLike, vehicle_mean: ArrayLike, baseline_log10: float,
                    dose_day: float, level: float = LEVEL, floor: float = FLOOR_LOG10) -> ObservedRelief:
    """Relief as scheduled visits show it: onset in (last visit without, first visit with], and so on.

    The dose itself counts as a time without relief. Visits where the reversal is undefined say nothing and only
    widen the intervals. A vehicle mean that is missing between two others is read on the line between them.

    Arguments: days (v,) of the visits, increasing, those between injury and dose included where there are any;
        arm_mean, vehicle_mean (v,) group means in log10 g, nan where nobody was tested.
    """
    day, arm = np.asarray(days, float), np.asarray(arm_mean, float)
    after = (day > dose_day) & np.isfinite(arm)
    vehicle, read = _between_visits(day, np.asarray(vehicle_mean, float), np.isfinite(arm))
    rev = reversal(arm[after], vehicle[after], baseline_log10, floor)
    hours = (day[after] - dose_day) * HOURS
    spans: list[ObservedSpan] = []
    last_without, start, last_with = 0.0, None, 0.0
    for hour, value in zip(hours, rev.value, strict=True):
        if math.isnan(value):
            continue
        if value >= level:
            start = (last_without, float(hour)) if start is None else start
            last_with = float(hour)
            continue
        if start is not None:
            spans.append(ObservedSpan(start, (last_with, float(hour))))
            start = None
        last_without = float(hour)
    if start is not None:
        spans.append(ObservedSpan(start, (last_with, math.inf)))
    shortest = sum(s.end_h[0] - s.start_h[1] for s in spans)
    longest = sum(s.end_h[1] - s.start_h[0] for s in spans)
    return ObservedRelief(level=level, spans=tuple(spans), onset_h=spans[0].start_h if spans else None,
                          end_h=spans[-1].end_h if spans else None, duration_h=(float(shortest), float(longest)),
                          best=float(np.nanmax(rev.value)) if rev.defined.any() else math.nan,
                          defined=bool(rev.defined.any()), visits_h=tuple(map(float, hours)),
                          reversal=tuple(map(float, rev.value)), reason=rev.reason,
                          interpolated_h=tuple(float(h) for h in (day[after & read] - dose_day) * HOURS))


def _between_visits(day: Floats, mean: Floats, wanted: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """The means with gaps filled where wanted, on the line between the visits around; and where that was done."""
    known = np.flatnonzero(np.isfinite(mean))
    read = wanted & ~np.isfinite(mean)
    if not known.size:
        return mean, np.zeros(day.shape, dtype=bool)
    read &= (day > day[known[0]]) & (day < day[known[-1]])
    return np.where(read, np.interp(day, day[known], mean[known]), mean), read


def _from_dose(t_d: ArrayLike, arm: ArrayLike, vehicle: ArrayLike, dose_day: float) -> tuple[Floats, Floats, Floats]:
    """Times after the dose and both curves there; the dose itself is put on the grid by interpolation."""
    t = np.asarray(t_d, float)
    a, v = (np.broadcast_to(np.asarray(x, float), t.shape) for x in (arm, vehicle))
    if t.size < 2 or not np.all(np.diff(t) > 0) or not t[-1] > dose_day:
        raise ValueError("times must increase and at least one must lie after the dose")
    later = t > dose_day
    if t[0] > dose_day:
        return t - dose_day, a, v
    return (np.append(0.0, t[later] - dose_day), np.append(np.interp(dose_day, t, a), a[later]),
            np.append(np.interp(dose_day, t, v), v[later]))


def _spans(hours: Floats, above: Floats, enough: Floats) -> tuple[Span, ...]:
    """Unions of the times at which two piecewise linear functions are both non-negative."""
    spans: list[Span] = []
    for i in range(hours.size - 1):
        width = hours[i + 1] - hours[i]
        pieces = [_nonnegative(f[i], f[i + 1]) for f in (above, enough)]
        low, high = max(p[0] for p in pieces), min(p[1] for p in pieces)
        if not high > low:
            continue
        start = float(hours[i] + low * width)
        end = float(hours[i + 1] if high == 1.0 else hours[i] + high * width)      # exact, so that spans join
        closed = "end" if high == 1.0 else "undefined" if pieces[1][1] == high else "crossing"
        if spans and low == 0.0 and spans[-1].end_h == hours[i]:
            spans[-1] = Span(spans[-1].start_h, end, spans[-1].opened, closed)
            continue
        if low == 0.0 and i == 0:
            opened = "dose"
        else:
            opened = "undefined" if pieces[1][0] == low and low > pieces[0][0] else "crossing"
        spans.append(Span(start, end, opened, closed))
    last = float(hours[-1])
    return tuple(s if s.closed != "end" or s.end_h == last else Span(s.start_h, s.end_h, s.opened, "crossing")
                 for s in spans)


def _nonnegative(left: float, right: float) -> Bounds:
    """The part of [0, 1] on which the straight line from ``left`` to ``right`` is ≥ 0; empty as (1, 0)."""
    if left >= 0 and right >= 0:
        return 0.0, 1.0
    if not (left >= 0 or right >= 0):
        return 1.0, 0.0
    root = left / (left - right)
    return (0.0, root) if left >= 0 else (root, 1.0)


def _plain(x: float) -> float | None:
    return float(x) if math.isfinite(x) else None


def _pair(bounds: Bounds | None) -> list[float | None] | None:
    return None if bounds is None else [_plain(b) for b in bounds]
