"""Speed of single cells: updates of living, moving cells per second, beside the same rules in NumPy and JAX.

    .venv/bin/python bench/homing_speed.py [--cells 1e6] [--threads 2] [--repeat 5] [--peers] [--whole] [--json]

One case for all: cells on the wall of a mouse canal, persistent random walk with proper normal variates, occupancy
chemotaxis, desensitisation, one event per step; the CXCL12 field moves on and takes up what cells clear every six
steps of ten minutes (an hour). Nobody dies here, so every update is one of a living, moving cell. The limits printed
beside it: memory bandwidth by a triad on this machine, and arithmetic by the loop's own random numbers alone.
Rows per second of processor time say the same on a machine that does other work too. ``--whole`` follows the cells of
one arm from the needle over 35 days, with landing, capture, death and all that is counted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time

import numpy as np

STEP_D, STEPS = 10 / 1440, 6
BATCH = 32  # blocks to a task of the random numbers alone
BYTES = 2 * (4 * 6) + 4 + 1 + 1  # six arrays read and written, number, state and sleeve read


def case(cells):
    """Conditions, crawlers spread over the lumbar wall, and the field at rest."""
    from thecal.analysis.homing import centre_scores
    from thecal.cells.agents.crawl import BLOCK, Crawlers
    from thecal.engine.homing import conditions_of
    from thecal.engine.homing.course import _start
    from thecal.study import load, resolve

    plan = resolve(load("chen2015"))
    [c] = conditions_of(plan, plan.arm("bmsc_early"), [centre_scores()],
                        overrides={"cells.half_life_free": 1e9, "homing.cxcr4_spread": 0.5})
    run = _start(c, cells, float(cells), 1, STEP_D, BLOCK)
    rng = np.random.default_rng(0)
    x = (rng.uniform(0, c.wall.grid_mm / c.wall.length_mm, cells) * 2**30).astype(np.int32)
    run.crawlers = Crawlers(np.arange(cells, dtype=np.uint32), x,
                            rng.integers(-2**31, 2**31, cells).astype(np.int32),
                            *(rng.normal(0, 0.5, (2, cells)).astype(np.float32)), np.zeros(cells, np.float32),
                            np.exp(0.5 * rng.normal(size=cells) - 0.125).astype(np.float32), np.zeros(cells, np.int8),
                            np.full(cells, -1, np.int8))
    return c, run


def ours(cells, threads, repeat):
    """Updates per second: the loop alone on a field that stands still, and the whole window with a moving field."""
    import numba

    from thecal.engine.homing import course

    numba.set_num_threads(threads)
    c, run = case(cells)
    nothing = np.full(len(c.wall.sleeves), 1e18)  # borders are full: nobody leaves the wall
    day, step = c.slugs[0].day_d, 0
    course._advance(run, day, step, STEPS, nothing)
    whole, worked, alone = [], [], []
    for _ in range(repeat):
        begin, work = time.perf_counter(), time.process_time()
        for _ in range(4):
            step += STEPS
            course._advance(run, day + step * STEP_D, step, STEPS, nothing)
        whole.append(4 * STEPS * cells / (time.perf_counter() - begin))
        worked.append(4 * STEPS * cells / (time.process_time() - work))
        begin = time.perf_counter()
        course._crawl(run, step, STEPS, 0.0, np.full(6, 0.1), 0.0, np.zeros(6))
        alone.append(STEPS * cells / (time.perf_counter() - begin))
    assert run.crawling == cells
    return np.array(whole), np.array(worked), np.array(alone)


def whole_run(cells, threads):
    """Updates per second, of the clock and of processor time, of one arm's cells over 35 days."""
    import numba

    from thecal.analysis.homing import centre_scores
    from thecal.engine.homing import conditions_of, follow
    from thecal.study import load, resolve

    numba.set_num_threads(threads)
    plan = resolve(load("chen2015"))
    [c] = conditions_of(plan, plan.arm("bmsc_early"), [centre_scores()], days_after=35)
    follow(c, 300_000, 1, [0.1])
    begin, work = time.perf_counter(), time.process_time()
    updates = follow(c, cells, 1, [35.0]).updates
    return np.array([updates / (time.perf_counter() - begin)]), np.array([updates / (time.process_time() - work)])


def loops(repeat, reps=2000):  # noqa: C901 (one branch per loop that is timed)
    """Nanoseconds of processor time per cell and step of each loop of a step alone, one thread, a block at rest."""
    from numba import njit, uint32

    from thecal.cells.agents import crawl

    c, run = case(crawl.BLOCK)
    k, wall, m = run.crawlers, c.wall, crawl.BLOCK
    table, motion, _ = tables(c, run)
    scales = crawl.scales_of(wall.length_mm, wall.around_mm, wall.grid_mm, wall.shape)

    @njit(error_model="numpy")
    def part(which, reps, cells, block, places, words, hits, table, shape, scales, motion, k0, k1):
        eights, seen = hits.view(np.uint64), 0
        for r in range(reps):
            if which == 0 and r % 2 == 0:  # four words serve two steps
                crawl._draw(words, cells, m, uint32(r), k0, k1)
            elif which == 1:
                crawl._shake(block, words[0], words[1], m)
                words[0, r % m] += uint32(1)
            elif which == 2:
                crawl._look_up(places, m, shape, scales)
            elif which == 3:
                for q in range(0, m, crawl.LANES):
                    crawl.columns(table, places[crawl.NODE], q, block, crawl.FOUND)
            elif which == 4:
                crawl._move(block, places, hits, m, scales, motion)
            elif which == 5:
                for e in range((m + 7) // 8):
                    if eights[e] != 0:
                        seen += 1
        return seen

    block, places = np.zeros((crawl.ROWS, crawl.STRIDE), np.float32), np.zeros((3, crawl.STRIDE), np.int32)
    block[[crawl.VX, crawl.VY], :m], block[[crawl.LEVEL, crawl.TIME], :m] = [k.vx, k.vy], [k.level, k.memory + STEP_D]
    places[crawl.X, :m], places[crawl.Y, :m] = k.x, k.y
    words = np.random.default_rng(0).integers(0, 2**32, (4, crawl.STRIDE)).astype(np.uint32)
    given = (k.cell, block, places, words, np.zeros(crawl.STRIDE, np.uint8), table.ravel(), np.array(wall.shape),
             scales, np.array(motion, np.float32), *run.key)
    found = {}
    for which, name in enumerate(("random words", "normal variates", "place in the table", "reading the table",
                                  "motion and chances", "looking for events")):
        part(which, 2, *given)
        times = []
        for _ in range(3 * repeat):
            begin = time.process_time()
            part(which, reps, *given)
            times.append((time.process_time() - begin) / reps / m * 1e9)
        found[name] = min(times)
    return found


def arithmetic(threads, repeat, cells=1 << 20):
    """Updates per second if a step were its random numbers alone."""
    import numba
    from numba import njit, prange, uint32

    from thecal.cells.agents import crawl

    @njit(parallel=True, error_model="numpy")
    def draw_only(cell, out, step, k0, k1):
        size = crawl.BLOCK
        for b in prange(out.size):
            block = np.empty((crawl.ROWS, crawl.STRIDE), np.float32)
            words = np.empty((4, crawl.STRIDE), np.uint32)
            total = np.float32(0)
            for first in range(b * BATCH * size, (b + 1) * BATCH * size, size):
                crawl._draw(words, cell[first:first + size], size, uint32(step), k0, k1)
                for odd in range(2):
                    crawl._shake(block, words[2 * odd], words[2 * odd + 1], size)
                    for q in range(size):
                        total += block[crawl.FIRST, q] + block[crawl.SECOND, q] + block[crawl.DRAW, q]
            out[b] = total

    numba.set_num_threads(threads)
    cell, out = np.arange(cells, dtype=np.uint32), np.empty(cells // (crawl.BLOCK * BATCH), np.float32)
    draw_only(cell, out, 0, np.uint32(1), np.uint32(2))
    rates = []
    for r in range(3 * repeat):
        begin = time.perf_counter()
        draw_only(cell, out, 2 * r, np.uint32(r), np.uint32(2))
        rates.append(2 * cells / (time.perf_counter() - begin))
    return np.array(rates)


def triad(threads, repeat, n=1 << 24):
    """Bytes per second of a = b + 3 c on arrays that no cache holds."""
    import numba
    from numba import njit, prange

    @njit(parallel=True)
    def add(a, b, c):
        for i in prange(a.size):
            a[i] = b[i] + np.float32(3) * c[i]

    numba.set_num_threads(threads)
    a, b, c = (np.ones(n, np.float32) for _ in range(3))
    add(a, b, c)
    rates = []
    for _ in range(3 * repeat):
        begin = time.perf_counter()
        add(a, b, c)
        rates.append(3 * a.nbytes / (time.perf_counter() - begin))
    return np.array(rates)


def tables(c, run):
    """The same numbers for the peers: table of the wall, motion, geometry."""
    from thecal.cells.agents import crawl

    wall, rules = c.wall, c.rules
    table = crawl.table_of(rules.occupancy(run.field.free), wall.step_mm, rules.forward_index * rules.speed_mm_d)
    motion = crawl.motion_of(STEP_D, rules.motility_mm2_d, rules.persistence_d, rules.chemotaxis_mm2_d,
                             rules.desensitisation, rules.resensitisation, rules.death_free, rules.positive,
                             rules.memory_d, rules.cxcr4)
    return table.reshape(-1, crawl.WIDTH), [np.float32(m) for m in motion], wall


def one_step(xp, state, noise, uniform, table, motion, wall):
    """The rules of one step on arrays, for NumPy and JAX alike (field frozen between windows in both)."""
    x, y, vx, vy, memory, level = state
    keep, spread, dt, steer, gain, loss, death = motion[:7]
    row = xp.minimum((x * np.float32(wall.shape[0] / wall.grid_mm)).astype(np.int32), wall.shape[0] - 1)
    column = xp.minimum((y * np.float32(wall.shape[1])).astype(np.int32), wall.shape[1] - 1)
    found = table[row * wall.shape[1] + column]
    free = level * (1 - memory)
    push = xp.minimum(steer * free, found[:, 2])
    wx, wy = keep * vx + spread * noise[0], keep * vy + spread * noise[1]
    x = xp.abs(x + (np.float32(0.5) * (vx + wx) + push * found[:, 0]) * dt)
    top = np.float32(wall.length_mm)
    x = xp.where(x > top, 2 * top - x, x)
    y = y + (np.float32(0.5) * (vy + wy) + push * found[:, 1]) * dt / np.float32(wall.around_mm)
    y = y - xp.floor(y)
    rate = death + found[:, 4] + found[:, 5] * free
    gone = uniform < 1 - xp.exp(-rate * dt)
    memory = memory + dt * (gain * found[:, 3] * (1 - memory) - loss * memory)
    return (x, y, wx, wy, memory, xp.where(gone, np.float32(0), level))


def start_arrays(run, wall):
    k = run.crawlers
    return [(k.x / np.float32(2**30) * wall.length_mm).astype(np.float32),
            (k.y.view(np.uint32) / 2.0**32).astype(np.float32), k.vx, k.vy, k.memory, k.level]


def numpy_peer(cells, repeat):
    c, run = case(cells)
    table, motion, wall = tables(c, run)
    rng = np.random.default_rng(1)
    state, rates = start_arrays(run, wall), []
    for _ in range(max(2, repeat // 2)):
        begin = time.perf_counter()
        for _ in range(2):
            state = one_step(np, state, rng.standard_normal((2, cells), np.float32), rng.random(cells, np.float32),
                             table, motion, wall)
        rates.append(2 * cells / (time.perf_counter() - begin))
    return np.array(rates)


def jax_peer(cells, repeat):
    import jax
    import jax.numpy as jnp

    c, run = case(cells)
    table, motion, wall = tables(c, run)
    lines = jnp.asarray(table)

    @jax.jit
    def window(state, key):
        def step(state, key):
            a, b = jax.random.split(key)
            return one_step(jnp, state, jax.random.normal(a, (2, cells), jnp.float32),
                            jax.random.uniform(b, (cells,), jnp.float32), lines, motion, wall), None
        return jax.lax.scan(step, state, jax.random.split(key, STEPS))[0]

    state = tuple(jnp.asarray(a) for a in start_arrays(run, wall))
    state = jax.block_until_ready(window(state, jax.random.key(0)))
    rates = []
    for r in range(repeat):
        begin = time.perf_counter()
        state = jax.block_until_ready(window(state, jax.random.key(r + 1)))
        rates.append(STEPS * cells / (time.perf_counter() - begin))
    return np.array(rates)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=float, default=1e6)
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--peers", action="store_true", help="NumPy and JAX too")
    parser.add_argument("--whole", action="store_true", help="one arm over 35 days too")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    cells = int(given.cells)
    whole, worked, alone = ours(cells, given.threads, given.repeat)
    rows = {"moving field, M updates/s": whole, "field frozen, M updates/s": alone,
            "moving field, per second of a processor": worked,
            "limit: random numbers alone": arithmetic(given.threads, given.repeat)}
    bandwidth = triad(given.threads, given.repeat)
    rows["limit: bandwidth, every step from memory"] = bandwidth / BYTES
    rows["limit: bandwidth, a window per pass"] = bandwidth / BYTES * STEPS
    if given.peers:
        rows["NumPy, same rules (1 thread)"] = numpy_peer(cells, given.repeat)
        try:
            rows["JAX, same rules"] = jax_peer(cells, given.repeat)
        except ImportError:
            sys.stderr.write("JAX is not installed: pip install jax\n")
    if given.whole:
        rows["35 days of one arm"], rows["35 days, per second of a processor"] = whole_run(cells, given.threads)
    profile = loops(given.repeat)
    found = {name: {"best": float(r.max()) / 1e6, "median": float(np.median(r)) / 1e6} for name, r in rows.items()}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    if given.json:
        print(json.dumps({"cells": cells, "threads": given.threads, "load": os.getloadavg()[0], "rows": found,
                          "ns_per_cell_and_step": profile, "memory_mb": memory}))
        return
    print(f"{cells} cells, {given.threads} threads, load average before and now {os.getloadavg()[0]:.1f}; "
          f"triad {bandwidth.max() / 1e9:.0f} GB/s; {memory:.0f} MB")
    for name, r in found.items():
        ratio = found["moving field, M updates/s"]["best"] / r["best"]
        print(f"{name:42}{r['best']:10.1f} best {r['median']:10.1f} median   ours over it {ratio:6.2f}")
    print("one thread, ns per cell and step: " + ", ".join(f"{name} {ns:.2f}" for name, ns in profile.items())
          + f"; together {sum(profile.values()):.2f}")


if __name__ == "__main__":
    main()
