"""Cells that hold the wall: crawling, chemotaxis, memory of CXCL12, capture, death. The hot loop.

A window of several steps runs block by block (a block stays in the nearest cache); within it the field stands still.
All loops over a block but the last are free of branches and become vector code; multiply-adds are written out, so
the compiler has no choice that could change a bit. Positions are 32-bit whole numbers (the canal's length is 2**30, a
turn 2**32, so the angle closes by itself) and random numbers are keyed by cell and step, so the bytes do not depend
on threads or blocks.

Velocity is an Ornstein-Uhlenbeck process, exact over a step; its noise is scaled so that the long-time motility is
``mu`` for every step length. One event per cell and step, with probability ``1 - exp(-rate dt)``: the error of that is
second order in the step and shown by halving it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import float32, int32, njit, prange, uint32

from thecal.cells.agents.columns import LANES, WIDTH, columns
from thecal.cells.agents.compiled import compiled
from thecal.cells.agents.group import Group
from thecal.cells.agents.random_numbers import fma, normals, philox, spare, unit

CRAWLING, CAPTURED, DEAD, LEFT = (np.int8(k) for k in range(4))
CANAL = 2.0**30
TURN = 2.0**32
BLOCK, BATCH = 256, 64   # cells in a block, at most; blocks that one thread takes at a time
STRIDE = BLOCK + LANES   # not a power of two, else all rows of a block would compete for the same lines of the cache
(STEP_PURPOSE, BORDER_PURPOSE, START_PURPOSE, TRANSIT_PURPOSE, PLUME_PURPOSE, EVENT_PURPOSE, CLEARANCE_PURPOSE,
 REMOVAL_PURPOSE) = (np.uint32(k) for k in range(8))

# rows of a block; FOUND starts what the wall's table holds at each node
VX, VY, MEMORY, LEVEL, TIME, CHANCE, FREE, FIRST, SECOND, DRAW, FOUND = range(11)
ROWS = FOUND + 6
GX, GY, LIMIT, OCCUPANCY, BASAL, SPECIFIC = range(6)
X, Y, NODE = range(3)
TOP = np.int32(2**30)
ONE, ZERO, HALF = np.float32(1), np.float32(0), np.float32(0.5)
SIXTH, TWENTYFOURTH = np.float32(1 / 6), np.float32(1 / 24)
SLOTS = np.float32(2**16)
SHORTEST_MEMORY_D = 10 / 1440  # the usual step


@dataclass
class Crawlers(Group):
    """Cells on the wall, dense and in order of their coming; those in state LEFT have left and only take up room."""

    KINDS: ClassVar[tuple[type, ...]] = (np.uint32, np.int32, np.int32, *(np.float32,) * 4, np.int8, np.int8)

    x: np.ndarray         # int32, level / length * 2**30
    y: np.ndarray         # int32, angle / turn * 2**32 (wraps)
    vx: np.ndarray        # float32, mm/d
    vy: np.ndarray
    memory: np.ndarray    # float32, desensitised share
    level: np.ndarray     # float32, CXCR4 at the surface relative to the mean
    state: np.ndarray     # int8
    sleeve: np.ndarray    # int8, where captured


@dataclass
class Captured(Group):
    """Cells at the borders of ganglia."""

    KINDS: ClassVar[tuple[type, ...]] = (np.uint32, np.int32, np.int32, np.int8)

    x: np.ndarray         # as in Crawlers
    y: np.ndarray
    sleeve: np.ndarray    # int8, at which border


@njit(inline="always")
def _draw(words, cells, m, step, k0, k1):
    """Four words for each cell: two for the step of even number, two for the odd one after it."""
    for q in range(m):
        w0, w1, w2, w3 = philox(uint32(step >> uint32(1)), STEP_PURPOSE, cells[q], uint32(0), k0, k1)
        words[0, q], words[1, q], words[2, q], words[3, q] = w0, w1, w2, w3


@njit(inline="always")
def _shake(block, word0, word1, m):
    """Two normal variates for each cell, and the bits that no variate used as a first look at its chance."""
    for q in range(m):
        a, b = normals(word0[q], word1[q])
        block[FIRST, q] = a
        block[SECOND, q] = b
        block[DRAW, q] = spare(word0[q], word1[q])


@njit(inline="always")
def _look_up(places, m, shape, scales):
    """The node of the wall at which each cell is."""
    ny = int32(shape[1])
    last, edge = int32(shape[0] - 1), int32(shape[1] - 1)
    to_row, to_column = scales[2], scales[3]
    for q in range(m):
        row = min(int32(float32(places[X, q]) * to_row), last)
        turn = float32(int32(uint32(uint32(places[Y, q]) >> uint32(8)))) * to_column
        places[NODE, q] = int32(row * ny + min(int32(turn), edge))


@njit(inline="always")
def _move(block, places, hits, m, scales, motion):
    """Positions, velocities and memory of every cell of a block, the chance of an event, and a first look at it."""
    along, around = scales[0], scales[1]
    keep, noise, dt, steer = motion[0], motion[1], motion[2], motion[3]
    gain, loss, death, on, off = motion[4], motion[5], motion[6], motion[7], motion[8]
    for q in range(m):
        level, memory, time = block[LEVEL, q], block[MEMORY, q], block[TIME, q]
        free = level * (ONE - memory)
        push = min(steer * free, block[FOUND + LIMIT, q])
        vx, vy = block[VX, q], block[VY, q]
        wx = fma(keep, vx, noise * block[FIRST, q])
        wy = fma(keep, vy, noise * block[SECOND, q])
        dx = fma(HALF, vx + wx, push * block[FOUND + GX, q]) * time
        dy = fma(HALF, vy + wy, push * block[FOUND + GY, q]) * time
        x = abs(int32(places[X, q] + int32(dx * along)))
        places[X, q] = int32(2 * TOP - 1 - x) if x >= TOP else x
        places[Y, q] = int32(places[Y, q] + int32(dy * around))
        block[VX, q] = wx
        block[VY, q] = wy
        switch = off if level > ZERO else on
        rate = fma(block[FOUND + SPECIFIC, q], free, death + switch + block[FOUND + BASAL, q])
        h = min(rate * time, ONE)
        chance = SLOTS * h * fma(-h, fma(-h, fma(-h, TWENTYFOURTH, SIXTH), HALF), ONE)
        hits[q] = block[DRAW, q] < chance
        block[CHANCE, q] = chance
        block[FREE, q] = free
        block[MEMORY, q] = fma(dt, fma(gain * block[FOUND + OCCUPANCY, q], ONE - memory, -loss * memory), memory)


@njit
def _event(block, places, step, cell, k0, k1, q, reach, borders, motion, state, sleeve, at):
    """What happens to one cell, if anything: death, another level of CXCR4, or capture by one of the ganglia.

    The bits drawn before let few cells through; a fresh word settles the chance exactly, another one what happens.
    """
    w0, w1, _w2, _w3 = philox(uint32(step), EVENT_PURPOSE, uint32(cell), uint32(0), k0, k1)
    if unit(w0) >= block[CHANCE, q] - block[DRAW, q]:
        return
    death, on, off, positive = motion[6], motion[7], motion[8], motion[9]
    free = block[FREE, q]
    switch = off if block[LEVEL, q] > ZERO else on
    z = unit(w1) * fma(block[FOUND + SPECIFIC, q], free, death + switch + block[FOUND + BASAL, q])
    if z < death:
        state[at] = DEAD
        block[TIME, q] = ZERO
        return
    if z < death + switch:
        block[LEVEL, q] = ZERO if block[LEVEL, q] > ZERO else positive
        return
    z -= death + switch
    found = -1
    for j in range(reach.shape[0]):
        here = reach[j, places[NODE, q]] * (borders[0, j] + borders[1, j] * free)
        if here > ZERO:
            found = j
            z -= here
            if z < ZERO:
                break
    if found >= 0:
        state[at] = CAPTURED
        sleeve[at] = found
        block[TIME, q] = ZERO


@compiled(parallel=True)
def crawl(cells, x, y, vx, vy, memory, level, state, sleeve, table, reach, borders, shape, scales, motion,
          first_step, steps, k0, k1, size):
    """Advance all cells by ``steps`` steps on a field that stands still.

    Arguments:
        cells ... sleeve: the arrays of :class:`Crawlers`. table: (nodes * WIDTH,) float32, see :func:`table_of`.
        reach: (ganglia, nodes) float32. borders: (2, ganglia) capture rates inside a reach, basal and at a level of 1.
        shape: nodes along and around. scales, motion: see :func:`scales_of`, :func:`motion_of`.
        first_step, steps: number of the first step, how many. k0, k1: key. size: cells per block, at most BLOCK.
    """
    n = cells.shape[0]
    dt = motion[2]
    for batch in prange((n + BATCH * size - 1) // (BATCH * size)):
        block = np.empty((ROWS, STRIDE), np.float32)
        places = np.zeros((3, STRIDE), np.int32)
        words = np.empty((4, STRIDE), np.uint32)
        hits = np.zeros(STRIDE, np.uint8)
        eights = hits.view(np.uint64)
        for first in range(batch * BATCH * size, min(n, (batch + 1) * BATCH * size), size):
            m = min(size, n - first)
            here = slice(first, first + m)
            block[VX, :m], block[VY, :m] = vx[here], vy[here]
            block[MEMORY, :m], block[LEVEL, :m] = memory[here], level[here]
            places[X, :m], places[Y, :m] = x[here], y[here]
            alive = state[here]
            for q in range(m):
                block[TIME, q] = dt if alive[q] == CRAWLING else ZERO
            for s in range(steps):
                step = uint32(first_step + s)
                odd = step & uint32(1)
                if s == 0 or odd == 0:
                    _draw(words, cells[here], m, step, k0, k1)
                _shake(block, words[2 * odd], words[2 * odd + 1], m)
                _look_up(places, m, shape, scales)
                for q in range(0, m, LANES):
                    columns(table, places[NODE], q, block, FOUND)
                _move(block, places, hits, m, scales, motion)
                for e in range((m + 7) // 8):
                    if eights[e] != 0:  # rare: one of eight cells may meet an event
                        for q in range(8 * e, min(8 * e + 8, m)):
                            if hits[q] != 0:
                                _event(block, places, step, cells[first + q], k0, k1, q, reach, borders, motion,
                                       state, sleeve, first + q)
            vx[here], vy[here] = block[VX, :m], block[VY, :m]
            memory[here], level[here] = block[MEMORY, :m], block[LEVEL, :m]
            x[here], y[here] = places[X, :m], places[Y, :m]


@compiled(parallel=True)
def deposit(x, y, here, shape, scales, parts):
    """Cells at each node of the wall, (nodes,) int64: whole numbers, so the order of adding does not matter.

    Arguments:
        x, y: places as in :class:`Crawlers`. here: which of the cells count. shape, scales: as for :func:`crawl`.
        parts: in how many pieces the cells are counted.
    """
    n, nodes = x.shape[0], shape[0] * shape[1]
    counts = np.zeros((parts, nodes), np.int64)
    for p in prange(parts):
        places = np.empty((3, STRIDE), np.int32)
        for first in range(n * p // parts, n * (p + 1) // parts, BLOCK):
            m = min(BLOCK, n * (p + 1) // parts - first)
            some = slice(first, first + m)
            places[X, :m], places[Y, :m] = x[some], y[some]
            counted = here[some]
            _look_up(places, m, shape, scales)
            for q in range(m):
                counts[p, places[NODE, q]] += counted[q]
    return counts.sum(axis=0)


def whole_numbers(x_mm: np.ndarray, turn: np.ndarray, length_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Level (mm) and angle (share of a turn) as the whole numbers of :class:`Crawlers`; above the canal: its end."""
    along = np.minimum(x_mm / length_mm, 1 - 1e-6)
    return ((along * CANAL).astype(np.int32),
            ((turn * TURN).astype(np.int64) & 0xFFFFFFFF).astype(np.uint32).view(np.int32))


def scales_of(length_mm: float, around_mm: float, grid_mm: float, shape: tuple[int, int]) -> np.ndarray:
    """Whole numbers per mm along and around; rows per whole number; columns per 2**-24 turn. float32 (4,)."""
    return np.array([CANAL / length_mm, TURN / around_mm, shape[0] * length_mm / grid_mm / CANAL,
                     shape[1] * 2.0**-24], np.float32)


def motion_of(dt_d: float, motility_mm2_d: float, persistence_d: float, chemotaxis_mm2_d: float, gain: float,
              loss: float, death: float, positive: float, memory_d: float, level: float) -> np.ndarray:
    """The numbers of one step as the loop wants them, float32 (10,).

    With ``a = exp(-dt / P)`` a step adds noise of variance ``s^2 (1 - a^2)``; ``s^2 = 2 mu (1 - a) / ((1 + a) dt)``
    makes the variance of a long path ``2 mu t`` whatever the step.
    """
    keep = np.exp(-dt_d / persistence_d)
    spread = np.sqrt(2 * motility_mm2_d * (1 - keep) / ((1 + keep) * dt_d))
    lasting = lasts(memory_d)
    on, off = (positive / memory_d, (1 - positive) / memory_d) if lasting else (0.0, 0.0)
    return np.array([keep, spread * np.sqrt(1 - keep**2), dt_d, chemotaxis_mm2_d, gain, loss, death,
                     on, off, level / positive], np.float32)


def lasts(memory_d: float) -> bool:
    """Whether surface CXCR4 of a cell lasts long enough to be followed; else a cell shows its own mean."""
    return memory_d >= SHORTEST_MEMORY_D


def table_of(occupancy: np.ndarray, step_mm: tuple[float, float], fastest_mm_d: float) -> np.ndarray:
    """What a cell finds at each node: gradient of occupancy (1/mm), largest push up it (mm2/d), occupancy.

    The largest push makes a cell drift at ``fastest_mm_d``. The capture rates are still empty: :func:`set_borders`.
    """
    along = np.gradient(occupancy, step_mm[0], axis=0)
    around = (np.roll(occupancy, -1, 1) - np.roll(occupancy, 1, 1)) / (2 * step_mm[1])
    limit = fastest_mm_d / np.maximum(np.hypot(along, around), 1e-9)
    table = np.zeros((*occupancy.shape, WIDTH), np.float32)
    for k, layer in enumerate((along, around, limit, occupancy)):
        table[..., k] = layer
    return table.ravel()


def set_borders(table: np.ndarray, borders: np.ndarray, reach: np.ndarray) -> None:
    """Fill the capture rates of a table, in place; ``borders`` (2, ganglia) per day, ``reach`` (ganglia, nodes)."""
    layers = table.reshape(-1, WIDTH)
    layers[:, [BASAL, SPECIFIC]] = (borders @ reach.reshape(len(reach), -1)).T
