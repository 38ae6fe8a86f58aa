"""Reading the wall's table sixteen cells at once, groups that grow in place, and counting: against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from thecal.cells.agents import crawl
from thecal.cells.agents.columns import LANES, WIDTH, columns
from thecal.cells.agents.crawl import Captured, Crawlers


@njit
def _read(table, nodes, block, row):
    for q in range(0, nodes.size, LANES):
        columns(table, nodes, q, block, row)


def test_columns_are_the_lines_of_the_table_on_their_side():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(500, WIDTH)).astype(np.float32)
    nodes = rng.integers(0, 500, 5 * LANES).astype(np.int32)
    block = np.full((11, nodes.size), 7, np.float32)
    _read(table.ravel(), nodes, block, 3)
    np.testing.assert_array_equal(block[3:9], table[nodes, :6].T)
    assert (block[:3] == 7).all() and (block[9:] == 7).all()


def _some(n: int, rng) -> Crawlers:
    return Crawlers(*(rng.integers(0, 100, n).astype(kind) for kind in Crawlers.KINDS))


def test_a_group_grows_and_shrinks_as_lists_do():
    rng = np.random.default_rng(1)
    group, twin = Crawlers.none(), [np.empty(0, kind) for kind in Crawlers.KINDS]
    for _ in range(40):
        more = _some(int(rng.integers(0, 30)), rng)
        group.extend(more)
        twin = [np.concatenate([a, getattr(more, name)]) for a, name in zip(twin, Crawlers.names(), strict=True)]
        kept = rng.random(len(group)) < rng.choice([0.0, 0.5, 0.9, 1.0], p=[0.05, 0.2, 0.5, 0.25])
        group.keep(kept)
        twin = [a[kept] for a in twin]
        for a, name in zip(twin, Crawlers.names(), strict=True):
            seen = getattr(group, name)
            np.testing.assert_array_equal(seen, a)
            assert seen.dtype == a.dtype and seen.flags.c_contiguous


def test_what_is_taken_is_a_copy_and_may_be_another_kind():
    group = _some(10, np.random.default_rng(2))
    before = group.x.copy()
    some = group.take_as(Captured, np.array([1, 4]))
    some.x[:] = -1
    np.testing.assert_array_equal(group.x, before)
    np.testing.assert_array_equal(some.sleeve, group.sleeve[[1, 4]])
    assert type(group.take(np.ones(10, bool))) is Crawlers


@pytest.mark.parametrize("parts", [1, 3])
def test_deposits_count_those_that_are_here(parts):
    rng, shape = np.random.default_rng(3), (30, 17)
    x, turn = rng.uniform(0, 12, 5_003), rng.uniform(0, 1, 5_003)
    here = rng.random(5_003) < 0.7
    places = crawl.whole_numbers(x, turn, 20.0)
    seen = crawl.deposit(*places, here, np.array(shape), crawl.scales_of(20.0, 1.0, 10.0, shape), parts)
    row, column = np.minimum((x * 3).astype(int), 29), (turn * 17).astype(int)
    twin = np.bincount((row * 17 + column)[here], minlength=30 * 17)
    assert seen.sum() == here.sum()
    assert np.abs(seen - twin).sum() <= 4  # a cell on a line between two nodes may fall to either
