"""``thecal run STUDY``: simulate, measure, analyse, report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from thecal.analysis.outcome import StudyOutcome


@click.command("run", help="Run a study and write its report. STUDY is a file or the name of a library study.")
@click.argument("study")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for results; default runs/STUDY.")
@click.option("--seed", type=click.IntRange(0, 2**53), help="Replaces the study's seed.")
@click.option("--animals", type=click.IntRange(1, 100_000), help="Animals per arm, instead of the study's numbers.")
@click.option("--solver", type=click.Choice(["compiled", "reference"]), default="compiled", show_default=True,
              help="For the animals: the compiled cohort engine, or CVODE that checks it. Parameter draws and "
                   "sensitivities always use the compiled engine.")
@click.option("--workers", type=click.IntRange(1, 64), default=None, help="Processes; default by the study's size.")
@click.option("--draws", type=click.IntRange(0, 1000), default=40, show_default=True,
              help="Parameter draws for the intervals over parameters.")
@click.option("--report/--no-report", default=True, help="Write report.html into the folder.")
@click.option("--replace", is_flag=True, help="Remove another run that lies in the folder, instead of refusing.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def command(study: str, out: Path | None, seed: int | None, animals: int | None, solver: str, workers: int | None,
            draws: int, report: bool, replace: bool, as_json: bool) -> None:
    """Thin call into ``engine.run`` and ``analysis.outcome``."""
    from dataclasses import replace as changed

    from thecal.analysis.outcome import StudyOutcome, summary
    from thecal.apps.progress import bar
    from thecal.engine.run import run_study, usual_workers
    from thecal.study.lint import runnable
    from thecal.study.load import source_text

    plan = runnable(study)
    if animals:
        plan = changed(plan, arms=tuple(changed(arm, n=animals) for arm in plan.arms))
    folder = out or Path("runs") / plan.name
    with bar("Animals") as show:
        results = run_study(plan, source_text(study)[0].decode(), folder, seed=seed, solver=solver,
                            workers=workers or usual_workers(plan, solver), draws=draws, progress=show, replace=replace)
    outcome = StudyOutcome(plan, results)
    page = None
    if report:
        from thecal.apps.beside import keep_cells, keep_sensitivity
        from thecal.apps.progress import steps
        from thecal.report.study import write_report

        with steps("Report", 2) as begin:
            begin("which numbers carry the result")
            keep_sensitivity(plan, results, solver)
            begin("single cells")
            missing = keep_cells(plan, results)
        if missing:
            click.echo(f"warning: {missing}", err=True)
        page = write_report(outcome, folder / "report.html")
    if as_json:
        click.echo(json.dumps(summary(outcome) | {"report": str(page) if page else None}, allow_nan=False))
        return
    for notice in plan.notices:
        click.echo(f"{notice.severity}: {notice.where}: {notice.what}", err=True)
    for line in lines_of(outcome):
        click.echo(line)
    click.echo(f"Report: {page}" if page else f"Results: {folder}")


def lines_of(outcome: StudyOutcome) -> list[str]:
    """Relief of each arm in words, and which of these results were fitted."""
    from thecal.analysis.claims.fitted import fits_of
    from thecal.report.words import relief_in_words

    lines = [relief_in_words(outcome, arm) for arm in outcome.plan.arms]
    fitted: dict[str, list[str]] = {}
    for arm in outcome.plan.arms:
        if outcome.latent_relief(arm) is not None:
            for fit in fits_of(outcome.plan, arm):
                if fit.same:
                    fitted.setdefault(fit.claim.statement, []).append(arm.id)
    return lines + [f"Fitted, not predicted ({', '.join(arms)}): {statement}" for statement, arms in fitted.items()]
