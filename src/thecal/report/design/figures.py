"""Pictures of a design: power over animals for each comparison, and over the other choices for one of them."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from thecal.analysis.design.power import TESTS
from thecal.analysis.design.study_design import Design
from thecal.report.drawing import COLOURS, DASHES, MARKERS, QUIET, Figure, Key, Panel, canvas, svg

SHOWN = 12      #: comparisons drawn; the table has all
CODE = ("", "5 3", "6 2 1 2", "2 2")


def power_figure(design: Design) -> Figure:
    """Power by animals per arm, one panel for each comparison, one line for each test."""
    panels = []
    for name, rows in list(design.power.groupby("name", sort=False))[:SHOWN]:
        figure, axes = canvas(3.3, 2.3)
        _lines(axes, rows, "n")
        planned = rows["planned_n"].iloc[0]
        axes.axvline(planned, color=QUIET, lw=0.8, ls=":")
        axes.text(planned, 1.03, f"planned {planned}", ha="center", fontsize=7.5, color=QUIET)
        _dress(axes, design.request.target, "animals per arm")
        panels.append(Panel(str(name), svg(figure, f"power-{len(panels)}", f"{name}: power by animals per arm"),
                            f"one visit: {rows['planned_visit'].iloc[0]}"))
    more = design.power["name"].nunique() - len(panels)
    return Figure("power", "Power by animals per arm", f"Shares of {design.request.experiments} simulated experiments "
                  "in which a test reaches significance, with 95 % Clopper-Pearson bands; the line marks "
                  f"{design.request.target:.0%}." + (f" {more} more comparisons are in the table." if more else ""),
                  tuple(panels), tuple(design.power.columns), tuple(design.power.itertuples(index=False, name=None)),
                  _keys(), wide=True)


def choices_figure(design: Design) -> Figure | None:
    """Power over visits, dose and conduct of the comparison that is looked at closely."""
    if design.visits.empty:
        return None
    panels = []
    for table, x, label in ((design.visits, "visits", "visits after the dose"),
                            (design.dose, "dose_factor", "dose, × planned")):
        figure, axes = canvas(3.3, 2.3)
        _lines(axes, table, x)
        if x == "dose_factor":
            ticks = sorted(table[x].unique())
            axes.set_xscale("log", base=2)
            axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
        _dress(axes, design.request.target, label)
        panels.append(Panel(f"by {label.split(',')[0]}", svg(figure, f"choices-{x}", f"power by {label}")))
    for table, column, title in ((design.filaments, "filaments", "by filaments"),
                                 (design.conduct, "conduct", "by conduct")):
        if table.empty:
            continue
        figure, axes = canvas(3.7, 2.5, left=1.75, right=0.25)
        _bars(axes, table, column)
        axes.axvline(design.request.target, color=QUIET, lw=0.8, ls=":")
        panels.append(Panel(title, svg(figure, f"choices-{column}", f"power {title}")))
    name = str(design.visits["name"].iloc[0])
    return Figure("choices", f"What the other choices do: {name}", f"At n = {int(design.visits['n'].iloc[0])}. Fewer "
                  "visits leave out those between; a dose of × 2 means the mechanism was solved anew with twice the "
                  "amount. Bars show the mean over visits.", tuple(panels), tuple(design.visits.columns),
                  tuple(design.visits.itertuples(index=False, name=None)), _keys(), wide=True)


def _lines(axes: Axes, rows: pd.DataFrame, x: str) -> None:
    for k, test in enumerate(TESTS):
        part = rows[rows["test"] == test].sort_values(x)
        axes.plot(part[x], part["power"], color=COLOURS[k], ls=DASHES[k], marker=MARKERS[k], ms=3)
        axes.fill_between(part[x], part["low"], part["high"], color=COLOURS[k], alpha=0.1, lw=0)


def _bars(axes: Axes, table: pd.DataFrame, column: str) -> None:
    part = table[table["test"] == "mean"].reset_index(drop=True)
    place = list(range(len(part)))[::-1]
    axes.hlines(place, part["low"], part["high"], color=COLOURS[1], lw=1.4)
    axes.plot(part["power"], place, ls="", marker=MARKERS[1], color=COLOURS[1], ms=5)
    if "false_positives" in part:
        axes.plot(part["false_positives"], place, ls="", marker="x", color=QUIET, ms=5)
    axes.set_yticks(place, [_folded(str(t)) for t in part[column]], fontsize=8)
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.6, len(part) - 0.4)
    axes.set_xticks([0, 0.5, 1])
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel("power" + (", × false positives" if "false_positives" in part else ""))


def _folded(text: str) -> str:
    words, lines = text.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 27:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def _dress(axes: Axes, target: float, label: str) -> None:
    axes.axhline(target, color=QUIET, lw=0.8, ls=":")
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel(label)
    axes.set_ylabel("power")


def _keys() -> tuple[Key, ...]:
    words = {"one visit": "one planned visit", "mean": "mean over the visits", "any visit": "any visit (Holm)",
             "ANOVA": "repeated-measures ANOVA, any visit (Bonferroni)"}
    return tuple(Key("line", COLOURS[k], words[t], CODE[k]) for k, t in enumerate(TESTS))
