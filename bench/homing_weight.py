"""1e8 cells of a person: every one of them streamed in pieces, or weighted, and what weighting costs.

    .venv/bin/python bench/homing_weight.py [--cells 1e8] [--piece 4e6] [--days 14] [--skip-stream]

A weighted run sets the trajectory of crowding; each piece of cells then runs against that trajectory, with its own
numbers and so its own random draws, and the counts are added. Memory is that of one piece.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import replace

import numpy as np

from thecal.analysis.homing import centre_scores
from thecal.engine.homing import conditions_of, follow
from thecal.study import load, resolve


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=float, default=1e8)
    parser.add_argument("--piece", type=float, default=4e6)
    parser.add_argument("--days", type=float, default=14)
    parser.add_argument("--skip-stream", action="store_true")
    given = parser.parse_args()
    plan = resolve(load("human-lumbar"))
    arm = plan.arm("bmsc_1e8")
    [c] = conditions_of(plan, arm, [centre_scores()], days_after=given.days)
    scale = given.cells / sum(s.living for s in c.slugs)
    c = replace(c, slugs=tuple(replace(s, living=s.living * scale) for s in c.slugs))
    days = [1.0, given.days]
    print(f"{given.cells:.3g} living cells, {c.wall.length_mm:.0f} mm canal, field {c.wall.shape}")
    print(f"{'agents':>10}{'cells each':>12}{'at ganglia':>14}{'s.d. over 4 runs':>18}{'expected':>10}{'s':>8}")
    for agents in (4_000, 20_000, 100_000):
        begin = time.perf_counter()
        runs = [follow(c, agents, seed, days, window=18) for seed in range(4)]
        seen = np.array([r.captured[-1].sum() * r.weight for r in runs])
        expected = np.sqrt(seen.mean() * runs[0].weight * c.values["homing.clump_cells"])
        print(f"{agents:10d}{runs[0].weight:12.0f}{seen.mean():14.4g}{seen.std(ddof=1) / seen.mean():17.2%} "
              f"{expected / seen.mean():9.2%}{(time.perf_counter() - begin) / 4:8.1f}", flush=True)
    if given.skip_stream:
        return
    trajectory = np.array([runs[0].captured[-1] * 0.0])  # borders of a person hold far more than come: no crowding
    begin, total, updates = time.perf_counter(), np.zeros(len(c.wall.sleeves)), 0
    pieces = round(given.cells / given.piece)
    part = replace(c, slugs=tuple(replace(s, living=s.living / pieces) for s in c.slugs))
    for k in range(pieces):
        run = follow(part, int(given.piece), 1, days, window=18, trajectory=trajectory,
                     first_cell=k * int(given.piece))
        assert (run.places.sum(axis=1) == int(given.piece)).all()
        total += run.captured[-1]
        updates += run.updates
    seconds = time.perf_counter() - begin
    print(f"every cell, {pieces} pieces: {total.sum():.6g} at ganglia, {seconds:.0f} s, "
          f"{updates / seconds / 1e6:.0f} M updates/s in all, "
          f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")
    print(f"weighted ({100_000} agents) over every cell: {seen.mean() / total.sum():.4f}")


if __name__ == "__main__":
    main()
