"""Cells one by one: conserved, the same bytes however they are cut, exact where there is a formula."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from conditions import make

from thecal.engine.homing import follow
from thecal.engine.homing.course import PLACES

LN2 = np.log(2)


def _bytes(course):
    return b"".join(np.ascontiguousarray(a).tobytes() for a in
                    (course.captured, course.places, course.remains, course.wall_counts, course.frames,
                     course.cxcl12_nm))


def test_every_cell_is_somewhere():
    course = follow(make(), 20_011, 1, [0, 0.01, 0.5, 3, 10])
    assert (course.places.sum(axis=1) == 20_011).all()
    assert (course.captured.sum(axis=1) == course.places[:, PLACES.index("captured")]).all()
    assert course.places[0, 0] + course.places[0, 2] == 20_011
    assert (np.diff(course.dead) >= 0).all()


@pytest.mark.parametrize("block", [16, 100, 255])
def test_the_same_bytes_for_any_block_and_thread_count(block, monkeypatch):
    days = {"days": [0.1, 0.3], "frame_days": [0.2, 0.3], "sample": 500}
    busy = make(cells__capture_basal=8.0, cells__half_life_free=0.4, homing__cxcr4_memory=0.1)  # all happens at once
    once = follow(busy, 6_000, 5, **days)
    assert once.captured.sum() > 50
    monkeypatch.setattr("thecal.engine.homing.course.SMALL", 0)
    before = numba.get_num_threads()
    try:
        for threads in {1, min(2, before)}:
            numba.set_num_threads(threads)
            assert _bytes(follow(busy, 6_000, 5, block=block, **days)) == _bytes(once)
    finally:
        numba.set_num_threads(before)


def test_a_cell_does_not_depend_on_how_many_others_there_are():
    # without crowding, immunity or uptake cells do not meet: the first thousand do the same in any company
    alone = {"cells__border_capacity": 1e12, "homing__cxcl12_uptake": 0.0, "cells__rejection_rate": 0.0}
    few = follow(make(1e3, **alone), 1_000, 3, [4], frame_days=[4], sample=1_000)
    many = follow(make(1e4, **alone), 10_000, 3, [4], frame_days=[4], sample=1_000)
    np.testing.assert_array_equal(few.frames, many.frames)


def test_death_follows_its_half_life():
    c = make(cells__capture_basal=0.0, homing__cxcl12=0.0)
    course = follow(c, 40_000, 2, [2.5, 5, 7.5])
    for k, share in enumerate((0.5, 0.25, 0.125)):
        alive = 1 - course.dead[k] / 40_000
        assert alive == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 40_000))


def test_rare_events_keep_their_rate():
    """A chance below one in 2**16 a step: the bits that let a cell through are not the whole of it."""
    c = make(cells__half_life_free=700.0, cells__capture_basal=0.0, homing__cxcl12=0.0)
    dead = follow(c, 40_000, 9, [20]).dead[0]
    expected = 40_000 * (1 - np.exp(-LN2 / 700 * 20))
    assert LN2 / 700 * 10 / 1440 < 2.0**-16
    assert dead == pytest.approx(expected, abs=4 * np.sqrt(expected))


def test_crawling_has_the_declared_motility_and_persistence():
    """Fuerth: E x^2 = 2 mu (t - P (1 - exp(-t / P))) along one axis."""
    c = make(cells__half_life_free=1e9, cells__capture_basal=0.0, homing__cxcl12=0.0, homing__clump_cells=1.0,
             cells__detachment=1e-9, cells__attachment=2000.0)
    start, times = 0.25, (0.3, 0.5, 1.0, 4.0)
    course = follow(c, 20_000, 4, [4], frame_days=[start, *times], sample=20_000)
    mu, p = c.rules.motility_mm2_d, c.rules.persistence_d
    around = c.wall.around_mm
    for k, t in enumerate(times, start=1):
        turn = (course.frames[k, :, 1] - course.frames[0, :, 1] + 0.5) % 1 - 0.5
        ok = (course.frames[[0, k], :, 2] == PLACES.index("crawling")).all(axis=0)
        seen = np.mean((turn[ok] * around)**2)
        span = t - start
        expected = 2 * mu * (span - p * (1 - np.exp(-span / p)))
        assert seen == pytest.approx(expected, rel=5 * np.sqrt(2 / ok.sum()) + 0.015)


def test_cells_drift_up_a_gradient_and_not_without_one():
    def drift(**changes):
        c = make(cells__half_life_free=1e9, cells__capture_basal=0.0, cells__capture_cxcl12=0.0, **changes)
        course = follow(c, 20_000, 6, [6], frame_days=[0.5, 6], sample=20_000, dt_d=10 / 1440)
        rim = (np.abs(course.frames[0, :, 0] - 10.75) > 1.5) & (np.abs(course.frames[0, :, 0] - 10.75) < 1.9)
        rim &= np.abs(course.frames[0, :, 1] - 0.25) < 0.08
        toward = np.abs(course.frames[0, rim, 0] - 10.75) - np.abs(course.frames[1, rim, 0] - 10.75)
        return toward.mean(), toward.std() / np.sqrt(rim.sum())

    mean, error = drift(homing__chemotaxis=1.0)
    none, error_none = drift(homing__gradient=0.0)
    assert mean > 4 * error
    assert abs(none) < 4 * error_none


def test_settling_in_a_gap_is_uniform_over_heights():
    """B5: the suspended share falls as 1 - v_s t / h."""
    c = make(cells__settling_speed=1e4, homing__clump_cells=1.0, cells__half_life_free=1e9)  # slow: h / v = 11.5 min
    course = follow(c, 30_000, 8, [1 / 288], dt_d=1 / 288)
    fall = 80 / 1e4
    assert course.places[0, 0] / 30_000 == pytest.approx(1 - (1 / 288) / fall, abs=0.02)


def test_halving_the_step_changes_counts_by_less_than_sampling():
    days = [3, 10]
    whole = follow(make(), 40_000, 11, days)
    half = follow(make(), 40_000, 12, days, dt_d=5 / 1440)
    spread = 4 * np.sqrt(3)  # clumps of three
    assert (np.abs(whole.captured - half.captured) < spread * np.sqrt(whole.captured + half.captured)).all()


def test_weights_keep_the_mean():
    """One agent for ten cells: the same counts within the error that weighting brings."""
    every = follow(make(4e4), 40_000, 21, [8])
    tenth = follow(make(4e4), 4_000, 22, [8])
    error = np.sqrt(3 * 10 * every.captured[0])
    assert (np.abs(tenth.captured[0] * tenth.weight - every.captured[0]) < 4 * error).all()


def test_no_cxcl12_no_side_and_less_receptor_less_capture():
    usual = follow(make(), 40_000, 31, [7]).captured[0]
    off = follow(make(homing__cxcl12=0.0), 40_000, 32, [7]).captured[0]
    down = follow(make(cells__cxcr4=0.3), 40_000, 33, [7]).captured[0]
    assert usual[0] > 1.3 * usual[1]
    assert abs(off[0] - off[1]) < 4 * np.sqrt(3 * off.sum())
    assert down.sum() < 0.75 * usual.sum()


def test_crowding_closes_a_border():
    c = make(1e5, cells__border_capacity=1000.0)  # 80 cells per border
    course = follow(c, 20_000, 41, [7])
    free = follow(make(1e5, cells__border_capacity=1e12), 20_000, 41, [7])
    assert course.captured.sum() < 0.3 * free.captured.sum()
