"""The loop over time: which lane does what next.

One pass, in order:

1. each lane picks its step: never beyond its next event or its last look;
2. all lanes make the step and judge it (the model's vector code);
3. a lane whose linear solve was poor makes its step anew with pivots;
4. lanes that accept emit the looks that lie within the step;
5. accepted lanes move on; at an event they change state and parameters, at the end they take the next animal.

Lanes never mix: every number of an animal comes from that animal's own column of every array.
These functions are not called from Python; :mod:`plain_loops` turns them into machine code.
"""

from __future__ import annotations

from math import inf, sqrt

from thecal.engine.compiled.kernels import CONTROL
from thecal.engine.compiled.pivoting import MENDED, SINGULAR, pivoted_step
from thecal.engine.compiled.tableau import STAGES
from thecal.engine.compiled.tangent_loops import pass_event, reset_tangents, write_slopes
from thecal.engine.compiled.task import (
    accepted,
    add_base,
    add_state,
    add_stride,
    animal,
    attempts,
    chosen_count,
    control,
    dense,
    event,
    event_add,
    event_end,
    event_map,
    event_set,
    event_time,
    f,
    field_count,
    field_of,
    first,
    floor,
    fresh,
    judge,
    k,
    keep_states,
    lanes,
    last,
    look,
    look_next,
    map_column,
    map_row,
    map_weight,
    mark,
    members,
    mended,
    new,
    next_step,
    numbers,
    observe,
    p,
    parameter_count,
    parameters,
    peak,
    prepare,
    rates,
    reaches,
    rejected,
    rtol,
    schedule_of,
    schedule_start,
    seen,
    seen_count,
    set_base,
    set_parameter,
    set_stride,
    settle,
    start_d,
    state_count,
    states,
    status,
    step,
    step_limit,
    steps,
    tangent_look,
    tangent_prepare,
    tangent_settle,
    tangent_step,
    target,
    time,
    time_count,
    times,
    values,
    y,
)

STEP, RTOL, ERROR, ADVICE, RESIDUAL, ACCEPT, MOMENT = range(len(CONTROL))

OK, STEP_LIMIT, NOT_FINITE, RESIDUAL_FAILED = 0, 1, 2, 3  # the values of integrate.Status
REJECTED, BROKEN_STEP, SINGULAR_STEP = 1, 2, 3
SAME_MOMENT_D = 1e-9  # two times closer than this (0.1 ms) are one
LARGEST_GROWTH, SMALLEST_SHRINKAGE, NOT_FINITE_SHRINKAGE = 6.0, 0.2, 0.25
FIRST_STEP_D, SMALLEST_FIRST_STEP_D, LARGEST_FIRST_STEP_D = 1e-6, 1e-8, 0.1
SMALLEST_STEP_D = 1e-13  # relative to the time, or absolute within the first day


def drive() -> None:
    """Integrate members ``first`` to ``last - 1``; all that is needed lies in the task."""
    waiting = first
    for lane in range(lanes):
        animal[lane] = -1
        control[RTOL, lane] = rtol
        control[STEP, lane] = 1.0
        control[ACCEPT, lane] = control[MOMENT, lane] = 0.0
        fresh[lane] = 0
        if waiting < last:
            board(lane, members[waiting])
            waiting += 1
    while count_aboard() > 0:
        if count_fresh() > 0:
            start_fresh_lanes()
            for lane in range(lanes):
                if animal[lane] >= 0 and look_next[lane] >= time_count:  # all its looks were at this moment
                    leave(lane, OK)
        else:
            make_step()
            for lane in range(lanes):
                if animal[lane] >= 0:
                    advance(lane)
        for lane in range(lanes):
            if animal[lane] < 0 and waiting < last:
                board(lane, members[waiting])
                waiting += 1


def count_aboard() -> int:
    """How many lanes carry an animal."""
    count = 0
    for lane in range(lanes):
        if animal[lane] >= 0:
            count += 1
    return count


def count_fresh() -> int:
    """How many lanes begin anew."""
    count = 0
    for lane in range(lanes):
        count += fresh[lane]
    return count


def board(lane: int, which: int) -> None:
    """Give a lane its next animal: state zero, nothing of the one before left behind."""
    animal[lane] = which
    for i in range(state_count):
        y[i, lane] = new[i, lane] = 0.0
        for s in range(STAGES):
            k[s, i, lane] = 0.0
    for i in range(field_count):
        peak[i, lane] = 0.0
    for i in range(parameter_count):
        p[i, lane] = parameters[which, i]
    event[lane] = schedule_start[schedule_of[which]]
    event_end[lane] = schedule_start[schedule_of[which] + 1]
    time[lane] = start_d
    look_next[lane] = attempts[lane] = accepted[lane] = 0
    if chosen_count > 0:
        reset_tangents()
    set_out(lane)


def set_out(lane: int) -> None:
    """Apply the events of this moment, then aim at the next one or at the last look."""
    while event[lane] < event_end[lane] and event_time[event[lane]] <= time[lane] + SAME_MOMENT_D:
        apply_event(lane, event[lane])
        event[lane] += 1
    target[lane] = times[time_count - 1]
    if event[lane] < event_end[lane] and event_time[event[lane]] <= target[lane] + SAME_MOMENT_D:
        target[lane] = event_time[event[lane]]
    rejected[lane] = 0
    fresh[lane] = 1


def apply_event(lane: int, e: int) -> None:
    """``y <- (I + M) y + offset``, with M read on the old state; then the parameters that change."""
    if chosen_count > 0:
        pass_event(e)
    for i in range(event_map[e], event_map[e + 1]):
        dense[map_row[i]] = 0.0
    for i in range(event_map[e], event_map[e + 1]):
        dense[map_row[i]] += map_weight[i] * y[map_column[i], lane]
    for i in range(event_map[e], event_map[e + 1]):
        y[map_row[i], lane] += dense[map_row[i]]
        dense[map_row[i]] = 0.0  # a row with several entries is added once
    for i in range(event_add[e], event_add[e + 1]):
        y[add_state[i], lane] += numbers[add_base[i] + add_stride[i] * animal[lane]]
    for i in range(event_set[e], event_set[e + 1]):
        p[set_parameter[i], lane] = numbers[set_base[i] + set_stride[i] * animal[lane]]


def start_fresh_lanes() -> None:
    """Constants, floors, first step and looks of lanes that begin anew; for the others nothing changes."""
    prepare(control)
    if chosen_count > 0:
        tangent_prepare(control)
    for lane in range(lanes):
        control[ACCEPT, lane] = 0.0
    settle(control)
    rates(control)
    for lane in range(lanes):
        if fresh[lane] == 1:
            guess_first_step(lane)
    emit(True)
    for lane in range(lanes):
        fresh[lane] = 0


def guess_first_step(lane: int) -> None:
    """A hundredth of the time in which the state would change by itself (Hairer, Norsett & Wanner, II.4)."""
    size = 0.0
    change = 0.0
    for i in range(state_count):
        weight = max(abs(y[i, lane]), floor[field_of[i], lane])
        size += y[i, lane] / weight * (y[i, lane] / weight)
        change += f[i, lane] / weight * (f[i, lane] / weight)
    guess = 0.01 * sqrt(size / change) if size > 0.0 and change > 0.0 else FIRST_STEP_D
    next_step[lane] = min(max(guess, SMALLEST_FIRST_STEP_D), LARGEST_FIRST_STEP_D)


def make_step() -> None:
    """Attempt a step; what is accepted is looked at and becomes the state."""
    attempt()
    with_tangents = chosen_count > 0 and control[ACCEPT, 0] > 0.5
    if with_tangents:
        tangent_step(control)
    emit(False)
    if with_tangents:
        tangent_settle(control)
    settle(control)


def attempt() -> None:
    """One step of every lane, judged."""
    for lane in range(lanes):
        control[STEP, lane] = 1.0
        if animal[lane] >= 0:
            choose_step(lane)
    step(control)
    judge(control)
    mend_residuals()
    for lane in range(lanes):
        control[ACCEPT, lane] = 0.0
        if animal[lane] >= 0:
            weigh(lane)


def choose_step(lane: int) -> None:
    """Reach the target exactly, and do not leave a sliver before it."""
    left = target[lane] - time[lane]
    reaches[lane] = 0
    if next_step[lane] >= 0.999 * left:
        reaches[lane] = 1
        control[STEP, lane] = left
    elif next_step[lane] > 0.5 * left:
        control[STEP, lane] = 0.5 * left
    else:
        control[STEP, lane] = next_step[lane]


def mend_residuals() -> None:
    """Lanes whose unpivoted solve was poor make their step anew with pivots; if that fails too, they reject it."""
    some = False
    for lane in range(lanes):
        mark[lane] = 0
        if animal[lane] >= 0 and not control[RESIDUAL, lane] <= 0.0:
            mark[lane] = pivoted_step(lane)
            mended[animal[lane]] += 1
            some = True
    if some:
        judge(control)
        for lane in range(lanes):
            if mark[lane] > MENDED:
                control[ERROR, lane] = inf


def weigh(lane: int) -> None:
    """Accept or reject the step; the next step's length follows from the error."""
    error = control[ERROR, lane]
    attempts[lane] += 1
    if error <= 1.0:
        factor = min(control[ADVICE, lane], LARGEST_GROWTH)
        if rejected[lane] > 0:
            factor = min(factor, 1.0)
        control[ACCEPT, lane] = 1.0
        rejected[lane] = 0
        accepted[lane] += 1
    elif error < inf:
        factor = max(control[ADVICE, lane], SMALLEST_SHRINKAGE)
        rejected[lane] = REJECTED
    else:
        factor = NOT_FINITE_SHRINKAGE
        rejected[lane] = SINGULAR_STEP if mark[lane] == SINGULAR else BROKEN_STEP
    next_step[lane] = control[STEP, lane] * factor


def emit(at_rest: bool) -> None:
    """Write the looks that lie within the step just made, or (``at_rest``) at the moment where a lane starts afresh.

    One round serves one look of every lane that has one; rounds go on until no lane has any left.
    """
    while True:
        some = False
        for lane in range(lanes):
            mark[lane] = 0
            control[MOMENT, lane] = 0.0
            if animal[lane] >= 0 and look_next[lane] < time_count and looks_now(lane, at_rest):
                mark[lane] = 1
                some = True
                if not at_rest:
                    share = (times[look_next[lane]] - time[lane]) / control[STEP, lane]
                    control[MOMENT, lane] = min(max(share, 0.0), 1.0)
        if not some:
            break
        observe(control)
        for lane in range(lanes):
            if mark[lane] == 1:
                write_look(lane)


def looks_now(lane: int, at_rest: bool) -> bool:
    """Whether the lane's next look is due; one at an event's moment waits until the event has happened."""
    moment = times[look_next[lane]]
    if at_rest:
        return fresh[lane] == 1 and moment <= time[lane] + SAME_MOMENT_D
    if control[ACCEPT, lane] < 0.5:
        return False
    if reaches[lane] == 0:
        return moment <= time[lane] + control[STEP, lane]
    return event[lane] >= event_end[lane] or moment < target[lane] - SAME_MOMENT_D


def write_look(lane: int) -> None:
    """Copy one lane's observables (and states, if kept) to their place."""
    for i in range(seen_count):
        values[animal[lane], look_next[lane], i] = seen[i, lane]
    if keep_states == 1:
        for i in range(state_count):
            states[animal[lane], look_next[lane], i] = look[i, lane]
    if chosen_count > 0:
        tangent_look(control)
        write_slopes(animal[lane], look_next[lane])
    look_next[lane] += 1


def advance(lane: int) -> None:
    """Move an accepted lane on; an animal that is finished or cannot go on leaves."""
    if control[ACCEPT, lane] > 0.5:
        time[lane] = target[lane] if reaches[lane] == 1 else time[lane] + control[STEP, lane]
        if look_next[lane] >= time_count:
            leave(lane, OK)
        elif reaches[lane] == 1:
            set_out(lane)
    elif next_step[lane] < SMALLEST_STEP_D * max(1.0, abs(time[lane])):
        cause = STEP_LIMIT
        if rejected[lane] == BROKEN_STEP:
            cause = NOT_FINITE
        elif rejected[lane] == SINGULAR_STEP:
            cause = RESIDUAL_FAILED
        leave(lane, cause)
    if animal[lane] >= 0 and attempts[lane] >= step_limit:
        leave(lane, STEP_LIMIT)


def leave(lane: int, how: int) -> None:
    """Write how the animal ended; the lane is free."""
    status[animal[lane]] = how
    steps[animal[lane]] = accepted[lane]
    animal[lane] = -1
    fresh[lane] = 0
    control[ACCEPT, lane] = 0.0
