"""Small models for the tests of the cohort engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from thecal.core.declaration import Model, Quantity
from thecal.core.expression import Expression, symbol, wrap
from thecal.engine.compiled import CompiledIntegrator
from thecal.engine.integrate import Event, Solution


def small_model(states: Sequence[str], rates: Callable[[list, list], list], parameters: Sequence[str] = (),
                seen: Callable[[list, list], dict[str, Expression]] | None = None) -> Model:
    """A model of dimensionless states from functions of symbols; all states are seen unless said otherwise."""
    y = [symbol(name, "1", "state") for name in states]
    p = [symbol(name, "1", "parameter") for name in parameters]
    shown = seen(y, p) if seen else dict(zip(states, y, strict=True))
    return Model(tuple(Quantity(name, e, "1", "") for name, e in zip(states, y, strict=True)),
                 tuple(wrap(r) for r in rates(y, p)), tuple(p),
                 tuple(Quantity(name, wrap(e), "1", "") for name, e in shown.items()))


def begin_at(values: Sequence[float], time_d: float = 0.0) -> Event:
    """An initial state, for all animals."""
    return Event(time_d, offset=np.array(values, float))


def solve(model: Model, parameters, events: Sequence[Event], times, *, integrator: CompiledIntegrator | None = None,
          start_d: float = 0.0, **settings) -> Solution:
    """All animals under one schedule, all observables."""
    rows = np.atleast_2d(np.array(parameters, float)).reshape(-1, len(model.parameters)) if len(model.parameters) \
        else np.empty((1, 0))
    return (integrator or CompiledIntegrator(threads=1)).solve(
        model, rows, [list(events)], np.zeros(len(rows), int), start_d, np.array(times, float),
        list(model.observable_index), **settings)
