"""The still picture for print: the wall with cells at three moments, and counts by ganglion over time."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse

from thecal.analysis.homing import Homing
from thecal.report.drawing import BLUE, DASHES, GREEN, INK, MARKERS, ORANGE, PURPLE, SKY, STYLE, VERMILION

MOMENTS = (1 / 144, 1.0, 14.0)
SHADES = {0: SKY, 1: ORANGE, 3: BLUE, 4: VERMILION}
NAMES = {0: "suspended", 1: "rolling", 3: "crawling", 4: "at a ganglion"}


def still_picture(homing: Homing, kind: str = "svg") -> bytes:
    """Bytes of the picture, ``svg`` or ``png``; needs a course with key frames."""
    import matplotlib

    with matplotlib.rc_context(STYLE | {"svg.hashsalt": "canal"}):
        figure = Figure(figsize=(8.2, 6.4), layout="constrained", facecolor="white")
        (FigureCanvasSVG if kind == "svg" else FigureCanvasAgg)(figure)
        grid = figure.add_gridspec(2, 3)
        walls = [figure.add_subplot(grid[0, k]) for k in range(3)]
        for k, (axes, moment) in enumerate(zip(walls, MOMENTS, strict=True)):
            _wall(axes, homing, moment, k == 0)
        dots = [Line2D([], [], marker="o", ls="", ms=5, color=colour) for colour in SHADES.values()]
        figure.legend(dots, [NAMES[s] for s in SHADES], loc="outside upper center", ncols=4)
        for k, side in enumerate(("injured", "other")):
            _counts(figure.add_subplot(grid[1, k]), homing, side)
        _ratio(figure.add_subplot(grid[1, 2]), homing)
        target = io.BytesIO()
        figure.savefig(target, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)
    return target.getvalue()


def _wall(axes: Axes, homing: Homing, moment: float, first: bool) -> None:
    course, wall = homing.course, homing.conditions.wall
    frame = course.frames[int(np.argmin(np.abs(course.frame_days - moment)))]
    turn = (frame[:, 1] + 0.5) % 1 - 0.5
    flip = 1 if homing.conditions.body_side == "left" else -1
    for state, colour in SHADES.items():
        mine = frame[:, 2] == state
        axes.scatter(frame[mine, 0], 360 * turn[mine] * flip, s=1.2, color=colour, linewidths=0, rasterized=True)
    for sleeve in wall.sleeves:
        middle = 90 * flip * (1 if sleeve.side == "injured" else -1)
        axes.add_patch(Ellipse((sleeve.centre_mm, middle), sleeve.length_mm, 360 * sleeve.arc, fill=False, lw=0.8,
                               edgecolor=INK, linestyle="-" if sleeve.side == "injured" else "--"))
        axes.annotate(sleeve.level, (sleeve.centre_mm, middle), ha="center", va="center", fontsize=7, weight="bold")
    axes.set(xlim=(0, min(1.6 * wall.grid_mm, wall.length_mm)), ylim=(-180, 180), yticks=[-180, -90, 0, 90, 180],
             title="10 min" if moment < 0.1 else f"day {moment:g}", xlabel="mm from the sacral end")
    sides = ["right", "left"] if flip > 0 else ["left (other)", "right"]
    axes.set_yticklabels(["ventral", sides[0], "dorsal", sides[1], "ventral"] if first else [])


def _counts(axes: Axes, homing: Homing, side: str) -> None:
    low, high = (np.maximum(edge, 1) for edge in homing.interval())
    cells = np.maximum(homing.cells(), 1)  # a logarithmic axis has no zero
    chosen = [j for j, s in enumerate(homing.conditions.wall.sleeves) if s.side == side]
    for k, j in enumerate(chosen):
        colour = (BLUE, GREEN, PURPLE, ORANGE)[k % 4]
        spread = 1 + 0.03 * (k - 1)
        days = np.array(homing.days) * spread
        axes.errorbar(days, cells[:, j], [cells[:, j] - low[:, j], high[:, j] - cells[:, j]], color=colour, capsize=2,
                      marker=MARKERS[k], ms=4, linestyle=DASHES[k], elinewidth=0.7,
                      label=homing.conditions.wall.sleeves[j].level)
    axes.set(xscale="log", yscale="log", ylim=(1, 10**np.ceil(np.log10(high.max() + 1))), xlabel="days after injection",
             ylabel="living cells at the ganglion", title=f"{side} side")
    axes.set_xticks(homing.days, [f"{d:g}" for d in homing.days])
    axes.legend()


def _ratio(axes: Axes, homing: Homing) -> None:
    names = {"default": "as\ndeclared", "cxcr4_knockdown": "Cxcr4\nat 30 %", "cxcl12_off": "no\nCXCL12"}
    for k, (key, _name) in enumerate(names.items()):
        middle, low, high = homing.ratios[key]
        axes.errorbar([k], [middle], [[middle - low], [high - middle]], marker=MARKERS[k], color=(BLUE, GREEN, INK)[k],
                      capsize=3)
        axes.annotate(f"{middle:.2f}", (k, middle), xytext=(7, 0), textcoords="offset points", fontsize=8)
    axes.axhline(1, color=INK, lw=0.7, linestyle=":")
    axes.set(title="injured over other, day 14", xlim=(-0.5, 2.7), ylim=(0, None))
    axes.set_xticks(range(3), list(names.values()))
