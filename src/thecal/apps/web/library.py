"""What is known: published studies, harms, people, the register, equations, claims, and the summary in plain words."""

from __future__ import annotations

import functools
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from thecal.apps.web import answers, weighed
from thecal.apps.web.settings import Settings
from thecal.apps.web.studies import Ask

router = APIRouter(prefix="/api", tags=["what is known"])

Word = Annotated[list[Annotated[str, Field(max_length=60)]], Query(max_length=20)]


@router.get("/evidence", response_model=answers.Evidence)
def evidence(species: Word = [], model: Word = [], condition: Word = [], cells: Word = [],  # noqa: B006
             route: Word = [], outcome: Word = [], effect: Word = [], certainty: Word = [],  # noqa: B006
             ) -> Response:
    """The published studies that were chosen, and what they come to; as ``thecal evidence --rows --json``."""
    given = (species, model, condition, cells, route, outcome, effect, certainty)
    return Response(weighed.evidence(given), media_type="application/json")


@router.get("/evidence/words")
def vocabulary() -> dict[str, dict[str, str]]:
    """The words of the evidence tables with their meaning; those that filters take, and names of harms."""
    return weighed.vocabulary()


@router.get("/parameters")
def parameters() -> list[answers.Number]:
    """The register: every number with unit, range, kind and source."""
    return _parameters()


@functools.cache
def _parameters() -> list[answers.Number]:
    from thecal.core.register import load
    from thecal.report.mathml import symbol_html

    return [answers.Number(id=p.id, symbol=symbol_html(p.symbol), value=p.value, low=p.low, high=p.high, unit=p.unit,
                           kind=p.kind, assumption=p.is_assumption, verified=p.verified, species=p.species,
                           between_animals=p.between_animals, context=p.context, source=p.source, note=p.note)
            for p in load().values()]


@router.get("/equations")
def equations() -> list[answers.Room]:
    """The equations of the mouse model as MathML, written from its declaration."""
    return _equations()


@functools.cache
def _equations() -> list[answers.Room]:
    from thecal.core.register import load
    from thecal.engine.coupling import assemble_model
    from thecal.engine.layout import layout_of
    from thecal.report import mathml
    from thecal.report.equations import equations as written
    from thecal.study.load import load as study
    from thecal.study.resolve import resolve

    structure = layout_of(resolve(study("sni-natural-course")).species)
    register = load()
    return [answers.Room(room=room.name, meaning=room.meaning, equations=[
        answers.Equation(mathml=mathml.equation(one, register), meaning=one.meaning, unit=one.unit, change=one.change)
        for one in room.equations]) for room in written(assemble_model(structure), structure)]


@router.get("/claims")
def claims(request: Request) -> answers.Claims:
    """The register of claims; with verdicts where they were scored on this machine or came with the package."""
    from thecal.analysis.claims.register import load_claims, window_log
    from thecal.report.claims import stored_claims

    settings: Settings = request.app.state.settings
    scored = {row["id"]: row for row in stored_claims(settings.home)}
    shown = ("verdict", "share", "prior_share", "value", "low", "high", "cause")
    return answers.Claims(
        scored=bool(scored), log=[answers.Changed(**one) for one in window_log()],
        claims=[answers.Claim(id=c.id, number=c.number, statement=c.statement, source=c.source, tag=c.tag, role=c.role,
                              window={k: (_finite(v[0]), _finite(v[1])) for k, v in c.window.items()},
                              **{key: scored.get(c.id, {}).get(key) for key in shown}) for c in load_claims()])


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
def plain() -> answers.Plain:
    """The summary for patients with its numbers."""
    return _plain()


@functools.cache
def _plain() -> answers.Plain:
    from thecal.analysis.harm import plain_summary

    return answers.Plain(**plain_summary.as_dict())


@router.get("/about")
def about() -> answers.About:
    """Version, and which pages have something to show."""
    from thecal import __version__
    from thecal.apps.cli import DISCLAIMER

    pages = ["bench", "cells", "data", "evidence", "people", "plain", "numbers"]
    return answers.About(version=__version__, disclaimer=DISCLAIMER, pages=pages)


@router.get("/health", status_code=204, response_class=Response)
def health() -> Response:
    """An empty answer: the server is there."""
    return Response(status_code=204)
