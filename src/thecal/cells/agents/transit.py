"""From the needle to the wall: flights, landings, rolling, arrest; exact in time, event by event.

A suspended cell falls for a time uniform on (0, h / v_s) (its height in the gap), while dispersion moves it along;
landed, it rolls, then holds the wall (k_att) or lets go (k_off). A cell that holds is arrested until it has spread,
and then crawls. Waiting times are exponential, so no step is ever too long. Clumps share their first flight and fall
faster, with the two-thirds power of their cell number (Stokes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import prange, uint32

from thecal.cells.agents.compiled import compiled
from thecal.cells.agents.crawl import PLUME_PURPOSE, START_PURPOSE, TRANSIT_PURPOSE
from thecal.cells.agents.group import Group
from thecal.cells.agents.random_numbers import normals, philox, unit

SUSPENDED, ROLLING, TANK, ARRESTED, SPREAD, LOST = (np.int8(k) for k in range(6))


@dataclass
class Travellers(Group):
    """Cells that do not crawl yet."""

    KINDS: ClassVar[tuple[type, ...]] = (np.uint32, *(np.float64,) * 3, np.int8, np.uint32)

    x: np.ndarray        # float64, mm
    y: np.ndarray        # float64, share of a turn
    flight: np.ndarray   # float64, days left in the air
    phase: np.ndarray    # int8
    draws: np.ndarray    # uint32, random blocks used so far


@compiled(parallel=True)
def inject(cells, x, y, flight, phase, low_mm, high_mm, length_mm, fall_d, clump, sinking, low_side, spread, bias,
           k0, k1):
    """Places of freshly injected cells: a slug from ``low_mm`` to ``high_mm`` (beyond the canal: the tank).

    A share ``sinking`` of the clumps goes to the low side with a normal spread (in turns), a share ``|bias|`` to the
    side the needle faces, the rest all round.
    """
    for q in prange(cells.shape[0]):
        group = uint32(cells[q] // uint32(clump))
        w0, w1, w2, w3 = philox(uint32(0), PLUME_PURPOSE, group, uint32(0), k0, k1)
        v0, v1, v2, _v3 = philox(uint32(1), PLUME_PURPOSE, group, uint32(0), k0, k1)
        x[q] = low_mm + (high_mm - low_mm) * unit(w0)
        angle = np.float64(unit(w1))
        a, _b = normals(v0, v1)
        if unit(w2) < sinking:
            angle = low_side + spread * a
        elif unit(v2) < abs(bias):
            angle = (0.25 if bias > 0 else 0.75) + 0.25 * (unit(w1) - 0.5)
        y[q] = angle - np.floor(angle)
        flight[q] = fall_d * unit(w3) / clump ** (2.0 / 3.0)
        phase[q] = SUSPENDED
        if x[q] >= length_mm:
            phase[q] = TANK


@compiled(parallel=True)
def travel(cells, x, y, flight, phase, draws, dt, rates, path, k0, k1):
    """Advance travelling cells by ``dt`` days.

    Arguments:
        rates: fall time h / v_s (d); holding, letting go, death, return from the tank, end of spreading (1/d; may be
            infinite).
        path: dispersion at the sacral end (mm2/d), its relative rise to the top, length (mm), roll (mm),
            drift along the spine while falling (mm/d).
    """
    fall, hold, let_go, death, back, crawls = rates[0], rates[1], rates[2], rates[3], rates[4], rates[5]
    spread, rise, length, roll, drift = path[0], path[1], path[2], path[3], path[4]
    for q in prange(cells.shape[0]):
        t = 0.0
        while t < dt and phase[q] < SPREAD:
            w0, w1, w2, w3 = philox(draws[q], TRANSIT_PURPOSE, cells[q], uint32(0), k0, k1)
            draws[q] = uint32(draws[q] + uint32(1))
            a, b = normals(w0, w1)
            left = dt - t
            if phase[q] == SUSPENDED:
                dies = -np.log(np.float64(unit(w2))) / death
                tau = min(flight[q], min(dies, left))
                k = spread * (1 + rise * x[q] / length)
                moved = abs(x[q] + np.sqrt(2 * k * tau) * a + (drift + spread * rise / length) * tau)
                x[q] = moved
                flight[q] -= tau
                if dies <= tau:
                    phase[q] = LOST
                elif moved >= length:
                    phase[q] = TANK
                elif flight[q] <= 0:
                    phase[q] = ROLLING
                    x[q] = min(abs(moved + roll * b), length * (1 - 1e-6))
            else:
                total = death + (hold + let_go if phase[q] == ROLLING else crawls if phase[q] == ARRESTED else back)
                tau = -np.log(np.float64(unit(w2))) / total
                if tau < left:
                    z = unit(w3) * total
                    if z < death:
                        phase[q] = LOST
                    elif phase[q] == ARRESTED:
                        phase[q] = SPREAD
                    elif phase[q] == ROLLING and z < death + hold:
                        phase[q] = ARRESTED
                    else:
                        x[q] = min(x[q], length * (1 - 1e-6))
                        phase[q] = SUSPENDED
                        flight[q] = fall * unit(w1)
            t += tau


@compiled()
def first_levels(cells, vx, vy, level, speed, mean, positive, spread, k0, k1):
    """Velocity and level of CXCR4 of cells that begin to crawl, drawn from where both come to rest.

    ``positive`` 0: log-normal levels of the given mean and spread; else ``mean / positive`` or nothing.
    """
    for q in range(cells.shape[0]):
        w0, w1, w2, w3 = philox(uint32(0), START_PURPOSE, cells[q], uint32(0), k0, k1)
        a, b = normals(w0, w1)
        vx[q], vy[q] = np.float32(speed * a), np.float32(speed * b)
        if positive > 0:
            level[q] = np.float32(mean / positive) if unit(w2) < positive else np.float32(0)
        else:
            c, _d = normals(w2, w3)
            level[q] = np.float32(mean * np.exp(spread * c - spread * spread / 2))


@compiled()
def border_deaths(cells, sleeve, chance, step, purpose, k0, k1, died):
    """Which captured cells die within a window, with the given chance at each ganglion."""
    for q in range(cells.shape[0]):
        w0, _w1, _w2, _w3 = philox(uint32(step), purpose, cells[q], uint32(0), k0, k1)
        died[q] = unit(w0) < chance[sleeve[q]]
