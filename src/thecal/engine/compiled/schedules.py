"""Events of all schedules as flat arrays, as the driver reads them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

import numpy as np

from thecal.core.declaration import Model
from thecal.core.errors import Problem
from thecal.engine.integrate import Event

FLAT = ("schedule_start", "event_time", "event_map", "event_add", "event_set", "map_row", "map_column", "map_weight",
        "add_state", "add_base", "add_stride", "set_parameter", "set_base", "set_stride", "numbers")
_REAL = ("event_time", "map_weight", "numbers")


def flatten(schedules: Sequence[Sequence[Event]], living: Sequence[int]) -> dict[str, np.ndarray]:
    """Lay all events one behind the other, as they act on the living states.

    ``schedule_start[s]`` to ``schedule_start[s + 1]`` are the events of schedule s; ``event_map``, ``event_add`` and
    ``event_set`` bound the entries of each event's matrix, of what it adds and of the parameters it sets in the same
    way. A number is ``numbers[base + stride * animal]``: stride 0 for all animals alike, 1 for one each.
    """
    place = {state: i for i, state in enumerate(living)}
    flat: dict[str, list] = {name: [] for name in FLAT}
    for name in ("schedule_start", "event_map", "event_add", "event_set"):
        flat[name].append(0)
    blocks: list[np.ndarray] = []
    length = 0

    def number(value: np.ndarray) -> tuple[int, int]:
        nonlocal length
        blocks.append(np.atleast_1d(np.asarray(value, float)))
        length += blocks[-1].size
        return length - blocks[-1].size, int(np.ndim(value) > 0)

    for schedule in schedules:
        for event in schedule:
            flat["event_time"].append(event.time_d)
            for i, j, weight in zip(event.rows, event.columns, event.weights, strict=True):
                if int(i) in place and int(j) in place:
                    flat["map_row"].append(place[int(i)])
                    flat["map_column"].append(place[int(j)])
                    flat["map_weight"].append(weight)
            for state, value in _added(event, place):
                base, stride = number(value)
                flat["add_state"].append(place[state])
                flat["add_base"].append(base)
                flat["add_stride"].append(stride)
            for parameter, setting in event.parameters.items():
                base, stride = number(np.asarray(setting, float))
                flat["set_parameter"].append(parameter)
                flat["set_base"].append(base)
                flat["set_stride"].append(stride)
            flat["event_map"].append(len(flat["map_row"]))
            flat["event_add"].append(len(flat["add_state"]))
            flat["event_set"].append(len(flat["set_parameter"]))
        flat["schedule_start"].append(len(flat["event_time"]))
    arrays = {name: np.array(values, float if name in _REAL else np.int64) for name, values in flat.items()}
    arrays["numbers"] = np.concatenate(blocks) if blocks else np.empty(0)
    return arrays


def _added(event: Event, living: Container[int]) -> Iterable[tuple[int, np.ndarray]]:
    """The living states to which an event adds something, with one number or one per animal."""
    if event.offset is None:
        return
    offset = np.asarray(event.offset, float)
    touched = np.flatnonzero(offset.any(axis=0) if offset.ndim == 2 else offset)
    for state in (s for s in touched if int(s) in living):
        yield int(state), np.array(offset[..., state])


def problems_of(model: Model, schedule: Sequence[Event], animals: int, start_d: float,
                where: str) -> Iterable[Problem]:
    """What does not fit: an event before the start, out of order, out of range, or of the wrong shape."""
    before, states = start_d, len(model.states)
    for e, event in enumerate(schedule):
        here = f"{where}[{e}]"
        if not event.time_d >= before:
            yield Problem(f"{here}.time_d", "events must follow one another and the start", seen=f"{event.time_d} d",
                          allowed=f"at or after {before} d", remedy="sort the events by time", code="event-order")
        before = event.time_d
        places = np.concatenate([np.asarray(event.rows, int), np.asarray(event.columns, int)])
        if not len(event.rows) == len(event.columns) == len(event.weights) or np.any((places < 0) | (places >= states)):
            yield Problem(f"{here}.rows", "an event's matrix must name states of the model", seen=str(places),
                          allowed=f"0 to {states - 1}, rows, columns and weights of one length", code="event-matrix")
        if event.offset is not None and np.shape(event.offset) not in ((states,), (animals, states)):
            yield Problem(f"{here}.offset", "an event adds one number per state", seen=str(np.shape(event.offset)),
                          allowed=f"({states},) or ({animals}, {states})", code="event-offset")
        for parameter, value in event.parameters.items():
            if not 0 <= parameter < len(model.parameters) or np.shape(value) not in ((), (animals,)):
                yield Problem(f"{here}.parameters[{parameter}]", "an event sets parameters of the model",
                              seen=f"shape {np.shape(value)}", code="event-parameter",
                              allowed=f"0 to {len(model.parameters) - 1}; one number, or ({animals},)")
