"""The narrow interface of an integrator: a model, a cohort, a schedule, and the times to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

import numpy as np

from thecal.core.declaration import Model


class Status(IntEnum):
    """How an animal's integration ended. Only ``OK`` animals have numbers; others have NaN from the failure on."""

    OK = 0
    STEP_LIMIT = 1
    NOT_FINITE = 2
    RESIDUAL = 3


@dataclass(frozen=True)
class Event:
    """What happens at one moment: ``y <- (I + matrix) y + offset`` and some parameters take new values.

    Arguments:
        time_d: when, in days.
        rows, columns, weights: the entries of ``matrix`` (what the event adds to the identity), shape (k,).
        offset: added to the states, shape (states,) for all animals or (animals, states).
        parameters: new values from here on, ``{parameter index: scalar or array (animals,)}``.
    """

    time_d: float
    rows: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    columns: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    weights: np.ndarray = field(default_factory=lambda: np.empty(0))
    offset: np.ndarray | None = None
    parameters: dict[int, np.ndarray | float] = field(default_factory=dict)


@dataclass(frozen=True)
class Solution:
    """What an integrator returns.

    ``values``: (animals, times, asked observables); ``states``: (animals, times, states) if asked, else None;
    ``status``: (animals,) of :class:`Status`; ``steps``: accepted steps per animal.
    """

    values: np.ndarray
    status: np.ndarray
    steps: np.ndarray
    states: np.ndarray | None = None


class Integrator(Protocol):
    """Anything that can integrate a cohort."""

    def solve(self, model: Model, parameters: np.ndarray, schedules: Sequence[Sequence[Event]],
              schedule_of: np.ndarray, start_d: float, times_d: np.ndarray, observables: Sequence[str],
              *, rtol: float = 1e-6, all_states: bool = False) -> Solution:
        """Integrate each animal from ``start_d`` (all states zero) and look at it at ``times_d``.

        Arguments:
            parameters: (animals, parameters), in the order of ``model.parameters``.
            schedules: lists of events in time order; ``schedule_of[i]`` names the list of animal i.
                In an event, ``offset`` or parameter arrays with an animal axis run over the whole cohort.
            times_d: ascending, (times,), all at or after ``start_d``. A time that coincides with an event sees
                the state after it.
            observables: names to return.
        """
        ...
