"""1e8 cells of a person: every one of them streamed in pieces, or weighted, and what weighting costs.

    .venv/bin/python bench/homing_weight.py [--cells 1e8] [--piece 1e7] [--days 14] [--state FILE] [--skip-stream]

Every cell has its own number and so its own random draws; a piece is as many of them as memory shall hold. What
surrounds cells (CXCL12 that they take up, crowding at a ganglion, immunity that they rouse) is that of all cells,
estimated by the piece at hand as if it stood for all of them: 1e7 of 1e8 know it well, and smaller pieces less so, as
the table shows. A weighted run is the same thing with fewer cells than there are, its counts multiplied.

With --state a run can be stopped at any time and started again: after each piece what is known is written whole or
not at all. It ends with status 1 as soon as peak memory passes --memory GB.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from thecal.analysis.homing import centre_scores
from thecal.core.files import write_text
from thecal.engine.homing import Conditions, conditions_of, follow
from thecal.study import load, resolve

WINDOW = 18                                   # steps for which the field stands still, after the first two days
RUNS = {10: 2, 100: 6, 1000: 12, 4000: 24}    # cells per agent: runs of other seeds
SEED = 1


class Record:
    """What is known so far, in memory and, with a path, on the disk."""

    def __init__(self, path: Path | None, settings: dict) -> None:
        self.path, self.known = path, {"settings": settings, "pieces": {}}
        if path and path.exists():
            old = json.loads(path.read_text())
            if old.get("settings") != settings:
                sys.exit(f"{path}: written for {old.get('settings')}, asked for {settings}; name another file")
            self.known = old

    def piece(self, name: str, work) -> dict:
        """A piece from the record, or worked out now and added to it."""
        if name not in self.known["pieces"]:
            self.known["pieces"][name] = work()
            if self.path:
                write_text(self.path, json.dumps(self.known))
        return self.known["pieces"][name]


def person(cells: float, days: float) -> Conditions:
    """The arm of 1e8 cells, its living cells set to ``cells``."""
    plan = resolve(load("human-lumbar"))
    [c] = conditions_of(plan, plan.arm("bmsc_1e8"), [centre_scores()], days_after=days)
    scale = cells / c.living
    return replace(c, slugs=tuple(replace(s, living=s.living * scale) for s in c.slugs))


def digest(c: Conditions) -> str:
    """A few letters that change with any number the cells meet, so that no run goes on under other conditions."""
    text = json.dumps([sorted(c.values.items()), repr(c.slugs), c.wall.shape, c.cxcl12_nm.sum().hex(),
                       c.inflammation.sum().hex()])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def memory_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def one_piece(c: Conditions, seed: int, agents: int, first: int, days: list[float]) -> dict:
    begin = time.perf_counter()
    run = follow(c, agents, seed, days, window=WINDOW, first_cell=first)
    assert (run.places.sum(axis=1) == agents).all(), "a cell was lost or doubled"
    return {"captured": run.captured.tolist(), "places": run.places.tolist(), "agents": agents,
            "updates": run.updates, "seconds": time.perf_counter() - begin, "memory_gb": memory_gb()}


def streamed(c: Conditions, record: Record, name: str, seed: int, agents: int, given) -> dict:
    """All agents of one run, piece by piece; sums over pieces."""
    count = -(-agents // int(given.piece))
    edges = np.linspace(0, agents, count + 1).round().astype(int)
    spent: list[float] = []
    total: dict = {"captured": 0, "updates": 0, "seconds": 0.0, "agents": 0}
    for k in range(count):
        fresh = f"{name}/{k}" not in record.known["pieces"]
        piece = record.piece(f"{name}/{k}", lambda k=k: one_piece(
            c, seed, int(edges[k + 1] - edges[k]), int(edges[k]), given.looks))
        total["captured"] = total["captured"] + np.array(piece["captured"])
        for key in ("updates", "seconds", "agents"):
            total[key] += piece[key]
        if fresh and count > 1:
            spent.append(piece["seconds"])
            sys.stderr.write(f"{name}: {k + 1} of {count} pieces, {piece['seconds']:.1f} s, about "
                             f"{np.mean(spent) * (count - k - 1):.0f} s left, {memory_gb():.2f} GB at most\n")
        if max(memory_gb(), piece["memory_gb"]) > given.memory:
            sys.exit(f"{name}, piece {k}: peak memory {max(memory_gb(), piece['memory_gb']):.2f} GB is over the "
                     f"{given.memory:g} GB allowed; give smaller pieces with --piece (now {given.piece:.3g})")
    assert total["agents"] == agents
    return total


def row(c: Conditions, weight: int, runs: list[dict], truth: np.ndarray | None) -> dict:
    """Counts of cells on the last day over runs of one weight, beside what every cell gives.

    ``expected``: spread of runs if agents were independent; clumps land together, which widens it. ``busiest``: root
    mean square error at the ganglion with the most cells.
    """
    at = np.array([r["captured"][-1] for r in runs]) * float(weight)
    sums, injured = at.sum(axis=1), c.injured
    found = {"cells_per_agent": weight, "agents": runs[0]["agents"], "runs": len(runs), "at_ganglia": sums.mean(),
             "sd": sums.std(ddof=1) / sums.mean() if len(runs) > 1 else None,
             "expected": np.sqrt(weight / sums.mean()),
             "ratio": float(at[:, injured].sum() / at[:, ~injured].sum()),
             "updates": float(np.mean([r["updates"] for r in runs])),
             "seconds": float(np.mean([r["seconds"] for r in runs]))}
    if truth is not None:
        spread = max(found["sd"] or 0.0, found["expected"])  # few runs may lie together by chance
        found["bias"] = sums.mean() / truth.sum() - 1
        found["bias_se"] = float(np.sqrt(spread**2 / len(runs) + 1 / truth.sum()))
        found["worst_run"] = float(np.abs(sums / truth.sum() - 1).max())
        most = truth.argmax()
        found["busiest"] = float(np.sqrt(np.mean((at[:, most] / truth[most] - 1)**2)))
    return found


def show(rows: list[dict]) -> None:
    print(f"{'cells per':>9}{'agents':>11}{'runs':>5}{'at ganglia':>12}{'injured/other':>15}{'s.d. of runs':>14}"
          f"{'expected':>10}{'over every cell':>18}{'worst run':>11}{'busiest one':>14}{'s a run':>9}")
    for r in rows:
        def share(key: str, r: dict = r, sign: str = "") -> str:
            return "-" if r.get(key) is None else f"{r[key]:{sign}.2%}"
        bias = f"{share('bias', sign='+')} ± {share('bias_se')}" if r["cells_per_agent"] > 1 and "bias" in r else "-"
        print(f"{r['cells_per_agent']:9d}{r['agents']:11d}{r['runs']:5d}{r['at_ganglia']:12.6g}{r['ratio']:15.3f}"
              f"{share('sd'):>14}{share('expected'):>10}{bias:>18}"
              + "".join(f"{share(k) if r['cells_per_agent'] > 1 else '-':>{w}}"
                        for k, w in (("worst_run", 11), ("busiest", 14))) + f"{r['seconds']:9.1f}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=float, default=1e8, help="living cells that stay in the canal")
    parser.add_argument("--piece", type=float, default=1e7, help="cells in memory at once")
    parser.add_argument("--days", type=float, default=14)
    parser.add_argument("--state", type=Path, help="file to go on from")
    parser.add_argument("--memory", type=float, default=4.0, help="GB; more ends the run")
    parser.add_argument("--skip-stream", action="store_true", help="weighted runs of 100 cells and more only")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    given.looks = [d for d in (1.0, 3.0, 7.0) if d < given.days] + [given.days]
    return given


def main():
    given = arguments()
    c, cells = person(given.cells, given.days), int(given.cells)
    record = Record(given.state, {"cells": cells, "piece": int(given.piece), "days": given.looks, "seed": SEED,
                                  "conditions": digest(c)})
    say = sys.stderr.write if given.json else sys.stdout.write
    say(f"{cells:.3g} living cells over {given.days:g} days, {c.wall.length_mm:.0f} mm canal, field {c.wall.shape}, "
        f"conditions {digest(c)}, load average {os.getloadavg()[0]:.1f}\n")
    sys.stdout.flush()
    one_piece(c, SEED, 1000, 0, [0.1])  # compiles
    runs = {}
    for w, n in sorted(RUNS.items(), reverse=True):
        if w >= 100 or not given.skip_stream:
            runs[w] = [streamed(c, record, f"{w} cells per agent, seed {seed}", seed, max(1, cells // w), given)
                       for seed in range(SEED + 1, SEED + 1 + n)]
            sys.stderr.write(f"{w} cells per agent: {n} runs, {sum(r['seconds'] for r in runs[w]):.0f} s\n")
    if not given.skip_stream:
        runs[1] = [streamed(c, record, "every cell", SEED, cells, given)]
    truth = None if given.skip_stream else runs[1][0]["captured"][-1].astype(float)
    rows = [row(c, w, runs[w], truth) for w in sorted(runs)]
    peak = max([memory_gb(), *(p["memory_gb"] for p in record.known["pieces"].values())])
    if given.json:
        print(json.dumps({"settings": record.known["settings"], "rows": rows, "memory_gb": peak}))
        return
    show(rows)
    print(f"peak memory {peak:.2f} GB, of {given.memory:g} allowed")
    if truth is None:
        return
    every = runs[1][0]
    print(f"every cell: {every['updates']:.4g} updates in {every['seconds']:.0f} s of work, "
          f"{every['updates'] / every['seconds'] / 1e6:.0f} M/s with everything beside the crawl")
    print("at ganglia by day:  " + ", ".join(f"{d:g}: {n.sum():.0f}" for d, n in
                                             zip(given.looks, every["captured"], strict=True)))
    print("at each ganglion, last day:  " + ", ".join(f"{s.name} {n:.0f}" for s, n in
                                                      zip(c.wall.sleeves, truth, strict=True)))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped; with --state the same command goes on from the last piece")
