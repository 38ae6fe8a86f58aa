"""``thecal schema``: the JSON Schema of study files and data files."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("kind", default="study", type=click.Choice(["study", "species", "injury", "product", "assay"]))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False),
              help="Write all schemas into this folder instead.")
def command(kind: str, out: Path | None) -> None:
    """Print the JSON Schema of a study file, or of a KIND of data file."""
    from thecal.study.schema import as_text, schemas

    found = schemas()
    if out is None:
        click.echo(as_text(found[kind]), nl=False)
        return
    out.mkdir(parents=True, exist_ok=True)
    for name, schema in found.items():
        path = out / f"{name}.schema.json"
        path.write_text(as_text(schema), encoding="utf-8")
        click.echo(str(path), err=True)
