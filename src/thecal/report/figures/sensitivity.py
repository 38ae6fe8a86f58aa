"""The assumed numbers that carry the result."""

from __future__ import annotations

import numpy as np

from thecal.analysis.sensitivity import Sensitivity, carrying
from thecal.report.drawing import BLUE, INK, ORANGE, Figure, Key, Panel, canvas, svg
from thecal.report.findings import Findings
from thecal.report.words import duration, pretty


def sensitivity_figure(findings: Findings, rows: list[Sensitivity]) -> Figure | None:
    """Bars of how far the duration of relief moves with each of the ten heaviest assumed numbers, by arm."""
    names = carrying(rows)
    if not names:
        return None
    panels, data = [], []
    for arm_id in dict.fromkeys(row.arm for row in rows):
        mine = {row.parameter: row for row in rows if row.arm == arm_id}
        arm = findings.plan.arm(arm_id)
        base = next(iter(mine.values()))
        panels.append(Panel(pretty(arm.label), _bars(arm_id, [mine[n] for n in names if n in mine]),
                            f"typical animal: {duration(base.duration_h)} of relief, best reversal {base.best:.0%}"))
        data += [(arm_id, row.parameter, row.value, row.low, row.high, row.unit, row.elasticity_duration,
                  row.elasticity_best, row.swing_duration, row.swing_best) for row in mine.values()]
    caption = ("Simulated typical animals, no noise. Bars: factor by which the duration of relief changes when a "
               "number moves from the low to the high end of what one may believe, by the local slope. Where relief is "
               "absent on one side there is no bar. All numbers, assumed or not, are in the data.")
    return Figure("sensitivity", "Ten assumed numbers that carry the result", caption, tuple(panels),
                  ("arm", "parameter", "value", "low", "high", "unit", "elasticity_of_duration", "elasticity_of_best",
                   "factor_on_duration", "change_of_best"), tuple(data),
                  (Key("line", BLUE, "longer when the number is higher"), Key("line", ORANGE, "shorter", "4 2")))


def _bars(arm_id: str, rows: list[Sensitivity]) -> str:
    figure, axes = canvas(4.6, 0.6 + 0.22 * len(rows), left=2.0, right=0.2, top=0.05, bottom=0.46)
    factors = [min(max(row.swing_duration, 0.05), 20.0) for row in rows]
    for k, factor in enumerate(factors):
        if np.isfinite(factor):
            up = factor >= 1
            axes.barh(k, np.log10(factor), height=0.55, color=BLUE if up else ORANGE, hatch="" if up else "///",
                      edgecolor=INK, lw=0.4)
    axes.set_yticks(range(len(rows)), [row.parameter for row in rows], fontsize=7.8)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    finite = [abs(np.log10(f)) for f in factors if np.isfinite(f)]
    edge = max(0.35, 1.1 * max(finite, default=0.3))
    marks = [m for m in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if abs(np.log10(m)) <= edge]
    axes.set_xlim(-edge, edge)
    axes.set_xticks([np.log10(m) for m in marks], [f"×{m:g}" for m in marks])
    axes.axvline(0, color=INK, lw=0.6)
    axes.set_xlabel("factor on the duration of relief, low to high end")
    return svg(figure, f"sensitivity-{arm_id}", "Factor on the duration of relief for ten assumed numbers")
