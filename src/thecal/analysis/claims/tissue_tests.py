"""Tests of claims about cells, tissue, slices and the untreated course."""

from __future__ import annotations

import math

import numpy as np

from thecal.analysis.claims.laboratory import Laboratory
from thecal.analysis.claims.reading import ALPHA, Shown, show
from thecal.analysis.claims.register import Claim, find_arm
from thecal.analysis.homing import injured_to_other
from thecal.analysis.statistics.anova import oneway

REAL_SNI = {  # day: mean and SD of log10 g, n; SNI group, included animals (doi:10.5281/zenodo.20762768)
    -1: (0.037, 0.305, 21), 3: (-1.069, 0.367, 21), 7: (-1.314, 0.507, 20), 14: (-1.454, 0.387, 20),
    21: (-1.055, 0.526, 20)}


def living_cells(lab: Laboratory, claim: Claim) -> Shown:
    """Cells alive 60 days after injection: some, few of those captured, and relief over before."""
    run = lab.run(claim.arm)
    day = run.arm.first_dose_d or 0.0
    captured = run.latent_sum("cells.captured")
    left = np.array([np.interp(day + 60, run.times, row) for row in captured])
    share = left / np.maximum(captured.max(axis=1), 1.0)
    ends = np.array([np.inf if r is None or r.open_end or r.end_h is None else r.end_h / 24
                     for r in lab.relief(claim.arm)])
    return show(lab, claim.inside("left_60d", left) & claim.inside("share_60d", share) & (ends < 60), left)


def injured_side(lab: Laboratory, claim: Claim) -> Shown:
    """Single cells at the sciatic ganglia after two weeks: injured over other side, and what knock-down leaves.

    A laboratory of typical animals (rival views, by the hundred) asks the counts, whose catchment single cells gave.
    """
    plain, down = claim.arms
    if lab.typical:
        (mine, other), (left, _) = ((lab.run(arm).cells("injured", 18), lab.run(arm).cells("other", 18))
                                    for arm in (plain, down))
    else:
        (mine, other), (left, _) = (injured_to_other(*find_arm(arm), lab.draws, lab.seed)
                                    for arm in (plain, down))
    ratio, kept = mine / np.maximum(other, 1.0), left / np.maximum(mine, 1.0)
    return show(lab, claim.inside("ratio", ratio) & claim.inside("left_by_knock_down", kept), ratio)


def csf_rise(lab: Laboratory, claim: Claim) -> Shown:
    """Lumbar TGF-b1 over vehicle and naive; one-way ANOVA with Bonferroni on log values."""
    runs = [lab.run(arm) for arm in claim.arms]
    cells, vehicle, naive = (r.at("anatomy.csf_tgfb1_total", 8.0) for r in runs)
    fold = cells / np.maximum(vehicle, naive)

    def experiment() -> np.ndarray:
        values = [r.notebook("csf_elisa")["csf_tgfb1"] for r in runs]
        test = oneway(np.log(np.concatenate(values, axis=1)), np.repeat([0, 1, 2], values[0].shape[1]),
                      pairs=[(0, 1), (0, 2)])
        return np.asarray(((test.p_bonferroni < ALPHA) & (test.difference > 0)).all(axis=-1))

    return show(lab, claim.inside("fold", fold), fold, experiment)


def slices_unchanged(lab: Laboratory, claim: Claim) -> Shown:
    """Latent change of sEPSC frequency in sham slices, and the recorded difference within a margin."""
    two, ten, plain = (lab.run(arm) for arm in claim.arms)
    change = np.max([r.at("pain.slice_relief", 4.0) * r.bath() * (r.at("pain.epsc_frequency", 4.0) - 1)
                     for r in (two, ten)], axis=0)

    def experiment() -> np.ndarray:
        level = plain.notebook("slice_bath")["sepsc_frequency"].mean(1)
        apart = [np.abs(r.notebook("slice_bath")["sepsc_frequency"].mean(1) - level) for r in (two, ten)]
        return claim.inside("margin", np.max(apart, axis=0))

    return show(lab, claim.inside("latent_change", change), change, experiment)


def slices(lab: Laboratory, claim: Claim) -> Shown:
    """Injury raises both read-outs, both doses lower them, the inhibitor restores them (one-way ANOVA, Bonferroni)."""
    runs = [lab.run(arm) for arm in claim.arms]

    def experiment() -> np.ndarray:
        seen = np.ones(len(lab.draws), bool)
        for read_out in ("sepsc_frequency", "sepsc_amplitude"):
            values = [r.notebook("slice_bath")[read_out] for r in runs]
            test = oneway(np.log(np.maximum(np.concatenate(values, axis=1), 1e-3)),
                          np.repeat(np.arange(5), values[0].shape[1]), pairs=[(1, 0), (2, 1), (3, 1)])
            right = test.difference * np.array([1, -1, -1]) > 0
            seen &= ((test.p_bonferroni < ALPHA) & right).all(axis=-1)
        return seen

    free, hindered = runs[3].bath(), runs[4].bath()
    blocked_share = 1 - hindered / free
    return show(lab, claim.inside("share_blocked", blocked_share) & (runs[1].at("pain.epsc_frequency", 4.0) > 1.1),
                blocked_share, experiment)


def inflammation(lab: Laboratory, claim: Claim) -> Shown:
    """Fall of TNF, macrophages and microglia on day 18, the least of the three."""
    cells, vehicle = (lab.run(arm) for arm in claim.arms)
    less = np.min([1 - cells.at(n, 18.0) / vehicle.at(n, 18.0)
                   for n in ("signalling.tnf", "signalling.macrophages", "signalling.microglia")], axis=0)
    return show(lab, claim.inside("less", less), less)


def ongoing_pain(lab: Laboratory, claim: Claim) -> Shown:
    """Fall of ongoing pain on day 14; place preference by t test."""
    cells, vehicle = (lab.run(arm) for arm in claim.arms)
    less = 1 - cells.at("pain.ongoing", 14.0) / vehicle.at("pain.ongoing", 14.0)

    def experiment() -> np.ndarray:
        scores = [r.notebook("place_preference")["place_preference"] for r in (vehicle, cells)]
        test = oneway(np.concatenate(scores, axis=1), np.repeat([0, 1], scores[0].shape[1]), pairs=[(1, 0)])
        return (test.p < ALPHA) & (test.difference[..., 0] < 0)

    return show(lab, claim.inside("less", less), less, experiment)


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
    return show(lab, claim.inside("inside", share), share)
