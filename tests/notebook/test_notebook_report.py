"""The page of a notebook: whole, self-contained, and with a simulated study drawn behind the real one."""

import re

import numpy as np
import pandas as pd
import pytest

from thecal.analysis.notebook.analysis import analyse_notebook
from thecal.analysis.notebook.read import read_notebook
from thecal.analysis.notebook.table import readings_of_von_frey
from thecal.analysis.statistics import AnalysisPlan
from thecal.assay.filaments import filament_set
from thecal.assay.von_frey import VonFreySettings, measure
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
