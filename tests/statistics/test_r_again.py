"""Where R is installed: the scripts still write the stored tables."""

import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
from r_twin import HERE

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")]
NEEDS = {"mixed": "lme4 lmerTest pbkrtest emmeans nlme", "crossover": "lme4 lmerTest pbkrtest emmeans",
         "classical": "mvtnorm", "tobit": "stats"}


@pytest.mark.parametrize("script", NEEDS)
def test_the_script_writes_the_stored_tables(script, tmp_path):
    lacking = subprocess.run(
        ["Rscript", "-e", f'cat(all(sapply(strsplit("{NEEDS[script]}", " ")[[1]], requireNamespace, quietly = TRUE)))'],
        capture_output=True, text=True, timeout=60, check=False)
    if not lacking.stdout.endswith("TRUE"):
        pytest.skip(f"R lacks one of {NEEDS[script]}")
    subprocess.run(["Rscript", str(HERE / f"{script}.R"), str(tmp_path)], check=True, capture_output=True, timeout=120)
    written = sorted(p.name for p in tmp_path.glob("*.csv"))
    assert written
    for name in written:
        new, stored = pd.read_csv(tmp_path / name), pd.read_csv(HERE / "tables" / name)
        for column in stored:
            if stored[column].dtype.kind == "f":
                assert np.allclose(new[column], stored[column], rtol=1e-3, atol=2e-4, equal_nan=True), (name, column)
            else:
                assert (new[column].fillna("") == stored[column].fillna("")).all(), (name, column)
