"""The compiled scalar code reads the declared model as NumPy does."""

import numpy as np
import pytest
from tests.reference.stand_in import parameters_of, stand_in

from thecal.core.evaluate import numpy_function
from thecal.core.expression import exp, log, maximum, minimum, sqrt, symbol
from thecal.engine.reference import jacobian_entries
from thecal.engine.scalar_code import ScalarCode


def run(code, name, y, p, count):
    out = np.empty(count)
    code[name](y.ctypes.data, p.ctypes.data, out.ctypes.data)
    return out


def test_equals_numpy_on_rates_jacobian_and_observables():
    model = stand_in(segments=12, ganglia=3)
    functions = {"rates": model.rates, "jacobian": jacobian_entries(model)[2],
                 "observables": [q.expression for q in model.observables]}
    code = ScalarCode(functions, model.state_symbols, model.parameters)
    generator = np.random.default_rng(3)
    for p in parameters_of(model, 5, spread=0.8):
        y = np.exp(generator.normal(size=len(model.states), scale=3))
        for name, expressions in functions.items():
            expected = numpy_function(expressions, model.state_symbols, model.parameters)(y, p)
            found = run(code, name, y, p, len(expressions))
            np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13 * np.abs(expected).max(), err_msg=name)


@pytest.mark.parametrize("x", [-1.5, 0.0, 0.3, 2.0])
def test_every_operation(x):
    a, b = symbol("a", "1", "state"), symbol("b", "1", "parameter")
    expressions = [a + b, a - b, a * b, a / b, -a, exp(a), log(b), sqrt(b), b**a, minimum(a, b), maximum(a, b),
                   minimum(a, 0.3), a, b, a * 0 + 1]
    code = ScalarCode({"f": expressions}, [a], [b])
    found = run(code, "f", np.array([x]), np.array([0.7]), len(expressions))
    expected = numpy_function(expressions, [a], [b])(np.array([x]), np.array([0.7]))
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_an_unknown_leaf_is_refused():
    with pytest.raises(KeyError, match="stranger"):
        ScalarCode({"f": [symbol("stranger", "1", "parameter")]}, [], [])
