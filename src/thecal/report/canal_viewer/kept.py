"""Key frames of single cells kept beside a finished run, so that its report can be made again without simulating."""

from __future__ import annotations

import json
from pathlib import Path

from thecal.core.errors import ThecalError
from thecal.engine.jobs import Results
from thecal.engine.jobs.parts import write_atomically
from thecal.report.canal_viewer.frames import Frames

FILE = "canal.json"


def keep(frames: Frames, results: Results) -> Path:
    """Write the key frames into the folder of a run, marked with the digest of its results."""
    path = results.path / FILE
    write_atomically(path, json.dumps({"digest": results.digest(), "frames": frames}, separators=(",", ":"),
                                      allow_nan=False).encode())
    return path


def kept(results: Results) -> Frames | None:
    """The key frames kept beside a run; None where there are none, or those of another run.

    Errors: :class:`ThecalError` for a file that cannot be read.
    """
    path = results.path / FILE
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_bytes())
        frames: Frames = found["frames"]
        return frames if found["digest"] == results.digest() else None
    except (ValueError, KeyError, TypeError) as fault:
        raise ThecalError.single(str(path), "cannot be read as key frames of single cells", seen=str(fault)[:80],
                                 remedy="remove it, or give 'thecal run' again") from fault
