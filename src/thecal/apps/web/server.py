"""The application: routes, errors in the words of the command line, and the worker that computes runs."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from thecal import __version__
from thecal.apps.web import ahead, data, library, pages, runs, studies, weighed
from thecal.apps.web.guard import Guard
from thecal.apps.web.queue import Queue
from thecal.apps.web.settings import Settings
from thecal.apps.web.supervisor import Supervisor
from thecal.core.errors import Problem, ThecalError

STATUSES = {"not-found": 404, "queue-full": 503, "busy": 503, "running": 409, "not-finished": 409, "too-large": 413,
            "file-type": 415}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    422: {"description": "The findings, as the command line tells them.", "content": {"application/json": {"schema": {
        "type": "object", "required": ["problems"], "properties": {"problems": {"type": "array", "items": {
            "type": "object"}}}}}}}}


def create_app(settings: Settings) -> FastAPI:
    """The application of one server.

    Arguments:
        settings: see :class:`Settings`. With no workers (0), runs wait until a server with workers takes the folder.
    """
    app = FastAPI(title="Thecal", version=__version__, docs_url=None, redoc_url=None,
                  openapi_url="/api/openapi.json", lifespan=_life, responses=_PROBLEMS,
                  description="The laboratory in a browser. Computer model, not medical advice.")
    app.state.settings, app.state.queue = settings, Queue(settings.home)
    app.state.stopping = asyncio.Event()
    for module in (studies, runs, data, library):
        app.include_router(module.router)
    app.include_router(pages.router)
    if (pages.STATIC / "assets").is_dir():
        app.mount("/assets", _Hashed(directory=pages.STATIC / "assets"))
        app.mount("/plain.css", _OneFile(directory=pages.STATIC))
    app.add_exception_handler(ThecalError, _told)
    app.add_exception_handler(RequestValidationError, _misfit)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)
    app.add_middleware(Guard, settings=settings)
    return app


class _Hashed(StaticFiles):
    """Files whose name changes with their content: a browser may keep them for good."""

    def file_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


class _OneFile(StaticFiles):
    """The stylesheet of the page without scripts."""

    def get_path(self, scope: Any) -> str:
        return "plain.css"


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    supervisor = Supervisor(settings.home, settings.workers)
    supervisor.start()
    threading.Thread(target=warm, daemon=True).start()
    try:
        yield
    finally:
        app.state.stopping.set()
        supervisor.stop()


def warm(later_s: float = 20.0) -> None:
    """One preview before anybody asks: imports and the compiled model are in memory then. Evidence a little later.

    Last, what the sliders of the bench will ask the engine for.
    The weighing of all studies comes with the package; what this keeps in memory are the fits that every selection
    shares.
    """
    from thecal.apps.web.preview import preview
    from thecal.study.load import source_text

    try:
        preview(source_text("chen2015")[0].decode(), "bmsc_early")
        time.sleep(later_s)
        weighed.weigh()
        ahead.compile_ahead()
    except Exception:
        logging.getLogger("thecal").exception("warming up failed")


def _answer(status: int, problems: list[Problem]) -> JSONResponse:
    return JSONResponse({"problems": [problem.as_dict() for problem in problems]}, status)


def _told(request: Request, error: Exception) -> JSONResponse:
    from thecal.apps.web.studies import finding

    assert isinstance(error, ThecalError)
    code = next((STATUSES[p.code] for p in error.problems if p.code in STATUSES), 422)
    return JSONResponse({"problems": [finding(p).model_dump() for p in error.problems[:200]]}, code)


def _misfit(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return _answer(422, [Problem(".".join(str(part)[:60] for part in found["loc"]), str(found["msg"])[:300],
                                 code="request") for found in error.errors()[:20]])


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and "text/html" in request.headers.get("accept", "") and \
            not request.url.path.startswith("/api/"):
        return pages.no_page()
    answer = _answer(error.status_code, [Problem("request", str(error.detail)[:300], code="request")])
    answer.headers.update(error.headers or {})
    return answer


def _fault(request: Request, error: Exception) -> JSONResponse:
    """A fault of the program; what it was stands in the server's log."""
    return _answer(500, [Problem("server", "a fault of the program, not of your input", seen=type(error).__name__,
                                 remedy="see what 'thecal serve' printed", code="fault")])
