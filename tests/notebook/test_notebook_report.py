"""The page of a notebook: whole, self-contained, and with a simulated study drawn behind the real one."""

import re
from importlib import resources

import numpy as np
import pandas as pd
import pytest

from thecal.analysis.design.checklists import CHECKLISTS
from thecal.analysis.notebook.analysis import analyse_notebook
from thecal.analysis.notebook.checklists import checklist, write_checklists
from thecal.analysis.notebook.mapping import Mapping
from thecal.analysis.notebook.read import Notebook, read_notebook
from thecal.analysis.notebook.table import readings_of_von_frey
from thecal.analysis.statistics import AnalysisPlan
from thecal.assay.filaments import filament_set
from thecal.assay.von_frey import VonFreySettings, measure
from thecal.core.errors import ThecalError
from thecal.report.drawing import CSS
from thecal.report.notebook.page import render, write_report

MOUSE = filament_set("mouse")


def sessions(seed, n):
    tables = []
    for group, shift in (("sham", 0.0), ("CCI <&>", -0.9)):
        for visit, day in enumerate((-1, 3, 7)):
            latent = np.full(n, 0.0 if day < 0 else shift)
            out = measure(latent, -latent, seed, group, np.arange(n), visit, VonFreySettings(MOUSE))
            tables.append(readings_of_von_frey(out, MOUSE, [f"{group[0]}{i}" for i in range(n)], group, day))
    return pd.concat(tables)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    table = sessions(3, 8)
    path = tmp_path_factory.mktemp("notebook") / "mice.csv"
    table[["animal", "day", "series", "last_filament", "group"]].to_csv(path, index=False)
    return analyse_notebook(read_notebook([path]), plan=AnalysisPlan(bootstraps=0, imputations=3))


def test_page_is_whole_and_asks_nothing_of_the_network(found, tmp_path):
    page = write_report(found, tmp_path / "report.html")
    text = page.read_text()
    assert text.rstrip().endswith("</html>") and page.stat().st_size < 2_000_000
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text) and "<script" not in text
    assert "CCI &lt;&amp;&gt;" in text and "CCI <&>" not in text
    assert "not medical advice" in text and text.count('<svg class="panel"') >= 4
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_every_colour_of_the_page_is_defined(found):
    """A colour that the page does not define paints nothing: the animals would be there and not be seen."""
    text = render(found)
    assert set(re.findall(r"var\((--[a-z-]+)\)", text)) <= set(re.findall(r"(--[a-z-]+):", text))
    design = (resources.files("thecal") / "report" / "plain_page.html").read_text(encoding="utf-8")
    assert {re.search(r"--[a-z-]+", value)[0] for value in CSS.values() if "var" in value} <= set(
        re.findall(r"(--[a-z-]+):", design))


def test_checklists_are_filled_as_far_as_the_notebook_goes(found, tmp_path):
    items = {(i.checklist, i.id): i for name in CHECKLISTS for i in checklist(name, found)}
    assert len(items) == 31 and "2 groups" in items["ARRIVE 2.0", "1"].answer
    assert items["ARRIVE 2.0", "14"].status == "open" and items["ARRIVE 2.0", "5"].status == "open"
    assert "ARRIVE 2.0" in render(found) and "blinded" not in items["ARRIVE 2.0", "5"].answer
    write_checklists(found, tmp_path / "checklists.csv")
    assert len(pd.read_csv(tmp_path / "checklists.csv")) == 31


def test_relief_summaries_and_equivalence_stand_on_the_page():
    notebook = Notebook(sessions(5, 8), (), Mapping(), "nominal", ("mice",))
    plan = AnalysisPlan(bootstraps=20, imputations=2, sensitivity=False, dose_day=0.0, equivalence_margin=0.3)
    text = render(analyse_notebook(notebook, plan=plan))
    for heading in ("Onset and loss of relief", "Per-animal summaries", "P, equivalence within", "Means and spread"):
        assert heading in text


def test_contrasts_stand_on_the_page(found):
    row = next(r for r in found.as_dict()["contrasts"] if r["day"] == 3)
    assert f"{row['estimate_log10_g']:.2f}".replace("-", "−") in render(found)


def test_simulated_band_holds_the_animals_it_should(found):
    """Real and simulated come from one truth, so about 90 % of the real readings lie in the band."""
    text = render(found, sessions(99, 400).rename(columns={"group": "arm"}))
    shares = [int(share) for share in re.findall(r"<small>(\d+)% of 24 real readings lie in the band", text)]
    assert len(shares) == 2 and min(shares) >= 70


def test_a_notebook_that_cannot_be_analysed_still_gets_a_page(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("mouse,day,latency\nm1,3,7\nm2,3,?\n")
    text = render(analyse_notebook(read_notebook([path])))
    assert "Not analysed: no groups are given" in text


def test_small_and_odd_notebooks_give_a_page_or_a_reason(tmp_path):
    """Few animals, no variation, one day, zeros, empty groups: never a crash, always a reason."""
    rng = np.random.default_rng(2)
    for number in range(25):
        column = ("threshold", "latency", "score", "acetone", "series")[number % 5]
        lines = [f"mouse,day,group,{column}"]
        for group in range(rng.integers(1, 4)):
            for animal in range(rng.integers(1, 4)):
                for day in (-1, 3, 7)[: rng.integers(1, 4)]:
                    cell = (
                        rng.choice(["oxooxx 5", "xxxx 1"])
                        if column == "series"
                        else rng.choice(["1.5", "0", "3", "<0.1"])
                    )
                    lines.append(f"g{group}m{animal},{day},{('sham', 'SNI', 'drug')[group]},{cell}")
        path = tmp_path / f"{number}.csv"
        path.write_text("\n".join(lines))
        try:
            found = analyse_notebook(
                read_notebook([path]), plan=AnalysisPlan(bootstraps=0, sensitivity=False, imputations=2)
            )
        except ThecalError as error:
            assert "no reading could be used" in str(error)
            continue
        assert all(test.analysis is not None or test.reason for test in found.tests)
        assert render(found).rstrip().endswith("</html>")
