"""The same bytes for an animal wherever, with whomever and by however many it is computed."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import numpy as np
import pytest
from tests.engine_compiled.small_models import begin_at, small_model

from thecal.core.expression import ONE, ZERO, Expression, hill, symbol
from thecal.engine.compiled import CompiledIntegrator, program, toolchain
from thecal.engine.compiled.kernels import ModelCode, layout_of, model_text
from thecal.engine.compiled.tangent_code import tangent_text
from thecal.engine.integrate import Event

MODEL = small_model(["a", "b", "c"],
                    lambda y, p: [p[0] - y[0] * p[1], p[1] * hill(y[0], 0.7, p[2]) - y[1], 30 * (y[1] - y[2])],
                    ["in", "k", "n"], lambda y, p: {"a": y[0], "sum": y[0] + y[1] * p[1], "hill": hill(y[2], 1, p[2])})
ANIMALS = 150
PARAMETERS = np.exp(np.random.default_rng(1).normal(0.5, 0.8, (ANIMALS, 3)))
DOSE = np.random.default_rng(2).uniform(0, 4, (ANIMALS, 3))
TIMES = np.linspace(0, 12, 31)
OF = np.arange(ANIMALS) % 3


def schedules(animals):
    return [[begin_at([1, 0, 0])], [begin_at([0, 1, 0]), begin_at([4, 0, 0], 5.0)],
            [Event(1.0, offset=DOSE[animals]), Event(2.0, parameters={0: DOSE[animals, 1]}),
             Event(3.0, parameters={0: 0.0})]]


def bytes_of(animals, **settings):
    result = CompiledIntegrator(**({"threads": 1} | settings)).solve(
        MODEL, PARAMETERS[animals], schedules(animals), OF[animals], 0.0, TIMES, ["a", "sum", "hill"], all_states=True)
    assert not result.status.any()
    return [(v.tobytes(), s.tobytes(), int(n)) for v, s, n in zip(result.values, result.states, result.steps,
                                                                  strict=True)]


@pytest.fixture(scope="module")
def all_together():
    return bytes_of(np.arange(ANIMALS))


@pytest.mark.parametrize("settings", [{"threads": 2}, {"threads": 8, "share": 7}, {"share": 1}, {"share": 1000},
                                      {"lanes": 1}, {"lanes": 2}, {"lanes": 4}, {"lanes": 16}],
                         ids=lambda s: " ".join(f"{k} {v}" for k, v in s.items()))
def test_threads_shares_and_lanes(all_together, settings):
    assert bytes_of(np.arange(ANIMALS), **settings) == all_together


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names x86 processors")
@pytest.mark.parametrize("name, lanes", [("haswell", 4), ("nehalem", 2)])
def test_another_processor(all_together, monkeypatch, name, lanes):
    """AVX2, and a processor so old that it has no fused multiply-add: slower code, the same bytes."""
    monkeypatch.setattr(toolchain, "processor", lambda: (name, ""))
    monkeypatch.setattr(program, "_KNOWN", {})
    assert bytes_of(np.arange(30), lanes=lanes) == all_together[:30]


def test_company_and_order(all_together):
    order = np.random.default_rng(3).permutation(ANIMALS)
    assert bytes_of(order, lanes=8) == [all_together[i] for i in order]


def test_alone(all_together):
    for animal in (0, 1, 2, 77, 149):
        assert bytes_of(np.array([animal]), lanes=8) == [all_together[animal]]


def test_chunks_as_a_stream(all_together):
    parts = CompiledIntegrator(threads=1).stream(
        MODEL, PARAMETERS, ANIMALS, lambda first, last: schedules(np.arange(first, last)), OF, 0.0, TIMES,
        ["a", "sum", "hill"], chunk=37)
    assert b"".join(part.values.tobytes() for part in parts) == b"".join(v for v, _, _ in all_together)


def test_a_failing_neighbour_changes_nothing(all_together):
    broken = PARAMETERS.copy()
    broken[3] = np.nan
    result = CompiledIntegrator(threads=1).solve(MODEL, broken, schedules(np.arange(ANIMALS)), OF, 0.0, TIMES,
                                                 ["a", "sum", "hill"])
    assert result.status[3] and not np.delete(result.status, 3).any()
    assert all(result.values[i].tobytes() == all_together[i][0] for i in range(ANIMALS) if i != 3)


def test_the_code_does_not_depend_on_what_was_built_before(monkeypatch):
    rates = [lambda y, p: p[0] * y[1] * p[2] - y[0] * p[1] * y[2] * (p[0] + p[1]),
             lambda y, p: p[1] * p[2] * hill(y[2], p[0] * p[1], p[2]) - y[1] * y[0] * y[2] * y[1],
             lambda y, p: y[0] * y[1] * p[0] / (p[1] * y[2] + p[2] * y[0]) - p[2] / p[1] * y[2] / p[0]]

    def build(order=(0, 1, 2), names=(0, 1, 2)):
        for i in names:  # whose symbols come first
            symbol("cba"[i], "1", "state"), symbol("nmk"[i], "1", "parameter")
        written = {}

        def in_order(y, p):
            for i in order:
                written[i] = rates[i](y, p)
            return [written[i] for i in range(3)]

        return small_model(["a", "b", "c"], in_order, ["k", "m", "n"], lambda y, p: {"s": p[0] * y[0] * p[1]})

    texts = set()
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        for names in ((0, 1, 2), (2, 1, 0)):
            kept = {k: v for k, v in Expression._pool.items() if v is ZERO or v is ONE}
            monkeypatch.setattr(Expression, "_pool", kept)
            model = build(order, names)
            layout = layout_of(ModelCode(model), 1, 1)
            texts.add((model_text(model, 8).text, tangent_text(model, [0, 2], ["s"], layout)[0]))
    assert len(texts) == 1


def test_another_process_and_an_empty_cache(all_together, tmp_path):
    program = ("import sys, numpy as np; from tests.engine_compiled.test_repeatable import bytes_of;"
               "sys.stdout.buffer.write(b''.join(v for v, _, _ in bytes_of(np.arange(20))))")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True,
                          env={**os.environ, "THECAL_CACHE": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)})
    assert done.stdout == b"".join(v for v, _, _ in all_together[:20])
