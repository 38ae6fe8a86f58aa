"""The viewer inside a page: style, module and data in one piece of HTML that needs no network."""

from __future__ import annotations

import html
import json
from importlib import resources

from thecal.report.canal_viewer.frames import Frames


def module_text() -> str:
    """The ES module, for pages that inline it and for the web app that serves it."""
    return (resources.files(__package__) / "canal.js").read_text(encoding="utf-8")


def style_text() -> str:
    """Its style sheet."""
    return (resources.files(__package__) / "canal.css").read_text(encoding="utf-8")


def viewer_script(frames: Frames, place: str, then: str = "", **options: bool) -> str:
    """Data and module as two script elements, which fill an element of the page.

    Arguments:
        frames: from :func:`thecal.report.canal_viewer.frames.frames_of`. place: id of the element, one per page.
        then: what to run once the viewer stands. options: of ``mountCanal``, e.g. ``table=False``.
    """
    data = json.dumps(frames, separators=(",", ":")).replace("</", "<\\/")
    return (f"<script type=\"application/json\" id=\"{place}-data\">{data}</script>\n"
            f"<script type=\"module\">\n{module_text()}\n"
            f"mountCanal(document.getElementById(\"{place}\"), "
            f"JSON.parse(document.getElementById(\"{place}-data\").textContent), {json.dumps(options)});\n"
            f"{then}</script>\n")


def page_html(frames: Frames) -> str:
    """A whole page with the viewer alone."""
    title = html.escape(frames["title"])
    return ("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
            "<meta name=\"color-scheme\" content=\"light dark\">"
            f"<title>{title}</title>\n<style>{style_text()}</style></head>\n"
            "<body><main><h1 class=\"canal-heading\">Cells in the spinal canal</h1>\n"
            "<div id=\"canal\"><noscript>The counts stand in counts.csv, a still picture in canal.svg; the moving "
            f"picture needs JavaScript.</noscript></div>\n{viewer_script(frames, 'canal')}</main></body></html>\n")
