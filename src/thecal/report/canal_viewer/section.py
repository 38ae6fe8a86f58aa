"""Single cells in the study report: the still picture, the viewer that takes its place on a screen, and a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib

from thecal.analysis.homing import MANY
from thecal.report.canal_viewer.embed import style_text, viewer_script
from thecal.report.canal_viewer.frames import Frames
from thecal.report.canal_viewer.still import still_figure
from thecal.report.drawing import STYLE, Figure, Panel, svg
from thecal.report.words import number, pretty

PLACE = "canal-viewer"
MOST = 20_000_000  # agents that 'thecal cells' takes
SHOWN = (f"const live = document.getElementById(\"{PLACE}\"); live.hidden = false;\n"
         "live.nextElementSibling.classList.add(\"for-print\");\n")


@dataclass(frozen=True)
class Section:
    """What the template needs.

    ``more``: a command that follows more cells, and how many. ``rows``: ganglion, side, words for each of ``days``.
    """

    figure: Figure
    place: str
    style: str
    script: str
    arm: str
    agents: str
    each: str
    more: tuple[str, str]
    local: str
    interval: str
    days: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]


def section(frames: Frames, study: str, name: str) -> Section:
    """The section of the report, from the key frames kept beside the run.

    Arguments:
        frames: see :func:`thecal.report.canal_viewer.kept.kept`. study: the study's title, which the arm's follows.
        name: the study as ``thecal cells`` takes it.
    """
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": "canal"}):
        picture = svg(still_figure(frames), "canal-still", "Single cells on the wall of the spinal canal at three "
                      "moments, and cells at each ganglion over time; the numbers stand in the table")
    arm = pretty(frames["title"].removeprefix(f"{study}: "))
    caption = (f"Simulated single cells, {arm}. Top: the canal's wall unrolled, level along it, angle around it; solid "
               "ellipses are reaches of ganglia on the injured side, dashed ones on the other. Bottom: living cells at "
               f"each ganglion with their interval ({frames['interval']}), and the injured side over the other.")
    columns = ("level", "side", "body_side", "day", "cells", "low", "high")
    figure = Figure("canal-still", "Cells on the wall, and at the ganglia", caption, (Panel("", picture),), columns,
                    tuple(tuple(row[c] for c in columns) for row in frames["drg"]), wide=True)
    return Section(figure, PLACE, style_text(), viewer_script(frames, PLACE, SHOWN, table=False), arm,
                   f"{frames['agents']:,}".replace(",", "\u202f"), number(frames["cells_per_agent"]),
                   _more(frames, name), local_words(frames["local"]), frames["interval"], *_table(frames))


def local_words(local: Mapping[str, float | None]) -> str:
    """How much more TGF-b1 the neurons see than the fluid, as a sentence; see ``analysis.homing.local_dose``."""
    if local["border_over_csf"] is None or local["reach_over_wall"] is None:
        return "Nothing here adds TGF-β1 at the ganglia."
    border, reach = number(local["border_over_csf"], 2), number(local["reach_over_wall"], 2)
    return (f"The dose is local: {local['day']:g} days after the injection the border of the injured ganglia holds "
            f"{border} times the active TGF-β1 of lumbar CSF (by the counts); by single cells, the reach of injured "
            f"ganglia holds {reach} times the mean of the lumbar wall.")


def _more(frames: Frames, name: str) -> tuple[str, str]:
    living = math.ceil(frames["agents"] * frames["cells_per_agent"])
    if living <= MANY:
        return f"thecal cells {name}", "every cell"
    if living <= MOST:
        return f"thecal cells {name} --agents {living}", "every cell"
    return f"thecal cells {name}", f"{MANY:,} agents".replace(",", "\u202f")


def _table(frames: Frames) -> tuple[tuple[str, ...], tuple[tuple[str, str, tuple[str, ...]], ...]]:
    days = list(dict.fromkeys(row["day"] for row in frames["drg"]))
    places = dict.fromkeys((row["level"], row["side"], row["body_side"]) for row in frames["drg"])
    rows = []
    for level, side, body in places:
        words = tuple(f"{row['cells']:.0f} ({row['low']:.0f} to {row['high']:.0f})" for row in frames["drg"]
                      if (row["level"], row["side"]) == (level, side))
        rows.append((level, f"{body}, {side}", words))
    return tuple(f"day {day:g}" for day in days), tuple(rows)
