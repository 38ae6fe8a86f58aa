"""Arms of a homing study side by side: one figure and one table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from thecal.analysis.homing import ArmCount
from thecal.report.canal_viewer.files import both, table, write_all
from thecal.report.drawing import INK, ORANGE, VERMILION

DAY = 14


def rows_of(found: Sequence[ArmCount]) -> list[dict]:
    """One row per arm and day: cells on both sides, their ratio, the share of living cells given."""
    return [{"arm": a.arm.id, "label": a.arm.label, "day": float(d), "injured": round(float(a.injured[i]), 1),
             "injured_sd": round(float(a.injured_sd[i]), 1), "other": round(float(a.other[i]), 1),
             "other_sd": round(float(a.other_sd[i]), 1),
             "ratio": round(float(a.injured[i] / a.other[i]), 3) if a.other[i] > 0 else None,
             "share": float((a.injured[i] + a.other[i]) / a.living_given)}
            for a in found for i, d in enumerate(a.days)]


def comparison_figure(title: str, found: Sequence[ArmCount]) -> Figure:
    """Cells at the ganglia of each side on day 14 (none: at the edge) and their ratio with 90 % of sampling."""
    day = int(np.argmin(np.abs(found[0].days - DAY)))
    figure = Figure(figsize=(8.2, 1.5 + 0.36 * len(found)), layout="constrained")
    figure.suptitle(f"{title}, simulated", fontsize=9.5)
    counts, ratios = figure.subplots(1, 2, sharey=True, width_ratios=[3, 2])
    rows = np.arange(len(found))[::-1]
    for values, sds, shift, colour, marker, name in (
            ([a.injured[day] for a in found], [a.injured_sd[day] for a in found], 0.12, VERMILION, "o", "injured side"),
            ([a.other[day] for a in found], [a.other_sd[day] for a in found], -0.12, INK, "s", "other side")):
        counts.errorbar(np.maximum(values, 0.8), rows + shift, xerr=1.645 * np.array(sds), ls="", marker=marker,
                        ms=4.5, color=colour, label=name, capsize=2)
    counts.set(xscale="log", xlabel=f"living cells at the ganglia, day {DAY}",
               yticks=rows, ylim=(-0.6, len(found) - 0.4))
    counts.set_xlim(left=0.7)
    counts.set_yticklabels([a.arm.label for a in found])
    counts.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    for row, a in zip(rows, found, strict=True):
        here, there = a.injured[day], a.other[day]
        if here > 0 and there > 0:
            width = 1.645 * np.hypot(a.injured_sd[day] / here, a.other_sd[day] / there)
            middle = here / there
            ratios.errorbar([middle], [row], xerr=[[middle - middle * np.exp(-width)],
                                                   [middle * np.exp(width) - middle]],
                            marker="D", ms=4.5, color=ORANGE, ecolor=INK, capsize=2)
    ratios.axvline(1, color=INK, lw=0.7, ls=":")
    ratios.set(xlabel="injured over other side")
    return figure


def write_comparison(title: str, found: Sequence[ArmCount], folder: Path) -> list[Path]:
    """Write arms.csv, arms.svg and arms.png; returns their paths."""
    pictures = both(lambda: comparison_figure(title, found), "arms")
    return write_all(folder, {"arms.csv": table(rows_of(found)), **pictures})
