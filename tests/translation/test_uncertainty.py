"""Shares of variance against Ishigami's function and SciPy's own estimator; Shapley values against games by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from thecal.analysis.translation.causes import shapley
from thecal.analysis.translation.uncertainty import indices, reduction, spread_over_studies


def ishigami(x: np.ndarray) -> np.ndarray:
    return np.sin(x[0]) + 7 * np.sin(x[1])**2 + 0.1 * x[2]**4 * np.sin(x[0])


FIRST, TOTAL = (0.3139, 0.4424, 0.0), (0.5576, 0.4424, 0.2437)  # Ishigami and Homma 1990, a = 7, b = 0.1


def test_full_table_gives_ishigami() -> None:
    axis = -math.pi + 2 * math.pi * (np.arange(64) + 0.5) / 64
    found = indices(ishigami(np.stack(np.meshgrid(axis, axis, axis, indexing="ij"))))
    assert [f for f, _ in found] == pytest.approx(FIRST, abs=2e-3)
    assert [t for _, t in found] == pytest.approx(TOTAL, abs=2e-3)


def test_agrees_with_scipy() -> None:
    theirs = stats.sobol_indices(func=ishigami, n=4096, dists=[stats.uniform(-math.pi, 2 * math.pi)] * 3,
                                 rng=np.random.default_rng(1))
    assert theirs.first_order == pytest.approx(FIRST, abs=0.02)
    assert theirs.total_order == pytest.approx(TOTAL, abs=0.02)


def test_given_draws_estimate_first_order() -> None:
    x = np.random.default_rng(3).uniform(-math.pi, math.pi, (3, 6000))
    y = ishigami(x)
    assert [reduction(row, y, bins=12)[0] for row in x] == pytest.approx(FIRST, abs=0.04)
    assert reduction(x[2], y)[1] > 0.01 > reduction(x[0], y)[1]


def test_nothing_varies_nothing_is_blamed() -> None:
    assert indices(np.full((2, 5, 3), 4.0)) == [(0.0, 0.0)] * 3
    assert reduction(np.arange(20.0), np.ones(20)) == (0.0, 1.0)


def test_studies_spread_as_asked() -> None:
    days = spread_over_studies(np.full((1, 1), 10.0), 0.5, 1e9)[0, 0]
    assert np.median(days) == pytest.approx(10)
    assert np.log(days).std() == pytest.approx(0.5, rel=0.05)
    assert spread_over_studies(np.full((1, 1), 10.0), 3.0, 30.0).max() == 30


def _game(value) -> dict[frozenset[str], float]:
    return {frozenset(s): float(value(s)) for k in range(4) for s in itertools.combinations("abc", k)}


def test_shapley_by_hand() -> None:
    """The glove game (a left, b and c right gloves) has values 2/3, 1/6, 1/6; an additive game gives its terms."""
    glove = shapley("abc", _game(lambda s: "a" in s and len(s) > 1))
    assert [glove[n] for n in "abc"] == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    plain = shapley("abc", _game(lambda s: sum({"a": 1.5, "b": -2.0, "c": 0.25}[n] for n in s)))
    assert [plain[n] for n in "abc"] == pytest.approx([1.5, -2.0, 0.25])
