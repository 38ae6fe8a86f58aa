"""Pictures of the page for people: what exists, what each rule predicts and why, what is unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from thecal.report.drawing import (
    BLUE,
    COLOURS,
    GREEN,
    INK,
    PURPLE,
    QUIET,
    VERMILION,
    Figure,
    Key,
    Panel,
    canvas,
    svg,
)

Found = dict[str, Any]
SHORT = {"equal local exposure at the DRG": "equal local exposure", "differences between studies": "other studies"}


def usable(found: Found) -> list[Found]:
    """The rules with a basis."""
    return [row for row in found["rules"] if row["relief"] != "no basis"]


def rules_figure(found: Found) -> Figure:
    """Dose and days of relief by rule, with everything that the parameters leave open."""
    rows = found["rules"]
    names = [SHORT.get(r["name"], r["name"]) for r in rows]
    y = np.arange(len(rows))[::-1]
    panels = []
    if any(r["dose_cells"] for r in rows):
        figure, axes = canvas(4.6, 2.5, left=1.5, right=0.25)
        known = found["largest_published_cells"]
        for k, r in zip(y, rows, strict=True):
            if r["dose_cells"]:
                axes.plot(r["dose_cells"], k, "o", color=BLUE, ms=6)
        doses = [r["dose_cells"] for r in rows if r["dose_cells"]]
        axes.set_xscale("log")
        axes.set_xlim(min(doses) / 5, max([*doses, known[0] if known else 0]) * 8)
        if known:
            axes.axvline(known[0], color=VERMILION, ls="--", lw=1)
        _no_basis(axes, y, rows, min(doses) / 3)
        _ticks(axes, y, names)
        axes.set_xlabel("cells in one injection")
        note = f"Dashed: the largest dose read for {found['to']}." if known else ""
        panels.append(Panel("The dose that each rule asks for", svg(figure, "rules-dose", "Dose by rule"), note))
    figure, axes = canvas(4.6, 2.5, left=1.5, right=0.25)
    longest = found["uncertainty"].get("longest_d", 30.0)
    for k, r in zip(y, rows, strict=True):
        if r["relief"] == "no basis":
            continue
        low, middle, high = r["relief"]["days_over_draws"] or (0, 0, 0)
        axes.plot([low, high], [k, k], "-", color=BLUE, lw=2.2, alpha=0.45)
        axes.plot(middle, k, "o", color=BLUE, ms=6)
    home = found["at_home"]["relief"]
    if home != "no basis":
        axes.axvline(home["duration_h"] / 24, color=GREEN, ls=":", lw=1.2)
    axes.set_xlim(-longest * 0.03, longest * 1.05)
    _no_basis(axes, y, rows, 0)
    _ticks(axes, y, names)
    axes.set_xlabel("days of relief in the model")
    panels.append(Panel("What each rule predicts", svg(figure, "rules-days", "Days of relief by rule, with intervals"),
                        f"Line: 5 to 95 % of parameter draws; point: median. Dotted: usual {found['from']} at home, "
                        f"where most is fitted. Follow-up ends at {longest:.0f} d."))
    data = tuple((r["name"], r["dose_cells"] or float("nan"), r["local_exposure_ratio"] or float("nan"),
                  *((r["relief"]["days_over_draws"] or (float("nan"),) * 3) if r["relief"] != "no basis" else
                    (float("nan"),) * 3)) for r in rows)
    return Figure("rules", "Which rule predicts what", "Relief is the animal's pain in this canal. It is a statement "
                  "about the model; no trial in people has tested it.", tuple(panels),
                  ("rule", "cells", "exposure_ratio", "days_5", "days_50", "days_95"), data)


def _ticks(axes: Any, y: np.ndarray, names: list[str]) -> None:
    axes.set_yticks(y)
    axes.set_yticklabels(names)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.grid(axis="y", color=QUIET, alpha=0.2, lw=0.6)


def _no_basis(axes: Any, y: np.ndarray, rows: list[Found], x: float) -> None:
    for k, r in zip(y, rows, strict=True):
        if r["relief"] == "no basis":
            axes.text(x, k, " no basis", va="center", color=VERMILION, fontsize=8)


def causes_figure(found: Found) -> Figure | None:
    """Factor of every cause on the local exposure, one panel for each rule."""
    rows = [r for r in usable(found) if r["causes"]]
    if not rows:
        return None
    order = [c["name"] for c in sorted(rows[0]["causes"], key=lambda c: c["log10_change"])]
    widest = max(abs(c["log10_change"]) for r in rows for c in r["causes"]) * 1.12 + 0.1
    panels, data = [], []
    for r in rows:
        of = {c["name"]: c for c in r["causes"]}
        figure, axes = canvas(4.1, 2.9, left=1.15, right=0.2)
        for k, name in enumerate(order):
            change = of[name]["log10_change"]
            axes.barh(k, change, color=BLUE if change >= 0 else VERMILION, hatch="" if change >= 0 else "///",
                      edgecolor=INK, linewidth=0.5, height=0.66)
            data.append((r["name"], name, 10**change, of[name]["share"], of[name]["ratio_when_switched_off"]))
        axes.axvline(0, color=INK, lw=0.8)
        axes.set_xlim(-widest, widest)
        ticks = [t for t in range(-6, 7, 2) if abs(t) <= widest]
        axes.set_xticks(ticks)
        axes.set_xticklabels([_power(t) for t in ticks])
        axes.set_yticks(range(len(order)))
        axes.set_yticklabels(order)
        axes.set_xlabel("factor on exposure at the ganglia")
        name = SHORT.get(r["name"], r["name"])
        panels.append(Panel(f"{name}: {_times(r['local_exposure_ratio'])} the exposure at home",
                            svg(figure, f"causes-{r['name']}", f"Causes, rule {r['name']}")))
    meanings = "; ".join(f"{c['name']}: {c['meaning']}" for c in rows[0]["causes"])
    return Figure("causes", "Why exposure differs: every cause switched on and off",
                  "Each cause is taken from the target or left as at home, in all combinations; the bar is its fair "
                  f"part (Shapley value). The factors of a panel multiply to its ratio. {meanings}.", tuple(panels),
                  ("rule", "cause", "factor", "share", "ratio_when_switched_off"), tuple(data),
                  (Key("area", BLUE, "more exposure"), Key("area", VERMILION, "less exposure (hatched)")))


def _power(exponent: int) -> str:
    return {0: "×1", 2: "×100", -2: "×0.01", 1: "×10", -1: "×0.1"}.get(
        exponent, f"×10{str(exponent).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}")


def _times(ratio: float) -> str:
    return f"{ratio:.2g} times" if ratio < 100 else f"{ratio:.0f} times"


def along_figure(found: Found) -> Figure | None:
    """Exposure along the canal, with ganglia and the lumbar cord, at home and in the target."""
    profiles = found["cord_and_ganglia"]
    if not profiles:
        return None
    panels, data = [], []
    for species in dict.fromkeys(p["species"] for p in profiles):
        mine = [p for p in profiles if p["species"] == species and (p["name"] == "at home") == (
            species == found["from"])] or [p for p in profiles if p["species"] == species]
        figure, axes = canvas(4.4, 2.7, left=0.8)
        for k, p in enumerate(mine):
            size = len(p["exposure_ng_d_ml"])
            x = (np.arange(size) + 0.5) * p["length_mm"] / size
            values = np.maximum(p["exposure_ng_d_ml"], 1e-6)
            axes.plot(x, values, color=COLOURS[k], ls=("-", "--", "-.", ":")[k % 4],
                      label=SHORT.get(p["name"], p["name"]))
            data += [(p["name"], species, float(a), float(b)) for a, b in zip(x, values, strict=True)]
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0) if max(map(_decades, mine)) < 2.5 else (1.0,)))
        low, high = mine[0]["cord_mm"]
        axes.axvspan(low, high, color=QUIET, alpha=0.22, lw=0)
        for place in mine[0]["ganglia_mm"]:
            axes.plot([place], [0.02], marker="^", color=PURPLE, ms=7, transform=axes.get_xaxis_transform(),
                      clip_on=False)
        axes.set_xlabel("mm from the sacral end")
        axes.set_ylabel("TGF-β1, ng·d/ml")
        if len(mine) > 1:
            axes.legend(fontsize=6.8, loc="best")
        ratio = next((p["cord_over_ganglia"] for p in mine if p["cord_over_ganglia"]), None)
        note = f"Cord against ganglia: {ratio:.2f}." if ratio else ""
        drawn = svg(figure, f"along-{species}", f"Exposure along the canal of the {species}")
        panels.append(Panel(species, drawn, note))
    apart = found["distance_cord_to_ganglia_mm"]
    return Figure("along", "Cord and ganglia part company",
                  f"From the lumbar cord to the ganglia of the sciatic nerve it is {apart['source_mm']:.0f} mm in the "
                  f"{found['from']} and {apart['target_mm']:.0f} mm in the {found['to']}. So the two no longer share "
                  "the same fluid.", tuple(panels), ("rule", "species", "mm", "ng_d_ml"), tuple(data),
                  (Key("marker", PURPLE, "ganglia of the injured nerve (triangles)"),
                   Key("area", QUIET, "lumbar cord")))


def _decades(profile: Found) -> float:
    values = np.maximum(profile["exposure_ng_d_ml"], 1e-6)
    return float(np.log10(values.max() / values.min()))


def shares_figure(found: Found) -> Figure | None:
    """Which unknown carries how much of the variance of days of relief."""
    sure = found["uncertainty"]
    if "shares" not in sure:
        return None
    figure, axes = canvas(4.4, 2.0, left=1.35)
    rows = sure["shares"][::-1]
    for k, s in enumerate(rows):
        axes.barh(k, 100 * s["total"], color=BLUE, alpha=0.3, height=0.62)
        axes.barh(k, 100 * s["first"], color=BLUE, height=0.62)
    axes.set_yticks(range(len(rows)))
    axes.set_yticklabels([SHORT.get(s["name"], s["name"]) for s in rows])
    axes.set_xlabel("% of the variance of days of relief")
    panels = [Panel("Where the spread comes from", svg(figure, "shares", "Shares of variance"))]
    if sure["measure_next"]:
        rows = sure["measure_next"][::-1]
        figure, axes = canvas(4.8, max(1.4, 0.55 + 0.28 * len(rows)), left=2.7)
        axes.barh(range(len(rows)), [100 * r["share_of_parameters"] for r in rows], color=GREEN, height=0.6)
        axes.set_yticks(range(len(rows)))
        axes.set_yticklabels([_clip(r["meaning"]) for r in rows], fontsize=7.5)
        axes.set_xlabel("% of parameter variance removed")
        panels.append(Panel("What to measure next to learn most", svg(figure, "next", "What to measure next")))
    low, middle, high = sure["days"]
    never = 100 * sure["share_without_relief"]
    return Figure("shares", "How sure one can be",
                  f"Over all that is unknown: {middle:.0f} days of relief in the model ({low:.0f} to {high:.0f}, 5 to "
                  f"95 %; follow-up {sure['longest_d']:.0f} d), none at all in {never:.0f} %. "
                  f"{sure['draws']} parameter draws ({sure['draws_from']}), {sure['draws_not_computed']} not computed. "
                  "Dark: alone; pale: with interactions (Sobol). What the model leaves out is in none of these bars.",
                  tuple(panels), ("source", "first", "total"),
                  tuple((s["name"], s["first"], s["total"]) for s in sure["shares"]))


def _clip(text: str, most: int = 44) -> str:
    return text if len(text) <= most else text[:most - 1].rsplit(" ", 1)[0] + " …"


def forest_figure(evidence: Found) -> Figure:
    """What exists: duration in animal studies, relief and placebo in people, harms per injection."""
    panels = [_durations(evidence), _relief(evidence), _harms(evidence)]
    data = tuple((i["study"], i["low_d"], i["high_d"] if i["high_d"] is not None else float("nan"))
                 for i in evidence["animals"]["duration"]["intervals"])
    return Figure("forest", "Times, relief and harm as they were read",
                  "Intervals as they could be read. No animal study of intrathecal cells gives "
                  "means, spreads and group sizes in the text that was read, so there is no pooled size of effect to "
                  "show; nothing was read off pictures.", tuple(panels), ("study", "low_d", "high_d"), data)


def _durations(evidence: Found) -> Panel:
    rows = sorted(evidence["animals"]["duration"]["intervals"], key=lambda i: -i["low_d"])
    figure, axes = canvas(4.3, max(1.6, 0.75 + 0.26 * len(rows)), left=1.1)
    top = max([1.0, *(i["low_d"] for i in rows), *(i["high_d"] or 0 for i in rows)]) * 1.3
    for k, i in enumerate(rows):
        axes.plot([i["low_d"], i["high_d"] or top], [k, k], color=BLUE, lw=2)
        axes.plot(i["low_d"], k, "|", color=BLUE, ms=8)
        axes.plot(i["high_d"] or top, k, "|" if i["high_d"] else ">", color=BLUE, ms=8 if i["high_d"] else 5)
    _study_ticks(axes, [i["study"] for i in rows])
    axes.set_xlim(0, top * 1.02)
    axes.set_xlabel("days (relief ended between the marks)")
    return Panel("Animals: how long relief lasted", svg(figure, "forest-duration", "Duration by study"),
                 "Arrow: the study ended while relief lasted.")


def _study_ticks(axes: Any, names: list[str]) -> None:
    axes.set_yticks(range(len(names)))
    axes.set_yticklabels(names, fontsize=7.5)
    axes.set_ylim(-0.6, len(names) - 0.4)


def _relief(evidence: Found) -> Panel:
    people = evidence["people"]
    rows = [(f"{r['study']} ({r['events']} of {r['denominator']})", r["share_pct"], r["ci_pct"], VERMILION, "o")
            for r in people["relief"] if r["share_pct"] is not None and r["route"] == "it"]
    rows += [(f"placebo pill, {r['condition'].replace('_', ' ')}", r["share_pct"], r["ci_pct"], GREEN, "s")
             for r in people["placebo"]]
    rows = rows[::-1]
    figure, axes = canvas(4.6, max(1.6, 0.75 + 0.26 * len(rows)), left=2.05)
    for k, (_, share, (low, high), colour, marker) in enumerate(rows):
        axes.plot([low, high], [k, k], color=colour, lw=1.6)
        axes.plot(share, k, marker, color=colour, ms=5)
    _study_ticks(axes, [r[0] for r in rows])
    axes.set_xlim(0, 100)
    axes.set_xlabel("% of people with less pain, 95 % interval")
    return Panel("People: relief, and what a dummy pill does", svg(figure, "forest-relief", "Relief in people"),
                 "Circles: cells after spinal cord injury, nobody blinded, no control group, any relief. Squares: "
                 "placebo in drug trials, half the pain or (2022) 30 % less. Not one scale: do not subtract.")


def _harms(evidence: Found) -> Panel:
    rows = [h for h in evidence["people"]["adverse_events"] if h["unit"] == "injections" and h["all"]
            and h["all"]["events"] > 0][::-1]
    figure, axes = canvas(4.3, max(1.6, 0.75 + 0.26 * len(rows)), left=1.35)
    for k, h in enumerate(rows):
        low, high = h["all"]["ci_pct"]
        axes.plot([low, high], [k, k], color=VERMILION, lw=1.6)
        axes.plot(h["all"]["typical_pct"], k, "o", color=VERMILION, ms=5)
    _study_ticks(axes, [f"{h['term'].replace('_', ' ')} (k {h['all']['k']})" for h in rows])
    axes.set_xlim(0, None)
    axes.set_xlabel("per 100 injections, 95 % interval")
    return Panel("People: harms counted", svg(figure, "forest-harm", "Harms per injection"),
                 "Without control groups. Harms that nobody counted cannot be drawn.")
