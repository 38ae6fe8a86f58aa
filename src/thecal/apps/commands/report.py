"""``thecal report DIR``: the report of a finished run again, without simulating."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("report", help="Render the report of a finished run again, without simulating. DIR is the folder that "
                              "'thecal run --out' wrote.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="HTML file; default DIR/report.html.")
@click.option("--claims", type=click.Path(path_type=Path, dir_okay=False),
              help="Scored claims to show, as 'thecal qualify --json' prints them.")
@click.option("--json", "as_json", is_flag=True, help="Print where the report is and how large.")
def command(folder: Path, out: Path | None, claims: Path | None, as_json: bool) -> None:
    """Thin call into ``report.study.write_report``."""
    from thecal.analysis.outcome import open_outcome
    from thecal.core.errors import ThecalError
    from thecal.report.claims import read_claims
    from thecal.report.study import write_report

    target = out or folder / "report.html"
    outcome = open_outcome(folder)
    if not target.parent.is_dir():
        raise ThecalError.single("--out", "there is no such folder", seen=str(target.parent), remedy="make it first")
    page = write_report(outcome, target, read_claims(claims) if claims else None)
    size = page.stat().st_size
    click.echo(json.dumps({"report": str(page), "bytes": size}) if as_json else f"{page} ({size / 1e6:.2f} MB)")
