"""One page for a design, without scripts or network."""

from __future__ import annotations

from pathlib import Path

from thecal import __version__
from thecal.analysis.design.power import TESTS
from thecal.analysis.design.study_design import Design
from thecal.core.files import write_text
from thecal.report.design.figures import choices_figure, power_figure
from thecal.report.plain_page import fill


def write_page(design: Design, path: Path) -> Path:
    """Write the page, whole or not at all."""
    return write_text(path, render(design))


def render(design: Design) -> str:
    """The page as text."""
    figures = [] if design.power.empty else [f for f in (power_figure(design), choices_figure(design)) if f is not None]
    lists: dict[str, list] = {}
    for item in design.checklists:
        lists.setdefault(item.checklist, []).append(item)
    return fill(
        "design/page.html", design=design, figures=figures, rows=wide(design), tests=TESTS, lists=lists,
        version=__version__, sequential=design.sequential.to_dict("records"), assured=assured(design),
        conduct=[r for r in design.conduct.to_dict("records") if r["test"] == "mean"])


def wide(design: Design) -> list[dict]:
    """One row per comparison: power of each test at the planned n, and the n that each test needs."""
    rows = []
    for name, part in design.needed.groupby("name", sort=False) if len(design.needed) else ():
        by = part.set_index("test")
        rows.append({"name": name, "n": int(part["planned_n"].iloc[0]), "visit": str(part["planned_visit"].iloc[0]),
                     "power": {t: (float(by.loc[t, "power"]), float(by.loc[t, "low"]), float(by.loc[t, "high"]))
                               for t in TESTS},
                     "needed": {t: (int(by.loc[t, "needed_n"]) if by.loc[t, "needed_n"] > 0 else None) for t in TESTS}})
    return rows


def assured(design: Design) -> list[dict]:
    """Assurance by test: the mean over parameter draws, and the middle 80 %."""
    if design.assurance.empty:
        return []
    power = design.assurance.groupby("test", sort=False)["power"]
    return [{"test": t, "mean": float(p.mean()), "low": float(p.quantile(0.1)), "high": float(p.quantile(0.9))}
            for t, p in power]
