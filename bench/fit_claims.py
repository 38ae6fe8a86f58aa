"""Fit the model's position in its register's uncertainty to the (at most five) claims marked ``fitted``.

The result is the prior restricted to the parameter values under which the fitted claims' noise-free tests hold.
Chains of preconditioned Crank-Nicolson moves ``z' = sqrt(1 - b^2) z + b xi`` leave the standard normal prior of the
scores unchanged, so accepting a move if and only if the claims hold samples exactly that restriction
(Cotter et al. 2013, doi:10.1214/13-STS421). Run it again with ``python bench/fit_claims.py``; same seed, same file.
"""

from __future__ import annotations

import csv
import math
import sys
import time
from pathlib import Path

import numpy as np
from scipy.special import ndtri

from thecal.analysis.claims.laboratory import Laboratory
from thecal.analysis.claims.register import Claim, load_claims
from thecal.analysis.claims.score import prior_draws
from thecal.analysis.claims.tests import TESTS
from thecal.core.streams import uniforms
from thecal.engine.solvers import integrator

SEED, CHAINS, BATCH, MOVES, STEP = 815, 64, 256, 60, 0.25
OUT = Path(__file__).parents[1] / "src" / "thecal" / "data" / "fitted" / "scores.csv"


def main(solver: str = "compiled") -> None:
    """Find starts by rejection, run the chains, write the accepted draws with their centre first."""
    claims = [claim for claim in load_claims() if claim.role == "fitted"]
    engine = integrator(solver)
    names = [name for name in prior_draws(1)[0] if not name.startswith("homing.")]  # rules of single cells
    starts = _reject(claims, engine, names)
    chains, kept, moved = starts[:CHAINS], [], 0
    begun = time.monotonic()
    for move in range(MOVES):
        noise = ndtri(uniforms(SEED, "fit", np.arange(len(chains)), "move", move, len(names)))
        proposal = math.sqrt(1 - STEP**2) * chains + STEP * noise
        accepted = _hold(claims, engine, proposal, names, SEED + move)
        chains = np.where(accepted[:, None], proposal, chains)
        moved += int(accepted.sum())
        if move % 10 == 9:
            kept.append(chains.copy())
        print(f"move {move + 1}/{MOVES}: {accepted.mean():.2f} accepted, {time.monotonic() - begun:.0f} s",
              file=sys.stderr)
    draws = np.concatenate(kept[1:])
    _write(np.concatenate([_centre(draws, claims, engine, names)[None], draws]), names)
    print(f"{len(draws)} draws from {len(chains)} chains, acceptance {moved / (MOVES * len(chains)):.2f}; {OUT}")


def _reject(claims: list[Claim], engine: object, names: list[str]) -> np.ndarray:
    """Starting points: prior draws under which every fitted claim holds."""
    found: list[np.ndarray] = []
    batch = 0
    while sum(map(len, found)) < CHAINS and batch < 200:
        z = ndtri(uniforms(SEED, "fit", np.arange(BATCH) + BATCH * batch, "start", 0, len(names)))
        holding = _hold(claims, engine, z, names, SEED)
        found.append(z[holding])
        batch += 1
        print(f"{batch * BATCH} prior draws, {sum(map(len, found))} accepted", file=sys.stderr)
    return np.concatenate(found)


def _hold(claims: list[Claim], engine: object, z: np.ndarray, names: list[str], seed: int) -> np.ndarray:
    """Whether all fitted claims hold, by their noise-free parts; each claim is asked only where the others hold."""
    alive = np.arange(len(z))
    for claim in sorted(claims, key=lambda c: c.id == "sni-course"):  # the dear one, with 20 animals, last
        if not alive.size:
            break
        draws = [dict(zip(names, row, strict=True)) for row in z[alive]]
        lab = Laboratory(draws, seed, engine, typical=claim.id != "sni-course")  # type: ignore[arg-type]
        alive = alive[TESTS[claim.test](lab, claim).latent]
    holding = np.zeros(len(z), bool)
    holding[alive] = True
    return holding


def _centre(draws: np.ndarray, claims: list[Claim], engine: object, names: list[str]) -> np.ndarray:
    """The component-wise median where the claims hold; else the middle of the stretch towards it where they do.

    The way leads from the register's own centre to the median and as far again beyond. A single draw near the median
    would do worse: in a hundred dimensions every draw is far out somewhere.
    """
    median = np.median(draws, axis=0)
    cheap = [claim for claim in claims if claim.id != "sni-course"]  # a matter of groups, not of one typical animal
    if _hold(cheap, engine, median[None], names, SEED)[0]:
        return median
    shares = np.linspace(0, 2, 81)
    holding = shares[_hold(cheap, engine, shares[:, None] * median, names, SEED)]
    if not holding.size:
        raise SystemExit("no point between the register's centre and the median of the draws meets the fitted claims")
    print(f"the median itself does not hold; {holding.min():.2f} to {holding.max():.2f} of it does", file=sys.stderr)
    return (holding.min() + holding.max()) / 2 * median


def _write(draws: np.ndarray, names: list[str]) -> None:
    OUT.parent.mkdir(exist_ok=True)
    with OUT.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([[f"{x:.4f}" for x in row] for row in draws])


if __name__ == "__main__":
    main(*sys.argv[1:])
