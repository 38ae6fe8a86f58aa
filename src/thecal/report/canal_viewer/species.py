"""Canals of several species side by side: where the slug lay, cells at each ganglion, share of those given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thecal.analysis.homing_species import SpeciesCount
from thecal.report.canal_viewer.files import both, table, write_all
from thecal.report.drawing import INK, QUIET, SKY, VERMILION
from thecal.report.words import number, pretty

DAY = 14
SIDES = {"injured": (VERMILION, "o", 0.13), "other": (INK, "s", -0.13)}
FOOT = ("Simulated, the same rules in every canal; bars: 90 % of sampling by agents. Blue: the injected slug; lines: "
        "reach of a level.\nOpen marks: captured by then, dead ones included. A mark on the left edge: none.")


def species_rows(found: Sequence[SpeciesCount]) -> list[dict]:
    """One row per species, ganglion, side and day."""
    return [{"species": f.plan.species.name, "study": f.plan.name, "arm": f.arm.id, "level": s.level, "side": s.side,
             "day": float(day), "cells": round(float(f.cells[i, j]), 1), "sd": round(float(f.sd[i, j]), 1),
             "captured_so_far": round(float(f.came[i, j]), 1), "living_given": round(f.living_given),
             "share": float(f"{f.cells[i, j] / f.living_given:.4g}"), "from_slug_mm": round(f.distance_mm(s), 2),
             "reach_mm": round(s.length_mm, 2), "cells_per_agent": round(f.cells_per_agent, 3)}
            for f in found for i, day in enumerate(f.days) for j, s in enumerate(f.conditions.wall.sleeves)]


def species_figure(found: Sequence[SpeciesCount]) -> Figure:
    """One band per species, one row per level: canal with slug and reaches; cells; share of the living cells given."""
    heights = [len(_levels(f)) for f in found]
    figure = Figure(figsize=(8.6, 1.3 + 0.42 * sum(heights) + 0.45 * len(found)), layout="constrained")
    figure.supxlabel(FOOT, fontsize=7.5)
    grid = figure.subplots(len(found), 3, squeeze=False, height_ratios=[h + 0.6 for h in heights],
                           width_ratios=[1.2, 1, 1], sharey="row")
    for f, (canal, cells, share) in zip(found, grid, strict=True):
        _canal(canal, f)
        _marks(cells, f, 1.0, _edges([_at_day(one)[1] for one in found]))
        _marks(share, f, 100 / f.living_given, _edges([100 * _at_day(one)[1] / one.living_given for one in found]))
    grid[-1, 0].set_xlabel("mm from the sacral end")
    grid[-1, 1].set_xlabel(f"living cells at the ganglion, day {DAY}")
    grid[-1, 2].set_xlabel("% of the living cells given")
    grid[0, 1].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figure


def _at_day(f: SpeciesCount) -> tuple[int, np.ndarray]:
    """The row of the day that is drawn, and what is drawn: living cells and all captured so far, (2, ganglia)."""
    day = int(np.argmin(np.abs(f.days - DAY)))
    return day, np.array([f.cells[day], f.came[day]])


def _edges(values: Sequence[np.ndarray]) -> tuple[float, float]:
    """One axis for all species: half a decade below the least that was seen, a little above the most."""
    seen = np.concatenate([v[v > 0] for v in values])
    return (float(seen.min()) / 3, float(seen.max()) * 1.6) if seen.size else (0.5, 10.0)


def _levels(f: SpeciesCount) -> list[str]:
    """Levels from the sacral end towards the head, which is from bottom to top."""
    places = {s.level: s.centre_mm for s in f.conditions.wall.sleeves}
    return sorted(places, key=lambda level: places[level])


def _canal(axes: Axes, f: SpeciesCount) -> None:
    """The slug as a band, the reach of each level as a line, its ganglion as a dot."""
    for slug in f.conditions.slugs:
        axes.axvspan(slug.low_mm, min(slug.high_mm, f.conditions.wall.length_mm), color=SKY, alpha=0.35, lw=0)
    levels = _levels(f)
    for s in f.conditions.wall.sleeves:
        row = levels.index(s.level)
        axes.plot([s.centre_mm - s.length_mm / 2, s.centre_mm + s.length_mm / 2], [row, row], color=INK, lw=1.6,
                  solid_capstyle="butt")
        axes.plot([s.centre_mm], [row], marker="|", ms=9, color=INK)
    given = f"{number(f.living_given)} living cells given"
    axes.set_title(f"{f.plan.species.name}: {pretty(f.arm.label)}, {given}", fontsize=8.5, loc="left")
    axes.set(yticks=range(len(levels)), yticklabels=levels, ylim=(-0.6, len(levels) - 0.4))
    axes.set_xlim(left=0)


def _marks(axes: Axes, f: SpeciesCount, scale: float, edges: tuple[float, float]) -> None:
    """Living cells (filled, with sampling) and all captured so far (open), on both sides of each level."""
    day, (cells, came) = _at_day(f)
    levels = _levels(f)
    for j, s in enumerate(f.conditions.wall.sleeves):
        colour, marker, shift = SIDES[s.side]
        row, here, bar = levels.index(s.level) + shift, cells[j] * scale, 1.645 * f.sd[day, j] * scale
        down = min(bar, max(here - edges[0], 0))
        axes.errorbar([max(here, edges[0])], [row], xerr=[[down], [bar]], ls="", marker=marker, ms=4.5, color=colour,
                      capsize=2, clip_on=False, label=f"{s.side} side" if s.level == levels[0] else None)
        axes.plot([max(came[j] * scale, edges[0])], [row], marker=marker, ms=4.5, mfc="none", mec=colour, ls="",
                  clip_on=False)
    axes.set(xscale="log", xlim=edges)
    axes.grid(axis="x", which="major", color=QUIET, lw=0.3, alpha=0.5)


def write_species(found: Sequence[SpeciesCount], folder: Path) -> list[Path]:
    """Write species.csv, species.svg and species.png; returns their paths."""
    return write_all(folder, {"species.csv": table(species_rows(found)),
                              **both(lambda: species_figure(found), "species")})
