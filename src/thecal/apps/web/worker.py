"""The process that computes runs: it claims one after another and ends when its server is gone.

``python -m thecal.apps.web.worker HOME PARENT`` is started by the server.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from thecal.apps.web.queue import LEASE_S, Queue
from thecal.core.errors import ThecalError
from thecal.engine.jobs import Progress, Stopped
from thecal.engine.jobs.catalogue import this_owner

IDLE_S = 0.25


def main(home: Path, parent: int) -> None:
    """Claim and compute until the server that started this process has gone."""
    os.nice(5)  # a preview comes before a run
    queue, owner = Queue(home), this_owner()
    threading.Thread(target=_watch, args=(queue, owner, parent), daemon=True).start()
    while True:
        run = queue.claim(owner)
        if run is None:
            time.sleep(IDLE_S)
            continue
        try:
            work(queue, home, run)
        except Stopped:
            queue.end(run["id"], "cancelled", "stopped; what is finished is kept")
        except ThecalError as error:
            queue.end(run["id"], "failed", str(error.problems[0])[:2000])
        except Exception as fault:  # noqa: BLE001 - a fault ends one run, told to its owner, and not the queue
            queue.end(run["id"], "failed", f"a fault of the program: {type(fault).__name__}: {fault}"[:2000])


def _watch(queue: Queue, owner: str, parent: int) -> None:
    """Renew the lease; leave with the server. A chunk that is being computed is computed again later."""
    last = time.monotonic()
    while True:
        time.sleep(0.5)
        if os.getppid() != parent:
            os._exit(0)
        if time.monotonic() - last > LEASE_S / 4:
            queue.renew(owner)
            last = time.monotonic()


def work(queue: Queue, home: Path, run: dict[str, Any]) -> None:
    """Compute one run to its end."""
    KINDS[run["kind"]](queue, home, run)
    queue.end(run["id"], "done")


def _study(queue: Queue, home: Path, run: dict[str, Any]) -> None:
    """The same call as ``thecal run``."""
    from thecal.analysis.outcome import StudyOutcome
    from thecal.engine.run import run_study
    from thecal.study.load import loads
    from thecal.study.resolve import resolve

    options = run["options"]
    plan = resolve(loads(run["text"]))
    if options.get("animals"):
        plan = replace(plan, arms=tuple(replace(arm, n=options["animals"]) for arm in plan.arms))
    told = 0.0

    def progress(now: Progress) -> None:
        nonlocal told
        if now.complete or time.monotonic() - told > 0.2:
            queue.advance(run["id"], now.animals_done + now.animals_failed, now.animals)
            told = time.monotonic()

    folder = home / "runs" / run["id"]
    results = run_study(plan, run["text"], folder, seed=options.get("seed"), draws=options.get("draws", 40),
                        progress=progress, cancel=lambda: queue.cancelled(run["id"]), replace=True)
    if options.get("report", True):
        from thecal.apps.beside import keep_cells
        from thecal.report.study import write_report

        now = results.progress()
        queue.advance(run["id"], now.animals_done, now.animals, "following single cells")
        message = keep_cells(plan, results)
        queue.advance(run["id"], now.animals_done, now.animals, message or "writing the report")
        write_report(StudyOutcome(plan, results), folder / "report.html")
    results.close()


def _qualify(queue: Queue, home: Path, run: dict[str, Any]) -> None:
    """The same call as ``thecal qualify``; the result is kept for the page of claims."""
    from thecal.analysis.claims.register import load_claims
    from thecal.analysis.claims.score import score
    from thecal.engine.jobs.parts import write_atomically
    from thecal.engine.solvers import integrator

    total, done = len(load_claims()), 0

    def progress(claim: str) -> None:
        nonlocal done
        _go_on(queue, run, done, total, claim)
        done += 1

    result = score(integrator("compiled", 1), run["options"]["draws"], progress=progress)
    write_atomically(home / "claims.json", json.dumps(result, allow_nan=False).encode())
    queue.advance(run["id"], total, total)


def _cells(queue: Queue, home: Path, run: dict[str, Any]) -> None:
    """The same call as ``thecal cells``, with the key frames for the viewer."""
    from thecal.analysis.homing import arm_with_cells, as_data, study_homing
    from thecal.report.canal_viewer.frames import FRAME_DAYS, SAMPLE, frames_of
    from thecal.study.load import loads
    from thecal.study.resolve import resolve

    options = run["options"]
    plan = resolve(loads(run["text"]))

    def progress(share: float) -> None:
        _go_on(queue, run, round(100 * share), 100)

    homing = study_homing(plan, arm_with_cells(plan, options["arm"]), seed=plan.seed, agents=options["agents"],
                          draws=options["draws"], frame_days=FRAME_DAYS, sample=SAMPLE, progress=progress)
    data = as_data(homing)
    _keep(home, run, {"counts": data, "frames": frames_of(homing, data)})


def _translate(queue: Queue, home: Path, run: dict[str, Any]) -> None:
    """The same call as ``thecal translate``."""
    from thecal.analysis.translation.rules import rules
    from thecal.analysis.translation.translate import translate
    from thecal.engine.solvers import integrator
    from thecal.study.load import loads
    from thecal.study.resolve import resolve

    options, total, done = run["options"], 3 * len(rules()), 0

    def progress(rule: str) -> None:
        nonlocal done
        _go_on(queue, run, done, total, rule)
        done = min(done + 1, total)

    found = translate(resolve(loads(run["text"])), options["to"], integrator("compiled", 1), options["arm"],
                      options["draws"], progress)
    _keep(home, run, found.as_dict())


def _go_on(queue: Queue, run: dict[str, Any], done: int, total: int, message: str = "") -> None:
    """Say how far it is; stop where somebody asked for it."""
    if queue.cancelled(run["id"]):
        raise Stopped
    queue.advance(run["id"], done, total, message)


def _keep(home: Path, run: dict[str, Any], result: dict[str, Any]) -> None:
    from thecal.engine.jobs.parts import write_atomically

    write_atomically(home / "runs" / run["id"] / "result.json", json.dumps(result, allow_nan=False).encode())


KINDS = {"study": _study, "qualify": _qualify, "cells": _cells, "translate": _translate}

if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
