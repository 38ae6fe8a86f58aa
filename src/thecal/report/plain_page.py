"""The frame that the pages of a notebook and of a design share: head, style, figures; no scripts, no network."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def fill(template: str, **content: Any) -> str:
    """A page as text.

    Arguments:
        template: path below ``thecal/report``, of a template that extends ``plain_page.html``.
    """
    environment = Environment(loader=PackageLoader("thecal", "report"), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    return environment.get_template(template).render(**content)
