"""``thecal lint``: every finding about a study file with its place and its remedy."""

from __future__ import annotations

import json

import click

MARKS = {"error": ("error", "red"), "warning": ("warning", "yellow"), "note": ("note", "cyan")}


@click.command()
@click.argument("study")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(study: str, as_json: bool) -> int:
    """Check STUDY, a file or a name of the library.

    Exit status 0 when the study can be run (warnings and notes may be shown), 2 when it cannot.
    """
    from thecal.study.lint import lint

    problems = lint(study)
    errors = sum(problem.severity == "error" for problem in problems)
    if as_json:
        click.echo(json.dumps({"problems": [p.as_dict() for p in problems], "errors": errors}, indent=1,
                              ensure_ascii=False))
        return 2 if errors else 0
    for problem in problems:
        word, colour = MARKS[problem.severity]
        click.echo(click.style(word, fg=colour, bold=True) + f" [{problem.code or 'study'}] {problem}")
    counts = {word: sum(p.severity == word for p in problems) for word in MARKS}
    told = ", ".join(f"{n} {word}{'s' if n != 1 else ''}" for word, n in counts.items() if n)
    click.echo(f"{study}: {told or 'nothing to say'}." + ("" if errors else " It can be run."))
    return 2 if errors else 0
