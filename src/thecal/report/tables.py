"""Tables of the report as plain rows; the template only prints them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from thecal.analysis.relief import ObservedRelief, Relief
from thecal.assay import acetone, hargreaves, place_preference, sample, slice, von_frey
from thecal.assay.settings import provenance as provenance_of
from thecal.core.register import Parameter
from thecal.engine.fitted import centre
from thecal.engine.subjects import arm_register
from thecal.report.arms import Question, given_words
from thecal.report.citations import ROOMS, identifiers, parameters_of
from thecal.report.findings import ArmFinding, Findings, interval
from thecal.report.mathml import symbol_html
from thecal.report.words import NO_BREAK, duration, number, p_value, percent, pretty, when
from thecal.study.plan import ArmPlan, StudyPlan

SETTINGS = {"von_frey": von_frey.ResponseCurve, "hargreaves": hargreaves.HargreavesSettings,
            "acetone": acetone.AcetoneSettings, "place_preference": place_preference.PlacePreferenceSettings,
            "slice_bath": slice.SliceSettings, "csf_elisa": sample.SampleSettings,
            "tissue_inflammation": sample.SampleSettings, "cell_count": sample.SampleSettings}


@dataclass(frozen=True)
class ReliefRow:
    """One arm of the relief table. Texts, and the hours behind the duration for machines."""

    arm: str
    label: str
    given: str
    n: int
    level: str
    onset: str
    end: str
    duration: str
    best: str
    animals: str
    parameters: str
    observed: str
    hours: float


def relief_rows(findings: Findings, asked: tuple[Question, ...]) -> list[tuple[str, list[ReliefRow]]]:
    """Relief of every compared arm, by question."""
    found = []
    for question in asked:
        rows = [_relief_row(findings, findings.arms[arm.id]) for arm in question.arms if arm.id in findings.arms]
        if rows:
            found.append((question.title, rows))
    return found


def _relief_row(findings: Findings, found: ArmFinding) -> ReliefRow:
    arm, latent = found.arm, found.latent
    share = findings.plan.analysis.interval
    if latent is None:
        raise ValueError(f"{arm.id} has no latent relief")
    at = f"{NO_BREAK}at{NO_BREAK}≥{NO_BREAK}{percent(latent.level)}"
    beyond = f">{NO_BREAK}" if latent.open_end else ""
    held = beyond + duration(latent.duration_h) + at if latent.spans else "none" + at
    return ReliefRow(
        arm.id, pretty(arm.label), given_words(arm), arm.n, percent(latent.level),
        duration(latent.onset_h) if latent.spans else "–", _end(latent),
        held if latent.defined else "not defined", percent(latent.best) if latent.defined else "–",
        between(found.over_animals, share), between(found.over_draws, share), _observed(found.observed),
        latent.duration_h)


def _end(latent: Relief) -> str:
    if not latent.spans:
        return "–"
    text = "after the record" if latent.open_end else duration(latent.end_h)
    return text + (f" ({len(latent.spans)} spells)" if len(latent.spans) > 1 else "")


def between(hours: np.ndarray, share: float) -> str:
    """The central share of durations in words, and how many have no relief at all."""
    ends = interval(hours, share)
    if ends is None:
        return "–"
    low, high = ("none" if end == 0 else duration(end) for end in ends)
    without = round(100 * float(np.mean(hours == 0)))
    words = low if low == high else f"{low} to {high}"
    return words + (f" ({without}{NO_BREAK}%{NO_BREAK}without)" if 0 < without < 100 else "")


def _observed(observed: ObservedRelief | None) -> str:
    if observed is None:
        return "not tested"
    if not observed.spans:
        return "at no visit"
    start, end = observed.onset_h, observed.end_h
    if start is None or end is None:
        return "–"
    gone = "after the last visit" if math.isinf(end[1]) else f"{duration(end[0])} to {duration(end[1])}"
    looks = [r for r in observed.reversal if math.isfinite(r)]
    held = sum(r >= observed.level for r in looks)
    return f"begins {duration(start[0])} to {duration(start[1])}, ends {gone}; at {held} of {len(looks)} visits"


def statistics_rows(findings: Findings) -> list[dict]:
    """One block per family: its ANOVA lines, and a line per arm with Bonferroni and the mixed model."""
    blocks = []
    for family in findings.comparisons:
        effects = [{"name": name, "F": number(float(e.F)), "df": f"{e.df1:g}, {e.df2:g}", "p": p_value(float(e.p)),
                    "gg": p_value(float(e.p_gg)), "eta": f"{float(e.partial_eta2):.2f}"} for name, e in family.effects]
        arms = []
        for arm in family.arms:
            day, p = family.smallest_p.get(arm.id, (math.nan, math.nan))
            mixed = family.mixed.get(arm.id)
            between_95 = f"({number(mixed.low, 2)} to {number(mixed.high, 2)})" if mixed else ""
            arms.append({
                "label": pretty(arm.label), "visits": _listed(family.significant.get(arm.id, ()), arm),
                "smallest": f"{p_value(p)} ({when(day, float(arm.first_dose_d or 0))})" if math.isfinite(p) else "–",
                "mixed": f"{number(mixed.value, 2)} {between_95}" if mixed else "–",
                "fold": number(10**mixed.value, 2) if mixed else "–",
                "mixed_p": p_value(mixed.p) if mixed else "–"})
        blocks.append({"title": family.question.title, "reference": pretty(family.reference.label),
                       "n": [a.n for a in (family.reference, *family.arms)], "visits": len(family.days),
                       "after": len(family.after), "effects": effects, "arms": arms, "note": family.note,
                       "gg": f"{float(family.anova.gg):.2f}" if family.anova else "–"})
    return blocks


def _listed(days: tuple[float, ...], arm: ArmPlan) -> str:
    words = [when(day, float(arm.first_dose_d or 0)) for day in days]
    hours = [w.removesuffix(" after the dose") for w in words if "after" in w]
    whole = [w.removeprefix("day ") for w in words if "after" not in w]
    parts = [", ".join(hours) + " after the dose"] if hours else []
    parts += [("days " if len(whole) > 1 else "day ") + ", ".join(whole)] if whole else []
    return "; ".join(parts)


@dataclass(frozen=True)
class NumberRow:
    """One number with where it comes from."""

    id: str
    symbol: str
    meaning: str
    used: str
    value: str
    range: str
    unit: str
    kind: str
    verified: bool
    source: str
    spread: str = ""

    @property
    def assumed(self) -> bool:
        """True where nobody measured it."""
        return self.kind in ("assumed", "calibrated")

    @property
    def keys(self) -> list[str]:
        """References in the source."""
        return identifiers(self.source)


def parameter_rows(plan: StudyPlan) -> list[tuple[str, list[NumberRow]]]:
    """The model's numbers by room, with the value used beside the register's own."""
    scores = centre()
    rooms: dict[str, list[NumberRow]] = {}
    for entry in (e for e in parameters_of(plan).values() if e.room in ROOMS):
        rooms.setdefault(entry.room, []).append(number_row(entry, scores.get(entry.id, 0.0)))
    return list(rooms.items())


def number_row(entry: Parameter, score: float = 0.0) -> NumberRow:
    """A register entry as a row; ``score`` is where in its range it stands."""
    spread = "" if entry.scale == "fixed" or entry.low == entry.high else f"{number(entry.low)} to {number(entry.high)}"
    source = f"{entry.source}; {entry.note}" if entry.note else entry.source
    return NumberRow(entry.id, symbol_html(entry.symbol), pretty(entry.context), number(entry.quantile(score)),
                     number(entry.value), spread, unit_text(entry.unit), entry.kind, entry.verified, source,
                     f"{entry.between_animals:g}" if entry.between_animals else "")


def assay_rows(plan: StudyPlan) -> list[NumberRow]:
    """Numbers of the assays that the study uses."""
    used = dict.fromkeys(SETTINGS[visit.assay] for visit in plan.visits if visit.assay in SETTINGS)
    rows = []
    for settings in used:
        for r in provenance_of(settings()):
            spread = "" if r.low is None or r.high is None else f"{r.low:g} to {r.high:g}"
            value = f"{r.value:g}" if isinstance(r.value, (int, float)) else str(r.value)
            name = r.id.removeprefix("assay.")
            rows.append(NumberRow(name, "", name.replace("_", " "), value, value, spread, r.unit, r.kind, False,
                                  r.source))
    return rows


def override_rows(plan: StudyPlan) -> list[tuple[str, str, str, str]]:
    """Numbers in which arms differ from the first treated one: (id, value, kind, arms)."""
    base = parameters_of(plan)
    found: dict[tuple[str, str, str], list[str]] = {}
    for arm in plan.arms:
        for key, entry in arm_register(arm).items():
            if entry.value != base[key].value:
                found.setdefault((key, f"{number(entry.value)} {unit_text(entry.unit)}".strip(), entry.kind),
                                 []).append(arm.id)
    return [(*key, ", ".join(arms)) for key, arms in sorted(found.items())]


def unit_text(unit: str) -> str:
    """A unit as people write it; ``1`` is no unit."""
    text = unit.replace("**", "^").replace("*", "·").replace("^2", "²").replace("^3", "³")
    return "" if unit == "1" else text.replace("ul", "µl").replace("um", "µm")


def provenance_rows(provenance: dict) -> list[tuple[str, str]]:
    """Digests, versions, seed and times."""
    names = {"study_sha256": "study file, SHA-256", "model_sha256": "equations, digest", "digest": "results, SHA-256",
             "seed": "seed", "solver": "solver", "states": "states", "parameters": "parameters",
             "draws": "parameter draws", "draws_from": "draws taken from", "python": "Python", "machine": "machine",
             "created": "begun", "finished": "finished", "wall_s": "computing time (s)"}
    rows = [(words, str(provenance[key])) for key, words in names.items() if provenance.get(key) not in (None, "")]
    versions = ", ".join(f"{k} {v}" for k, v in sorted(provenance.get("versions", {}).items()))
    return [*rows, ("versions", versions)]


def status_words(statuses: Iterable[tuple[str, int]]) -> str:
    """How many animals could be computed."""
    counts = dict(statuses)
    fine, lost = counts.get("ok", 0), {k: v for k, v in counts.items() if k != "ok"}
    if not lost:
        return f"All {fine} animals were computed."
    reasons = ", ".join(f"{count} ({reason})" for reason, count in sorted(lost.items()))
    return f"{fine} animals were computed; not computed: {reasons}."
