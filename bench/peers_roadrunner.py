"""libRoadRunner on the SBML that Thecal writes: the independent twin of the tests, and a rival in the bench."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thecal.core.declaration import Model
from thecal.engine.integrate import Event
from thecal.engine.sbml import OBSERVABLE, PARAMETER, identifiers, write_sbml


class RoadRunnerAnimal:
    """One loaded document; :meth:`run` gives it an animal's numbers and simulates.

    Arguments:
        model, events: what is written down. start_d: where SBML time begins.
        observables: names to return.
    """

    def __init__(self, model: Model, events: Sequence[Event], start_d: float, observables: Sequence[str]) -> None:
        import roadrunner

        roadrunner.Logger.setLevel(roadrunner.Logger.LOG_ERROR)
        names = identifiers(model)
        self.start_d = start_d
        self._runner = roadrunner.RoadRunner(write_sbml(model, np.zeros(len(model.parameters)), events,
                                                        start_d=start_d))
        self._runner.timeCourseSelections = ["time", *(names[OBSERVABLE, name] for name in observables)]
        every = list(self._runner.model.getGlobalParameterIds())
        self._place = [every.index(names[PARAMETER, leaf.name]) for leaf in model.parameters]

    def run(self, parameters: np.ndarray, times_d: np.ndarray, rtol: float, atol: float) -> np.ndarray:
        """Observables at the times, (times, observables); ``times_d`` after ``start_d`` and off the events.

        At the very moment of an event the two programs may look on different sides of it.
        """
        runner, solver = self._runner, self._runner.integrator
        runner.resetAll()
        runner.model.setGlobalParameterValues(self._place, np.asarray(parameters, float))
        solver.relative_tolerance, solver.absolute_tolerance = rtol, atol
        solver.stiff, solver.maximum_num_steps = True, 1_000_000
        found = runner.simulate(times=[0.0, *(np.asarray(times_d) - self.start_d)])
        return np.array(found)[1:, 1:]
