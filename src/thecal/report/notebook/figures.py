"""Pictures of a notebook: animals and groups over time, contrasts, response curves, a simulated study behind them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.special import ndtr

from thecal.analysis.notebook.analysis import NotebookAnalysis, TestAnalysis
from thecal.analysis.notebook.method import AFTER, BEFORE
from thecal.assay.series import positions, read_series
from thecal.report.drawing import BLUE, INK, PAPER, QUIET, VERMILION, Figure, Key, Panel, canvas, svg

UNITS = {
    "von_frey": "50 % threshold (g)",
    "percent_response": "50 % threshold (g)",
    "hargreaves": "latency to heat (s)",
    "cold_plate": "latency to cold (s)",
    "acetone": "response to acetone (s)",
    "electronic_von_frey": "force (g)",
}
LINEAR = ("score", "place_preference", "electronic_von_frey")
_TICKS = np.array([0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100])


def time_courses(found: NotebookAnalysis, test: TestAnalysis) -> Figure:
    """Single animals and means of each group, with the reference group dashed behind it."""
    rows = rows_of(found, test)
    y = "value" if test.assay in LINEAR else "value_log10"
    groups = list(dict.fromkeys(rows["group"]))
    reference = rows[rows["group"] == test.reference]
    limits = _limits(rows[y])
    days = sorted(rows["day"].unique())
    panels = []
    for group in groups:
        own = rows[rows["group"] == group]
        figure, axes = canvas(3.6, 2.6, left=0.7)
        for _, animal in own.groupby("animal"):
            animal = animal.sort_values("day")
            axes.plot(_x(animal["day"], days), animal[y], color=BLUE, lw=0.6, alpha=0.45, zorder=1)
        for side, marker in (("<", "v"), (">", "^")):
            some = own[own["censored"] == side]
            axes.plot(
                _x(some["day"], days), some[y], ls="", marker=marker, ms=5, mfc=PAPER, mec=BLUE, mew=0.9, zorder=4
            )
        if group != test.reference and len(reference):
            _means(axes, reference, y, days, INK, "s", "--")
        _means(axes, own, y, days, BLUE, "o", "-")
        _dress(axes, days, limits, y == "value_log10", _label(test))
        n = own["animal"].nunique()
        panels.append(
            Panel(
                f"{group} (n = {n})",
                svg(figure, f"{_id(test)}-{group}", f"{group}: {_label(test)} by day, {n} animals"),
            )
        )
    table = rows[["group", "animal", "day", "value", "unit", "censored", "low", "high", "series", "last_filament"]]
    keys = (
        Key("thin", BLUE, "one animal"),
        Key("line", BLUE, "group, mean ± SEM"),
        *((Key("line", INK, f"{test.reference}, mean ± SEM", "4 2"),) if len(groups) > 1 else ()),
    )
    scale = "on the log scale" if y == "value_log10" else ""
    return Figure(
        f"course-{_id(test)}",
        f"{heading(test.title)}: animals and groups",
        f"Included readings {scale}. Means ± SEM with censored readings at their limit. Open triangles: letters all "
        "alike, the truth lies beyond the limit shown. BL: before injury.",
        tuple(panels),
        tuple(table.columns),
        tuple(map(tuple, table.to_numpy())),
        keys,
    )


def contrast_figure(test: TestAnalysis) -> Figure | None:
    """Planned contrasts with intervals; main analysis filled, the sensitivity analyses as small marks below it."""
    assert test.analysis is not None
    main = test.analysis.contrasts
    main = main[main["day"].notna()] if len(main) else main
    if main.empty or "low" not in main:
        return None
    panels, rows = [], []
    for name, block in main.groupby("name", sort=False):
        others = test.sensitivity[test.sensitivity["name"] == name] if len(test.sensitivity) else pd.DataFrame()
        figure, axes = canvas(3.6, 0.8 + 0.5 * len(block), left=0.66, bottom=0.44)
        for place, row in enumerate(block.itertuples()):
            axes.plot([row.low, row.high], [place, place], color=BLUE, lw=1.8, solid_capstyle="butt", zorder=2)
            axes.plot(row.estimate, place, "o", color=BLUE, ms=5, zorder=3)
            same = others[others["day"] == row.day] if len(others) else others
            for k, other in enumerate(same.itertuples() if len(same) else ()):
                axes.plot(other.estimate, place + 0.2 + 0.065 * k, "|", color=VERMILION, ms=4.5, mew=1.0, zorder=3)
                rows.append((name, other.analysis, row.day, other.estimate, other.low, other.high))
            rows.append((name, "main analysis", row.day, row.estimate, row.low, row.high))
        axes.axvline(0, color=INK, lw=0.7)
        axes.set_yticks(range(len(block)), [f"day {day:g}" for day in block["day"]])
        axes.set_ylim(len(block) - 0.05, -0.5)
        axes.set_xlabel(f"difference ({test.analysis.unit})")
        panels.append(
            Panel(
                str(name), svg(figure, f"contrast-{_id(test)}-{name}", f"{name}: difference and 95 % interval by day")
            )
        )
    keys = (
        Key("line", BLUE, "estimate and 95 % interval, main analysis"),
        Key("line", VERMILION, "sensitivity analyses"),
    )
    return Figure(
        f"contrast-{_id(test)}",
        f"{heading(test.title)}: planned contrasts",
        "Differences of group means from the mixed model. Small marks: the same contrast in other defensible analyses "
        "(excluded animals brought back, other filament steps, pooled letters ...); each is named in the data.",
        tuple(panels),
        ("contrast", "analysis", "day", "estimate", "low", "high"),
        tuple(rows),
        keys,
    )


def response_curves(found: NotebookAnalysis) -> Figure | None:
    """Share of withdrawals at each filament with the pooled curve, before day 0 and from it on."""
    if not found.curves:
        return None
    filaments = found.notebook.mapping.filament_set()
    force = filaments.forces_log10_g
    fine = np.linspace(force[0] - 0.2, force[-1] + 0.2, 80)
    panels, rows = [], []
    for group in dict.fromkeys(curve.group for curve in found.curves):
        figure, axes = canvas(3.6, 2.6)
        for curve in (c for c in found.curves if c.group == group):
            after = curve.when == AFTER
            colour, marker, dash = (VERMILION, "s", "-") if after else (BLUE, "o", "--")
            hits, touched = _trials(found, group, after)
            seen = touched > 0
            axes.scatter(
                force[seen],
                hits[seen] / touched[seen],
                s=6 + 1.5 * touched[seen],
                marker=marker,
                facecolor=colour if after else PAPER,
                edgecolor=colour,
                lw=0.9,
                zorder=3,
            )
            width = np.hypot(curve.sigma_log10, curve.between_sessions_log10)
            axes.plot(fine, ndtr((fine - curve.mean_log10_g) / width), color=colour, ls=dash, lw=1.4)
            rows += [
                (group, curve.when, 10**f, int(t), int(h), h / t)
                for f, t, h in zip(force, touched, hits, strict=True)
                if t
            ]
        axes.set_ylim(-0.04, 1.04)
        axes.set_xlim(fine[0], fine[-1])
        ticks = [t for t in _TICKS if fine[0] <= np.log10(t) <= fine[-1]][::2]
        axes.set_xticks(np.log10(ticks), [f"{t:g}" for t in ticks])
        axes.set_xlabel("force (g)")
        axes.set_ylabel("share of withdrawals")
        text = "; ".join(
            f"{c.when}: 50 % at {10**c.mean_log10_g:.2g} g, width {c.sigma_log10:.2f} log10"
            for c in found.curves
            if c.group == group
        )
        panels.append(
            Panel(str(group), svg(figure, f"curve-{group}", f"{group}: share of withdrawals by force. {text}"), text)
        )
    keys = (
        Key("line", BLUE, BEFORE, "4 2"),
        Key("line", VERMILION, AFTER),
        Key("marker", QUIET, "share at one filament, area by touches"),
    )
    return Figure(
        "curves",
        "Response curves behind the thresholds",
        "Pooled over sessions (probit with a random threshold per session). The up-down rule chooses filaments by the "
        "animal's own answers, so raw shares at the outer filaments are not a random sample and lie off the curve. The "
        "flatter the curve, the less one session can say.",
        tuple(panels),
        ("group", "when", "force_g", "touches", "withdrawals", "share"),
        tuple(rows),
        keys,
    )


def overlay(found: NotebookAnalysis, test: TestAnalysis, simulated: pd.DataFrame) -> Figure | None:
    """Visual predictive check: where 90 % of simulated animals lie, and where the real ones do.

    Arguments:
        simulated: readings of a simulated study with columns arm or group, animal, day, assay, value_log10.
    """
    real = rows_of(found, test)
    simulated = simulated.rename(columns={"arm": "group"})
    if "paw" in simulated and (simulated["paw"] == "ipsilateral").any():
        simulated = simulated[simulated["paw"] == "ipsilateral"]
    simulated = simulated[(simulated["assay"] == test.assay) & simulated["value_log10"].notna()]
    names = {str(name).casefold(): name for name in simulated["group"].unique()}
    shared = [g for g in dict.fromkeys(real["group"]) if g.casefold() in names]
    if not shared or test.assay in LINEAR:
        return None
    limits = _limits(pd.concat([real["value_log10"], simulated["value_log10"]]))
    panels, rows = [], []
    for group in shared:
        own = real[real["group"] == group]
        band = (
            simulated[simulated["group"] == names[group.casefold()]]
            .groupby("day")["value_log10"]
            .quantile([0.05, 0.5, 0.95])
            .unstack()
        )
        days = sorted(set(own["day"]) | set(band.index))
        figure, axes = canvas(3.6, 2.6, left=0.7)
        axes.fill_between(_x(band.index, days), band[0.05], band[0.95], color=QUIET, alpha=0.3, lw=0)
        axes.plot(_x(band.index, days), band[0.5], color=INK, ls="--", lw=1.2)
        spread = np.linspace(-0.12, 0.12, max(own["animal"].nunique(), 2))
        offset = {animal: spread[k] for k, animal in enumerate(sorted(own["animal"].unique()))}
        axes.plot(
            _x(own["day"], days) + own["animal"].map(offset).to_numpy(),
            own["value_log10"],
            "o",
            ms=2.6,
            color=BLUE,
            alpha=0.7,
        )
        median = own.groupby("day")["value_log10"].median()
        axes.plot(_x(median.index, days), median, color=BLUE, lw=1.4)
        _dress(axes, days, limits, True, _label(test))
        inside = [_inside(v, band, d) for v, d in zip(own["value_log10"], own["day"], strict=True)]
        known = [x for x in inside if x is not None]
        note = (
            f"{np.mean(known):.0%} of {len(known)} real readings lie in the band (90 % expected)"
            if known
            else "no day in common"
        )
        panels.append(
            Panel(
                str(group),
                svg(figure, f"overlay-{_id(test)}-{group}", f"{group}: real readings on the simulated band. {note}"),
                note,
            )
        )
        rows += [(group, "simulated", d, 10 ** r[0.5], 10 ** r[0.05], 10 ** r[0.95]) for d, r in band.iterrows()]
        rows += [(group, "real median", d, 10**v, float("nan"), float("nan")) for d, v in median.items()]
    keys = (
        Key("area", QUIET, "90 % of simulated animals"),
        Key("line", INK, "simulated median", "4 2"),
        Key("line", BLUE, "real median"),
        Key("marker", BLUE, "one real animal"),
    )
    return Figure(
        f"overlay-{_id(test)}",
        f"{heading(test.title)}: a simulated study behind the real one",
        "Visual predictive check. Groups are matched by name. Simulated animals went through the same test "
        "and estimator.",
        tuple(panels),
        ("group", "what", "day", "value", "low", "high"),
        tuple(rows),
        keys,
    )


def rows_of(found: NotebookAnalysis, test: TestAnalysis) -> pd.DataFrame:
    """Included readings of one test that have a group and a day."""
    table = found.notebook.readings
    mine = (table["assay"] == test.assay) & (table["paw"] == test.paw) & (table["stimulus"] == test.stimulus)
    y = "value" if test.assay in LINEAR else "value_log10"
    return table[mine & table["included"] & table[y].notna() & table["day"].notna() & (table["group"] != "")]


def heading(title: str) -> str:
    """A test's name as a heading; von Frey is a person."""
    return title.replace("von frey", "von Frey")[0].upper() + title.replace("von frey", "von Frey")[1:]


def _trials(found: NotebookAnalysis, group: str, after: bool) -> tuple[np.ndarray, np.ndarray]:
    table = found.notebook.readings
    rows = table[
        (table["assay"] == "von_frey")
        & table["included"]
        & (table["series"] != "")
        & table["value"].notna()
        & (table["group"] == group)
    ]
    rows = rows[(rows["day"] >= 0) == after]
    responses = read_series(rows["series"].to_numpy(dtype=str))
    place = positions(responses, rows["last_filament"].to_numpy(dtype=np.int64))
    m = len(found.notebook.mapping.filament_set())
    inside = responses.given & (place >= 1) & (place <= m)
    touched = np.bincount(place[inside] - 1, minlength=m)
    hits = np.bincount(place[inside & (responses.letters == 1)] - 1, minlength=m)
    return hits, touched


def _inside(value: float, band: pd.DataFrame, day: float) -> bool | None:
    return None if day not in band.index else bool(band.loc[day, 0.05] <= value <= band.loc[day, 0.95])


def _means(axes: Axes, rows: pd.DataFrame, y: str, days: list[float], colour: str, marker: str, dash: str) -> None:
    table = rows.groupby("day")[y].agg(["mean", "sem"])
    axes.errorbar(
        _x(table.index, days),
        table["mean"],
        table["sem"].fillna(0),
        color=colour,
        marker=marker,
        ls=dash,
        ms=4,
        lw=1.3,
        capsize=2,
        elinewidth=0.9,
        mfc=colour if marker == "o" else PAPER,
        zorder=3,
    )


def _x(day, days: list[float]) -> np.ndarray:
    """Places of the visits: evenly spaced, so that early and late visits can be read."""
    return np.array([days.index(d) for d in day], dtype=float)


def _dress(axes: Axes, days: list[float], limits: tuple[float, float], log: bool, label: str) -> None:
    axes.set_xticks(range(len(days)), ["BL" if d < 0 else f"{d:g}" for d in days])
    axes.set_xlim(-0.35, len(days) - 0.65)
    axes.set_xlabel("day")
    axes.set_ylabel(label)
    axes.set_ylim(*limits)
    if log:
        ticks = [t for t in _TICKS if limits[0] <= np.log10(t) <= limits[1]]
        ticks = ticks[:: 1 + len(ticks) // 7]
        axes.set_yticks(np.log10(ticks), [f"{t:g}" for t in ticks])


def _limits(values: pd.Series) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.06 * (high - low) or 0.5
    return low - margin, high + margin


def _label(test: TestAnalysis) -> str:
    return UNITS.get(test.assay, test.title)


def _id(test: TestAnalysis) -> str:
    return "".join(c if c.isalnum() else "-" for c in test.title).lower()
