"""The cohort engine: many animals, one lane each, the model compiled to vector code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from thecal.core.declaration import Model
from thecal.engine.compiled import toolchain
from thecal.engine.compiled.checks import refuse_misfits
from thecal.engine.compiled.program import Program, observer_of, program_of, tangents_of
from thecal.engine.compiled.reduction import Group, groups_of
from thecal.engine.compiled.schedules import flatten
from thecal.engine.compiled.workspace import run_shares
from thecal.engine.integrate import Event, Solution

STEP_LIMIT = 100_000


@dataclass(frozen=True)
class CompiledSolution(Solution):
    """A solution that also counts, per animal, the steps whose linear solve had to be done anew with pivots.

    ``slopes``: (animals, times, asked observables, chosen parameters), if they were asked for.
    """

    mended: np.ndarray | None = None
    slopes: np.ndarray | None = None


class CompiledIntegrator:
    """Rodas5P with one adaptive step per animal, as vector code; see docs/explanation/cohort-engine.md.

    Arguments:
        threads: how many share the work; default: the processors this process may use. Results do not depend on it.
        lanes: animals per vector; default: what suits the processor. Results do not depend on it.
        step_limit: attempts allowed per animal before it ends with ``STEP_LIMIT``.
        share: animals that a thread takes at a time; results do not depend on it.
    """

    def __init__(self, threads: int | None = None, lanes: int | None = None, step_limit: int = STEP_LIMIT,
                 share: int | None = None) -> None:
        self.threads = threads or _processors()
        self.lanes = lanes or toolchain.natural_lanes()
        self.step_limit, self.share = step_limit, share

    def solve(self, model: Model, parameters: np.ndarray, schedules: Sequence[Sequence[Event]],
              schedule_of: np.ndarray, start_d: float, times_d: np.ndarray, observables: Sequence[str],
              *, rtol: float = 1e-6, all_states: bool = False) -> CompiledSolution:
        """See :meth:`thecal.engine.integrate.Integrator.solve`.

        Errors: ThecalError when shapes, times, events or observables do not fit the model. An animal that cannot be
        computed is no error: its ``status`` says why, and its values are NaN from the failure on.
        """
        cohort = _Cohort(model, parameters, schedules, schedule_of, start_d, times_d, observables, rtol)
        states = np.full((*cohort.arrays["values"].shape[:2], len(model.states)), np.nan) if all_states else None
        for group in cohort.groups():
            program = program_of(model, self.lanes, group.form)
            arrays, sizes = cohort.task(program, group), cohort.sizes(self.step_limit)
            if states is not None:
                arrays["states"] = np.full((*states.shape[:2], len(group.form.living)), np.nan)
            sizes["keep_states"] = int(all_states)
            sizes["observe"] = observer_of(model, self.lanes, group.form, observables, all_states).address("observe")
            run_shares(program, arrays, sizes, self.threads, self.share)
            if states is not None:
                _spread(arrays["states"], group, states)
        return cohort.solution(states=states)

    def solve_with_slopes(self, model: Model, parameters: np.ndarray, schedules: Sequence[Sequence[Event]],
                          schedule_of: np.ndarray, start_d: float, times_d: np.ndarray, observables: Sequence[str],
                          chosen: Sequence[int], *, rtol: float = 1e-6) -> CompiledSolution:
        """As :meth:`solve`, with the exact derivatives of the observables by the ``chosen`` parameters.

        A parameter that an event sets has no influence from then on.
        """
        cohort = _Cohort(model, parameters, schedules, schedule_of, start_d, times_d, observables, rtol)
        slopes = np.full((*cohort.arrays["values"].shape, len(chosen)), np.nan)
        places = np.full(len(model.parameters), -1, np.int64)
        places[list(chosen)] = np.arange(len(chosen))
        for group in cohort.groups(chosen):
            program = program_of(model, 1, group.form)
            tangents = tangents_of(model, group.form, chosen, observables)
            arrays = cohort.task(program, group) | {"slopes": slopes, "chosen_of": places}
            sizes = cohort.sizes(self.step_limit) | tangents.sizes() | {"chosen_count": len(chosen)}
            sizes["observe"] = observer_of(model, 1, group.form, observables, True).address("observe")
            run_shares(program, arrays, sizes, self.threads, self.share or 1,
                       extra=tangents.layout.size - program.layout.size, offsets=tangents.offsets())
        return cohort.solution(slopes=slopes)

    def stream(self, model: Model, parameters: Callable[[int, int], np.ndarray] | np.ndarray, animals: int,
               schedules: Callable[[int, int], Sequence[Sequence[Event]]] | Sequence[Sequence[Event]],
               schedule_of: np.ndarray, start_d: float, times_d: np.ndarray, observables: Sequence[str],
               *, chunk: int = 10_000, rtol: float = 1e-6, all_states: bool = False) -> Iterator[CompiledSolution]:
        """Solve any number of animals in bounded memory, one :class:`CompiledSolution` per chunk, in order.

        Arguments are those of :meth:`solve`; ``parameters`` and ``schedules`` may be functions of the first animal
        and the one after the last of a chunk. Schedules given as they are must not hold arrays per animal.
        """
        for first in range(0, animals, chunk):
            last = min(first + chunk, animals)
            rows = parameters(first, last) if callable(parameters) else parameters[first:last]
            plans = schedules(first, last) if callable(schedules) else schedules
            yield self.solve(model, rows, plans, schedule_of[first:last], start_d, times_d, observables, rtol=rtol,
                             all_states=all_states)


class _Cohort:
    """The arguments of a solve, checked, as the arrays that the driver reads and writes, by their name in ``task``."""

    def __init__(self, model: Model, parameters: np.ndarray, schedules: Sequence[Sequence[Event]],
                 schedule_of: np.ndarray, start_d: float, times_d: np.ndarray, observables: Sequence[str],
                 rtol: float) -> None:
        rows, times = np.ascontiguousarray(parameters, float), np.ascontiguousarray(times_d, float)
        chosen = np.ascontiguousarray(schedule_of, np.int64)
        refuse_misfits(model, rows, schedules, chosen, start_d, times, observables, rtol)
        self.model, self.schedules, self.start_d, self.rtol = model, schedules, start_d, rtol
        status, steps, mended = np.zeros((3, len(rows)), np.int64)
        self.arrays = {"parameters": rows, "times": times, "schedule_of": chosen, "status": status, "steps": steps,
                       "mended": mended, "values": np.full((len(rows), times.size, len(observables)), np.nan)}

    def groups(self, varied: Sequence[int] = ()) -> list[Group]:
        """Animals by form; none when there is nothing to look at."""
        if not self.arrays["times"].size:
            return []
        return groups_of(self.model, self.arrays["parameters"], self.schedules, self.arrays["schedule_of"], varied)

    def task(self, program: Program, group: Group) -> dict[str, np.ndarray]:
        """All arrays for the animals of one group."""
        return {**self.arrays, **flatten(self.schedules, group.form.living), "members": group.members,
                "field_of": np.array(program.fields.field_of, np.int64), "jacobian_rows": program.jacobian_rows,
                "jacobian_columns": program.jacobian_columns, "jacobian_places": program.jacobian_places}

    def sizes(self, step_limit: int) -> dict[str, float]:
        """All numbers that do not depend on the group."""
        _, times, seen = self.arrays["values"].shape
        return {"parameter_count": self.arrays["parameters"].shape[1], "seen_count": seen, "time_count": times,
                "step_limit": step_limit, "start_d": self.start_d, "rtol": self.rtol}

    def solution(self, **more: np.ndarray | None) -> CompiledSolution:
        """What the driver has written."""
        return CompiledSolution(self.arrays["values"], self.arrays["status"].astype(np.int8), self.arrays["steps"],
                                mended=self.arrays["mended"], **more)


def _spread(found: np.ndarray, group: Group, states: np.ndarray) -> None:
    """Living states to their places among all; the others are zero wherever there was something to see."""
    own = found[group.members]
    whole = np.where(np.isnan(own[:, :, :1]), np.nan, np.zeros(states.shape[2]))
    whole[:, :, list(group.form.living)] = own
    states[group.members] = whole


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
