"""One animal from needle to paw: every link of the chain under the other, on one time axis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from thecal.report.arms import chosen
from thecal.report.drawing import BLUE, COLOURS, INK, QUIET, Figure, Panel, canvas, decades, svg, thin
from thecal.report.figures.pain import _grams
from thecal.report.findings import Findings
from thecal.report.words import pretty
from thecal.study.plan import ArmPlan

DASH = ("-", "--", ":")


@dataclass(frozen=True)
class Link:
    """One panel: its name, its axis, and lines as (words, function of the chain's table)."""

    name: str
    axis: str
    lines: tuple[tuple[str, Callable[[pd.DataFrame], pd.Series]], ...]
    log: bool = False
    floor: float = 0.0


def _column(name: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda table: table[name]


def _captured(table: pd.DataFrame) -> pd.Series:
    return table[[c for c in table if c.startswith("cells.captured[") and c.endswith(" injured]")]].sum(axis=1)


LINKS = (
    Link("1 Cells", "living cells", (("all", _column("cells.living")), ("at injured ganglia", _captured)), True, 1.0),
    Link("2 CSF", "TGF-β1 (ng/ml)", (("total", _column("anatomy.csf_tgfb1_total")),
                                     ("active", _column("anatomy.csf_tgfb1_active"))), True, 1e-3),
    Link("3 Border of the ganglion", "active TGF-β1 (ng/ml)",
         (("injured side", _column("signalling.active_at_injured")),), True, 1e-3),
    Link("4 Receptors", "effect, 0 to 1", (("fast (minutes)", _column("signalling.fast")),
                                           ("slow (days)", _column("signalling.slow")))),
    Link("5 Inflammation and stress", "1 = untreated", (("TNF", _column("signalling.tnf")),
                                                        ("stressed neurons", _column("pain.stress")))),
    Link("6 Sensitisation", "1 = untreated", (("peripheral", _column("pain.peripheral")),
                                              ("central", _column("pain.central")))),
)


def chain_figures(findings: Findings) -> list[Figure]:
    """One figure for the cells, one for the protein."""
    if "chain" not in findings.outcome.results.tables:
        return []
    figures = []
    for key, title in (("cells", "From needle to paw: one animal with cells"),
                       ("protein", "From needle to paw: one animal with protein")):
        arm = chosen(findings.plan, key)
        if arm is not None and (findings.outcome.chain["arm"] == arm.id).any():
            figures.append(_figure(findings, arm, key, title))
    return figures


def _figure(findings: Findings, arm: ArmPlan, key: str, title: str) -> Figure:
    table = findings.outcome.chain
    table = table[(table["arm"] == arm.id) & (table["t_d"] <= arm.end_d)]
    dose = float(arm.first_dose_d or 0.0)
    if key == "protein":
        window, unit, start = (-3.0, 24.0), 24.0, dose
    else:
        window, unit, start = (-1.0, min(arm.end_d, 70.0)), 1.0, arm.injury.day_d
    x = (table["t_d"].to_numpy() - start) * unit
    table, x = table[(x >= window[0]) & (x <= window[1])], x[(x >= window[0]) & (x <= window[1])]
    rows: list[tuple] = []
    links = [link for link in LINKS if key == "cells" or not link.name.startswith("1 ")]
    panels = [Panel(link.name, _link(arm, link, x, table, (dose - start) * unit, unit, rows)) for link in links]
    if np.isfinite(findings.baseline[arm.id]):
        panels.append(Panel("7 Threshold of the paw", _threshold(findings, arm, x, table, start, unit, rows)))
    caption = (f"Simulated, the first animal of {pretty(arm.label)}, seed {findings.outcome.results.seed}. Each panel "
               "drives the next. Dotted upright: dose." + (" Dots in the last panel: readings of this animal."))
    time = "hours_after_dose" if key == "protein" else "days_after_injury"
    return Figure(f"chain-{key}", title, caption, tuple(panels), ("link", "line", time, "value"), tuple(rows))


def _link(arm: ArmPlan, link: Link, x: np.ndarray, table: pd.DataFrame, dose: float, unit: float,
          rows: list[tuple]) -> str:
    figure, axes = canvas(3.6, 2.1, left=0.66, bottom=0.42, top=0.08)
    for (words, line), colour, dash in zip(link.lines, COLOURS, DASH, strict=False):
        value = np.maximum(line(table).to_numpy(float), link.floor) if link.log else line(table).to_numpy(float)
        drawn = np.log10(value) if link.log else value
        kept = thin(x + np.arange(x.size) * 1e-9, drawn, max(0.004 * float(np.ptp(drawn)), 1e-9))
        axes.plot(x[kept], value[kept], color=colour, ls=dash, label=words)
        rows += [(link.name, words, a, b) for a, b in zip(x[kept], value[kept], strict=True)]
    if link.log:
        decades(axes, link.floor, 2 * max(float(np.max(line(table))) for _, line in link.lines) + 10 * link.floor)
    else:
        axes.set_ylim(0, max(1.05, axes.get_ylim()[1]))
    if len(link.lines) > 1:
        axes.legend(loc="best", borderpad=0.1, labelspacing=0.2)
    _dress(axes, x, dose, unit, link.axis)
    return svg(figure, f"chain-{arm.id}-{link.name[0]}", f"{link.name}, {pretty(arm.label)}")


def _threshold(findings: Findings, arm: ArmPlan, x: np.ndarray, table: pd.DataFrame, start: float, unit: float,
               rows: list[tuple]) -> str:
    figure, axes = canvas(3.6, 2.1, left=0.66, bottom=0.42, top=0.08)
    animals = findings.outcome.results.read("animals").to_pandas()
    base = float(animals.loc[(animals["arm"] == arm.id) & (animals["animal"] == 0), "baseline_log10_g"].iloc[0])
    level = base - table["pain.mechanical"].to_numpy(float)
    kept = thin(x + np.arange(x.size) * 1e-9, level, 0.01)
    axes.plot(x[kept], level[kept], color=BLUE)
    rows += [("7 Threshold of the paw", "latent (g)", a, 10**b) for a, b in zip(x[kept], level[kept], strict=True)]
    seen = findings.readings("von_frey", arm.id)
    seen = seen[(seen["animal"] == 0)]
    at = (seen["day"].to_numpy() - start) * unit
    inside = (at >= x[0]) & (at <= x[-1])
    axes.plot(at[inside], seen["value_log10"].to_numpy()[inside], marker="o", ms=3, ls="", color=INK)
    rows += [("7 Threshold of the paw", "reading (g)", a, 10**b)
             for a, b in zip(at[inside], seen["value_log10"].to_numpy()[inside], strict=True)]
    both = np.concatenate([level, seen["value_log10"].to_numpy()[inside]])
    limits = (float(both.min()) - 0.15, float(both.max()) + 0.15)
    axes.set_ylim(*limits)
    _grams(axes, limits)
    _dress(axes, x, (float(arm.first_dose_d or 0) - start) * unit, unit, "threshold (g)")
    return svg(figure, f"chain-{arm.id}-7", f"Threshold of the first animal, {pretty(arm.label)}")


def _dress(axes: Axes, x: np.ndarray, dose: float, unit: float, label: str) -> None:
    axes.axvline(dose, color=QUIET, lw=0.7, ls=(0, (1, 2)))
    axes.set_xlim(x[0], x[-1])
    axes.set_xlabel("hours after the dose" if unit == 24 else "days after injury")
    axes.set_ylabel(label)
