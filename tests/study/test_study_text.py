"""YAML text to plain data: the traps of the format, each with a line and a remedy."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from thecal.core.errors import ThecalError
from thecal.study.model.text import MAX_DEPTH, read


def data(text: str):
    return read(text, "f").data


def problem(text: str | bytes):
    with pytest.raises(ThecalError) as caught:
        read(text, "f.yaml")
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


def test_numbers_and_words_follow_yaml_1_2():
    assert data("a: 1e6\nb: 2.5E5\nc: .5\nd: 007\ne: -3\nf: 1.") == {
        "a": 1e6, "b": 2.5e5, "c": 0.5, "d": 7, "e": -3, "f": 1.0}
    assert isinstance(data("a: 1e6")["a"], float)
    assert data("a: no\nb: on\nc: yes\nd: 12:30:45\ne: 0x1F\nf: 1_000\ng: 2015-07-13") == {
        "a": "no", "b": "on", "c": "yes", "d": "12:30:45", "e": "0x1F", "f": "1_000", "g": "2015-07-13"}
    assert data("a: true\nb: null\nc: ~\nd:\ne: 'true'\nf: \"1e6\"") == {
        "a": True, "b": None, "c": None, "d": None, "e": "true", "f": "1e6"}


@pytest.mark.parametrize("text", [
    "a: [1, {b: c}]\nd:\n  - e\n  - f: g\n    h: [i]\n", "a: &x {b: 1}\nc: *x\n",
    "a: |\n  two\n  lines\nb: >\n  fold\n  ed\n",
    "a: 'it''s'\nb: \"t\\tab\"\n? c\n: d\n", "a: {}\nb: []\n"])
def test_structure_is_read_as_the_library_reads_it(text):
    assert data(text) == YAML(typ="safe", pure=True).load(text)


def test_lines_are_kept():
    document = read("a: 1\nb:\n  - c: 2\n  - d: 3\n", "f")
    assert [document.line_of(p) for p in [("a",), ("b",), ("b", 0, "c"), ("b", 1), ("b", 1, "nothing")]] == [
        1, 2, 3, 4, 4]


@pytest.mark.parametrize(("text", "code", "line"), [
    ("a: 1\nb: 2\na: 3\n", "duplicate-key", 3), ("a:\n\tb: 1\n", "yaml", 2), ("a: 1\n---\nb: 1\n", "yaml", 2),
    ("a: !!python/name:os.system\n", "yaml-tag", 1), ("a: !secret x\n", "yaml-tag", 1), ("a: *b\n", "alias", 1),
    ("a: &b [*b]\n", "alias", 1), ("x: 1\n<<: {a: 1}\n", "yaml-key", 2), ("? [a]\n: 1\n", "yaml-key", 1),
    ("a: [1, 2\n", "yaml", 2), ("a: " + "[" * (MAX_DEPTH + 1), "depth", 1)])
def test_what_is_refused_and_where(text, code, line):
    found = problem(text)
    assert found.code == code and f"line {line}" in found.where and found.remedy


def test_an_alias_counts_at_its_full_size():
    text = "a: &a [1, 2, 3]\n" + "".join(f"b{k}: *a\n" for k in range(100))
    assert len(data(text)) == 101
    bomb = "a0: &a0 [x]\n" + "".join(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]\n" for k in range(1, 30))
    assert problem(bomb).code == "alias-bomb"


def test_a_file_that_is_not_text():
    found = problem(b"name: x\nend: \xff\n")
    assert found.code == "encoding" and "line 2" in found.where and "0xff" in found.seen
    assert read(b"\xef\xbb\xbfname: x\n", "f").data == {"name": "x"}  # a byte order mark is no fault
