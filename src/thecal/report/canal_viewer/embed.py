"""The viewer inside a page: style, module and data in one piece of HTML that needs no network."""

from __future__ import annotations

import html
import json
from importlib import resources


def module_text() -> str:
    """The ES module, for pages that inline it and for the web app that serves it."""
    return (resources.files(__package__) / "canal.js").read_text(encoding="utf-8")


def style_text() -> str:
    """Its style sheet."""
    return (resources.files(__package__) / "canal.css").read_text(encoding="utf-8")


def viewer_html(frames: dict, place: str = "canal") -> str:
    """A fragment that shows the cells of one arm.

    Arguments:
        frames: from :func:`thecal.report.canal_viewer.frames.frames_of`. place: id of its element, one per page.
    """
    data = json.dumps(frames, separators=(",", ":")).replace("</", "<\\/")
    return (f"<style>{style_text()}</style>\n<div id=\"{place}\"><noscript>The counts stand in counts.csv; the moving "
            f"picture needs JavaScript.</noscript></div>\n<script type=\"module\">\n{module_text()}\n"
            f"mountCanal(document.getElementById({json.dumps(place)}), {data});\n</script>\n")


def page_html(frames: dict) -> str:
    """A whole page with the viewer alone."""
    title = html.escape(frames["title"])
    return ("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">"
            f"<title>{title}</title></head>\n<body><main><h1 style=\"font:600 1.3rem system-ui,sans-serif;"
            "max-width:960px;margin:1rem auto 0\">Cells in the spinal canal</h1>\n"
            f"{viewer_html(frames)}</main></body></html>\n")
