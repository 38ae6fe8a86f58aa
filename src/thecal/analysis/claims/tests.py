"""How each claim is tested on one batch of parameter draws: simulated experiments and latent means.

Every test takes the laboratory and the claim and returns what each draw showed: whether the finding was reproduced,
whether the noise-free means alone show it (``latent``), and the value the claim is about. Words used below:
*significant* is the published kind of test (two-way repeated-measures ANOVA over the visits in ``days``, arm effect,
P < 0.05, in the right direction); *unchanged* is an equivalence margin on the difference of means.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from thecal.analysis.claims.laboratory import Experiment, Laboratory
from thecal.analysis.claims.register import Claim
from thecal.analysis.relief import Relief
from thecal.analysis.statistics.anova import oneway, rm_anova

ALPHA = 0.05
REAL_SNI = {  # day: mean and SD of log10 g, n; SNI group, included animals (doi:10.5281/zenodo.20762768)
    -1: (0.037, 0.305, 21), 3: (-1.069, 0.367, 21), 7: (-1.314, 0.507, 20), 14: (-1.454, 0.387, 20),
    21: (-1.055, 0.526, 20)}


@dataclass(frozen=True)
class Shown:
    """Per draw: ``reproduced`` and ``latent`` (bool), ``value`` (float, NaN where undefined)."""

    reproduced: np.ndarray
    latent: np.ndarray
    value: np.ndarray


def show(latent: np.ndarray, value: np.ndarray, significant: np.ndarray | None = None) -> Shown:
    """A finding whose latent part must hold, and whose experiment must show it where there is one."""
    latent = np.asarray(latent, bool)
    return Shown(latent if significant is None else latent & significant, latent, np.asarray(value, float))


def protein_hours(lab: Laboratory, claim: Claim) -> Shown:
    found = lab.relief(claim.arm)
    onset, end = _of(found, "onset_h"), _of(found, "end_h")
    return show(claim.inside("onset_h", onset) & claim.inside("end_h", end), end)


def protein_dose(lab: Laboratory, claim: Claim) -> Shown:
    """Added hours per five-fold dose over h log2(5), with h from bulk flow, dispersion and wall uptake of each draw."""
    low, middle, high = (_of(lab.relief(arm), "end_h") for arm in claim.arms)
    half_life = np.array([csf_half_life_h(v) for v in lab.run(claim.arm).values_by_draw])
    expected = half_life * math.log2(5)
    ratio = 0.5 * (high - low) / expected
    inside = claim.inside("added_over_expected", (high - middle) / expected) \
        & claim.inside("added_over_expected", (middle - low) / expected)
    return show(inside, ratio)


def csf_half_life_h(values: dict) -> float:
    """Half-life of active TGF-b1 in lumbar CSF: wall uptake plus the bulk flow absorbed along the canal, hours."""
    bulk = values["anatomy.csf_formation"] * values["anatomy.spinal_absorption"] / values["anatomy.canal_volume"]
    return 24 * math.log(2) / (values["anatomy.wall_uptake_active"] / values["anatomy.gap"] + bulk)


def cells_weeks(lab: Laboratory, claim: Claim) -> Shown:
    found = lab.relief(claim.arm)
    onset, end = _of(found, "onset_h") / 24, _of(found, "end_h") / 24
    return show(claim.inside("onset_d", onset) & claim.inside("end_d", end), end,
                None if lab.typical else _significant(lab, claim.arm, (5, 22)))


def duration_ratio(lab: Laboratory, claim: Claim) -> Shown:
    cells, protein = (_of(lab.relief(arm), "duration_h") for arm in claim.arms)
    ratio = np.where(protein > 0, cells / np.maximum(protein, 1e-9), np.nan)
    return show(claim.inside("ratio", ratio), ratio)


def relief_significant(lab: Laboratory, claim: Claim) -> Shown:
    found = lab.relief(claim.arm)
    best = _of(found, "best")
    latent = claim.inside("best", best)
    if "end_d" in claim.window:
        last = np.where([r is not None and r.open_end for r in found], np.inf, _of(found, "end_h") / 24)
        latent &= claim.inside("end_d", last)
    return show(latent, best, _significant(lab, claim.arm, claim.window["days"]))


def living_cells(lab: Laboratory, claim: Claim) -> Shown:
    run = lab.run(claim.arm)
    day = run.arm.first_dose_d
    captured = run.latent_sum("cells.captured")
    left = np.array([np.interp(day + 60, run.times, row) for row in captured])
    share = left / captured.max(axis=1)
    ends = np.array([np.inf if r is None or r.open_end or r.end_h is None else r.end_h / 24
                     for r in lab.relief(claim.arm)])
    return show(claim.inside("left_60d", left) & claim.inside("share_60d", share) & (ends < 60), left)


def injured_side(lab: Laboratory, claim: Claim) -> Shown:
    plain, down = (lab.run(arm) for arm in claim.arms)
    mine = plain.cells("injured", 18)
    ratio = mine / plain.cells("other", 18)
    left = down.cells("injured", 18) / mine
    return show(claim.inside("ratio", ratio) & claim.inside("left_by_knock_down", left), ratio)


def antibody_reverses(lab: Laboratory, claim: Claim) -> Shown:
    """Relief was there before, is lost within a day, and the antibody arm differs from IgG in the hours after."""
    before = lab.reversal_at(claim.arm, 7.99)
    lowest = np.nanmin([lab.reversal_at(claim.arm, 8 + h / 24) for h in (0.25, 0.5, 1, 2, 4, 6, 12, 24)], axis=0)
    worse = _compare(lab.run(claim.arms[1]), lab.run(claim.arms[0]), claim.window["days"])
    return show((before >= 0.3) & claim.inside("lowest", lowest), lowest, worse)


def antibody_without_effect(lab: Laboratory, claim: Claim) -> Shown:
    lowest = np.nanmin([lab.reversal_at(claim.arm, 8 + h / 24) for h in (1, 3, 6, 24)], axis=0)
    apart = _difference(lab.run(claim.arms[0]), lab.run(claim.arms[1]), claim.window["days"])
    return show(claim.inside("lowest", lowest), lowest, claim.inside("margin", np.abs(apart)))


def weaker(lab: Laboratory, claim: Claim) -> Shown:
    down, plain = (_of(lab.relief(arm), "best") for arm in claim.arms)
    worse = _compare(lab.run(claim.arms[1]), lab.run(claim.arms[0]), claim.window["days"])
    return show((plain >= 0.3) & claim.inside("lost", plain - down), plain - down, worse)


def blocked(lab: Laboratory, claim: Claim) -> Shown:
    with_block, without = (_of(lab.relief(arm), "best") for arm in claim.arms)
    latent = claim.inside("best", with_block) & (without >= 0.3)
    worse = None if lab.typical else _compare(lab.run(claim.arms[1]), lab.run(claim.arms[0]), claim.window["days"])
    return show(latent, with_block, worse)


def csf_rise(lab: Laboratory, claim: Claim) -> Shown:
    runs = [lab.run(arm) for arm in claim.arms]
    cells, vehicle, naive = (r.at("anatomy.csf_tgfb1_total", 8.0) for r in runs)
    values = [r.notebook("csf_elisa")["csf_tgfb1"] for r in runs]
    test = oneway(np.log(np.concatenate(values, axis=1)), np.repeat([0, 1, 2], values[0].shape[1]),
                  pairs=[(0, 1), (0, 2)])
    significant = (test.p_bonferroni < ALPHA).all(axis=-1) & (test.difference > 0).all(axis=-1)
    fold = cells / np.maximum(vehicle, naive)
    return show(claim.inside("fold", fold), fold, significant)


def slices_unchanged(lab: Laboratory, claim: Claim) -> Shown:
    two, ten, plain = (lab.run(arm) for arm in claim.arms)
    change = np.max([r.at("pain.slice_relief", 4.0) * r.bath() * (r.at("pain.epsc_frequency", 4.0) - 1)
                     for r in (two, ten)], axis=0)
    apart = np.max([np.abs(r.notebook("slice_bath")["sepsc_frequency"].mean(1)
                           - plain.notebook("slice_bath")["sepsc_frequency"].mean(1)) for r in (two, ten)], axis=0)
    return show(claim.inside("latent_change", change), change, claim.inside("margin", apart))


def sham_unchanged(lab: Laboratory, claim: Claim) -> Shown:
    given, plain = (lab.run(arm) for arm in claim.arms)
    shift = np.max([np.abs(given.at("pain.mechanical", d) - plain.at("pain.mechanical", d))
                    for d in (5.01, 5.04, 5.1, 5.2, 5.5, 6)], axis=0)
    apart = _difference(given, plain, claim.window["days"])
    return show(claim.inside("latent_shift", shift), shift, claim.inside("margin", np.abs(apart)))


def slices(lab: Laboratory, claim: Claim) -> Shown:
    """Injury raises both read-outs, both doses lower them, the inhibitor restores them (one-way ANOVA, Bonferroni)."""
    runs = [lab.run(arm) for arm in claim.arms]
    significant = np.ones(len(lab.draws), bool)
    for read_out in ("sepsc_frequency", "sepsc_amplitude"):
        values = [r.notebook("slice_bath")[read_out] for r in runs]
        test = oneway(np.log(np.maximum(np.concatenate(values, axis=1), 1e-3)),
                      np.repeat(np.arange(5), values[0].shape[1]), pairs=[(1, 0), (2, 1), (3, 1)])
        right = test.difference * np.array([1, -1, -1]) > 0
        significant &= ((test.p_bonferroni < ALPHA) & right).all(axis=-1)
    free, hindered = runs[3].bath(), runs[4].bath()
    blocked_share = 1 - hindered / free
    return show(claim.inside("share_blocked", blocked_share) & (runs[1].at("pain.epsc_frequency", 4.0) > 1.1),
                blocked_share, significant)


def inflammation(lab: Laboratory, claim: Claim) -> Shown:
    cells, vehicle = (lab.run(arm) for arm in claim.arms)
    less = np.min([1 - cells.at(n, 18.0) / vehicle.at(n, 18.0)
                   for n in ("signalling.tnf", "signalling.macrophages", "signalling.microglia")], axis=0)
    return show(claim.inside("less", less), less)


def ongoing_pain(lab: Laboratory, claim: Claim) -> Shown:
    cells, vehicle = (lab.run(arm) for arm in claim.arms)
    less = 1 - cells.at("pain.ongoing", 14.0) / vehicle.at("pain.ongoing", 14.0)
    scores = [r.notebook("place_preference")["place_preference"] for r in (vehicle, cells)]
    test = oneway(np.concatenate(scores, axis=1), np.repeat([0, 1], scores[0].shape[1]), pairs=[(1, 0)])
    return show(claim.inside("less", less), less, (test.p < ALPHA) & (test.difference[..., 0] < 0))


def il10_hours(lab: Laboratory, claim: Claim) -> Shown:
    ends = np.array([_of(lab.relief(arm), "end_h") for arm in claim.arms])
    return show(claim.inside("end_h", ends).all(axis=0), np.nanmean(ends, axis=0))


def infusion_lasts(lab: Laboratory, claim: Claim) -> Shown:
    after = lab.reversal_at(claim.arm, 20.0)
    return show(claim.inside("day_after", after), after)


def sni_course(lab: Laboratory, claim: Claim) -> Shown:
    """Share of the ten real numbers (mean and SD on five days) inside the 90 % band of simulated groups."""
    run = lab.run(claim.arm)
    days = list(run.days)
    inside = []
    for day, (mean, deviation, n) in REAL_SNI.items():
        seen = run.thresholds[:, :, days.index(day)]
        centre, spread = seen.mean(axis=1), seen.std(axis=1, ddof=1)
        # a simulated group scatters round its own expectation as a real one does: two independent groups differ
        width = 1.645 * math.sqrt(2 / n)
        inside += [np.abs(mean - centre) <= width * np.hypot(spread, deviation) / math.sqrt(2),
                   np.abs(np.log(deviation / spread)) <= 1.645 / math.sqrt(n - 1)]
    share = np.mean(inside, axis=0)
    return show(claim.inside("inside", share), share)


def psnl_recovers(lab: Laboratory, claim: Claim) -> Shown:
    run = lab.run(claim.arm)
    late = run.at("pain.mechanical", 45.0)
    return show(claim.inside("fall_7d", run.at("pain.mechanical", 7.0)) & claim.inside("fall_45d", late), late)


def short_relief(lab: Laboratory, claim: Claim) -> Shown:
    end = _of(lab.relief(claim.arm, dose_day=4.0), "end_h") / 24
    return show(claim.inside("end_d", end), end)


def no_relief(lab: Laboratory, claim: Claim) -> Shown:
    best = _of(lab.relief(claim.arm), "best")
    return show(claim.inside("best", best), best)


def removal_separates(lab: Laboratory, claim: Claim) -> Shown:
    """Share of the relief on day 17 that is still there three days after the cells are gone: H2 less H1."""
    kept = [np.clip(lab.reversal_at(a, 21.0), 0, None) / np.maximum(lab.reversal_at(a, 17.9), 0.05)
            for a in claim.arms]
    return show(claim.inside("kept_difference", kept[1] - kept[0]), kept[1] - kept[0])


def late_antibody(lab: Laboratory, claim: Claim) -> Shown:
    lowest = np.nanmin([lab.reversal_at(claim.arm, 18 + h / 24) for h in (1, 3, 6, 12, 24)], axis=0)
    return show(claim.inside("lowest", lowest), lowest)


CLEARANCE = {"anatomy.wall_uptake_active": 2.0, "anatomy.csf_formation": 2.0}
DEATH = {"cells.half_life_free": 0.5, "cells.half_life_captured": 0.5}


def clearance_doubled(lab: Laboratory, claim: Claim) -> Shown:
    return _perturbed(lab, claim, CLEARANCE)


def death_doubled(lab: Laboratory, claim: Claim) -> Shown:
    return _perturbed(lab, claim, DEATH)


def no_secretion(lab: Laboratory, claim: Claim) -> Shown:
    best = _of(lab.relief(claim.arm), "best")
    return show(claim.inside("best", best), best)


def _perturbed(lab: Laboratory, claim: Claim, factors: dict[str, float]) -> Shown:
    """Duration of relief with the factors over without, for protein and cells; the claim's own arm gives the value."""
    ratio = {}
    for name, arm in (("protein", "mouse/protein"), ("cells", "mouse/cells")):
        with_factors, plain = _of(lab.relief(arm, factors), "duration_h"), _of(lab.relief(arm), "duration_h")
        ratio[name] = np.where(plain > 0, with_factors / np.maximum(plain, 1e-9), np.nan)
    return show(claim.inside("protein", ratio["protein"]) & claim.inside("cells", ratio["cells"]),
                ratio[claim.arm.split("/")[1]])


def _of(found: list[Relief | None], what: str) -> np.ndarray:
    """One number of each draw's relief; NaN where there is none."""
    numbers = [math.nan if r is None or getattr(r, what) is None else float(getattr(r, what)) for r in found]
    return np.array(numbers)


def _significant(lab: Laboratory, arm: str, days: tuple[float, float]) -> np.ndarray:
    """The arm lies above its reference (less pain), two-way repeated-measures ANOVA, P < 0.05."""
    mine = lab.run(arm)
    return _compare(mine, lab.run(f"{arm.split('/', 1)[0]}/{mine.arm.reference}"), days)


def _compare(higher: Experiment, lower: Experiment, days: tuple[float, float]) -> np.ndarray:
    a, b = _shared(higher, lower, days)
    y = np.concatenate([b, a], axis=1)
    group = np.repeat([0, 1], [b.shape[1], a.shape[1]])
    if y.shape[2] < 2:
        test = oneway(y[:, :, 0], group)
        p = test.p
    else:
        p = rm_anova(y, group).arm.p
    return (p < ALPHA) & (a.mean(axis=(1, 2)) > b.mean(axis=(1, 2)))


def _difference(one: Experiment, other: Experiment, days: tuple[float, float]) -> np.ndarray:
    a, b = _shared(one, other, days)
    return a.mean(axis=(1, 2)) - b.mean(axis=(1, 2))


def _shared(one: Experiment, other: Experiment, days: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Notebook thresholds of both arms on the visits they share within a stretch of days."""
    both = [d for d in one.days if d in other.days and days[0] <= d <= days[1]]
    if not both:
        raise ValueError(f"{one.arm.id} and {other.arm.id} share no visit in {days}")
    return (one.thresholds[:, :, np.isin(one.days, both)], other.thresholds[:, :, np.isin(other.days, both)])


TESTS: dict[str, Callable[[Laboratory, Claim], Shown]] = {
    f.__name__: f for f in (
        protein_hours, protein_dose, cells_weeks, duration_ratio, relief_significant, living_cells, injured_side,
        antibody_reverses, antibody_without_effect, weaker, blocked, csf_rise, slices_unchanged, sham_unchanged,
        slices, inflammation, ongoing_pain, il10_hours, infusion_lasts, sni_course, psnl_recovers, short_relief,
        no_relief, removal_separates, late_antibody, clearance_doubled, death_doubled, no_secretion)}
