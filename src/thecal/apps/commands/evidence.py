"""``thecal evidence``: the published studies, chosen, weighed and exported; and the check of a study to be added."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

FILTERS = ("species", "model", "condition", "cells", "donor", "route", "outcome", "ae-term", "effect", "certainty",
           "design", "study")
GROUPED = {"cells": " Groups: stromal, living, cell_free.", "outcome": " Groups: pain, harm.", "model": " Group: "
           "nerve."}


def _filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """One repeatable option per column that rows are chosen by."""
    for name in reversed(FILTERS):
        function = click.option(f"--{name}", multiple=True, metavar="WORD",
                                help=f"Keep rows with this {name.replace('-', ' ')}.{GROUPED.get(name, '')}")(function)
    return function


@click.command()
@_filters
@click.option("--verified", "verified_only", is_flag=True, help="Keep only rows whose page was read.")
@click.option("--leads", is_flag=True, help="List studies that nobody has read, too; they are never weighed.")
@click.option("--with", "extra", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="Add the rows of your own table.")
@click.option("--rows", "list_rows", is_flag=True, help="List the chosen rows.")
@click.option("--export", type=click.Choice(["csv", "json"]), help="Print the chosen rows in this form.")
@click.option("--priors", is_flag=True, help="Print what the studies hand to the parameter register.")
@click.option("--claims", is_flag=True, help="Print what other studies claim, those that disagree included.")
@click.option("--plain", is_flag=True, help="Print the summary for patients.")
@click.option("--lint", "to_check", type=click.Path(path_type=Path), metavar="FILE", help="Check a table of yours.")
@click.option("--template", type=click.Choice(["animal", "human"]), help="Print an empty table to fill.")
@click.option("--words", "vocabulary", metavar="COLUMN", help="Print the words a column may hold, with their meaning.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(verified_only: bool, leads: bool, extra: tuple[Path, ...], list_rows: bool, export: str | None,
            priors: bool, claims: bool, plain: bool, to_check: Path | None, template: str | None,
            vocabulary: str | None, as_json: bool, **chosen: tuple[str, ...]) -> int:
    """Filter and pool the published studies.

    Words may be repeated or joined by commas: 'thecal evidence --route it --cells stromal'. Studies in people,
    adverse events and single cases of harm are weighed beside the animal studies. Exit status 0, or 2 when a word
    is unknown or a checked table has an error.
    """
    from thecal.analysis.evidence import handover, query, synthesis, tables

    if template:
        click.echo(tables.template(template), nl=False)
        return 0
    if vocabulary:
        return _words(vocabulary, as_json)
    if to_check:
        return _lint(to_check, as_json)
    evidence = tables.load_with(extra) if extra else tables.load()
    if priors or claims:
        with _waiting("Weighing the studies"):
            rows = handover.priors(evidence) if priors else handover.claims_from_evidence(evidence)
        return _list(rows, as_json)
    if plain:
        from thecal.analysis.harm import plain_summary

        click.echo(json.dumps(plain_summary.as_dict(evidence), indent=1, ensure_ascii=False) if as_json
                   else plain_summary.markdown(evidence))
        return 0
    selection = query.Selection.of(verified_only=verified_only, leads=leads, **chosen)
    rows_by_kind = query.select(evidence, selection)
    if export:
        click.echo(query.export(rows_by_kind, export), nl=False)
        return 0
    if list_rows and not as_json:
        return _rows(rows_by_kind)
    with _waiting("Weighing the studies"):
        found = synthesis.synthesise(evidence, selection)
    if as_json:
        found |= {"rows": {k: [query.public(e) for e in v] for k, v in rows_by_kind.items()}} if list_rows else {}
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return 0
    return _tell(found)


@contextmanager
def _waiting(what: str) -> Iterator[None]:
    """A sign of life on a terminal; nothing in pipes."""
    import sys

    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


def _tell(found: dict[str, Any]) -> int:
    from thecal.analysis.evidence import words
    from thecal.apps.cli import DISCLAIMER

    counts = [f"{found['summary'][kind]['rows']} rows of {found['summary'][kind]['studies']} studies in {who}"
              for kind, who in (("animal", "animals"), ("human", "people"))]
    asked = "; ".join(f"{name}: {', '.join(w) if isinstance(w, list) else w}" for name, w in found["selection"].items())
    click.echo(f"Evidence tables version {found['version']} ({found['digest']}): {' and '.join(counts)}.")
    click.echo(f"Chosen by {asked or 'nothing, so all'}.")
    for heading, text in words.tell(found):
        if not text:
            click.echo("\n" + click.style(heading, bold=True))
            continue
        click.echo(_wrapped(heading, text))
    click.echo(f"\n{DISCLAIMER}")
    return 0


def _wrapped(heading: str, text: str) -> str:
    import shutil
    import textwrap

    width = min(120, max(60, shutil.get_terminal_size((100, 20)).columns))
    return textwrap.fill(text, width, initial_indent=f"  {heading:<20} ", subsequent_indent=" " * 23)


def _rows(rows_by_kind: dict[str, list[dict[str, Any]]]) -> int:
    for kind, rows in rows_by_kind.items():
        for entry in rows:
            where = [entry.get("species"), entry.get("model") or entry.get("condition"), entry["cells"],
                     entry["cells_detail"] if kind == "animal" else entry["ae_term"], entry["route"], entry["outcome"]]
            mark = "" if entry["verified"] == "yes" else "  (not verified)"
            click.echo(f"{entry['study']:<26} {' / '.join(w for w in where if w)}: {entry['effect']}{mark}")
    return 0


def _list(rows: list[dict[str, Any]], as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    for entry in rows:
        if "statement" in entry:
            click.echo(f"{entry['tag']:<10} {entry['id']}: {entry['statement']}")
        else:
            click.echo(f"{entry['id']:<46} {entry['value']:<10.3g} [{entry['low']:.3g}, {entry['high']:.3g}] "
                       f"{entry['unit']:<8} {entry['kind']}: {entry['context']}")
    return 0


def _words(column: str, as_json: bool) -> int:
    from thecal.analysis.evidence import schema
    from thecal.core.errors import ThecalError

    known = schema.raw()["vocabulary"]
    name = next((c.words for kind in schema.kinds() for c in schema.table(kind).columns.values()
                 if c.name == column and c.words), column)
    if name not in known:
        raise ThecalError.single(where="--words", what=f"'{column}' has no vocabulary", seen=column,
                                 allowed=", ".join(known), remedy="choose one of these", code="vocabulary")
    if as_json:
        click.echo(json.dumps(known[name], indent=1, ensure_ascii=False))
    else:
        click.echo("\n".join(f"{word:<20} {meaning}" for word, meaning in known[name].items()))
    return 0


def _lint(path: Path, as_json: bool) -> int:
    from thecal.analysis.evidence import tables
    from thecal.apps.commands.lint import MARKS

    kind, rows, problems = tables.lint(path)
    if not any(p.severity == "error" for p in problems):
        problems += tables.clashes(kind, rows)
    errors = sum(p.severity == "error" for p in problems)
    if as_json:
        click.echo(json.dumps({"table": kind, "rows": len(rows), "problems": [p.as_dict() for p in problems],
                               "errors": errors}, indent=1, ensure_ascii=False))
        return 2 if errors else 0
    for problem in problems:
        word, colour = MARKS[problem.severity]
        click.echo(click.style(word, fg=colour, bold=True) + f" [{problem.code}] {problem}")
    click.echo(f"{path.name}: {kind} table, {len(rows)} readable row{'s' if len(rows) != 1 else ''}, {errors} errors."
               + ("" if errors else f" Weigh it with the others: thecal evidence --with {path}"))
    return 2 if errors else 0
