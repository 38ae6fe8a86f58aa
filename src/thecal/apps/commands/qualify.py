"""``thecal qualify``: score the register of claims by simulated experiments."""

from __future__ import annotations

import json
from typing import Any

import click


@click.command("qualify", help="Score the register of claims by simulated experiments over parameter draws.")
@click.option("--draws", type=click.IntRange(4, 2000), default=60, show_default=True,
              help="Parameter draws, from the register and from the fitted ones each.")
@click.option("--seed", type=int, default=2015, show_default=True)
@click.option("--claim", "claims", multiple=True, help="Only this claim; may be repeated.")
@click.option("--solver", type=click.Choice(["compiled", "reference"]), default="compiled", show_default=True)
@click.option("--rivals", is_flag=True, help="Instead: which claims each rival hypothesis wins and loses.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(draws: int, seed: int, claims: tuple[str, ...], solver: str, rivals: bool, as_json: bool) -> None:
    """Thin call into ``analysis.claims.score``."""
    from thecal.analysis.claims.register import load_claims
    from thecal.analysis.claims.score import score
    from thecal.analysis.translation.others import beside, known_ids
    from thecal.apps.progress import steps
    from thecal.core.errors import ThecalError
    from thecal.engine.solvers import integrator

    known = [claim.id for claim in load_claims()]
    others = known_ids()
    for claim in claims:
        if claim not in [*known, *others]:
            raise ThecalError.single(where="--claim", what="is not in the register of claims", seen=claim,
                                     allowed=", ".join([*known, *others]), remedy="choose one of them")
    if rivals:
        _show_rivals(solver, draws, seed, as_json)
        return
    with steps("Claims", (len(claims) or len(known)) + 1) as step:
        result = score(integrator(solver), draws, seed, claims, progress=step)
        step("transport and other studies")
        result |= beside(integrator(solver), draws, seed, claims)
    if as_json:
        click.echo(json.dumps(result, allow_nan=False))
        return
    _show(result["claims"])
    if result["total"]:
        click.echo(f"{result['held']} hold, {result['failed']} fail, {result['undecided']} undecided of "
                   f"{result['total']}; {result['draws']} draws, {result['animals_lost']} animals not computed")
    for title, key in (("Transport of CSF, nothing fitted", "transport"),
                       ("Other studies, noise-free", "other_studies")):
        if result[key]:
            click.echo(f"\n{title}")
            _show(result[key])
    for row in result["evidence_only"]:
        click.echo(f"    {row['id']:<34} evidence only: {row['why']}")


def _show(rows: list[dict[str, Any]]) -> None:
    """One line for each row, and the cause of a miss."""
    for row in rows:
        value = "-" if row["value"] is None else f"{row['value']:.3g} ({row['low']:.3g} to {row['high']:.3g})"
        click.echo(f"{row['number']:>3} {row['id']:<20} {row['verdict']:<9} {row['share']:.2f} "
                   f"(prior {row['prior_share']:.2f}, noise-free {row['latent_share']:.2f})  {row['role']}, "
                   f"{row['tag']}; value {value}")
        if row.get("group") and row["cause"]:
            click.echo(f"    {row['cause']}")


def _show_rivals(solver: str, draws: int, seed: int, as_json: bool) -> None:
    """Every rival view of the biology against the same claims."""
    from thecal.analysis.claims.score import RIVALS, compare_rivals
    from thecal.apps.progress import steps
    from thecal.engine.solvers import integrator

    with steps("Rivals", len(RIVALS)) as step:
        rows = compare_rivals(integrator(solver), draws, seed, progress=step)
    if as_json:
        click.echo(json.dumps({"rivals": rows, "draws": draws, "seed": seed}, allow_nan=False))
        return
    for row in rows:
        held = sum(share >= 0.5 for share in row["shares"].values())
        click.echo(f"{row['id']:<12} {held:>2} of {len(row['shares'])} in at least half the draws  ({row['meaning']})")
        for word in ("won", "lost"):
            if row[word]:
                click.echo(f"{'':<12} {word}: {', '.join(row[word])}")
