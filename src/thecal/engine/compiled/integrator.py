"""The cohort engine: many animals, one lane each, the model compiled to vector code."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from thecal.core.declaration import Model
from thecal.core.errors import Problem, ThecalError
from thecal.engine.compiled import schedules as flat_schedules
from thecal.engine.compiled import toolchain
from thecal.engine.compiled.layout import CACHE_LINE
from thecal.engine.compiled.program import KERNELS, Program, driver, observer_of, program_of
from thecal.engine.integrate import Event, Solution, Status

STEP_LIMIT = 100_000
_LEAST_SHARE, _LARGEST_SHARE = 64, 512  # animals that a thread takes at a time


@dataclass(frozen=True)
class CompiledSolution(Solution):
    """A solution that also counts, per animal, the steps whose linear solve had to be done anew with pivots."""

    mended: np.ndarray | None = None


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
        parameters = np.ascontiguousarray(parameters, float)
        times = np.ascontiguousarray(times_d, float)
        chosen = np.ascontiguousarray(schedule_of, np.int64)
        _refuse_misfits(model, parameters, schedules, chosen, start_d, times, observables, rtol)
        animals = parameters.shape[0]
        values = np.full((animals, times.size, len(observables)), np.nan)
        states = np.full((animals, times.size, len(model.states)), np.nan) if all_states else None
        status, steps, mended = np.zeros((3, animals), np.int64)
        if animals and times.size:
            program = program_of(model, self.lanes)
            flat = flat_schedules.flatten(model, schedules, animals, start_d)
            arrays = {**flat, "parameters": parameters, "times": times, "schedule_of": chosen, "values": values,
                      "status": status, "steps": steps, "mended": mended,
                      "field_of": np.array(program.fields.field_of, np.int64),
                      "jacobian_rows": program.jacobian_rows, "jacobian_columns": program.jacobian_columns}
            if states is not None:
                arrays["states"] = states
            sizes = {"parameter_count": parameters.shape[1], "seen_count": len(observables), "time_count": times.size,
                     "keep_states": int(all_states), "step_limit": self.step_limit, "start_d": start_d, "rtol": rtol}
            observe = observer_of(model, self.lanes, observables, all_states).address("observe")
            self._run(program, observe, arrays, sizes, animals)
        return CompiledSolution(values, status.astype(np.int8), steps, states, mended)

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

    def _run(self, program: Program, observe: int, arrays: dict[str, np.ndarray], sizes: dict[str, float],
             animals: int) -> None:
        """Hand out shares of animals to threads; the machine code runs without Python's lock."""
        drive = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(driver().address("drive"))
        share = self.share or min(_LARGEST_SHARE, max(_LEAST_SHARE, -(-animals // (4 * self.threads))))
        shares = [(first, min(first + share, animals)) for first in range(0, animals, share)]

        def work(first_last: tuple[int, int]) -> None:
            gang = Gang(program)
            record = gang.task(observe, arrays, {**sizes, "first": first_last[0], "last": first_last[1]})
            drive(record.ctypes.data)

        if self.threads == 1 or len(shares) == 1:
            for part in shares:
                work(part)
        else:
            with ThreadPoolExecutor(min(self.threads, len(shares))) as pool:
                list(pool.map(work, shares))


class Gang:
    """The memory of one gang of lanes, and the task record that tells the driver where everything lies."""

    def __init__(self, program: Program) -> None:
        self.program = program
        lanes, n = program.layout.lanes, program.layout.rows["y"]
        self._block = np.zeros(program.layout.size + CACHE_LINE, np.uint8)
        self.work = -(-self._block.ctypes.data // CACHE_LINE) * CACHE_LINE
        self._lane_whole = np.zeros((len(LANE_WHOLE), lanes), np.int64)
        self._lane_real = np.zeros((len(LANE_REAL), lanes))
        self._dense = np.zeros(n * (n + 2))

    def task(self, observe: int, arrays: dict[str, np.ndarray], sizes: dict[str, float]) -> np.ndarray:
        """The record; this object and the arrays must outlive its use."""
        layout, program = self.program.layout, self.program
        record = np.zeros(1, _task_type())
        entries: dict[str, float] = {"lanes": layout.lanes, "state_count": layout.rows["y"],
                                     "field_count": program.fields.count, "entry_count": program.jacobian_rows.size,
                                     "observe": observe, "dense": self._dense.ctypes.data, **sizes}
        entries |= {name: program.address(name) for name in KERNELS}
        entries |= {name: self.work + start for name, start in layout.start.items()}
        entries |= {name: row.ctypes.data for name, row in zip(LANE_WHOLE, self._lane_whole, strict=True)}
        entries |= {name: row.ctypes.data for name, row in zip(LANE_REAL, self._lane_real, strict=True)}
        entries |= {name: array.ctypes.data for name, array in arrays.items()}
        for name, value in entries.items():
            if name in record.dtype.names:
                record[name] = value
        return record


LANE_WHOLE = ("animal", "event", "event_end", "look_next", "attempts", "accepted", "rejected", "fresh", "reaches",
              "mark")
LANE_REAL = ("time", "target", "next_step")


def _task_type() -> np.dtype:
    from thecal.engine.compiled import plain_loops, task

    kinds = {name: np.float64 if isinstance(what, plain_loops.Scalar) and what.kind == "real" else np.int64
             for name, what in plain_loops.task_fields(task).items()}
    return np.dtype(list(kinds.items()))


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _refuse_misfits(model: Model, parameters: np.ndarray, schedules: Sequence[Sequence[Event]],
                    schedule_of: np.ndarray, start_d: float, times: np.ndarray, observables: Sequence[str],
                    rtol: float) -> None:
    """Say everything that does not fit, before anything is computed."""
    problems = []
    if parameters.ndim != 2 or parameters.shape[1] != len(model.parameters):
        problems.append(Problem("parameters", "one row per animal, one column per parameter of the model",
                                seen=str(parameters.shape), allowed=f"(animals, {len(model.parameters)})"))
    if schedule_of.shape != parameters.shape[:1] or np.any((schedule_of < 0) | (schedule_of >= len(schedules))):
        problems.append(Problem("schedule_of", "one schedule per animal", seen=str(schedule_of.shape),
                                allowed=f"numbers from 0 to {len(schedules) - 1}, one per animal"))
    if times.ndim != 1 or np.any(np.diff(times) < 0) or (times.size and not times[0] >= start_d):
        problems.append(Problem("times_d", "times to look must ascend from the start on",
                                allowed=f"ascending, at or after {start_d} d"))
    unknown = [name for name in observables if name not in model.observable_index]
    if unknown:
        problems.append(Problem("observables", "the model does not have what is asked for", seen=", ".join(unknown),
                                allowed=", ".join(model.observable_index)))
    if not 1e-13 <= rtol <= 0.1:
        problems.append(Problem("rtol", "the relative tolerance is out of range", seen=str(rtol),
                                allowed="1e-13 to 0.1"))
    if problems:
        raise ThecalError(problems)


def check_budget(status: np.ndarray, allowed_share: float = 0.0) -> None:
    """Stop a run in which too many animals could not be computed.

    Arguments:
        status: (animals,) of :class:`thecal.engine.integrate.Status`.
        allowed_share: share of animals that may fail, 0 to 1.

    Errors: RunFailed with the counts per cause when more failed than allowed.
    """
    from thecal.core.errors import RunFailed

    causes = {Status.STEP_LIMIT: "needed too many steps", Status.NOT_FINITE: "met numbers that are not finite",
              Status.RESIDUAL: "had a linear system that could not be solved"}
    counts = {cause: int(np.count_nonzero(np.asarray(status) == cause)) for cause in causes}
    failed, animals = sum(counts.values()), len(status)
    if failed > allowed_share * animals:
        told = "; ".join(f"{count} {causes[cause]} ({cause.name})" for cause, count in counts.items() if count)
        raise RunFailed([Problem("cohort", f"{failed} of {animals} animals could not be computed: {told}",
                                 seen=f"{failed / animals:.2%} failed", allowed=f"at most {allowed_share:.2%}",
                                 remedy="look at the parameters of these animals; a wider spread than the model is "
                                        "meant for, or a dose out of range, is the usual cause", code="budget")])
