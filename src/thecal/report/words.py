"""Results in plain sentences. Every duration carries its level; latent and observed stand apart."""

from __future__ import annotations

import math

from thecal.analysis.outcome import StudyOutcome
from thecal.analysis.relief import ObservedRelief, Relief, Span
from thecal.study.plan import ArmPlan

NO_BREAK = "\u00a0"


def relief_in_words(outcome: StudyOutcome, arm: ArmPlan) -> str:
    """One line on the relief of one arm.

    Returns: e.g. ``bmsc_early: relief (reversal ≥ 30 %) from 18.9 h to 38.7 d after the dose, best 49 %; at the
        visits first seen at 24 h (not at 3 h), last at 52 d, gone by 66 d``. Says so where nothing was relieved, where
        relief is not defined, and where the record ends before relief does.
    """
    return f"{arm.id}: {relief_sentence(outcome, arm)}"


def relief_sentence(outcome: StudyOutcome, arm: ArmPlan) -> str:
    """The same without the arm's name."""
    if not arm.injury.injured:
        return "not injured, so there is no pain to relieve"
    if arm.reference is None or arm.reference == arm.id:
        compared = any(other.reference == arm.id for other in outcome.plan.arms)
        return "the group that others are compared with" if compared else "not compared with another group"
    latent = outcome.latent_relief(arm)
    if latent is None:
        return "nothing was given"
    dose = dose_word(arm)
    text = latent_words(latent, dose)
    observed = outcome.observed_relief(arm)
    if observed is None:
        return f"{text}; no scheduled visits tested this"
    return f"{text}; {observed_words(observed)}"


def latent_words(relief: Relief, dose: str = "the dose") -> str:
    """Noise-free relief of the group mean."""
    condition = f"(reversal ≥ {percent(relief.level)})"
    if not relief.defined:
        return (f"relief is not defined: {relief.reason}; "
                f"largest difference {relief.best_difference_log10:.2f} log10")
    if not relief.spans:
        return f"no relief {condition}; best reversal {percent(relief.best)}"
    spans = ", and again ".join(_span_words(span) for span in relief.spans)
    return f"relief {condition} {spans} after {dose}, best {percent(relief.best)}"


def _span_words(span: Span) -> str:
    start = {"dose": "from the dose", "undefined": f"from {duration(span.start_h)} (when it became defined)"}.get(
        span.opened, f"from {duration(span.start_h)}")
    end = {"end": f"to the end of the record at {duration(span.end_h)}",
           "undefined": f"to {duration(span.end_h)} (when the vehicle group had recovered)"}.get(
        span.closed, f"to {duration(span.end_h)}")
    return f"{start} {end}"


def observed_words(relief: ObservedRelief) -> str:
    """Relief as the scheduled visits show it."""
    if not relief.defined:
        return "at the visits it is not defined"
    if not relief.spans:
        return f"not seen at any visit (best {percent(relief.best)})"
    (without, first), last, gone = relief.spans[0].start_h, relief.spans[-1].end_h[0], relief.spans[-1].end_h[1]
    end = "" if math.isinf(gone) else f", gone by {duration(gone)}"
    looks = [h for h, r in zip(relief.visits_h, relief.reversal, strict=True) if math.isfinite(r)]
    start = f"{duration(first)} ({'the first visit' if first == looks[0] else f'not at {duration(without)}'})"
    between = sum(h in relief.interpolated_h for h in looks)
    end += f" (comparison group read between its own visits at {between} of {len(looks)})" if between else ""
    if len(relief.spans) > 1:
        held = sum(r >= relief.level for r in relief.reversal)
        return f"seen at {held} of {len(looks)} visits, from {start} to {duration(last)} with gaps{end}"
    if first == last:
        return f"seen at the visit at {start} only{end}"
    return f"at the visits first seen at {start}, last at {duration(last)}{end}"


def dose_word(arm: ArmPlan) -> str:
    """What hours are counted from."""
    days = {a.day_d for a in arm.administrations if a.kind != "vehicle"}
    pumped = any(a.duration_d > 0 for a in arm.administrations)
    return "the first dose" if len(days) > 1 else "the start of the infusion" if pumped else "the dose"


def when(day: float, dose_day: float) -> str:
    """A visit: hours after the dose within two days of it, else the day of the study."""
    hours = (day - dose_day) * 24
    return f"{duration(hours)} after the dose" if 0 < hours < 47.9 else f"day {day:g}".replace("-", "−")


def duration(hours: float | None) -> str:
    """Hours as a reader would say them: minutes below 1 h, hours below 2 d, then days."""
    if hours is None or math.isnan(hours):
        return "–"
    if math.isinf(hours):
        return "∞"
    if hours == 0:
        return f"0{NO_BREAK}h"
    if hours < 0.995:
        return f"{_three(hours * 60)}{NO_BREAK}min"
    return f"{_three(hours)}{NO_BREAK}h" if hours < 48 else f"{_three(hours / 24)}{NO_BREAK}d"


def _three(x: float) -> str:
    """Three significant digits, no exponent, no idle zeros."""
    digits = 0 if x >= 99.95 else 1 if x >= 9.995 else 2
    text = f"{x:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float | None) -> str:
    """A share as whole per cent."""
    return "–" if share is None or math.isnan(share) else f"{100 * share:.0f}{NO_BREAK}%"


def number(x: float, digits: int = 3) -> str:
    """A number for a table: ``digits`` significant, thousands apart, no exponent between 1e-3 and 1e6."""
    if x is None or math.isnan(x):
        return "–"
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    if x == 0:
        return "0"
    if not 1e-3 <= abs(x) < 1e6:
        mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa} × 10{superscript(int(exponent))}".replace("-", "−")
    x = float(f"{x:.{digits}g}")
    places = max(0, digits - 1 - math.floor(math.log10(abs(x))))
    text = f"{x:.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else f"{x:,.0f}".replace(",", "\u202f")
    return text.replace("-", "−")


def signed(x: float) -> str:
    """A number with its sign and two decimals."""
    return "–" if not math.isfinite(x) else "0" if abs(x) < 0.005 else f"{x:+.2f}".replace("-", "−")


def superscript(n: int) -> str:
    """A whole number as superscript digits."""
    return str(n).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def p_value(p: float) -> str:
    """A p value as papers print it."""
    if not math.isfinite(p):
        return "–"
    return "< 0.0001" if p < 1e-4 else f"{p:.4f}" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


_PRETTY = (("TGF-b1", "TGF-β1"), ("IL-1b", "IL-1β"), (" ug", " µg"), (" ul", " µl"), (" uM", " µM"), ("<=", "≤"),
           (">=", "≥"))


def pretty(text: str) -> str:
    """Names and units as papers print them."""
    for plain, printed in _PRETTY:
        text = text.replace(plain, printed)
    return text

