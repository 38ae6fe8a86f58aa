"""Keeps the worker processes of a server alive."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

from thecal.engine.jobs.executors import ONE_THREAD

LOOK_S = 0.5


class Supervisor:
    """Starts workers, starts them again when they end, stops them with the server."""

    def __init__(self, home: Path, workers: int) -> None:
        self.home, self.count = home, workers
        self._stop = threading.Event()
        self._running: list[subprocess.Popen[bytes]] = []
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        """Begin, without waiting."""
        self._thread.start()

    def stop(self) -> None:
        """End all workers; what they were computing goes on at the next start."""
        self._stop.set()
        self._thread.join(timeout=5)
        for worker in self._running:
            with contextlib.suppress(OSError):
                worker.kill()
            worker.wait()

    def _keep(self) -> None:
        while not self._stop.is_set():
            self._running = [worker for worker in self._running if worker.poll() is None]
            while len(self._running) < self.count and not self._stop.is_set():
                self._running.append(self._start())
            self._stop.wait(LOOK_S)

    def _start(self) -> subprocess.Popen[bytes]:
        with (self.home / "worker.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "thecal.apps.web.worker", str(self.home), str(os.getpid())],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **ONE_THREAD})
