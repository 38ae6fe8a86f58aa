from __future__ import annotations

import pytest

from thecal.analysis.translation.translate import Translation, translate
from thecal.engine.solvers import integrator
from thecal.study.load import load
from thecal.study.resolve import resolve


@pytest.fixture(scope="session")
def to_human() -> Translation:
    return translate(resolve(load("chen2015")), "human", integrator("compiled"), draws=10)
