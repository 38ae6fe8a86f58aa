"""Measurements made once per animal: slices, CSF, place preference, tissue, cells counted. One dot, one animal."""

from __future__ import annotations

import numpy as np
import pandas as pd

from thecal.analysis.statistics.anova import ttest
from thecal.report.drawing import BLUE, INK, QUIET, Figure, Key, Panel, canvas, svg
from thecal.report.findings import Findings
from thecal.report.words import p_value, pretty
from thecal.study.plan import ArmPlan

TITLES = {"sepsc": "Slices: excitatory input to the dorsal horn", "csf": "TGF-β1 in CSF",
          "place_preference": "Place preference (ongoing pain)", "tissue": "Inflammation in tissue",
          "cell_count": "Cells counted at the ganglia"}
PANELS = {"sepsc_frequency": "sEPSC frequency", "sepsc_amplitude": "sEPSC amplitude", "csf_tgfb1": "TGF-β1 in CSF",
          "place_preference": "time gained in the paired chamber", "cell_count": "labelled cells",
          "tissue_tnf": "TNF", "tissue_il1": "IL-1β", "tissue_il6": "IL-6", "tissue_ccl2": "CCL2",
          "tissue_macrophages": "DRG macrophages", "tissue_microglia": "spinal microglia",
          "tissue_astrocytes": "astrocytes", "tissue_stress": "ATF3+ neurons"}
UNITS = {"sepsc_frequency": "relative to sham", "sepsc_amplitude": "relative to sham", "csf_tgfb1": "pg/ml",
         "place_preference": "s (paired minus before)", "cell_count": "labelled cells"}


def endpoint_figures(findings: Findings) -> list[Figure]:
    """One figure per kind of measurement that the study has."""
    rows = findings.outcome.readings
    kinds: dict[str, list[str]] = {}
    for assay in dict.fromkeys(rows["assay"]):
        if assay in PANELS:
            kinds.setdefault(next(k for k in TITLES if assay.startswith(k)), []).append(assay)
    return [_figure(findings, kind, assays) for kind, assays in kinds.items()]


def _figure(findings: Findings, kind: str, assays: list[str]) -> Figure:
    rows: list[tuple] = []
    panels: list[Panel] = []
    for assay in assays:
        seen = findings.outcome.readings
        seen = seen[seen["assay"] == assay]
        for day, at in seen.groupby("day"):
            groups = _groups(findings, assay, at)
            drawn = _strip(f"end-{assay}-{day:g}", PANELS[assay], UNITS.get(assay, "model units"), groups)
            panels.append(Panel(f"{PANELS[assay]}, day {day:g}", drawn, _tests(findings, groups)))
            rows += [(assay, float(str(day)), name, v) for name, _, values in groups for v in values]
    caption = (f"Simulated, seed {findings.outcome.results.seed}. One dot per animal, bars are means ± SEM, n under "
               "each group. P: Welch's t test between the groups named, not adjusted." + _remark(kind))
    keys = (Key("marker", BLUE, "group"), Key("marker", INK, "group that is compared with"))
    return Figure(f"end-{kind}", TITLES[kind], caption, tuple(panels), ("measure", "day", "group", "value"),
                  tuple(rows), keys)


def _remark(kind: str) -> str:
    if kind == "sepsc":
        return " Each slice is one animal; the bath stands in the group's name."
    if kind == "tissue":
        return " Scale: 1 is what the model adds in an untreated full injury, on a quiet level of 0.2 (assumed)."
    return ""


Group = tuple[str, ArmPlan, np.ndarray]


def _groups(findings: Findings, assay: str, seen: pd.DataFrame) -> list[Group]:
    """Readings by arm, and within it by bath or by side, in the study's order."""
    found: list[Group] = []
    for arm in findings.plan.arms:
        mine = seen[seen["arm"] == arm.id]
        if mine.empty:
            continue
        key = "note" if assay.startswith("sepsc") else "paw"
        if assay == "cell_count":
            sides = mine.assign(paw=mine["paw"].str.extract(r"(injured|other)", expand=False))
            mine = sides.groupby(["animal", "paw"], as_index=False)["value"].sum()
        for name, part in mine.groupby(key, sort=False):
            words = {"injured": "injured side", "other": "other side"}.get(str(name), str(name))
            words = pretty(words.replace("slices, ", ""))
            label = pretty(arm.label).split(", spinal slices")[0]
            whole = f"{label}, {words}" if words and words != "nan" else label
            found.append((whole, arm, part["value"].to_numpy(float)))
    shared = set.intersection(*(set(label.split(", ")) for label, _, _ in found)) if len(found) > 1 else set()
    return [(", ".join(p for p in label.split(", ") if p not in shared) or label, arm, values)
            for label, arm, values in found]


def _strip(name: str, title: str, unit: str, groups: list[Group]) -> str:
    height = 0.62 + 0.3 * len(groups)
    labels = [f"{_cut(label)} ({values.size})" for label, _, values in groups]
    figure, axes = canvas(4.1, height, left=min(2.3, 0.2 + 0.058 * max(map(len, labels))), right=0.15, top=0.05,
                          bottom=0.46)
    references = {arm.reference for _, arm, _ in groups}
    for k, (_, arm, values) in enumerate(groups):
        colour = INK if arm.id in references else BLUE
        spread = (np.arange(values.size) % 3 - 1) * 0.13
        axes.plot(values, k + spread, marker="o", ms=3, ls="", color=colour, alpha=0.45, mew=0)
        if values.size > 1:
            axes.errorbar(values.mean(), k, xerr=values.std(ddof=1) / np.sqrt(values.size), color=colour, marker="|",
                          ms=9, capsize=2.5, lw=1.2, mew=1.4)
    axes.set_yticks(range(len(groups)), labels, fontsize=7.4)
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, color=QUIET, lw=0.5)
    axes.set_xlabel(unit)
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, 0), high)
    return svg(figure, name, f"{title} by group")


def _cut(label: str, longest: int = 38) -> str:
    return label if len(label) <= longest else label[:longest - 1].rstrip(" ,") + "…"


def _tests(findings: Findings, groups: list[Group]) -> str:
    """Each group against its reference, or the groups of one arm against its first."""
    words = []
    for k, (label, arm, values) in enumerate(groups):
        same = [g for g in groups[:k] if g[1].id == arm.id][:1]
        other = [g for g in groups if g[1].id == arm.reference][:1]
        for name, _, control in (same or other):
            if min(values.size, control.size) > 1 and max(values.std(), control.std()) > 0:
                words.append(f"{label} vs {name}: P {_equals(p_value(float(ttest(values, control).p)))}")
    return "; ".join(words)


def _equals(text: str) -> str:
    return text if text.startswith("<") else f"= {text}"
