"""Load on the laboratory's server, bounded and on this machine only: viewers that read and look, studies that wait.

    python bench/web_load.py [--viewers 50] [--studies 10] [--minutes 10]

Each viewer reads a run's state every 2 s and asks for a preview (another dose each time, so none is remembered)
every 10 s; the studies are queued at the start. It starts a server of its own in a temporary folder and stops by
itself. The answer is one JSON line: preview p50 and p95, lost runs, memory of the server at the start and the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2
import numpy as np

from thecal.study.load import source_text

CHEN = source_text("chen2015")[0].decode()
PART = CHEN[:CHEN.index("  - id: bmsc_early_low")] + "tests:\n  - {assay: von Frey, days: [-1, 3, 7, 14]}\n"


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def start(home: Path) -> tuple[subprocess.Popen[str], str]:
    """A server on a free port."""
    process = subprocess.Popen([sys.executable, "-m", "thecal.apps.cli", "serve", "--port", "0", "--home", str(home)],
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert process.stderr is not None
    found = re.search(r"http://\S+", process.stderr.readline())
    assert found is not None
    return process, found[0]


async def viewer(number: int, client: httpx2.AsyncClient, runs: list[str], until: float, taken: dict) -> None:
    """One reader: states every 2 s, a preview every 10 s."""
    await asyncio.sleep(number * 10 / 50 % 10)
    turn = 0
    while time.monotonic() < until:
        if turn % 5 == 0:
            text = PART.replace("2.5e5", f"{1e5 + 997 * number + 13 * turn:.0f}")
            await timed(taken, "preview", client.post("/api/preview", json={"text": text, "arm": "bmsc_early"}))
        await timed(taken, "state", client.get(f"/api/runs/{runs[number % len(runs)]}"))
        turn += 1
        await asyncio.sleep(2)


async def timed(taken: dict, kind: str, asked) -> None:
    """How long an answer took, in ms; faults are counted."""
    begun = time.perf_counter()
    try:
        response = await asked
        taken[kind].append(1000 * (time.perf_counter() - begun))
        taken["faults"] += response.status_code != 200
    except httpx2.HTTPError:
        taken["faults"] += 1


async def load(address: str, pid: int, viewers: int, studies: int, minutes: float) -> dict[str, object]:
    """Everything at once, then the account."""
    taken: dict = {"preview": [], "state": [], "faults": 0}
    limits = httpx2.Limits(max_connections=viewers + 10)
    async with httpx2.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        await client.post("/api/preview", json={"text": PART, "arm": "bmsc_early"})
        runs = []
        for seed in range(studies):
            asked = {"text": CHEN, "seed": seed, "animals": 20, "draws": 10}
            runs.append((await client.post("/api/runs", json=asked)).json()["id"])
        begun, first = time.monotonic(), memory_mb(pid)
        memory = []
        until = begun + 60 * minutes
        tasks = [asyncio.create_task(viewer(k, client, runs, until, taken)) for k in range(viewers)]
        while time.monotonic() < until:
            await asyncio.sleep(min(10, max(0.1, until - time.monotonic())))
            memory.append(round(memory_mb(pid)))
        await asyncio.gather(*tasks)
        states = [(await client.get(f"/api/runs/{run}")).json()["state"] for run in runs]
    quantiles = {kind: [round(float(np.quantile(taken[kind], q))) for q in (0.5, 0.95)]
                 for kind in ("preview", "state")}
    return {"viewers": viewers, "minutes": minutes, "previews": len(taken["preview"]), "states": len(taken["state"]),
            "preview_ms_p50_p95": quantiles["preview"], "state_ms_p50_p95": quantiles["state"],
            "faults": taken["faults"], "runs": {state: states.count(state) for state in set(states)},
            "lost": sum(state in ("failed", "cancelled") for state in states),
            "memory_mb": {"first": round(first), "by_10_s": memory}}


def main() -> None:
    """Start, load, tell, stop."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--viewers", type=int, default=50)
    options.add_argument("--studies", type=int, default=10)
    options.add_argument("--minutes", type=float, default=10)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="thecal-load-") as home:
        process, address = start(Path(home))
        try:
            print(json.dumps(asyncio.run(load(address, process.pid, min(given.viewers, 200), min(given.studies, 50),
                                              min(given.minutes, 30)))))
        finally:
            process.terminate()
            process.wait(timeout=30)


if __name__ == "__main__":
    main()
