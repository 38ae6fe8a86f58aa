"""Key frames of sampled cells, packed for the viewer: positions as int16, states as bytes, counts as numbers."""

from __future__ import annotations

import base64

import numpy as np

from thecal.analysis.homing import Homing
from thecal.engine.homing.course import PLACES

SAMPLE = 10_000
FRAME_DAYS = (0.0, 1 / 144, 2 / 144, 4 / 144, 1 / 12, 1 / 6, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, *range(5, 15),
              *range(16, 29, 2), *range(31, 50, 3), 52, 56)
STATES = ("suspended", "rolling", "in the head", "crawling", "at a ganglion", "dead")


def frames_of(homing: Homing, data: dict) -> dict:
    """What ``mountCanal(el, data)`` takes, as plain data; arrays are base64 of little-endian int16 and uint8.

    ``x`` and ``y``: (frames, cells), -32768 for no place; x is level / length, y angle / turn, both times 32767.
    """
    course, wall = homing.course, homing.conditions.wall
    x, y, state = (course.frames[..., k] for k in range(3))
    place = np.isfinite(x)
    packed = [np.where(place, np.clip(np.nan_to_num(v), 0, 1) * 32767, -32768).round().astype("<i2")
              for v in (x / wall.length_mm, y)]
    _low, _high = homing.interval()
    return {
        "title": f"{homing.plan.title}: {homing.arm.label}", "days": [round(float(d), 5) for d in course.frame_days],
        "cells": int(x.shape[1]), "cells_per_point": course.agents * course.weight / max(x.shape[1], 1),
        "length_mm": wall.length_mm, "around_mm": wall.around_mm, "lumbar_mm": wall.grid_mm,
        "states": list(STATES), "sides": data["drg"][0]["body_side"],
        "sleeves": [{"level": s.level, "side": s.side, "x_mm": s.centre_mm, "length_mm": s.length_mm, "arc": s.arc}
                    for s in wall.sleeves],
        "x": _text(packed[0]), "y": _text(packed[1]), "state": _text(state.astype(np.uint8)),
        "totals": _totals(homing), "drg": data["drg"], "ratio": data["injured_to_other"],
        "ratio_day": data["injured_to_other_day"],
    }


def _totals(homing: Homing) -> list[list[float]]:
    """Cells in each state at every whole day, interpolated to the key frames."""
    course = homing.course
    return [[round(float(np.interp(d, course.days, course.places[:, k] * course.weight))) for k in range(len(PLACES))]
            for d in course.frame_days]


def _text(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
