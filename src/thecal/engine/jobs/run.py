"""Driving a job: claim chunks, have them computed, write what comes back, stop cleanly."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from thecal.core.errors import Problem, RunFailed
from thecal.engine.jobs.catalogue import this_owner
from thecal.engine.jobs.executors import ChunkFunction, Done, Executor, Failed, LokyExecutor, Outcome, SerialExecutor
from thecal.engine.jobs.folder import LEASE_S, JobFolder
from thecal.engine.jobs.records import OK, Chunk, Progress

MAX_LOSSES = 3
"""How often a chunk may take its worker down, alone, before it counts as failed."""

_POLL_S = 0.5


class Stopped(KeyboardInterrupt):
    """The run was stopped from outside; what is finished is kept."""


class _Driver:
    """One sitting at a job: the chunks it has submitted, and those that were lost with a worker."""

    def __init__(self, job: JobFolder, function: ChunkFunction, plan: Any, executor: Executor) -> None:
        self.job, self.function, self.plan, self.executor = job, function, plan, executor
        self.owner = this_owner()
        self.flying: dict[int, Chunk] = {}
        self.suspects: deque[Chunk] = deque()
        self.alone: int | None = None
        self.losses: dict[int, int] = {}
        self.renewed = time.monotonic()

    def submit(self) -> None:
        """Fill the executor. After a loss the lost chunks go alone: the next loss has one culprit."""
        if self.suspects:
            if not self.flying:
                chunk = self.suspects.popleft()
                self.alone = chunk.number
                self._begin(chunk)
            return
        if len(self.flying) < self.executor.slots:
            for chunk in self.job.claim(self.owner, self.executor.slots - len(self.flying)):
                self._begin(chunk)

    def _begin(self, chunk: Chunk) -> None:
        self.flying[chunk.number] = chunk
        self.executor.submit(self.function, self.plan, chunk, self.job.seed)

    def settle(self, outcome: Outcome) -> None:
        """Write down how a chunk ended."""
        chunk = self.flying.pop(outcome.chunk.number, None)
        if chunk is None:  # lost, submitted again, and then the first try came back after all
            return
        if isinstance(outcome, Done):
            self.job.finish(chunk, outcome.parts)
        elif isinstance(outcome, Failed):
            self.job.fail(chunk, outcome.error)
        else:
            if self.alone == chunk.number:
                self.losses[chunk.number] = self.losses.get(chunk.number, 0) + 1
            if self.losses.get(chunk.number, 0) >= MAX_LOSSES:
                self.job.fail(chunk, f"its worker was lost {MAX_LOSSES} times: {outcome.reason}")
            else:
                self.suspects.append(chunk)

    def keep_claims(self) -> None:
        """Renew the leases well before they run out."""
        if time.monotonic() - self.renewed > LEASE_S / 4:
            self.job.renew(self.owner)
            self.renewed = time.monotonic()


def run_chunks(job: JobFolder, function: ChunkFunction, plan: Any = None, *, workers: int = 1,
               executor: Executor | None = None, progress: Callable[[Progress], None] | None = None,
               cancel: Callable[[], bool] | None = None, failure_budget: float = 0.01) -> Progress:
    """Compute what is pending in a job folder and declare the run finished.

    The results are the same bytes for any number of workers, any executor and any history of kills.

    Arguments:
        job: the folder; a finished one is left as it is, chunks that failed before are tried again.
        function: pure function of ``(plan, arm, first, n, seed)`` that gives tables by name.
        plan: whatever the function needs besides; picklable when there are workers.
        workers: number of processes, 1 computes in this one.
        executor: another executor, closed at the end; ``workers`` is ignored then.
        progress: called after each chunk.
        cancel: asked between chunks; True stops the run.
        failure_budget: the largest share of all animals that may be lost, 0 to 1.

    Returns:
        The final progress.

    Raises:
        RunFailed: more animals were lost than the budget allows, or a chunk has failed.
        Stopped: from the keyboard or by ``cancel``; go on with the same call.
    """
    if job.state == "done" and not job.verify():
        return job.progress()
    job.mend()
    job.retry()
    began = time.monotonic()
    driver = _Driver(job, function, plan, executor or (LokyExecutor(workers) if workers > 1 else SerialExecutor()))
    job.set_state("run")
    try:
        _drive(driver, progress or (lambda _: None), cancel or (lambda: False), failure_budget)
    except KeyboardInterrupt as stop:
        job.set_state("stopped")
        p = job.progress()
        raise Stopped(f"{p.animals_done} of {p.animals} animals are done and kept in {job.path}; "
                      "give the same command again to go on.") from stop
    except BaseException as error:
        job.set_state("failed", str(error))
        raise
    finally:
        driver.executor.close()
        job.release(driver.owner)
    job.complete(time.monotonic() - began)
    return job.progress()


def _drive(driver: _Driver, report: Callable[[Progress], None], cancelled: Callable[[], bool],
           failure_budget: float) -> None:
    """Until nothing is pending; raises KeyboardInterrupt when cancelled."""
    job = driver.job
    report(job.progress())
    while True:
        if cancelled():
            raise KeyboardInterrupt
        driver.submit()
        if not driver.flying:
            if not job.pending():
                break
            time.sleep(_POLL_S)  # another driver has the rest
        outcome = driver.executor.next_outcome(_POLL_S) if driver.flying else None
        if outcome is not None:
            driver.settle(outcome)
            now = job.progress()
            report(now)
            _check_budget(job, now, failure_budget)
        driver.keep_claims()
    failures = job.failures()
    if failures:
        raise RunFailed(_failure(chunk, error) for chunk, error in failures[:3])


def _check_budget(job: JobFolder, now: Progress, budget: float) -> None:
    """Stop a run that loses too many animals, and say why."""
    if now.lost <= budget * now.animals:
        return
    reasons = [f"{n} {status}" for status, n in now.statuses.items() if status != OK]
    if now.animals_failed:
        reasons.append(f"{now.animals_failed} in failed chunks")
    raise RunFailed([
        Problem(str(job.path), "too many animals could not be computed", seen=", ".join(reasons),
                allowed=f"{budget:.1%} of {now.animals} animals",
                remedy="look at the table 'animals' of this folder; a smaller rtol or a narrower spread may help",
                code="failure-budget"),
        *(_failure(chunk, error) for chunk, error in job.failures()[:3])])


def _failure(chunk: Chunk, error: str) -> Problem:
    return Problem(str(chunk), "could not be computed", seen=error, code="chunk-failed")
