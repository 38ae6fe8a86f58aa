"""The reference solver: SUNDIALS CVODE (BDF), one animal after another.

Well-kept code that others have tested for decades (Hindmarsh et al. 2005, doi:10.1145/1089014.1089020), reached
through scikit-sundae. The right-hand side and the exact sparse Jacobian are compiled from the declared model; the
solver restarts at every event, so no step ever crosses a jump. The compiled cohort engine is checked against it.
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from thecal.core.declaration import Model
from thecal.core.derivative import jacobian
from thecal.core.expression import ZERO, Expression
from thecal.core.quantities import factor
from thecal.engine.integrate import Event, Solution, Status
from thecal.engine.scalar_code import ScalarCode

STEP_LIMIT = 50_000
SAME_MOMENT = 1e-13  # relative: two times this close are one
THREADS = "OMP_NUM_THREADS"
LINEAR_FAILURES = (-5, -6, -7)  # of CVODE: set-up or solve of the Newton system
# Below this size a quantity is as good as zero, whatever the relative tolerance; by what its unit measures.
FLOORS = (("cell", 1.0), ("cell/ul", 1.0), ("pg", 1e-3), ("pg/ul", 1e-3), ("1", 1e-3))


def absolute_tolerances(model: Model, rtol: float) -> np.ndarray:
    """``rtol`` times the size below which each state is as good as zero, (states,).

    Cells come by the hundred thousand and concentrations by the thousandth of a pg/ul, so one number cannot serve
    all states: one cell, 1 fg (or 1 fg/ul) and a thousandth of a fraction are the floors; a unit of another kind
    has a thousandth of itself.
    """
    return rtol * np.array([_floor(state.unit) for state in model.states])


@functools.cache
def _floor(unit: str) -> float:
    for known, size in FLOORS:
        try:
            return size * factor(known, unit)
        except ValueError:
            continue
    return 1e-3


class ReferenceIntegrator:
    """CVODE behind the interface of :class:`thecal.engine.integrate.Integrator`.

    Arguments:
        linear_solver: ``sparse`` (SuperLU), ``dense`` or ``lapackdense``.
        step_limit: steps allowed between two moments that matter (an event, a look); beyond it ``STEP_LIMIT``.

    In its :class:`Solution`, ``steps`` counts evaluations of the rates, for scikit-sundae does not tell the steps.
    Events before ``start_d`` are refused with ValueError.
    An animal's numbers do not depend on its neighbours. Python holds its lock during a solve, so use processes to
    run several animals at once.
    """

    def __init__(self, linear_solver: str = "sparse", step_limit: int = STEP_LIMIT) -> None:
        self.linear_solver, self.step_limit = linear_solver, step_limit
        self._solvers: dict[tuple[str, float], _AnimalSolver] = {}

    def solve(self, model: Model, parameters: np.ndarray, schedules: Sequence[Sequence[Event]],
              schedule_of: np.ndarray, start_d: float, times_d: np.ndarray, observables: Sequence[str],
              *, rtol: float = 1e-6, all_states: bool = False) -> Solution:
        """See :meth:`thecal.engine.integrate.Integrator.solve`."""
        parameters, moments, back = np.asarray(parameters, float), *np.unique(times_d, return_inverse=True)
        if any(event.time_d < start_d for schedule in schedules for event in schedule):
            raise ValueError(f"an event lies before the start at {start_d} d")
        solver = self._solver(model, rtol)
        chosen = [model.observable_index[name] for name in observables]
        animals = parameters.shape[0]
        values = np.full((animals, moments.size, len(chosen)), np.nan)
        states = np.full((animals, moments.size, len(model.states)), np.nan) if all_states else None
        status, steps = np.zeros(animals, np.int64), np.zeros(animals, np.int64)
        for animal in range(animals):
            with contextlib.redirect_stdout(io.StringIO()):  # it prints its failures there; we return them
                looks, seen, status[animal], steps[animal] = solver.run(
                    animal, parameters[animal], schedules[schedule_of[animal]], start_d, moments)
            reached = len(looks)
            values[animal, :reached] = seen[:, chosen]
            if states is not None:
                states[animal, :reached] = looks
        return Solution(values[:, back], status, steps, None if states is None else states[:, back])

    def __reduce__(self) -> tuple:
        """Sent to another process, it compiles anew: machine code stays where it was made."""
        return ReferenceIntegrator, (self.linear_solver, self.step_limit)

    def _solver(self, model: Model, rtol: float) -> _AnimalSolver:
        key = (model.fingerprint, rtol)
        if key not in self._solvers:
            self._solvers[key] = _AnimalSolver(model, rtol, self.linear_solver, self.step_limit)
        return self._solvers[key]


class _AnimalSolver:
    """One CVODE memory for one model, used again for every animal and after every event."""

    def __init__(self, model: Model, rtol: float, linear_solver: str, step_limit: int) -> None:
        self.model = model
        self.parameters = np.zeros(len(model.parameters))
        rows, columns, entries = jacobian_entries(model)
        self.code = ScalarCode({"rates": model.rates, "jacobian": entries,
                                "observables": [q.expression for q in model.observables]},
                               model.state_symbols, model.parameters)
        options: dict[str, Any] = {"linsolver": linear_solver, "rtol": rtol, "max_num_steps": step_limit,
                                   "atol": absolute_tolerances(model, rtol)}
        self.cvode = self._make(linear_solver, rows, columns, options)

    def _make(self, linear_solver: str, rows: np.ndarray, columns: np.ndarray, options: dict[str, Any]) -> Any:
        from scipy.sparse import csc_matrix

        count, entries = len(self.model.states), np.empty(rows.size)
        rates, fill, p = self.code["rates"], self.code["jacobian"], self.parameters.ctypes.data

        def right_hand_side(_t: float, y: np.ndarray, out: np.ndarray) -> None:
            rates(y.ctypes.data, p, out.ctypes.data)

        def sparse(_t: float, y: np.ndarray, _rates: np.ndarray, out: np.ndarray) -> None:
            fill(y.ctypes.data, p, out.ctypes.data)

        def dense(_t: float, y: np.ndarray, _rates: np.ndarray, out: np.ndarray) -> None:
            fill(y.ctypes.data, p, entries.ctypes.data)
            out[rows, columns] = entries

        if linear_solver == "sparse":
            options["sparsity"] = csc_matrix((np.ones(rows.size), (rows, columns)), shape=(count, count))
        with warnings.catch_warnings():  # it warns that our exact Jacobian is used instead of differences
            warnings.filterwarnings("ignore", message="Custom sparse Jacobian", category=UserWarning)
            return _cvode()(right_hand_side, jacfn=sparse if linear_solver == "sparse" else dense, **options)

    def run(self, animal: int, parameters: np.ndarray, events: Sequence[Event], start_d: float,
            times_d: np.ndarray) -> tuple[np.ndarray, np.ndarray, Status, int]:
        """One animal: states and observables at the times reached, status, evaluations of the rates."""
        self.parameters[:] = parameters
        y, now, evaluations, done = np.zeros(len(self.model.states)), start_d, 0, 0
        looks, seen = [np.empty((0, y.size))], [np.empty((0, len(self.model.observables)))]
        for event in [*events, None]:
            until = np.inf if event is None else event.time_d
            last = not times_d.size or until > times_d[-1]
            wanted = times_d[done: np.searchsorted(times_d, until, side="left")]
            found, status, count = self._advance(now, y, wanted if last else np.append(wanted, until))
            looks.append(found[: wanted.size])
            seen.append(self._observe(looks[-1]))
            evaluations, done = evaluations + count, done + len(looks[-1])
            if status is not Status.OK or last or event is None:
                break
            y, now = apply_event(event, animal, found[-1], self.parameters), until
        return np.concatenate(looks), np.concatenate(seen), status, evaluations

    def _advance(self, now: float, y: np.ndarray, stops: np.ndarray) -> tuple[np.ndarray, Status, int]:
        """States at the stops, which ascend from ``now`` on; fewer when the solver fails.

        The model knows no clock, so each stretch is told from zero: the first steps after a dose are seconds long
        and would drown in the digits of the day.
        """
        near = stops - now <= SAME_MOMENT * np.maximum(1.0, np.abs(stops))
        here, ahead = np.repeat(y[None], near.sum(), axis=0), stops[~near] - now
        if ahead.size == 0:
            return here, Status.OK, 0
        if ahead.size == 1:  # CVODE.solve would keep every step of a stretch with a single stop
            self.cvode.init_step(0.0, y)
            result = self.cvode.step(float(ahead[0]), "normal", float(ahead[0]))
            reached = result.y[None]
        else:
            result = self.cvode.solve(np.append(0.0, ahead), y)
            reached = result.y[1:]
        bad = ~np.isfinite(reached).all(axis=1)
        if result.status < 0 or bad.any():  # the last row is where it stood when it failed
            fine = np.argmax(bad) if bad.any() else len(reached) - 1
            return np.concatenate([here, reached[:fine]]), self._reason(result.status, reached[-1]), result.nfev
        return np.concatenate([here, reached]), Status.OK, result.nfev

    def _reason(self, flag: int, y: np.ndarray) -> Status:
        """Why CVODE gave up at ``y``."""
        rates = np.empty_like(y)
        self.code["rates"](y.ctypes.data, self.parameters.ctypes.data, rates.ctypes.data)
        if not (np.isfinite(y).all() and np.isfinite(rates).all()):
            return Status.NOT_FINITE
        return Status.RESIDUAL if flag in LINEAR_FAILURES else Status.STEP_LIMIT

    def _observe(self, states: np.ndarray) -> np.ndarray:
        """Observables of (times, states)."""
        states = np.ascontiguousarray(states)
        out = np.empty((len(states), len(self.model.observables)))
        observe, p = self.code["observables"], self.parameters.ctypes.data
        y, o = states.ctypes.data, out.ctypes.data
        for k in range(len(states)):
            observe(y + k * states.strides[0], p, o + k * out.strides[0])
        return out


def _cvode() -> Any:
    """The solver's class, loaded so that its own copies of OpenMP and OpenBLAS keep to one thread.

    Both read the variable once, at loading. On matrices as small as ours a second thread never helps, and where
    the cores are busy the meetings of the two cost a hundred times the work.
    """
    before = os.environ.get(THREADS)
    os.environ[THREADS] = "1"
    try:
        from sksundae.cvode import CVODE
    finally:
        if before is None:
            del os.environ[THREADS]
        else:
            os.environ[THREADS] = before
    return CVODE


def apply_event(event: Event, animal: int, y: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """The state after the event; ``parameters`` (parameters,) take their new values in place."""
    after = y.copy()
    np.add.at(after, event.rows, event.weights * y[event.columns])
    if event.offset is not None:
        after += event.offset if event.offset.ndim == 1 else event.offset[animal]
    for index, value in event.parameters.items():
        parameters[index] = np.ravel(value)[animal if np.ndim(value) else 0]
    return after


def jacobian_entries(model: Model) -> tuple[np.ndarray, np.ndarray, list[Expression]]:
    """The Jacobian of the rates by column: rows (k,), columns (k,), expressions; the diagonal is always there."""
    by_row = jacobian(model.rates, model.state_symbols)
    found = {(j, i): e for i, row in enumerate(by_row) for j, e in row.items()}
    for i in range(len(model.states)):
        found.setdefault((i, i), ZERO)
    order = sorted(found)
    return np.array([i for _, i in order]), np.array([j for j, _ in order]), [found[key] for key in order]
