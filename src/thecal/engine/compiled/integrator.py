"""The cohort engine: many animals, one lane each, the model compiled to vector code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from thecal.core.declaration import Model
from thecal.engine.compiled import schedules as flat_schedules
from thecal.engine.compiled import toolchain
from thecal.engine.compiled.checks import refuse_misfits
from thecal.engine.compiled.program import Program, driver, observer_of, program_of, tangents_of
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

    def prepare(self, model: Model, observables: Sequence[str] = (), *, all_states: bool = False) -> None:
        """Compile or fetch everything that :meth:`solve` will need."""
        driver()
        observer_of(model, self.lanes, observables, all_states)

    def solve(self, model: Model, parameters: np.ndarray, schedules: Sequence[Sequence[Event]],
              schedule_of: np.ndarray, start_d: float, times_d: np.ndarray, observables: Sequence[str],
              *, rtol: float = 1e-6, all_states: bool = False) -> CompiledSolution:
        """See :meth:`thecal.engine.integrate.Integrator.solve`.

        Errors: ThecalError when shapes, times, events or observables do not fit the model. An animal that cannot be
        computed is no error: its ``status`` says why, and its values are NaN from the failure on.
        """
        parameters, schedule_of, times = _arrays(parameters, schedule_of, times_d)
        refuse_misfits(model, parameters, schedules, schedule_of, start_d, times, observables, rtol)
        program = program_of(model, self.lanes)
        arrays = _cohort(model, program, parameters, schedules, schedule_of, start_d, times, len(observables))
        if all_states:
            arrays["states"] = np.full((len(parameters), times.size, len(model.states)), np.nan)
        sizes = self._sizes(arrays, start_d, rtol) | {"keep_states": int(all_states)}
        sizes["observe"] = observer_of(model, self.lanes, observables, all_states).address("observe")
        if len(parameters) and times.size:
            run_shares(program, arrays, sizes, len(parameters), self.threads, self.share)
        return _solution(arrays)

    def solve_with_slopes(self, model: Model, parameters: np.ndarray, schedules: Sequence[Sequence[Event]],
                          schedule_of: np.ndarray, start_d: float, times_d: np.ndarray, observables: Sequence[str],
                          chosen: Sequence[int], *, rtol: float = 1e-6) -> CompiledSolution:
        """As :meth:`solve`, with the exact derivatives of the observables by the ``chosen`` parameters.

        A parameter that an event sets has no influence from then on. The values are the bytes of :meth:`solve`.
        """
        parameters, schedule_of, times = _arrays(parameters, schedule_of, times_d)
        refuse_misfits(model, parameters, schedules, schedule_of, start_d, times, observables, rtol)
        program = program_of(model, 1)
        tangents = tangents_of(model, chosen, observables)
        arrays = _cohort(model, program, parameters, schedules, schedule_of, start_d, times, len(observables))
        arrays["slopes"] = np.full((*arrays["values"].shape, len(chosen)), np.nan)
        arrays["chosen_of"] = np.full(parameters.shape[1], -1, np.int64)
        arrays["chosen_of"][list(chosen)] = np.arange(len(chosen))
        sizes = self._sizes(arrays, start_d, rtol) | tangents.sizes() | {"chosen_count": len(chosen)}
        sizes["observe"] = observer_of(model, 1, observables, True).address("observe")
        if len(parameters) and times.size:
            run_shares(program, arrays, sizes, len(parameters), self.threads, self.share or 1,
                       extra=tangents.layout.size - program.layout.size, offsets=tangents.offsets())
        return _solution(arrays)

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

    def _sizes(self, arrays: dict[str, np.ndarray], start_d: float, rtol: float) -> dict[str, float]:
        _, times, seen = arrays["values"].shape
        return {"parameter_count": arrays["parameters"].shape[1], "seen_count": seen, "time_count": times,
                "step_limit": self.step_limit, "start_d": start_d, "rtol": rtol}


def _arrays(parameters: np.ndarray, schedule_of: np.ndarray,
            times_d: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (np.ascontiguousarray(parameters, float), np.ascontiguousarray(schedule_of, np.int64),
            np.ascontiguousarray(times_d, float))


def _cohort(model: Model, program: Program, parameters: np.ndarray, schedules: Sequence[Sequence[Event]],
            schedule_of: np.ndarray, start_d: float, times: np.ndarray, observables: int) -> dict[str, np.ndarray]:
    """Everything that the driver reads and writes about the animals, by its name in :mod:`task`."""
    animals = len(parameters)
    status, steps, mended = np.zeros((3, animals), np.int64)
    return {**flat_schedules.flatten(model, schedules, animals, start_d), "parameters": parameters, "times": times,
            "schedule_of": schedule_of, "values": np.full((animals, times.size, observables), np.nan),
            "status": status, "steps": steps, "mended": mended,
            "field_of": np.array(program.fields.field_of, np.int64), "jacobian_rows": program.jacobian_rows,
            "jacobian_columns": program.jacobian_columns, "jacobian_places": program.jacobian_places}


def _solution(arrays: dict[str, np.ndarray]) -> CompiledSolution:
    return CompiledSolution(arrays["values"], arrays["status"].astype(np.int8), arrays["steps"], arrays.get("states"),
                            arrays["mended"], arrays.get("slopes"))


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
