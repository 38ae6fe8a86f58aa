"""The page as a file: no network, no script, sound references, the same bytes, the run's own numbers."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from thecal.analysis.outcome import StudyOutcome, open_outcome, summary
from thecal.report.study import external, render, write_report
from thecal.report.words import duration

LOADING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "manifest", "ping"}
VOID = {"meta", "br", "link", "img", "input", "hr", "col"}


class Reader(HTMLParser):
    """Collects tags, ids and references, and checks that what opens closes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if "id" in found:
            self.ids.append(found["id"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes <{self.open[-1:]}>"
        self.open.pop()


@pytest.fixture(scope="module")
def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def test_small_whole_and_without_script(page: str, read: Reader) -> None:
    assert len(page.encode()) < 2_000_000
    assert page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>")
    assert not read.open
    names = {tag for tag, _ in read.tags}
    assert not names & {"script", "iframe", "object", "embed", "link", "video", "audio", "base"}
    assert not any(key.startswith("on") for _, attributes in read.tags for key in attributes)


def test_nothing_is_loaded_from_elsewhere(page: str, read: Reader) -> None:
    for tag, attributes in read.tags:
        for key in LOADING & set(attributes):
            raise AssertionError(f"<{tag} {key}={attributes[key][:60]}>")
        link = attributes.get("href") or attributes.get("xlink:href") or ""
        if tag != "a":
            assert not link or link.startswith(("#", "data:image/png;base64,")), (tag, link[:60])
    style = re.search(r"<style>(.*?)</style>", page, flags=re.S)
    assert style and "url(" not in style[1] and "@import" not in style[1]
    assert external(page) == []
    assert external('<img src="https://example.org/x.png">') == ["https://example.org/x.png"]


def test_ids_are_unique_and_references_meet(page: str, read: Reader) -> None:
    assert len(read.ids) == len(set(read.ids))
    wanted = set(re.findall(r"url\(#([^)]+)\)", page)) | {
        a["href"][1:] for _, a in read.tags if a.get("href", "").startswith("#")}
    assert wanted <= set(read.ids)


def test_every_part_is_there(page: str) -> None:
    for anchor in ("about", "answer", "pain", "reversal", "places", "chain", "measured", "statistics", "claims",
                   "assumptions", "methods", "numbers", "provenance", "references"):
        assert f'<section id="{anchor}">' in page
    assert page.count("not medical advice") >= 2
    assert "CCI &amp; BMSC &lt;2.5e5&gt;" in page and "<2.5e5>" not in page
    assert "No growth factor is called IGF-β1" in page  # the notice of the press's slip
    assert "captured cells die too soon" in page
    figures = re.findall(r"<figcaption>(.*?)</figcaption>", page, flags=re.S)
    assert len(figures) >= 10
    assert all("imulated" in caption and "data:text/csv" in caption for caption in figures)


def test_same_run_same_bytes(folder: Path, page: str, tmp_path: Path) -> None:
    from report.claim_rows import CLAIMS

    assert write_report(open_outcome(folder), tmp_path / "a.html", CLAIMS).read_text("utf-8") == page


def test_numbers_are_the_summary_s(outcome: StudyOutcome, page: str) -> None:
    rows = dict(re.findall(r'<tr data-arm="(\w+)" data-hours="([\d.e+-]+)">', page))
    cells = {arm: re.findall(r"<td[^>]*>(.*?)</td>", row) for arm, row in
             re.findall(r'<tr data-arm="(\w+)"[^>]*>(.*?)</tr>', page, flags=re.S)}
    told = {arm["id"]: arm["relief"] for arm in summary(outcome)["arms"] if arm["relief"]}
    assert set(rows) == set(told) == {"cells", "protein", "antibody"}
    for arm, relief in told.items():
        latent = relief["latent"]
        assert float(rows[arm]) == latent["duration_h"]
        assert cells[arm][1] == (duration(latent["onset_h"]) if latent["spans"] else "–")
        assert duration(latent["duration_h"]) in cells[arm][3] or not latent["spans"]
        assert f"{100 * latent['best']:.0f}\u00a0%" == cells[arm][4]


def test_data_of_a_figure_are_the_run_s(outcome: StudyOutcome, page: str) -> None:
    link = re.search(r'download="small-pain-cells.csv" href="data:text/csv;charset=utf-8,([^"]*)"', page)
    assert link
    rows = list(csv.DictReader(io.StringIO(unquote(link[1]))))
    mean = outcome.visit_means("von_frey")["cells"]
    seen = {float(r["day"]): float(r["value"]) for r in rows
            if r["arm"] == "cells" and r["series"] == "mean ± SEM" and r["paw"] == "ipsilateral"}
    assert set(seen) == set(np.round(mean.index, 3))
    assert np.allclose([seen[round(d, 3)] for d in mean.index], 10**mean.to_numpy(), rtol=1e-3)
    latent = {float(r["day"]): float(r["value"]) for r in rows if r["arm"] == "cells" and r["series"] == "latent mean"}
    animals = outcome.results.read("animals").to_pandas()
    start = animals.loc[animals["arm"] == "cells", "baseline_log10_g"].mean()
    times, fall = outcome.curve("cells")
    expected = 10 ** (start - np.interp(list(latent), times, fall))
    assert len(latent) > 10 and np.allclose(list(latent.values()), expected, rtol=0.02)


def test_a_study_without_treatment_has_a_report_too(tmp_path: Path) -> None:
    from thecal.engine.run import run_study
    from thecal.study.load import loads
    from thecal.study.resolve import resolve

    text = ("thecal: 1\nname: course\ntitle: Natural course\nspecies: mouse\nn: 3\nend: 14 d\n"
            "injury: {model: SNI, day: 0 d}\narms:\n  - {id: sni, role: vehicle}\n  - {id: naive, injury: naive}\n"
            "tests:\n  - {assay: von Frey, days: [-1, 7, 14]}\nanalysis: {outcome: difference, reference: sni}\n")
    plan = resolve(loads(text, "course.yaml"))
    run_study(plan, text, tmp_path / "run", solver="reference", draws=0).close()
    page = render(open_outcome(tmp_path / "run"), [])
    assert "nothing was given that could relieve pain" in page
    assert '<section id="claims">' not in page and external(page) == []


def test_people_are_told_that_relief_is_the_model_s(tmp_path: Path) -> None:
    from dataclasses import replace

    from thecal.engine.run import run_study
    from thecal.study.load import load, source_text
    from thecal.study.resolve import resolve

    plan = resolve(load("human-lumbar"))
    plan = replace(plan, arms=tuple(replace(arm, n=2) for arm in plan.arms))
    text = source_text("human-lumbar")[0].decode()
    run_study(plan, text, tmp_path / "run", solver="compiled", draws=0).close()
    page = render(open_outcome(tmp_path / "run"), [])
    assert "it speaks of the model, not of a patient" in page
    assert "statement about the model only" in page
    assert "simulated people" not in page
