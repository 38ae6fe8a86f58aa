"""Write our own counts and intervals for the twin in R: python export_ours.py, then Rscript metafor.R."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from thecal.analysis.evidence import harms, query, synthesis, tables

HERE = Path(__file__).parent / "inputs"
TERMS = ("headache", "fever", "dizziness", "puncture_pain")


def events() -> list[tuple[str, str, int, int]]:
    """(term, study, events, total) per injection of intrathecal stromal cells."""
    wanted = query.Selection.of(route=["it"], cells=["stromal"])
    rows = [e for e in tables.load().human if wanted.takes(e)]
    return [
        (c.term, c.study, int(c.events or 0), int(c.total or 0))
        for c in harms.counts(rows)
        if c.term in TERMS and c.unit == "injections" and c.status != "unusable"
    ]


def times() -> list[tuple[str, str, float, float | None]]:
    """(onset or duration, study, low, high) of relief in all animals with living cells."""
    wanted = query.Selection.of(cells=["living"], effect=["relief"], design=["experiment"])
    rows = [e for e in tables.load().animal if wanted.takes(e)]
    return [
        (what, study, low, high if math.isfinite(high) else None)
        for what in ("onset", "duration")
        for study, (low, high, _) in synthesis.study_times(rows, what).items()
    ]


def main() -> None:
    """Write both files."""
    for name, header, rows in (
        ("ours_events.csv", ("term", "study", "events", "total"), events()),
        ("ours_times.csv", ("what", "study", "low", "high"), times()),
    ):
        with open(HERE / name, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows([["" if cell is None else cell for cell in row] for row in rows])


if __name__ == "__main__":
    main()
