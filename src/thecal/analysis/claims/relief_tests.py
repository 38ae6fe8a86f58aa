"""Tests of claims about relief: onset, end, block, dose, and what a perturbation does."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from thecal.analysis.claims.laboratory import Laboratory
from thecal.analysis.claims.reading import Shown, difference, higher, numbers, show, significant
from thecal.analysis.claims.register import Claim

CLEARANCE = {"anatomy.wall_uptake_active": 2.0, "anatomy.csf_formation": 2.0}
DEATH = {"cells.half_life_free": 0.5, "cells.half_life_captured": 0.5}


def protein_hours(lab: Laboratory, claim: Claim) -> Shown:
    """Onset and end of relief by the protein, both inside their windows."""
    found = lab.relief(claim.arm)
    onset, end = numbers(found, "onset_h"), numbers(found, "end_h")
    return show(lab, claim.inside("onset_h", onset) & claim.inside("end_h", end), end)


def protein_dose(lab: Laboratory, claim: Claim) -> Shown:
    """Added hours per five-fold dose over h log2(5), with h from bulk flow, dispersion and wall uptake of each draw."""
    low, middle, high = (numbers(lab.relief(arm), "end_h") for arm in claim.arms)
    half_life = np.array([csf_half_life_h(v) for v in lab.run(claim.arm).values_by_draw])
    expected = half_life * math.log2(5)
    ratio = 0.5 * (high - low) / expected
    inside = claim.inside("added_over_expected", (high - middle) / expected) \
        & claim.inside("added_over_expected", (middle - low) / expected)
    return show(lab, inside, ratio)


def csf_half_life_h(values: Mapping[str, float]) -> float:
    """Half-life of active TGF-b1 in lumbar CSF: wall uptake plus the bulk flow absorbed along the canal, hours."""
    bulk = values["anatomy.csf_formation"] * values["anatomy.spinal_absorption"] / values["anatomy.canal_volume"]
    return 24 * math.log(2) / (values["anatomy.wall_uptake_active"] / values["anatomy.gap"] + bulk)


def cells_weeks(lab: Laboratory, claim: Claim) -> Shown:
    """Onset and end of relief by cells inside their windows, and a significant arm effect in the first weeks."""
    found = lab.relief(claim.arm)
    onset, end = numbers(found, "onset_h") / 24, numbers(found, "end_h") / 24
    return show(lab, claim.inside("onset_d", onset) & claim.inside("end_d", end), end,
                lambda: significant(lab, claim.arm, (5, 22)))


def duration_ratio(lab: Laboratory, claim: Claim) -> Shown:
    """Duration of relief by cells over that by the protein."""
    cells, protein = (numbers(lab.relief(arm), "duration_h") for arm in claim.arms)
    ratio = np.where(protein > 0, cells / np.maximum(protein, 1e-9), np.nan)
    return show(lab, claim.inside("ratio", ratio), ratio)


def relief_significant(lab: Laboratory, claim: Claim) -> Shown:
    """Latent relief reaches the level (and lasts, where asked), and the experiment shows it."""
    found = lab.relief(claim.arm)
    best = numbers(found, "best")
    latent = claim.inside("best", best)
    if "end_d" in claim.window:
        last = np.where([r is not None and r.open_end for r in found], np.inf, numbers(found, "end_h") / 24)
        latent &= claim.inside("end_d", last)
    return show(lab, latent, best, lambda: significant(lab, claim.arm, claim.window["days"]))


def antibody_reverses(lab: Laboratory, claim: Claim) -> Shown:
    """Relief was there before, is lost within a day, and the antibody arm differs from IgG in the hours after."""
    before = lab.reversal_at(claim.arm, 7.99)
    lowest = np.nanmin([lab.reversal_at(claim.arm, 8 + h / 24) for h in (0.25, 0.5, 1, 2, 4, 6, 12, 24)], axis=0)
    return show(lab, (before >= 0.3) & claim.inside("lowest", lowest), lowest,
                lambda: higher(lab.run(claim.arms[1]), lab.run(claim.arms[0]), claim.window["days"]))


def antibody_without_effect(lab: Laboratory, claim: Claim) -> Shown:
    """Relief stays, and the arm does not differ from control IgG by more than a margin."""
    lowest = np.nanmin([lab.reversal_at(claim.arm, 8 + h / 24) for h in (1, 3, 6, 24)], axis=0)
    return show(lab, claim.inside("lowest", lowest), lowest, lambda: claim.inside("margin", np.abs(
        difference(lab.run(claim.arms[0]), lab.run(claim.arms[1]), claim.window["days"]))))


def weaker(lab: Laboratory, claim: Claim) -> Shown:
    """Best reversal lost by a knock-down, and the experiment shows the difference."""
    down, plain = (numbers(lab.relief(arm), "best") for arm in claim.arms)
    return show(lab, (plain >= 0.3) & claim.inside("lost", plain - down), plain - down,
                lambda: higher(lab.run(claim.arms[1]), lab.run(claim.arms[0]), claim.window["days"]))


def blocked(lab: Laboratory, claim: Claim) -> Shown:
    """Best reversal with the inhibitor stays below the level while the protein alone passes it."""
    with_block, without = (numbers(lab.relief(arm), "best") for arm in claim.arms)
    latent = claim.inside("best", with_block) & (without >= 0.3)
    return show(lab, latent, with_block,
                lambda: higher(lab.run(claim.arms[1]), lab.run(claim.arms[0]), claim.window["days"]))


def sham_unchanged(lab: Laboratory, claim: Claim) -> Shown:
    """Latent shift of the threshold in sham animals, and the measured difference within a margin."""
    given, plain = (lab.run(arm) for arm in claim.arms)
    shift = np.max([np.abs(given.at("pain.mechanical", d) - plain.at("pain.mechanical", d))
                    for d in (5.01, 5.04, 5.1, 5.2, 5.5, 6)], axis=0)
    return show(lab, claim.inside("latent_shift", shift), shift,
                lambda: claim.inside("margin", np.abs(difference(given, plain, claim.window["days"]))))


def il10_hours(lab: Laboratory, claim: Claim) -> Shown:
    """End of relief by IL-10 protein at every dose tried."""
    ends = np.array([numbers(lab.relief(arm), "end_h") for arm in claim.arms])
    return show(lab, claim.inside("end_h", ends).all(axis=0), ends.mean(axis=0))


def infusion_lasts(lab: Laboratory, claim: Claim) -> Shown:
    """Reversal a day after a fortnight's pump stopped."""
    after = lab.reversal_at(claim.arm, 20.0)
    return show(lab, claim.inside("day_after", after), after)


def psnl_recovers(lab: Laboratory, claim: Claim) -> Shown:
    """Fall of the threshold on day 7 and on day 45."""
    run = lab.run(claim.arm)
    late = run.at("pain.mechanical", 45.0)
    return show(lab, claim.inside("fall_7d", run.at("pain.mechanical", 7.0)) & claim.inside("fall_45d", late), late)


def short_relief(lab: Laboratory, claim: Claim) -> Shown:
    """End of relief, days after the first dose."""
    end = numbers(lab.relief(claim.arm, dose_day=4.0), "end_h") / 24
    return show(lab, claim.inside("end_d", end), end)


def no_relief(lab: Laboratory, claim: Claim) -> Shown:
    """Best reversal stays below the level."""
    best = numbers(lab.relief(claim.arm), "best")
    return show(lab, claim.inside("best", best), best)


def removal_separates(lab: Laboratory, claim: Claim) -> Shown:
    """Share of the relief on day 17 that is still there three days after the cells are gone: H2 less H1."""
    kept = [np.clip(lab.reversal_at(a, 21.0), 0, None) / np.maximum(lab.reversal_at(a, 17.9), 0.05)
            for a in claim.arms]
    return show(lab, claim.inside("kept_difference", kept[1] - kept[0]), kept[1] - kept[0])


def late_antibody(lab: Laboratory, claim: Claim) -> Shown:
    """Lowest reversal in the day after an antibody on day 18."""
    lowest = np.nanmin([lab.reversal_at(claim.arm, 18 + h / 24) for h in (1, 3, 6, 12, 24)], axis=0)
    return show(lab, claim.inside("lowest", lowest), lowest)


def clearance_doubled(lab: Laboratory, claim: Claim) -> Shown:
    """Duration of relief with CSF clearance doubled over without."""
    return _perturbed(lab, claim, CLEARANCE)


def death_doubled(lab: Laboratory, claim: Claim) -> Shown:
    """Duration of relief with cell death doubled over without."""
    return _perturbed(lab, claim, DEATH)


def no_secretion(lab: Laboratory, claim: Claim) -> Shown:
    """Best reversal by cells that secrete no TGF-b1."""
    best = numbers(lab.relief(claim.arm), "best")
    return show(lab, claim.inside("best", best), best)


def _perturbed(lab: Laboratory, claim: Claim, factors: dict[str, float]) -> Shown:
    """Duration of relief with the factors over without, for protein and cells; the claim's own arm gives the value."""
    ratio = {}
    for name, arm in (("protein", "mouse/protein"), ("cells", "mouse/cells")):
        with_factors, plain = numbers(lab.relief(arm, factors), "duration_h"), numbers(lab.relief(arm), "duration_h")
        ratio[name] = np.where(plain > 0, with_factors / np.maximum(plain, 1e-9), np.nan)
    return show(lab, claim.inside("protein", ratio["protein"]) & claim.inside("cells", ratio["cells"]),
                ratio[claim.arm.split("/")[1]])
