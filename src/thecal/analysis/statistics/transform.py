"""From raw outcomes to the scale on which they are analysed, with censoring where the instrument ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from thecal.analysis.statistics.plan import AnalysisPlan
from thecal.analysis.statistics.readings import Readings
from thecal.core.errors import Problem, ThecalError


def transformed(data: Readings, plan: AnalysisPlan) -> Readings:
    """The readings with ``y`` on the scale of analysis.

    latency: log10 s, right-censored from ``cutoff`` on. seconds: log10 s, left-censored at ``shortest`` when zero or
    shorter. percent: empirical logit of a percentage, read as responses
    out of ten. log-value: log10. threshold, value, score: as they are.

    Errors: ThecalError for values the scale cannot hold (a negative latency, 130 %).
    """
    frame = data.frame.copy()
    y = frame["y"].to_numpy(float)
    notes = list(data.notes)
    if plan.outcome in ("latency", "log-value"):
        _refuse(frame, y <= 0, "must be above zero")
        frame["y"] = np.log10(y)
        _log_bounds(frame)
        if plan.outcome == "latency" and plan.cutoff is not None:
            reached = y >= plan.cutoff * (1 - 1e-9)
            frame.loc[reached, ["y", "low"]] = np.log10(plan.cutoff)
            frame.loc[reached, "censored"] = "right"
            if reached.any():
                notes.append(Problem("latency", f"{int(reached.sum())} readings reached the cut-off of {plan.cutoff:g} "
                                     "s and are censored there", severity="note", code="cutoff"))
    elif plan.outcome == "seconds":
        _refuse(frame, y < 0, "cannot be negative")
        none = y < plan.shortest
        frame["y"] = np.log10(np.maximum(y, plan.shortest))
        _log_bounds(frame)
        frame.loc[none, "high"] = np.log10(plan.shortest)
        frame.loc[none, "censored"] = "left"
    elif plan.outcome == "percent":
        _refuse(frame, (y < 0) | (y > 100), "must lie between 0 and 100")
        hits = y / 10
        frame["y"] = np.log((hits + 0.5) / (10.5 - hits))
    return replace(data, frame=frame, notes=tuple(notes))


def _log_bounds(frame) -> None:
    for column in ("low", "high"):
        positive = frame[column] > 0
        frame[column] = np.log10(frame[column].where(positive))


def _refuse(frame, bad: np.ndarray, rule: str) -> None:
    if bad.any():
        row = frame.iloc[int(np.flatnonzero(bad)[0])]
        raise ThecalError.single(f"animal {row['animal']}, day {row['day']:g}", f"this reading {rule}",
                                 seen=f"{row['y']:g}", code="impossible-reading")
