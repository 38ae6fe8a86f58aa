"""Read a notebook: files in, readings and findings out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from thecal.analysis.notebook.estimates import readings_from
from thecal.analysis.notebook.files import read_file
from thecal.analysis.notebook.findings import KINDS, Finding
from thecal.analysis.notebook.layout import Layout, read_layout
from thecal.analysis.notebook.mapping import Mapping, read_mapping
from thecal.analysis.notebook.roster import attach, design_findings, settle_names
from thecal.analysis.notebook.visits import mark_duplicates, missing_visits, resolve_days
from thecal.core.errors import ThecalError

MOST_LISTED = 2000  # findings of one kind


@dataclass(frozen=True)
class Notebook:
    """What the files hold.

    Arguments:
        readings: the table of :mod:`thecal.analysis.notebook.table`.
        findings: everything odd, in the order of :data:`KINDS`.
        mapping: how the files were read. steps: how thresholds were estimated.
    """

    readings: pd.DataFrame
    findings: tuple[Finding, ...]
    mapping: Mapping
    steps: str
    files: tuple[str, ...]


def read_notebook(
    files: Sequence[str | Path], meta: Sequence[str | Path] = (), mapping: Mapping | None = None, steps: str = "nominal"
) -> Notebook:
    """Import, check and estimate.

    Arguments:
        files: XLSX or CSV with readings, long or wide.
        meta: files that list the animals (group, sex, cohort, exclusion).
        mapping: how to read columns and words where they are not understood by themselves.
        steps: "nominal" or "exact" filament steps.

    Returns: :class:`Notebook`. Nothing is dropped: what cannot be used stays as a row with a note, or as a finding.
    Errors: ThecalError when a file cannot be read or no reading is found.
    """
    mapping = mapping or read_mapping(None)
    layout, looked_at = Layout(), []
    for path in [*files, *meta]:
        sheets = read_file(path)
        if mapping.sheet is not None and path not in meta:
            sheets = [s for s in sheets if s.source.endswith(f":{mapping.sheet}") or ":" not in s.source]
        for sheet in sheets:
            looked_at.append((sheet, read_layout(sheet, mapping, layout)))
    _say_unread(looked_at, layout)
    if not layout.entries:
        raise _nothing(looked_at, layout)
    settle_names(layout, mapping)
    layout.entries = resolve_days(layout.entries, layout.findings)
    readings, found = readings_from(layout.entries, mapping, steps)
    if not readings["value"].notna().any():
        raise _no_values(found + layout.findings, [str(Path(f).name) for f in files])
    layout.findings += found
    readings = attach(readings, layout)
    readings = mark_duplicates(readings, layout.findings)
    missing_visits(readings, layout.findings)
    layout.findings += design_findings(readings)
    return Notebook(
        readings, _in_order(layout.findings), mapping, steps, tuple(str(Path(f).name) for f in [*files, *meta])
    )


def _in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """By kind, animal and day; of a kind with thousands, the first are listed and the rest counted."""
    kept: list[Finding] = []
    for kind in KINDS:
        some = sorted(
            (f for f in findings if f.kind == kind), key=lambda f: (f.animal, f.day if f.day is not None else -1e9)
        )
        kept += some[:MOST_LISTED]
        if len(some) > MOST_LISTED:
            kept.append(Finding(kind, f"{len(some)} findings of this kind", f"the first {MOST_LISTED} are listed"))
    return tuple(kept)


def _say_unread(looked_at: list, layout: Layout) -> None:
    for sheet, understood in looked_at:
        if not understood:
            layout.findings.append(
                Finding("file", f"{sheet.source} holds no table of animals", "not read", where=sheet.source)
            )


def _nothing(looked_at: list, layout: Layout) -> ThecalError:
    sheet = looked_at[0][0] if looked_at else None
    first = next((row for row in sheet.rows if any(c is not None for c in row)), []) if sheet else []
    seen = ", ".join(str(cell)[:40] for cell in first[:12] if cell is not None)
    what = (
        "only a list of animals was found, no readings"
        if layout.animals
        else "no table of animals and readings was found"
    )
    return ThecalError.single(
        sheet.source if sheet else "files",
        what,
        seen=seen[:300],
        allowed="a header row that names the animal, the day and a reading (series, threshold, latency ...)",
        remedy="name the columns in a mapping file and give it with --map",
    )


def _no_values(findings: list[Finding], files: list[str]) -> ThecalError:
    first = next((f for f in findings if f.severity == "error"), None)
    return ThecalError.single(
        ", ".join(files)[:200],
        "no reading could be used",
        seen=f"{first.where}: {first.what}"[:300] if first else "all cells are empty",
        remedy=first.likely_cause if first and first.likely_cause else "check the columns with a mapping file",
    )
