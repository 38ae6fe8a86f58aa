"""Sparse elimination whose order is fixed once, when the model is compiled.

The Jacobian of a compartment model is sparse and its pattern never changes, so the order of elimination, the fill
and every memory slot can be settled beforehand; at run time the factorisation is straight-line arithmetic with no
index and no branch. Pivots stay on the diagonal (they are ``J_ii - 1/(h gamma)``, which a small enough step makes
dominant); whether that went well is checked at run time, see ``kernels.residual``.

Source: H. M. Markowitz, The elimination form of the inverse and its application to linear programming,
Management Science 3, 255 (1957); F. G. Gustavson et al., Symbolic generation of an optimal Crout algorithm for sparse
systems of linear equations, J. ACM 17, 87 (1970).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Elimination:
    """The plan of one LU factorisation.

    ``order``: pivots in turn; ``lower[k]`` and ``upper[k]``: rows below and columns right of pivot ``k`` that are
    not zero when its turn comes; ``slots``: memory slot of each entry of the factors, in the order of first use.
    """

    order: tuple[int, ...]
    lower: dict[int, tuple[int, ...]]
    upper: dict[int, tuple[int, ...]]
    slots: dict[tuple[int, int], int]
    depth: int

    def changed(self) -> set[tuple[int, int]]:
        """Entries of U that elimination changes or makes; the others stay those of the matrix itself."""
        return {(i, j) for k in self.order for i in self.lower[k] for j in self.upper[k]}

    @property
    def operations(self) -> int:
        """Multiplications, additions and divisions of one factorisation."""
        return sum(1 + len(self.lower[k]) * (1 + 2 * len(self.upper[k])) for k in self.order)

    @property
    def solve_operations(self) -> int:
        """The same of one solve."""
        return sum(2 * len(self.lower[k]) + 2 * len(self.upper[k]) + 1 for k in self.order)


def plan(size: int, pattern: Iterable[tuple[int, int]]) -> Elimination:
    """Choose the order by least fill, then Markowitz' count, then the pivot that waits for the fewest others.

    The last rule eats a chain (a canal of segments) from both ends, which halves the longest line of operations
    that must wait for one another. The order is then sorted by how long each pivot waits: that changes no result,
    for a pivot never waits for one of its own depth, but lets the processor work on many at once.

    Arguments:
        size: number of unknowns.
        pattern: positions (row, column) of entries that may differ from zero; the diagonal is added.
    """
    columns = {i: {i} for i in range(size)}
    rows = {i: {i} for i in range(size)}
    for i, j in pattern:
        columns[i].add(j)
        rows[j].add(i)
    waits = dict.fromkeys(range(size), 0)
    order: list[int] = []
    lower: dict[int, tuple[int, ...]] = {}
    upper: dict[int, tuple[int, ...]] = {}
    left = set(range(size))
    while left:
        pivot = min(left, key=lambda k: (_fill(k, rows, columns), waits[k], k))
        left.discard(pivot)
        below, right = sorted(rows[pivot] - {pivot}), sorted(columns[pivot] - {pivot})
        for i in below:
            columns[i].discard(pivot)
            columns[i].update(right)
        for j in right:
            rows[j].discard(pivot)
            rows[j].update(below)
        for i in {*below, *right}:
            waits[i] = max(waits[i], waits[pivot] + 1)
        order.append(pivot)
        lower[pivot], upper[pivot] = tuple(below), tuple(right)
    order.sort(key=lambda k: waits[k])  # stable: neighbours in the list now seldom wait for one another
    turn = {k: t for t, k in enumerate(order)}
    for k in order:  # in a solve, first what has long been known: only the last term is then waited for
        upper[k] = tuple(sorted(upper[k], key=lambda j: -turn[j]))
    entries = [(k, k) for k in order]
    entries += [(i, k) for k in order for i in lower[k]] + [(k, j) for k in order for j in upper[k]]
    slots = {entry: slot for slot, entry in enumerate(_in_order_of_use(order, lower, upper))}
    assert len(slots) == len(entries)
    return Elimination(tuple(order), lower, upper, slots, max(waits.values(), default=0))


def _fill(pivot: int, rows: dict[int, set[int]], columns: dict[int, set[int]]) -> tuple[int, int]:
    """New entries that this pivot would make, and Markowitz' bound on its work."""
    right = columns[pivot] - {pivot}
    below = rows[pivot] - {pivot}
    return sum(len(right - columns[i]) for i in below), len(below) * len(right)


def _in_order_of_use(order: list[int], lower: dict[int, tuple[int, ...]],
                     upper: dict[int, tuple[int, ...]]) -> list[tuple[int, int]]:
    """Entries as a solve reads them: forward through L, then backward through U with the pivots."""
    forward = [(i, k) for i in order for k in order if i in lower[k]]
    backward = [entry for k in reversed(order) for entry in ((k, k), *((k, j) for j in upper[k]))]
    return forward + backward
