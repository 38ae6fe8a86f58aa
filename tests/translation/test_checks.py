"""Transport checks against closed forms, and other studies none of which may get lost."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from thecal.analysis.evidence.handover import claims_from_evidence
from thecal.analysis.relief import relief_latent
from thecal.analysis.translation import checks
from thecal.analysis.translation.others import _relieved, known_ids, study_of, why_not
from thecal.engine.solvers import integrator


def test_decay_length_is_root_of_mixing_over_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bulk flow and with even mixing a steady source falls off as exp(-x / sqrt(K / k))."""
    body = checks.body_of("pig")
    still = body.register.with_values({
        "anatomy.csf_formation": replace(body.register["anatomy.csf_formation"], value=1e-3, low=1e-3, high=1e-3),
        "anatomy.dispersion_rise": replace(body.register["anatomy.dispersion_rise"], value=0, low=0, high=0)})
    monkeypatch.setattr(checks, "body_of", lambda _: checks.Body(body.structure, still, body.own))
    v = {k: p.value for k, p in still.items()}
    mixing = (v["anatomy.molecular_diffusion"] * (1 + v["anatomy.shear_enhancement"])
              + v["anatomy.root_mixing"] * v["anatomy.pulsation_rate"] * v["anatomy.pulsation_amplitude"]**2)
    expected_cm = math.sqrt(mixing / (24 * checks.raw()["pig"]["loss_per_h"]["value"])) / 10
    check = next(c for c in checks.raw()["checks"] if c["id"] == "gradient-pig")
    found = checks.measure(check, [{}], integrator("compiled"))
    assert found[0] == pytest.approx(expected_cm, rel=0.02)  # the far end is closed, a few lengths away


def test_bulk_flow_misses_human_igg_and_says_why() -> None:
    row = checks.clearance_rows(integrator("compiled"), 8, 1, ["igg-human"])[0]
    assert row["verdict"] == "fails"
    assert 2 < row["value"] < 8 < 13
    assert "250 to 400 ml" in row["cause"]
    assert {"id", "number", "statement", "tag", "role", "share", "prior_share", "window", "source"} <= set(row)
    assert (row["role"], row["tag"]) == ("predicted", "published")


def test_same_draws_same_numbers() -> None:
    check = next(c for c in checks.raw()["checks"] if c["id"] == "igg-rat")
    body = checks.body_of("rat")
    both = [checks.measure(check, checks.scores_for(body, n, 3, True), integrator("compiled")) for n in (4, 9)]
    assert np.array_equal(both[0], both[1][:4])


def test_no_study_is_lost() -> None:
    """Every claim of the evidence tables is either simulated or told why not."""
    claims = claims_from_evidence()
    assert set(known_ids()) >= {c["id"] for c in claims}
    assert sum(why_not(c) == "" for c in claims) >= 12
    against = [c for c in claims if c["tag"] == "conflicts"]
    assert against and all(why_not(c) == "" for c in against)


def test_what_was_not_read_is_told() -> None:
    schaefer = next(c for c in claims_from_evidence() if c["id"] == "schaefer2014_bmsc_mechanical")
    plan, assumed = study_of(schaefer)
    assert plan.species.name == "rat" and plan.arm("treated").injury.model == "PSNL"
    assert assumed == ["1.0e+06 cells"]


@pytest.mark.parametrize(("last", "held"), [(2.5, True), (1.0, False), (9.0, False)])
def test_relief_must_end_inside_what_was_read(last: float, held: bool) -> None:
    times = np.linspace(0, 30, 601)
    fall = np.where((times > 4.1) & (times < 4 + last), 0.2, 1.0)
    seen = relief_latent(times, -fall, -np.ones_like(times), 0.0, 4.0)
    expect = {"onset_high_d": 2.0, "duration_low_d": 2.0, "duration_high_d": 3.0}
    assert _relieved(expect, seen) is held
