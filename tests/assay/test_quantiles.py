"""Quantiles taken from scipy.special, so that a run need not import scipy.stats, are those of scipy.stats."""

import subprocess
import sys

import numpy as np
from scipy import stats

from thecal.assay.slice import _poisson
from thecal.assay.threshold import chi2_one


def test_quantiles_are_those_of_scipy_stats():
    rng = np.random.default_rng(1)
    q, mean = rng.uniform(size=20_000), rng.gamma(1.0, 60.0, 20_000)
    assert np.array_equal(_poisson(q, mean), stats.poisson.ppf(q, mean))
    assert [chi2_one(level) for level in (0.5, 0.9, 0.95, 0.99)] == list(stats.chi2.ppf([0.5, 0.9, 0.95, 0.99], 1))


def test_a_run_does_not_import_what_it_does_not_use():
    """scipy.stats takes a third of the start of a small run, matplotlib as much again."""
    code = ("import sys, thecal.analysis.outcome, thecal.engine.run, thecal.study.lint; "
            "print([m for m in ('scipy.stats', 'scipy.optimize', 'matplotlib', 'statsmodels') if m in sys.modules])")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout.strip() == "[]"
