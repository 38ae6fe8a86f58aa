"""The page for people: nothing fetched, unknown never empty, weights the reader's, bad species refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from thecal.analysis.translation.translate import Translation
from thecal.apps.cli import run
from thecal.report import markdown
from thecal.report.people import _icons, people_sections, render, write_page


@pytest.fixture(scope="module")
def found(to_human: Translation) -> dict:
    return to_human.as_dict()


@pytest.fixture(scope="module")
def page(found: dict) -> str:
    return render(found)


def test_page_stands_alone_and_repeats(page: str, found: dict) -> None:
    assert not re.search(r'<(?:script|link|img|iframe)[^>]+(?:src|href)=', page)
    assert "not medical advice" in page
    assert render(found) == page


def test_unknown_is_drawn_as_unknown() -> None:
    array = _icons({"label": "Growths", "filled": None, "low": None, "high": None, "of": 100, "unit": "people"})
    assert array["svg"].count("?</text>") == 100 and "circle" not in array["svg"]
    counted = _icons({"label": "Headache", "filled": 4, "low": 2, "high": 6, "of": 100, "unit": "injections"})
    assert (counted["svg"].count('"hit"'), counted["svg"].count('"maybe"')) == (4, 2)


def test_no_basis_is_said_and_benefit_is_not_drawn_without_a_trial(page: str) -> None:
    assert "<b class=\"assumed\">no basis</b>" in page
    draws = json.loads(re.search(r'id="draws">(.*?)</script>', page, re.S)[1].replace("<\\/", "</"))
    assert draws["peripheral_nerve_injury_pain"]["response"] is None
    assert min(draws["spinal_cord_injury_pain"]["unsure"]) < 10 < max(draws["spinal_cord_injury_pain"]["unsure"])


def test_every_hazard_has_a_row_and_numbers_without_script(page: str) -> None:
    for name in ("Headache", "Arachnoiditis and fibrosis", "Ectopic tissue", "Pain made worse", "Rejection"):
        assert name in page
    assert page.count('class="fixed"') == 4


def test_what_has_no_rate_is_named_as_not_weighed(page: str) -> None:
    for line in re.findall(r"nobody knows how often they strike: <b>(.*?)</b>", page):
        assert "Arachnoiditis and fibrosis" in line and "Ectopic tissue" in line and "Headache" not in line


def test_sections_for_another_page(found: dict) -> None:
    parts = people_sections(found, ("evidence", "translation"))
    assert [p["anchor"] for p in parts] == ["evidence", "translation"]
    assert "Why exposure differs" in parts[1]["html"]


def test_written_whole(found: dict, tmp_path: Path) -> None:
    assert write_page(found, tmp_path / "a" / "b").read_text("utf-8").endswith("</html>\n")
    assert json.loads((tmp_path / "a" / "b" / "translation.json").read_text())["rules"]


def test_markdown_of_the_summary() -> None:
    text = ("# Title\n\n## Part\n\nA **b** *c* <https://x.org/a>\nand <b>.\n\n- one\n  more\n- two\n\n"
            "| h | i |\n| --- | --- |\n| 1 | 2 |")
    assert markdown.html(text) == (
        '<h3>Part</h3>\n<p>A <strong>b</strong> <em>c</em> <a href="https://x.org/a">https://x.org/a</a> and '
        '&lt;b&gt;.</p>\n<ul><li>one more</li><li>two</li></ul>\n<div class="scroll"><table><thead><tr><th>h</th>'
        '<th>i</th></tr></thead><tbody><tr><th scope="row">1</th><td>2</td></tr></tbody></table></div>')


def test_command_refuses_a_species_without_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["translate", "chen2015", "--to", "dog"]) == 2
    told = capsys.readouterr()
    assert not told.out
    assert "no species of that name" in told.err and "cynomolgus" in told.err


def test_command_prints_the_rules(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A page for an animal has no benefit and no harm for people."""
    assert run(["translate", "chen2015", "--to", "rat", "--draws", "8", "--json", "--out", str(tmp_path)]) == 0
    assert len(json.loads(capsys.readouterr().out)["rules"]) == 5
    text = (tmp_path / "people.html").read_text("utf-8")
    assert 'id="translation"' in text and 'id="balance"' not in text
