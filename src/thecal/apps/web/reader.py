"""The process that reads uploaded notebooks: an order on stdin, the analysis as JSON on stdout.

It runs in a folder that holds nothing but the upload, with bounded memory, and is stopped when it takes too long.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from thecal.apps.web.settings import STAGE
from thecal.core.errors import Problem, ThecalError

MOST_READINGS = 20_000  # sent to the page


def main() -> None:
    """Read the order, answer."""
    order = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
    try:
        answer = analysed(order)
    except ThecalError as error:
        answer = {"problems": [problem.as_dict() for problem in error.problems]}
    except MemoryError:
        problem = Problem("files", "the files need more memory than is allowed", code="memory")
        answer = {"problems": [problem.as_dict()]}
    sys.stdout.write(json.dumps(answer, allow_nan=False, ensure_ascii=True))


def analysed(order: dict[str, Any]) -> dict[str, Any]:
    """The analysis of ``thecal analyze --json``, with the group means and readings that the page draws."""
    from thecal.analysis.notebook.files import read_file

    _tell("looking into the files", 0, 4)
    for name in order["files"]:
        read_file(name)  # what is no notebook is refused before the heavy libraries are loaded
    _tell("loading the statistics", 1, 4)
    from thecal.analysis.notebook.analysis import analyse_notebook
    from thecal.analysis.notebook.mapping import read_mapping
    from thecal.analysis.notebook.read import read_notebook

    _tell("reading and checking the readings", 2, 4)
    notebook = read_notebook(order["files"], (), read_mapping(order["mapping"], species=order["species"]))
    analysis = analyse_notebook(notebook, order["reference"], progress=lambda test, done, total: _tell(
        f"analysing {test} ({done + 1} of {total})", 3 * total + done, 4 * total))
    readings = notebook.readings
    columns = [c for c in ("animal", "group", "day", "assay", "paw", "stimulus", "value", "value_log10", "included")
               if c in readings]
    shown = readings[columns].head(MOST_READINGS)
    means = []
    for test in analysis.tests:
        table = _means(readings, test.assay, test.paw, test.stimulus)
        means += [{"assay": test.assay, "paw": test.paw, "stimulus": test.stimulus, "reference": test.reference} | row
                  for row in table]
    return {**analysis.as_dict(), "readings": json.loads(shown.to_json(orient="records")), "means": means,
            "animals": int(readings["animal"].nunique()), "count": len(readings),
            "groups": [g for g in dict.fromkeys(readings["group"]) if g]}


def _tell(words: str, done: int, total: int) -> None:
    """Say in the folder of the upload what is being done; the server reads it for a page that asks."""
    Path("stage.new").write_text(json.dumps({"words": words, "done": done, "total": total}), encoding="utf-8")
    os.replace("stage.new", STAGE)


def _means(readings: Any, assay: str, paw: str, stimulus: str) -> list[dict[str, Any]]:
    """Mean, spread and count by group and day of the readings that count, on the scale that is analysed."""
    rows = readings[(readings["assay"] == assay) & (readings["paw"] == paw) & (readings["stimulus"] == stimulus)
                    & readings["included"] & readings["value"].notna() & (readings["group"] != "")]
    scale = "value_log10" if assay in ("von_frey", "percent_response") else "value"
    table = rows.groupby(["group", "day"], sort=False)[scale].agg(["mean", "sem", "count"]).reset_index()
    found: list[dict[str, Any]] = json.loads(table.to_json(orient="records"))
    return [row | {"scale": scale} for row in found]


if __name__ == "__main__":
    main()
