"""When relief holds: spans of every arm side by side, durations with two kinds of uncertainty, reversal over time."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from thecal.report.arms import Question
from thecal.report.drawing import BLUE, INK, ORANGE, QUIET, VERMILION, Figure, Key, Panel, canvas, svg, thin
from thecal.report.figures.clock import MINUTE, log_hours
from thecal.report.figures.pain import against
from thecal.report.findings import ArmFinding, Findings, interval
from thecal.report.words import duration, latent_words, percent, pretty

SOONEST_H = 2 * MINUTE
ROW_IN = 0.2


def relief_figures(findings: Findings, asked: tuple[Question, ...]) -> list[Figure]:
    """The overview of spans and durations, then reversal over time by question."""
    arms = [findings.arms[arm.id] for question in asked for arm in question.arms
            if arm.id in findings.arms and (arm.id in findings.tested or not findings.tested)]
    if not arms:
        return []
    figures = [_spans(findings, arms), _durations(findings, arms)]
    for question in asked:
        mine = [found for found in arms if found.arm in question.arms]
        if mine:
            figures.append(_reversals(findings, question, mine))
    return figures


def _limit_h(arms: list[ArmFinding]) -> float:
    return max((found.arm.end_d - float(found.arm.first_dose_d or 0)) * 24 for found in arms) * 1.1


def _rows(axes: Axes, arms: list[ArmFinding]) -> None:
    """One row per arm, the first on top, its name in the margin."""
    axes.set_ylim(len(arms) - 0.4, -0.6)
    axes.set_yticks(range(len(arms)), [pretty(found.arm.label)[:38] for found in arms], fontsize=7.8)
    axes.tick_params(axis="y", length=0)
    for k in range(len(arms)):
        axes.axhline(k + 0.5, color=QUIET, lw=0.25, alpha=0.6)


def _spans(findings: Findings, arms: list[ArmFinding]) -> Figure:
    figure, axes = canvas(5.6, 0.75 + ROW_IN * len(arms), left=2.2, right=0.3, bottom=0.5, top=0.1)
    last, rows = _limit_h(arms), []
    log_hours(axes, SOONEST_H, last)
    for k, found in enumerate(arms):
        latent, observed = found.latent, found.observed
        for span in latent.spans if latent else ():
            axes.plot([max(span.start_h, SOONEST_H), span.end_h], [k - 0.15] * 2, color=BLUE, lw=4,
                      solid_capstyle="butt")
            if span.closed == "end":
                axes.plot(min(span.end_h, last / 1.05), k - 0.15, marker=">", color=BLUE, ms=5, ls="")
            rows.append((found.arm.id, "latent", latent.level, span.start_h, span.start_h, span.end_h, span.end_h))
        for seen in observed.spans if observed else ():
            end = min(seen.end_h[1], last)
            axes.plot([max(seen.start_h[0], SOONEST_H), end], [k + 0.2] * 2, color=VERMILION, lw=0.8, ls=":")
            axes.plot([seen.start_h[1], max(seen.end_h[0], seen.start_h[1] * 1.03)], [k + 0.2] * 2, color=VERMILION,
                      lw=1.8, marker="|", ms=4)
            rows.append((found.arm.id, "observed", observed.level, *seen.start_h, *seen.end_h))
    _rows(axes, arms)
    level = percent(findings.plan.analysis.relief_level)
    drawn = svg(figure, "relief-spans", f"Relief at a reversal of at least {level}, as bars over time after the dose")
    caption = (f"Simulated, seed {findings.outcome.results.seed}. Relief is a reversal of at least {level}. Bars: "
               "latent group mean, without noise of the assay. Below each: what the scheduled visits show, solid from "
               "the first to the last visit with relief, dotted where it may have begun or ended between visits. "
               "Empty: no relief.")
    keys = (Key("pale", BLUE, "latent"), Key("line", VERMILION, "observed at visits"),
            Key("line", VERMILION, "between visits", "1 2"))
    return Figure("relief-spans", "When relief holds", caption, (Panel("", drawn),),
                  ("arm", "kind", "level", "start_low_h", "start_high_h", "end_low_h", "end_high_h"), tuple(rows), keys,
                  wide=True)


def _durations(findings: Findings, arms: list[ArmFinding]) -> Figure:
    figure, axes = canvas(5.6, 0.75 + ROW_IN * len(arms), left=2.2, right=0.3, bottom=0.5, top=0.1)
    share, rows, floor = findings.plan.analysis.interval, [], SOONEST_H
    log_hours(axes, SOONEST_H, _limit_h(arms), "duration of relief, all spans together", none=True)
    for k, found in enumerate(arms):
        if found.latent is None:
            continue
        held = found.latent.duration_h
        for kind, values, offset, colour, dash in (("animals", found.over_animals, -0.16, BLUE, "-"),
                                                   ("parameters", found.over_draws, 0.2, ORANGE, (0, (3, 1.5)))):
            ends = interval(values, share)
            if ends is None:
                continue
            low, high = (max(end, floor) for end in ends)
            axes.plot([low, high], [k + offset] * 2, color=colour, ls=dash, lw=1.4)
            middle = float(np.median(values))
            axes.plot(max(middle, floor), k + offset, marker="|", color=colour, ms=5, ls="")
            rows.append((found.arm.id, kind, found.latent.level, middle, *ends, len(values)))
        axes.plot(max(held, floor), k, marker="o", color=INK, ms=3.5, ls="", mfc=INK if held > 0 else "none")
        rows.append((found.arm.id, "latent group mean", found.latent.level, held, math.nan, math.nan, found.arm.n))
    _rows(axes, arms)
    drawn = svg(figure, "relief-durations", "Duration of relief of each arm with two intervals")
    draws = max((len(found.over_draws) for found in arms), default=0)
    level = percent(findings.plan.analysis.relief_level)
    caption = (f"Simulated, seed {findings.outcome.results.seed}; level {level}. "
               f"Dots: latent group mean (open at the left edge: no relief). Two intervals of {share:.0%}, never "
               "mixed: over animals (the same numbers, other animals: groups drawn again with replacement) and over "
               f"parameters (the typical animal under {draws} draws of the uncertain numbers); strokes are medians. An "
               "interval that starts at the left edge holds cases without relief.")
    keys = (Key("marker", INK, "latent group mean"), Key("line", BLUE, f"{share:.0%} over animals"),
            Key("line", ORANGE, f"{share:.0%} over parameters", "4 2"))
    return Figure("relief-durations", "How long, and how sure", caption, (Panel("", drawn),),
                  ("arm", "interval_over", "level", "median_h", "low_h", "high_h", "n"), tuple(rows), keys, wide=True)


def _reversals(findings: Findings, question: Question, arms: list[ArmFinding]) -> Figure:
    rows: list[tuple] = []
    level = findings.plan.analysis.relief_level
    panels = tuple(Panel(pretty(found.arm.label), _reversal(findings, found, rows),
                         against(findings.plan, found.arm).replace("dashed:", "against:")) for found in arms)
    caption = (f"Simulated, seed {findings.outcome.results.seed}. Reversal = (arm − reference) / (baseline − "
               "reference) in log10 of the 50 % threshold; undefined, and not drawn, where the reference deficit is "
               f"below {findings.plan.analysis.deficit_floor_log10:g} log10. Dashed: the level {percent(level)}; "
               "relief is shaded. Line: latent group mean. Pale area: 5th to 95th percentile over parameters, typical "
               "animal. Dots: group means at visits.")
    keys = (Key("line", BLUE, "latent group mean"), Key("area", ORANGE, "5–95 % over parameters"),
            Key("area", BLUE, "relief"), Key("marker", VERMILION, "observed at visits"))
    return Figure(f"reversal-{question.id}", f"Reversal: {question.title[:1].lower()}{question.title[1:]}", caption,
                  panels, ("arm", "series", "after_dose_h", "reversal", "low", "high"), tuple(rows), keys)


def _reversal(findings: Findings, found: ArmFinding, rows: list[tuple]) -> str:
    arm, latent, observed = found.arm, found.latent, found.observed
    figure, axes = canvas(right=0.2, bottom=0.44, top=0.12)
    log_hours(axes, SOONEST_H, (arm.end_d - float(arm.first_dose_d or 0)) * 24 * 1.05)
    band = findings.reversal_band(arm)
    if band is not None:
        _band(axes, *band, arm.id, rows)
    hours, value = findings.reversal_curve(arm)
    fine = np.isfinite(value) & (hours >= SOONEST_H / 2)
    hours, value = np.maximum(hours[fine], SOONEST_H), value[fine]
    if hours.size:
        kept = thin(np.log(hours), value, 0.004)
        axes.plot(hours[kept], value[kept], color=BLUE, lw=1.6)
        rows += [(arm.id, "latent mean", h, v, math.nan, math.nan)
                 for h, v in zip(hours[kept], value[kept], strict=True)]
    for span in latent.spans if latent else ():
        axes.axvspan(max(span.start_h, SOONEST_H), span.end_h, color=BLUE, alpha=0.12, lw=0)
    level = findings.plan.analysis.relief_level
    axes.axhline(level, color=INK, lw=0.7, ls="--")
    axes.axhline(0, color=QUIET, lw=0.5)
    if observed:
        axes.plot(observed.visits_h, observed.reversal, marker="o", ms=3.4, ls="", color=VERMILION)
        rows += [(arm.id, "observed", h, r, math.nan, math.nan)
                 for h, r in zip(observed.visits_h, observed.reversal, strict=True)]
    axes.set_ylim(-0.45, 1.25)
    axes.set_yticks([0, level, 0.5, 1], ["0", f"{level:.0%}", "50%", "100%"] if level < 0.5 else None)
    axes.set_ylabel("reversal")
    words = latent_words(latent) if latent else f"no relief; {duration(None)}"
    return svg(figure, f"reversal-{arm.id}", f"{pretty(arm.label)}: {words}")


def _band(axes: Axes, hours: np.ndarray, low: np.ndarray, high: np.ndarray, arm_id: str, rows: list[tuple]) -> None:
    seen = hours >= SOONEST_H / 2
    hours, low, high = np.maximum(hours[seen], SOONEST_H), low[seen], high[seen]
    if hours.size < 2:
        return
    kept = np.union1d(thin(np.log(hours), low, 0.015), thin(np.log(hours), high, 0.015))
    axes.fill_between(hours[kept], low[kept], high[kept], color=ORANGE, alpha=0.22, lw=0)
    rows += [(arm_id, "5-95 % over parameters", h, math.nan, a, b)
             for h, a, b in zip(hours[kept], low[kept], high[kept], strict=True)]
