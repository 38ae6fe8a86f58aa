"""Label at the ganglia against exact solutions: a pulse that fades, and a steady supply."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from thecal.analysis.homing_label import label_day, label_over_days

HALF_LIFE, SHARE = 20.0, 0.4
FADE = np.log(2) / HALF_LIFE
CONDITIONS = SimpleNamespace(values={"homing.label_half_life": HALF_LIFE, "homing.label_transfer": SHARE})


def _course(days, living, died, remains, weight=3.0):
    column = [np.asarray(values, float)[:, None] for values in (living, died, remains)]
    return SimpleNamespace(days=np.asarray(days, float), captured=column[0], died_at=column[1], remains=column[2],
                           weight=weight)


def test_cells_cleared_at_once_leave_a_label_that_fades():
    days = np.array([0, 1e-6, 5, 20, 40])
    found = label_over_days(CONDITIONS, _course(days, [100, 0, 0, 0, 0], [0, 100, 100, 100, 100], np.zeros(5)))
    assert found["living"][0] == 300
    assert found["host"][1:] == pytest.approx(SHARE * 300 * np.exp(-FADE * days[1:]), rel=1e-6)


def test_a_steady_supply_comes_to_rest():
    days = np.array([0, 0.5, 3, 10, 60, 400.0])  # uneven steps: exact all the same
    rate = 7.0
    found = label_over_days(CONDITIONS, _course(days, np.full(6, 50), rate * days + 11, np.full(6, 11)))
    assert found["corpses"] == pytest.approx(np.full(6, 33.0))
    assert found["host"] == pytest.approx(SHARE * 3 * rate * (1 - np.exp(-FADE * days)) / FADE, rel=1e-9)


def test_remains_carry_the_label_until_they_are_cleared():
    found = label_over_days(CONDITIONS, _course([0, 1, 2], [10, 5, 5], [0, 5, 5], [0, 5, 0]))
    assert found["corpses"].tolist() == [0, 15, 0]
    assert found["host"][1] == 0 < found["host"][2] < SHARE * 15


def test_the_day_on_which_label_outnumbers_cells():
    labels = {"day": np.arange(5.0), "living": np.array([0, 8, 6, 4, 2.0]), "corpses": np.zeros(5),
              "host": np.array([0, 1, 2, 6, 7.0])}
    assert label_day(labels) == pytest.approx(2 + 4 / 6)
    assert np.isnan(label_day(labels | {"host": np.zeros(5)}))
    again = labels | {"host": np.array([0, 9, 2, 6, 7.0])}  # once before, but not for good
    assert label_day(again) == pytest.approx(2 + 4 / 6)
