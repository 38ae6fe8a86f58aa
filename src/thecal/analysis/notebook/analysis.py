"""From a notebook to what it shows: every test analysed by the plan, with the notebook's own sensitivity analyses."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from thecal.analysis.notebook.findings import Finding, count_by_kind
from thecal.analysis.notebook.method import PUBLISHED, PUBLISHED_SOURCE, Curve, curves, pooled_contrasts
from thecal.analysis.notebook.read import Notebook
from thecal.analysis.notebook.table import threshold_columns
from thecal.analysis.notebook.vocabulary import UNITS
from thecal.analysis.statistics import Analysis, AnalysisPlan, analyse
from thecal.analysis.statistics.conclusions import CAUTION, Statement
from thecal.assay.threshold import estimate
from thecal.core.errors import ThecalError
from thecal.core.files import write_text

OUTCOME_OF = {
    "von_frey": "threshold",
    "percent_response": "threshold",
    "electronic_von_frey": "value",
    "hargreaves": "latency",
    "cold_plate": "latency",
    "acetone": "seconds",
    "score": "score",
    "place_preference": "value",
}
_VEHICLES = ("vehicle", "veh", "pbs", "saline", "acsf")
_CONTROLS = ("control", "ctrl", "sham", "uninjured", "naive", "naïve", "untreated", "wt", "wildtype")
NOTICE = "Research software, not medical advice."


@dataclass(frozen=True)
class TestAnalysis:
    """One test (and paw, and stimulus) of the notebook; ``analysis`` is None where ``reason`` says why."""

    assay: str
    paw: str
    stimulus: str
    reference: str
    analysis: Analysis | None
    reason: str
    sensitivity: pd.DataFrame

    @property
    def title(self) -> str:
        """Name of the test with paw and stimulus."""
        return " ".join(part for part in (self.assay.replace("_", " "), self.paw, self.stimulus) if part)


@dataclass(frozen=True)
class NotebookAnalysis:
    """Everything a report of a notebook shows."""

    notebook: Notebook
    tests: tuple[TestAnalysis, ...]
    curves: tuple[Curve, ...]
    pooled: pd.DataFrame
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``: contrasts, variability, findings; then what lies behind them."""
        done = [(test, test.analysis) for test in self.tests if test.analysis is not None]
        method = [asdict(curve) for curve in self.curves]
        return {
            "contrasts": [row for test, analysis in done for row in _contrasts(test, analysis)],
            "variability": {
                "groups": [
                    _key(test, analysis) | row for test, analysis in done for row in _records(analysis.variability)
                ],
                "method": _plain(method),
                "published": [dict(row) for row in PUBLISHED],
                "published_source": PUBLISHED_SOURCE,
            },
            "findings": [_plain(finding.as_dict()) for finding in self.findings],
            "sensitivity": [
                _key(test, analysis) | row for test, analysis in done for row in _records(test.sensitivity)
            ],
            "conclusions": [
                {"test": test.title} | dict(vars(said)) for test, analysis in done for said in analysis.conclusions
            ],
            "relief": [_key(test, analysis) | _plain(r.as_dict()) for test, analysis in done for r in analysis.relief],
            "not_analysed": [
                {"test": test.title, "reason": test.reason} for test in self.tests if test.analysis is None
            ],
            "counts": count_by_kind(self.findings),
            "files": list(self.notebook.files),
            "steps": self.notebook.steps,
            "filaments": asdict(self.notebook.mapping.filament_set()),
            "notice": NOTICE,
        }

    def write(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write all tables as CSV and ``analysis.json``, atomically; the files written."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        tables = {
            "readings": self.notebook.readings,
            "findings": pd.DataFrame([f.as_dict() for f in self.findings]),
            "curves": pd.DataFrame([asdict(curve) for curve in self.curves]),
            "pooled_sessions": self.pooled,
        }
        written = [
            write_text(folder / f"{name}.csv", table.to_csv(index=False))
            for name, table in tables.items()
            if len(table)
        ]
        for test in self.tests:
            if test.analysis is not None:
                written += test.analysis.write_csv(folder / _file_name(test.title))
                if len(test.sensitivity):
                    written.append(
                        write_text(
                            folder / _file_name(test.title) / "sensitivity.csv", test.sensitivity.to_csv(index=False)
                        )
                    )
        text = json.dumps(self.as_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        return [*written, write_text(folder / "analysis.json", text)]


def analyse_notebook(
    notebook: Notebook, reference: str | None = None, plan: AnalysisPlan | None = None,
    progress: Callable[[str, int, int], None] = lambda test, done, total: None,
) -> NotebookAnalysis:
    """Analyse every test of a notebook.

    Arguments:
        reference: the control group; found by its name when None, and said.
        plan: analysis plan whose outcome, reference, pairs and cut-off are replaced to fit each test.
        progress: called before each test with its name, how many are done, and how many there are.

    Returns: :class:`NotebookAnalysis`. A test that cannot be analysed (one group, a crossover) is kept with the reason.
    """
    found: list[Finding] = []
    filaments = notebook.mapping.filament_set()
    fitted, pooled, said = curves(notebook.readings, filaments, notebook.steps)
    table = notebook.readings[notebook.readings["assay"] != ""]
    tests = []
    by_test = table.groupby(["assay", "paw", "stimulus"], sort=False)
    for (assay, paw, stimulus), rows in by_test:
        progress(", ".join(str(part).replace("_", " ") for part in (assay, paw, stimulus) if part), len(tests),
                 by_test.ngroups)
        control = _reference(rows, reference, found)
        tests.append(
            _analyse_test(notebook, rows, (str(assay), str(paw), str(stimulus)), control, plan or AnalysisPlan())
        )
    return NotebookAnalysis(notebook, tuple(tests), tuple(fitted), pooled, (*notebook.findings, *said, *found))


def _analyse_test(
    notebook: Notebook, rows: pd.DataFrame, key: tuple[str, str, str], control: str, plan: AnalysisPlan
) -> TestAnalysis:
    assay, empty = key[0], pd.DataFrame()
    groups = [g for g in dict.fromkeys(rows.loc[rows["included"] & rows["value"].notna(), "group"]) if g]
    if len(groups) < 2:
        return TestAnalysis(
            *key, control, None, "one group only: nothing to compare" if groups else "no groups are given", empty
        )
    fitting = replace(
        plan,
        outcome=OUTCOME_OF[assay],
        reference=control,
        pairs=plan.pairs or _pairs(groups, control),
        cutoff=notebook.mapping.cutoff_of(assay) or plan.cutoff,
    )
    try:
        done = analyse(rows, fitting)
    except ThecalError as error:
        return TestAnalysis(*key, control, None, str(error.problems[0]).replace("\n", "; "), empty)
    done = _apart(done, rows)
    return TestAnalysis(
        *key, control, done, "", _sensitivity(notebook, rows, done) if assay == "von_frey" else done.sensitivity
    )


def _apart(done: Analysis, rows: pd.DataFrame) -> Analysis:
    """Say it where animals of one name in several groups were taken for different animals."""
    shared = int((rows[rows["group"] != ""].groupby("animal")["group"].nunique() > 1).sum())
    if done.plan.paired or not shared:
        return done
    text = (f"{shared} animals of one name stand in several groups and were taken for different animals. If they are "
            "the same (a crossover, or two paws), analyse again with --paired: the intervals here are then wrong.")
    return replace(done, conclusions=(Statement(CAUTION, text), *done.conclusions))


def _sensitivity(notebook: Notebook, rows: pd.DataFrame, done: Analysis) -> pd.DataFrame:
    """The analysis's own variants, the other kind of filament steps, and the pooled letters."""
    filaments = notebook.mapping.filament_set()
    tables = [done.sensitivity]
    series = (rows["series"] != "") & rows["value"].notna()
    if series.any():
        other = "exact" if notebook.steps == "nominal" else "nominal"
        again = rows.copy()
        columns = threshold_columns(
            estimate(
                rows.loc[series, "series"].to_numpy(dtype=str),
                rows.loc[series, "last_filament"].to_numpy(dtype=np.int64),
                filaments,
                steps=other,
            )
        )
        for name in ("value", "value_log10", "low", "high"):
            again.loc[series, name] = columns[name]
        short = replace(done.plan, sensitivity=False, bootstraps=0)
        try:
            tables.append(analyse(again, short).contrasts.assign(analysis=f"{other} filament steps"))
        except (ThecalError, ValueError) as error:
            said = f"{other} filament steps: not fitted ({str(error).splitlines()[0][:100]})"
            tables.append(pd.DataFrame([{"analysis": said, "name": ""}]))
        pooled = pooled_contrasts(rows, filaments, list(done.plan.pairs))
        tables.append(pooled.assign(analysis="from the letters: curves pooled by group and day"))
    tables = [table for table in tables if len(table)]
    if not tables:
        return pd.DataFrame()
    wanted = ["analysis", "name", "day", "estimate", "se", "df", "low", "high", "p", "p_adjusted"]
    return pd.concat([table.reindex(columns=wanted) for table in tables], ignore_index=True)


def _reference(rows: pd.DataFrame, wanted: str | None, found: list[Finding]) -> str:
    groups = [g for g in dict.fromkeys(rows["group"]) if g]
    if wanted is not None:
        match = [g for g in groups if g.casefold() == wanted.casefold()]
        if not match and groups:
            raise ThecalError.single("--reference", "no group has this name", seen=wanted, allowed=", ".join(groups))
        return match[0] if match else ""
    for names in (_VEHICLES, _CONTROLS):
        match = [g for g in groups if any(word.startswith(names) for word in re.split(r"[^\w+]|_", g.casefold()))]
        if len(match) == 1 or (match and names is _CONTROLS):
            return match[0]
    if groups:
        note = Finding(
            "design",
            f"no group is called vehicle, sham or control; the groups are {', '.join(groups)[:200]}",
            f"'{groups[0]}' is the reference",
            likely_cause="name it with --reference",
        )
        if note not in found:
            found.append(note)
    return groups[0] if groups else ""


def _pairs(groups: list[str], control: str) -> tuple[tuple[str, str], ...]:
    """Every group with the reference; with three groups the other two are compared as well."""
    others = [g for g in groups if g != control]
    return tuple((g, control) for g in others) + (((others[0], others[1]),) if len(others) == 2 else ())


def _key(test: TestAnalysis, analysis: Analysis) -> dict[str, Any]:
    unit = UNITS.get(test.assay, "") if analysis.unit == "unit" else analysis.unit
    return {"assay": test.assay, "paw": test.paw, "stimulus": test.stimulus, "unit": unit}


def _contrasts(test: TestAnalysis, analysis: Analysis) -> list[dict[str, Any]]:
    return [_key(test, analysis) | row for row in analysis.as_dict()["contrasts"]]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [_plain(row) for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _file_name(title: str) -> str:
    return "".join(c if c.isalnum() or c in "-." else "_" for c in title)[:80]
