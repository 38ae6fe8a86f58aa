"""One page for a notebook: data quality, pictures, models, what may be concluded; without scripts or network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from thecal import __version__
from thecal.analysis.design.checklists import CHECKLISTS
from thecal.analysis.notebook.analysis import NOTICE, NotebookAnalysis, TestAnalysis
from thecal.analysis.notebook.checklists import checklist
from thecal.analysis.notebook.findings import KINDS, count_by_kind
from thecal.analysis.notebook.method import PUBLISHED, PUBLISHED_SOURCE
from thecal.analysis.statistics.summaries import ReliefWithIntervals
from thecal.core.files import write_text
from thecal.report.notebook.figures import contrast_figure, heading, overlay, response_curves, time_courses
from thecal.report.plain_page import fill

LISTED = 150  # findings on the page; all are in findings.csv


def write_report(found: NotebookAnalysis, path: str | os.PathLike[str], simulated: pd.DataFrame | None = None) -> Path:
    """Write the page, whole or not at all.

    Arguments:
        simulated: readings of a simulated study, drawn behind real groups of the same name.
    """
    return write_text(path, render(found, simulated))


def render(found: NotebookAnalysis, simulated: pd.DataFrame | None = None) -> str:
    """The page as text."""
    readings = found.notebook.readings
    return fill(
        "notebook/page.html",
        files=found.notebook.files,
        steps=found.notebook.steps,
        filaments=found.notebook.mapping.filament_set(),
        animals=readings["animal"].nunique(),
        readings=len(readings),
        excluded=int((~readings["included"]).sum()),
        counts=[(KINDS[kind], kind, count) for kind, count in count_by_kind(found.findings).items()],
        findings=_listed(found),
        listed=LISTED,
        total=len(found.findings),
        tests=[_section(found, test, simulated) for test in found.tests],
        curves=response_curves(found),
        curve_rows=found.curves,
        published=PUBLISHED,
        published_source=PUBLISHED_SOURCE,
        groups=_groups(readings),
        checklists=[checklist(name, found) for name in CHECKLISTS],
        notice=NOTICE,
        version=__version__,
        number=number,
        two=two,
        fold=fold,
        p_value=p_value,
    )


def _section(found: NotebookAnalysis, test: TestAnalysis, simulated: pd.DataFrame | None) -> dict[str, Any]:
    if test.analysis is None:
        return {"title": heading(test.title), "reason": test.reason, "analysis": None, "figures": []}
    figures = [
        time_courses(found, test),
        contrast_figure(test),
        overlay(found, test, simulated) if simulated is not None else None,
    ]
    return {
        "title": heading(test.title),
        "reason": "",
        "analysis": test.analysis,
        "figures": [f for f in figures if f is not None],
        "contrasts": test.analysis.contrasts.to_dict("records"),
        "unit": test.analysis.unit,
        "means": _table(test.analysis.means, ("arm", "day", "n", "mean", "sd", "low", "high", "censored")),
        "summaries": _table(test.analysis.summaries, ("summary", "name", "estimate", "low", "high", "p_adjusted")),
        "two_part": _table(
            test.analysis.two_part, ("name", "day", "share", "share_reference", "p_share_adjusted", "estimate_log10_s",
                                     "low", "high", "p_seconds_adjusted")
        ),
        "relief": [relief_row(r) for r in test.analysis.relief],
        "carry_over": _table(
            test.analysis.carry_over, ("name", "tested", "estimate", "low", "high", "df", "p")
        ),
        "model": _table(test.analysis.model, ("term", "F", "df1", "df2", "p")),
        "anova": _table(test.analysis.anova, ("term", "F", "df1", "df2", "p", "p_gg", "partial_eta2")),
        "assumptions": _table(test.analysis.assumptions, ("check", "statistic", "p", "verdict", "meaning")),
        "variability": test.analysis.variability.to_dict("records"),
        "conclusions": test.analysis.conclusions,
        "notes": [p for p in test.analysis.findings if p.severity != "note"],
        "plan": test.analysis.plan,
    }


def _listed(found: NotebookAnalysis) -> list:
    """Errors first, then warnings; the many alike of one kind share the room."""
    order = {"error": 0, "warning": 1, "note": 2}
    ranked = sorted(found.findings, key=lambda f: order[f.severity])
    seen: dict[str, int] = {}
    kept = []
    for finding in ranked:
        seen[finding.kind] = seen.get(finding.kind, 0) + 1
        if seen[finding.kind] <= 40 and len(kept) < LISTED:
            kept.append(finding)
    return sorted(kept, key=lambda f: list(KINDS).index(f.kind))


def _groups(readings: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for group, table in readings.groupby("group", sort=False):
        animals = table.drop_duplicates("animal")
        sexes = ", ".join(f"{n} {s}" for s, n in animals["sex"].value_counts().items() if s)
        out = animals.loc[~animals["animal"].isin(table.loc[table["included"], "animal"]), "animal"]
        rows.append(
            {
                "group": group or "(none)",
                "animals": len(animals),
                "sexes": sexes,
                "excluded": ", ".join(out),
                "days": ", ".join(f"{d:g}" for d in sorted(table["day"].dropna().unique())),
                "readings": len(table),
            }
        )
    return rows


def relief_row(relief: ReliefWithIntervals) -> dict[str, str]:
    """Observed relief of one group in words: hours between which it begins and ends."""

    def span(pair: tuple[float, float] | None) -> str:
        if pair is None:
            return "–"
        return f"{pair[0]:.3g} to {pair[1]:.3g}" if pair[1] < float("inf") else f"after {pair[0]:.3g}"

    seen = relief.observed
    return {
        "name": f"{relief.arm} − {relief.reference}",
        "seen": "; ".join((span(seen.onset_h), span(seen.end_h), span(seen.duration_h))) if seen.spans else "no relief",
        "share": f"{relief.share:.0%}",
        "onset": span(relief.onset_h),
        "end": span(relief.end_h),
        "duration": span(relief.duration_h),
    }


def _table(table: pd.DataFrame, columns: Sequence[str]) -> dict[str, Any]:
    """Columns that are there, as text."""
    have = [c for c in columns if c in table.columns]
    rows = (
        [
            [
                p_value(v) if c.startswith("p") and c != "partial_eta2" else number(v)
                for c, v in zip(have, row, strict=True)
            ]
            for row in table[have].itertuples(index=False)
        ]
        if have
        else []
    )
    return {"columns": have, "rows": rows}


def number(value: Any) -> str:
    """Three significant digits; a dash where there is none."""
    if isinstance(value, str) or value is None:
        return value or "–"
    if value != value:
        return "–"
    return f"{value:.3g}".replace("-", "−") if isinstance(value, float) else str(value)


def two(value: float) -> str:
    """Two decimals with a true minus sign; a dash where there is none."""
    if value != value:
        return "–"
    return f"{value:.2f}".replace("-", "−")


def fold(log10: float) -> str:
    """A ratio from its log10; beyond a millionfold only that is said."""
    if log10 != log10:
        return "–"
    if abs(log10) > 6:
        return "> 10⁶" if log10 > 0 else "< 10⁻⁶"
    return f"{10**log10:.2g}"


def p_value(value: Any) -> str:
    """A p value as journals print it."""
    if value is None or value != value:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
