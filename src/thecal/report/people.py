"""The page for people: evidence, translation, harm and benefit, and the answer in plain words.

One HTML file that asks nothing of the network. The sliders are a small script; without it the page holds the same
numbers as a table. ``people_sections`` gives the same parts to another page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import matplotlib
from jinja2 import Environment, StrictUndefined

from thecal import __version__
from thecal.analysis.evidence import query, synthesis, words
from thecal.analysis.evidence.tables import load
from thecal.analysis.harm import plain_summary
from thecal.engine.jobs.parts import write_atomically
from thecal.report import markdown, people_figures
from thecal.report.drawing import STYLE
from thecal.report.people_balance import INDICATIONS, START, indication, treatment_shown

SECTIONS = (("short", "In short"), ("summary", "In plain words"), ("evidence", "What exists"),
            ("translation", "From one species to another"), ("balance", "Benefit and harm"),
            ("hazards", "What can go wrong"), ("method", "How this was made"))


def write_page(found: Mapping[str, Any], folder: Path) -> Path:
    """Write ``people.html`` for a translation.

    Arguments:
        found: as :meth:`thecal.analysis.translation.translate.Translation.as_dict` gives it. folder: made if missing.

    Returns: the path.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "people.html"
    write_atomically(path, render(found).encode())
    write_atomically(folder / "translation.json", json.dumps(found, allow_nan=False).encode())
    return path


def render(found: Mapping[str, Any]) -> str:
    """The page as text; the same translation gives the same bytes."""
    package = resources.files("thecal.report")
    content = _content(dict(found))
    return _template("people.html").render(
        style=(package / "style.css").read_text("utf-8") + (package / "people.css").read_text("utf-8"),
        script=(package / "people.js").read_text("utf-8"), version=__version__, contents=[
            (a, t) for a, t in SECTIONS if a in content["sections"]], **content) + "\n"


def people_sections(found: Mapping[str, Any], wanted: tuple[str, ...] = ("evidence", "translation", "balance",
                                                                         "hazards", "summary")) -> list[dict[str, str]]:
    """Parts of the page for another page: ``anchor``, ``title`` and ``html`` of each, in the order asked for.

    Arguments:
        found: a translation as plain data. wanted: names from :data:`SECTIONS`.
    """
    content = _content(dict(found))
    titles = dict(SECTIONS)
    return [{"anchor": name, "title": titles[name], "html": content["sections"][name]} for name in wanted
            if name in content["sections"]]


def _template(name: str) -> Any:
    package = resources.files("thecal.report")
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
        (package / name).read_text("utf-8"))


def _content(found: dict[str, Any]) -> dict[str, Any]:
    """Everything that the templates print."""
    tables = load()
    about = query.Selection.of(route=["it"], cells=["stromal"])
    evidence = synthesis.synthesise(tables, about)
    plan = treatment_shown(found)
    people = found["to"] == "human"
    summary = plain_summary.as_dict(tables)
    with matplotlib.rc_context(STYLE):
        figures = {"forest": people_figures.forest_figure(evidence), "rules": people_figures.rules_figure(found),
                   "causes": people_figures.causes_figure(found), "along": people_figures.along_figure(found),
                   "shares": people_figures.shares_figure(found)}
    shared = {"found": found, "plan": plan, "figures": figures, "evidence": evidence, "told": words.tell(evidence),
              "name": f"{found['study']}-{found['to']}", "start": START, "people": people,
              "indications": [indication(i, plan) for i in INDICATIONS] if people else [],
              "summary": markdown.html(summary["markdown"]), "icons": [_icons(i) for i in summary["icon_arrays"]],
              "bullets": _bullets(found, evidence), "limits": LIMITS, "cells": _cells,
              "span": _span}
    parts = _template("people_parts.html")
    sections = {name: parts.render(part=name, **shared) for name, _ in SECTIONS
                if people or name not in ("balance", "hazards")}
    return {"sections": sections, "title": f"From {found['from']} to {found['to']}: {found['study']}",
            "people": people, "data": json.dumps({i["id"]: i["draws"] | {"sham": i["sham"]}
                                                  for i in shared["indications"]}).replace("</", "<\\/")}


LIMITS = (
    "Pain biology is that of mice: what a human ganglion or cord does with the factor was never measured this way.",
    "Half of the numbers of the human canal are assumptions; each is marked in the register (thecal params anatomy).",
    "The canal is one line of segments 5 cm long in people. Gravity, posture, breathing and the sides of the canal are "
    "not in it, nor are clumps that sink.",
    "A ganglion draws cells from the same length of canal in every species (assumed); nobody has seen how far it "
    "reaches.",
    "IgG leaves the fluid of patients three times slower than this model says; see thecal qualify, transport.",
)


def _bullets(found: Mapping[str, Any], evidence: Mapping[str, Any]) -> list[str]:
    """The page in a few sentences, all numbers from the data."""
    rows = people_figures.usable(dict(found))
    home, to = found["at_home"], {"human": "a person"}.get(found["to"], f"a {found['to']}")
    lines = []
    votes = evidence["animals"]["directions"]["all"]
    lines.append(f"In animals {votes['relief']} of {votes['studies']} studies of stromal cells in the spinal fluid "
                 "report relief, in small groups; failures are often not published.")
    if home["relief"] != "no basis":
        lines.append(f"The model, fitted to a few findings in mice, gives its usual {found['from']} "
                     f"{_span(home['relief']['duration_h'] / 24)} of relief.")
    doses = [r["dose_cells"] for r in rows if r["dose_cells"]]
    if len(doses) > 1:
        lines.append(f"Rules that one may defend ask for {_cells(min(doses))} to {_cells(max(doses))} cells in {to}: "
                     f"they differ {max(doses) / min(doses):,.0f}-fold, because nobody knows which rule "
                     "holds for cells.")
    far = [r for r in rows if r["beyond_experience"]]
    known = found["largest_published_cells"]
    if far and known:
        lines.append(f"{len(far)} of the {len(rows)} rules with a basis ask for more than the largest dose read for "
                     f"{found['to']} ({_cells(known[0])}). What such doses do harm is unknown.")
    sure = found["uncertainty"]
    if "days" in sure:
        never = 100 * sure["share_without_relief"]
        lines.append(f"Over all that is unknown the model says anything from no relief ({never:.0f} % of cases) to "
                     f"{sure['days'][2]:.0f} days. That is not a forecast; it shows how little is known.")
    if found["to"] == "human":
        lines.append("No controlled trial has tested cells in the spinal fluid for pain after nerve injury, for "
                     "sciatica or for chronic pain. For pain after spinal cord injury there are three small series "
                     "without controls.")
    return lines


def _span(days: float) -> str:
    """Hours below three days."""
    return f"{24 * days:.2g} h" if 0 < days < 3 else f"{days:.0f} d"


def _cells(number: float) -> str:
    if number >= 1e6:
        return f"{number / 1e6:,.3g} million" if number < 1e9 else f"{number / 1e9:.2g} billion"
    return f"{number:,.0f}"


def _icons(array: Mapping[str, Any]) -> dict[str, Any]:
    """One hundred figures as one small picture; unknown is drawn as question marks, never as empty."""
    marks = []
    filled = array["filled"]
    for k in range(array["of"]):
        x, y = 11 * (k % 20) + 6, 13 * (k // 20) + 7
        if filled is None:
            marks.append(f'<text x="{x}" y="{y + 4}" text-anchor="middle" class="unknown">?</text>')
        else:
            kind = "hit" if k < filled else "maybe" if array["high"] and k < array["high"] else "miss"
            marks.append(f'<circle cx="{x}" cy="{y}" r="4" class="{kind}"/>')
    words_ = "unknown: nobody has counted" if filled is None else (
        f"about {filled} of {array['of']} {array['unit']} ({array['low']:.0f} to {array['high']:.0f})")
    return {"label": array["label"], "words": words_, "svg":
            f'<svg class="icons" role="img" aria-label="{array["label"]}: {words_}" viewBox="0 0 222 68">'
            + "".join(marks) + "</svg>"}
