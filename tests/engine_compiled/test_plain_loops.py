"""The small compiler against Python itself: the same functions, compiled and interpreted."""

from __future__ import annotations

import ctypes
import importlib
import sys

import numpy as np
import pytest

from thecal.engine.compiled import plain_loops, toolchain
from thecal.engine.compiled.plain_loops import Array, Scalar, compile_text, task_fields

SOURCE = '''
from math import inf, sqrt
import numpy as np
from thecal.engine.compiled.plain_loops import Array, Scalar, Table
n = Scalar("whole")
scale = Scalar("real")
x = Array("real")
grid = Array("real", ("n",))
count = Array("whole")
LIMIT = 3
HALF = 0.5
WEIGHTS = Table(np.array([[1.0, 2.0], [3.0, 4.5]]))


def main() -> None:
    """Everything once."""
    total = 0.0
    for i in range(n):
        x[i] = x[i] * scale + HALF
        total += x[i]
    for i in range(n - 1, -1, -1):
        if x[i] > 1.0 and not (i == 2) or i == LIMIT:
            count[i] += 1
        elif x[i] < 0.25:
            count[i] -= 5
        else:
            pass
        for j in range(n):
            grid[i, j] = grid[j, i] = i - 2 * j
            if j > i:
                break
    k = 0
    while True:
        k += 1
        if bigger(k, total):
            break
    count[0] = k
    x[0] = -abs(largest()) if k > 1 else inf
    x[1] = sqrt(max(total, 0.0)) / (1 + k)
    x[2] = WEIGHTS[1, 0] + WEIGHTS[k - k, 1]
    count[1] = int(total)
    x[3] = min(k, 2) * 1.5
    grid[0, 1] -= 7


def bigger(a: int, b: float) -> bool:
    """Compare."""
    return a * a > b


def largest() -> float:
    """The largest of x."""
    best = x[0]
    for i in range(1, n):
        if x[i] > best:
            best = x[i]
    return best
'''


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "little_program.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("little_program")
    sys.modules.pop("little_program")


def run_compiled(module, values):
    fields = task_fields(module)
    record = np.zeros(1, [(k, np.float64 if isinstance(v, Scalar) and v.kind == "real" else np.int64)
                          for k, v in fields.items()])
    for name, value in values.items():
        record[name] = value.ctypes.data if isinstance(value, np.ndarray) else value
    machine = toolchain.Machine([toolchain.compile_object(compile_text("main", module), 2, improve=True)])
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(machine.address("main"))(record.ctypes.data)


def test_compiled_equals_interpreted(module):
    random = np.random.default_rng(4)
    given = {"n": 5, "scale": 1.7, "x": random.normal(1, 1, 5), "grid": np.zeros((5, 5)),
             "count": np.zeros(5, np.int64)}
    plain = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in given.items()}
    run_compiled(module, given)
    for name, value in plain.items():
        setattr(module, name, value)
    module.WEIGHTS = module.WEIGHTS.entries
    module.main()
    for name in ("x", "grid", "count"):
        np.testing.assert_array_equal(given[name], plain[name], err_msg=name)


@pytest.mark.parametrize("line", ["x[0] = x", "y = [1]", "n = 3", "x[0] = n // 2", "continue", "x.sum()",
                                  "z = 1 < 2 < 3",
                                  "for i in x:\n        pass", "return 1\n    x[0] = 1.0", "x[0] = 'a'", "import os"])
def test_what_is_not_understood_is_refused(tmp_path, monkeypatch, line):
    text = ("from thecal.engine.compiled.plain_loops import Array, Scalar\nn = Scalar('whole')\nx = Array('real')\n"
            f"def main() -> int:\n    {line}\n    return 0\n")
    (tmp_path / "refused_program.py").write_text(text if line != "continue" else text.replace(
        "continue", "while n > 0:\n        continue"))
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("refused_program")
    try:
        with pytest.raises((SyntaxError, TypeError)):
            compile_text("main", module)
    finally:
        sys.modules.pop("refused_program")


def test_declarations_are_the_fields_of_the_task(module):
    assert list(plain_loops.task_fields(module)) == ["n", "scale", "x", "grid", "count"]
    assert isinstance(module.grid, Array) and module.grid.strides == ("n",)
