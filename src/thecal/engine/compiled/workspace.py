"""The memory that the machine code works in, and the threads that work in it."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from thecal.engine.compiled.layout import CACHE_LINE
from thecal.engine.compiled.program import KERNELS, Program, driver

LANE_WHOLE = ("animal", "event", "event_end", "look_next", "attempts", "accepted", "rejected", "fresh", "reaches",
              "mark")
LANE_REAL = ("time", "target", "next_step")
_LEAST_SHARE, _LARGEST_SHARE = 64, 512  # animals that a thread takes at a time


class Gang:
    """The memory of one gang of lanes, and the task record that tells the driver where everything lies.

    Arguments:
        program: the model's code. extra: bytes behind the layout's own, for derivatives.
    """

    def __init__(self, program: Program, extra: int = 0) -> None:
        self.program = program
        lanes, n = program.layout.lanes, program.layout.rows["y"]
        self._block = np.zeros(program.layout.size + extra + CACHE_LINE, np.uint8)
        self.work = -(-self._block.ctypes.data // CACHE_LINE) * CACHE_LINE
        self._lane_whole = np.zeros((len(LANE_WHOLE), lanes), np.int64)
        self._lane_real = np.zeros((len(LANE_REAL), lanes))
        self._dense = np.zeros(n * (n + 2))

    def task(self, arrays: Mapping[str, np.ndarray], sizes: Mapping[str, float],
             offsets: Mapping[str, int]) -> np.ndarray:
        """The record. This object and the arrays must outlive its use.

        Arguments:
            arrays: results and what all animals share, by their name in :mod:`task`.
            sizes: numbers and addresses of further kernels. offsets: further arrays in the workspace, in bytes.
        """
        layout, program = self.program.layout, self.program
        entries: dict[str, float] = {"lanes": layout.lanes, "state_count": layout.rows["y"],
                                     "field_count": program.fields.count, "entry_count": program.jacobian_rows.size,
                                     "dense": self._dense.ctypes.data,
                                     "workspace": self.work, **sizes}
        entries |= {name: program.address(name) for name in KERNELS}
        entries |= {name: self.work + start for name, start in {**layout.start, **offsets}.items()}
        entries |= {name: row.ctypes.data for name, row in zip(LANE_WHOLE, self._lane_whole, strict=True)}
        entries |= {name: row.ctypes.data for name, row in zip(LANE_REAL, self._lane_real, strict=True)}
        entries |= {name: array.ctypes.data for name, array in arrays.items()}
        record = np.zeros(1, task_type())
        for name in task_type().names or ():
            record[name] = entries.get(name, 0)
        return record


@functools.cache
def task_type() -> np.dtype:
    """The record's type: eight bytes for everything that :mod:`task` declares."""
    from thecal.engine.compiled import plain_loops, task

    kinds = {name: np.float64 if isinstance(what, plain_loops.Scalar) and what.kind == "real" else np.int64
             for name, what in plain_loops.task_fields(task).items()}
    return np.dtype(list(kinds.items()))


def run_shares(program: Program, arrays: Mapping[str, np.ndarray], sizes: Mapping[str, float],
               threads: int, share: int | None, *, extra: int = 0, offsets: Mapping[str, int] | None = None) -> None:
    """Hand out shares of ``arrays["members"]`` to threads; the machine code runs without Python's lock."""
    animals = arrays["members"].size
    drive = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(driver().address("drive"))
    size = share or min(_LARGEST_SHARE, max(_LEAST_SHARE, -(-animals // (4 * threads))))
    shares = [(first, min(first + size, animals)) for first in range(0, animals, size)]

    def work(part: tuple[int, int]) -> None:
        gang = Gang(program, extra)
        record = gang.task(arrays, {**sizes, "first": part[0], "last": part[1]}, offsets or {})
        drive(record.ctypes.data)

    if threads == 1 or len(shares) == 1:
        for part in shares:
            work(part)
    else:
        with ThreadPoolExecutor(min(threads, len(shares))) as pool:
            list(pool.map(work, shares))
