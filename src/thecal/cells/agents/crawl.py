"""Cells that hold the wall: crawling, chemotaxis, memory of CXCL12, capture, death. The hot loop.

A window of several steps runs block by block (a block stays in the nearest cache); within it the field stands still.
All loops over a block but the last are free of branches and become vector code. Positions are 32-bit whole numbers
(the canal's length is 2**30, a turn 2**32, so the angle closes by itself) and random numbers are keyed by cell and
step, so the bytes do not depend on threads or blocks.

Velocity is an Ornstein-Uhlenbeck process, exact over a step; its noise is scaled so that the long-time motility is
``mu`` for every step length. One event per cell and step, with probability ``1 - exp(-rate dt)``: the error of that is
second order in the step and shown by halving it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import float32, int32, njit, prange, uint32

from thecal.cells.agents.group import Group
from thecal.cells.agents.random_numbers import normals, philox, unit

CRAWLING, CAPTURED, DEAD = np.int8(0), np.int8(1), np.int8(2)
CANAL = 2.0**30
TURN = 2.0**32
BLOCK = 1024
(STEP_PURPOSE, BORDER_PURPOSE, START_PURPOSE, TRANSIT_PURPOSE, PLUME_PURPOSE, EVENT_PURPOSE, CLEARANCE_PURPOSE,
 REMOVAL_PURPOSE) = (np.uint32(k) for k in range(8))

VX, VY, MEMORY, LEVEL, CHANCE, RATE, FIRST, SECOND, DRAW, FOUND = range(10)  # rows of a block; FOUND starts the table's
ROWS = FOUND + 6
X, Y, MOVING = range(3)
TOP = np.int32(2**30)
ONE, ZERO, HALF = np.float32(1), np.float32(0), np.float32(0.5)
SLOTS, LOW_BYTE = np.float32(256), np.uint32(255)
SIXTH, TWENTYFOURTH = np.float32(1 / 6), np.float32(1 / 24)
TINY = np.float32(1e-12)
GX, GY, STEEP, OCCUPANCY, BASAL, SPECIFIC = range(6)
SHORTEST_MEMORY_D = 10 / 1440  # the usual step
WIDTH = 8  # floats per node of the wall's table


@dataclass
class Crawlers(Group):
    """Cells on the wall, dense and in order of their number."""

    KINDS: ClassVar[tuple[type, ...]] = (np.uint32, np.int32, np.int32, *(np.float32,) * 4, np.int8, np.int8)

    x: np.ndarray         # int32, level / length * 2**30
    y: np.ndarray         # int32, angle / turn * 2**32 (wraps)
    vx: np.ndarray        # float32, mm/d
    vy: np.ndarray
    memory: np.ndarray    # float32, desensitised share
    level: np.ndarray     # float32, CXCR4 at the surface relative to the mean
    state: np.ndarray     # int8
    sleeve: np.ndarray    # int8, where captured


@njit(inline="always")
def _draw(words, cells, first, m, step, k0, k1):
    """Four words for each cell: two for the step of even number, two for the odd one after it."""
    for q in range(m):
        w0, w1, w2, w3 = philox(uint32(step >> uint32(1)), STEP_PURPOSE, cells[first + q], uint32(0), k0, k1)
        words[0, q], words[1, q], words[2, q], words[3, q] = w0, w1, w2, w3


@njit(inline="always")
def _shake(block, words, m, row):
    """Two normal variates for each cell, and the byte that no variate used as a first look at its chance."""
    for q in range(m):
        a, b = normals(words[row, q], words[row + 1, q])
        block[FIRST, q] = a
        block[SECOND, q] = b
        block[DRAW, q] = float32(int32(uint32(words[row, q]) & LOW_BYTE))


@njit(inline="always")
def _move(block, places, nodes, m, table, shape, scales, motion):
    """Positions, velocities, memory and the chance of an event for every cell of a block."""
    ny = int32(shape[1])
    last, edge = int32(shape[0] - 1), int32(shape[1] - 1)
    along, around, to_row, to_column = scales[0], scales[1], scales[2], scales[3]
    keep, noise, dt, steer, fastest = motion[0], motion[1], motion[2], motion[3], motion[4]
    gain, loss, death, on, off = motion[5], motion[6], motion[7], motion[8], motion[9]
    for q in range(m):
        row = min(int32(float32(places[X, q]) * to_row), last)
        turn = float32(int32(uint32(uint32(places[Y, q]) >> uint32(8)))) * to_column
        nodes[q] = int32(row * ny + min(int32(turn), edge))
    for q in range(m):  # the only loop that jumps about in memory, so it does nothing else
        at = nodes[q] * WIDTH
        block[FOUND + GX, q], block[FOUND + GY, q] = table[at + GX], table[at + GY]
        block[FOUND + STEEP, q], block[FOUND + OCCUPANCY, q] = table[at + STEEP], table[at + OCCUPANCY]
        block[FOUND + BASAL, q], block[FOUND + SPECIFIC, q] = table[at + BASAL], table[at + SPECIFIC]
    for q in range(m):
        free = block[LEVEL, q] * (ONE - block[MEMORY, q])
        push = steer * free
        push = push * min(ONE, fastest / (push * block[FOUND + STEEP, q] + TINY))
        vx, vy = block[VX, q], block[VY, q]
        wx = keep * vx + noise * block[FIRST, q]
        wy = keep * vy + noise * block[SECOND, q]
        move = dt if places[MOVING, q] != 0 else ZERO
        dx = (HALF * (vx + wx) + push * block[FOUND + GX, q]) * move
        dy = (HALF * (vy + wy) + push * block[FOUND + GY, q]) * move
        x = int32(places[X, q] + int32(dx * along))
        x = abs(x)
        places[X, q] = int32(2 * TOP - 1 - x) if x >= TOP else x
        places[Y, q] = int32(places[Y, q] + int32(dy * around))
        block[VX, q] = wx
        block[VY, q] = wy
        switch = off if block[LEVEL, q] > ZERO else on
        rate = death + switch + block[FOUND + BASAL, q] + block[FOUND + SPECIFIC, q] * free
        h = min(rate * dt, ONE)
        block[CHANCE, q] = SLOTS * h * (ONE - h * (HALF - h * (SIXTH - h * TWENTYFOURTH)))
        block[RATE, q] = rate
        memory = block[MEMORY, q]
        block[MEMORY, q] = memory + dt * (gain * block[FOUND + OCCUPANCY, q] * (ONE - memory) - loss * memory)


@njit
def _event(block, places, step, cell, k0, k1, q, node, table, reach, borders, motion, state, sleeve, at):
    """What happens to one cell, if anything: death, another level of CXCR4, or capture by one of the ganglia.

    The byte drawn before let few cells through; a fresh word settles the chance exactly, another one what happens.
    """
    w0, w1, _w2, _w3 = philox(uint32(step), EVENT_PURPOSE, uint32(cell), uint32(0), k0, k1)
    if block[DRAW, q] + unit(w0) >= block[CHANCE, q]:
        return
    death, on, off, positive = motion[7], motion[8], motion[9], motion[10]
    z = unit(w1) * block[RATE, q]
    if z < death:
        state[at] = DEAD
        places[MOVING, q] = 0
        return
    switch = off if block[LEVEL, q] > ZERO else on
    if z < death + switch:
        block[LEVEL, q] = ZERO if block[LEVEL, q] > ZERO else positive
        return
    basal, specific = table[node * WIDTH + BASAL], table[node * WIDTH + SPECIFIC]
    free = (block[RATE, q] - death - switch - basal) / specific if specific > ZERO else ZERO
    z -= death + switch
    found = -1
    for j in range(reach.shape[0]):
        here = reach[j, node] * (borders[0, j] + borders[1, j] * free)
        if here > ZERO:
            found = j
            z -= here
            if z < ZERO:
                break
    if found >= 0:
        state[at] = CAPTURED
        sleeve[at] = found
        places[MOVING, q] = 0


@njit(parallel=True, error_model="numpy", cache=True, nogil=True)
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
    for b in prange((n + size - 1) // size):
        first = b * size
        m = min(size, n - first)
        block = np.empty((ROWS, BLOCK), np.float32)
        places = np.empty((3, BLOCK), np.int32)
        words = np.empty((4, BLOCK), np.uint32)
        nodes = np.empty(BLOCK, np.int32)
        for q in range(m):
            block[VX, q], block[VY, q] = vx[first + q], vy[first + q]
            block[MEMORY, q], block[LEVEL, q] = memory[first + q], level[first + q]
            places[X, q], places[Y, q] = x[first + q], y[first + q]
            places[MOVING, q] = 1 if state[first + q] == CRAWLING else 0
        for s in range(steps):
            step = uint32(first_step + s)
            odd = step & uint32(1)
            if s == 0 or odd == 0:
                _draw(words, cells, first, m, step, k0, k1)
            _shake(block, words, m, 2 * int32(odd))
            _move(block, places, nodes, m, table, shape, scales, motion)
            for q in range(m):
                if block[DRAW, q] <= block[CHANCE, q] and places[MOVING, q] != 0:
                    _event(block, places, step, cells[first + q], k0, k1, q, nodes[q], table, reach, borders, motion,
                           state, sleeve, first + q)
        for q in range(m):
            vx[first + q], vy[first + q] = block[VX, q], block[VY, q]
            memory[first + q], level[first + q] = block[MEMORY, q], block[LEVEL, q]
            x[first + q], y[first + q] = places[X, q], places[Y, q]


@njit(parallel=True, error_model="numpy", cache=True, nogil=True)
def deposit(x, y, shape, scales, parts):
    """Cells at each node of the wall, (nodes,) int64: whole numbers, so the order of adding does not matter."""
    nodes = shape[0] * shape[1]
    counts = np.zeros((parts, nodes), np.int64)
    n = x.shape[0]
    for p in prange(parts):
        for q in range(n * p // parts, n * (p + 1) // parts):
            row = min(int32(float32(x[q]) * scales[2]), shape[0] - 1)
            turn = float32(int32(uint32(uint32(y[q]) >> uint32(8)))) * scales[3]
            counts[p, row * shape[1] + min(int32(turn), shape[1] - 1)] += 1
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


def motion_of(dt_d: float, motility_mm2_d: float, persistence_d: float, chemotaxis_mm2_d: float, fastest_mm_d: float,
              gain: float, loss: float, death: float, positive: float, memory_d: float, level: float) -> np.ndarray:
    """The numbers of one step as the loop wants them, float32 (11,).

    With ``a = exp(-dt / P)`` a step adds noise of variance ``s^2 (1 - a^2)``; ``s^2 = 2 mu (1 - a) / ((1 + a) dt)``
    makes the variance of a long path ``2 mu t`` whatever the step.
    """
    keep = np.exp(-dt_d / persistence_d)
    spread = np.sqrt(2 * motility_mm2_d * (1 - keep) / ((1 + keep) * dt_d))
    lasting = lasts(memory_d)
    on, off = (positive / memory_d, (1 - positive) / memory_d) if lasting else (0.0, 0.0)
    return np.array([keep, spread * np.sqrt(1 - keep**2), dt_d, chemotaxis_mm2_d, fastest_mm_d, gain, loss, death,
                     on, off, level / positive], np.float32)


def lasts(memory_d: float) -> bool:
    """Whether surface CXCR4 of a cell lasts long enough to be followed; else a cell shows its own mean."""
    return memory_d >= SHORTEST_MEMORY_D


def table_of(occupancy: np.ndarray, step_mm: tuple[float, float]) -> np.ndarray:
    """What a cell finds at each node: gradient of occupancy (1/mm), its steepness, occupancy; capture still empty."""
    along = np.gradient(occupancy, step_mm[0], axis=0)
    around = (np.roll(occupancy, -1, 1) - np.roll(occupancy, 1, 1)) / (2 * step_mm[1])
    table = np.zeros((*occupancy.shape, WIDTH), np.float32)
    for k, layer in enumerate((along, around, np.hypot(along, around), occupancy)):
        table[..., k] = layer
    return table.ravel()


def set_borders(table: np.ndarray, borders: np.ndarray, reach: np.ndarray) -> None:
    """Fill the capture rates of a table, in place; ``borders`` (2, ganglia) per day, ``reach`` (ganglia, nodes)."""
    layers = table.reshape(-1, WIDTH)
    for k, rates in ((BASAL, borders[0]), (SPECIFIC, borders[1])):
        layers[:, k] = np.tensordot(rates, reach, 1).ravel()
