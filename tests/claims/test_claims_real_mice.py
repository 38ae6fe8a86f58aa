"""The numbers behind the claim about untreated SNI mice, from the raw file through our own threshold code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from thecal.analysis.claims.tissue_tests import REAL_SNI
from thecal.assay.filaments import filament_set
from thecal.assay.threshold import estimate

RAW = Path(__file__).parents[3] / "shared" / "data" / "vf_updown_sni_mouse" / "timeline_long.csv"


@pytest.mark.skipif(not RAW.exists(), reason="the raw series of the real mice are not beside the project")
def test_real_means_and_spreads() -> None:
    rows = pd.read_csv(RAW)
    rows = rows[(rows["group_name"] == "SNI") & (rows["include_in_analysis"] == 1)].dropna(subset=["xo_series"])
    for day, (mean, deviation, n) in REAL_SNI.items():
        seen = rows[rows["day"] == day]
        found = estimate(seen["xo_series"].str.strip().str.upper().to_numpy(),
                         seen["last_filament"].astype(int).to_numpy(), filament_set("mouse"), steps="nominal").log10_g
        assert len(seen) == pytest.approx(n, abs=1)
        assert np.mean(found) == pytest.approx(mean, abs=0.08)
        assert np.std(found, ddof=1) == pytest.approx(deviation, abs=0.08)
