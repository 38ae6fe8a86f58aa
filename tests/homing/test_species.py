"""Canals side by side: distances as geometry gives them, shares of what was given, one mark per ganglion."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from thecal.analysis.homing_species import SpeciesCount
from thecal.report.canal_viewer.species import species_figure, species_rows


def _count(name: str, cells: float, given: float) -> SpeciesCount:
    sleeves = [SimpleNamespace(level=level, side=side, centre_mm=x, length_mm=4.0)
               for level, x in (("L5", 10.0), ("L4", 50.0)) for side in ("injured", "other")]
    conditions = SimpleNamespace(wall=SimpleNamespace(sleeves=sleeves, length_mm=60.0),
                                 slugs=(SimpleNamespace(low_mm=20.0, high_mm=90.0),))  # runs out of the canal's top
    table = np.full((1, 4), cells) * [1, 0.5, 2, 0]
    return SpeciesCount(SimpleNamespace(name=name, species=SimpleNamespace(name=name)),
                        SimpleNamespace(id="a", label="cells"), conditions, np.array([14.0]), table, np.sqrt(table),
                        2 * table, given, 1.0)


def test_distance_from_the_slug():
    found = _count("mouse", 100, 1000)
    assert [found.distance_mm(s) for s in found.conditions.wall.sleeves] == [10, 10, 0, 0]
    found.conditions.slugs[0].low_mm, found.conditions.slugs[0].high_mm = 2.0, 8.0
    assert [found.distance_mm(s) for s in found.conditions.wall.sleeves] == [2, 2, 42, 42]


def test_rows_are_shares_of_the_living_cells_given():
    rows = species_rows([_count("mouse", 100, 1000), _count("human", 5000, 1e7)])
    assert [row["share"] for row in rows[:4]] == pytest.approx([0.1, 0.05, 0.2, 0])
    assert rows[4]["share"] == pytest.approx(5e-4)
    assert [row["captured_so_far"] for row in rows[:4]] == [200, 100, 400, 0]


def test_every_ganglion_has_its_marks_on_common_axes():
    figure = species_figure([_count("mouse", 100, 1000), _count("human", 5000, 1e7)])
    (_, cells, share), (_, more, less) = np.reshape(figure.axes, (2, 3))
    assert cells.get_xlim() == more.get_xlim() and share.get_xlim() == less.get_xlim()
    low, high = cells.get_xlim()
    assert low < 50 and high > 20_000
    living = [line.get_xdata()[0] for line in cells.get_lines() if line.get_marker() in "os"
              and line.get_markerfacecolor() != "none"]
    assert sorted(living) == pytest.approx([low, 50, 100, 200])  # none at all: on the left edge


def test_nothing_anywhere_is_drawn_too():
    figure = species_figure([_count("mouse", 0, 1000)])
    assert len(figure.axes) == 3
