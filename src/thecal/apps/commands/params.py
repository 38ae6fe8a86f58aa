"""``thecal params``: every number of the model, with its range, its kind and where it comes from."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from thecal.core.register import Parameter

KINDS = ("measured", "derived", "assumed", "calibrated", "switch")


@click.command("params", help="List the parameters: value, range, unit, kind and source. WORDS narrow the list by name "
                              "or meaning, e.g. 'thecal params half_life'.")
@click.argument("words", nargs=-1)
@click.option("--room", help="Only one room: anatomy, cells, signalling, pain, ...")
@click.option("--kind", type=click.Choice(KINDS), multiple=True, help="Only numbers of this kind; may be repeated.")
@click.option("--study", help="As a study sees them: file, or name of a library study; its first treated arm.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def command(words: tuple[str, ...], room: str | None, kind: tuple[str, ...], study: str | None, as_json: bool) -> None:
    """Thin call into ``core.register``."""
    from thecal.core.errors import ThecalError
    from thecal.core.register import load

    entries = list((_of_study(study) if study else load()).values())
    total, rooms = len(entries), sorted({e.room for e in entries})
    if room is not None and room not in rooms:
        raise ThecalError.single("--room", "there is no such room", seen=room, allowed=", ".join(rooms),
                                 remedy="choose one of them")
    entries = [e for e in entries if (room is None or e.room == room) and (not kind or e.kind in kind)
               and all(w.lower() in f"{e.id} {e.context} {e.symbol}".lower() for w in words)]
    if not entries:
        raise ThecalError.single("thecal params", "no number of the register fits",
                                 seen=" ".join(words) or "these options",
                                 remedy="look for part of a name or of its meaning, e.g. 'half_life' or 'CXCL12'")
    if as_json:
        click.echo(json.dumps({"parameters": [asdict(e) | {"assumption": e.is_assumption} for e in entries]},
                              ensure_ascii=False))
        return
    if sys.stdout.isatty():
        _table(entries)
    else:
        for entry in entries:
            click.echo("\t".join(_cells(entry)))
    assumed = sum(e.is_assumption for e in entries)
    click.echo(f"{len(entries)} of {total} numbers; {assumed} are assumptions (assumed or calibrated), "
               f"{sum(e.verified for e in entries)} were read in their source.", err=True)


def _of_study(study: str) -> dict[str, Parameter]:
    from thecal.report.citations import parameters_of
    from thecal.study.lint import runnable

    return dict(parameters_of(runnable(study)))


def _cells(entry: Parameter) -> list[str]:
    """One line: id, value, range, unit, kind (with a mark for assumptions), read in the source, meaning, source."""
    spread = "" if entry.low == entry.high else f"{entry.low:g} to {entry.high:g}"
    return [entry.id, f"{entry.value:g}", spread, "" if entry.unit == "1" else entry.unit,
            entry.kind + (" *" if entry.is_assumption else ""), "read" if entry.verified else "", entry.context,
            entry.source + (f"; {entry.note}" if entry.note else "")]


def _table(entries: list[Parameter]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("number", "value", "range", "unit", "kind", "read", "meaning", "source", header_style="bold",
                  caption="* assumption: nobody measured it")
    for entry in entries:
        cells = _cells(entry)
        table.add_row(*cells, style="yellow" if entry.is_assumption else "")
    Console().print(table)
