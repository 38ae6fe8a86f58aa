"""Rates that the cohort model uses, fitted from runs of single cells, with uncertainty, and where the two disagree.

    .venv/bin/python bench/fit_homing.py [--study chen2015] [--arm ID] [--draws 16] [--agents 60000] [--out rates.json]

For ganglion j the effective capture rate per cell that holds the wall in its segment is captures over exposure,
c_j = N_j / int A_segment dt (maximum likelihood for a constant rate). Three arms of runs (as declared, without CXCL12,
both early and late) give effective k_cap0 and k_cap1; free death is fitted the same way. Errors: clumps make counts
over-dispersed by about their size; across draws the spread of the ratio to the register is shown.
"""

from __future__ import annotations

import argparse
import json

import numpy as np

from thecal.analysis.homing import arm_with_cells, centre_scores, draws_of
from thecal.engine.homing import conditions_of, follow
from thecal.study import load, resolve


def exposure(conditions, course):
    """Cell-days on the wall of each ganglion's segment up to every recorded day, and captures up to then."""
    wall = conditions.wall
    x = (np.arange(wall.shape[0]) + 0.5) * wall.step_mm[0]
    held = []
    for sleeve in wall.sleeves:
        ring = np.floor(x / sleeve.segment_mm) == sleeve.segment
        ring[-1] = False
        same = [j for j, s in enumerate(wall.sleeves) if s.segment == sleeve.segment]
        held.append(course.wall_counts[:, ring].sum(axis=(1, 2)) - course.captured[:, same].sum(axis=1))
    held = np.maximum(np.array(held, float).T, 0)
    days = np.diff(course.days)
    area = np.vstack([np.zeros(held.shape[1]), np.cumsum((held[1:] + held[:-1]) / 2 * days[:, None], axis=0)])
    return area, course.captured + course.died_at


def rates(conditions, course, first, last):
    """Effective capture rate per ganglion between two days, with its standard error."""
    area, caught = exposure(conditions, course)
    a, b = (int(np.argmin(np.abs(course.days - d))) for d in (first, last))
    n, cell_days = caught[b] - caught[a], area[b] - area[a]
    clump = max(1.0, conditions.values["homing.clump_cells"])
    return n / np.maximum(cell_days, 1e-9), np.sqrt(np.maximum(n, 1) * clump) / np.maximum(cell_days, 1e-9)


def fit(conditions, off, agents, seed, last=28.0):
    """Effective k_cap0, k_cap1 and death, each with a standard error, and the ratio to the register's."""
    days = np.unique(np.concatenate([np.arange(0, 2, 1 / 24), np.arange(2, last + 0.1, 0.5)]))
    course = follow(conditions, agents, seed, days)
    plain = follow(off, agents, seed + 1, days)
    rules = conditions.rules
    injured = np.array([s.side == "injured" for s in conditions.wall.sleeves])
    found = {}
    for name, (a, b) in {"whole": (0, last), "days 0-2": (0, 2), "days 7-14": (7, 14)}.items():
        c, error = rates(conditions, course, a, b)
        c0, error0 = rates(off, plain, a, b)
        cxcl12, _, inhibitor = conditions.at(conditions.slugs[0].day_d + (a + b) / 2)
        theta = rules.occupancy(cxcl12, inhibitor) * rules.cxcr4
        k1 = (c - c0.mean()) / theta
        weight = 1 / (error / theta)**2
        k0, k0_error = c0.mean(), np.sqrt((error0**2).sum()) / c0.size
        k1_mean, k1_error = (k1 * weight).sum() / weight.sum(), weight.sum()**-0.5
        found[name] = {
            "capture_basal": [k0, k0_error, k0 / max(rules.capture_basal, 1e-12)],
            "capture_cxcl12": [k1_mean, k1_error, k1_mean / max(rules.capture_cxcl12, 1e-12)],
            "rate_injured_over_other": [c[injured].mean() / max(c[~injured].mean(), 1e-12), None, None]}
    away = course.places[:, 5] - course.died_at.sum(axis=1)
    free = course.agents - course.places[:, 5] - course.places[:, 4]
    cell_days = np.sum((free[1:] + free[:-1]) / 2 * np.diff(course.days))
    death = away[-1] / cell_days
    found["whole"]["death_free"] = [death, np.sqrt(away[-1]) / cell_days, death / rules.death_free]
    day = int(np.argmin(np.abs(course.days - 14)))
    counts = np.array([np.interp(conditions.slugs[0].day_d + 14, conditions.times_d, column)
                       for column in conditions.counts.T])
    seen = course.captured[day] * course.weight
    found["day 14"] = {"cells, single / cohort": [seen.sum() / counts.sum(), None, None],
                       "injured / other, single": [seen[injured].sum() / max(seen[~injured].sum(), 1e-9), None, None],
                       "injured / other, cohort": [counts[injured].sum() / counts[~injured].sum(), None, None]}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", default="chen2015")
    parser.add_argument("--arm")
    parser.add_argument("--draws", type=int, default=16)
    parser.add_argument("--agents", type=int, default=60_000)
    parser.add_argument("--out")
    given = parser.parse_args()
    plan = resolve(load(given.study))
    arm = arm_with_cells(plan, given.arm)
    scores = [centre_scores(), *draws_of(arm, 1, given.draws)]
    usual = conditions_of(plan, arm, scores, days_after=28)
    off = conditions_of(plan, arm, scores, overrides={"homing.cxcl12": 0.0}, days_after=28)
    fits = [fit(a, b, given.agents if k == 0 else given.agents // 3, 100 * k)
            for k, (a, b) in enumerate(zip(usual, off, strict=True))]
    print(f"{plan.name}, {arm.label}: rates of the cohort model fitted from {given.agents} agents (centre)")
    print(f"{'':12}{'rate':28}{'fitted':>10}{'s.e.':>10}{'/ register':>12}   over {given.draws} draws: 5 %, 50 %, 95 %")
    table = []
    for stretch, entries in fits[0].items():
        for name, (value, error, ratio) in entries.items():
            column = 2 if ratio is not None else 0
            spread = np.nanquantile([f[stretch][name][column] for f in fits[1:]], [0.05, 0.5, 0.95]) \
                if given.draws else [np.nan] * 3
            table.append({"stretch": stretch, "name": name, "value": value, "error": error, "ratio": ratio,
                          "draws": [float(v) for v in spread]})
            print(f"{stretch:12}{name:28}{value:10.4g}{'' if error is None else format(error, '10.2g'):>10}"
                  f"{'' if ratio is None else format(ratio, '12.3f'):>12}   " + ", ".join(f"{v:.3g}" for v in spread))
    if given.out:
        with open(given.out, "w", encoding="utf-8") as file:
            json.dump(table, file, indent=1)


if __name__ == "__main__":
    main()
