"""The handbook. Built by 'make docs'; needs no network, and its pages ask for none."""

from __future__ import annotations

import sys
from pathlib import Path

import latex2mathml.converter

import thecal

sys.path.insert(0, str(Path(__file__).parent))
import generated

project = "Thecal"
author = "The Thecal developers"
copyright = "2026, The Thecal developers. A computer model, not medical advice"
version = release = thecal.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_generated"]
autodoc_typehints = "description"
html_theme = "pydata_sphinx_theme"
html_title = "Thecal"
html_static_path = ["_static"]
html_theme_options = {"navigation_with_keys": False, "show_toc_level": 2, "footer_start": ["copyright"],
                      "footer_end": []}
html_css_files = ["wide.css"]
html_show_sourcelink = False
html_math_renderer = "mathml"
suppress_warnings = ["myst.header"]


def _inline(self, node):
    self.body.append(latex2mathml.converter.convert(node.astext()))
    _skip()


def _block(self, node):
    self.body.append(latex2mathml.converter.convert(node.astext(), display="block"))
    _skip()


def _skip():
    from docutils import nodes

    raise nodes.SkipNode


def setup(app):
    """Equations as MathML, which every browser shows without a script; pages generated from the program."""
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
    app.connect("builder-inited", lambda _: generated.write(Path(__file__).parent / "_generated"))
