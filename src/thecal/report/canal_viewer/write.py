"""Files of ``thecal cells``: counts as CSV, everything as JSON, the viewer, and the still picture; written whole."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from thecal.analysis.homing import Homing
from thecal.engine.jobs.parts import write_atomically
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
    return write_all(folder, contents)


def write_all(folder: Path, contents: dict[str, bytes]) -> list[Path]:
    """Write named files into a folder, each complete or not at all; returns their paths."""
    for name, content in contents.items():
        write_atomically(folder / name, content)
    return [folder / name for name in contents]
