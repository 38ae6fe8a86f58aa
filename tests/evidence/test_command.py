"""``thecal evidence`` as a user meets it."""

from __future__ import annotations

import json

import pytest

from thecal.apps import cli


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    status = cli.run(["evidence", *arguments])
    out = capsys.readouterr()
    return status, out.out, out.err


def test_a_question_in_words(capsys) -> None:
    status, out, _ = run(capsys, "--route", "it", "--cells", "stromal", "--species", "rat,mouse")
    assert status == 0 and "none can be pooled" in out and "not a vote count" in " ".join(out.split())
    assert "not medical advice" in out


def test_json_is_plain_json(capsys) -> None:
    status, out, _ = run(capsys, "--route", "it", "--outcome", "harm", "--json")
    found = json.loads(out)
    assert status == 0 and {"animals", "people", "version", "digest", "selection", "summary"} <= set(found)
    assert any(h["term"] == "headache" for h in found["people"]["adverse_events"])


def test_an_unknown_word_is_refused(capsys) -> None:
    status, out, err = run(capsys, "--species", "rodent")
    assert status == 2 and "'rodent' is not a known word" in err and not out
    status, out, _ = run(capsys, "--species", "rodent", "--json")
    assert status == 2 and json.loads(out)["problems"][0]["where"] == "--species"


def test_nothing_found_is_said(capsys) -> None:
    status, out, _ = run(capsys, "--species", "pig")
    assert status == 0 and "no row fits these words" in out


def test_a_study_is_added_in_three_commands(capsys, tmp_path) -> None:
    _, header, _ = run(capsys, "--template", "animal")
    row = dict.fromkeys(header.strip().split(","), "") | {
        "study": "smith2030",
        "reference": "10.1000/x",
        "design": "experiment",
        "species": "rat",
        "model": "cci",
        "cells": "bmsc",
        "route": "it",
        "outcome": "mechanical",
        "effect": "relief",
        "randomised": "yes",
        "blinded": "no",
        "certainty": "direct",
        "source_url": "https://example.org",
        "verified": "yes",
    }
    mine = tmp_path / "mine.csv"
    mine.write_text(header + ",".join(row.values()) + "\n", encoding="utf-8")
    assert run(capsys, "--lint", str(mine))[0] == 0
    status, out, _ = run(capsys, "--with", str(mine), "--study", "smith2030", "--rows")
    assert status == 0 and "smith2030" in out
    mine.write_text(header + ",".join((row | {"reference": "10.1172/JCI80883"}).values()) + "\n", encoding="utf-8")
    status, out, _ = run(capsys, "--lint", str(mine))
    assert status == 2 and "already entered as 'chen2015'" in out
    mine.write_text(header + ",".join((row | {"dose_cells": "1e12"}).values()) + "\n", encoding="utf-8")
    status, out, _ = run(capsys, "--lint", str(mine), "--json")
    assert status == 2 and json.loads(out)["problems"][0]["where"] == "mine.csv line 2, column dose_cells"
    assert run(capsys, "--with", str(mine))[0] == 2
    assert run(capsys, "--lint", str(tmp_path / "none.csv"))[0] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--export", "csv", "--species", "rat"),
        ("--export", "json"),
        ("--rows",),
        ("--priors",),
        ("--claims",),
        ("--priors", "--json"),
        ("--claims", "--json"),
        ("--words", "route"),
        ("--words", "ae_term", "--json"),
        ("--plain",),
        ("--plain", "--json"),
    ],
)
def test_every_way_out_works(capsys, arguments) -> None:
    status, out, err = run(capsys, *arguments)
    assert status == 0 and out and not err
    if "--json" in arguments or arguments[:2] == ("--export", "json"):
        json.loads(out)


def test_two_tables_do_not_go_into_one_csv(capsys) -> None:
    assert run(capsys, "--export", "csv")[0] == 2
    assert run(capsys, "--words", "colour")[0] == 2
