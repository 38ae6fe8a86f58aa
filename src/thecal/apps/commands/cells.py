"""``thecal cells STUDY``: single cells from the needle to the ganglion."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from thecal.analysis.homing import Homing
    from thecal.study.plan import StudyPlan


@click.command()
@click.argument("studies", metavar="STUDY...", nargs=-1, required=True)
@click.option("--arm", "arm_id", help="Which arm; default the first that gives living cells.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for counts and viewer; default runs/cells-STUDY.")
@click.option("--seed", type=int, help="Replaces the study's seed.")
@click.option("--agents", type=click.IntRange(1_000, 20_000_000),
              help="Agents to follow; with more cells than agents, each stands for several. Default 250000, with "
                   "--compare 60000 for each arm and 100000 for each species.")
@click.option("--draws", type=click.IntRange(0, 500), default=16, show_default=True,
              help="Draws of the parameters for the intervals; 0 for the interval of sampling alone.")
@click.option("--compare", is_flag=True, help="All arms that give cells side by side, weighted, with one figure; of "
                                               "several studies one arm each, ganglion by ganglion.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON; files only with --out.")
def command(studies: tuple[str, ...], arm_id: str | None, out: Path | None, seed: int | None, agents: int | None,
            draws: int, compare: bool, as_json: bool) -> None:
    """Follow single cells of one arm of STUDY.

    Counts by level, side and day go to the terminal and to counts.csv, an animated viewer to canal.html, what carries
    the label to label.csv, and pictures beside them. With --compare: arms of one study, or canals of several studies.
    """
    from thecal.analysis.homing import MANY, arm_with_cells, as_data, study_homing
    from thecal.report.canal_viewer.frames import FRAME_DAYS, SAMPLE
    from thecal.study.lint import runnable

    plans = [runnable(study) for study in studies]
    if len(plans) > 1:
        _compare_species(plans, arm_id, seed, agents, out, as_json, compare)
        return
    plan = plans[0]
    if compare:
        _compare(plan, plan.seed if seed is None else seed, agents, out, as_json)
        return
    arm = arm_with_cells(plan, arm_id)
    draw = out is not None or not as_json
    with _bar(arm.label) as show:
        homing = study_homing(plan, arm, seed=plan.seed if seed is None else seed, agents=agents or MANY, draws=draws,
                              frame_days=FRAME_DAYS if draw else (), sample=SAMPLE if draw else 0, progress=show)
    data = as_data(homing)
    if draw:
        data["files"] = _write(homing, data, out or Path("runs") / f"cells-{plan.name}")
    click.echo(json.dumps(data, allow_nan=False)) if as_json else _tell(data)


def _compare(plan: StudyPlan, seed: int, agents: int | None, out: Path | None, as_json: bool) -> None:
    from thecal.analysis.homing import FEW, compare_arms
    from thecal.report.canal_viewer.comparison import rows_of, write_comparison

    with _bar(plan.name) as show:
        found = compare_arms(plan, seed=seed, agents=agents or 3 * FEW, progress=show)
    rows = rows_of(found)
    if as_json:
        click.echo(json.dumps({"study": plan.name, "arms": rows}, allow_nan=False))
    else:
        for row in rows:
            if row["day"] == 14:
                ratio = "-" if row["ratio"] is None else f"{row['ratio']:.2f}"
                click.echo(f"{row['label']:40}{row['injured']:10.0f} injured side{row['other']:10.0f} other   "
                           f"ratio {ratio}   {row['share']:.2%} of the living cells given")
        click.echo("Day 14 after the first injection. Computer model, not medical advice.")
    if out is not None or not as_json:
        for path in write_comparison(plan.title, found, out or Path("runs") / f"cells-{plan.name}"):
            click.echo(f"Wrote {path}", err=as_json)


def _compare_species(plans: list[StudyPlan], arm_id: str | None, seed: int | None, agents: int | None, out: Path | None,
                     as_json: bool, compare: bool) -> None:
    from thecal.analysis.homing import arm_with_cells
    from thecal.analysis.homing_species import AGENTS, compare_species
    from thecal.core.errors import ThecalError
    from thecal.report.canal_viewer.species import DAY, species_rows, write_species

    if not compare:
        raise ThecalError.single("STUDY", "several studies are followed together only to be compared",
                                 seen=", ".join(plan.name for plan in plans), remedy="add --compare, or name one study")
    with _bar("Species") as show:
        chosen = [(plan, arm_with_cells(plan, arm_id)) for plan in plans]
        found = compare_species(chosen, agents=agents or AGENTS, seed=seed, progress=show)
    rows = species_rows(found)
    if as_json:
        click.echo(json.dumps({"studies": [plan.name for plan in plans], "ganglia": rows}, allow_nan=False))
    else:
        for row in rows:
            if row["day"] == DAY:
                click.echo(f"{row['species']:12}{row['level']:5}{row['side']:9}{row['cells']:10.0f} cells"
                           f"{row['share']:10.3%} of the living cells given{row['from_slug_mm']:9.1f} mm from the slug")
        click.echo(f"Day {DAY} after the first injection. Computer model, not medical advice.")
    if out is not None or not as_json:
        for path in write_species(found, out or Path("runs") / ("cells-" + "-".join(plan.name for plan in plans))):
            click.echo(f"Wrote {path}", err=as_json)


def _write(homing: Homing, data: dict, folder: Path) -> list[str]:
    from thecal.report.canal_viewer.write import write_files

    return [str(path) for path in write_files(homing, data, folder)]


def _tell(data: dict) -> None:
    from thecal.report.canal_viewer.section import local_words

    days = sorted({row["day"] for row in data["drg"]})
    click.echo(f"Living cells at each ganglion, days {data['days']} ({data['interval']})")
    click.echo(f"{'':14}" + "".join(f"{'day ' + format(d, 'g'):>22}" for d in days))
    for level, side in dict.fromkeys((row["level"], row["side"]) for row in data["drg"]):
        cells = [row for row in data["drg"] if (row["level"], row["side"]) == (level, side)]
        texts = [f"{row['cells']:.0f} ({row['low']:.0f}-{row['high']:.0f})" for row in cells]
        click.echo(f"{level + ' ' + side:14}" + "".join(f"{text:>22}" for text in texts))
    ratio = data["injured_to_other"]
    words = {"default": "as declared", "cxcr4_knockdown": "Cxcr4 knocked down to 30 %", "cxcl12_off": "without CXCL12"}
    click.echo(f"Injured side over the other on day {data['injured_to_other_day']:g}: "
               + ", ".join(f"{words[k]} {v}" for k, v in ratio.items()))
    label = data["label_day"]
    if label["centre"] is None:
        click.echo("Label does not outnumber living cells at the ganglia.")
    else:
        edges = [f"{day:.0f}" if day else "later" for day in (label["low"], label["high"])]
        click.echo(f"Dead cells and host cells with label outnumber living ones from day {label['centre']:.0f}"
                   + (f" ({edges[0]} to {edges[1]})." if label["draws"] else "."))
    click.echo(local_words(data["local_tgfb1"]))
    click.echo(f"{data['agents']} agents, {data['cells_per_agent']:.3g} cells each. {data['disclaimer']}")
    for path in data.get("files", []):
        click.echo(f"Wrote {path}")


@contextmanager
def _bar(label: str) -> Iterator[Callable[[float], None]]:
    """Share done, on stderr, on a terminal only."""
    import sys

    if not sys.stderr.isatty():
        yield lambda share: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as live:
        task = live.add_task(label, total=1.0)
        yield lambda share: live.update(task, completed=share)
