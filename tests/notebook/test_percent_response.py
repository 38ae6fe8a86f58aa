"""Per cent response noted wide (a column for each filament, a row for each animal and day) and long."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pytest

from thecal.analysis.notebook.mapping import Mapping
from thecal.analysis.notebook.read import read_notebook
from thecal.apps import cli
from thecal.core.errors import ThecalError

FORCES = (0.07, 0.16, 0.4, 0.6, 1.0)
COUNTS = {("m1", "veh", -1): (0, 1, 2, 4, 5), ("m1", "veh", 3): (1, 3, 4, 5, 5), ("m2", "drug", -1): (0, 0, 2, 3, 5),
          ("m2", "drug", 3): (0, 1, 3, 4, 5), ("m3", "veh", -1): (0, 1, 2, 3, 5), ("m3", "veh", 3): (2, 3, 4, 5, 5),
          ("m4", "drug", -1): (0, 0, 1, 3, 4), ("m4", "drug", 3): (0, 1, 2, 4, 5)}
TOUCHES = 5
NUMBERS = ("value", "value_log10", "low", "high")


def wide(folder, name="{:g} g", cell="{0}"):
    """The counts as a wide table; ``cell`` may use the count (0) and the per cent (1)."""
    lines = ["mouse,group,day," + ",".join(name.format(force, 1000 * force, 9.80665 * force) for force in FORCES)]
    lines += [",".join([*map(str, key), *(cell.format(k, 100 * k // TOUCHES) for k in row)])
              for key, row in COUNTS.items()]
    path = folder / "wide.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def long(folder):
    lines = ["mouse,group,day,force (g),responses,touches"]
    lines += [f"{m},{g},{d},{force},{k},{TOUCHES}" for (m, g, d), row in COUNTS.items()
              for force, k in zip(FORCES, row, strict=True)]
    path = folder / "long.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def values(*files, **options):
    options.setdefault("touches", TOUCHES)
    notebook = read_notebook(files, mapping=Mapping(**options))
    return notebook, notebook.readings[["animal", "group", "day", "assay", *NUMBERS, "censored", "series"]]


WAYS = {"grams": ("{0:g} g", "{0}"), "bare numbers": ("{0:g}", "{0}"), "a word before": ("vF {0:g}", "{0}"),
        "milligrams": ("{1:g} mg", "{0}"), "shares": ("{0:g} g", "{0}/5"), "bare shares": ("{0:g}", "{0}/5"),
        "per cent in the name": ("{0:g} g (%)", "{1}"), "per cent in the cell": ("von Frey {0:g}g", "{1} %"),
        "per cent unsaid": ("{0:g} g", "{1}"), "a decimal comma": ('"{0:g} g"', "{0}")}


@pytest.mark.parametrize("way", WAYS)
def test_wide_and_long_give_the_same(tmp_path, way):
    expected = values(long(tmp_path))[1]
    assert len(expected) == 8 and expected["value"].notna().all() and set(expected["assay"]) == {"percent_response"}
    name, cell = WAYS[way]
    path = wide(tmp_path, name, cell)
    if way == "a decimal comma":
        path.write_text(path.read_text().replace("0.", "0,"))
    notebook, found = values(path)
    pd.testing.assert_frame_equal(found, expected, check_exact=False, rtol=1e-9)
    said = [f.what for f in notebook.findings if f.kind == "columns"]
    unclear = {"bare numbers": "forces in g", "bare shares": "forces in g", "per cent unsaid": "shares of it"}
    assert len(said) == (way in unclear) and all(unclear[way] in what for what in said)


def test_millinewton(tmp_path):
    found = values(wide(tmp_path, "{2:.12g} mN"))[1]
    pd.testing.assert_frame_equal(found.drop(columns="series"), values(long(tmp_path))[1].drop(columns="series"),
                                  check_exact=False, rtol=1e-6)


def test_a_spreadsheet_with_handles(tmp_path):
    """Handles of the set in use, as numbers in the header: the forces behind them."""
    book = openpyxl.Workbook()
    handles = [2.83, 3.22, 3.61, 4.08]
    book.active.append(["mouse", "group", "day", *handles])
    for mouse in ("m1", "m2"):
        book.active.append([mouse, "veh", 3, 0, 1, 4, 5])
    book.save(tmp_path / "handles.xlsx")
    notebook, found = values(tmp_path / "handles.xlsx")
    assert any("handles" in f.what for f in notebook.findings)
    lines = ["mouse,group,day,force,responses"] + [f"{m},veh,3,{10 ** (h - 4)},{k}" for m in ("m1", "m2")
                                                   for h, k in zip(handles, (0, 1, 4, 5), strict=True)]
    (tmp_path / "grams.csv").write_text("\n".join(lines))
    assert found["value"].to_numpy() == pytest.approx(values(tmp_path / "grams.csv")[1]["value"].to_numpy(), rel=0.02)


@pytest.mark.parametrize(("cell", "what"), [("7", "7 responses of 5 touches"), ("35 %", "1.75 responses of 5 touches"),
                                            ("120 %", "6 responses of 5 touches"), ("lots", "'lots' at '0.4'"),
                                            ("-1", "-1 responses of 5 touches")])
def test_a_count_that_cannot_be_is_found_and_not_used(tmp_path, cell, what):
    path = wide(tmp_path)
    path.write_text(path.read_text().replace("m2,drug,-1,0,0,2,", f"m2,drug,-1,0,0,{cell},"))
    notebook, found = values(path)
    errors = [f for f in notebook.findings if f.severity == "error"]
    assert len(errors) == 1 and what in errors[0].what and errors[0].animal == "m2" and "row 4" in errors[0].where
    assert "0.4g" not in found.loc[(found["animal"] == "m2") & (found["day"] == -1), "series"].iloc[0]
    assert found["value"].notna().all()


def test_what_is_not_known_is_asked_for(tmp_path, capsys):
    """Without the number of touches, and where the numbers count trials instead of naming filaments."""
    path = wide(tmp_path)
    assert cli.run(["analyze", str(path), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "number of touches is not given" in said and "touches: in a mapping file" in said
    trials = tmp_path / "trials.csv"
    trials.write_text("mouse,day,1,2,3\nm1,3,5,6,7\nm2,3,5,6,8\n")
    with pytest.raises(ThecalError, match="not clear which columns"):
        values(trials)
    days = tmp_path / "days.csv"
    days.write_text("mouse,3,7,14\nm1,5,6,7\nm2,5,6,8\n")
    assert set(values(days, assay="hargreaves")[1]["day"]) == {3, 7, 14}
