"""The bookkeeping of derivatives: begin at zero, pass events, write what was asked.

Not called from Python; :mod:`plain_loops` turns it into machine code with the driver.
"""

from __future__ import annotations

from thecal.engine.compiled.task import (
    chosen_count,
    chosen_of,
    dense,
    event_map,
    event_set,
    map_column,
    map_row,
    map_weight,
    seed,
    seen_count,
    set_parameter,
    slopes,
    tangent,
    tangent_blocks,
    tangent_rows,
    tangent_width,
    tseen_row,
)


def reset_tangents() -> None:
    """The state at the start is zero whatever the parameters are."""
    for b in range(tangent_blocks):
        for row in range(tangent_rows):
            for w in range(tangent_width):
                tangent[b, row, w] = 0.0
    for j in range(tangent_blocks * tangent_width):
        seed[j] = 1.0


def pass_event(e: int) -> None:
    """An event's matrix acts on derivatives as on states; what it adds is given; a parameter it sets is given too."""
    for b in range(tangent_blocks):
        for w in range(tangent_width):
            for i in range(event_map[e], event_map[e + 1]):
                dense[map_row[i]] = 0.0
            for i in range(event_map[e], event_map[e + 1]):
                dense[map_row[i]] += map_weight[i] * tangent[b, map_column[i], w]
            for i in range(event_map[e], event_map[e + 1]):
                tangent[b, map_row[i], w] += dense[map_row[i]]
                dense[map_row[i]] = 0.0
    for i in range(event_set[e], event_set[e + 1]):
        if chosen_of[set_parameter[i]] >= 0:
            seed[chosen_of[set_parameter[i]]] = 0.0


def write_slopes(which: int, at: int) -> None:
    """Copy the derivatives of the observables to their place."""
    for o in range(seen_count):
        for j in range(chosen_count):
            b = 0
            w = j
            while w >= tangent_width:
                w -= tangent_width
                b += 1
            slopes[which, at, o, j] = tangent[b, tseen_row + o, w]
