"""The dense solve with row exchanges against numpy."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from thecal.engine.compiled import pivoting, task, toolchain
from thecal.engine.compiled.plain_loops import Scalar, compile_text, task_fields


def call(entry: str, n: int, dense: np.ndarray) -> int:
    fields = task_fields(task)
    record = np.zeros(1, [(k, np.float64 if isinstance(v, Scalar) and v.kind == "real" else np.int64)
                          for k, v in fields.items()])
    record["state_count"], record["dense"] = n, dense.ctypes.data
    machine = toolchain.Machine([toolchain.compile_object(compile_text(entry, task, pivoting), 2, improve=True)])
    return ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p)(machine.address(entry))(record.ctypes.data)


@pytest.mark.parametrize("n", [1, 2, 9])
def test_factors_and_substitution(n):
    random = np.random.default_rng(n)
    matrix, right = random.normal(size=(n, n)), random.normal(size=n)
    matrix[0, 0] = 0.0 if n > 1 else 2.0
    dense = np.concatenate([matrix.ravel(), np.zeros(n), right])
    assert call("factorise", n, dense)
    call("substitute", n, dense)
    np.testing.assert_allclose(dense[n * n + n:], np.linalg.solve(matrix, right), rtol=1e-11)


@pytest.mark.parametrize("entry", [0.0, np.nan, np.inf])
def test_singular_and_broken_matrices_are_refused(entry):
    matrix = np.array([[entry, 1.0], [entry, 2.0]])
    assert not call("factorise", 2, np.concatenate([matrix.ravel(), np.zeros(4)]))
