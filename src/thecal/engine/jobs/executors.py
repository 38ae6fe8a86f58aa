"""Where chunks are computed: here, in worker processes, or on a cluster, behind one small protocol.

An executor only computes. What is true stands in the job folder, so an executor may lose work at any time:
it says so (:class:`Lost`) and the driver submits the chunk again.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from thecal.engine.jobs.parts import Part, encode_all
from thecal.engine.jobs.records import Chunk

ChunkFunction = Callable[[Any, str, int, int, int], Mapping[str, pa.Table]]
"""``function(plan, arm, first, n, seed)`` gives tables by name. Pure: the same arguments, the same tables.
It and the plan must be picklable for every executor but the serial one."""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Environment of a worker: one process, one core."""


@dataclass(frozen=True)
class Done:
    """A chunk's tables, encoded."""

    chunk: Chunk
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Failed:
    """The chunk's function raised; it is pure, so it would raise again."""

    chunk: Chunk
    error: str


@dataclass(frozen=True)
class Lost:
    """The worker died or the connection broke; nothing is known about the chunk itself."""

    chunk: Chunk
    reason: str


Outcome = Done | Failed | Lost


class Executor(Protocol):
    """What the driver needs.

    ``slots`` is how many chunks it is worth to have submitted at a time.
    """

    slots: int

    def submit(self, function: ChunkFunction, plan: Any, chunk: Chunk, seed: int) -> None:
        """Begin a chunk, soon."""

    def next_outcome(self, timeout_s: float) -> Outcome | None:
        """Wait for any chunk to end; None when none did within ``timeout_s``."""

    def close(self) -> None:
        """Stop everything at once, what is being computed included."""


def compute(function: ChunkFunction, plan: Any, chunk: Chunk, seed: int) -> Done | Failed:
    """Compute one chunk and encode it where it was computed."""
    try:
        return Done(chunk, encode_all(function(plan, chunk.arm, chunk.first, chunk.n, seed)))
    except Exception as error:  # noqa: BLE001 - becomes a value: the driver writes it down beside the chunk
        last = traceback.extract_tb(error.__traceback__)[-1]
        return Failed(chunk, f"{type(error).__name__}: {error} ({last.name}, line {last.lineno})")


class SerialExecutor:
    """Computes in this process, one chunk at a time."""

    slots = 1

    def __init__(self) -> None:
        self._waiting: deque[tuple[ChunkFunction, Any, Chunk, int]] = deque()

    def submit(self, function: ChunkFunction, plan: Any, chunk: Chunk, seed: int) -> None:
        """See :class:`Executor`."""
        self._waiting.append((function, plan, chunk, seed))

    def next_outcome(self, timeout_s: float) -> Outcome | None:
        """See :class:`Executor`; computes now, however long it takes."""
        return compute(*self._waiting.popleft()) if self._waiting else None

    def close(self) -> None:
        """See :class:`Executor`."""
        self._waiting.clear()


class _FutureExecutor:
    """What executors with futures share: outcomes arrive in a queue, in the order in which chunks end."""

    def __init__(self) -> None:
        self._ended: queue.SimpleQueue[Outcome] = queue.SimpleQueue()

    def next_outcome(self, timeout_s: float) -> Outcome | None:
        """See :class:`Executor`."""
        try:
            return self._ended.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def _note(self, chunk: Chunk, future: Any) -> None:
        if future.cancelled():
            return
        error = future.exception()
        # compute() turns every exception of the chunk into a value, so what comes here is a broken pool
        # or something that could not be pickled; the driver's limit on tries tells them apart.
        self._ended.put(future.result() if error is None else Lost(chunk, f"{type(error).__name__}: {error}"))


class LokyExecutor(_FutureExecutor):
    """Worker processes on this machine; a killed worker costs only what was being computed.

    Arguments:
        workers: number of processes.
    """

    def __init__(self, workers: int) -> None:
        super().__init__()
        self.slots = workers + 1  # one in waiting, so that no worker idles while a part is written
        self._workers = workers
        self._pool: Any = None

    def submit(self, function: ChunkFunction, plan: Any, chunk: Chunk, seed: int) -> None:
        """See :class:`Executor`; a broken pool is replaced."""
        from loky.process_executor import ShutdownExecutorError, TerminatedWorkerError

        task = (compute, function, plan, chunk, seed)
        try:
            future = (self._pool or self._open()).submit(*task)
        except (TerminatedWorkerError, ShutdownExecutorError):
            self.close()
            future = self._open().submit(*task)
        future.add_done_callback(lambda ended: self._note(chunk, ended))

    def _open(self) -> Any:
        from loky.process_executor import ProcessPoolExecutor

        self._pool = ProcessPoolExecutor(self._workers, env=ONE_THREAD, initializer=_serve, initargs=(os.getpid(),))
        return self._pool

    def close(self) -> None:
        """See :class:`Executor`."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, kill_workers=True)
            self._pool = None


def _serve(driver: int) -> None:
    """Settle a new worker: it leaves Ctrl-C to the driver, and ends when the driver is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def end_with_driver() -> None:
        while os.getppid() == driver:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=end_with_driver, daemon=True).start()


class DaskExecutor(_FutureExecutor):
    """Workers of a dask.distributed cluster (extra ``cluster``).

    Arguments:
        address: address of a scheduler, or the path of its scheduler file; None starts one on this machine.
        workers: number of processes when one is started here.
    """

    def __init__(self, address: str | None = None, workers: int = 2) -> None:
        from distributed import Client, LocalCluster

        super().__init__()
        self._cluster = None
        if address is None:
            self._cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None)
            self._client = Client(self._cluster)
        elif address.endswith(".json"):
            self._client = Client(scheduler_file=address)
        else:
            self._client = Client(address)
        self.slots = 2 * max(1, sum(self._client.nthreads().values()))

    def submit(self, function: ChunkFunction, plan: Any, chunk: Chunk, seed: int) -> None:
        """See :class:`Executor`."""
        future = self._client.submit(compute, function, plan, chunk, seed, pure=False)
        future.add_done_callback(lambda ended: self._note(chunk, ended))

    def close(self) -> None:
        """See :class:`Executor`."""
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()
