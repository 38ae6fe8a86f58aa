"""The same SVG in a third of the bytes: what is not seen goes, what is said twice is said once.

Matplotlib writes every marker as an element with its own style, every text with its font, every artist in groups of its
own. Here markers of one kind become one path, groups without attributes go, coordinates are rounded to a tenth of a
point. Ids get a short prefix of their own, so that many panels live on one page.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Mapping

_USE = r'<use href="#[^"]+" x="[^"]+" y="[^"]+"(?: style="[^"]*")?/>\n'
Place = tuple[float, float]
_DEFAULTS = re.compile(r";?stroke-linejoin:miter|;?stroke-linecap:butt|;?stroke-dashoffset:0")


def slim(text: str, name: str, describe: str, colours: Mapping[str, str]) -> str:
    """An inline SVG element from a whole SVG file.

    Arguments:
        text: the file. name: unique on the page. describe: for people who do not see the picture.
        colours: colours to replace, e.g. by ``currentColor``.
    """
    text = text[text.index("<svg"):]
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>", "", text, flags=re.S)
    text = _short_ids(text, "p" + hashlib.blake2s(name.encode(), digest_size=3).hexdigest())
    text = re.sub(r"<[^>]+>", lambda tag: re.sub(r"-?\d+\.\d{2,}", _shorter, tag[0]), text)
    for colour, css in colours.items():
        text = text.replace(colour, css)
    text = re.sub(r' d="([^"]+)"', _path, text)
    text = re.sub(r"\s*\n\s*", "\n", text).replace("; ", ";").replace(": ", ":")
    text = _DEFAULTS.sub("", text)
    text = re.sub(r"<text ([^>]*)>", _text, text)
    text = re.sub(r'<path d="[^"]*" style="fill:none"/>\n?', "", text)
    text = _without_idle_groups(_markers(text))
    text = re.sub(r'(?:<path d="[^"]*"(?: clip-path="[^"]*")? style="fill:none[^"]*"/>\n)+', _merge, text)
    body = text[text.index(">", text.index("<svg")) + 1:]
    body = re.sub(r">\n+<", "><", body)
    head = (f'<svg class="panel" role="img" aria-label="{_escape(describe)}" '
            f'viewBox="0 0 {size[1]} {size[2]}" data-panel="{_escape(name)}">')  # type: ignore[index]
    return head + body.strip()


def _short_ids(text: str, prefix: str) -> str:
    """Ids that something refers to, in short; the others go."""
    used = dict.fromkeys(re.findall(r"(?:url\(#|xlink:href=\"#)([^)\"]+)", text))
    short = {long: f"{prefix}{k}" for k, long in enumerate(used)}
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{short[m[1]]}"' if m[1] in short else "", text)
    text = re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{short[m[1]]})", text)
    return re.sub(r'xlink:href="#([^"]+)"', lambda m: f'href="#{short[m[1]]}"', text)


def _shorter(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.1f}"
    return "0" if text in ("-0.0", "0.0") else text.removesuffix(".0")


def _path(match: re.Match[str]) -> str:
    """Lines after a move need no letter."""
    text = re.sub(r"\s+", " ", match[1]).strip()
    text = re.sub(r"(?<=[\d.]) L (?=[-\d.])", " ", text) if "C" not in text and "Q" not in text else text
    return f' d="{text.replace("M ", "M").replace("L ", "L").replace(" z", "z")}"'


def _text(match: re.Match[str]) -> str:
    """Font and colour of text come from the page; a turn by nothing goes."""
    inside = re.sub(r"font-family:[^;\"]*;?|fill:currentColor;?", "", match[1])
    inside = re.sub(r' transform="rotate\(-?0 [^"]*"', "", inside)
    inside = re.sub(r'style="font:([\d.]+px) [^;"]*;?', r'style="font-size:\1;', inside)
    return f"<text {inside}>".replace(';"', '"')


def _markers(text: str) -> str:
    """Markers of one kind and style as one path."""
    shapes = {m[1]: (m[2], m[3] or "") for m in
              re.finditer(r'<path id="([^"]+)" d="([^"]+)"(?: style="([^"]*)")?/>', text)}

    def join(match: re.Match[str]) -> str:
        uses = re.findall(r'<use href="#([^"]+)" x="([^"]+)" y="([^"]+)"(?: style="([^"]*)")?/>', match[0])
        found: list[tuple[str, str, list[Place]]] = []
        for shape, x, y, style in uses:
            if not found or found[-1][:2] != (shape, style):
                found.append((shape, style, []))
            found[-1][2].append((float(x), float(y)))
        return "".join(_joined(*shapes[shape], style, places) for shape, style, places in found)

    text = re.sub(f"(?:{_USE})+", join, text)
    return re.sub(r'<path id="([^"]+)" d="[^"]+"(?: style="[^"]*")?/>\n?',
                  lambda m: m[0] if f"#{m[1]}" in text else "", text)


def _joined(outline: str, own: str, style: str, places: list[Place]) -> str:
    """One path for all places of a marker; a filled disc is a round dot of the right width."""
    merged = _css(style) | _css(own)
    if "C" in outline:
        radius = max(abs(float(x)) for x in re.findall(r"-?[\d.]+", outline))
        edge = float(merged.get("stroke-width", "1"))
        if merged.get("fill") != "none" and merged.get("stroke", merged.get("fill")) == merged.get("fill"):
            wide = 2 * radius + (edge if "stroke" in merged else 0)
            faint = f";opacity:{merged['fill-opacity']}" if "fill-opacity" in merged else ""
            d = "".join(f"M{_trim(x)} {_trim(y)}h0" for x, y in places)
            return (f'<path d="{d}" style="fill:none;stroke:{merged["fill"]};stroke-linecap:round;'
                    f'stroke-width:{wide:.1f}{faint}"/>\n')
        ring = f"a{radius} {radius} 0 1 0 {2 * radius} 0a{radius} {radius} 0 1 0 {-2 * radius} 0"
        return _drawn("".join(f"M{_trim(x - radius)} {_trim(y)}{ring}" for x, y in places), merged)
    pieces = _steps(outline)
    return _drawn("".join(f"M{_trim(x + dx)} {_trim(y + dy)}{steps}" for x, y in places for dx, dy, steps in pieces),
                  merged)


def _drawn(d: str, style: Mapping[str, str]) -> str:
    return f'<path d="{d}" style="{";".join(f"{k}:{v}" for k, v in style.items())}"/>\n'


def _css(style: str) -> dict[str, str]:
    return dict(part.split(":", 1) for part in style.split(";") if ":" in part)


def _steps(outline: str) -> list[tuple[float, float, str]]:
    """Straight outlines: where each piece begins, and its steps from there."""
    found = []
    for piece in re.findall(r"M[^M]*", outline):
        numbers = [float(x) for x in re.findall(r"-?[\d.]+", piece)]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        steps = "".join(_step(x - u, y - v) for (u, v), (x, y) in itertools.pairwise(points))
        found.append((*points[0], steps + ("z" if piece.endswith("z") else "")))
    return found


def _step(dx: float, dy: float) -> str:
    if abs(dy) < 0.05:
        return f"h{_trim(dx)}"
    return f"v{_trim(dy)}" if abs(dx) < 0.05 else f"l{_trim(dx)} {_trim(dy)}"


def _trim(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0") if abs(x) >= 0.05 else "0"


def _merge(match: re.Match[str]) -> str:
    """Lines drawn one after the other in one style become one path."""
    groups: list[tuple[str, list[str]]] = []
    for d, style in re.findall(r'<path d="([^"]*)"([^>]*)/>', match[0]):
        if not groups or groups[-1][0] != style:
            groups.append((style, []))
        groups[-1][1].append(d)
    return "".join(f'<path d="{"".join(lines)}"{style}/>\n' for style, lines in groups)


def _without_idle_groups(text: str) -> str:
    """Groups without attributes or without content go."""
    text = re.sub(r"<g(?: [^>]*)?/>\n?", "", text)
    found: list[str] = []
    kept: list[bool] = []
    for token in re.split(r"(</?g(?: [^>]*)?>\n?)", text):
        if token.startswith("<g"):
            kept.append(token.strip() != "<g>")
            found.append(token if kept[-1] else "")
        elif token.startswith("</g"):
            found.append(token if kept.pop() else "")
        else:
            found.append(token)
    text = "".join(found)
    for _ in range(3):
        text = re.sub(r"<(g|defs)(?: [^>]*)?>\s*</\1>\n?", "", text)
    return text


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
