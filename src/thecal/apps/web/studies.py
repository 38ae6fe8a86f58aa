"""Studies: the library, what a form can choose from, findings about a file, the schema, and the preview."""

from __future__ import annotations

import functools
import re
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from thecal.apps.web import envelope
from thecal.apps.web.shapes import (
    ArmShown,
    Catalogue,
    Described,
    Finding,
    Findings,
    Hypothesis,
    PlacesHead,
    PreviewHead,
    Product,
    SpeciesShown,
    Spot,
    StudyFile,
    StudyNamed,
)
from thecal.core.errors import Problem, ThecalError

router = APIRouter(prefix="/api", tags=["studies"])

StudyText = Annotated[str, Field(max_length=1_000_000, description="A study file, word for word.")]
_SPOT = re.compile(r"([A-Za-z_][\w.\[\]-]*) \((?:[^()]*, )?line (\d+)\)")
_PATH = re.compile(r"^([A-Za-z_][\w.\[\]-]*)")


class Ask(BaseModel):
    """A body with known keys only."""

    model_config = ConfigDict(extra="forbid")


class Checked(Ask):
    """A study to check."""

    text: StudyText


class Previewed(Ask):
    """An arm of a study to look at."""

    text: StudyText
    arm: Annotated[str, Field(max_length=64)]


def finding(problem: Problem) -> Finding:
    """A problem with its lines and paths taken apart."""
    spots = [Spot(path=path, line=int(line)) for path, line in _SPOT.findall(problem.where)]
    path = _PATH.match(problem.where)
    first = spots[0] if spots else Spot(path=path[1] if path else "", line=None)
    return Finding(**problem.as_dict(), line=first.line, path=first.path, spots=spots or [first])


@router.get("/studies")
def studies() -> list[StudyNamed]:
    """Names and titles of the library."""
    return [StudyNamed(name=name, title=title) for name, title in _titles()]


@functools.cache
def _titles() -> tuple[tuple[str, str], ...]:
    from thecal.study.load import library, load

    return tuple((name, load(name).title) for name in library())


@router.get("/studies/{name}", responses={404: {"description": "no such study"}})
def study(name: str) -> StudyFile:
    """One study of the library."""
    from thecal.study.load import library, source_text

    if name not in library():
        raise not_found("studies", "there is no study of this name in the library", name, ", ".join(library()))
    return StudyFile(name=name, title=dict(_titles())[name], text=source_text(name)[0].decode())


@router.post("/lint")
def lint(ask: Checked) -> Findings:
    """Every finding about a study file, as ``thecal lint`` gives them."""
    from thecal.apps.web.cohort import plan_of, study_of
    from thecal.study.lint import lint as checks

    try:
        problems = checks(study_of(ask.text))
    except ThecalError as error:
        problems = list(error.problems)
    errors = sum(problem.severity == "error" for problem in problems)
    arms, animals = [], 0
    if not errors:
        plan = plan_of(ask.text)
        arms = [ArmShown(id=a.id, label=a.label, role=a.role, n=a.n, reference=a.reference,
                         injured=a.injury.injured, first_dose_d=a.first_dose_d) for a in plan.arms]
        animals = sum(a.n for a in plan.arms)
    return Findings(problems=[finding(p) for p in problems[:200]], errors=errors, arms=arms, animals=animals)


@router.get("/schema")
def schema() -> dict[str, Any]:
    """JSON Schema of the study file."""
    from thecal.study.schema import study_schema

    return study_schema()


@router.get("/catalogue")
def catalogue() -> Catalogue:
    """Species, injuries, products, assays and hypotheses that a study can name."""
    return _catalogue()


@functools.cache
def _catalogue() -> Catalogue:
    from thecal.core.hypotheses import DEFAULT_WEIGHTS, STATEMENTS
    from thecal.study.catalogue import records

    def listed(kind: str) -> list[Any]:
        return [record for record in records(kind) if record.modelled]

    return Catalogue(
        species=[SpeciesShown(name=r.name, levels=list(r.injection_levels), default_level=r.default_level,
                              default_volume_ul=r.default_volume_ul, largest_volume_ul=r.largest_volume_ul,
                              strains=[s.name for s in r.strains]) for r in listed("species")],
        injuries=[Described(name=r.name, description=r.description) for r in listed("injuries")],
        products=[Product(name=r.name, aliases=list(r.aliases), kind=r.kind, description=r.description,
                          published_doses={k: list(v) for k, v in r.published_doses.items()})
                  for r in listed("products")],
        assays=[Described(name=r.name, description=r.description) for r in listed("assays")],
        hypotheses=[Hypothesis(id=key, name=text.split(":")[0], meaning=text, default=DEFAULT_WEIGHTS[key])
                    for key, text in STATEMENTS.items()],
        genes=["Tgfb1", "Cxcr4", "Il10", "Tnfaip6", "Ptgs2"],
        routes=["lumbar puncture", "catheter"],
        donors=["syngeneic", "allogeneic", "xenogeneic"])


@router.post("/preview", response_class=Response, responses=envelope.described(PreviewHead))
def preview(ask: Previewed, request: Request) -> Response:
    """24 animals of one arm and 24 of what it is compared with, with two bands: animals, and parameter draws."""
    from thecal.apps.web.preview import preview as look

    return envelope.answer(look(ask.text, ask.arm), request)


@router.post("/places", response_class=Response, responses=envelope.described(PlacesHead))
def places(ask: Previewed, request: Request) -> Response:
    """The same 24 animals of one arm by place and time: solutes along the canal, cells, CXCL12 at the ganglia."""
    from thecal.apps.web.places import places as look

    return envelope.answer(look(ask.text, ask.arm), request)


def not_found(where: str, what: str, seen: str = "", allowed: str = "") -> ThecalError:
    """An error that becomes status 404."""
    return ThecalError.single(where, what, seen=seen[:80], allowed=allowed, code="not-found")
