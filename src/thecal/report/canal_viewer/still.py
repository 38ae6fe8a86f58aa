"""The still picture for print: the wall with cells at three moments, and counts by ganglion over time."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse

from thecal.report.canal_viewer.frames import Frames, seen
from thecal.report.drawing import BLUE, DASHES, GREEN, INK, MARKERS, ORANGE, PURPLE

MOMENTS = (1 / 144, 1.0, 14.0)
RATIOS = {"default": "as\ndeclared", "cxcr4_knockdown": "Cxcr4\nat 30 %", "cxcl12_off": "no\nCXCL12"}


def still_figure(frames: Frames, title: str = "") -> Figure:
    """The picture as a figure without a canvas; with a title where it will stand alone."""
    figure = Figure(figsize=(8.2, 6.4), layout="constrained")
    if title:
        figure.supxlabel(f"{title}. Simulated.", fontsize=8)
    grid = figure.add_gridspec(2, 3)
    moments = [m for m in MOMENTS if m <= frames["days"][-1] + 1e-6]
    shown = set()
    for k, moment in enumerate(moments):
        shown |= _wall(figure.add_subplot(grid[0, k]), frames, moment, k == 0)
    states = [s for s in frames["states"] if s["name"] in shown]
    dots = [Line2D([], [], marker="o", ls="", ms=5, color=s["colour"]) for s in states]
    figure.legend(dots, [s["label"] for s in states], loc="outside upper center", ncols=max(len(states), 1))
    for k, side in enumerate(("injured", "other")):
        _counts(figure.add_subplot(grid[1, k]), frames, side)
    _ratio(figure.add_subplot(grid[1, 2]), frames)
    return figure


def _wall(axes: Axes, frames: Frames, moment: float, first: bool) -> set[str]:
    """Draw one moment; returns the names of the states that are seen."""
    cells = seen(frames, moment)
    turn = (cells.turn + 0.5) % 1 - 0.5
    flip = 1 if frames["sides"] == "left" else -1
    shown = set()
    for look in frames["states"]:
        mine = (cells.state == look["name"]) & np.isfinite(cells.x_mm)
        if look["colour"] and mine.any():
            shown.add(look["name"])
            axes.scatter(cells.x_mm[mine], 360 * turn[mine] * flip, s=1.2, color=look["colour"], linewidths=0,
                         rasterized=True)
    for sleeve in frames["sleeves"]:
        middle = 90 * flip * (1 if sleeve["side"] == "injured" else -1)
        axes.add_patch(Ellipse((sleeve["x_mm"], middle), sleeve["length_mm"], 360 * sleeve["arc"], fill=False, lw=0.8,
                               edgecolor=INK, linestyle="-" if sleeve["side"] == "injured" else "--"))
        axes.annotate(sleeve["level"], (sleeve["x_mm"], middle), ha="center", va="center", fontsize=7, weight="bold")
    axes.set(xlim=(0, min(1.6 * frames["lumbar_mm"], frames["length_mm"])), ylim=(-180, 180),
             yticks=[-180, -90, 0, 90, 180], xlabel="mm from the sacral end",
             title="10 min" if moment < 0.1 else f"day {moment:g}")
    sides = ["other", "injured"] if flip > 0 else ["injured", "other"]
    names = [f"{body}\n({side})" for body, side in zip(("right", "left"), sides, strict=True)]
    axes.set_yticklabels(["ventral", names[0], "dorsal", names[1], "ventral"] if first else [])
    return shown


def _counts(axes: Axes, frames: Frames, side: str) -> None:
    levels = list(dict.fromkeys(row["level"] for row in frames["drg"]))
    middle, top = (np.array([row[key] for row in frames["drg"]]) for key in ("cells", "high"))
    for k, level in enumerate(levels):
        rows = [row for row in frames["drg"] if (row["level"], row["side"]) == (level, side)]
        cells, low, high = (np.maximum([row[key] for row in rows], 1) for key in ("cells", "low", "high"))
        at = np.array([row["day"] for row in rows]) * (1 + 0.03 * (k - 1))  # apart, so that bars do not cover
        axes.errorbar(at, cells, [cells - low, high - cells], color=(BLUE, GREEN, PURPLE, ORANGE)[k % 4], capsize=2,
                      marker=MARKERS[k % len(MARKERS)], ms=4, linestyle=DASHES[k % len(DASHES)], elinewidth=0.7,
                      label=level)
    least = middle[middle > 0].min(initial=100.0) / 2  # a logarithmic axis has no zero
    days = list(dict.fromkeys(row["day"] for row in frames["drg"]))
    axes.set(xscale="log", yscale="log", ylim=(max(1, 10**np.floor(np.log10(least))),
                                               10**np.ceil(np.log10(top.max() + 11))),
             xlabel="days after injection", ylabel="living cells at the ganglion", title=f"{side} side")
    axes.set_xticks(days, [f"{d:g}" for d in days])
    axes.minorticks_off()
    axes.legend(loc="lower center", ncols=3)


def _ratio(axes: Axes, frames: Frames) -> None:
    """Injured side over the other; variants in which a side held no cell at all have no mark."""
    for k, key in enumerate(RATIOS):
        middle, (low, high) = frames["ratio"].get(key), frames["ratio_90"].get(key, (None, None))
        if None in (middle, low, high):
            continue
        axes.errorbar([k], [middle], [[middle - low], [high - middle]], marker=MARKERS[k], color=(BLUE, GREEN, INK)[k],
                      capsize=3)
        axes.annotate(f"{middle:.2f}", (k, middle), xytext=(7, 0), textcoords="offset points", fontsize=8)
    axes.axhline(1, color=INK, lw=0.7, linestyle=":")
    axes.set(title=f"injured over other, day {frames['ratio_day']:g}", xlim=(-0.5, 2.7), ylim=(0, None))
    axes.set_xticks(range(3), list(RATIOS.values()))
