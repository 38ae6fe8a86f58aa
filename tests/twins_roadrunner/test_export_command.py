"""``thecal export``: what is written where, and bad input in the user's words."""

import json
from xml.etree import ElementTree as ET

from thecal.apps.cli import run


def test_one_arm_to_a_file_and_to_the_terminal(tmp_path, capsys):
    assert run(["export", "human-lumbar", "--arm", "vehicle", "--out", str(tmp_path / "v.xml"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"files": [str(tmp_path / "v.xml")]}
    assert run(["export", "human-lumbar", "--arm", "vehicle", "--out", "-"]) == 0
    printed = capsys.readouterr().out
    assert printed == (tmp_path / "v.xml").read_text(encoding="utf-8")
    assert ET.fromstring(printed.encode()).get("level") == "3"


def test_all_arms_to_a_folder_and_a_petab_problem(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["export", "human-lumbar"]) == 0
    assert {p.name for p in (tmp_path / "exports" / "human-lumbar").iterdir()} >= {"vehicle.xml", "bmsc_1e8.xml"}
    assert run(["export", "human-lumbar", "--petab", "--arm", "vehicle", "--out", "there"]) == 0
    assert {p.name for p in (tmp_path / "there" / "vehicle").iterdir()} == {
        "problem.yaml", "model.xml", "conditions.tsv", "observables.tsv", "measurements.tsv", "parameters.tsv"}


def test_bad_input_is_one_clear_error(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for arguments, words in ((["--arm", "nobody"], "no such arm"), (["--out", "-"], "only one document"),
                             (["--arm", "vehicle", "--out", str(tmp_path / "file" / "x.xml")], "cannot be written")):
        assert run(["export", "human-lumbar", *arguments]) == 2
        shown = capsys.readouterr()
        assert words in shown.err and shown.err.count("error:") == 1 and shown.out == ""
