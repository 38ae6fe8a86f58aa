"""Plain sentences: durations, honest words for none, undefined and open ends."""

from __future__ import annotations

import math

import pytest

from thecal.analysis.outcome import StudyOutcome
from thecal.analysis.relief import relief_latent, relief_observed
from thecal.report.words import duration, latent_words, number, observed_words, p_value, relief_in_words

DAYS = [0.0, 1.0, 2.0, 3.0, 4.0]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(("hours", "words"), [
    (0.0, "0 h"), (0.05, "3 min"), (0.5, "30 min"), (0.999, "1 h"), (3.456, "3.46 h"), (37.66, "37.7 h"), (48.0, "2 d"),
    (906.0, "37.8 d"), (2400.0, "100 d"), (math.inf, "∞"), (None, "–"), (math.nan, "–")])
def test_durations(hours: float | None, words: str) -> None:
    assert plain(duration(hours)) == words


@pytest.mark.parametrize(("x", "words"), [
    (0.0, "0"), (12345.0, "12 300"), (0.00001234, "1.23 × 10⁻⁵"), (-0.5, "−0.5"), (1.3e6, "1.3 × 10⁶"),
    (3.0, "3")])
def test_numbers(x: float, words: str) -> None:
    assert plain(number(x)) == words


def test_p_values() -> None:
    shown = [p_value(p) for p in (0.5, 0.0312, 0.00034, 1e-9, math.nan)]
    assert shown == ["0.50", "0.031", "0.0003", "< 0.0001", "–"]


def test_relief_none_undefined_and_open() -> None:
    vehicle = [-1.0] * 5
    none = relief_latent(DAYS, [-0.9] * 5, vehicle, 0.0, 0.0)
    assert plain(latent_words(none)) == "no relief (reversal ≥ 30 %); best reversal 10 %"
    undefined = relief_latent(DAYS, [-0.05] * 5, [-0.1] * 5, 0.0, 0.0)
    assert "relief is not defined" in latent_words(undefined) and "0.05 log10" in latent_words(undefined)
    held = relief_latent(DAYS, [-0.5] * 5, vehicle, 0.0, 0.0)
    assert plain(latent_words(held)) == ("relief (reversal ≥ 30 %) from the dose to the end of the record at 4 d "
                                         "after the dose, best 50 %")
    twice = relief_latent(DAYS, [-0.5, -1, -0.5, -1, -1], vehicle, 0.0, 0.0)
    assert ", and again from " in latent_words(twice)
    recovered = relief_latent(DAYS, [-0.5, -0.5, -0.05, -0.05, -0.05], [-1, -1, -0.1, -0.1, -0.1], 0.0, 0.0)
    assert "when the vehicle group had recovered" in latent_words(recovered)


def test_observed_words() -> None:
    vehicle = [-1.0] * 4
    once = relief_observed([1, 2, 3, 4], [-0.5, -1, -1, -1], vehicle, 0.0, 0.0)
    assert plain(observed_words(once)) == "seen at the visit at 24 h (the first visit) only, gone by 2 d"
    gaps = relief_observed([1, 2, 3, 4], [-0.5, -1, -0.5, -0.5], vehicle, 0.0, 0.0)
    assert plain(observed_words(gaps)) == "seen at 3 of 4 visits, from 24 h (the first visit) to 4 d with gaps"
    late = relief_observed([1, 2, 3], [-1, -0.5, -0.5], [-1, math.nan, -1], 0.0, 0.0)
    assert plain(observed_words(late)) == ("at the visits first seen at 2 d (not at 24 h), last at 3 d "
                                           "(comparison group read between its own visits at 1 of 3)")
    assert "not seen at any visit" in observed_words(relief_observed([1, 2], [-1, -1], vehicle[:2], 0.0, 0.0))


def test_each_arm_has_its_line(outcome: StudyOutcome) -> None:
    lines = {arm.id: plain(relief_in_words(outcome, arm)) for arm in outcome.plan.arms}
    assert lines["vehicle"] == "vehicle: the group that others are compared with"
    assert lines["sham"] == "sham: not injured, so there is no pain to relieve"
    assert lines["cells"].startswith("cells: ") and "(reversal ≥ 30 %)" in lines["cells"]
    assert "after the first dose" in lines["antibody"] or "no relief" in lines["antibody"]
