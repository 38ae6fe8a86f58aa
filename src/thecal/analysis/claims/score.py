"""Scoring the claims: the share of parameter draws in which simulated experiments reproduce each finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
        rows.append(row_of(claim, before, after))
    verdicts = [row["verdict"] for row in rows]
    lost = sum(e.lost for lab in (prior, fitted) if lab for e in lab.kept.values())
    return {"claims": rows, "held": verdicts.count("holds"), "failed": verdicts.count("fails"),
            "undecided": verdicts.count("undecided"), "total": len(rows), "draws": draws,
            "fitted_draws": len(fitted.draws) if fitted else 0, "seed": seed, "animals_lost": lost}


@dataclass(frozen=True)
class Rival:
    """Another view of the biology: hypotheses switched, or numbers multiplied, in every arm."""

    id: str
    meaning: str
    hypotheses: Mapping[str, float] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)


RIVALS = (
    Rival("default", "H1 and H2 mixed"),
    Rival("H1-alone", "living cells that secrete, no lasting switch of the host", {"H1": 1.0, "H2": 0.0}),
    Rival("H2-alone", "cells that are eaten switch the host; no secretion", {"H1": 0.0, "H2": 1.0}),
    Rival("H3", "IL-10 of the cells", {"H1": 0.0, "H2": 0.0, "H3": 1.0}),
    Rival("H4", "vesicles", {"H1": 0.0, "H2": 0.0, "H4": 1.0}),
    Rival("H5", "mitochondria handed over by contact", {"H1": 0.0, "H2": 0.0, "H5": 1.0}),
    Rival("H6", "opioids", {"H1": 0.0, "H2": 0.0, "H6": 1.0}),
    Rival("H7", "released cargo only; living cells secrete nothing", {"H1": 0.0, "H2": 0.0, "H7": 1.0}),
    Rival("H8", "no homing: no capture at DRG borders", {"H8": 1.0}),
    Rival("H9", "TGF-b1 excites quiet tissue", {"H9": 1.0}),
    Rival("short-lived", "captured cells live a sixth as long", factors={"cells.half_life_captured": 1 / 6}),
    Rival("weak-source", "cells secrete a fifth as much", factors={"cells.secretion_rate": 0.2}),
)


def compare_rivals(integrator: Integrator, draws: int, seed: int = SEED,
                   progress: Callable[[str], None] | None = None) -> list[dict[str, Any]]:
    """Share of draws whose noise-free means show each claim, under every rival view.

    Answers which assumptions must change to give the studies that found relief for days or none, and what that
    costs elsewhere: ``won`` and ``lost`` name the claims that cross one half, against the default.
    Tests that need a notebook are read by their latent part.
    """
    known = fitted_draws()[1:]
    chosen = list(known[:draws]) if known else prior_draws(draws, seed)
    rows: list[dict[str, Any]] = []
    for rival in RIVALS:
        if progress:
            progress(rival.id)
        lab = Laboratory(chosen, seed, integrator, typical=True, hypotheses=rival.hypotheses, factors=rival.factors)
        shares = {claim.id: float(TESTS[claim.test](lab, claim).latent.mean()) for claim in load_claims()
                  if claim.id not in SWITCHED and claim.test != "sni_course"}
        first = rows[0]["shares"] if rows else shares
        rows.append({"id": rival.id, "meaning": rival.meaning, "shares": shares,
                     "won": [k for k, x in shares.items() if x >= 0.5 > first[k]],
                     "lost": [k for k, x in shares.items() if x < 0.5 <= first[k]]})
    return rows


# Claims whose arms set the hypotheses themselves: a rival view says nothing about them.
SWITCHED = ("removal", "late-antibody", "no-secretion")


def cause_of(share: float, latent: float) -> str:
    """Why a finding is not reproduced, as far as the two shares tell."""
    if share >= HOLDS:
        return ""
    if latent >= HOLDS:
        return "the model shows it; an experiment of the published size often does not, for assay noise"
    if latent <= FAILS:
        return "the model does not show it under these assumptions"
    return "the model shows it for part of the parameter range"


def row_of(claim: Claim, before: Shown, after: Shown) -> dict[str, Any]:
    """One scored claim as plain data, from what prior and fitted draws showed."""
    share = float(after.reproduced.mean())
    value = after.value[np.isfinite(after.value)]
    low, middle, high = (float(x) for x in np.quantile(value, [0.05, 0.5, 0.95])) if value.size else (None,) * 3
    return {"id": claim.id, "number": claim.number, "statement": claim.statement, "tag": claim.tag,
            "role": claim.role, "verdict": verdict_of(share), "share": share,
            "prior_share": float(before.reproduced.mean()), "latent_share": float(after.latent.mean()),
            "value": middle, "low": low, "high": high,
            "cause": "" if share >= HOLDS else claim.cause or cause_of(share, float(after.latent.mean())),
            "window": {k: [_plain(x) for x in v] for k, v in claim.window.items()}, "source": claim.source}


def _plain(x: float) -> float | None:
    return x if np.isfinite(x) else None
