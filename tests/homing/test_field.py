"""CXCL12 on the wall against exact solutions, and its step against half of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from thecal.cells.agents.field import WallField, bound_after


def test_steady_strip_falls_off_exponentially():
    """A line source across the wall: C ~ exp(-|x| / lambda), lambda = sqrt(D / k), as in benchmark B2."""
    d, k, nx, step = 3.54, 26.0, 1000, 0.02
    field = WallField((step, 0.1), (nx, 16), (d, d), k)
    source = np.zeros((nx, 16))
    source[nx // 2] = 1.0
    rest = field.steady(source)
    x = np.arange(nx) * step
    away = slice(nx // 2 + 5, nx // 2 + 100)
    slope = np.polyfit(x[away], np.log(rest[away, 3]), 1)[0]
    assert -1 / slope == pytest.approx(np.sqrt(d / k), rel=2e-3)
    assert rest[nx // 2, 0] * 2 * np.sqrt(d * k) == pytest.approx(step, rel=2e-3)  # whole strength


def test_spreading_spot_is_the_heat_kernel():
    """Variance 2 D t in each direction, mass exp(-k t); anisotropic, as smearing makes it."""
    n, step = 240, 0.05
    field = WallField((step, step), (n, n), (2.0, 1.0), 0.7)
    field.free[n // 2, n // 2] = 1.0
    for _ in range(10):
        field.advance(np.zeros((n, n)), 0.02)
    x = (np.arange(n) - n // 2) * step
    mass = field.free.sum()
    assert mass == pytest.approx(np.exp(-0.7 * 0.2), rel=1e-10)
    assert (field.free.sum(1) * x**2).sum() / mass == pytest.approx(2 * 2.0 * 0.2, rel=1e-3)
    assert (field.free.sum(0) * x**2).sum() / mass == pytest.approx(2 * 1.0 * 0.2, rel=1e-3)


def test_binding_is_the_solution_of_its_equation():
    whole, sites, affinity, off = 30.0, 12.0, 7.0, 55.0
    seen = solve_ivp(lambda t, b: off / affinity * (whole - b) * (sites - b) - off * b, (0, 0.02), [1.0], rtol=1e-11,
                     atol=1e-13).y[0, -1]
    assert bound_after(np.array(1.0), np.array(whole), sites, affinity, off, 0.02) == pytest.approx(seen, rel=1e-8)


def test_halving_the_step_is_second_order():
    def run(steps):
        field = WallField((0.1, 0.1), (64, 32), (4.0, 3.5), 26.0, 100.0, 150.0, 400.0)
        source = np.zeros((64, 32))
        source[20:30, 5:12] = 130.0
        for _ in range(steps):
            field.advance(source, 0.04 / steps, 2.0)
        return field.free

    finest = run(512)
    errors = [np.abs(run(n) - finest).max() for n in (32, 64, 128)]
    assert errors[0] / errors[1] > 3.5 and errors[1] / errors[2] > 3.5
    assert np.abs(run(6) - finest).max() < 0.04 * finest.max()  # ten-minute steps, source switched on at once


def test_nothing_is_lost_between_free_and_bound():
    field = WallField((0.1, 0.1), (40, 20), (4.0, 3.5), 1e-12, 100.0, 150.0, 400.0)
    field.free[10, 10] = 500.0
    for _ in range(20):
        field.advance(np.zeros((40, 20)), 1 / 144)
    assert field.free.sum() + field.bound.sum() == pytest.approx(500.0, rel=1e-6)
