"""Runs: submit, follow, stop, go on, read. A run is a job folder; these pages only look into it."""

from __future__ import annotations

import asyncio
import functools
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import Field

from thecal.apps.web import envelope
from thecal.apps.web.found import CellsFound, Translated
from thecal.apps.web.queue import Queue
from thecal.apps.web.settings import MOST_ANIMALS, MOST_WAITING, Settings
from thecal.apps.web.shapes import Accepted, ReadingsHead, Run, RunDetails, RunSummary
from thecal.apps.web.studies import Ask, StudyText, not_found
from thecal.core.errors import ThecalError

router = APIRouter(prefix="/api", tags=["runs"])

RunId = Annotated[str, "path parameter"]
REPORT_POLICY = ("sandbox allow-scripts allow-downloads allow-popups; default-src 'none'; img-src data:; "
                 "font-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'self'; "
                 "base-uri 'none'; form-action 'none'")
MOST_POINTS = 600  # of one curve


class Submitted(Ask):
    """A study to run, with the options of ``thecal run``."""

    text: StudyText
    seed: Annotated[int, Field(ge=0, le=2**53)] | None = None
    animals: Annotated[int, Field(ge=1, le=10_000)] | None = None
    draws: Annotated[int, Field(ge=0, le=200)] = 40
    report: bool = True


class Qualified(Ask):
    """How closely to score the claims."""

    draws: Annotated[int, Field(ge=4, le=200)] = 24


class Followed(Ask):
    """Single cells of an arm to follow, as ``thecal cells`` does."""

    text: StudyText
    arm: Annotated[str, Field(max_length=64)]
    agents: Annotated[int, Field(ge=1000, le=500_000)] = 50_000
    draws: Annotated[int, Field(ge=0, le=40)] = 24


class Carried(Ask):
    """An arm to carry to another species, as ``thecal translate`` does."""

    text: StudyText
    arm: Annotated[str, Field(max_length=64)]
    to: Annotated[str, Field(max_length=40)] = "human"
    draws: Annotated[int, Field(ge=8, le=300)] = 60


def queue_of(request: Request) -> Queue:
    """The server's queue."""
    queue: Queue = request.app.state.queue
    return queue


def _row(request: Request, run: str) -> dict[str, Any]:
    row = queue_of(request).get(run) if run.isalnum() and len(run) == 12 else None
    if row is None:
        raise not_found("runs", "there is no run of this id", run)
    return row


@router.post("/runs", status_code=202)
def submit(ask: Submitted, request: Request) -> Accepted:
    """Put a study into the queue. A study that cannot be run is refused with every finding."""
    from thecal.apps.web.cohort import plan_of

    plan = plan_of(ask.text)
    per_arm = [ask.animals or arm.n for arm in plan.arms]
    if sum(per_arm) > MOST_ANIMALS:
        raise ThecalError.single("animals", "too many animals for one run of this server", seen=str(sum(per_arm)),
                                 allowed=f"at most {MOST_ANIMALS}", remedy="use 'thecal run' for more",
                                 code="too-many-animals")
    _room_left(queue_of(request))
    options = ask.model_dump(exclude={"text"}, exclude_none=True)
    total = sum(per_arm) + ask.draws * len(per_arm)
    return Accepted(id=queue_of(request).add("study", plan.name, plan.title[:200], ask.text, options, total))


@router.post("/qualify", status_code=202)
def qualify(ask: Qualified, request: Request) -> Accepted:
    """Score the register of claims, as ``thecal qualify`` does."""
    _room_left(queue_of(request))
    return Accepted(id=queue_of(request).add("qualify", "claims", f"Claims scored over {ask.draws} draws", "",
                                             {"draws": ask.draws}))


@router.post("/cells", status_code=202)
def cells(ask: Followed, request: Request) -> Accepted:
    """Put the single cells of one arm into the queue."""
    from thecal.analysis.homing import arm_with_cells
    from thecal.apps.web.cohort import plan_of

    arm = arm_with_cells(plan_of(ask.text), ask.arm)
    return _queued(request, "cells", f"Cells of {arm.label or arm.id}", ask)


@router.post("/translations", status_code=202)
def translations(ask: Carried, request: Request) -> Accepted:
    """Put the translation of one arm into the queue."""
    from thecal.analysis.translation.carry import species_called, treatment_of
    from thecal.apps.web.cohort import plan_of

    arm, target = treatment_of(plan_of(ask.text), ask.arm).arm, species_called(ask.to)
    return _queued(request, "translate", f"{arm.label or arm.id} in {target.name}", ask)


def _queued(request: Request, kind: str, title: str, ask: Followed | Carried) -> Accepted:
    _room_left(queue_of(request))
    options = ask.model_dump(exclude={"text"})
    return Accepted(id=queue_of(request).add(kind, ask.arm, title[:200], ask.text, options))


@router.get("/runs/{run}/result", response_class=FileResponse,
            responses={200: {"model": CellsFound | Translated}})
def result(run: str, request: Request) -> FileResponse:
    """What a run of single cells or a translation found."""
    _row(request, run)
    place = _folder(request, run) / "result.json"
    if not place.is_file():
        raise not_found("runs", "the run has no result of this kind, or not yet", run)
    return FileResponse(place, media_type="application/json")


def _room_left(queue: Queue) -> None:
    if queue.waiting() >= MOST_WAITING:
        raise ThecalError.single("runs", "the queue is full", allowed=f"{MOST_WAITING} runs at a time",
                                 remedy="wait until some have ended, or cancel one", code="queue-full")


@router.get("/runs")
def listed(request: Request) -> list[Run]:
    """All runs, newest first."""
    return [Run(**row) for row in queue_of(request).listed()]


@router.get("/events", response_class=StreamingResponse,
            responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}})
async def events(request: Request, once: bool = False) -> StreamingResponse:
    """All runs as server-sent events: the list now, and again whenever it changes. ``once`` ends after the first."""
    queue = queue_of(request)
    stopping: asyncio.Event = request.app.state.stopping

    async def stream() -> AsyncIterator[str]:
        last, silent = "", 0.0
        yield "retry: 1000\n\n"
        while not stopping.is_set() and not await request.is_disconnected():
            now = json.dumps(queue.listed())
            if now != last:
                last, silent = now, 0.0
                yield f"data: {now}\n\n"
            elif silent > 10:
                silent = 0.0
                yield ": still here\n\n"
            if once:
                return
            await asyncio.sleep(0.4)
            silent += 0.4

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"cache-control": "no-store"})


@router.get("/runs/{run}")
def one(run: str, request: Request) -> RunDetails:
    """One run with its study file."""
    row = _row(request, run)
    return RunDetails(**{key: row[key] for key in RunDetails.model_fields})


@router.post("/runs/{run}/cancel")
def cancel(run: str, request: Request) -> Accepted:
    """Ask a run to stop; what is finished is kept."""
    _row(request, run)
    queue_of(request).cancel(run)
    return Accepted(id=run)


@router.post("/runs/{run}/resume")
def resume(run: str, request: Request) -> Accepted:
    """Go on with a run that was stopped."""
    _row(request, run)
    queue_of(request).resume(run)
    return Accepted(id=run)


@router.delete("/runs/{run}")
def remove(run: str, request: Request) -> Accepted:
    """Remove a run that has ended, with its folder."""
    import shutil

    _row(request, run)
    if not queue_of(request).remove(run):
        raise ThecalError.single("runs", "the run has not ended", seen=run, remedy="cancel it first", code="running")
    shutil.rmtree(_folder(request, run), ignore_errors=True)
    return Accepted(id=run)


def _folder(request: Request, run: str) -> Path:
    settings: Settings = request.app.state.settings
    return settings.home / "runs" / run


def _finished(request: Request, run: str) -> Any:
    row = _row(request, run)
    if row["kind"] != "study" or row["state"] != "done":
        raise ThecalError.single("runs", "the run is not finished", seen=row["state"], code="not-finished",
                                 remedy="wait for it, or resume it")
    return _outcome(_folder(request, run), row["text"])


@functools.lru_cache(maxsize=4)
def _outcome(folder: Path, text: str) -> Any:
    from thecal.analysis.outcome import StudyOutcome
    from thecal.apps.web.cohort import plan_of
    from thecal.engine.jobs import Results

    return StudyOutcome(plan_of(text), Results(folder))


@router.get("/runs/{run}/summary")
def summary(run: str, request: Request) -> RunSummary:
    """What the study shows, as ``thecal run --json`` prints it, with a sentence for each arm."""
    _finished(request, run)
    return _summary(_folder(request, run), _row(request, run)["text"])


@functools.lru_cache(maxsize=8)
def _summary(folder: Path, text: str) -> RunSummary:
    from thecal.analysis.outcome import summary as summed
    from thecal.report.words import relief_sentence

    outcome = _outcome(folder, text)
    found = summed(outcome)
    for row in found["arms"]:
        arm = outcome.plan.arm(row["id"])
        hours = outcome.durations_over_draws(arm)
        row["words"] = relief_sentence(outcome, arm)
        row["duration_over_draws_h"] = [float(np.quantile(hours, 0.05)), float(np.quantile(hours, 0.95))] \
            if hours.size else None
    return RunSummary(**found, digest=outcome.results.digest(), statuses=outcome.results.progress().statuses,
                      report=(folder / "report.html").is_file(), tables=outcome.results.tables)


@router.get("/runs/{run}/arms/{arm}", response_class=Response, responses=envelope.described(ReadingsHead))
def curves(run: str, arm: str, request: Request) -> Response:
    """Curves of one arm of a finished run: latent mean, parameter draws, single animals, readings by visit."""
    outcome = _finished(request, run)
    if arm not in {each.id for each in outcome.plan.arms}:
        raise not_found("arms", "the study has no arm of this name", arm)
    return envelope.answer(_packed(_folder(request, run), _row(request, run)["text"], arm), request)


@functools.lru_cache(maxsize=64)
def _packed(folder: Path, text: str, arm: str) -> bytes:
    outcome = _outcome(folder, text)
    plan = outcome.plan.arm(arm)
    times, mean = outcome.curve(arm)
    look = np.unique(np.linspace(0, times.size - 1, MOST_POINTS).astype(int))
    arrays = {"t_d": times[look], "mean": mean[look]}
    drawn_at, drawn = outcome.draw_curves(arm)
    fine = drawn[np.isfinite(drawn).all(axis=1)] if len(drawn) else drawn
    if len(fine):
        for name, share in (("draws_low", 0.05), ("draws_high", 0.95)):
            arrays[name] = np.interp(times[look], drawn_at, np.quantile(fine, share, axis=0))
    wide, at = outcome._animals(plan)
    if len(wide):
        arrays |= {"animals_t_d": at, "animals": wide}
    rows = outcome.readings
    seen = rows[(rows["arm"] == arm) & (rows["assay"] == "von_frey") & (rows["paw"] == "ipsilateral")]
    if len(seen):
        by_day = seen.groupby("day")["value_log10"]
        arrays |= {"visit_d": by_day.mean().index.to_numpy(), "visit_mean": by_day.mean().to_numpy(),
                   "visit_sem": by_day.sem().fillna(0).to_numpy(), "visit_n": by_day.count().to_numpy(),
                   "reading_d": seen["day"].to_numpy(), "reading": seen["value_log10"].to_numpy()}
    head = {"arm": arm, "label": plan.label, "n": plan.n, "reference": plan.reference,
            "baseline_log10_g": plan.strain.baseline_log10_g, "seed": outcome.results.seed,
            "doses": [{"day_d": a.day_d, "end_d": a.end_d, "what": a.product, "position_mm": a.position_mm}
                      for a in plan.administrations[:40]]}
    return envelope.pack(ReadingsHead(**head).model_dump(), arrays)


@router.get("/runs/{run}/tables/{table}.csv", response_class=Response,
            responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}})
def table(run: str, table: str, request: Request) -> Response:
    """One table of a finished run as CSV."""
    import pyarrow.csv

    outcome = _finished(request, run)
    if table not in outcome.results.tables:
        raise not_found("tables", "the run has no such table", table, ", ".join(outcome.results.tables))
    out = io.BytesIO()
    pyarrow.csv.write_csv(outcome.results.read(table), out)
    return Response(out.getvalue(), media_type="text/csv", headers=_attached(f"{table}.csv"))


@router.get("/runs/{run}/study.yaml", response_class=Response,
            responses={200: {"content": {"application/yaml": {"schema": {"type": "string"}}}}})
def study_file(run: str, request: Request) -> Response:
    """The study file of a run, word for word."""
    return Response(_row(request, run)["text"].encode(), media_type="application/yaml",
                    headers=_attached("study.yaml"))


@router.get("/runs/{run}/report", response_class=FileResponse,
            responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}})
def report(run: str, request: Request) -> FileResponse:
    """The report of a finished run, in a page of its own that can reach nothing."""
    _row(request, run)
    page = _folder(request, run) / "report.html"
    if not page.is_file():
        raise not_found("runs", "the run has no report", run)
    return FileResponse(page, media_type="text/html", headers={"content-security-policy": REPORT_POLICY})


def _attached(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}
