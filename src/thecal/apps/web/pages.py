"""The built front end, and the one page that needs no script: the summary in plain words."""

from __future__ import annotations

import functools
from html import escape
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, HTMLResponse

STATIC = Path(__file__).with_name("static")
PLACES = ("", "bench", "cells", "data", "evidence", "people", "numbers")

router = APIRouter(include_in_schema=False)


def _index() -> Response:
    page = STATIC / "index.html"
    if not page.is_file():
        return HTMLResponse("<!doctype html><title>Thecal</title><p>The pages have not been built: run "
                            "<code>make web</code>.", status_code=503)
    return FileResponse(page, media_type="text/html", headers={"cache-control": "no-cache"})


def no_page() -> Response:
    """What a reader sees where there is no page."""
    return HTMLResponse('<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width='
                        'device-width, initial-scale=1"><title>No such page – Thecal</title><link rel="stylesheet" '
                        'href="/plain.css"><main><h1>There is no such page</h1><p><a href="/">To the bench</a>, or to '
                        '<a href="/plain">the summary in plain words</a>.</p></main></html>', status_code=404)


for place in PLACES:
    router.add_api_route(f"/{place}", _index, methods=["GET"])


@router.get("/plain")
def plain() -> HTMLResponse:
    """The summary for patients as one page of HTML."""
    return HTMLResponse(_plain_page())


@functools.cache
def _plain_page() -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markdown_it import MarkdownIt

    from thecal.analysis.harm import plain_summary
    from thecal.apps.cli import DISCLAIMER

    found = plain_summary.as_dict()
    words = MarkdownIt("commonmark", {"html": False}).enable("table").render(found["markdown"])
    shaped = Environment(loader=PackageLoader("thecal.apps.web", "templates"), autoescape=True,
                         undefined=StrictUndefined)
    return shaped.get_template("plain.html.j2").render(
        title=found["title"], words=_scopes(words), icons=[_icons(icon) for icon in found["icon_arrays"]],
        disclaimer=DISCLAIMER)


def _scopes(html: str) -> Any:
    """Header cells say that they head a column; a table can be scrolled with the keyboard."""
    from markupsafe import Markup

    html = html.replace("<th>", '<th scope="col">')
    html = html.replace("<table>", '<div class="scroll" role="region" tabindex="0" aria-label="What could go wrong, '
                        'and other tables"><table>', 1)
    return Markup(html.replace("<table>", '<div class="scroll"><table>').replace(
        'tables"><div class="scroll"><table>', 'tables"><table>').replace("</table>", "</table></div>"))


def _icons(icon: dict[str, Any]) -> dict[str, Any]:
    """Ten rows of ten circles: filled ones are counted, and none are drawn where nobody has counted."""
    from markupsafe import Markup

    known = icon["filled"] is not None
    circles = "".join(
        f'<circle cx="{12 + 20 * (k % 10)}" cy="{12 + 20 * (k // 10)}" r="7" '
        f'class="{"unknown" if not known else "filled" if k < icon["filled"] else "empty"}"/>' for k in range(100))
    told = (f"{icon['filled']} of {icon['of']} {icon['unit']} ({_bound(icon['low'])} to {icon['high']:.0f})"
            if known else "Nobody has counted")
    drawing = (f'<svg viewBox="0 0 204 204" role="img" aria-label="{escape(icon["label"])}: {escape(told)}">'
               f"{circles}" + ("" if known else '<text x="102" y="118" text-anchor="middle">?</text>') + "</svg>")
    return {"label": icon["label"], "told": told, "drawing": Markup(drawing)}


def _bound(low: float) -> str:
    return f"{low:.0f}" if low >= 1 else "fewer than 1"
