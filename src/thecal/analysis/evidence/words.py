"""The synthesis in words, for a terminal or a report: one line per finding, each with its uncertainty."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from thecal.analysis.evidence.schema import words

Lines = Iterable[tuple[str, str]]


def tell(found: dict[str, Any]) -> list[tuple[str, str]]:
    """(heading, sentence) pairs of a synthesis; an empty sentence marks a section."""
    lines: list[tuple[str, str]] = []
    if found["summary"]["animal"]["rows"]:
        lines += [("Animals", ""), *_animals(found["animals"])]
    if found["summary"]["human"]["rows"]:
        lines += [("People", ""), *_people(found["people"])]
    return lines or [("Nothing", "no row fits these words")]


def _animals(part: dict[str, Any]) -> Lines:
    yield "Size of effect", _size(part["effect_sizes"])
    for line in part["published_pooled"]:
        if line["smd"] is not None:
            yield "  printed by others", (f"{line['study']}, "
                                          f"{line['outcome']}{' ' + line['detail'] if line['detail'] else ''}: SMD "
                                          f"{line['smd']:g} ({line['ci'][0]:g} to {line['ci'][1]:g})")
    for outcome, votes in part["directions"].items():
        if votes["studies"] > (outcome != "all"):
            yield ("Direction" if outcome == "all" else f"  {outcome}"), _direction(votes)
    if part["directions"]["all"]["studies"]:
        yield "  note", part["directions"]["all"]["caveat"]
        yield "Onset", _time(part["onset"])
        yield "Duration", _time(part["duration"])
        yield "Dose", part["dose"]["why"]
    for bound in part["bounds_from_p"]:
        signed = bound["direction"] != "unknown"
        at = f"at least {bound['low']:.1f}" if signed else f"below {bound['high']:.1f} either way"
        yield "  from P alone", f"{bound['study']}, {bound['label']}: |g| {at} (never pooled)"
    yield "Risk of bias", _counts(part["risk_of_bias"])
    yield "Certainty", _certainty(part["certainty_for_animals"]) + " for animals"
    yield "", _certainty(part["certainty_for_people"]) + " for people"


def _people(part: dict[str, Any]) -> Lines:
    for line in part["relief"]:
        if line["events"] is not None:
            control = "with a control group" if line["controlled"] else "no control group"
            yield "Relief", (f"{line['study']}: {line['events']} of {line['denominator']} had less pain "
                             f"({line['ci_pct'][0]:.0f} to {line['ci_pct'][1]:.0f} %), "
                             f"{words('route')[line['route']]}, {control}")
    if part["relief"]:
        yield "  certainty", _certainty(part["certainty_of_relief"])
    for harm in part["adverse_events"]:
        yield _first_capital(words("ae_term")[harm["term"]]), _harm(harm)
    for line in part["risk_ratios"]:
        name = "risk ratio" if line["measure"] == "rr" else "odds ratio"
        what = " ".join(filter(None, (words("ae_term")[line["ae_term"]], line["assay"])))
        yield "Against a control", (f"{what}: {name} {line['estimate']:g} ({line['estimate_low']:g} to "
                                    f"{line['estimate_high']:g}), {line['study']}, {words('route')[line['route']]}")
    for line in part["cases_of_harm"]:
        yield "Case", f"{line['study']}: {line['note']} ({words('cells')[line['cells']]}; no rate can be computed)"


def _size(part: dict[str, Any]) -> str:
    pooled = part["pooled"]
    if not pooled:
        return f"none can be pooled: {part['why']}"
    if "i2_pct" not in pooled:
        return (f"g {pooled['estimate']:.2f} ({pooled['low']:.2f} to {pooled['high']:.2f}), {pooled['k']} outcomes "
                f"of {pooled['clusters']} studies, {pooled['method']}")
    return (f"g {pooled['estimate']:.2f} ({pooled['ci'][0]:.2f} to {pooled['ci'][1]:.2f}), {pooled['k']} studies; a "
            f"new study between {pooled['prediction_interval'][0]:.2f} and {pooled['prediction_interval'][1]:.2f}; "
            f"I2 {pooled['i2_pct']:.0f} %, tau {pooled['tau']:.2f}; {pooled['method']}")


def _direction(votes: dict[str, Any]) -> str:
    counts = (f"{votes['studies']} stud{'y' if votes['studies'] == 1 else 'ies'}: {votes['relief']} relief, "
              f"{votes['worse']} worse, {votes['mixed']} mixed, {votes['no_sign']} without a readable sign")
    if votes["share"] is None:
        return counts
    return (f"{counts}. Relief in {100 * votes['share']:.0f} % ({100 * votes['low']:.0f} to "
            f"{100 * votes['high']:.0f}), exact P {votes['p']:.2g}; with the unsigned counted against relief P "
            f"{votes['p_if_no_sign_is_against']:.2g}")


def _time(part: dict[str, Any]) -> str:
    fit = part["fit"]
    spans = ", ".join(f"{i['study']} {i['low_d']:g} to {i['high_d']:g}" if i["high_d"] is not None
                      else f"{i['study']} over {i['low_d']:g}" for i in part["intervals"])
    if not fit:
        return f"{part['why']}{': ' + spans + ' d' if spans else ''}"
    low, high = fit["ci_d"]
    ends = f"{_days(low)} to {_days(high)} d" if high is not None else f"from {_days(low)} d, no upper end can be given"
    longest = max(max(i["low_d"], i["high_d"] or 0.0) for i in part["intervals"])
    middle = f"{_days(fit['median_d'])} d" if fit["median_d"] <= longest else f"beyond the {longest:g} d of tests"
    return (f"median of studies {middle} ({ends}); {fit['k']} studies, {fit['right_censored']} ended while relief "
            f"lasted; {fit['law']} law{'; ' + fit['remark'] if fit['remark'] else ''}. Read: {spans} d")


def _days(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _first_capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _harm(part: dict[str, Any]) -> str:
    fit, clear = part["all"], part["without_unclear_denominators"]
    unit = part["unit"]
    text = (f"{fit['typical_pct']:.1f} per 100 {unit} ({fit['ci_pct'][0]:.1f} to {fit['ci_pct'][1]:.1f}); "
            f"{fit['events']} in {fit['total']}, {fit['k']} {'source' if fit['k'] == 1 else 'sources'}")
    if fit["prediction_interval_pct"]:
        text += f"; a new trial {fit['prediction_interval_pct'][0]:.1f} to {fit['prediction_interval_pct'][1]:.1f}"
    if clear is None:
        text += "; every denominator is inferred"
    elif clear != fit:
        text += f"; without the inferred denominators {clear['typical_pct']:.1f}"
    if part["left_out"]:
        text += f"; {len(part['left_out'])} not usable"
    return f"{text}. {_first_capital(part['comparator'])}"


def _certainty(part: dict[str, Any]) -> str:
    return f"{part['level']} ({'; '.join(part['reasons'])})" if part["reasons"] else part["level"]


def _counts(part: dict[str, int]) -> str:
    return ", ".join(f"{level} {n}" for level, n in part.items()) or "nothing to judge"
