"""The real spared-nerve-injury mice, where the shared data are present: figures found independently of this code."""

from pathlib import Path

import pandas as pd
import pytest

from thecal.analysis.statistics import AnalysisPlan, analyse
from thecal.assay.filaments import filament_set
from thecal.assay.threshold import estimate

DATA = Path(__file__).resolve().parents[3] / "shared/data/vf_updown_sni_mouse/timeline_long.csv"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="shared data not present")


@pytest.fixture(scope="module")
def mice() -> pd.DataFrame:
    table = pd.read_csv(DATA)
    found = estimate(table["xo_series"].str.upper().tolist(), table["last_filament"].to_numpy(),
                     filament_set("mouse-8"), steps="nominal")
    return table.assign(value_log10=found.log10_g, low=found.low, high=found.high, censored=found.censored)


PLAN = AnalysisPlan(pairs=(("SNI", "uninjured"), ("drug", "uninjured")), reference="uninjured", sensitivity=False,
                    bootstraps=50)


def test_injury_effect_with_and_without_the_excluded_animals(mice):
    included = analyse(mice, PLAN).contrasts.set_index(["name", "day"]).loc[("SNI − uninjured", 3)]
    assert included["estimate"] == pytest.approx(-1.16, abs=0.02)
    assert included["low"] < -1.46 and included["high"] > -0.87 and included["high"] < -0.7
    everyone = analyse(mice.drop(columns="include_in_analysis"), PLAN)
    rows = everyone.contrasts.set_index(["name", "day"])
    assert rows.loc[("SNI − uninjured", 3), "estimate"] == pytest.approx(-1.01, abs=0.02)


def test_spread_within_and_between_animals(mice):
    rows = analyse(mice, PLAN).variability.set_index(["arm", "visits"])
    uninjured, sni = rows.loc[("uninjured", "all")], rows.loc[("SNI", "after baseline")]
    assert [uninjured["within_animal_sd"], uninjured["between_animal_sd"], uninjured["icc"]] == pytest.approx(
        [0.267, 0.212, 0.39], abs=0.006)
    assert [sni["within_animal_sd"], sni["between_animal_sd"], sni["icc"]] == pytest.approx(
        [0.434, 0.162, 0.12], abs=0.006)


def test_confounded_cohort_is_named(mice):
    assert any(f.code == "confounded" and f.where == "cohort" for f in analyse(mice, PLAN).findings)
