"""What cannot be computed says so, for that animal alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm
from tests.engine_compiled.small_models import begin_at, small_model, solve

from thecal.core.errors import RunFailed
from thecal.core.expression import log
from thecal.engine.compiled import CompiledIntegrator, check_budget
from thecal.engine.compiled.tableau import GAMMA
from thecal.engine.integrate import Status


def test_blow_up_in_finite_time_is_not_finite_and_keeps_what_came_before():
    model = small_model(["a"], lambda y, p: [p[0] * y[0] * y[0]], ["k"])
    result = solve(model, [[1.0], [0.01]], [begin_at([1])], [0.5, 0.9, 1.5])
    assert result.status[0] in (Status.NOT_FINITE, Status.STEP_LIMIT) and result.status[1] == Status.OK
    np.testing.assert_allclose(result.values[0, :2, 0], [2, 10], rtol=1e-5)
    assert np.isnan(result.values[0, 2, 0]) and np.isfinite(result.values[1]).all()


def test_a_logarithm_of_a_negative_number_is_not_finite():
    model = small_model(["a"], lambda y, p: [-1 + 1e-9 * log(y[0])], [])
    assert solve(model, [], [begin_at([1])], [2.0]).status[0] == Status.NOT_FINITE


def test_step_limit():
    model = small_model(["x", "v"], lambda y, p: [y[1], -1e6 * y[0]])
    result = solve(model, [], [begin_at([1, 0])], [10.0], integrator=CompiledIntegrator(threads=1, step_limit=50))
    assert result.status[0] == Status.STEP_LIMIT and result.steps[0] <= 50


def test_a_pivot_of_zero_is_mended_by_row_exchanges():
    """J has 1/(h gamma) on its diagonal in the very first step: the unpivoted solve divides by zero there."""
    h = 1e-6  # the driver's first step from a state of which nothing is known yet
    pivot = 1 / GAMMA / h
    model = small_model(["a", "b"], lambda y, p: [p[0] * y[0] - 2 * p[0] * y[1] + 1e9, p[0] * y[0] - 2 * p[0] * y[1]],
                        ["k"])
    system = pivot * np.array([[1, -2.0], [1, -2.0]])
    shifted = np.block([[system, np.array([[1.0], [0.0]])], [np.zeros((1, 3))]])
    result = solve(model, [[pivot], [1.0]], [], [1e-7, 1e-6, 3e-6], rtol=1e-8)
    assert not result.status.any() and result.mended[0] >= 1 and result.mended[1] == 0
    exact = [(expm(shifted * t) @ [0, 0, 1e9])[:2] for t in (1e-7, 1e-6, 3e-6)]
    np.testing.assert_allclose(result.values[0], exact, rtol=1e-6)


@pytest.mark.parametrize("status, allowed, fails", [([0, 0, 0, 0], 0.0, False), ([0, 1, 0, 0], 0.25, False),
                                                    ([0, 1, 2, 0], 0.25, True), ([3], 0.0, True)])
def test_the_budget_says_how_many_and_why(status, allowed, fails):
    if not fails:
        check_budget(np.array(status), allowed)
        return
    with pytest.raises(RunFailed) as caught:
        check_budget(np.array(status), allowed)
    text = str(caught.value)
    assert f"of {len(status)} animals" in text
    assert all(Status(s).name in text for s in status if s)
