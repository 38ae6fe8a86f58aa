"""Files of ``thecal cells``: counts as CSV, everything as JSON, the viewer, and the still picture; written whole."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

from thecal.analysis.homing import Homing
from thecal.report.canal_viewer.embed import page_html
from thecal.report.canal_viewer.frames import frames_of
from thecal.report.canal_viewer.still import still_picture


def write_files(homing: Homing, data: dict, folder: Path) -> list[Path]:
    """Write counts.csv, cells.json, canal.html, canal.svg and canal.png into a folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    table = io.StringIO()
    writer = csv.DictWriter(table, fieldnames=list(data["drg"][0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(data["drg"])
    contents = {"counts.csv": table.getvalue().encode(), "cells.json": json.dumps(data, indent=1).encode(),
                "canal.html": page_html(frames_of(homing, data)).encode(),
                "canal.svg": still_picture(homing, "svg"), "canal.png": still_picture(homing, "png")}
    return [write_whole(folder / name, content) for name, content in contents.items()]


def write_whole(path: Path, content: bytes) -> Path:
    """A file appears complete or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    return path
