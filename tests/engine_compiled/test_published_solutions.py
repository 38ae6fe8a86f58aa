"""Stiff problems whose solutions are printed in the literature.

Source: E. Hairer & G. Wanner, Solving Ordinary Differential Equations II, 2nd ed., section IV.10, and the reference
solutions of the Test Set for IVP Solvers (F. Mazzia & C. Magherini, University of Bari): ROBER, OREGO, VDPOL.
"""

from __future__ import annotations

import numpy as np
from tests.engine_compiled.small_models import begin_at, small_model, solve


def test_robertson():
    model = small_model(
        ["a", "b", "c"],
        lambda y, p: [-0.04 * y[0] + 1e4 * y[1] * y[2], 0.04 * y[0] - 1e4 * y[1] * y[2] - 3e7 * y[1] * y[1],
                      3e7 * y[1] * y[1]])
    result = solve(model, [], [begin_at([1, 0, 0])], [40.0, 1e11], rtol=1e-10)
    np.testing.assert_allclose(result.values[0, 1], [0.2083340149701255e-7, 0.8333360770334713e-13,
                                                     0.9999999791665050], rtol=1e-6, atol=1e-14)
    np.testing.assert_allclose(result.values[0, 0], [0.7158270687193941, 0.9185534764557338e-5, 0.2841637457458413],
                               rtol=1e-7)  # t = 40: CVODE's documentation of the same problem, tight tolerance


def test_oregonator():
    model = small_model(
        ["x", "y", "z"],
        lambda y, p: [77.27 * (y[1] + y[0] * (1 - 8.375e-6 * y[0] - y[1])), (y[2] - (1 + y[0]) * y[1]) / 77.27,
                      0.161 * (y[0] - y[2])])
    result = solve(model, [], [begin_at([1, 2, 3])], [360.0], rtol=1e-9)
    np.testing.assert_allclose(result.values[0, 0],
                               [0.1000814870318523e1, 0.1228178521549917e4, 0.1320554942846706e3], rtol=2e-6)


def test_van_der_pol():
    model = small_model(["y", "v"], lambda y, p: [y[1], ((1 - y[0] * y[0]) * y[1] - y[0]) / p[0]], ["epsilon"])
    result = solve(model, [[1e-6]], [begin_at([2, 0])], [2.0], rtol=1e-9)
    np.testing.assert_allclose(result.values[0, 0], [0.1706167732170483e1, -0.8928097010247975e0], rtol=1e-6)
