"""The sparse elimination against dense linear algebra, on random patterns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thecal.engine.compiled.elimination import plan


@given(st.integers(1, 14), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_plan_solves_random_systems(size, seed):
    random = np.random.default_rng(seed)
    pattern = [(i, j) for i in range(size) for j in range(size) if random.random() < 0.25]
    matrix = np.zeros((size, size))
    for i, j in pattern:
        matrix[i, j] = random.normal()
    matrix += np.diag(size + random.random(size))
    right = random.normal(size=size)
    np.testing.assert_allclose(follow(plan(size, pattern), matrix, right), np.linalg.solve(matrix, right), rtol=1e-10)


def follow(steps, matrix, right):
    """Do what the plan says, touching only the entries that it names."""
    work, x = matrix.copy(), right.copy()
    for k in steps.order:
        for i in steps.lower[k]:
            work[i, k] /= work[k, k]
            x[i] -= work[i, k] * x[k]
            for j in steps.upper[k]:
                work[i, j] -= work[i, k] * work[k, j]
    for k in reversed(steps.order):
        x[k] = (x[k] - sum(work[k, j] * x[j] for j in steps.upper[k])) / work[k, k]
    return x


def test_a_chain_has_no_fill_and_is_eaten_from_both_ends():
    chain = [(i, i + 1) for i in range(39)] + [(i + 1, i) for i in range(39)]
    steps = plan(40, chain)
    assert len(steps.slots) == 40 + 78
    assert steps.depth <= 20


def test_an_arrow_is_eliminated_from_the_shaft():
    arrow = [(0, i) for i in range(1, 20)] + [(i, 0) for i in range(1, 20)]
    assert len(plan(20, arrow).slots) == 20 + 38


@pytest.mark.parametrize("segments", [10, 20, 40])
def test_work_grows_with_the_chain_not_with_its_square(segments):
    pattern = [(i, j) for i in range(segments) for j in (i - 1, i, i + 1) if 0 <= j < segments]
    assert plan(segments, pattern).operations <= 4 * segments
