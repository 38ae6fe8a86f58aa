"""``thecal export STUDY``: the model of a study's arms in exchange formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from thecal.study.plan import ArmPlan, StudyPlan


@click.command()
@click.argument("study")
@click.option("--sbml", "as_sbml", is_flag=True, help="SBML Level 3: the equations, numbers and doses (the default).")
@click.option("--petab", "as_petab", is_flag=True, help="A PEtab problem: SBML and tables for parameter estimation.")
@click.option("--arm", "arm_id", help="One arm; without it every arm of the study.")
@click.option("--out", type=click.Path(path_type=Path),
              help="File for one SBML document ('-' prints it), else a folder; default exports/STUDY.")
@click.option("--json", "as_json", is_flag=True, help="Print the list of written files as JSON.")
def command(study: str, as_sbml: bool, as_petab: bool, arm_id: str | None, out: Path | None, as_json: bool) -> None:
    """Write the model of STUDY's arms, a file or a name of the library, in an exchange format.

    Each document holds one arm's typical animal: equations, units, numbers with their sources, and the arm's
    injury, doses and pumps as events.
    """
    from thecal.engine.sbml.arm import chosen_arms
    from thecal.study.lint import runnable

    plan = runnable(study)
    arms = chosen_arms(plan, arm_id)
    for notice in plan.notices:
        click.echo(f"{notice.severity}: {notice}", err=True)
    written: list[Path] = []
    if as_sbml or not as_petab:
        written += _sbml(plan, arms, out, alone=arm_id is not None and not as_petab)
    if as_petab:
        written += _petab(plan, arms, out)
    if as_json:
        click.echo(json.dumps({"files": [str(path) for path in written]}, ensure_ascii=False))
    elif written:
        click.echo("Written:\n" + "\n".join(f"  {path}" for path in written), err=str(out) == "-")


def _sbml(plan: StudyPlan, arms: list[ArmPlan], out: Path | None, alone: bool) -> list[Path]:
    from thecal.core.errors import ThecalError
    from thecal.engine.sbml.arm import TypicalAnimal

    if str(out) == "-":
        if not alone:
            raise ThecalError.single("--out", "only one document can be printed", seen="-", remedy="name it by --arm")
        click.echo(TypicalAnimal(plan, arms[0]).sbml(), nl=False)
        return []
    written = []
    for arm in arms:
        path = out if alone and out is not None and not out.is_dir() else _folder(plan, out) / f"{arm.id}.xml"
        written.append(_write(path, TypicalAnimal(plan, arm).sbml()))
    return written


def _petab(plan: StudyPlan, arms: list[ArmPlan], out: Path | None) -> list[Path]:
    from thecal.engine.sbml.petab import problem_of

    written = []
    for arm in arms:
        files = problem_of(plan, arm)
        if files["measurements.tsv"].count("\n") < 2:
            click.echo(f"note: {arm.id}: none of its tests is a plain reading of the model, so the table of "
                       "measurements is empty", err=True)
        written += [_write(_folder(plan, out) / arm.id / name, text) for name, text in files.items()]
    return written


def _folder(plan: StudyPlan, out: Path | None) -> Path:
    return out if out is not None else Path("exports") / plan.name


def _write(path: Path, text: str) -> Path:
    from thecal.core.errors import ThecalError
    from thecal.engine.jobs.parts import write_atomically

    try:
        write_atomically(path, text.encode("utf-8"))
    except OSError as error:
        raise ThecalError.single("--out", f"cannot be written ({error.strerror})", seen=str(path),
                                 remedy="give a file or folder that you may write") from None
    return path
