"""The register of claims keeps its own rules, and scoring says what it did."""

from __future__ import annotations

import numpy as np
import pytest

from thecal.analysis.claims.register import find_arm, load_claims, window_log
from thecal.analysis.claims.score import cause_of, score, verdict_of
from thecal.analysis.claims.tests import TESTS
from thecal.engine.solvers import integrator


def test_every_row_is_whole() -> None:
    claims = load_claims()
    assert len(claims) >= 22 and {c.number for c in claims} >= set(range(1, 23))
    assert sum(c.role == "fitted" for c in claims) <= 5
    for claim in claims:
        assert claim.test in TESTS and claim.source and claim.window
        for arm in claim.arms:
            find_arm(arm)


def test_changes_of_windows_are_logged_with_a_reason() -> None:
    for change in window_log():
        assert change["claim"] in {c.id for c in load_claims()} and change["reason"] and change["changed"]


@pytest.mark.parametrize(("share", "verdict"), [(1, "holds"), (0.8, "holds"), (0.79, "undecided"), (0.2, "fails")])
def test_verdicts(share: float, verdict: str) -> None:
    assert verdict_of(share) == verdict


def test_a_claim_that_is_not_reproduced_has_a_cause() -> None:
    assert cause_of(0.9, 0.9) == "" and "noise" in cause_of(0.3, 0.95) and "does not" in cause_of(0.1, 0.1)


def test_scoring_repeats_and_counts() -> None:
    first, again = (score(integrator("compiled"), 4, only=["protein-hours", "sham-slices", "csf-tgfb1"])
                    for _ in range(2))
    assert first == again
    assert first["total"] == 3 == first["held"] + first["failed"] + first["undecided"]
    for row in first["claims"]:
        assert 0 <= row["share"] <= 1 and 0 <= row["prior_share"] <= 1 and row["low"] <= row["value"] <= row["high"]


def test_fitted_draws_are_the_prior_restricted() -> None:
    """The fit selects among prior draws; it invents no values outside the register's reach."""
    from thecal.engine.fitted import fitted_draws

    scores = np.array([list(draw.values()) for draw in fitted_draws()[1:]])
    assert len(scores) >= 200 and np.abs(scores).max() < 6
    assert np.abs(scores.std(axis=0) - 1).mean() < 0.2
