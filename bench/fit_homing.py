"""What single cells teach the counts: the catchment of a ganglion in every species, with uncertainty.

    .venv/bin/python bench/fit_homing.py [--species mouse rat ...] [--draws 32] [--agents 60000] [--out FILE]

The rule stands in ``thecal.analysis.homing_catchment``. The centre is the fitted one; the spread runs over draws of
everything else, geometry of the reach among it. Below it stands what this number cannot repair: the same animals
injected by needle, single cells over counts at the ganglia, and the ratio of sides.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np

from thecal.analysis.homing import COARSE, centre_scores, draws_of
from thecal.analysis.homing_catchment import catchment
from thecal.engine.homing import conditions_of, follow
from thecal.engine.subjects import arm_register
from thecal.study import loads, resolve
from thecal.study.plan import ArmPlan, StudyPlan

DOSES = {"mouse": 2.5e5, "rat": 1e6, "cynomolgus": 1e7, "human": 1e8}
SHOWN = (3, 14, 28)


def study_of(species: str) -> StudyPlan:
    """One nerve injury and one injection of cells at the species' own level and volume."""
    return resolve(loads(f"thecal: 1\nname: catchment\nspecies: {species}\nend: 40 d\ninjury: {{model: CCI}}\narms:\n"
                         f"  - {{id: cells, give: [{{what: BMSC, dose: {DOSES[species]:g} cells, day: 4 d}}]}}\n"))


def disagreement(plan: StudyPlan, arm: ArmPlan, mm: float, agents: int) -> dict:
    """Injected by needle: single cells over counts on some days, and the ratio of sides in both."""
    [now] = conditions_of(plan, arm, [centre_scores()], {"cells.catchment": mm}, days_after=30)
    course = follow(now, agents, 7, SHOWN, window=COARSE)
    single = course.captured * course.weight
    counts, injured = now.counts_after(SHOWN), now.injured
    return {"single_over_counts": {d: float(a.sum() / b.sum()) for d, a, b in zip(SHOWN, single, counts, strict=True)},
            "sides": {name: float(table[1][injured].sum() / table[1][~injured].sum())
                      for name, table in (("single", single), ("counts", counts))}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--species", nargs="+", choices=list(DOSES), default=list(DOSES))
    parser.add_argument("--draws", type=int, default=32)
    parser.add_argument("--agents", type=int, default=60_000)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    table = []
    for species in given.species:
        plan = study_of(species)
        arm = plan.arms[0]
        scores = [centre_scores(), *draws_of(arm, 1, given.draws)]
        (mm, error), *spread = (catchment(c, given.agents // (3 if k else 1), 100 + k)
                                for k, c in enumerate(conditions_of(plan, arm, scores, days_after=30)))
        low, middle, high = (float(x) for x in np.quantile([x for x, _ in spread] or [math.nan], [0.05, 0.5, 0.95]))
        segment = arm_register(arm)["anatomy.canal_length"].value / plan.species.segments
        row = {"species": species, "segment_mm": segment, "catchment_mm": mm, "relative_error": error,
               "draws": [low, middle, high], **disagreement(plan, arm, mm, given.agents)}
        table.append(row)
        print(f"{species:11} catchment {mm:.3g} mm of a segment of {segment:.3g} mm (sampling {error:.1%}; "
              f"5, 50, 95 % of {len(spread)} draws {low:.3g}, {middle:.3g}, {high:.3g})")
        print(f"{'':11} by needle, single cells over counts: "
              + ", ".join(f"day {d} {x:.2f}" for d, x in row["single_over_counts"].items())
              + f"; injured over other side, day {SHOWN[1]}: {row['sides']['single']:.2f} single, "
              f"{row['sides']['counts']:.2f} counts", flush=True)
    if given.out:
        given.out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
