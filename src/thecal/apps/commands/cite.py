"""``thecal cite``: what to cite for the settings used."""

from __future__ import annotations

import json
from dataclasses import asdict

import click


@click.command("cite", help="Print the references that a study rests on: this program, the index study, and the "
                            "sources of its numbers. Without STUDY: those of the whole register.")
@click.argument("study", required=False)
@click.option("--bibtex", is_flag=True, help="Print BibTeX entries.")
@click.option("--json", "as_json", is_flag=True, help="Print the references as JSON.")
def command(study: str | None, bibtex: bool, as_json: bool) -> None:
    """Thin call into ``report.citations``."""
    from thecal.core.register import load as register
    from thecal.report.citations import INDEX_STUDY, references, software, study_sources

    if study:
        from thecal.study.lint import runnable

        sources = study_sources(runnable(study))
    else:
        sources = [(entry.id, f"{entry.source} {entry.note}") for entry in register().values()]
    found = [software(), *references([("the index study", INDEX_STUDY), *sources])]
    if as_json:
        click.echo(json.dumps({"references": [asdict(r) | {"text": r.text} for r in found]}, ensure_ascii=False))
    elif bibtex:
        click.echo("\n\n".join(r.bibtex for r in found))
    else:
        for number, reference in enumerate(found, start=1):
            click.echo(f"{number}. {reference.text}")
            click.echo(f"   {reference.url}" if reference.url else "   " + ", ".join(reference.used_by))
        click.echo("Sources in words (recall, assumption) are not references: 'thecal params' shows them.", err=True)
