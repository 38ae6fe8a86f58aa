"""Rivals that are handed Thecal's compiled right-hand side: scikit-sundae's CVODE and SciPy's LSODA."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.integrate import solve_ivp

from thecal.core.declaration import Model
from thecal.engine.integrate import Event, Status
from thecal.engine.reference import ReferenceIntegrator, absolute_tolerances, apply_event, jacobian_entries
from thecal.engine.scalar_code import ScalarCode


class CvodeAnimal:
    """CVODE (BDF, sparse LU) with the exact Jacobian: Thecal's reference solver."""

    name = "scikit-sundae CVODE"

    def __init__(self, model: Model, events: Sequence[Event], start_d: float, observables: Sequence[str]) -> None:
        self.model, self.events, self.start_d, self.observables = model, events, start_d, observables
        self._solver = ReferenceIntegrator()

    def run(self, parameters: np.ndarray, times_d: np.ndarray, rtol: float) -> np.ndarray:
        """Observables at the times, (times, observables)."""
        found = self._solver.solve(self.model, parameters[None], [self.events], np.zeros(1, int), self.start_d,
                                   times_d, self.observables, rtol=rtol)
        if found.status[0] != Status.OK:
            raise RuntimeError(f"{self.name} failed: {Status(int(found.status[0])).name}")
        return found.values[0]


class LsodaAnimal:
    """LSODA with the exact dense Jacobian, restarted at every event."""

    name = "SciPy LSODA"

    def __init__(self, model: Model, events: Sequence[Event], start_d: float, observables: Sequence[str]) -> None:
        self.model, self.events, self.start_d = model, events, start_d
        self._rows, self._columns, entries = jacobian_entries(model)
        chosen = [model.observables[model.observable_index[name]].expression for name in observables]
        self._code = ScalarCode({"rates": model.rates, "jacobian": entries, "seen": chosen}, model.state_symbols,
                                model.parameters)
        self._p = np.zeros(len(model.parameters))
        self._out = {"rates": np.empty(len(model.rates)), "jacobian": np.empty(len(entries)),
                     "seen": np.empty(len(chosen))}
        self._matrix = np.zeros((len(model.states), len(model.states)))

    def run(self, parameters: np.ndarray, times_d: np.ndarray, rtol: float) -> np.ndarray:
        """Observables at the times, (times, observables)."""
        self._p[:] = parameters
        y, now, seen = np.zeros(len(self.model.states)), self.start_d, []
        for event in [*self.events, None]:
            until = times_d[-1] if event is None else min(event.time_d, times_d[-1])
            wanted = times_d[(times_d > now) & ((times_d < until) | (event is None))]
            if until > now:
                found = solve_ivp(self._rates, (0.0, until - now), y, method="LSODA", jac=self._jacobian, rtol=rtol,
                                  atol=absolute_tolerances(self.model, rtol),
                                  t_eval=np.unique(np.append(wanted, until)) - now)
                if not found.success:
                    raise RuntimeError(f"{self.name} failed: {found.message}")
                seen += [self._of("seen", state) for state in found.y.T[: wanted.size]]
                y = found.y[:, -1]
            if event is None or event.time_d > times_d[-1]:
                break
            y, now = apply_event(event, 0, y, self._p), event.time_d
        return np.array(seen)

    def _of(self, name: str, y: np.ndarray) -> np.ndarray:
        out, state = self._out[name], np.ascontiguousarray(y)
        self._code[name](state.ctypes.data, self._p.ctypes.data, out.ctypes.data)
        return out.copy()

    def _rates(self, _t: float, y: np.ndarray) -> np.ndarray:
        return self._of("rates", y)

    def _jacobian(self, _t: float, y: np.ndarray) -> np.ndarray:
        self._matrix[self._rows, self._columns] = self._of("jacobian", y)
        return self._matrix
