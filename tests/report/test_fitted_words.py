"""A result that was fitted is told as fitted, in words that come from the register of claims."""

from __future__ import annotations

from dataclasses import replace

import pytest

from thecal.analysis.claims import fitted, register
from thecal.analysis.outcome import StudyOutcome, summary
from thecal.apps.commands.run import lines_of
from thecal.report.answers import answers, plain_words
from thecal.report.findings import Findings
from thecal.study import load, resolve

CLAIM = next(c for c in register.load_claims() if c.id == "cells-weeks")


def clause(low: str, high: str) -> str:
    return f"believable only if relief by BMSC in mice ends {low} to {high} days after they are given"


def test_the_paragraph_and_the_arms_say_what_was_fitted(outcome: StudyOutcome) -> None:
    low, high = (f"{end:g}" for end in CLAIM.window["end_d"])
    findings = Findings(outcome)
    assert f"fitted, not predicted: numbers count as {clause(low, high)}" in plain_words(findings)
    cells, protein = answers(findings)
    assert "Fitted, not predicted: BMSC 2.5e5 on day 4" in cells.sure and f"days {low} and {high}" in cells.sure
    assert "itted" not in protein.sure and "fit" not in plain_words(findings).split("TGF-β1")[1]
    assert any(line.startswith("Fitted, not predicted (cells): BMSC") for line in lines_of(outcome))
    relief = {arm["id"]: arm["relief"] for arm in summary(outcome)["arms"]}
    assert relief["cells"]["fitted_to"] == ["cells-weeks"] and relief["protein"]["fitted_to"] == []


def test_the_words_follow_the_register(outcome: StudyOutcome, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another window in the register, other words; a claim that was not fitted, no words."""
    other = replace(CLAIM, window={**CLAIM.window, "end_d": (10.0, 20.0)})
    monkeypatch.setattr(fitted, "load_claims", lambda: (other,))
    assert clause("10", "20") in plain_words(Findings(outcome))
    monkeypatch.setattr(fitted, "load_claims", lambda: (replace(CLAIM, role="predicted"),))
    assert "fit" not in plain_words(Findings(outcome))


def test_which_arms_are_the_fit_and_which_lean_on_it() -> None:
    """The same cells, dose and day in the same injury are the fit itself; another dose, day or injury leans on it."""
    plan = resolve(load("chen2015"))
    found = {arm.id: fitted.fits_of(plan, arm) for arm in plan.arms}
    ids = {arm: [fit.claim.id for fit in fits if fit.same] for arm, fits in found.items()}
    assert ids["bmsc_early"] == ["cells-weeks"] and ids["sni_vehicle"] == ["sni-course"]
    for arm in ("bmsc_early_low", "bmsc_late", "sni_bmsc_early", "bmsc_removed_late"):
        assert ids[arm] == [] and [fit.claim.id for fit in found[arm]] == ["cells-weeks"], arm
    assert found["vehicle_early"] == () and not any(fits for arm, fits in found.items() if arm.startswith("tgfb1"))
