"""Does a labelled cell mean a living cell? What an experimenter would count, and what of it lives."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thecal.report.drawing import BLUE, INK, ORANGE, PURPLE, QUIET, VERMILION

KINDS = (("living", "living donor cells", BLUE, "o"), ("corpses", "dead donor cells, not yet cleared", PURPLE, "s"),
         ("host", "host cells that took up label", ORANGE, "^"))


def label_rows(labels: Mapping[str, np.ndarray]) -> list[dict]:
    """One row per day: cells at all borders by what carries the label."""
    return [{"day": float(day), **{kind: round(float(labels[kind][k]), 1) for kind, *_ in KINDS}}
            for k, day in enumerate(labels["day"]) if float(day).is_integer()]


def label_figure(labels: Mapping[str, np.ndarray], day: Mapping[str, float | None], title: str) -> Figure:
    """Counts by carrier over days (left), and the share of label carriers that live (right).

    Arguments:
        labels: see :func:`thecal.analysis.homing.label_carriers`. day: when label outnumbers living cells, with its
            interval over draws, see :func:`thecal.analysis.homing.label_interval`.
    """
    whole = np.array([float(d).is_integer() and d > 0 for d in labels["day"]])
    days = labels["day"][whole]
    counts = {kind: labels[kind][whole] for kind, *_ in KINDS}
    figure = Figure(figsize=(8.2, 3.5), layout="constrained")
    figure.supxlabel(f"{title}\nSimulated; that cleared cells pass on their label is an assumption.", fontsize=8)
    cells, share = figure.subplots(1, 2, width_ratios=[3, 2])
    for (kind, words, colour, marker), dash in zip(KINDS, ("-", "--", "-."), strict=True):
        cells.plot(days, np.maximum(counts[kind], 0.5), color=colour, linestyle=dash, marker=marker, ms=3.5,
                   markevery=7, label=words)
    carriers = sum(counts.values())
    cells.plot(days, np.maximum(carriers, 0.5), color=INK, lw=0.9, linestyle=":", label="all that carry label")
    top = 2 * max(carriers.max(), 50)
    cells.set(yscale="log", ylim=(max(top / 1e5, 0.5), top), xlabel="days after injection",
              ylabel="cells at all ganglia")
    cells.legend(loc="lower right", fontsize=7.5)
    share.plot(days, 100 * counts["living"] / np.maximum(carriers, 1e-9), color=BLUE)
    share.axhline(50, color=INK, lw=0.7, linestyle=":")
    share.set(ylim=(0, 100), xlabel="days after injection", ylabel="% of label carriers that live")
    _crossing(share, day, days[-1])
    for axes in (cells, share):
        axes.set_xticks([d for d in (1, 7, 14, 28, 42, 56) if d <= days[-1]])
    return figure


def _crossing(axes: Axes, day: Mapping[str, float | None], last: float) -> None:
    """Mark the day from which label outnumbers living cells, and its interval."""
    centre, low, high = day["centre"], day["low"], day["high"]
    if low is not None:
        axes.axvspan(low, high if high is not None else last, color=QUIET, alpha=0.25, lw=0)
    if centre is None:
        axes.set_title("label does not outnumber living cells", fontsize=8.5)
        return
    axes.axvline(centre, color=VERMILION, lw=1.1, linestyle="--")
    end = f"{high:.0f}" if high is not None else f"after {last:.0f}"
    over = f"\nover draws: {low:.0f} to {end}" if low is not None else ""
    axes.set_title(f"label outnumbers living cells from day {centre:.0f}{over}", fontsize=8.5)
