"""``thecal analyze``: real notebooks, by the code that reads simulated ones."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from thecal.analysis.notebook.analysis import NotebookAnalysis

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SHOWN = 12  # findings on the terminal; all are in the report


@click.command("analyze")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option(
    "--meta",
    multiple=True,
    type=_FILE,
    help="File that lists the animals: group, sex, cohort, exclusion. May be repeated.",
)
@click.option("--map", "mapping", type=_FILE, help="YAML file that says what columns and words mean.")
@click.option("--species", help="mouse (default) or rat: the usual filament set.")
@click.option("--filaments", help="A filament set by name, or forces in g: 0.4,0.6,1,2,4,6,8,15.")
@click.option("--assay", help="The test, where the notebook does not say: von_frey, hargreaves, acetone, score ...")
@click.option(
    "--steps",
    type=click.Choice(["nominal", "exact"]),
    default="nominal",
    show_default=True,
    help="Equal filament steps as in published thresholds, or the true forces.",
)
@click.option(
    "--method", type=click.Choice(["up-down", "sudo"]), help="up-down (default), or SUDO: always five touches."
)
@click.option("--reference", help="The control group; found by its name if not given.")
@click.option("--dose-day", type=float, help="Day of the treatment: adds onset and loss of relief, and MPE.")
@click.option(
    "--margin",
    type=click.FloatRange(min=0, min_open=True),
    help="Largest difference that does not matter, on the scale of analysis (0.2 log10 g, say): tests equivalence.",
)
@click.option(
    "--paired", is_flag=True, help="Animals of one name in several groups are the same: a crossover, or two paws."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the report and its tables; default analysis/NAME.",
)
@click.option(
    "--overlay",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of a finished run; its animals are drawn behind real groups named like its arms.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print contrasts, variability and findings as JSON; writes files only with --out.",
)
def command(
    files: tuple[Path, ...],
    meta: tuple[Path, ...],
    mapping: Path | None,
    species: str | None,
    filaments: str | None,
    assay: str | None,
    method: str | None,
    steps: str,
    reference: str | None,
    dose_day: float | None,
    margin: float | None,
    paired: bool,
    out: Path | None,
    overlay: Path | None,
    as_json: bool,
) -> None:
    """Import, check, estimate and analyse real behavioural data.

    FILES are XLSX or CSV notebooks, long or wide: up-down series, thresholds, latencies, seconds, counts, scores.
    """
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(threads, "1")  # the matrices are small: threads that wait cost three times the work

    from thecal.analysis.notebook.analysis import analyse_notebook
    from thecal.analysis.notebook.mapping import read_mapping
    from thecal.analysis.notebook.read import read_notebook
    from thecal.analysis.statistics import AnalysisPlan

    chosen = read_mapping(mapping, species=species, filaments=_filaments(filaments), assay=assay, method=method)
    plan = AnalysisPlan(dose_day=dose_day, equivalence_margin=margin, paired=paired)
    with _busy("Reading and checking") as show:
        notebook = read_notebook(files, meta, chosen, steps)
        show("Analysing")
        analysis = analyse_notebook(notebook, reference, plan)
    folder = out or (None if as_json else Path("analysis") / files[0].stem)
    page = _write(analysis, folder, overlay) if folder else None
    if as_json:
        click.echo(
            json.dumps(
                analysis.as_dict() | {"report": str(page) if page else None}, ensure_ascii=False, allow_nan=False
            )
        )
        return
    for line in _summary(analysis):
        click.echo(line)
    click.echo(f"Report: {page}")


def _filaments(text: str | None) -> str | list[float] | None:
    """A name, or numbers between commas."""
    if text is None or not any(mark in text for mark in ", "):
        return text
    from thecal.core.errors import ThecalError

    try:
        return [float(part) for part in text.replace(",", " ").split()]
    except ValueError as error:
        raise ThecalError.single(
            "--filaments",
            "forces must be numbers in g between commas",
            seen=text,
            allowed="for example 0.4,0.6,1,2,4,6,8,15",
        ) from error


def _write(analysis: NotebookAnalysis, folder: Path, overlay: Path | None) -> Path:
    """Tables and the page; returns the page."""
    from thecal.analysis.notebook.checklists import write_checklists
    from thecal.report.notebook import write_report

    simulated = None
    if overlay is not None:
        from thecal.engine.jobs import Results

        with Results(overlay) as results:
            results.require_finished()
            simulated = results.read("readings").to_pandas()
    analysis.write(folder)
    write_checklists(analysis, folder / "checklists.csv")
    return write_report(analysis, folder / "report.html", simulated)


def _summary(analysis: NotebookAnalysis) -> list[str]:
    from thecal.analysis.notebook.findings import KINDS

    data = analysis.as_dict()
    readings = analysis.notebook.readings
    groups = readings.loc[readings["group"] != "", "group"].nunique()
    lines = [f"{len(readings)} readings of {readings['animal'].nunique()} animals in {groups} groups."]
    lines += ["", "Findings"] + [f"  {count:5d}  {kind}: {KINDS[kind]}" for kind, count in data["counts"].items()]
    serious = [f for f in data["findings"] if f["severity"] == "error"][:_SHOWN]
    for f in serious:
        when = "" if f["day"] is None else f" day {f['day']:g}"
        lines.append(f"         {f['animal']}{when}: {f['what']} -> {f['action']}")
    if data["contrasts"]:
        lines += ["", "Contrasts (95 % interval; p adjusted for all planned visits)"]
    test = ""
    for row in data["contrasts"]:
        this = " ".join(filter(None, (row["assay"].replace("_", " "), row["paw"], row["stimulus"])))
        if this != test and len(analysis.tests) > 1:
            lines.append(f" {this}")
        test = this
        when = "mean   " if row["day"] is None else f"day {row['day']:<3g}"
        value = row.get("estimate_log10_g", row.get("estimate"))
        p = row.get("p_adjusted")
        lines.append(
            f"  {row['name']:<28} {when} {value:+.2f} ({row['low']:+.2f} to {row['high']:+.2f}) {row['unit']}"
            + (f"  p {'< 0.001' if p < 0.001 else format(p, '.3f')}" if p is not None else "")
        )
    lines += [f"  not analysed: {row['test']}: {row['reason']}" for row in data["not_analysed"]]
    several = len(analysis.tests) > 1
    said = [f"  {row['kind']}: {row['test'] + ': ' if several else ''}{row['text']}" for row in data["conclusions"]]
    return lines + (["", "What a reader may and may not conclude", *said] if said else []) + ["", data["notice"]]


@contextmanager
def _busy(text: str) -> Iterator[Callable[[str], None]]:
    """A spinner on stderr, only on a terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(text) as status:

        def show(now: str) -> None:
            status.update(now)

        yield show
