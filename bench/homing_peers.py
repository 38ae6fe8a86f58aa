"""Single cells beside agent-based peers: one case of diffusion and chemotaxis, its speed and its accuracy in one run.

    .venv/bin/python bench/homing_peers.py [--cells 5e4] [--threads 2] [--physicell PATH] [--steps 10 2] [--json]

The case: a wall 4 mm long with a source of CXCL12 at its end (diffusion and loss of the register), cells in a band
1 mm wide that crawl as a persistent random walk (motility and persistence of the register) and drift towards the
source at the largest forward index. Nobody dies, divides, holds another or is captured. Known exactly, and printed as
found over expected for everybody: the drift ``s m t``, and the mean squared displacement about it, per axis
``2 mu (t - P (1 - exp(-t / P)))``, both over the second half of the run; and the field, ``cosh((L - x) / l)``.

PhysiCell (C++, OpenMP): build its sample project 'template' unchanged and give the executable with --physicell; it is
run in a temporary folder from settings alone. Its walk is a jump process with the same mean and correlation in time,
so the same drift and displacement. What settings cannot switch off it does on top: a search for neighbours and their
forces (of strength 0), secretion and uptake, gradients everywhere at each step. Not counted: start, files, pictures
(the difference of a long and a short run is timed).

Mesa (pip install mesa): the same rules twice, agents one by one as its examples do, and all at once on the array of
positions its continuous space keeps. It has no solver for diffusion: its field stands still.

Thecal does on top: occupancy, desensitisation, CXCR4 per cell, and the chance of death and capture in each step.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

import homing_physicell
from thecal.analysis.homing import centre_scores
from thecal.cells.agents import crawl
from thecal.cells.agents.wall import Sleeve, Wall
from thecal.engine.homing import Conditions, conditions_of, course
from thecal.study import load, resolve

LENGTH_MM, BAND_MM, MARGIN_MM, GRID_MM = 4.0, (1.5, 2.5), 1.5, 0.05
PER_MM2 = 2000            # cells; the lumbar wall of a mouse has about so many after 2.5e5
DAYS, STEP_D = 2.0, 10 / 1440
FEW = 5000                # cells for the slow ones: a rate per cell hardly depends on their number
WINDOW = 6                # steps of ours between moves of the field: an hour, as in a study
MIN_PER_D, UM_PER_MM = 1440, 1000


@dataclass(frozen=True)
class Case:
    """Numbers of the walk and the field, in mm and days; ``forward`` is drift over speed."""

    cells: int
    per_mm2: float
    motility: float
    persistence: float
    forward: float
    diffusion: float
    loss: float

    @property
    def width_mm(self) -> float:
        return self.cells / self.per_mm2 / (BAND_MM[1] - BAND_MM[0]) + 2 * MARGIN_MM

    @property
    def shape(self) -> tuple[int, int]:
        return round(LENGTH_MM / GRID_MM), round(self.width_mm / GRID_MM)

    @cached_property
    def jump(self) -> tuple[float, float]:
        """Bias and speed of the jump process ``v = s u / |u|, u = b e + (1 - b) w``, ``w`` a random direction."""
        angle = 2 * np.pi * (np.arange(4096) + 0.5) / 4096

        def moments(bias: float) -> tuple[float, float]:
            x, y = bias + (1 - bias) * np.cos(angle), (1 - bias) * np.sin(angle)
            size = np.hypot(x, y)
            return float((x / size).mean()), float((x / size).var() + (y / size).var())

        bias = brentq(lambda b: moments(b)[0] - self.forward, 1e-3, 0.49)
        return bias, float(np.sqrt(2 * self.motility / self.persistence / moments(bias)[1]))

    @property
    def drift(self) -> float:
        """Velocity towards the source, mm/d."""
        return self.forward * self.jump[1]

    def expected(self, days: float) -> tuple[float, float]:
        """Drift and the mean squared displacement about it, both axes together, over ``days`` from a walk at rest."""
        p = self.persistence
        return self.drift * days, 4 * self.motility * (days - p * (1 - np.exp(-days / p)))

    def start(self) -> np.ndarray:
        """Places of all cells, (cells, 2)."""
        rng = np.random.default_rng(0)
        return np.column_stack([rng.uniform(*BAND_MM, self.cells),
                                rng.uniform(MARGIN_MM, self.width_mm - MARGIN_MM, self.cells)])

    def profile(self, x_mm: np.ndarray) -> np.ndarray:
        """The field at rest, any scale."""
        return np.cosh((LENGTH_MM - x_mm) * np.sqrt(self.loss / self.diffusion))


def study_conditions() -> Conditions:
    """Conditions of the index study at the register's centre."""
    plan = resolve(load("chen2015"))
    return conditions_of(plan, plan.arm("bmsc_early"), [centre_scores()])[0]


def case_of(cells: int, per_mm2: float) -> Case:
    c = study_conditions()
    return Case(cells, per_mm2, c.rules.motility_mm2_d, c.rules.persistence_d, c.rules.forward_index,
                c.values["homing.cxcl12_diffusion"], c.values["signalling.cxcl12_turnover"])


def judged(case: Case, middle: np.ndarray, end: np.ndarray, days: float, x_mm: np.ndarray,
           field: np.ndarray | None) -> dict:
    """Found over expected: drift, displacement about it, and the field along the band (largest error)."""
    moved = end - middle
    drift, square = case.expected(days)
    found = {"cells": case.cells, "drift": float(-moved[:, 0].mean() / drift),
             "square": float(moved.var(axis=0).sum() / square),
             "drift_se": float(np.sqrt(square / 2 / case.cells) / drift), "square_se": 1 / float(np.sqrt(case.cells))}
    if field is not None:
        near = (x_mm > BAND_MM[0]) & (x_mm < BAND_MM[1])
        share = field[near] / case.profile(x_mm[near])
        found["field_error"] = float(np.abs(share / share.mean() - 1).max())
    return found


def ours(case: Case, threads: int) -> dict:
    """The loop of a study, window by window, its field moved and felt anew each hour."""
    import numba

    numba.set_num_threads(threads)
    c = conditions(case)
    run = course._start(c, case.cells, float(case.cells), 1, STEP_D, crawl.BLOCK)
    rng, at, n, none = np.random.default_rng(1), case.start(), case.cells, np.zeros(case.cells, np.float32)
    run.crawlers = crawl.Crawlers(
        np.arange(n, dtype=np.uint32), (at[:, 0] / LENGTH_MM * crawl.CANAL).astype(np.int32),
        (at[:, 1] / case.width_mm * crawl.TURN).astype(np.int64).astype(np.uint32).view(np.int32),
        *rng.normal(0, np.sqrt(case.motility / case.persistence), (2, n)).astype(np.float32), none, none + 1,
        np.zeros(n, np.int8), np.full(n, -1, np.int8))
    places, spent, worked, steps = [], [], [], round(DAYS / STEP_D)
    for first in range(0, steps + WINDOW, WINDOW):  # the first window compiles
        begin, work = time.perf_counter(), time.process_time()
        course._advance(run, first * STEP_D, first, WINDOW, np.zeros(1))
        spent.append(time.perf_counter() - begin)
        worked.append(time.process_time() - work)
        if first in (steps // 2, steps):
            assert len(run.crawlers) == n
            places.append(np.column_stack([run.crawlers.x / crawl.CANAL * LENGTH_MM,
                                           run.crawlers.y.view(np.uint32) / crawl.TURN * case.width_mm]))
    x = (np.arange(case.shape[0]) + 0.5) * c.wall.step_mm[0]
    found = judged(case, *places, steps / 2 * STEP_D, x, run.field.free.mean(axis=1))
    return found | {"name": f"Thecal, steps of {STEP_D * MIN_PER_D:.0f} min", "threads": threads,
                    "step_min": STEP_D * MIN_PER_D, "rate": n * steps / sum(spent[1:]),
                    "cpu_rate": n * steps / sum(worked[1:])}


def conditions(case: Case) -> Conditions:
    """Those of a study, but on the plain wall of the case and with all rates at 0 that it has not."""
    c = study_conditions()
    source = Sleeve("end", "end", "injured", 0, 0.0, 4 * GRID_MM, 8.0, LENGTH_MM)  # the first nodes, all round
    rules = replace(c.rules, death_free=0.0, rejection=0.0, capture_basal=0.0, capture_cxcl12=0.0, desensitisation=0.0,
                    resensitisation=0.0, cxcr4=1.0, positive=1.0, memory_d=0.0, chemotaxis_mm2_d=1e6,
                    forward_index=case.drift / c.rules.speed_mm_d)
    ends = np.array([-1.0, 100.0])
    return replace(c, wall=Wall(LENGTH_MM, case.width_mm, LENGTH_MM, case.shape, (source,)), rules=rules,
                   values={**c.values, "homing.flow": 0.0, "homing.hs_sites": 0.0, "homing.cxcl12_uptake": 0.0},
                   times_d=ends, cxcl12_nm=np.full((2, 1), 10.0), inflammation=np.zeros((2, 1)),
                   inhibitor_nm=np.zeros(2))


def physicell(case: Case, program: Path, threads: int, step_min: float) -> dict:
    """A stock executable of PhysiCell: a long and a short run, their difference timed."""
    short, full = (homing_physicell.run(case, program, threads, step_min, days) for days in (DAYS / 4, DAYS))
    if full.middle.shape[1] != case.cells or (full.middle[0] != full.end[0]).any():
        sys.exit(f"PhysiCell lost or reordered cells: {full.middle.shape[1]} and {full.end.shape[1]} of {case.cells}")
    days = DAYS / 2 + step_min / MIN_PER_D  # it takes one step past the end
    x = np.unique(full.field[0])
    found = judged(case, full.middle[1:3].T / UM_PER_MM, full.end[1:3].T / UM_PER_MM, days, x / UM_PER_MM,
                   np.array([full.field[4, full.field[0] == at].mean() for at in x]))
    steps = case.cells * (full.steps - short.steps)
    return found | {"name": f"PhysiCell, steps of {step_min:g} min", "threads": threads, "step_min": step_min,
                    "rate": steps / (full.wall_s - short.wall_s), "cpu_rate": steps / (full.core_s - short.core_s)}


def mesa_rows(case: Case, at_once: bool) -> dict:
    """Mesa's continuous space and property layers; ``at_once`` moves the whole array of positions."""
    import mesa
    from mesa.discrete_space import PropertyLayer
    from mesa.experimental.continuous_space import ContinuousSpace, ContinuousSpaceAgent

    keep = float(np.exp(-STEP_D / case.persistence))
    noise = float(np.sqrt(2 * case.motility * (1 - keep) / ((1 + keep) * STEP_D)) * np.sqrt(1 - keep**2))
    rest = float(np.sqrt(case.motility / case.persistence))
    x = (np.arange(case.shape[0]) + 0.5) * GRID_MM
    layers = {}
    for axis, name in enumerate(("up_x", "up_y")):  # direction of the steepest rise
        layers[name] = PropertyLayer(name, case.shape, 0.0, dtype=float)
        rise = np.gradient(np.repeat(case.profile(x)[:, None], case.shape[1], 1), GRID_MM, axis=axis)
        layers[name].modify_cells(np.add, np.sign(rise))

    class Cell(ContinuousSpaceAgent):
        def __init__(self, model, position):
            super().__init__(model.space, model)
            self.position = position
            self.vx, self.vy = model.random.gauss(0, rest), model.random.gauss(0, rest)

        def step(self):
            gauss, position = self.model.random.gauss, self.position
            node = int(position[0] / GRID_MM), int(position[1] / GRID_MM)
            wx, wy = keep * self.vx + noise * gauss(0, 1), keep * self.vy + noise * gauss(0, 1)
            up_x, up_y = layers["up_x"].data[node], layers["up_y"].data[node]
            self.position = (position[0] + (0.5 * (self.vx + wx) + case.drift * up_x) * STEP_D,
                             position[1] + (0.5 * (self.vy + wy) + case.drift * up_y) * STEP_D)
            self.vx, self.vy = wx, wy

    class Wall(mesa.Model):
        def __init__(self):
            super().__init__(seed=1)
            self.space = ContinuousSpace([[0, LENGTH_MM], [0, case.shape[1] * GRID_MM]], random=self.random,
                                         n_agents=case.cells)
            Cell.create_agents(self, case.cells, list(case.start()))
            self.velocity = self.rng.normal(0, rest, (case.cells, 2))

        def one_by_one(self):
            self.agents.do("step")

        def all_at_once(self):
            positions = self.space.agent_positions
            node = tuple((positions / GRID_MM).astype(int).T)
            after = keep * self.velocity + noise * self.rng.standard_normal(positions.shape)
            up = np.column_stack([layers["up_x"].data[node], layers["up_y"].data[node]])
            positions += (0.5 * (self.velocity + after) + case.drift * up) * STEP_D
            self.velocity = after

    model, steps = Wall(), round(DAYS / STEP_D)
    advance = model.all_at_once if at_once else model.one_by_one
    begin, work, middle = time.perf_counter(), time.process_time(), np.empty(0)
    for step in range(steps):
        if step == steps // 2:
            middle = model.space.agent_positions.copy()
        advance()
    spent, worked = time.perf_counter() - begin, time.process_time() - work
    found = judged(case, middle, model.space.agent_positions.copy(), (steps - steps // 2) * STEP_D, x, None)
    name = "all at once" if at_once else "one by one"
    return found | {"name": f"Mesa {mesa.__version__}, {name}", "threads": 1, "step_min": STEP_D * MIN_PER_D,
                    "rate": case.cells * steps / spent, "cpu_rate": case.cells * steps / worked}


def show(case: Case, rows: list[dict]) -> None:
    print(f"{case.per_mm2:g} cells per mm2, {DAYS:g} days; motility {case.motility:.3g} mm2/d, "
          f"persistence {case.persistence * MIN_PER_D:.0f} min, drift {case.drift:.3f} mm/d; "
          f"load average {os.getloadavg()[0]:.1f}")
    print(f"{'':30}{'cells':>9}{'threads':>8}{'M steps/s':>11}{'ours over it':>14}{'by core time':>14}"
          f"{'and day':>9}{'drift':>18}{'squared displacement':>24}{'field':>8}")
    for r in rows:
        core = rows[0]["cpu_rate"] / r["cpu_rate"]
        field = f"{r['field_error']:.2%}" if "field_error" in r else "given"
        print(f"{r['name']:30}{r['cells']:9d}{r['threads']:8d}{r['rate'] / 1e6:11.3g}"
              f"{rows[0]['rate'] / r['rate']:14.4g}{core:14.4g}{core * rows[0]['step_min'] / r['step_min']:9.4g}"
              f"{r['drift']:10.4f} ± {r['drift_se']:.4f}{r['square']:15.4f} ± {r['square_se']:.4f}{field:>8}")
    print("steps of one cell per second, all threads; by core time: the same ratio per second of processor time, which "
          "other\nwork on the machine hardly moves; and day: that for a day of a cell instead of a step; drift, "
          "squared displacement:\nfound over expected, one standard error; field: largest error along the band")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=float, default=5e4)
    parser.add_argument("--per-mm2", type=float, default=PER_MM2, help="cells; fewer spare PhysiCell neighbours")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--physicell", type=Path, help="executable of PhysiCell's sample project 'template'")
    parser.add_argument("--steps", type=float, nargs="+", default=[10.0, 2.0], help="minutes, of PhysiCell")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.physicell and not os.access(given.physicell, os.X_OK):
        sys.exit(f"--physicell: {given.physicell} is no program; build PhysiCell's sample project 'template' and give "
                 f"the path of its executable")
    case = case_of(int(given.cells), given.per_mm2)
    rows = [ours(case, given.threads)]
    if given.physicell:
        for step in given.steps:
            try:
                part = replace(case, cells=min(case.cells, max(FEW, int(case.cells * step / 10))))
                sys.stderr.write(f"PhysiCell, {part.cells} cells, steps of {step:g} min ...\n")
                rows.append(physicell(part, given.physicell.resolve(), given.threads, step))
            except subprocess.TimeoutExpired:
                sys.stderr.write(f"PhysiCell took more than {homing_physicell.LIMIT_S} s at {step:g} min steps; "
                                 "give fewer --cells\n")
    else:
        sys.stderr.write("PhysiCell is not given: build its sample project 'template', then --physicell PATH\n")
    try:
        few = replace(case, cells=min(case.cells, FEW))
        rows += [mesa_rows(few, at_once=False), mesa_rows(case, at_once=True)]
    except ImportError:
        sys.stderr.write("Mesa is not installed: pip install mesa\n")
    if given.json:
        print(json.dumps({"cells": case.cells, "days": DAYS, "load": os.getloadavg()[0], "rows": rows}))
        return
    show(case, rows)


if __name__ == "__main__":
    main()
