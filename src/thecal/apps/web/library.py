"""What is known: published studies, harms, people, the register, equations, claims, and the summary in plain words."""

from __future__ import annotations

import functools
import threading
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from thecal.apps.web.settings import Settings
from thecal.apps.web.studies import Ask

router = APIRouter(prefix="/api", tags=["what is known"])

FILTERS = ("species", "model", "condition", "cells", "route", "outcome", "effect", "certainty")
Word = Annotated[list[Annotated[str, Field(max_length=60)]], Query(max_length=20)]
_weighing = threading.Lock()


@router.get("/evidence")
def evidence(species: Word = [], model: Word = [], condition: Word = [], cells: Word = [],  # noqa: B006
             route: Word = [], outcome: Word = [], effect: Word = [], certainty: Word = [],  # noqa: B006
             ) -> dict[str, Any]:
    """The published studies that were chosen, and what they come to; as ``thecal evidence --rows --json``."""
    given = (species, model, condition, cells, route, outcome, effect, certainty)
    with _weighing:
        return _weighed(tuple(tuple(sorted(set(words))) for words in given))


@functools.lru_cache(maxsize=64)
def _weighed(given: tuple[tuple[str, ...], ...]) -> dict[str, Any]:
    from thecal.analysis.evidence import query, synthesis, tables, words

    known = tables.load()
    selection = query.Selection.of(**{k: w for k, w in zip(FILTERS, given, strict=True) if w})
    found = synthesis.synthesise(known, selection)
    rows = query.select(known, selection)
    found["words"] = [{"heading": heading, "text": text} for heading, text in words.tell(found)]
    found["rows"] = {kind: [query.public(row) for row in listed] for kind, listed in rows.items()}
    plain: dict[str, Any] = synthesis.plain(found)
    return plain


@router.get("/evidence/words")
def vocabulary() -> dict[str, dict[str, str]]:
    """The words that each filter takes, with their meaning."""
    from thecal.analysis.evidence import schema

    groups = schema.raw()["groups"]
    return {name: {**{group: "group: " + ", ".join(members) for group, members in groups.get(name, {}).items()},
                   **schema.words(name)} for name in FILTERS}


@router.get("/parameters")
def parameters() -> list[dict[str, Any]]:
    """The register: every number with unit, range, kind and source."""
    return _parameters()


@functools.cache
def _parameters() -> list[dict[str, Any]]:
    from thecal.core.register import load
    from thecal.report.mathml import symbol_html

    return [{"id": p.id, "symbol": symbol_html(p.symbol), "value": p.value, "low": p.low, "high": p.high,
             "unit": p.unit, "kind": p.kind, "assumption": p.is_assumption, "verified": p.verified,
             "between_animals": p.between_animals, "species": p.species, "context": p.context, "source": p.source,
             "note": p.note} for p in load().values()]


@router.get("/equations")
def equations() -> list[dict[str, Any]]:
    """The equations of the mouse model as MathML, written from its declaration."""
    return _equations()


@functools.cache
def _equations() -> list[dict[str, Any]]:
    from thecal.core.register import load
    from thecal.engine.coupling import assemble_model
    from thecal.engine.layout import layout_of
    from thecal.report import mathml
    from thecal.report.equations import equations as written
    from thecal.study.load import load as study
    from thecal.study.resolve import resolve

    structure = layout_of(resolve(study("sni-natural-course")).species)
    register = load()
    return [{"room": room.name, "meaning": room.meaning, "equations": [
        {"mathml": _unstyled(mathml.equation(one, register)), "meaning": one.meaning, "unit": one.unit,
         "change": one.change} for one in room.equations]} for room in written(assemble_model(structure), structure)]


def _unstyled(markup: str) -> str:
    """Markup without styles of its own, which the content-security policy refuses; the page's stylesheet has them."""
    import re

    return re.sub(r' style="[^"]*"', "", markup).replace("<mtable", '<mtable class="lines"')


@router.get("/claims")
def claims(request: Request) -> dict[str, Any]:
    """The register of claims; with verdicts where they were scored on this machine or came with the package."""
    from thecal.analysis.claims.register import load_claims, window_log
    from thecal.report.claims import stored_claims

    settings: Settings = request.app.state.settings
    scored = {row["id"]: row for row in stored_claims(settings.home)}
    shown = ("verdict", "share", "prior_share", "value", "low", "high", "cause")
    return {"scored": bool(scored), "log": window_log(), "claims": [
        {"id": c.id, "number": c.number, "statement": c.statement, "source": c.source, "tag": c.tag, "role": c.role,
         "window": {k: [_finite(x) for x in v] for k, v in c.window.items()},
         **{key: scored.get(c.id, {}).get(key) for key in shown}} for c in load_claims()]}


def _finite(x: float) -> float | None:
    return x if abs(x) < 1e300 else None


class Plan(Ask):
    """What would be given to a person, and how bad the reader finds each harm (1 is as bad as losing the relief)."""

    indication: Annotated[str, Field(max_length=60)] = "peripheral_nerve_injury_pain"
    product: Annotated[str, Field(max_length=60)] = "allogeneic bmsc"
    dose_cells: Annotated[float, Field(gt=0, le=1e10)] = 1e8
    volume_ul: Annotated[float, Field(gt=0, le=1e6)] = 5000.0
    repeats: Annotated[int, Field(ge=1, le=50)] = 1
    weights: dict[Annotated[str, Field(max_length=40)], Annotated[float, Field(ge=0, le=10)]] = {}


class Balance(BaseModel):
    """Effects table, benefit-risk plane, and what would have to be true."""

    effects: list[dict[str, Any]]
    plane: dict[str, Any]
    must_be_true: list[str]
    sham_per_100: list[float | None]


@router.post("/balance")
def balance(ask: Plan) -> Balance:
    """Benefit and risk in people, with the reader's weights."""
    from thecal.analysis.harm import balance as weigh

    plan: dict[str, Any] = {"product": ask.product, "dose_cells": ask.dose_cells, "volume_ul": ask.volume_ul}
    effects = weigh.as_dicts(weigh.effects_table(ask.indication, ask.repeats, **plan))
    plane = weigh.plane(ask.indication, ask.weights, repeats=ask.repeats, draws=400, **plan).as_dict()
    sham = weigh.sham_response(ask.indication)
    return Balance(effects=effects, plane=plane,
                   must_be_true=weigh.must_be_true(ask.indication, ask.weights, ask.repeats, **plan),
                   sham_per_100=[None if x is None else float(x) for x in sham])


@router.get("/plain")
def plain() -> dict[str, Any]:
    """The summary for patients with its numbers."""
    return _plain()


@functools.cache
def _plain() -> dict[str, Any]:
    from thecal.analysis.harm import plain_summary

    return plain_summary.as_dict()


@router.get("/about")
def about() -> dict[str, Any]:
    """Version, and which pages have something to show."""
    from thecal import __version__
    from thecal.apps.cli import DISCLAIMER

    pages = ["bench", "cells", "data", "evidence", "people", "plain", "numbers"]
    return {"version": __version__, "disclaimer": DISCLAIMER, "pages": pages}


@router.get("/health")
def health() -> Response:
    """An empty answer: the server is there."""
    return Response(status_code=204)
