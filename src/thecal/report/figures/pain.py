"""Pain curves as a paper shows them, with what a paper cannot show beside them: the latent mean and each animal."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from thecal.report.arms import Question, given_words, main_arms
from thecal.report.drawing import BLUE, INK, PAPER, QUIET, Figure, Key, Panel, canvas, svg, thin
from thecal.report.figures.clock import Days, Hours, clock_of
from thecal.report.findings import Findings
from thecal.report.words import pretty
from thecal.study.plan import ArmPlan, StudyPlan

MODALITY = {"von_frey": ("pain.mechanical", -1, "50 % threshold (g)"),
            "hargreaves": ("pain.heat", -1, "latency to heat (s)"),
            "acetone": ("pain.cold", 1, "response to acetone (s)")}
COLUMNS = ("arm", "series", "paw", "day", "value", "low", "high", "n")
Rows = list[tuple]


def pain_figures(findings: Findings, asked: tuple[Question, ...]) -> list[Figure]:
    """One figure per question for the study's main assay, one for each other assay of the main arms."""
    assay = findings.plan.analysis.assay
    figures = []
    for question in asked:
        arms = [arm for arm in question.arms if arm.id in findings.tested]
        if arms and assay in MODALITY:
            figures.append(_figure(findings, f"pain-{question.id}", question.title, arms, assay))
    for other in MODALITY:
        if other != assay:
            looked = {a for v in findings.plan.visits if v.assay == other for a in v.arms}
            arms = [arm for arm in main_arms(findings.plan) if arm.id in looked][:6]
            if arms:
                title = {"hargreaves": "Heat (Hargreaves)", "acetone": "Cold (acetone)", "von_frey": "Touch"}[other]
                figures.append(_figure(findings, f"pain-{other}", title, arms, other))
    return figures


def _figure(findings: Findings, name: str, title: str, arms: list[ArmPlan], assay: str) -> Figure:
    rows: Rows = []
    limits = _limits(findings, assay)
    panels = tuple(Panel(f"{pretty(arm.label)} (n = {arm.n})",
                         _panel(findings, arm, assay, f"{name}-{arm.id}", limits, rows), against(findings.plan, arm))
                   for arm in arms)
    sizes = sorted({arm.n for arm in arms})
    count = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    reads = (" The up-down estimate reads higher than the latent threshold where the response curve is flat, as it "
             "does in real mice with nerve injury." if assay == "von_frey" else "")
    caption = (f"Simulated, n = {count} animals per group, seed {findings.outcome.results.seed}. Injured paw: "
               "means ± SEM of the readings on the log scale. Thin lines: single animals. Broad pale "
               f"lines: latent group means, without noise of the assay. *: P < {findings.plan.analysis.alpha:g} "
               "against the dashed group (two-way RM ANOVA, Bonferroni, see Statistics). BL: before injury; pre: "
               "before the dose." + reads)
    keys = (Key("marker", BLUE, "arm, mean ± SEM"), Key("line", INK, "reference group, mean ± SEM", "4 2"),
            Key("pale", BLUE, "arm, latent mean"), Key("pale", QUIET, "reference, latent mean"),
            Key("thin", BLUE, "single animals of the arm"), Key("line", QUIET, "arm, other paw (mean)", "1 2"))
    return Figure(name, title, caption, panels, COLUMNS, tuple(rows), keys)


def against(plan: StudyPlan, arm: ArmPlan) -> str:
    """What an arm is compared with."""
    if not arm.reference:
        return ""
    reference = plan.arm(arm.reference)
    return f"dashed: {pretty(reference.label)} (n = {reference.n})"


def _limits(findings: Findings, assay: str) -> tuple[float, float]:
    rows = findings.outcome.readings
    values = rows.loc[(rows["assay"] == assay) & (rows["value_log10"].notna()), "value_log10"]
    if values.empty:
        return -1.0, 1.0
    low, high = np.quantile(values, [0.02, 0.995])
    return float(low) - 0.15, float(high) + 0.3


def _panel(findings: Findings, arm: ArmPlan, assay: str, name: str, limits: tuple[float, float], rows: Rows) -> str:
    figure, axes = canvas()
    clock = clock_of(findings.plan, arm, assay)
    reference = findings.plan.arm(arm.reference) if arm.reference else None
    if reference is not None:
        _latent(axes, findings, reference, assay, clock, QUIET, rows)
        _observed(axes, findings, reference, assay, clock, INK, "s", "--", rows)
    _latent(axes, findings, arm, assay, clock, BLUE, rows)
    _animals(axes, findings, arm, assay, clock)
    _observed(axes, findings, arm, assay, clock, BLUE, "o", "-", rows)
    _other_paw(axes, findings, arm, assay, clock, rows)
    axes.set_ylim(*limits)
    clock.dress(axes)
    _grams(axes, limits)
    _events(axes, arm, clock)
    _stars(axes, findings, arm, assay, clock, limits)
    axes.set_ylabel(MODALITY[assay][2])
    return svg(figure, name, f"{pretty(arm.label)}: {MODALITY[assay][2]} over time; {given_words(arm)}")


def latent_reading(findings: Findings, arm: ArmPlan, assay: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and the latent mean of a modality on the scale of its readings (log10)."""
    observable, sign, _ = MODALITY[assay]
    times, change = findings.outcome.curve(arm.id, observable)
    start = findings.baseline[arm.id]
    if assay != "von_frey":
        key = {"hargreaves": "pain.heat_latency", "acetone": "pain.cold_response"}[assay]
        from thecal.engine.subjects import arm_register

        start = float(np.log10(arm_register(arm)[key].value))
    return times, start + sign * change


def _latent(axes: Axes, findings: Findings, arm: ArmPlan, assay: str, clock: Days | Hours, colour: str,
            rows: Rows) -> None:
    times, level = latent_reading(findings, arm, assay)
    seen = clock.shows(times) & (times <= arm.end_d)
    if isinstance(clock, Hours):
        seen &= times >= clock.dose
    if not seen.any() or not np.isfinite(level[seen]).all():
        return
    times, level = times[seen], level[seen]
    kept = thin(clock.x(times), level, 0.015)
    axes.plot(clock.x(times[kept]), level[kept], color=colour, alpha=0.35, lw=4, solid_capstyle="butt", zorder=1)
    rows += [(arm.id, "latent mean", "ipsilateral", t, 10**v, float("nan"), float("nan"), arm.n)
             for t, v in zip(times[kept], level[kept], strict=True)]


def _observed(axes: Axes, findings: Findings, arm: ArmPlan, assay: str, clock: Days | Hours, colour: str, marker: str,
              dash: str, rows: Rows) -> None:
    table = _by_day(findings.readings(assay, arm.id), clock)
    if table.empty:
        return
    axes.errorbar(clock.x(table.index), table["mean"], table["sem"], color=colour, marker=marker, ls=dash, ms=3.6,
                  lw=0.9, capsize=2, capthick=0.8, elinewidth=0.8, zorder=3,
                  mfc=colour if marker == "o" else PAPER, mew=0.9)
    rows += [(arm.id, "mean ± SEM", "ipsilateral", d, 10**r["mean"], 10**(r["mean"] - r["sem"]),
              10**(r["mean"] + r["sem"]), int(r["count"])) for d, r in table.iterrows()]


def _by_day(readings: pd.DataFrame, clock: Days | Hours) -> pd.DataFrame:
    """Mean, SEM and number of readings per visit; visits that share a place on the axis stand together."""
    seen = readings[clock.shows(readings["day"].to_numpy())]
    if isinstance(clock, Hours):
        seen = seen.assign(day=np.where(seen["day"] < clock.injury, seen["day"].min(), seen["day"]))
        before = seen[(seen["day"] >= clock.injury) & (seen["day"] < clock.dose - 1e-6)]["day"]
        seen = seen[~seen["day"].isin(sorted(before.unique())[:-1])]
    return seen.groupby("day")["value_log10"].agg(["mean", "sem", "count"]).fillna(0.0)


def _animals(axes: Axes, findings: Findings, arm: ArmPlan, assay: str, clock: Days | Hours) -> None:
    readings = findings.readings(assay, arm.id)
    readings = readings[clock.shows(readings["day"].to_numpy())]
    for _, one in list(readings.groupby("animal"))[:12]:
        one = one.sort_values("day")
        axes.plot(clock.x(one["day"].to_numpy()), one["value_log10"], color=BLUE, lw=0.5, alpha=0.33, zorder=0)


def _other_paw(axes: Axes, findings: Findings, arm: ArmPlan, assay: str, clock: Days | Hours, rows: Rows) -> None:
    table = _by_day(findings.readings(assay, arm.id, "contralateral"), clock)
    if table.empty:
        return
    axes.plot(clock.x(table.index), table["mean"], color=QUIET, ls=":", lw=1, zorder=2)
    rows += [(arm.id, "mean ± SEM", "contralateral", d, 10**r["mean"], 10**(r["mean"] - r["sem"]),
              10**(r["mean"] + r["sem"]), int(r["count"])) for d, r in table.iterrows()]


def _events(axes: Axes, arm: ArmPlan, clock: Days | Hours) -> None:
    """Injury and doses: a hairline each, and their names above the axes where there is room."""
    marks: dict[float, list[str]] = {}
    if arm.injury.surgery and isinstance(clock, Days):
        marks[arm.injury.day_d] = [arm.injury.model]
    for given in arm.administrations:
        marks.setdefault(given.day_d, []).append(pretty(given.product))
        if given.duration_d and isinstance(clock, Days):
            axes.axvspan(float(clock.x(given.day_d)), float(clock.x(given.end_d)), color=QUIET, alpha=0.12, lw=0)
    for removal in arm.removals:
        marks.setdefault(removal.day_d, []).append("cells out")
    free, scale = -1.0, axes.get_position().width * axes.figure.get_figwidth() * 72  # points along the axis
    low, high = axes.get_xlim()
    for day, names in sorted(marks.items()):
        if not bool(clock.shows(day)):
            continue
        place = float(clock.x(day))
        axes.axvline(place, color=QUIET, lw=0.6, ls=(0, (2, 2)), zorder=0)
        at = max((place - low) / (high - low) * scale, free)
        text = "▾" + " + ".join(dict.fromkeys(names))
        axes.annotate(text, (0, 1), xycoords="axes fraction", xytext=(at - 2, 1), textcoords="offset points",
                      fontsize=7.6, color=INK, ha="left", va="bottom", annotation_clip=False)
        free = at + 4.5 * len(text) + 4


def _stars(axes: Axes, findings: Findings, arm: ArmPlan, assay: str, clock: Days | Hours,
           limits: tuple[float, float]) -> None:
    if assay != findings.plan.analysis.assay:
        return
    for day in findings.significant_days(arm):
        if bool(clock.shows(day)):
            axes.text(float(clock.x(day)), limits[1] - 0.12, "*", ha="center", va="center", fontsize=10)


def _grams(axes: Axes, limits: tuple[float, float]) -> None:
    """Ticks of a log10 axis in natural units: 1, 2, 5 of each decade that fit."""
    steps = [m * 10.0**k for k in range(-4, 5) for m in (1, 2, 5)]
    inside = [s for s in steps if limits[0] <= np.log10(s) <= limits[1]]
    if len(inside) > 8:
        inside = [s for s in inside if f"{s:.0e}"[0] in "1" or (f"{s:.0e}"[0] == "5" and len(inside) < 12)]
    axes.set_yticks([np.log10(s) for s in inside], [f"{s:g}" for s in inside])

