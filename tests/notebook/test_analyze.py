"""The whole way: real mice through the command, and simulated mice whose truth is known through the same tables."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from thecal.analysis.notebook.analysis import analyse_notebook
from thecal.analysis.notebook.read import read_notebook
from thecal.analysis.notebook.table import COLUMNS, readings_of_values, readings_of_von_frey
from thecal.analysis.statistics import AnalysisPlan
from thecal.apps.commands.analyze import command
from thecal.assay.filaments import filament_set
from thecal.assay.von_frey import VonFreySettings, measure

REAL = Path(__file__).parents[3] / "shared" / "data"
SNI = REAL / "vf_updown_sni_mouse"
real = pytest.mark.skipif(not SNI.exists(), reason="the real series are not beside the repository")
QUICK = AnalysisPlan(bootstraps=0, sensitivity=True, imputations=5)


@pytest.fixture(scope="module")
def mice():
    notebook = read_notebook([SNI / "data_timeline_experiment.xlsx"], [SNI / "metadata_timeline_experiment.xlsx"])
    return analyse_notebook(notebook, plan=QUICK)


@real
def test_faults_of_the_real_set(mice):
    """Counted independently on this set: 95 of 295 stop early, 15 imply another start or a slip, one a ninth filament,
    5 without a change, 3 animals excluded for an uncut nerve; and an animal whose group name and number disagree."""
    found = mice.as_dict()["counts"]
    assert (len(mice.notebook.readings), found["stopped_early"], found["path"]) == (295, 95, 15)
    assert (found["impossible_filament"], found["no_reversal"], found["excluded"]) == (1, 5, 3)
    by_kind = {f.kind: f for f in mice.findings}
    assert (by_kind["group"].animal, by_kind["impossible_filament"].animal) == ("4688", "4504")
    assert "nerve not properly cut" in by_kind["excluded"].what
    assert "cohort 2" in by_kind["design"].what  # the uninjured mice were nearly all tested in one cohort


@real
def test_injury_effect_of_the_real_set(mice):
    """A mixed model elsewhere gave -1.16 (-1.46 to -0.87) on day 3, and -1.01 with the excluded animals."""
    data = mice.as_dict()
    row = next(r for r in data["contrasts"] if r["name"] == "SNI − uninjured" and r["day"] == 3)
    assert row["estimate_log10_g"] == pytest.approx(-1.16, abs=0.02)
    assert row["low"] < row["estimate_log10_g"] < row["high"] < -0.7
    others = (
        pd.DataFrame(data["sensitivity"])
        .query("name == 'SNI − uninjured' and day == 3")
        .set_index("analysis")["estimate"]
    )
    assert others["excluded animals brought back"] == pytest.approx(-1.01, abs=0.02)
    assert others["exact filament steps"] == pytest.approx(-1.1, abs=0.1)
    assert others["from the letters: curves pooled by group and day"] == pytest.approx(-1.1, abs=0.35)


@real
def test_variability_of_the_real_set(mice):
    table = pd.DataFrame(mice.as_dict()["variability"]["groups"]).set_index(["arm", "visits"])
    sni, uninjured = table.loc[("SNI", "after baseline")], table.loc[("uninjured", "all")]
    assert (sni["within_animal_sd"], sni["icc"]) == (pytest.approx(0.434, abs=0.001), pytest.approx(0.12, abs=0.005))
    assert (uninjured["within_animal_sd"], uninjured["icc"]) == (
        pytest.approx(0.267, abs=0.001),
        pytest.approx(0.39, abs=0.005),
    )
    flat = next(c for c in mice.curves if c.group == "SNI" and c.when == "from day 0")
    assert (flat.sigma_log10, flat.method_sd_log10) == (pytest.approx(1.39, abs=0.01), pytest.approx(0.50, abs=0.01))
    assert any(f.kind == "method" and f.what.startswith("SNI, from day 0") for f in mice.findings)
    assert len(mice.pooled) == mice.notebook.readings["included"].sum()


@real
def test_command(tmp_path):
    arguments = [str(SNI / "timeline_long.csv"), "--reference", "uninjured", "--out", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    data = json.loads(done.output)
    assert {"contrasts", "variability", "findings"} <= data.keys()
    assert {"animal", "day", "kind", "action"} <= data["findings"][0].keys()
    assert {"name", "day", "estimate_log10_g", "low", "high"} <= data["contrasts"][0].keys()
    written = {path.name for path in (tmp_path / "out").rglob("*.csv")}
    assert {"readings.csv", "findings.csv", "curves.csv", "contrasts.csv", "pooled_sessions.csv"} <= written
    assert len(pd.read_csv(tmp_path / "out" / "readings.csv")) == 295


@real
def test_scores_of_real_mice():
    notebook = read_notebook(
        [
            REAL / "mouse_pain_scale_cci" / "CCI__CCI_injured_paw.csv",
            REAL / "mouse_pain_scale_cci" / "CCI__C57_male.csv",
        ]
    )
    table = notebook.readings.query("stimulus == '0.07 VFH' and day == 7")
    assert (len(table), table["value"].mean()) == (10, 1.0)  # mean score 1.0 in 10 mice one week after CCI
    assert table["value"].std() == pytest.approx(0.94, abs=0.01)


def test_simulated_mice_whose_truth_is_known():
    """Latent difference -0.8 with curves of equal width: the same tables, models and contrasts must give it back."""
    filaments, n = filament_set("mouse"), 40
    tables = []
    for group, shift in (("sham", 0.0), ("CCI", -0.8)):
        for visit, day in enumerate((-1, 3, 7)):
            latent = np.full(n, 0.0 if day < 0 else shift)
            out = measure(latent, np.zeros(n), 11, group, np.arange(n), visit, VonFreySettings(filaments))
            tables.append(
                readings_of_von_frey(out, filaments, [f"{group}{i}" for i in range(n)], group, day, sex="male")
            )
    table = pd.concat(tables, ignore_index=True)
    assert tuple(table.columns) == COLUMNS
    from thecal.analysis.statistics import analyse

    rows = analyse(table, AnalysisPlan(reference="sham", bootstraps=0, sensitivity=False)).contrasts
    for row in rows[rows["day"].notna()].itertuples():
        assert row.low - 0.05 < -0.8 < row.high + 0.05
        assert abs(row.estimate + 0.8) < 4 * row.se


def test_simulated_table_equals_the_same_notebook_read_from_a_file(tmp_path):
    filaments = filament_set("mouse")
    out = measure(np.linspace(-2, 0.5, 30), np.zeros(30), 5, "g", np.arange(30), 0, VonFreySettings(filaments))
    simulated = readings_of_von_frey(out, filaments, [f"m{i}" for i in range(30)], "g", 3.0)
    lines = [f"m{i},3,{s},{f},g" for i, (s, f) in enumerate(zip(out["series"], out["last_filament"], strict=True))]
    path = tmp_path / "same.csv"
    path.write_text("mouse,day,xo_series,last_filament,group\n" + "\n".join(lines))
    read = read_notebook([path]).readings
    same = [c for c in COLUMNS if c not in ("where", "note")]
    pd.testing.assert_frame_equal(read[same], simulated[same])
    assert not [f for f in read_notebook([path]).findings if f.kind in ("path", "stopped_early", "went_on", "letters")]


def test_latencies_as_readings():
    table = readings_of_values(
        np.array([5.0, 20.0]), "hargreaves", "s", ["a", "b"], "sham", 3.0, censored=np.array(["", ">"])
    )
    assert table["value_log10"].tolist() == pytest.approx(np.log10([5, 20]).tolist())
    assert table["low"].tolist()[1] == pytest.approx(np.log10(20)) and np.isposinf(table["high"].iloc[1])


@pytest.mark.parametrize("text, says", [
    ("mouse,day,xo_series,last_filament,group\nm1,3,oxooxx,5,a\nm2,3,oxooxx,5,a\n", "one group only"),
    ("mouse,day,xo_series,last_filament\nm1,3,oxooxx,5\nm2,3,oxooxx,5\n", "no groups"),
])  # fmt: skip
def test_nothing_to_compare_is_said(tmp_path, text, says):
    path = tmp_path / "one.csv"
    path.write_text(text)
    data = analyse_notebook(read_notebook([path])).as_dict()
    assert says in data["not_analysed"][0]["reason"] and data["contrasts"] == []


def test_command_says_what_is_wrong(tmp_path):
    from thecal.core.errors import ThecalError

    path = tmp_path / "bad.csv"
    path.write_text("a,b\n1,2\n")
    done = CliRunner().invoke(command, [str(path)])
    assert isinstance(done.exception, ThecalError) and "mapping" in done.exception.problems[0].remedy
