"""Arms of a homing study side by side: one figure and one table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thecal.analysis.homing import ArmCount
from thecal.report.canal_viewer.files import both, table, write_all
from thecal.report.drawing import INK, ORANGE, QUIET, VERMILION

DAY = 14
SIDES = {"injured": (VERMILION, "o", 0.12, "injured side"), "other": (INK, "s", -0.12, "other side")}
FOOT = "Bars: 90 % of sampling by agents. A mark on the left edge: none."


def rows_of(found: Sequence[ArmCount]) -> list[dict]:
    """One row per arm and day: cells on both sides, their ratio, the share of living cells given."""
    return [{"arm": a.arm.id, "label": a.arm.label, "day": float(d), "injured": round(float(a.injured[i]), 1),
             "injured_sd": round(float(a.injured_sd[i]), 1), "other": round(float(a.other[i]), 1),
             "other_sd": round(float(a.other_sd[i]), 1),
             "ratio": round(float(a.injured[i] / a.other[i]), 3) if a.other[i] > 0 else None,
             "share": float((a.injured[i] + a.other[i]) / a.living_given)}
            for a in found for i, d in enumerate(a.days)]


def comparison_figure(title: str, found: Sequence[ArmCount]) -> Figure:
    """Cells at the ganglia of each side on day 14, as counts and as shares of those given, and the ratio of sides."""
    day = int(np.argmin(np.abs(found[0].days - DAY)))
    figure = Figure(figsize=(9.2, 1.7 + 0.34 * len(found)), layout="constrained")
    figure.suptitle(f"{title}, simulated", fontsize=9.5)
    figure.supxlabel(FOOT, fontsize=7.5)
    counts, shares, ratios = figure.subplots(1, 3, sharey=True, width_ratios=[3, 3, 2])
    rows = np.arange(len(found))[::-1]
    _sides(counts, found, day, np.ones(len(found)))
    _sides(shares, found, day, np.array([100 / a.living_given for a in found]))
    counts.set(xlabel=f"living cells at the ganglia, day {DAY}", yticks=rows, ylim=(-0.6, len(found) - 0.4))
    counts.set_yticklabels([a.arm.label for a in found])
    counts.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    shares.set(xlabel="% of the living cells given")
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


def _sides(axes: Axes, found: Sequence[ArmCount], day: int, scale: np.ndarray) -> None:
    """Both sides of every arm on a logarithmic axis; none at all stands at its left edge."""
    rows = np.arange(len(found))[::-1]
    cells = {side: np.array([getattr(a, side)[day] for a in found]) * scale for side in SIDES}
    seen = np.concatenate(list(cells.values()))
    edges = (seen[seen > 0].min() / 3, seen.max() * 1.6) if seen.any() else (0.5, 10.0)
    for side, (colour, marker, shift, name) in SIDES.items():
        bars = 1.645 * np.array([getattr(a, f"{side}_sd")[day] for a in found]) * scale
        low = np.clip(cells[side] - edges[0], 0, bars)
        axes.errorbar(np.maximum(cells[side], edges[0]), rows + shift, xerr=[low, bars], ls="", marker=marker, ms=4.5,
                      color=colour, label=name, capsize=2, clip_on=False)
    axes.set(xscale="log", xlim=edges)
    axes.grid(axis="x", which="major", color=QUIET, lw=0.3, alpha=0.5)


def write_comparison(title: str, found: Sequence[ArmCount], folder: Path) -> list[Path]:
    """Write arms.csv, arms.svg and arms.png; returns their paths."""
    pictures = both(lambda: comparison_figure(title, found), "arms")
    return write_all(folder, {"arms.csv": table(rows_of(found)), **pictures})
