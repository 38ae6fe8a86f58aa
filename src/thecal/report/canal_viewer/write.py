"""Files of ``thecal cells STUDY``: counts and label as CSV, everything as JSON, the viewer, and still pictures."""

from __future__ import annotations

import json
from pathlib import Path

from thecal.analysis.homing import Homing, label_carriers
from thecal.report.canal_viewer.embed import page_html
from thecal.report.canal_viewer.files import both, table, write_all
from thecal.report.canal_viewer.frames import frames_of
from thecal.report.canal_viewer.label import label_figure, label_rows
from thecal.report.canal_viewer.still import still_figure


def write_files(homing: Homing, data: dict, folder: Path) -> list[Path]:
    """Write counts.csv, label.csv, cells.json, canal.html, and canal and label as SVG and PNG; returns their paths."""
    frames, labels = frames_of(homing, data), label_carriers(homing)
    title = frames["title"]
    contents = {"counts.csv": table(data["drg"]), "label.csv": table(label_rows(labels)),
                "cells.json": json.dumps(data, indent=1).encode(), "canal.html": page_html(frames).encode(),
                **both(lambda: still_figure(frames, title), "canal"),
                **both(lambda: label_figure(labels, data["label_day"], title), "label")}
    return write_all(folder, contents)
