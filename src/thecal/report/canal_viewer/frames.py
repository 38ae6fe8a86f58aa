"""Key frames of sampled cells, packed for the viewer: positions as int16, states as bytes, counts as numbers.

The same plain data serve the moving picture, the still one and the table, so a run keeps them in one file.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from thecal.analysis.homing import Homing
from thecal.engine.homing.course import PLACES
from thecal.report.canal_viewer.states import looks

SAMPLE = 10_000
FRAME_DAYS = (0.0, 1 / 144, 2 / 144, 4 / 144, 1 / 12, 1 / 6, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, *range(5, 15),
              *range(16, 29, 2), *range(31, 50, 3), 52, 56)
HIDDEN, FULL = -32768, 32767
STILL_DAY = 14.0

Frames = dict[str, Any]


def frames_of(homing: Homing, data: dict) -> Frames:
    """What ``mountCanal(el, data)`` takes, as plain data; arrays are base64 of little-endian int16 and uint8.

    ``x`` and ``y``: (frames, cells), -32768 for no place; x is level / length, y angle / turn, both times 32767.

    Arguments:
        homing: followed with key frames. data: the same arm from :func:`thecal.analysis.homing.as_data`.
    """
    course, wall = homing.course, homing.conditions.wall
    x, y, state = (course.frames[..., k] for k in range(3))
    place = np.isfinite(x)
    packed = [np.where(place, np.clip(np.nan_to_num(v), 0, 1) * FULL, HIDDEN).round().astype("<i2")
              for v in (x / wall.length_mm, y)]
    at = np.searchsorted(course.days, course.frame_days)  # places are counted at every key frame
    return {
        "title": f"{homing.plan.title}: {homing.arm.label}", "days": [round(float(d), 5) for d in course.frame_days],
        "cells": int(x.shape[1]), "agents": course.agents, "cells_per_agent": course.weight,
        "cells_per_point": course.agents * course.weight / max(x.shape[1], 1),
        "still": int(np.argmin(np.abs(course.frame_days - STILL_DAY))),
        "length_mm": wall.length_mm, "around_mm": wall.around_mm, "lumbar_mm": wall.grid_mm,
        "states": looks(), "sides": data["drg"][0]["body_side"],
        "sleeves": [{"level": s.level, "side": s.side, "x_mm": s.centre_mm, "length_mm": s.length_mm, "arc": s.arc}
                    for s in wall.sleeves],
        "slugs": [{"low_mm": s.low_mm, "high_mm": min(s.high_mm, wall.length_mm)} for s in homing.conditions.slugs],
        "x": _text(packed[0]), "y": _text(packed[1]), "state": _text(state.astype(np.uint8)),
        "totals": np.round(course.places[at] * course.weight).astype(int).tolist(),
        "drg": data["drg"], "interval": data["interval"], "ratio": data["injured_to_other"],
        "ratio_90": data["injured_to_other_90"], "ratio_day": data["injured_to_other_day"],
        "local": data["local_tgfb1"],
    }


@dataclass(frozen=True)
class Seen:
    """The sampled cells of one key frame: places in mm and turns (nan for none), and states as names."""

    x_mm: np.ndarray
    turn: np.ndarray
    state: np.ndarray


def seen(frames: Frames, day: float) -> Seen:
    """The key frame nearest to a day, read back from the packed data."""
    k, n = int(np.argmin(np.abs(np.array(frames["days"]) - day))), frames["cells"]

    def row(key: str, kind: str) -> np.ndarray:
        whole = np.frombuffer(base64.b64decode(frames[key]), kind)
        return whole[k * n:(k + 1) * n]

    x, y = (np.where(v == HIDDEN, np.nan, v / FULL) for v in (row("x", "<i2"), row("y", "<i2")))
    return Seen(x * frames["length_mm"], y, np.array(PLACES)[row("state", "u1")])


def _text(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
