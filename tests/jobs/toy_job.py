"""A small chunk function with a known answer, and ways to be killed while it works."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from thecal.core.streams import stream
from thecal.engine.jobs import Arm, JobFolder, chunks_of, collect_provenance, run_chunks

ARMS = (Arm("vehicle", 7), Arm("bmsc", 10))
STUDY = "name: toy\n"


def walk(plan: dict, arm: str, first: int, n: int, seed: int) -> dict[str, pa.Table]:
    """A random walk per animal; ``plan['pause_s']`` makes it slow enough to be killed."""
    time.sleep(plan.get("pause_s", 0.0))
    _fall_once(plan, arm, first)
    animals = np.repeat(np.arange(first, first + n, dtype=np.int32), 5)
    steps = np.concatenate([stream(seed, f"{arm}/{i}", "walk").normal(size=5).cumsum()
                            for i in range(first, first + n)])
    traces = pa.table({"arm": [arm] * len(animals), "animal": animals,
                       "visit": np.tile(np.arange(5, dtype=np.int16), n), "x": steps})
    status = ["ok" if i not in plan.get("lost", ()) else "step limit" for i in range(first, first + n)]
    return {"traces": traces, "animals": pa.table({"arm": [arm] * n, "animal": animals[::5], "status": status})}


def _fall_once(plan: dict, arm: str, first: int) -> None:
    """Kill this very worker the first time that it meets a given chunk, or every time."""
    if [arm, first] != plan.get("deadly"):
        return
    mark = Path(plan["mark"])
    if plan.get("always") or not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


def folder(path: Path, seed: int = 1, size: int = 2, replace: bool = False, **settings: str) -> JobFolder:
    """The toy's job folder, new or gone on with."""
    provenance = collect_provenance(STUDY, seed, **settings)
    return JobFolder.create_or_open(path, STUDY, provenance, chunks_of(ARMS, size), ARMS, "toy", replace)


def parts_of(path: Path) -> dict[str, bytes]:
    """Every file below ``parts``, by its place."""
    return {str(f.relative_to(path)): f.read_bytes() for f in sorted((path / "parts").rglob("*")) if f.is_file()}


if __name__ == "__main__":  # a driver of its own, to be killed from outside: PATH WORKERS PAUSE
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that run in the background pass on deaf ears
    with folder(Path(sys.argv[1])) as job:
        run_chunks(job, walk, {"pause_s": float(sys.argv[3])}, workers=int(sys.argv[2]))
