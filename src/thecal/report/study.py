"""The study report: one HTML file that asks nothing of the network and needs no script.

``write_report(outcome, path)`` reads what a finished run left; it simulates nothing, so that ``thecal report DIR`` can
make the page again. The same run gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import matplotlib
from jinja2 import Environment, StrictUndefined

from thecal import __version__
from thecal.analysis import sensitivity
from thecal.analysis.outcome import StudyOutcome
from thecal.core.errors import Problem
from thecal.engine.coupling import assemble_model
from thecal.engine.fitted import centre
from thecal.engine.jobs.parts import write_atomically
from thecal.engine.layout import layout_of
from thecal.report import tables
from thecal.report.answers import answers, plain_words, tested_for_pain
from thecal.report.arms import chosen, questions
from thecal.report.canal_viewer.kept import kept
from thecal.report.canal_viewer.section import section
from thecal.report.citations import parameters_of, references, study_sources
from thecal.report.claims import Claims, claims_shown, fitted_words, stored_claims
from thecal.report.drawing import STYLE
from thecal.report.figures.chain import chain_figures
from thecal.report.figures.endpoints import endpoint_figures
from thecal.report.figures.pain import pain_figures
from thecal.report.figures.places import place_figures
from thecal.report.figures.relief import relief_figures
from thecal.report.figures.sensitivity import sensitivity_figure
from thecal.report.findings import Findings
from thecal.report.methods import arm_rows, conduct_words, room_texts
from thecal.report.words import percent, pretty, signed
from thecal.study.plan import ArmPlan, StudyPlan

CONTENTS = (("about", "What this is", None), ("answer", "What came out", None), ("pain", "Pain curves", "pain"),
            ("reversal", "Reversal", "reversal"), ("places", "Cells and concentrations", "places"),
            ("canal", "Cells in the canal", "canal"), ("chain", "Needle to paw", "chain"),
            ("measured", "Other measurements", "endpoints"),
            ("statistics", "Statistics", "statistics"), ("claims", "Claims", "claims"),
            ("assumptions", "What carries the result", None), ("methods", "Methods", None),
            ("numbers", "Every number", None), ("provenance", "Provenance", None), ("references", "References", None))


def write_report(outcome: StudyOutcome, path: Path, claims: Sequence[dict[str, Any]] | None = None) -> Path:
    """Write the report of a finished run.

    Arguments:
        outcome: the run with its plan. path: the HTML file; replaced whole or not at all.
        claims: scored claims, as rows of ``thecal qualify --json``; those stored beside the run or in the package
            where None.

    Returns: the path.
    """
    write_atomically(Path(path), render(outcome, claims).encode())
    return Path(path)


def render(outcome: StudyOutcome, claims: Sequence[dict[str, Any]] | None = None) -> str:
    """The report as text."""
    package = resources.files("thecal.report")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string((package / "template.html").read_text("utf-8"))
    with matplotlib.rc_context(STYLE):
        content = _content(outcome, claims)
    return template.render(style=(package / "style.css").read_text("utf-8"), **content) + "\n"


def _content(outcome: StudyOutcome, claims: Sequence[dict[str, Any]] | None) -> dict[str, Any]:
    plan, findings = outcome.plan, Findings(outcome)
    asked = questions(plan)
    relief = relief_figures(findings, asked)
    parameters = tables.parameter_rows(plan)
    numbers = [row for _, rows in parameters for row in rows]
    content: dict[str, Any] = {
        "version": __version__, "name": plan.name, "title": pretty(plan.title), "plan": plan, "description":
        pretty(plan.description), "model_only": not tested_for_pain(plan), "plain": plain_words(findings), "seed":
        outcome.results.seed, "animals": sum(arm.n for arm in plan.arms), "strains": _strains(outcome),
        "assumed": sum(row.assumed for row in numbers), "total": len(numbers), "notices": _notices(outcome),
        "status": tables.status_words(outcome.results.progress().statuses.items()),
        "level": percent(plan.analysis.relief_level), "interval": percent(plan.analysis.interval),
        "alpha": f"{plan.analysis.alpha:g}", "answers": answers(findings), "relief_overview": relief[:2],
        "reversal": relief[2:], "relief": tables.relief_rows(findings, asked), "pain": pain_figures(findings, asked),
        "places": place_figures(findings), "chain": chain_figures(findings), "endpoints": endpoint_figures(findings),
        "statistics": tables.statistics_rows(findings), "claims": _claims(outcome, claims),
        "conduct": conduct_words(plan), "arms": arm_rows(plan), "parameters": parameters,
        "overrides": tables.override_rows(plan), "assays": tables.assay_rows(plan),
        "provenance": tables.provenance_rows(outcome.results.provenance), "references": _references(outcome),
        "rooms": _rooms(outcome), "fitted_to": fitted_words() if centre() else "",
        "fitted": "The centre of the fitted draws is used." if centre() else "",
        "draws_from": {"fitted": "fitted to published findings", "register": "from the ranges of the register"}.get(
            outcome.results.provenance.get("draws_from", ""), "")}
    content |= _sensitivity(findings)
    frames = kept(outcome.results)
    content["canal"] = section(frames, plan.title, plan.name) if frames else None
    content["contents"] = [(a, text) for a, text, key in CONTENTS if key is None or content[key]]
    return content


def _strains(outcome: StudyOutcome) -> str:
    return ", ".join(dict.fromkeys(arm.strain.name for arm in outcome.plan.arms if arm.strain.name))


def _rooms(outcome: StudyOutcome) -> list:
    structure = layout_of(outcome.plan.species)
    return room_texts(assemble_model(structure), structure, outcome.plan)


def _notices(outcome: StudyOutcome) -> list[Problem]:
    """What the reader must know: notices of the study, and whether the equations have changed since the run."""
    found = list(outcome.plan.notices)
    now = assemble_model(layout_of(outcome.plan.species)).fingerprint
    then = outcome.results.provenance.get("model_sha256", "")
    if then and then != now:
        found.append(Problem("provenance", "this page was made by a version of Thecal whose equations or numbers "
                             "differ from those of the run; methods and numbers describe this version",
                             severity="warning"))
    return found


def _claims(outcome: StudyOutcome, claims: Sequence[dict[str, Any]] | None) -> Claims | None:
    rows = stored_claims(outcome.results.path) if claims is None else claims
    return claims_shown(rows) if rows else None


def _references(outcome: StudyOutcome) -> list[dict[str, str]]:
    found = []
    for reference in references([*study_sources(outcome.plan),
                                 *((row.id, row.source) for row in tables.assay_rows(outcome.plan))]):
        ids = [user for user in reference.used_by if "." in user]
        others = [user for user in reference.used_by if "." not in user]
        more = f" and {len(others) - 3} more groups" if len(others) > 3 else ""
        words = [", ".join(others[:3]) + more] if others else []
        words += [f"{len(ids)} numbers ({', '.join(ids[:4])}{', …' if len(ids) > 4 else ''})"] if ids else []
        found.append({"text": reference.text, "url": reference.url, "used": f"used for {'; '.join(words)}"})
    return found


def _sensitivity(findings: Findings) -> dict[str, Any]:
    """The ten numbers that carry the result, from the table kept beside the run."""
    rows = sensitivity.read(findings.outcome.results.path)
    register, scores = parameters_of(findings.plan), centre()
    arms = list(dict.fromkeys(row.arm for row in rows))
    carrying = []
    for name in sensitivity.carrying(rows):
        each = {row.arm: row for row in rows if row.parameter == name}
        carrying.append({"row": tables.number_row(register[name], scores.get(name, 0.0)), "elasticities": [
            f"{signed(each[a].elasticity_duration)}, {signed(each[a].elasticity_best)}" for a in arms if a in each]})
    return {"sensitivity": sensitivity_figure(findings, rows), "carrying": carrying,
            "sensitivity_arms": [pretty(findings.plan.arm(a).label) for a in arms]}


def explained_arms(plan: StudyPlan) -> list[ArmPlan]:
    """The arms whose sensitivities a report shows: one of cells, one of protein."""
    return [arm for arm in (chosen(plan, "cells"), chosen(plan, "protein")) if arm is not None]


def external(page: str) -> list[str]:
    """What a page would load from elsewhere; empty for every report (links that a reader may follow do not count)."""
    return [target for target in re.findall(r'(?:src|href|data|action|poster|xlink:href)="([^"]*)"', page)
            if not target.startswith(("data:text/csv", "data:image/png", "#", "https://doi.org/", "https://pmc.",
                                      "https://pubmed.", "https://www.ebi.ac.uk/"))]
