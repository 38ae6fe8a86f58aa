"""``thecal translate STUDY --to SPECIES``: carry a treatment to another species by every rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click


@click.command("translate", help="Carry a treatment to another species by each rule. STUDY is a file or a library "
                                 "study.")
@click.argument("study")
@click.option("--to", "species", required=True, help="Target species, e.g. human.")
@click.option("--arm", help="Arm to carry; default the first with living cells.")
@click.option("--draws", type=click.IntRange(8, 300), default=300, show_default=True, help="Parameter draws.")
@click.option("--solver", type=click.Choice(["compiled", "reference"]), default="compiled", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for a page with evidence, benefit and harm.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(study: str, species: str, arm: str | None, draws: int, solver: str, out: Path | None,
            as_json: bool) -> None:
    """Thin call into ``analysis.translation``."""
    from thecal.analysis.translation.rules import rules
    from thecal.analysis.translation.translate import translate
    from thecal.apps.progress import steps
    from thecal.engine.solvers import integrator
    from thecal.study.lint import runnable

    plan = runnable(study)
    with steps("Rules", 3 * len(rules())) as step:
        found = translate(plan, species, integrator(solver), arm, draws, step).as_dict()
    page = None
    if out is not None:
        from thecal.report.people import write_page

        page = write_page(found, out)
    if as_json:
        click.echo(json.dumps(found | ({"page": str(page)} if page else {}), allow_nan=False))
        return
    for line in lines_of(found):
        click.echo(line)
    if page:
        click.echo(f"Page: {page}")


def _span(days: float) -> str:
    """Hours below three days."""
    return f"{24 * days:.2g} h" if 0 < days < 3 else f"{days:.0f} d"


def lines_of(found: dict[str, Any]) -> list[str]:
    """The result in lines."""
    home = found["at_home"]
    lines = [f"{found['study']}, {found['arm']}: {found['from']} to {found['to']}"
             + (f", {home['dose_cells']:.2g} cells in {home['volume_ul']:g} ul" if home["dose_cells"] else "")]
    for row in found["rules"]:
        lines += _rule_lines(row)
    sure = found["uncertainty"]
    if "days" in sure:
        low, middle, high = map(_span, sure["days"])
        lines.append(f"Relief over everything unknown: {middle} ({low} to {high}); none in "
                     f"{100 * sure['share_without_relief']:.0f} %")
        lines += [f"  due to {s['name']}: {100 * s['first']:.0f} % alone, {100 * s['total']:.0f} % with interactions"
                  for s in sure["shares"]]
        if sure["measure_next"]:
            lines.append("To learn most, measure: " + "; ".join(
                f"{m['meaning']} ({100 * m['share_of_all']:.0f} % of all variance)" for m in sure["measure_next"][:4]))
    return [*lines, "Relief means: the animal's pain in this canal. No trial has tested it. Not medical advice."]


def _rule_lines(row: dict[str, Any]) -> list[str]:
    """What one rule says."""
    relief, dose = row["relief"], row["dose_cells"]
    if relief == "no basis":
        return [f"  {row['name']}: no basis ({row['why']})"]
    how = f"in {row['volume_ul'] / 1000:.3g} ml" if row["volume_ul"] else "infused"
    given = f"{dose:.2g} cells" if dose else f"{row['dose_factor']:.3g} times the dose"
    spread = ""
    if relief["days_over_draws"]:
        low, _, high = map(_span, relief["days_over_draws"])
        spread = f" ({low} to {high}; {100 * relief['share_of_draws_with_relief']:.0f} % of draws have any)"
    lines = [f"  {row['name']}: {given} {how}; exposure at the ganglia {row['local_exposure_ratio']:.2g} of home; "
             f"relief in the model {_span(relief['duration_h'] / 24)}{spread}"]
    if row["beyond_experience"]:
        lines.append(f"    {row['beyond_experience']}")
    if row["causes"]:
        lines.append("    why (factor on exposure): " + ", ".join(
            f"{cause['name']} {10**cause['log10_change']:.2g}" for cause in row["causes"]))
    return lines
