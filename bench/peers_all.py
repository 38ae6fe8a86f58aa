"""Other simulators on Thecal's own model at matched accuracy.

A requested tolerance is not an accuracy: each rival walks down a ladder of tolerances until its error meets the
target, and every rung is reported.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thecal.core.declaration import Model
from thecal.engine.integrate import Event
from thecal.engine.reference import ReferenceIntegrator

TARGET = 2e-6
LADDER = (1e-4, 1e-5, 1e-6, 3e-7, 1e-7, 3e-8, 1e-8, 1e-9)
REFERENCE_RTOL = 1e-10
ABSENT = 1e-9  # an observable that never exceeds this, in its unit, is not compared


def peer_runs(model: Model, parameters: np.ndarray, schedule: Sequence[Event], times_d: np.ndarray,
              observables: Sequence[str], start_d: float, *, target: float = TARGET,
              peers: Sequence[str] = ("roadrunner", "cvode", "lsoda", "diffrax"),
              repeats: int = 1) -> list[dict[str, Any]]:
    """Time and error of every installed rival, on one core.

    Arguments:
        parameters: (animals, parameters). schedule: one list of events for all animals.
        times_d: looks, ascending, after ``start_d`` and off the events. observables: what is read.
        target: the ladder ends at the first rung with an error at or below it.
        repeats: runs per rung and animal; the fastest counts.

    Returns: rows ``{peer, rtol, ms, error, matched, animals}``: ``ms`` per animal (median over animals, without
        loading and compiling), ``error`` by :func:`errors` (median over animals), ``matched`` whether it meets the
        target; ``{peer, missing}`` where a rival is not installed; ``{peer, rtol, failed}`` where a solve failed.
    """
    parameters, times_d = np.asarray(parameters, float), np.asarray(times_d, float)
    expected = reference_values(model, parameters, schedule, times_d, observables, start_d)
    rows: list[dict[str, Any]] = []
    for name in peers:
        try:
            rival = _RIVALS[name](model, schedule, start_d, observables)
        except ImportError as error:
            rows.append({"peer": name, "missing": str(error)})
            continue
        for rtol in LADDER:
            try:
                row = _rung(rival, parameters, times_d, expected, rtol, repeats)
            except RuntimeError as error:
                rows.append({"peer": rival.name, "rtol": rtol, "failed": str(error)})
                continue
            rows.append(row | {"matched": row["error"] <= target})
            if row["error"] <= target:
                break
    return rows


def reference_values(model: Model, parameters: np.ndarray, schedule: Sequence[Event], times_d: np.ndarray,
                     observables: Sequence[str], start_d: float, rtol: float = REFERENCE_RTOL) -> np.ndarray:
    """What all are compared with: CVODE at 1e-10, (animals, times, observables)."""
    return ReferenceIntegrator(step_limit=1_000_000).solve(
        model, parameters, [schedule], np.zeros(len(parameters), int), start_d, times_d, observables, rtol=rtol).values


def errors(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Per animal: the largest over observables and times of ``|y - ref| / max_t |ref|``; shapes (animals, times, k)."""
    size = np.abs(expected).max(axis=1)
    worst = np.abs(found - expected).max(axis=1) / np.where(size > ABSENT, size, np.inf)
    return worst.max(axis=1)


def _rung(rival: Any, parameters: np.ndarray, times_d: np.ndarray, expected: np.ndarray, rtol: float,
          repeats: int) -> dict[str, Any]:
    if hasattr(rival, "run_all"):
        rival.run_all(parameters, times_d, rtol)  # compiles
        found, seconds = _timed(lambda: rival.run_all(parameters, times_d, rtol), repeats)
        spent = [seconds / len(parameters)]
    else:
        rival.run(parameters[0], times_d, rtol)
        results = [_timed(lambda p=p: rival.run(p, times_d, rtol), repeats) for p in parameters]
        found, spent = np.array([values for values, _ in results]), [seconds for _, seconds in results]
    return {"peer": rival.name, "rtol": rtol, "ms": 1e3 * statistics.median(spent),
            "error": float(np.median(errors(found, expected))), "animals": len(parameters)}


def _timed(work: Callable[[], np.ndarray], repeats: int) -> tuple[np.ndarray, float]:
    best, found = float("inf"), np.empty(0)
    for _ in range(repeats):
        begun = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - begun)
    return found, best


def _roadrunner(*arguments: Any) -> Any:
    from bench.peers_roadrunner import RoadRunnerAnimal

    return RoadRunnerAnimal(*arguments)


def _cvode(*arguments: Any) -> Any:
    from bench.peers_python import CvodeAnimal

    return CvodeAnimal(*arguments)


def _lsoda(*arguments: Any) -> Any:
    from bench.peers_python import LsodaAnimal

    return LsodaAnimal(*arguments)


def _diffrax(*arguments: Any) -> Any:
    from bench.peers_diffrax import DiffraxCohort

    return DiffraxCohort(*arguments)


_RIVALS = {"roadrunner": _roadrunner, "cvode": _cvode, "lsoda": _lsoda, "diffrax": _diffrax}
