"""Draw the picture of the README from a finished run of chen2015.

Left what was observed, right hours against weeks.

Usage: python scripts/readme_picture.py [JOB FOLDER] [PNG]
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np

from thecal.analysis.outcome import StudyOutcome
from thecal.engine.jobs import Results
from thecal.study import loads, resolve

mpl.use("Agg")
import matplotlib.pyplot as plt

ORANGE, BLUE, GREY = "#D55E00", "#0072B2", "#555555"  # Okabe and Ito; told apart by line and marker too
STYLES = {"vehicle_early": (GREY, "--", "s"), "bmsc_early": (ORANGE, "-", "o"), "tgfb1_10ng_d5": (BLUE, "-.", "^")}
WORDS = {"vehicle_early": "vehicle", "bmsc_early": "BMSC 2.5e5, day 4", "tgfb1_10ng_d5": "TGF-β1 10 ng, day 5"}


def main(folder: Path, picture: Path) -> None:
    """Read the folder and write the picture."""
    with Results(folder) as results:
        results.require_finished()
        outcome = StudyOutcome(resolve(loads(results.study_text)), results)
        figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.7), layout="constrained", dpi=150)
        for arm in ("vehicle_early", "bmsc_early"):
            draw_observed(left, outcome, arm)
        draw_reversal(right, outcome, ("tgfb1_10ng_d5", "bmsc_early"))
        dress(left, right, outcome)
        figure.savefig(picture, metadata={"Software": None})


def draw_observed(axes: plt.Axes, outcome: StudyOutcome, arm: str) -> None:
    """Readings of the injured paw: each animal thin, the group as mean ± SEM on the log scale."""
    colour, line, marker = STYLES[arm]
    rows = outcome.readings.query("arm == @arm and assay == 'von_frey' and paw == 'ipsilateral'")
    for _, animal in rows.groupby("animal"):
        axes.plot(animal["day"], animal["value_log10"], color=colour, alpha=0.2, lw=0.7)
    visits = rows.groupby("day")["value_log10"].agg(["mean", "sem", "count"])
    label = f"{WORDS[arm]} (n = {visits['count'].max()})"
    axes.errorbar(visits.index, visits["mean"], visits["sem"], color=colour, ls=line, marker=marker, ms=4, capsize=2,
                  label=label)


def draw_reversal(axes: plt.Axes, outcome: StudyOutcome, arms: tuple[str, ...]) -> None:
    """Latent reversal against the time after the dose, logarithmic: hours against weeks."""
    floor = outcome.plan.analysis.deficit_floor_log10
    for name in arms:
        colour, line, _ = STYLES[name]
        arm = outcome.plan.arm(name)
        times, fall = outcome.curve(name)
        reference = np.interp(times, *outcome.curve(arm.reference))
        shown = (times > arm.first_dose_d) & (reference >= floor) & (times <= arm.end_d)
        reversal = 100 * (1 - fall[shown] / reference[shown])
        axes.plot(24 * (times[shown] - arm.first_dose_d), reversal, color=colour, ls=line, lw=2, label=WORDS[name])


def dress(left: plt.Axes, right: plt.Axes, outcome: StudyOutcome) -> None:
    """Axes in the units of the field."""
    grams = [0.01, 0.03, 0.1, 0.3, 1, 3]
    left.set_yticks(np.log10(grams), [f"{g:g}" for g in grams])
    left.axvline(0, color="k", lw=0.8, ls=":")
    left.axvline(4, color=ORANGE, lw=0.8, ls=":")
    left.set(xlabel="days after CCI", ylabel="50 % withdrawal threshold (g)", title="What the notebook holds")
    left.legend(frameon=False, fontsize=8)
    level = 100 * outcome.plan.analysis.relief_level
    right.axhline(level, color="k", lw=0.8, ls=":")
    right.annotate(f"relief: at least {level:.0f} %", (0.09, level + 1.5), fontsize=8)
    right.set_xscale("log")
    marks = {0.1: "6 min", 1: "1 h", 6: "6 h", 24: "1 d", 24 * 7: "1 w", 24 * 35: "5 w"}
    right.set_xticks(list(marks), list(marks.values()))
    right.minorticks_off()
    right.set(xlim=(0.08, 24 * 90), ylim=(-15, 105), xlabel="time after the dose (logarithmic)",
              ylabel="reversal, latent group mean (%)", title="Hours against weeks")
    right.legend(frameon=False, fontsize=8, loc="upper left")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    right.figure.supxlabel(f"Simulated mice, study chen2015, seed {outcome.results.seed}. "
                           "Computer model, not medical advice.", fontsize=8, color=GREY)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(Path(arguments[0] if arguments else "runs/chen2015"),
         Path(arguments[1] if len(arguments) > 1 else "docs/_static/chen2015.png"))
