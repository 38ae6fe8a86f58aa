"""One lane's step with row exchanges: the slow, safe way, taken when the unpivoted solve left a poor residual.

Not called from Python; :mod:`plain_loops` turns it into machine code with the driver.
"""

from __future__ import annotations

from math import inf

from thecal.engine.compiled.kernels import CONTROL
from thecal.engine.compiled.plain_loops import Table
from thecal.engine.compiled.tableau import GAMMA, STAGES
from thecal.engine.compiled.tableau import A as STATE_SUMS
from thecal.engine.compiled.tableau import C as RATE_SUMS
from thecal.engine.compiled.task import (
    control,
    dense,
    entry_count,
    f,
    jacobian_columns,
    jacobian_places,
    jacobian_rows,
    k,
    new,
    stage_rates,
    state_count,
    u,
    workspace,
    y,
)

MENDED, SINGULAR, BROKEN = 1, 2, 3
STEP = CONTROL.index("step")
A = Table(STATE_SUMS)
C = Table(RATE_SUMS)


def pivoted_step(lane: int) -> int:
    """Make the step of one lane by dense LU with partial pivoting.

    Uses the Jacobian that the failed attempt left behind and the model's rates; other lanes' ``u`` is not touched.
    Returns MENDED, SINGULAR, or BROKEN when the Jacobian itself is not finite.
    """
    n = state_count
    outcome = BROKEN
    if fill_matrix(lane):
        outcome = MENDED if factorise() else SINGULAR
    if outcome == MENDED:
        for stage in range(STAGES):
            for i in range(n):
                argument = y[i, lane]
                others = 0.0
                for j in range(stage):
                    argument += A[stage, j] * k[j, i, lane]
                    others += C[stage, j] * k[j, i, lane]
                u[i, lane] = argument
                dense[n * n + n + i] = others / control[STEP, lane]
            stage_rates(control)
            for i in range(n):
                dense[n * n + n + i] += f[i, lane]
            substitute()
            for i in range(n):
                k[stage, i, lane] = dense[n * n + n + i]
        for i in range(n):
            new[i, lane] = u[i, lane] + k[STAGES - 1, i, lane]
    for i in range(n * n + 2 * n):
        dense[i] = 0.0
    return outcome


def fill_matrix(lane: int) -> bool:
    """``W = I/(h gamma) - J`` of one lane, row by row; False when an entry is not finite."""
    for i in range(state_count * state_count):
        dense[i] = 0.0
    for e in range(entry_count):
        entry = workspace[jacobian_places[e], lane]
        if not abs(entry) < inf:
            return False
        dense[jacobian_rows[e] * state_count + jacobian_columns[e]] = -entry
    for i in range(state_count):
        dense[i * state_count + i] += 1.0 / (GAMMA * control[STEP, lane])
    return True


def factorise() -> bool:
    """LU in place, the largest entry of the column as pivot; False at a pivot of zero or not finite.

    The exchanges are kept behind the matrix.
    """
    n = state_count
    for c in range(n):
        best = c
        for i in range(c + 1, n):
            if abs(dense[i * n + c]) > abs(dense[best * n + c]):
                best = i
        dense[n * n + c] = best
        if not (abs(dense[best * n + c]) > 0.0 and abs(dense[best * n + c]) < inf):
            return False
        for j in range(n):
            held = dense[c * n + j]
            dense[c * n + j] = dense[best * n + j]
            dense[best * n + j] = held
        for i in range(c + 1, n):
            if abs(dense[i * n + c]) > 0.0:
                dense[i * n + c] = dense[i * n + c] / dense[c * n + c]
                for j in range(c + 1, n):
                    dense[i * n + j] -= dense[i * n + c] * dense[c * n + j]
    return True


def substitute() -> None:
    """Solve in place for the right-hand side that lies behind the exchanges."""
    n = state_count
    right = n * n + n
    for c in range(n):
        other = right + int(dense[n * n + c])
        held = dense[right + c]
        dense[right + c] = dense[other]
        dense[other] = held
    for c in range(n):
        for i in range(c + 1, n):
            dense[right + i] -= dense[i * n + c] * dense[right + c]
    for c in range(n - 1, -1, -1):
        for j in range(c + 1, n):
            dense[right + c] -= dense[c * n + j] * dense[right + j]
        dense[right + c] = dense[right + c] / dense[c * n + c]
