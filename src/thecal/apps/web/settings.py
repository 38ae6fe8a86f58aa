"""What a server may do, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

MOST_JSON = 2 * 2**20       # bytes of a request that is not an upload; a study file has at most 1 MB
MOST_UPLOAD = 20 * 2**20    # bytes of one upload, all files together
MOST_FILES = 8
SLOWEST_BODY_S = 60.0       # for a whole request to arrive
SLOWEST_ANALYSIS_S = 120.0  # of an uploaded notebook
MOST_MEMORY = 4 * 2**30     # bytes that the analysis of an upload may use
MOST_WAITING = 100          # runs in the queue
MOST_ANIMALS = 200_000      # in one run

STAGE = "stage.json"        # what is being done with an upload, in its folder


@dataclass(frozen=True)
class Settings:
    """One server.

    Arguments:
        home: folder for runs and the queue. token: what a browser must show; None on loopback.
        hosts: names under which the server answers when there is no token (another name is a page of somebody else
            that points to this machine). workers: processes that compute runs.
    """

    home: Path
    token: str | None = None
    hosts: frozenset[str] = LOOPBACK
    workers: int = 1
