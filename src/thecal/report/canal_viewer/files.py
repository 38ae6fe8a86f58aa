"""Pictures and tables of the commands on single cells: drawn once, written whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from thecal.engine.jobs.parts import write_atomically
from thecal.report.drawing import STYLE


def picture(draw: Callable[[], Figure], name: str, kind: str = "svg") -> bytes:
    """A figure as a file of its own on white paper, ``svg`` or ``png``; the same figure gives the same SVG.

    Arguments:
        draw: makes the figure, in the report's style. name: keeps the ids of an SVG apart and the same.
    """
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": name}):
        figure = draw()
        figure.set_facecolor("white")
        (FigureCanvasSVG if kind == "svg" else FigureCanvasAgg)(figure)
        target = io.BytesIO()
        figure.savefig(target, format=kind, dpi=150, facecolor="white",
                       metadata={"Date": None} if kind == "svg" else None)
    return target.getvalue()


def both(draw: Callable[[], Figure], name: str) -> dict[str, bytes]:
    """``NAME.svg`` and ``NAME.png``."""
    return {f"{name}.{kind}": picture(draw, name, kind) for kind in ("svg", "png")}


def table(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Rows as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def write_all(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write named files into a folder, each complete or not at all; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        write_atomically(folder / name, content)
    return [folder / name for name in contents]
