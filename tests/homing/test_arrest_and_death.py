"""The places between holding and crawling, and between death and nothing: against formulas, and never a cell lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conditions import make

from thecal.engine.homing import follow
from thecal.engine.homing.course import PLACES

AT = {name: k for k, name in enumerate(PLACES)}
NOBODY_DIES = {"cells__half_life_free": 1e9, "cells__half_life_captured": 1e9}
NOBODY_IS_CAUGHT = {"cells__capture_basal": 0.0, "homing__cxcl12": 0.0}
HOLD_AT_ONCE = {"cells__attachment": 2000.0, "cells__detachment": 1e-9}


def test_arrested_cells_spread_for_an_exponential_time():
    c = make(homing__spreading_time=0.5, **NOBODY_DIES, **NOBODY_IS_CAUGHT, **HOLD_AT_ONCE)
    days = np.array([0.25, 0.5, 1.0])
    course = follow(c, 40_000, 1, days)
    arrested, crawling = course.places[:, AT["arrested"]], course.places[:, AT["crawling"]]
    assert (arrested + crawling == 40_000 - course.places[:, AT["tank"]]).all()
    share = np.exp(-(days - 1 / 2000) / 0.5)
    seen = arrested / (arrested + crawling)
    assert (np.abs(seen - share) < 4 * np.sqrt(share * (1 - share) / 40_000)).all()


def test_the_dead_lie_there_for_an_exponential_time():
    """Living -> dying -> cleared at rates d and 1 / tau: the middle of a chain of two (Bateman 1910)."""
    life, tau = 2.0, 1.5
    c = make(cells__half_life_free=life * np.log(2), homing__clearance_time=tau, **NOBODY_IS_CAUGHT)
    days = np.array([0.5, 1.0, 2.0, 4.0, 8.0])
    course = follow(c, 40_000, 2, days)
    share = tau / (life - tau) * (np.exp(-days / life) - np.exp(-days / tau))
    seen = course.places[:, AT["dying"]] / 40_000
    assert (np.abs(seen - share) < 4 * np.sqrt(share * (1 - share) / 40_000)).all()


def test_the_dead_of_a_border_lie_at_that_border():
    """Remains are the deaths of each day so far, each thinned by exp(-age / tau)."""
    tau = 0.7
    c = make(cells__capture_basal=2.0, cells__half_life_captured=3.0, homing__clearance_time=tau)
    days = np.arange(0, 8.01, 0.125)
    course = follow(c, 40_000, 3, days)
    deaths = np.diff(course.died_at, axis=0)
    for k in (16, 32, 64):
        age = days[k] - (days[1:k + 1] + days[:k]) / 2
        expected = np.exp(-age / tau) @ deaths[:k]
        assert (expected > 50).all()
        assert (np.abs(course.remains[k] - expected) < 4 * np.sqrt(expected)).all()
    assert (course.remains.sum(axis=1) <= course.places[:, AT["dying"]]).all()


def test_no_time_means_no_place():
    course = follow(make(homing__spreading_time=0.0, homing__clearance_time=0.0), 10_000, 4, [0.01, 0.3, 3])
    assert not course.places[:, [AT["arrested"], AT["dying"]]].any()
    assert course.places[2, AT["crawling"]] > 1_000 and course.places[2, AT["cleared"]] > 1_000


def test_every_place_holds_the_cells_that_pictures_show_there():
    """All places at once, a removal among them: each cell of the frame stands in one place, and the sums agree."""
    busy = make(cells__capture_basal=2.0, cells__half_life_free=1.0, cells__attachment=8.0, end_d=5)
    slug = replace(busy.slugs[0], high_mm=busy.wall.length_mm + 5)  # some of it runs into the tank
    busy = replace(busy, removals=((2.0, 0.3),), slugs=(slug,))
    days = [0, 0.02, 0.2, 1.5, 2, 4]
    course = follow(busy, 20_011, 5, days, frame_days=days, sample=20_011)
    assert (course.places.sum(axis=1) == 20_011).all()
    assert (course.places > 0).any(axis=0).all()
    for row, frame in zip(course.places, course.frames, strict=True):
        np.testing.assert_array_equal(np.bincount(frame[:, 2].astype(int), minlength=len(PLACES)), row)
        assert (np.isnan(frame[:, 0]) == (frame[:, 2] == AT["cleared"])).all()
    assert (np.diff(course.places[:, AT["cleared"]]) >= 0).all()
    assert (course.dead + course.living == 20_011).all()


def test_half_the_step_leaves_arrest_and_remains_as_they_are():
    usual, days = make(homing__clearance_time=0.5, homing__spreading_time=0.3), [0.4, 3, 9]
    whole = follow(usual, 40_000, 11, days).places
    half = follow(usual, 40_000, 12, days, dt_d=5 / 1440).places
    assert (np.abs(whole - half) < 4 * np.sqrt(3) * np.sqrt(whole + half + 1)).all()  # clumps of three


def test_the_living_secrete_unless_switched_off():
    on, off = (follow(make(cells__secretes=s), 2_000, 6, [0.1, 5]) for s in (1.0, 0.0))
    assert (on.secreting == 2_000 - on.dead).all() and on.dead[1] > 500
    assert not off.secreting.any()
    told = on.cells_by_place(1)
    assert told.pop("secreting") == pytest.approx(on.secreting[1] * on.weight)
    assert sum(told.values()) == pytest.approx(1e5) and list(told) == list(PLACES)


@pytest.mark.parametrize("name", ["spreading_time", "clearance_time"])
def test_waiting_does_not_make_or_lose_cells(name):
    for value in (0.0, 1e-6, 1e6):
        course = follow(make(**{f"homing__{name}": value}), 3_001, 7, [0.5, 4])
        assert (course.places.sum(axis=1) == 3_001).all()
