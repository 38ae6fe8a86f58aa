"""Where the cells are, and what concentrations each place sees."""

from __future__ import annotations

import math
import re

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from thecal.report.arms import chosen, given_words, question_of
from thecal.report.drawing import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    QUIET,
    VERMILION,
    Figure,
    Key,
    Panel,
    canvas,
    decades,
    svg,
    thin,
)
from thecal.report.figures.clock import DAY, log_hours
from thecal.report.findings import Findings
from thecal.report.words import number, pretty
from thecal.study.plan import ArmPlan

CELLS_FROM_H = 1 / 6
SLICE_RANGE_NG_ML = (2.0, 10.0)  # Chen 2015, Figure 6: both lower sEPSC in slices of injured mice


def place_figures(findings: Findings) -> list[Figure]:
    """Cells by level, side and time; cells at ganglia in every arm that asks about homing; concentrations."""
    figures = []
    shown = chosen(findings.plan, "cells")
    if shown is not None:
        figures += [_map(findings, shown), _ganglia(findings, shown)]
    figures.append(_concentrations(findings, shown))
    return [figure for figure in figures if figure.panels]


def _hours(findings: Findings, arm: ArmPlan) -> tuple[np.ndarray, np.ndarray]:
    """Which rows of the details lie after the first cells or dose, and hours since."""
    rows = findings.outcome.details
    rows = rows[(rows["arm"] == arm.id) & (rows["t_d"] <= arm.end_d)]
    day = float(arm.first_dose_d or 0.0)
    return rows.index.to_numpy()[rows["t_d"] >= day], (rows["t_d"].to_numpy()[rows["t_d"] >= day] - day) * 24


def _map(findings: Findings, arm: ArmPlan) -> Figure:
    """Level by time on a logarithmic colour scale: ganglia of both sides, then the canal."""
    index, hours = _hours(findings, arm)
    table = findings.outcome.details.loc[index]
    grid = np.geomspace(CELLS_FROM_H, hours[-1], 61)
    captured = [c for c in table.columns if c.startswith("cells.captured[")]
    canal = [c for c in table.columns if c.startswith("cells.in_segment[")][::-1]
    groups = [[c for c in captured if c.endswith(" injured]")], [c for c in captured if c.endswith(" other]")], canal]
    middles = np.sqrt(grid[1:] * grid[:-1])
    rows: list[tuple] = []
    figure, axes = canvas(5.6, 0.85 + 0.17 * (sum(map(len, groups)) + 2), left=1.5, right=0.75, bottom=0.48, top=0.1)
    norm = LogNorm(1, max(10.0, float(table[captured + canal].to_numpy().max())))
    at, ticks = 0.0, []
    for group in groups:
        counts = np.array([np.interp(middles, hours, table[name]) for name in group])
        drawn = axes.pcolormesh(grid, at + np.arange(len(group) + 1), np.maximum(counts, 1.0), norm=norm,
                                cmap="cividis", rasterized=True)
        ticks += [(at + k + 0.5, _row_name(name, canal)) for k, name in enumerate(group)]
        rows += [(name, h, c) for name, line in zip(group, counts, strict=True)
                 for h, c in zip(middles[::2], line[::2], strict=True)]
        at += len(group) + 0.6
    axes.set_ylim(at - 0.6, 0)
    axes.set_yticks([t for t, _ in ticks], [name for _, name in ticks], fontsize=7.8)
    axes.tick_params(axis="y", length=0)
    log_hours(axes, CELLS_FROM_H, hours[-1], "time after the cells")
    bar = figure.add_axes((1 - 0.62 / 5.6, 0.25, 0.12 / 5.6, 0.6))
    figure.colorbar(drawn, cax=bar)
    decades(bar, norm.vmin, norm.vmax)
    bar.set_title("cells", fontsize=7.5)
    bar.tick_params(labelsize=7)
    picture = svg(figure, "cells-map", f"Living cells by level and time, {pretty(arm.label)}")
    caption = (f"Simulated group mean, {pretty(arm.label)} (n = {arm.n}), seed {findings.outcome.results.seed}. Living "
               "donor cells at the border of each dorsal root ganglion (injured side, other side) and elsewhere in the "
               "canal, segment by segment from the head (top) to the sacral end. Darkest: one cell or fewer. Sides "
               "differ by CXCL12 alone.")
    return Figure("cells-map", "Where the cells are", caption, (Panel("", picture),),
                  ("place", "after_cells_h", "cells"), tuple(rows), wide=True)


def _row_name(column: str, canal: list[str]) -> str:
    inside = column[column.index("[") + 1:-1]
    if column not in canal:
        return f"DRG {inside}"
    return f"canal {inside}" + {canal[0]: ", head end", canal[-1]: ", sacral end"}.get(column, "")


def _ganglia(findings: Findings, shown: ArmPlan) -> Figure:
    """Cells at the ganglia, injured side against the other, for arms that differ in the cells or in their guide."""
    arms = [arm for arm in findings.plan.arms
            if any(a.kind == "cells" for a in arm.administrations) and _asks_about_place(arm, shown)][:9]
    rows: list[tuple] = []
    top = 10.0
    curves = {}
    for arm in arms:
        index, hours = _hours(findings, arm)
        table = findings.outcome.details.loc[index]
        sides = {side: table[[c for c in table if re.fullmatch(rf"cells\.captured\[.* {side}\]", c)]].sum(axis=1)
                 for side in ("injured", "other")}
        living = np.interp(hours, *_after(findings.outcome.curve(arm.id, "cells.living"), arm))
        curves[arm.id] = (hours, {**{k: v.to_numpy() for k, v in sides.items()}, "all living": living})
        top = max(top, float(living.max()))
    panels = tuple(Panel(pretty(arm.label), _lines(arm, *curves[arm.id], top * 2, rows),
                         _side_words(*curves[arm.id])) for arm in arms)
    caption = (f"Simulated group means, seed {findings.outcome.results.seed}. All living donor cells, and those at the "
               "borders of the ganglia that carry the injured nerve, on the injured and on the other side.")
    keys = (Key("line", INK, "all living", "1 2"), Key("line", BLUE, "at ganglia, injured side"),
            Key("line", ORANGE, "at ganglia, other side", "4 2"))
    return Figure("cells-ganglia", "Cells at the ganglia", caption, panels, ("arm", "place", "after_cells_h", "cells"),
                  tuple(rows), keys)


def _asks_about_place(arm: ArmPlan, shown: ArmPlan) -> bool:
    alike = arm.cohort == shown.cohort or arm.cohort.startswith("count")
    return arm.id == shown.id or (alike and (question_of(arm) in ("knockdown", "inhibitor", "removal", "uninjured")
                                             or (question_of(arm) == "cells" and not arm.cohort.startswith("count"))))


def _after(curve: tuple[np.ndarray, np.ndarray], arm: ArmPlan) -> tuple[np.ndarray, np.ndarray]:
    return (curve[0] - float(arm.first_dose_d or 0.0)) * 24, curve[1]


def _lines(arm: ArmPlan, hours: np.ndarray, lines: dict[str, np.ndarray], top: float, rows: list[tuple]) -> str:
    figure, axes = canvas(left=0.66, right=0.25, bottom=0.44, top=0.1)
    for (name, cells), colour, dash in zip(lines.items(), (BLUE, ORANGE, INK), ("-", "--", ":"), strict=True):
        seen = hours >= CELLS_FROM_H
        h, y = hours[seen], np.log10(np.maximum(cells[seen], 0.5))
        kept = thin(np.log(h), y, 0.01)
        axes.plot(h[kept], 10 ** y[kept], color=colour, ls=dash)
        rows += [(arm.id, name, a, b) for a, b in zip(h[kept], cells[seen][kept], strict=True)]
    decades(axes, 1, top)
    axes.set_ylabel("living cells")
    log_hours(axes, CELLS_FROM_H, hours[-1], "time after the cells")
    return svg(figure, f"cells-{arm.id}", f"Cells at ganglia, {pretty(arm.label)}; {given_words(arm)}")


def _side_words(hours: np.ndarray, lines: dict[str, np.ndarray]) -> str:
    injured, other = (float(lines[k].max()) for k in ("injured", "other"))
    words = f"peak {number(injured)} injured, {number(other)} other side"
    late = float(np.interp(60 * DAY, hours, lines["injured"])) if hours[-1] >= 60 * DAY else math.nan
    return words + (f"; {number(late)} on the injured side 60 d after" if math.isfinite(late) else "")


def _concentrations(findings: Findings, cells: ArmPlan | None) -> Figure:
    """TGF-b1 in CSF and at the borders, for one arm of each question that gives cells, protein or a pump."""
    plan = findings.plan
    bound = [arm for arm in plan.arms if any(a.target == "tgfb1" for a in arm.administrations)]
    arms = [arm for arm in (cells, chosen(plan, "protein"), chosen(plan, "infusion"), *bound[:1]) if arm is not None]
    rows: list[tuple] = []
    panels = tuple(Panel(pretty(arm.label), _levels(findings, arm, rows)) for arm in arms)
    caption = (f"Simulated group means, seed {findings.outcome.results.seed}. Total TGF-β1 in lumbar CSF; active "
               "TGF-β1 at the border of the injured ganglia (weighted by their share of the nerve) and at the opposite "
               f"ganglia. Shaded: {SLICE_RANGE_NG_ML[0]:g} to {SLICE_RANGE_NG_ML[1]:g} ng/ml, active in slices in a "
               "bath (doi:10.1172/JCI80883, Figure 6); tissue in a slice takes up what bathes it, so bath and border "
               "are not the same scale.")
    keys = (Key("line", GREEN, "lumbar CSF, total", "1 2"), Key("line", BLUE, "border, injured side, active"),
            Key("line", ORANGE, "border, other side, active", "4 2"), Key("area", QUIET, "active in slices"))
    return Figure("concentrations", "Concentrations by place", caption, panels,
                  ("arm", "place", "after_dose_h", "ng_per_ml"), tuple(rows), keys)


def _levels(findings: Findings, arm: ArmPlan, rows: list[tuple]) -> str:
    figure, axes = canvas(left=0.66, right=0.25, bottom=0.44, top=0.1)
    index, hours = _hours(findings, arm)
    table = findings.outcome.details.loc[index]
    other = [c for c in table.columns if c.startswith("signalling.active[") and c.endswith(" other]")]
    lines = {"lumbar CSF, total": _after(findings.outcome.curve(arm.id, "anatomy.csf_tgfb1_total"), arm),
             "border, injured side": _after(findings.outcome.curve(arm.id, "signalling.active_at_injured"), arm),
             "border, other side": (hours, table[other].mean(axis=1).to_numpy())}
    low_h = 1 / 60 if question_of(arm) in ("protein", "infusion") else CELLS_FROM_H
    axes.axhspan(*SLICE_RANGE_NG_ML, color=QUIET, alpha=0.2, lw=0)
    for (name, (h, level)), colour, dash in zip(lines.items(), (GREEN, BLUE, ORANGE), (":", "-", "--"), strict=True):
        seen = (h >= low_h) & (h <= hours[-1])
        h, y = h[seen], np.log10(np.maximum(level[seen], 1e-6))
        kept = thin(np.log(h), y, 0.01)
        axes.plot(h[kept], 10 ** y[kept], color=colour, ls=dash)
        rows += [(arm.id, name, a, 10**b) for a, b in zip(h[kept], y[kept], strict=True)]
    for given in arm.administrations:
        later = (given.day_d - float(arm.first_dose_d or 0)) * 24
        if later > low_h:
            _mark(axes, later, pretty(given.product))
    decades(axes, 1e-3, 1e3)
    axes.set_ylabel("TGF-β1 (ng/ml)")
    log_hours(axes, low_h, hours[-1])
    return svg(figure, f"levels-{arm.id}", f"TGF-β1 by place, {pretty(arm.label)}")


def _mark(axes: Axes, hour: float, name: str) -> None:
    axes.axvline(hour, color=VERMILION, lw=0.7, ls=(0, (2, 2)))
    axes.annotate(name, (hour, 1), xycoords=("data", "axes fraction"), xytext=(-2, -2), textcoords="offset points",
                  ha="right", va="top", fontsize=7, color=INK)
