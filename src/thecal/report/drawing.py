"""Small SVG panels: deterministic, light, in the reader's own colours for ink and paper.

Text stays text (``svg.fonttype: none``), and the colours for ink and paper become CSS values, so that one drawing
serves light, dark and print; :mod:`thecal.report.slim` says the rest in fewer bytes.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas

from thecal.report.slim import slim
from thecal.report.words import superscript

# Okabe and Ito's colours, readable without red-green vision; yellow is left out (too pale on white).
BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE)
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")
INK, QUIET, PAPER = "#1b1c1d", "#7f8081", "#fdfefd"
CSS = {INK: "currentColor", PAPER: "var(--card)", BLUE: "var(--blue)"}  # colours that follow the page

STYLE = {
    "svg.fonttype": "none", "path.simplify": True, "path.simplify_threshold": 0.35, "font.family": "DejaVu Sans",
    "font.size": 9.2, "axes.labelsize": 9.2, "xtick.labelsize": 8.8, "ytick.labelsize": 8.8, "axes.edgecolor": INK,
    "axes.labelcolor": INK, "text.color": INK, "xtick.color": INK, "ytick.color": INK, "axes.facecolor": "none",
    "figure.facecolor": "none", "savefig.facecolor": "none", "axes.spines.top": False, "axes.spines.right": False,
    "axes.linewidth": 0.7, "xtick.major.width": 0.7, "ytick.major.width": 0.7, "lines.linewidth": 1.3,
    "xtick.minor.size": 0, "ytick.minor.size": 0, "axes.unicode_minus": True, "legend.frameon": False,
    "legend.fontsize": 8, "legend.handlelength": 2.2,
}


@dataclass(frozen=True)
class Key:
    """One entry of a figure's legend, drawn as a small swatch: ``kind`` is line, pale, thin, marker or area."""

    kind: str
    colour: str
    text: str
    dash: str = ""

    @property
    def swatch(self) -> str:
        """The entry as SVG."""
        colour = CSS.get(self.colour, self.colour)
        line = {"line": f'stroke-width="1.6" stroke-dasharray="{self.dash}"', "thin": 'stroke-width=".7" opacity=".6"',
                "pale": f'stroke-width="5" opacity=".35" stroke-dasharray="{self.dash}"',
                "marker": 'stroke-width="1.3"'}
        if self.kind == "area":
            body = f'<rect x="2" y="2" width="24" height="8" fill="{colour}" opacity=".22"/>'
        else:
            body = f'<line x1="2" x2="26" y1="6" y2="6" stroke="{colour}" {line[self.kind]}/>'
        if self.kind == "marker":
            body += f'<circle cx="14" cy="6" r="3" fill="{colour}"/>'
        return f'<svg class="swatch" viewBox="0 0 28 12" aria-hidden="true">{body}</svg>'


@dataclass(frozen=True)
class Panel:
    """One small picture with its heading, and below it what it is compared with or what to note."""

    heading: str
    svg: str
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """What the page needs of a figure: panels, a caption, keys, and its data as CSV."""

    id: str
    title: str
    caption: str
    panels: tuple[Panel, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple, ...]
    keys: tuple[Key, ...] = ()
    wide: bool = False

    @property
    def csv(self) -> str:
        """The data as comma-separated text."""
        lines = [",".join(self.columns), *(",".join(_cell(value) for value in row) for row in self.rows)]
        return "\n".join(lines) + "\n"

    @property
    def href(self) -> str:
        """The data as a link that needs no server."""
        return "data:text/csv;charset=utf-8," + quote(self.csv, safe=",.:;-_()[]/+*=! ").replace(" ", "%20")


def canvas(width: float = 4.1, height: float = 2.8, left: float = 0.62, right: float = 0.12, top: float = 0.2,
           bottom: float = 0.46) -> tuple[Canvas, Axes]:
    """An empty panel with margins in inches; no layout engine, so that it costs little and moves nothing."""
    with matplotlib.rc_context(STYLE):
        figure = Canvas(figsize=(width, height))
        FigureCanvasSVG(figure)
        box = (left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height)
        return figure, figure.add_axes(box)


def decades(axes: Axes, low: float, high: float) -> None:
    """A logarithmic y axis with a tick at each decade, written without exponents where that is short."""
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    step = 1 if last - first < 7 else 2
    powers = range(first, last + 1, step)
    axes.set_yticks([10.0**k for k in powers],
                    [f"{10.0**k:g}" if -4 < k < 4 else "10" + superscript(k) for k in powers])
    axes.set_yticks([], minor=True)


def svg(figure: Canvas, name: str, describe: str) -> str:
    """The panel as an inline SVG element.

    Arguments:
        name: unique on the page; keeps references inside panels apart and the bytes the same.
        describe: what is seen, for people who do not see it.
    """
    buffer = io.StringIO()
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    return slim(buffer.getvalue(), name, describe, CSS)


def _cell(value: object) -> str:
    """A CSV cell: numbers to four significant digits, text quoted where it must be."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else f"{value:.4g}"
    text = str(value)
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\n]', text) else text


def thin(x: Sequence[float], y: Sequence[float], tolerance: float) -> np.ndarray:
    """Indices of the points that a drawing needs (Ramer, Douglas and Peucker, vertical distance).

    Arguments:
        x: increasing, (n,). y: (n,), finite. tolerance: largest vertical error, in units of y.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    keep = np.zeros(x.size, bool)
    keep[[0, -1]] = True
    stack = [(0, x.size - 1)]
    while stack:
        low, high = stack.pop()
        if high - low < 2:
            continue
        line = y[low] + (y[high] - y[low]) * (x[low:high + 1] - x[low]) / (x[high] - x[low])
        error = np.abs(y[low:high + 1] - line)
        worst = int(error.argmax())
        if error[worst] > tolerance:
            keep[low + worst] = True
            stack += [(low, low + worst), (low + worst, high)]
    return np.flatnonzero(keep)
