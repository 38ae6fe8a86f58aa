"""``thecal bench``: speed and accuracy of the cohort engine, beside other simulators."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

CASES = 9


@click.command("bench", help="Measure speed and accuracy beside other simulators. Takes some minutes; keep the machine "
                             "quiet. Needs a source checkout, for the rivals are not part of the package.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
def command(as_json: bool) -> None:
    """Thin call into ``bench.engine_cases``."""
    import sys
    import tempfile

    import thecal
    from thecal.apps.progress import steps
    from thecal.core.errors import ThecalError

    root = Path(thecal.__file__).resolve().parents[2]
    if not (root / "bench" / "engine_cases.py").exists():
        raise ThecalError.single(where="thecal bench", what="needs a source checkout with its folder 'bench'",
                                 seen=str(root), remedy="clone the repository and install it with 'pip install -e .'")
    sys.path.insert(0, str(root))
    from bench.engine_cases import all_cases

    with tempfile.TemporaryDirectory() as cache, steps("Bench", CASES) as step:
        rows = list(all_cases(cache, step))
    if as_json:
        click.echo(json.dumps(rows, allow_nan=False))
        return
    for row in rows:
        click.echo(line_of(row))


def line_of(row: dict[str, Any]) -> str:
    """One row as text."""
    def number(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    return (f"{row['case']:<42} {number(row['ours_ms'], '.3f'):>9} ms  {row['peer'] or '-':<28} "
            f"{number(row['peer_ms'], '.3f'):>9} ms  ratio {number(row['ratio'], '.2f'):>8}  "
            f"error {number(row['our_error'], '.1e')} / {number(row['peer_error'], '.1e')}  n {row['n']}  "
            f"threads {row['threads']}\n{'':>4}{row['note']}".rstrip())
