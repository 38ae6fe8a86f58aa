"""Small SVG panels: deterministic, light, in the reader's own colours for ink and paper.

Text stays text (``svg.fonttype: none``), ids that nothing refers to are dropped, coordinates are rounded to a tenth of
a point, and the colours for ink and paper become CSS values, so that one drawing serves light, dark and print.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas

# Okabe and Ito's colours, readable without red-green vision; yellow is left out (too pale on white).
BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE)
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")
INK, QUIET, PAPER = "#1b1c1d", "#7f8081", "#fdfefd"

STYLE = {
    "svg.fonttype": "none", "path.simplify": True, "path.simplify_threshold": 0.35, "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.labelsize": 8.5, "xtick.labelsize": 8, "ytick.labelsize": 8, "axes.edgecolor": INK, "axes.labelcolor": INK,
    "text.color": INK, "xtick.color": INK, "ytick.color": INK, "axes.facecolor": "none",
    "figure.facecolor": "none", "savefig.facecolor": "none", "axes.spines.top": False, "axes.spines.right": False,
    "axes.linewidth": 0.7, "xtick.major.width": 0.7, "ytick.major.width": 0.7, "lines.linewidth": 1.3,
    "xtick.minor.size": 0, "ytick.minor.size": 0, "axes.unicode_minus": True, "legend.frameon": False,
    "legend.fontsize": 7.5, "legend.handlelength": 2.2,
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
        colour = _paint(self.colour)
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


def svg(figure: Canvas, name: str, describe: str) -> str:
    """The panel as an inline SVG element.

    Arguments:
        name: unique on the page; keeps references inside panels apart and the bytes the same.
        describe: what is seen, for people who do not see it.
    """
    buffer = io.StringIO()
    with matplotlib.rc_context(STYLE | {"svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    return _slim(buffer.getvalue(), name, describe)


def _slim(text: str, name: str, describe: str) -> str:
    """Drop what is not seen and say what is seen in fewer words; the picture stays the same."""
    text = text[text.index("<svg"):]
    width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text).groups()  # type: ignore[union-attr]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>", "", text, flags=re.S)
    prefix = "p" + hashlib.blake2s(name.encode(), digest_size=3).hexdigest()
    used = dict.fromkeys(re.findall(r"(?:url\(#|xlink:href=\"#)([^)\"]+)", text))
    short = {long: f"{prefix}{k}" for k, long in enumerate(used)}
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{short[m[1]]}"' if m[1] in short else "", text)
    text = re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{short[m[1]]})", text)
    text = re.sub(r'xlink:href="#([^"]+)"', lambda m: f'href="#{short[m[1]]}"', text)
    text = re.sub(r"<[^>]+>", lambda tag: re.sub(r"-?\d+\.\d{2,}", _shorter, tag[0]), text)
    text = re.sub(r"font: ([^;\"]*?)'DejaVu Sans'[^;\"]*", lambda m: "font:" + m[1].strip() + " sans-serif", text)
    for colour in (INK, PAPER):
        text = text.replace(colour, _paint(colour))
    text = re.sub(r' d="([^"]+)"', _path, text)
    text = re.sub(r"\s*\n\s*", "\n", text).replace("; ", ";").replace(": ", ":")
    text = re.sub(r";?stroke-linejoin:miter|;?stroke-linecap:butt|;?stroke-dashoffset:0", "", text)
    text = re.sub(r'<path d="[^"]*" style="fill:none"/>\n?', "", text)
    text = re.sub(r'(?:<path d="[^"]*"( clip-path="[^"]*")? style="fill:none[^"]*"/>\n)+', _merge, text)
    text = re.sub(r"<g( [^>]*)?>\n((?:<use [^>]*/>\n)+)</g>", _hoist, text)
    for _ in range(4):  # groups that hold nothing, one inside the other
        text = re.sub(r"<(g|defs)(?: [^>]*)?>\s*</\1>\n?", "", text)
    body = text[text.index(">", text.index("<svg")) + 1:].replace(">\n<", "><")
    head = (f'<svg class="panel" role="img" aria-label="{_escape(describe)}" viewBox="0 0 {width} {height}" '
            f'data-panel="{_escape(name)}">')
    return head + body.strip()


def _path(match: re.Match[str]) -> str:
    """Lines after a move need no letter."""
    text = re.sub(r"\s+", " ", match[1]).strip()
    text = re.sub(r"(?<=[\d.]) L (?=[-\d.])", " ", text) if "C" not in text and "Q" not in text else text
    return f' d="{text.replace("M ", "M").replace("L ", "L").replace(" z", "z")}"'


def _merge(match: re.Match[str]) -> str:
    """Lines drawn one after the other in one style become one path."""
    groups: list[tuple[str, list[str]]] = []
    for d, style in re.findall(r'<path d="([^"]*)"([^>]*)/>', match[0]):
        if groups and groups[-1][0] == style and "opacity" not in style:
            groups[-1][1].append(d)
        else:
            groups.append((style, [d]))
    return "".join(f'<path d="{"".join(lines)}"{style}/>\n' for style, lines in groups)


def _hoist(match: re.Match[str]) -> str:
    """Markers of one style say it once."""
    styles = set(re.findall(r'<use [^>]*style="([^"]*)"', match[2]))
    if len(styles) != 1:
        return match[0]
    style = styles.pop()
    return f'<g{match[1] or ""} style="{style}">\n' + match[2].replace(f' style="{style}"', "") + "</g>"


def _shorter(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.1f}"
    return "0" if text in ("-0.0", "0.0") else text.removesuffix(".0")


def _paint(colour: str) -> str:
    return {INK: "currentColor", PAPER: "var(--card)"}.get(colour, colour)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


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
