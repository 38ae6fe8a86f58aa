"""libRoadRunner on the SBML that Thecal writes: the independent twin of the tests, and a rival in the bench."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence

import numpy as np

from thecal.core.declaration import Model
from thecal.engine.integrate import Event
from thecal.engine.reference import absolute_tolerances
from thecal.engine.sbml import OBSERVABLE, PARAMETER, STATE, identifiers, write_sbml


class RoadRunnerAnimal:
    """One loaded document; :meth:`run` gives it an animal's numbers and simulates.

    Arguments:
        model, events: what is written down. start_d: where SBML time begins.
        observables: names to return.
    """

    name = "libRoadRunner"

    def __init__(self, model: Model, events: Sequence[Event], start_d: float, observables: Sequence[str]) -> None:
        import roadrunner

        roadrunner.Logger.setLevel(roadrunner.Logger.LOG_ERROR)
        names = identifiers(model)
        text = write_sbml(model, np.zeros(len(model.parameters)), events, start_d=start_d)
        self.model, self.start_d, self._runner = model, start_d, roadrunner.RoadRunner(text)
        self._runner.timeCourseSelections = ["time", *(names[OBSERVABLE, name] for name in observables)]
        loaded = self._runner.model
        every = list(loaded.getGlobalParameterIds())
        self._place = [every.index(names[PARAMETER, leaf.name]) for leaf in model.parameters]
        own = {names[STATE, state.name]: i for i, state in enumerate(model.states)}
        self._order = [own[loaded.getStateVectorId(i)] for i in range(len(model.states))]

    def run(self, parameters: np.ndarray, times_d: np.ndarray, rtol: float) -> np.ndarray:
        """Observables at the times, (times, observables); ``times_d`` after ``start_d`` and off the events.

        At the very moment of an event the two programs may look on different sides of it.
        """
        runner, solver = self._runner, self._runner.integrator
        runner.resetAll()
        runner.model.setGlobalParameterValues(self._place, np.asarray(parameters, float))
        solver.relative_tolerance = rtol
        solver.absolute_tolerance = [float(a) for a in absolute_tolerances(self.model, rtol)[self._order]]
        solver.stiff, solver.maximum_num_steps = True, 1_000_000
        with _quiet():
            found = runner.simulate(times=[0.0, *(np.asarray(times_d) - self.start_d)])
        return np.array(found)[1:, 1:]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without CVODE's warnings that a first step after a dose is small; its errors arrive as exceptions."""
    kept = os.dup(2)
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
