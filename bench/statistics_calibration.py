"""Error rates and coverage of the planned contrasts by simulation with known truth.

    python bench/statistics_calibration.py [--experiments 2000] [--json]

Every row is one situation: how often a true null is rejected at 5 % (wanted: 4 to 6 %), how often the 95 % interval
holds the truth (93 to 97 %), and how often any contrast of a family is rejected after Holm (at most about 5 %).
The standard error of a rate stands beside it, so that a row outside its window can be told from bad luck.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
import pandas as pd

from thecal.analysis.statistics.anova import rm_anova_fast
from thecal.analysis.statistics.design_matrix import layout
from thecal.analysis.statistics.fast import mixed_fast
from thecal.analysis.statistics.mixed import KENWARD_ROGER, SATTERTHWAITE, reml
from thecal.analysis.statistics.multiplicity import holm
from thecal.analysis.statistics.readings import Readings
from thecal.assay.filaments import filament_set
from thecal.assay.threshold import estimate
from thecal.assay.von_frey import VonFreySettings, measure

BETWEEN, WITHIN = 0.21, 0.35          # log10 g, as in real mice
NULL, EFFECT = 0.0, 0.5               # arm 1 differs by nothing, arm 2 by half a log10


def closed_form(n: int, count: int) -> list[dict]:
    """Complete data, baseline as covariate, three arms, four visits: the closed form."""
    rng = np.random.default_rng(n)
    arm = np.repeat([0, 1, 2], n)
    null = rng.normal(0, BETWEEN, (count, 3 * n, 1)) + rng.normal(0, WITHIN, (count, 3 * n, 5))
    family = mixed_fast(null[..., 1:], arm, null[..., 0]).adjusted().min((-1, -2))
    found = mixed_fast(null[..., 1:] + EFFECT * (arm == 2)[:, None], arm, null[..., 0])
    return [_row(f"complete, n = {n}, Satterthwaite", found.p[:, 0], found.low[:, 1], found.high[:, 1], family,
                 EFFECT)]


def unbalanced(n: int, count: int, by_arm: bool) -> list[dict]:
    """A tenth of the visits missed; with ``by_arm`` the third arm scatters 1.6 times as much: the general fit."""
    rng = np.random.default_rng(100 + n)
    arm = np.repeat([0, 1, 2], n)
    kept: dict[str, list] = {m: [] for m in (KENWARD_ROGER, SATTERTHWAITE)}
    for _ in range(count):
        sd = np.where((arm == 2) & by_arm, 1.6 * 0.27, 0.27 if by_arm else WITHIN)
        y = rng.normal(0, BETWEEN, (3 * n, 1)) + rng.normal(0, 1, (3 * n, 4)) * sd[:, None]
        y += EFFECT * (arm == 2)[:, None]
        there = rng.uniform(size=y.shape) > 0.1
        there[::n] = True                                              # every cell keeps an animal
        fitted = _fit(np.where(there, y, np.nan), arm, by_arm)
        for method, rows in kept.items():
            rows.append(_contrasts(*fitted, method))
    kind = "variance by arm" if by_arm else "one variance"
    return [_row(f"missed visits, {kind}, n = {n}, {method}", *(np.array(x) for x in zip(*rows, strict=True)), EFFECT)
            for method, rows in kept.items()]


def through_the_assay(n: int, count: int, general: int) -> list[dict]:
    """Thresholds as the up-down procedure gives them after an injury: discrete, skewed, some at the ends of the set.

    The truth is the difference of mean *readings* (over all experiments), not of the latent thresholds.
    """
    filaments = filament_set("mouse-8")
    arm = np.repeat([0, 1, 2], n)
    rng = np.random.default_rng(200 + n)
    latent = np.where(arm == 2, -0.7, -1.2)[None, :] + rng.normal(0, 0.2, (count, 3 * n))
    animals = np.arange(latent.size)
    y = np.empty((*latent.shape, 4))
    for visit in range(4):
        seen = measure(latent.ravel(), -latent.ravel(), 1, "bench", animals, visit, VonFreySettings(filaments))
        found = estimate(seen["series"], seen["last_filament"], filaments, "nominal")
        y[..., visit] = found.log10_g.reshape(latent.shape)
    truth = float(np.mean(y[:, arm == 2]) - np.mean(y[:, arm < 2]))
    one = mixed_fast(y, arm)
    rows = [_row(f"up-down thresholds, one variance, n = {n}", one.p[:, 0], one.low[:, 1], one.high[:, 1],
                 one.adjusted()[:, 0].min(-1), truth)]
    own = [_contrasts(*_fit(y[k], arm, True), KENWARD_ROGER) for k in range(min(general, count))]
    rows.append(_row(f"up-down thresholds, variance by arm, n = {n}, {KENWARD_ROGER}",
                     *(np.array(x) for x in zip(*own, strict=True)), truth))
    return rows


def _fit(y: np.ndarray, arm: np.ndarray, by_arm: bool) -> tuple:
    """Layout and fit of one experiment, y (animals, visits) with nan for a missed visit."""
    i, d = np.nonzero(np.isfinite(y))
    names = np.array(["a", "b", "c"])
    frame = pd.DataFrame({"animal": np.char.add("m", np.char.zfill(i.astype(str), 3)), "arm": names[arm[i]],
                          "day": d.astype(float), "y": y[i, d], "sex": "", "cohort": "", "observer": "",
                          "censored": "", "low": np.nan, "high": np.nan})
    plan = layout(Readings(frame, (), ("a", "b", "c")), covariates=(), residual_by="arm" if by_arm else None)
    return plan, reml(plan.blocks())


def _contrasts(plan, fit, method: str) -> tuple[list, list, list, float]:
    """p of the null contrast b − a at each visit, interval of c − a, and the smallest Holm p of the null family."""
    null = [fit.contrast(plan.weights({("b", d): 1, ("a", d): -1}), method).p for d in range(4)]
    full = [fit.contrast(plan.weights({("c", d): 1, ("a", d): -1}), method) for d in range(4)]
    return null, [e.low for e in full], [e.high for e in full], holm(null).min()


def classical(n: int, count: int, rho: float) -> list[dict]:
    """The published kind of test when neighbouring visits resemble each other (AR(1)): null of no difference."""
    rng = np.random.default_rng(300 + n)
    y = rng.normal(size=(count, 2, n, 8))
    for k in range(1, 8):
        y[..., k] = rho * y[..., k - 1] + np.sqrt(1 - rho ** 2) * y[..., k]
    found = rm_anova_fast(y)
    base = {"experiments": count, "se": np.sqrt(.05 * .95 / count), "coverage": np.nan, "family": np.nan}
    return [{"situation": f"RM ANOVA, AR(1) {rho}, n = {n}: {name}", "rejected": float(np.mean(p < .05)), **base}
            for name, p in (("arm", found.arm.p), ("arm × visit", found.interaction.p),
                            ("arm × visit, Greenhouse-Geisser", found.interaction.p_gg),
                            ("any Bonferroni visit", found.p_bonferroni.min((-1, -2))))]


def _row(situation: str, p, low, high, family, truth: float) -> dict:
    """p, low, high (experiments, visits); family (experiments,): the smallest adjusted p of a true null family."""
    return {"situation": situation, "experiments": len(p), "rejected": float(np.mean(p < 0.05)),
            "se": float(np.std(np.mean(p < 0.05, axis=-1)) / np.sqrt(len(p))),
            "coverage": float(np.mean((low < truth) & (truth < high))), "family": float(np.mean(family < 0.05))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--experiments", type=int, default=2000, help="experiments of the general fit")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    begun, count = time.monotonic(), options.experiments
    rows: list[dict] = []
    for n in (5, 6, 8, 10, 12):
        rows += closed_form(n, 10 * count)
    for n in (5, 8, 12):
        rows += unbalanced(n, count, by_arm=False) + unbalanced(n, count, by_arm=True)
        rows += through_the_assay(n, 5 * count, count) + classical(n, 10 * count, 0.6)
    if options.json:
        print(json.dumps({"rows": rows, "seconds": time.monotonic() - begun}))
        return
    table = pd.DataFrame(rows)[["situation", "experiments", "rejected", "se", "coverage", "family"]]
    print(table.to_string(index=False, float_format="{:.3f}".format))
    print(f"{time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
