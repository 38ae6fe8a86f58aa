"""``thecal plan``: what will happen in a study, in order, without running it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from thecal.study.plan import StudyPlan


@click.command()
@click.argument("study", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON, with every parameter and its source.")
def command(study: str | None, as_json: bool) -> None:
    """Say what will happen in STUDY, a file or a name of the library.

    Without STUDY, the names of the library are listed.
    """
    from thecal.study import library
    from thecal.study.lint import runnable

    if study is None:
        names = library()
        click.echo(json.dumps({"library": names}) if as_json else "Studies in the library: " + ", ".join(names))
        return
    plan = runnable(study)
    if as_json:
        from thecal.study.outline import as_data

        click.echo(json.dumps(as_data(plan), indent=1, ensure_ascii=False))
        return
    for notice in plan.notices:
        click.echo(f"{notice.severity}: {notice}", err=True)
    _show(plan)


def _show(plan: StudyPlan) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from thecal.study.outline import steps

    console = Console(width=None if _terminal() else 140, highlight=False)
    animals = sum(arm.n for arm in plan.arms)
    console.print(f"[bold]{plan.title}[/bold]")
    console.print(f"{plan.species.name}, {animals} animals in {len(plan.arms)} arms, to day {plan.end_d:g}, "
                  f"seed {plan.seed}")
    arms = Table(box=box.SIMPLE_HEAD, title="Arms", title_justify="left")
    for head, justify in (("arm", "left"), ("what", "left"), ("n", "right"), ("sex", "left"), ("injury", "left"),
                          ("role", "left"), ("compared with", "left")):
        arms.add_column(head, justify=justify)  # type: ignore[arg-type]
    for arm in plan.arms:
        arms.add_row(arm.id, arm.label, str(arm.n), " and ".join(arm.sexes), arm.injury.model, arm.role,
                     arm.reference or "-")
    console.print(arms)
    order = Table(box=box.SIMPLE_HEAD, title="In order", title_justify="left")
    order.add_column("day", justify="right")
    for head in ("step", "what", "arms"):
        order.add_column(head)
    for step in steps(plan):
        order.add_row(f"{step.day_d:.4g}", step.kind, step.what, _arms_in_words(plan, step.arms))
    console.print(order)
    conduct, analysis = plan.conduct, plan.analysis
    console.print(f"Conduct: {conduct.observers} observer{'s' if conduct.observers > 1 else ''}, "
                  f"{'blinded' if conduct.blinded else 'not blinded'}, randomisation {conduct.randomisation}, "
                  f"{f'{conduct.animals_per_cage} animals per cage, ' if conduct.animals_per_cage else ''}"
                  f"{conduct.missed_visits:.0%} of visits missed.")
    console.print(f"Outcome: {analysis.outcome} of {analysis.assay.replace('_', ' ')}; relief from "
                  f"{analysis.relief_level:.0%} reversal; undefined where the deficit is below "
                  f"{analysis.deficit_floor_log10:g} log10. {', then '.join(analysis.methods)}.")
    console.print("Computer model, not medical advice.")


def _terminal() -> bool:
    import sys

    return sys.stdout.isatty()


def _arms_in_words(plan: StudyPlan, ids: tuple[str, ...]) -> str:
    """'all', a cohort by name, or the first few arms."""
    if len(ids) == len(plan.arms):
        return "all"
    cohorts = {arm.cohort for arm in plan.arms if arm.id in ids}
    whole = [arm.id for arm in plan.arms if arm.cohort in cohorts]
    if len(ids) > 3 and set(whole) == set(ids):
        return f"{', '.join(sorted(cohorts))} ({len(ids)})"
    return ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
