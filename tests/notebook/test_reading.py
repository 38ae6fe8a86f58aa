"""Spelling, layouts and checks of notebooks, each against a case worked by hand."""

import datetime

import openpyxl
import pytest

from thecal.analysis.notebook.findings import count_by_kind
from thecal.analysis.notebook.mapping import Mapping, read_mapping
from thecal.analysis.notebook.read import read_notebook
from thecal.analysis.notebook.spelling import read_date, read_day, read_letters, read_number
from thecal.core.errors import ThecalError


def write(folder, text, name="notebook.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(folder, text, **options):
    return read_notebook([write(folder, text)], mapping=Mapping(**options))


def kinds(notebook, kind):
    return [(f.animal, f.day) for f in notebook.findings if f.kind == kind]


SPELLINGS = "oxxo|OXXO|O X X O|o,x,x,o|o-x-x-o|0xx0|0110|-++-|nyyn|no yes yes no|○××○|ОХХО|οχχο|(OXXO)|o/x/x/o|O;X;X;O"


@pytest.mark.parametrize("cell", SPELLINGS.split("|"))
def test_spellings_of_one_series(cell):
    found = read_letters(cell)
    assert (found.clean, found.unread) == ("OXXO", "")


@pytest.mark.parametrize("cell", ["oxzo", datetime.datetime(2024, 3, 1), 1.5, "5"])
def test_what_is_not_a_series(cell):
    assert read_letters(cell).unread


def test_own_letters():
    assert read_letters("W.W..", response="W", none=".").clean == "XOXOO"


@pytest.mark.parametrize(
    "cell, day",
    [
        (7, 7),
        ("D7", 7),
        ("day -1", -1),
        ("3 dpi", 3),
        ("week 2", 14),
        ("6 h", 0.25),
        ("BL", -1),
        ("POD 3", 3),
        ("7,5", 7.5),
    ],
)
def test_days(cell, day):
    assert read_day(cell) == day


def test_dates_and_numbers():
    assert read_date(45123) == read_date("2023-07-16") == read_date("16.07.2023") == datetime.date(2023, 7, 16)
    assert read_date("7/16/2023") is None  # which is the month cannot be known
    assert read_day("x") is None and read_day(45123) is None
    assert read_number("0,4 g").value == 0.4 and read_number("<0.02").side == "<" and read_number("n/a") is None


LONG = "mouse,day,xo_series,last_filament,group\n"


def test_layouts_agree(tmp_path):
    """The same six series long, wide with pairs of columns, wide with one cell, and animals across."""
    series = {
        "a": [("oxooxx", 5), ("xoxxo", 2)],
        "b": [("ooxxoo", 5), ("oxoxxo", 3)],
        "c": [("oxooxo", 5), ("xxoxo", 2)],
    }
    long = LONG + "".join(
        f"{m},{d},{s},{f},g\n" for m, both in series.items() for d, (s, f) in zip((-1, 7), both, strict=True)
    )
    pairs = "mouse,BL series,BL last,D7 series,D7 last\n" + "".join(
        f"{m},{s},{f},{t},{g}\n" for m, ((s, f), (t, g)) in series.items()
    )
    single = "mouse,baseline,day 7\n" + "".join(f"{m},{s} {f},{t}/{g}\n" for m, ((s, f), (t, g)) in series.items())
    across = "day,a,b,c\n" + "".join(
        f"{d}," + ",".join(f"{series[m][i][0]} ({series[m][i][1]})" for m in "abc") + "\n"
        for i, d in enumerate((-1, 7))
    )
    expected = None
    for text in (long, pairs, single, across):
        table = read(tmp_path, text).readings.set_index(["animal", "day"])["value_log10"].sort_index()
        assert len(table) == 6
        expected = table if expected is None else expected
        assert (table == expected).all()
    assert expected["a", -1.0] == pytest.approx(-0.4644, abs=1e-3)  # 0.343 g


def test_two_header_rows_under_merged_days(tmp_path):
    book = openpyxl.Workbook()
    for row in (["Mouse", "Day 3", None, "Day 7", None], [None, "series", "last filament", "series", "last filament"],
                ["m1", "oxooxx", 5, "xoxxo", 2], ["m2", "ooxxoo", 5, "xxoxo", 2]):  # fmt: skip
        book.active.append(row)
    book.active.merge_cells("B1:C1")
    book.active.merge_cells("D1:E1")
    book.save(tmp_path / "merged.xlsx")
    table = read_notebook([tmp_path / "merged.xlsx"]).readings
    assert table[["animal", "day", "last_filament"]].values.tolist() == [
        ["m1", 3, 5],
        ["m1", 7, 2],
        ["m2", 3, 5],
        ["m2", 7, 2],
    ]


def test_last_filament_in_grams_or_handles(tmp_path):
    rows = [("oxooxx", 5, 0.4, 3.61), ("xoxxo", 2, 0.02, 2.36), ("ooxooxo", 6, 1, 4.08)]
    tables = [
        read(tmp_path, LONG + "".join(f"m{i},3,{row[0]},{row[way]},g\n" for i, row in enumerate(rows))).readings
        for way in (1, 2, 3)
    ]
    for table in tables[1:]:
        assert table["last_filament"].tolist() == [5, 2, 6]
        assert (table["value"] == tables[0]["value"]).all()


def test_no_last_filament_column_uses_the_start(tmp_path):
    notebook = read(tmp_path, "mouse,day,xo_series\nm1,3,oxooxx\nm2,3,xoxxo\n")
    assert notebook.readings["last_filament"].tolist() == [5, 2]
    assert count_by_kind(notebook.findings)["last_filament"] == 1


def test_each_fault_is_found(tmp_path):
    faults = """a,3,oxooxx,5 b,3,xoxoxo,4 c,3,oooxooxx,8 d,3,xxoox,4 e,3,oxooxox,6 f,3,xxxx,1 g,3,oxqoxx,5 h,3,oxooxx,12
        a,3,oxooxx,5 k,3,xxx,2 i,3,ooxxxoo,4 j,yesterday,oxooxx,5 l,3,oooxooo,8"""
    text = LONG + "".join(f"{row},{'Sham' if row[0] == 'i' else 'sham'}\n" for row in faults.split())
    notebook = read(tmp_path, text)
    assert kinds(notebook, "path") == [("b", 3.0), ("c", 3.0)]
    assert kinds(notebook, "impossible_filament") == [("c", 3.0)]
    assert kinds(notebook, "stopped_early") == [("d", 3.0), ("k", 3.0)]
    assert kinds(notebook, "went_on") == [("e", 3.0)]
    assert kinds(notebook, "no_reversal") == [("f", 3.0), ("k", 3.0)]
    assert kinds(notebook, "letters") == [("g", 3.0)]
    assert kinds(notebook, "last_filament") == [("h", 3.0)]
    assert kinds(notebook, "duplicate") == [("a", 3.0)]
    assert kinds(notebook, "cell") == [("j", None)]
    assert any("'Sham'" in f.what for f in notebook.findings if f.kind == "group")
    assert len(notebook.readings) == 13  # nothing dropped; l stops at the end of the set, as it may
    assert notebook.readings.set_index("animal").loc["g", "note"] == "series not readable"
    cause = next(f.likely_cause for f in notebook.findings if f.kind == "path" and f.animal == "b")
    assert "next was noted" in cause


def test_zeros_lost_by_the_spreadsheet_come_back(tmp_path):
    """0110 typed into a number cell is stored as 110; the path from the fourth filament says one zero is missing."""
    book = openpyxl.Workbook()
    for row in (["mouse", "day", "series", "last"], ["m1", 3, 100110, 3], ["m2", 3, 10011, 5]):
        book.active.append(row)
    book.save(tmp_path / "digits.xlsx")
    notebook = read_notebook([tmp_path / "digits.xlsx"])
    assert notebook.readings["series"].tolist()[1] == "OXOOXX"
    assert kinds(notebook, "letters") == [("m2", 3.0)]


def test_house_start_is_recognised(tmp_path):
    notebook = read(tmp_path, LONG + "".join(f"m{i},3,oxooxx,6,g\n" for i in range(6)))
    assert not kinds(notebook, "path") or kinds(notebook, "path") == [("", None)]
    assert any("house rule" in f.likely_cause for f in notebook.findings)


def test_missing_visit_and_dropout(tmp_path):
    rows = [f"m{m},{d},oxooxx,5,g" for m in range(5) for d in (-1, 3, 7) if (m, d) not in ((0, 3), (1, 7))]
    notebook = read(tmp_path, LONG + "\n".join(rows))
    assert kinds(notebook, "missing_visit") == [("m0", 3.0), ("m1", 7.0)]
    assert [f.likely_cause for f in notebook.findings if f.kind == "missing_visit"] == ["", "dropped out"]


def test_meta_file_conflicts_and_exclusions(tmp_path):
    data = write(tmp_path, LONG + "".join(f"m{m},3,oxooxx,5,{'SNI' if m else 'sham'}\n" for m in range(5)))
    rows = ["m0,m,sham,1,1,", "m1,F,SNI,2,1,", "m2,male,SNI,1,1,", "m3,f,sham,1,0,nerve not cut", "m9,f,SNI,2,1,"]
    meta = write(tmp_path, "\n".join(["animal_id,sex,group,group_id,include,comments", *rows]), "meta.csv")
    notebook = read_notebook([data], [meta])
    table = notebook.readings.set_index("animal")
    assert table["sex"].to_dict() == {"m0": "male", "m1": "female", "m2": "male", "m3": "female", "m4": ""}
    assert kinds(notebook, "excluded") == [("m3", None)] and not table.loc["m3", "included"]
    assert [a for a, _ in kinds(notebook, "animal")] == ["m4", "m9"]
    assert [a for a, _ in kinds(notebook, "group")] == [
        "m2",
        "m3",
    ]  # number against name; SNI in the data, sham in the list


def test_other_tests_and_cutoffs(tmp_path):
    text = 'rat,day,latency 1,latency 2,latency 3,group\nr1,-1,10,20,12,sham\nr1,3,5,"6,5",7,sham\nr2,3,oops,4,4,sham\n'
    table = read(tmp_path, text, cutoff={"hargreaves": 20}).readings
    assert table["value"].tolist() == [14, pytest.approx(18.5 / 3), 4] and table["censored"].tolist() == [">", "", ""]
    assert set(table["assay"]) == {"hargreaves"} and set(table["unit"]) == {"s"}
    counts = "mouse,day,group,0.07 g,0.4 g,1 g\nm1,3,g,0,5,10\nm2,3,g,0,11,10\n"
    notebook = read(tmp_path, counts, touches=10)
    assert notebook.readings["value"].iloc[0] == pytest.approx(0.4, rel=0.1)
    assert kinds(notebook, "value") == [("m2", 3.0)]
    repeats = read(
        tmp_path, "mouse,day,trial,acetone (s)\n" + "".join(f"m1,3,{i},{i}\nm2,3,{i},0\n" for i in (1, 2, 3))
    ).readings
    assert repeats["value"].tolist() == [2, 0]
    grams = read(tmp_path, "mouse,D0,D7\nm1,1.2,<0.02\nm2,0.9,0.16\n", assay="von_frey").readings
    assert grams["censored"].tolist() == ["", "<", "", ""]
    assert (grams["high"][1], grams["low"][1]) == (pytest.approx(-1.699, abs=1e-3), float("-inf"))


def test_dates_as_days(tmp_path):
    text = "mouse,date,threshold\n" + "".join(f"m{m},2024-05-{d},1.0\n" for m in range(3) for d in (10, 13, 17))
    assert sorted(set(read(tmp_path, text).readings["day"])) == [0, 3, 7]
    assert sorted(set(read(tmp_path, text, first_day="2024-05-11").readings["day"])) == [-1, 2, 6]
    serial = text.replace("2024-05-13", "45425", 1)
    assert sorted(set(read(tmp_path, serial).readings["day"])) == [0, 3, 7]


def test_mapping_file(tmp_path):
    text = "Tiernummer;Messtag;Muster;letztes\n1;vor OP;R-R--;2\n2;vor OP;-R-RR-;3\n"
    columns = "columns: {animal: Tiernummer, day: Messtag, series: Muster, last_filament: letztes}\n"
    others = "days: {vor OP: -1}\nletters: {response: R, none: '-'}\nspecies: mouse\n"
    mapping = write(tmp_path, columns + others, "map.yaml")
    table = read_notebook([write(tmp_path, text)], mapping=read_mapping(mapping)).readings
    assert table["series"].tolist() == ["XOXOO", "OXOXXO"] and table["day"].tolist() == [-1, -1]


WRONG = "speces: mouse|species: hamster|start: 0|columns: [a, b]|columns: {beast: x}|- a|a: [|after_change: many"


@pytest.mark.parametrize("bad", WRONG.split("|"))
def test_wrong_mapping_is_one_clear_error(tmp_path, bad):
    with pytest.raises(ThecalError) as caught:
        read_mapping(write(tmp_path, bad, "map.yaml"))
    assert caught.value.problems[0].what


def test_sudo_series(tmp_path):
    """Five touches, filaments numbered in the full set of 20: 10^(0.240 x (5 + 1/2) - 2.00) g after a last O at 5."""
    notebook = read(tmp_path, LONG + "a,3,oxoxo,5,g\nb,3,oxxox,4,g\nc,3,oxooxx,5,g\n", method="sudo")
    table = notebook.readings
    assert table["value_log10"].tolist()[:2] == pytest.approx([0.24 * 5.5 - 2, 0.24 * 3.5 - 2])
    assert table["value"].isna().tolist() == [False, False, True] and kinds(notebook, "went_on") == [("c", 3.0)]
