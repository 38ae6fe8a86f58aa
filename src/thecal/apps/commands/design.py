"""``thecal design``: plan a study by simulated experiments; draw, seal and open its allocation."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from thecal.analysis.design import Design

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("design")
@click.argument("study")
@click.option("--arm", "arms", multiple=True, help="Only this treated arm; may be repeated. Curves are for the first.")
@click.option("--n", "sizes", help="Animals per arm to try, e.g. 4,6,8,12.")
@click.option("--experiments", type=click.IntRange(20, 100_000), default=400, show_default=True,
              help="Simulated experiments per point.")
@click.option("--power", "target", type=click.FloatRange(0.1, 0.99), default=0.8, show_default=True,
              help="Power wanted.")
@click.option("--missed", type=click.FloatRange(0, 0.8), help="Share of visits lost; the study's if not given.")
@click.option("--dropout", type=click.FloatRange(0, 0.8), default=0.0, show_default=True,
              help="Share of animals lost for good.")
@click.option("--looks", help="Group-sequential design: animals per arm at each look, e.g. 4,6,8.")
@click.option("--boundary", type=click.Choice(["obrien-fleming", "pocock"]), default="obrien-fleming",
              show_default=True, help="When to stop early.")
@click.option("--no-simulate", is_flag=True, help="Only the critique and the checklists.")
@click.option("--no-curves", is_flag=True, help="Leave out the curves over visits, filaments, dose and conduct.")
@click.option("--lists", type=FOLDER, help="Draw the allocation, seal it, and write lists to print into this folder.")
@click.option("--unseal", type=FOLDER, help="Open the sealed allocation of this folder and check its hash.")
@click.option("--sealed", is_flag=True, help="Say in the checklists that an allocation was sealed with --lists.")
@click.option("--secret", type=click.IntRange(0, 2**64 - 1), hidden=True, help="Fix the draw (for tests).")
@click.option("--seed", type=int, help="Another seed than the study's.")
@click.option("--solver", type=click.Choice(["compiled", "reference"]), default="compiled", show_default=True)
@click.option("--out", type=FOLDER, help="Folder for the page (design.html) and its tables.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(study: str, arms: tuple[str, ...], sizes: str | None, experiments: int, target: float, missed: float | None,
            dropout: float, looks: str | None, boundary: str, no_simulate: bool, no_curves: bool, lists: Path | None,
            unseal: Path | None, sealed: bool, secret: int | None, seed: int | None, solver: str, out: Path | None,
            as_json: bool) -> None:
    """Sample size, power, critique and checklists of STUDY, a file or a name of the library.

    With --lists: randomisation and blinding lists, and a sealed allocation. With --unseal: the allocation, checked.
    """
    if unseal is not None:
        _unseal(unseal, as_json)
        return
    if lists is not None:
        _seal(study, arms, lists, secret, as_json)
        return
    from thecal.analysis.design import Request, design_study
    from thecal.analysis.design.study_design import SIZES
    from thecal.apps.progress import steps

    request = Request(arms, _numbers("--n", sizes) or SIZES, experiments, target=target, missed=missed, dropout=dropout,
                      looks=_numbers("--looks", looks), boundary=boundary, simulate=not no_simulate,
                      curves=not no_curves, seed=seed, solver=solver)
    with steps("Design", 14 + 8 * (not no_curves)) as step:
        found = design_study(study, request, sealed, step)
    if out is not None:
        from thecal.report.design import write_page

        found.write(out)
        page = write_page(found, out / "design.html")
        click.echo(f"Written: {page}", err=True)
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False, allow_nan=False))
        return
    _tell(found)


def _tell(design: Design) -> None:
    from thecal.report.design.page import wide

    click.echo(f"{design.title or design.study}\nComputer model, not medical advice.\n")
    rows = wide(design)
    if rows:
        width = max(len(r["name"]) for r in rows)
        click.echo(f"Power at the planned n, by test; below it n for {design.request.target:.0%} "
                   f"({design.request.experiments} simulated experiments per point)")
        click.echo(f"{'comparison':<{width}} {'n':>4}  " + "  ".join(f"{t:>9}" for t in rows[0]["power"]))
        for r in rows:
            click.echo(f"{r['name']:<{width}} {r['n']:>4}  " + "  ".join(f"{p[0]:>9.0%}" for p in r["power"].values()))
            most = design.power["n"].max()
            click.echo(f"{'':<{width}} {'':>4}  " + "  ".join(f"{'n = ' + str(k) if k else f'over {most}':>9}"
                                                              for k in r["needed"].values()))
        click.echo()
    colours = {"major": "red", "minor": "yellow", "good": "green"}
    for remark in design.critique:
        weight = click.style(remark.weight, fg=colours[remark.weight], bold=True)
        click.echo(f"{weight} [{remark.topic}] {remark.what}")
        for line in (remark.why, f"do: {remark.remedy}" if remark.remedy else ""):
            if line:
                click.echo(f"      {line}")
    waiting = sum(i.status in ("open", "unclear", "high") for i in design.checklists)
    click.echo(f"\nChecklists: {waiting} of {len(design.checklists)} points are open; --out writes them with the page.")
    for note in design.notes:
        click.echo(f"note: {note}", err=True)


def _seal(study: str, arms: tuple[str, ...], folder: Path, secret: int | None, as_json: bool) -> None:
    from thecal.analysis.design import write_lists
    from thecal.study.lint import runnable

    made = write_lists(runnable(study), folder, arms, secret)
    if as_json:
        click.echo(json.dumps({"commitment": made.commitment(), "animals": len(made.table), "method": made.method,
                               "folder": str(folder)}))
        return
    click.echo(f"{len(made.table)} animals allocated ({made.method}).\nCommitment: {made.commitment()}\n"
               f"Publish it before the first animal. {folder / 'lists.html'} is for the tester; "
               f"{folder / 'preparation_list.csv'} only for the person who fills the syringes.")


def _unseal(folder: Path, as_json: bool) -> None:
    from thecal.analysis.design import unseal

    found = unseal(folder)
    if as_json:
        click.echo(json.dumps({"commitment": found.commitment(), "verified": True, "study": found.study,
                               "allocation": found.table.to_dict("records")}))
        return
    click.echo(f"The allocation of {found.study} is the one that was committed to ({found.commitment()[:16]}…).\n"
               f"Written: {folder / 'allocation.csv'}")


def _numbers(option: str, text: str | None) -> tuple[int, ...]:
    """Whole numbers with commas between; ThecalError otherwise."""
    from thecal.core.errors import ThecalError

    if not text:
        return ()
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or min(found) < 2 or max(found) > 500 or any(a >= b for a, b in itertools.pairwise(found)):
        raise ThecalError.single(option, "needs increasing whole numbers with commas between", seen=text,
                                 allowed="2 to 500, for example 4,6,8")
    return found
