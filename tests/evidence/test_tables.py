"""The shipped tables are sound, and what is wrong with a table is said with its line."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from thecal.analysis.evidence import effects, query, schema, tables
from thecal.core.errors import ThecalError

ANIMAL = {
    "study": "smith2030",
    "reference": "10.1000/x",
    "year": "2030",
    "design": "experiment",
    "species": "rat",
    "model": "cci",
    "cells": "bmsc",
    "route": "it",
    "outcome": "mechanical",
    "effect": "relief",
    "randomised": "yes",
    "blinded": "unclear",
    "certainty": "direct",
    "source_url": "https://example.org/x",
    "verified": "yes",
}
HUMAN = {
    "study": "smith2031",
    "reference": "10.1000/y",
    "design": "single_arm",
    "condition": "sci",
    "cells": "bmsc",
    "route": "it",
    "outcome": "adverse_event",
    "ae_term": "headache",
    "effect": "worse",
    "randomised": "no",
    "blinded": "no",
    "certainty": "direct",
    "source_url": "https://example.org/y",
    "verified": "yes",
}


def table(kind: str, *rows: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(schema.table(kind).columns), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow((ANIMAL if kind == "animal" else HUMAN) | row)
    return out.getvalue()


def findings(kind: str, *rows: dict[str, str]) -> list:
    return tables.parse(table(kind, *rows), "mine.csv")[2]


def test_the_shipped_tables_have_no_error_and_hold_every_kind_of_row() -> None:
    evidence = tables.load()
    assert len(evidence.animal) > 100 and len(evidence.human) > 100 and len(evidence.index) > 60
    assert evidence.version >= 1 and len(evidence.digest) == 16
    for kind in schema.kinds():
        for entry in evidence.rows(kind):
            assert entry["source_url"] or entry["verified"] != "yes"
            for column in schema.table(kind).columns.values():
                if column.type == "word" and entry[column.name] is not None:
                    assert entry[column.name] in schema.words(column.words)


def test_a_good_row_has_nothing_to_say() -> None:
    kind, rows, problems = tables.parse(table("animal", {"dose_cells": "1e5", "volume_ul": "10"}), "mine.csv")
    assert (kind, len(rows), problems) == ("animal", 1, [])
    assert rows[0]["dose_cells"] == 1e5 and rows[0]["smd"] is None


@pytest.mark.parametrize(
    ("kind", "change", "column", "code", "said"),
    [
        ("animal", {"species": "rodent"}, "species", "vocabulary", "not a word"),
        ("animal", {"cells": "bmcs"}, "cells", "vocabulary", "not a word"),
        ("animal", {"study": ""}, "study", "missing", "must be filled"),
        ("animal", {"study": "Smith 2030"}, "study", "form", "cannot be read"),
        ("animal", {"dose_cells": "-5"}, "dose_cells", "range", "cannot be -5"),
        ("animal", {"dose_cells": "many"}, "dose_cells", "number", "must be a number"),
        ("animal", {"dose_cells": "nan"}, "dose_cells", "number", "must be a number"),
        ("animal", {"n_treated": "4.5"}, "n_treated", "number", "whole number"),
        ("animal", {"dose_cells": "1e9"}, "dose_cells", "dose", "impossible for a rat"),
        ("animal", {"dose_cells": "5e6", "volume_ul": "10"}, "dose_cells", "packing", "do not fit"),
        ("animal", {"volume_ul": "5000"}, "volume_ul", "volume", "more than all"),
        ("animal", {"cells": "none", "dose_cells": "1e5"}, "dose_cells", "dose", "holds no cells"),
        (
            "animal",
            {"duration_low_d": "20", "duration_high_d": "10"},
            "duration_high_d",
            "interval",
            "second must be the larger",
        ),
        ("animal", {"smd": "1", "smd_low": "2", "smd_high": "3"}, "smd", "estimate", "outside its own interval"),
        ("animal", {"smd_low": "2"}, "smd", "estimate", "without its estimate"),
        (
            "animal",
            {"mean_treated": "5", "mean_control": "3", "n_treated": "8", "n_control": "8"},
            "relief_is",
            "arms",
            "higher or a lower",
        ),
        ("animal", {"p_value": "significant"}, "p_value", "form", "cannot be read"),
        ("animal", {"source_url": "", "verified": "yes"}, "source_url", "source", "names no page"),
        ("animal", {"certainty": "lead"}, "effect", "lead", "nobody has read"),
        ("animal", {"part_of": "nobody2000"}, "part_of", "part_of", "no study 'nobody2000'"),
        ("human", {"events": "3"}, "denominator", "denominator", "without the number it is of"),
        ("human", {"rate_pct": "7"}, "denominator", "denominator", "without the number it is of"),
        ("human", {"events": "3", "denominator": "50"}, "denominator_unit", "denominator", "patients or injections"),
        (
            "human",
            {"events": "60", "denominator": "50", "denominator_unit": "patients"},
            "events",
            "denominator",
            "60 events in 50",
        ),
        (
            "human",
            {"events": "3", "denominator": "50", "denominator_unit": "patients", "rate_pct": "9", "rate_decimals": "0"},
            "rate_pct",
            "rate",
            "not what the row says",
        ),
        ("human", {"ae_term": "", "events": None}, "ae_term", "missing", "without its name"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(kind, change, column, code, said) -> None:
    good = {"study": "first2029", "reference": "10.1000/z"}
    errors = [p for p in findings(kind, good, change) if p.severity == "error"]
    assert [(p.where, p.code) for p in errors] == [(f"mine.csv line 3, column {column}", code)]
    assert said in errors[0].what
    assert errors[0].allowed or errors[0].remedy or errors[0].seen


def test_a_near_word_is_offered() -> None:
    [problem] = findings("animal", {"cells": "bmcs"})
    assert problem.remedy == "write 'bmsc'?"


def test_an_unclear_denominator_may_be_said_to_be_unclear() -> None:
    assert findings("human", {"rate_pct": "7", "denominator_status": "unclear"}) == []


def test_the_same_arm_twice_and_the_same_paper_under_two_names_are_found() -> None:
    [same] = findings("animal", {}, {})
    assert same.code == "duplicate" and same.where == "mine.csv line 3" and "line 2" in same.what
    [paper] = findings("animal", {}, {"study": "smyth2030"})
    assert paper.code == "duplicate" and "already entered as 'smith2030'" in paper.what
    assert findings("animal", {"reference": "via PMC1"}, {"reference": "via PMC1", "study": "other2030"}) == []


def test_a_pool_must_be_the_sum_of_its_parts() -> None:
    pool = {
        "study": "pool2031",
        "reference": "via 10.1000/y",
        "events": "5",
        "denominator": "90",
        "denominator_unit": "injections",
        "denominator_status": "derived",
        "design": "pool",
    }
    part = {
        "study": "part2031",
        "reference": "via 10.1000/y",
        "part_of": "pool2031",
        "events": "3",
        "denominator": "40",
        "denominator_unit": "injections",
        "denominator_status": "derived",
    }
    [problem] = findings("human", pool, part)
    assert "counts 5 but its parts add up to 3" in problem.what


def test_rows_that_cannot_be_read_do_not_hide_the_others() -> None:
    text = (
        table("animal", {})
        + "too,few,cells\n"
        + table("animal", {"study": "late2031", "reference": "10.1/q"}).splitlines()[1]
    )
    _, rows, problems = tables.parse(text, "mine.csv")
    assert len(rows) == 2 and problems[0].where == "mine.csv line 3" and "3 cells" in problems[0].what


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "study,studdy\nx,y\n", "study;reference\nx;y\n", "study,study\nx,y\n"]
)
def test_a_file_that_is_no_evidence_table_is_refused(text) -> None:
    assert any(p.code == "columns" for p in tables.parse(text, "mine.csv")[2])


def test_a_file_that_is_no_text_is_refused(tmp_path) -> None:
    assert tables.parse("study,year\nx\0y,1\n", "mine.csv")[2][0].where.startswith("mine.csv line")
    assert tables.parse("study\n" + "x" * 200_000, "mine.csv")[2][0].code == "file"
    bad = tmp_path / "mine.csv"
    bad.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ThecalError, match="UTF-8"):
        tables.lint(bad)
    with pytest.raises(ThecalError, match="cannot be read"):
        tables.lint(tmp_path)


def test_rows_of_the_user_are_weighed_with_the_shipped_ones(tmp_path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text(table("animal", {}), encoding="utf-8")
    both = tables.load_with([mine])
    assert len(both.animal) == len(tables.load().animal) + 1 and both.digest != tables.load().digest
    mine.write_text(table("animal", {"reference": "10.1172/JCI80883"}), encoding="utf-8")
    with pytest.raises(ThecalError, match="already entered as 'chen2015'"):
        tables.load_with([mine])
    with pytest.raises(ThecalError, match="no such file"):
        tables.load_with([tmp_path / "none.csv"])


def test_the_template_is_a_table_without_rows() -> None:
    for kind in ("animal", "human"):
        assert tables.parse(tables.template(kind), "new.csv")[::2] == (kind, [])


def test_a_query_expands_groups_and_names_unknown_words() -> None:
    chosen = query.Selection.of(cells=["stromal"], route=["it,iv"])
    assert "bmsc" in chosen.cells and chosen.route == ("it", "iv")
    with pytest.raises(ThecalError) as caught:
        query.Selection.of(cells=["stem"], effect=["releif"])
    assert [p.where for p in caught.value.problems] == ["--cells", "--effect"]
    assert "relief" in caught.value.problems[1].remedy


def test_leads_are_listed_only_when_asked_for() -> None:
    evidence = tables.load()
    without, with_leads = (query.select(evidence, query.Selection.of(leads=flag))["animal"] for flag in (False, True))
    assert len(with_leads) - len(without) == sum(e["certainty"] == "lead" for e in evidence.animal) > 0


def test_exported_rows_read_back_as_they_were() -> None:
    rows = query.select(tables.load(), query.Selection.of(species=["rat"]))
    rows["human"] = []
    _, back, problems = tables.parse(query.export(rows, "csv"), "back.csv", "animal")
    assert [query.public(e) for e in back] == [query.public(e) for e in rows["animal"]]
    assert not [p for p in problems if p.severity == "error"]


def test_the_example_of_the_page_on_adding_a_study_is_good(tmp_path) -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-study.md"
    [block] = re.findall(r"```(?:csv|text)\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    kind, rows, problems = tables.parse(block, "example.csv")
    assert (kind, len(rows), problems) == ("animal", 1, [])
    assert effects.of_row(rows[0]).g == pytest.approx(1.38, abs=0.01)
    named = {
        w
        for line in page.read_text("utf-8").splitlines()
        if line.startswith("| `")
        for w in re.findall(r"`(\w+)`", line)
    }
    known = {c for k in schema.kinds() for c in schema.table(k).columns} | {
        w for v in schema.raw()["vocabulary"].values() for w in v
    }
    assert {w for w in named if "*" not in w} - known <= {"smith2030", "via"}
