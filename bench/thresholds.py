"""Speed of the threshold estimator and of simulated up-down sessions: ``python bench/thresholds.py``.

Aims: 10,000 series with exact filament steps and likelihood intervals under 2 s; 450,000 sessions in a few seconds.
"""

from __future__ import annotations

import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from thecal.assay.filaments import filament_set
from thecal.assay.threshold import estimate
from thecal.assay.von_frey import VonFreySettings, measure
from thecal.core.streams import stream

MOUSE = filament_set("mouse")


def random_series(count: int) -> tuple[list[str], np.ndarray]:
    """Series of 5 to 11 random letters, mostly different: the worst case for an estimator that counts equal ones."""
    rng = stream(1, "bench", "series")
    lengths = rng.integers(5, 12, count)
    return ["".join(rng.choice(["O", "X"], n)) for n in lengths], rng.integers(1, 9, count)


def main() -> None:
    """Print what was timed."""
    series, last = random_series(10_000)
    estimate(series[:10], last[:10], MOUSE)  # imports and caches are not what is timed
    begun = time.perf_counter()
    estimate(series, last, MOUSE, steps="exact")
    spent, distinct = time.perf_counter() - begun, len(set(zip(series, last.tolist(), strict=True)))
    print(f"10,000 random series ({distinct} distinct), exact steps, intervals: {spent:.3f} s")
    animals = np.arange(450_000)
    begun = time.perf_counter()
    seen = measure(np.full(animals.size, -0.5), np.zeros(animals.size), 1, "arm", animals, 0, VonFreySettings(MOUSE))
    print(f"450,000 simulated sessions: {time.perf_counter() - begun:.2f} s")
    begun = time.perf_counter()
    estimate(seen["series"], seen["last_filament"], MOUSE)
    print(f"their thresholds with intervals: {time.perf_counter() - begun:.2f} s")


if __name__ == "__main__":
    main()
