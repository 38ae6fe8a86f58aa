"""From entries as written to readings: thresholds by the one estimator, means of repeats, bounds at cut-offs."""

from __future__ import annotations

import datetime
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd

from thecal.analysis.notebook.findings import Finding
from thecal.analysis.notebook.forces import counted, per_cent_sources
from thecal.analysis.notebook.layout import Entry, finding_at
from thecal.analysis.notebook.mapping import Mapping
from thecal.analysis.notebook.series_check import CleanSeries, check_series
from thecal.analysis.notebook.spelling import read_name, read_number, read_sex
from thecal.analysis.notebook.table import frame, threshold_columns, with_logs
from thecal.analysis.notebook.vocabulary import UNITS
from thecal.assay.percent_response import fit_counts
from thecal.assay.sudo import sudo
from thecal.assay.threshold import estimate

RANGES = {
    "von_frey": (1e-4, 400.0),
    "electronic_von_frey": (0.01, 1000.0),
    "hargreaves": (0.1, 120.0),
    "cold_plate": (0.1, 600.0),
    "acetone": (0.0, 300.0),
    "score": (-1000.0, 1000.0),
    "place_preference": (-7200.0, 7200.0),
}
_EMPTY_WORDS = {"", "na", "n/a", "nan", "-", "--", "?", "nd", "n.d.", "missing", "none", "null", "."}


def readings_from(entries: list[Entry], mapping: Mapping, steps: str = "nominal") -> tuple[pd.DataFrame, list[Finding]]:
    """Every entry that says something, as a row of the readings table.

    Arguments:
        steps: "nominal" (equal steps, as published thresholds) or "exact" (true forces).

    Returns: the table; findings. Entries without any content are visits that did not happen.
    """
    rows: list[dict[str, Any]] = []
    findings: list[Finding] = []
    _say_empty(entries, findings)
    series = [e for e in entries if e.assay == "von_frey" and e.series is not None and not _is_empty(e.series)]
    rows += _series_rows(series, mapping, steps, findings)
    rows += _number_rows([e for e in entries if e.numbers], mapping, findings)
    rows += _count_rows([e for e in entries if e.counts], findings)
    table = with_logs(frame(rows))
    return table, findings


def _say_empty(entries: list[Entry], findings: list[Finding]) -> None:
    empty = [
        e
        for e in entries
        if _is_empty(e.series) and all(map(_is_empty, e.numbers)) and all(_is_empty(c[1]) for c in e.counts)
    ]
    if empty:
        findings.append(
            Finding(
                "missing_visit",
                f"{len(empty)} lines or cells without a reading, the first: {empty[0].animal}, {empty[0].where}",
                "no reading",
                severity="note",
            )
        )


def _series_rows(entries: list[Entry], mapping: Mapping, steps: str, findings: list[Finding]) -> list[dict[str, Any]]:
    if not entries:
        return []
    filaments = mapping.filament_set()
    clean, found, _ = check_series(entries, mapping, filaments)
    findings += found
    usable = [i for i, series in enumerate(clean) if series.usable]
    thresholds = estimate(
        [clean[i].letters for i in usable] or [""], [clean[i].last for i in usable] or [1], filaments, steps=steps
    )
    columns = threshold_columns(thresholds)
    if mapping.method == "sudo":
        columns |= _sudo_columns([clean[i] for i in usable], mapping)
    rows = []
    for entry, series in zip(entries, clean, strict=True):
        rows.append(
            _common(entry)
            | {"series": series.letters, "last_filament": series.last or None, "note": series.note, "unit": "g"}
        )
    for at, i in enumerate(usable):
        rows[i].update({name: values[at] for name, values in columns.items()})
    return rows


def _sudo_columns(series: list[CleanSeries], mapping: Mapping) -> dict[str, np.ndarray]:
    """SUDO thresholds: no interval and no censoring; none where there are not five touches."""
    first = mapping.filament_set().first_number
    log10_g = sudo([s.letters for s in series] or [""], [s.last + first - 1 for s in series] or [0], mapping.species)
    nothing = np.full(log10_g.size, np.nan)
    return {
        "value": 10.0**log10_g,
        "value_log10": log10_g,
        "low": nothing,
        "high": nothing,
        "censored": np.full(log10_g.size, ""),
    }


def _number_rows(entries: list[Entry], mapping: Mapping, findings: list[Finding]) -> list[dict[str, Any]]:
    groups: dict[tuple, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[_key(entry)].append(entry)
    repeated = {
        assay: _are_repeats(
            [len(g) for key, g in groups.items() if key[2] == assay],
            any(e.trial is not None for e in entries if e.assay == assay),
        )
        for assay in {e.assay for e in entries}
    }
    for assay, yes in repeated.items():
        if yes:
            findings.append(
                Finding(
                    "columns",
                    f"several {assay.replace('_', ' ')} readings per animal and day",
                    "their mean is the reading",
                    severity="note",
                )
            )
    rows = []
    for key, members in groups.items():
        for together in [members] if repeated[key[2]] else [[member] for member in members]:
            row = _one_number(together, mapping, findings)
            if row is not None:
                rows.append(row)
    _suspect_cutoffs(rows, mapping, findings)
    return rows


def _key(entry: Entry) -> tuple:
    a = entry.attributes
    return (
        entry.animal,
        entry.day if entry.day is not None else entry.day_text,
        entry.assay,
        str(a.get("paw", "")),
        str(a.get("stimulus", "")),
        str(a.get("group", "")),
        str(a.get("observer", "")),
    )


def _are_repeats(sizes: list[int], trials_named: bool) -> bool:
    several = [size for size in sizes if size > 1]
    if trials_named:
        return bool(several)
    usual = max(set(sizes), key=sizes.count, default=1)
    return usual > 1 and sizes.count(usual) >= 0.8 * len(sizes) and len(sizes) >= 3


def _one_number(entries: list[Entry], mapping: Mapping, findings: list[Finding]) -> dict[str, Any] | None:
    first, assay = entries[0], entries[0].assay
    cells = [cell for entry in entries for cell in entry.numbers if not _is_empty(cell)]
    if not cells:
        return None
    low, high = RANGES.get(assay, (-np.inf, np.inf))
    cutoff = mapping.cutoff_of(assay)
    values: list[float] = []
    sides = set()
    for cell in cells:
        number = read_number(cell)
        if number is None:
            cause = (
                "the spreadsheet turned the number into a date"
                if isinstance(cell, datetime.date)
                else "text in a column of numbers"
            )
            findings.append(finding_at(first, "cell", f"'{cell}' is not a number", "not used", cause, "error"))
        elif not low <= number.value <= high:
            findings.append(
                finding_at(
                    first,
                    "value",
                    f"{number.value:g} {UNITS.get(assay, '')} is outside what {assay.replace('_', ' ')} can give "
                    f"({low:g} to {high:g})",
                    "not used",
                    "a decimal point or unit slip",
                    "error",
                )
            )
        else:
            at_limit = cutoff is not None and number.value >= cutoff
            sides.add(">" if at_limit else number.side)
            values.append(min(number.value, cutoff) if cutoff is not None else number.value)
    row = _common(first) | {"unit": UNITS.get(assay, ""), "note": "" if values else "no readable value"}
    if not values:
        return row
    if not assay:
        findings.append(
            finding_at(
                first,
                "columns",
                "it is not clear which test these numbers are from",
                "kept without analysis",
                "name it: --assay, or assay: in a mapping file",
                "error",
            )
        )
    if ">" in sides and cutoff is not None:
        findings.append(
            finding_at(
                first,
                "cutoff",
                f"at the cut-off of {cutoff:g} {UNITS[assay]}",
                "kept as censored from below",
                severity="note",
            )
        )
    side = ">" if ">" in sides else "<" if "<" in sides else ""
    return row | {"value": float(np.mean(values)), "censored": side}


def _suspect_cutoffs(rows: list[dict[str, Any]], mapping: Mapping, findings: list[Finding]) -> None:
    """Many readings at one same highest value look like a cut-off that the notebook does not state."""
    for assay in ("hargreaves", "cold_plate", "von_frey", "electronic_von_frey"):
        values = [row["value"] for row in rows if row["assay"] == assay and "value" in row and not row["censored"]]
        if assay in mapping.cutoff or len(values) < 10:
            continue
        top = max(values)
        if values.count(top) >= max(3, 0.05 * len(values)) and values.count(top) >= 3 and top == round(top, 1):
            findings.append(
                Finding(
                    "cutoff",
                    f"{values.count(top)} of {len(values)} {_words(assay)} readings are exactly {top:g} {UNITS[assay]}",
                    "kept as exact values",
                    likely_cause=f"a cut-off; say so in a mapping file: cutoff: {{{assay}: {top:g}}}",
                )
            )


def _count_rows(entries: list[Entry], findings: list[Finding]) -> list[dict[str, Any]]:
    groups: dict[tuple, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[_key(entry)].append(entry)
    sessions: dict[tuple[float, ...], list[tuple[Entry, list[float], list[float]]]] = defaultdict(list)
    rows = []
    written = ((_source(e), hits, touched) for e in entries for _, hits, touched in e.counts)
    shares = per_cent_sources(written, findings)
    for members in groups.values():
        counts = _clean_counts(members, findings, shares)
        if counts:
            forces = tuple(sorted(counts))
            sessions[forces].append((members[0], [counts[f][0] for f in forces], [counts[f][1] for f in forces]))
        elif any(not _is_empty(cell) for e in members for _, cell, _ in e.counts):
            rows.append(_common(members[0]) | {"unit": "g", "note": "counts not readable"})
    for forces, group in sessions.items():
        fitted = threshold_columns(fit_counts(np.log10(forces), [s[1] for s in group], [s[2] for s in group]))
        for at, (entry, hits, touched) in enumerate(group):
            series = " ".join(f"{f:g}g:{h:g}/{t:g}" for f, h, t in zip(forces, hits, touched, strict=True))
            rows.append(_common(entry) | {name: values[at] for name, values in fitted.items()} | {"series": series})
    return rows


def _source(entry: Entry) -> str:
    """File and sheet."""
    return entry.where.rsplit(", row", 1)[0]


def _clean_counts(
    members: list[Entry], findings: list[Finding], shares: set[str]
) -> dict[float, tuple[float, float]]:
    """Force in g -> (responses, touches) of one session; a force given twice is added up.

    Arguments:
        shares: files and sheets whose bare numbers are per cent.
    """
    counts: dict[float, tuple[float, float]] = {}
    for entry in members:
        for cells in entry.counts:
            if _is_empty(cells[1]):
                continue
            force = read_number(cells[0])
            hits, touched = counted(cells[1], cells[2], _source(entry) in shares)
            if hits is None or force is None or not force.value > 0:
                findings.append(
                    finding_at(
                        entry,
                        "cell",
                        f"'{cells[1]}' at '{cells[0]}' is not a count at a force",
                        "not used",
                        severity="error",
                    )
                )
            elif touched is None:
                findings.append(
                    finding_at(
                        entry,
                        "value",
                        "the number of touches is not given",
                        "not used",
                        "name it: touches: in a mapping file",
                        "error",
                    )
                )
            elif not (
                0 <= hits.value <= touched.value <= 1000
                and hits.value == round(hits.value)
                and touched.value == round(touched.value)
            ):
                findings.append(
                    finding_at(
                        entry,
                        "value",
                        f"{hits.value:g} responses of {touched.value:g} touches",
                        "not used",
                        "a typing slip, or per cent",
                        "error",
                    )
                )
            else:
                before = counts.get(force.value, (0.0, 0.0))
                counts[force.value] = (before[0] + hits.value, before[1] + touched.value)
    return counts


def _common(entry: Entry) -> dict[str, Any]:
    a = entry.attributes
    text = {name: read_name(a.get(name)) for name in ("group", "cohort", "observer", "stimulus")}
    return text | {
        "animal": entry.animal,
        "sex": read_sex(a.get("sex")),
        "paw": read_name(a.get("paw")).lower(),
        "day": np.nan if entry.day is None else entry.day,
        "assay": entry.assay,
        "included": True,
        "censored": "",
        "note": "",
        "where": entry.where,
    }


def _words(assay: str) -> str:
    return assay.replace("_", " ")


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in _EMPTY_WORDS)
