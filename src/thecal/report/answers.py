"""The answer of a study: one paragraph for anybody, then one line for each plain arm."""

from __future__ import annotations

import math
from dataclasses import dataclass

from thecal.analysis.claims.fitted import Fit, fits_of
from thecal.engine.fitted import centre
from thecal.report.arms import chosen, main_arms
from thecal.report.findings import ArmFinding, Findings, interval
from thecal.report.tables import between
from thecal.report.words import dose_word, duration, latent_words, observed_words, percent, pretty
from thecal.study.plan import ArmPlan, StudyPlan

MAIN_ARMS = 8


@dataclass(frozen=True)
class Answer:
    """One arm: what the noise-free mean does, what the visits show, how sure it is."""

    label: str
    n: int
    words: str
    sure: str


def answers(findings: Findings) -> list[Answer]:
    """The plain arms in words, at most :data:`MAIN_ARMS`."""
    arms = main_arms(findings.plan, tested=True) or main_arms(findings.plan)
    told: set[str] = set()
    return [_answer(findings, findings.arms[arm.id], told) for arm in arms if arm.id in findings.arms][:MAIN_ARMS]


def _answer(findings: Findings, found: ArmFinding, told: set[str]) -> Answer:
    if found.latent is None:
        raise ValueError(f"{found.arm.id} has no latent relief")
    words = latent_words(found.latent, dose_word(found.arm))
    if found.observed is not None:
        words += f"; {observed_words(found.observed)}"
    share = findings.plan.analysis.interval
    kinds = ((found.over_animals, "with other animals"), (found.over_draws, "for a typical animal under other numbers"))
    sure = [f"{between(hours, share)} {what}" for hours, what in kinds if len(hours)]
    held = f"Duration {duration(found.latent.duration_h)}. " if found.latent.spans else ""
    spread = f"{held}{percent(share)} interval of the duration: {', '.join(sure)}." if sure else ""
    return Answer(pretty(found.arm.label), found.arm.n, words,
                  " ".join([spread, *_fits(findings.plan, found.arm, told)]).strip())


def _fits(plan: StudyPlan, arm: ArmPlan, told: set[str]) -> list[str]:
    """What of an arm's result was put right by fitting; a fit that an earlier arm ``told`` is named in short."""
    said = []
    for fit in fits_of(plan, arm) if centre() else ():
        if fit.same:
            said.append(f"Fitted, not predicted: {pretty(fit.claim.statement)}.")
        elif fit.claim.id in told:
            said.append(f"The duration leans on the fit of {pretty(fit.given)} named above.")
        else:
            said.append(f"The duration leans on a fit: {_believable(fit)}.")
        told.add(fit.claim.id)
    return said


def _believable(fit: Fit) -> str:
    """What numbers had to give to count as believable."""
    low, high = fit.end_h or (0.0, math.inf)
    ends = f"{_span(low, high)} after they are given" if math.isfinite(high) else f"no sooner than {_rough(low)} after"
    return f"numbers count as believable only if relief by {pretty(fit.given)} in {_plural(fit.species)} ends {ends}"


def _span(low: float, high: float) -> str:
    """Two durations with the unit once: 25 to 45 days."""
    first, last = _rough(low), _rough(high)
    same = first.split()[-1] == last.split()[-1]
    return f"{first.split()[0] if same else first} to {last}"


def plain_words(findings: Findings) -> str:
    """What came out, for a reader who knows no jargon."""
    if not tested_for_pain(findings.plan):
        return (f"This study scales an animal model to {_plural(findings.plan.species.name)}. There is no nerve injury "
                "model and no paw test of them: where this page speaks of relief, it speaks of the model, not of a "
                "patient. What it can show is where cells and proteins would go, and how much would reach which place.")
    said = []
    for key in ("cells", "protein"):
        arm = chosen(findings.plan, key)
        found = findings.arms.get(arm.id) if arm is not None else None
        if found is not None and found.latent is not None and found.latent.defined:
            said.append(_plain(findings.plan, found))
    if not said:
        return f"A simulated study of {len(findings.plan.arms)} groups; nothing was given that could relieve pain."
    return (f"In these simulated {_plural(findings.plan.species.name)}, {', and '.join(said)}. Whether real animals or "
            "people would answer alike is not known.")


def tested_for_pain(plan: StudyPlan) -> bool:
    """Whether the species has a test of thresholds, so that relief can be compared with anything measured."""
    return any(arm.strain.baseline_log10_g is not None for arm in plan.arms)


def _plain(plan: StudyPlan, found: ArmFinding) -> str:
    latent = found.latent
    given = next(a for a in found.arm.administrations if a.kind != "vehicle")
    what = f"{pretty(given.dose_text)} of {pretty(given.product)}" if given.kind != "cells" else \
        f"{pretty(given.dose_text.replace(' cells', ''))} {pretty(given.product)} cells"
    if latent is None or not latent.spans:
        return f"{what} did not relieve pain by {percent(found.latent.level) if found.latent else ''} at any time"
    more = "at least " if latent.open_end else "about "
    doubt = [text for text in (_doubt(found, plan.analysis.interval), fit_behind(plan, found.arm)) if text]
    held = f"{what} relieved pain by {percent(latent.level)} or more for {more}{_rough(latent.duration_h)}"
    return held + (f" ({'; '.join(doubt)})" if doubt else "")


def _doubt(found: ArmFinding, share: float) -> str:
    """What other believable numbers in the model would give."""
    ends = interval(found.over_draws, share)
    if ends is None:
        return ""
    none = round(100 * float((found.over_draws == 0).mean()))
    given = f"no such relief in {none} of 100 tries" if none else _span(*ends)
    return f"a typical animal under other believable numbers: {given}"


def fit_behind(plan: StudyPlan, arm: ArmPlan) -> str:
    """The fit behind an arm's duration, in plain words; nothing where none stands behind it."""
    fit = next((fit for fit in fits_of(plan, arm) if fit.end_h is not None), None) if centre() else None
    if fit is None:
        return ""
    return f"{'fitted, not predicted' if fit.same else 'it leans on a fit'}: {_believable(fit)}"


def _rough(hours: float) -> str:
    """A duration as one says it: about 4 hours, about 38 days."""
    number, unit = (hours * 60, "minute") if hours < 1 else (hours, "hour") if hours < 48 else (hours / 24, "day")
    text = f"{number:.0f}" if number >= 9.5 else f"{number:.1f}".removesuffix(".0")
    return f"{text} {unit}" + ("" if text == "1" else "s")


def _plural(species: str) -> str:
    return {"mouse": "mice", "rat": "rats", "cynomolgus": "macaques", "human": "people"}.get(species, species)
