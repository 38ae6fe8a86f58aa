"""Scoring the claims: the share of parameter draws in which simulated experiments reproduce each finding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thecal.analysis.claims.laboratory import Laboratory
from thecal.analysis.claims.register import Claim, load_claims
from thecal.analysis.claims.tests import TESTS, Shown
from thecal.core.register import load
from thecal.engine.fitted import fitted_draws
from thecal.engine.integrate import Integrator
from thecal.engine.subjects import Scores, scores_of_draw

HOLDS, FAILS = 0.8, 0.2
SEED = 2015


def prior_draws(count: int, seed: int = SEED) -> list[Scores]:
    """Draws from the register's ranges."""
    register = load()
    return [scores_of_draw(register, seed, k) for k in range(count)]


def verdict_of(share: float) -> str:
    """``holds`` from 0.8, ``fails`` up to 0.2, else ``undecided``."""
    return "holds" if share >= HOLDS else "fails" if share <= FAILS else "undecided"


def score(integrator: Integrator, draws: int, seed: int = SEED, only: Sequence[str] = (),
          progress: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Score the register of claims.

    Arguments:
        integrator: what solves. draws: parameter draws, from the register (prior) and as many fitted ones.
        only: ids of claims to score; all when empty. progress: told each claim's id.

    Returns: ``claims`` (rows with verdict, share under fitted draws, prior share, share of draws whose noise-free
        means show it, median and 5-95 % of the value), counts, and animals that could not be computed.
    """
    known = fitted_draws()[1:]
    fitted = Laboratory(list(known[:draws]), seed, integrator) if known else None
    prior = Laboratory(prior_draws(draws), seed, integrator)
    rows = []
    for claim in load_claims():
        if only and claim.id not in only:
            continue
        if progress:
            progress(claim.id)
        before = TESTS[claim.test](prior, claim)
        after = TESTS[claim.test](fitted, claim) if fitted else before
        rows.append(_row(claim, before, after))
    verdicts = [row["verdict"] for row in rows]
    lost = sum(e.lost for lab in (prior, fitted) if lab for e in lab.kept.values())
    return {"claims": rows, "held": verdicts.count("holds"), "failed": verdicts.count("fails"),
            "undecided": verdicts.count("undecided"), "total": len(rows), "draws": draws,
            "fitted_draws": len(fitted.draws) if fitted else 0, "seed": seed, "animals_lost": lost}


def _row(claim: Claim, before: Shown, after: Shown) -> dict[str, Any]:
    share = float(after.reproduced.mean())
    value = after.value[np.isfinite(after.value)]
    low, middle, high = (float(x) for x in np.quantile(value, [0.05, 0.5, 0.95])) if value.size else (None,) * 3
    return {"id": claim.id, "number": claim.number, "statement": claim.statement, "tag": claim.tag,
            "role": claim.role, "verdict": verdict_of(share), "share": share,
            "prior_share": float(before.reproduced.mean()), "latent_share": float(after.latent.mean()),
            "value": middle, "low": low, "high": high,
            "window": {k: [_plain(x) for x in v] for k, v in claim.window.items()}, "source": claim.source}


def _plain(x: float) -> float | None:
    return x if np.isfinite(x) else None
