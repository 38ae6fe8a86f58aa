"""Claims of other studies, disagreeing ones included: simulated where the model has animal, injury and cells.

A row holds where the noise-free group mean does what the study reported: relief (reversal of at least 30 %) inside the
times that were read, no such reversal, or a threshold below the reference. What cannot be simulated is listed with the
reason, so that no study disappears.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from importlib import resources
from typing import Any

import numpy as np

from thecal.analysis.claims.reading import Shown
from thecal.analysis.claims.register import Claim
from thecal.analysis.evidence.handover import claims_from_evidence
from thecal.analysis.relief import Relief, relief_latent
from thecal.analysis.translation import checks
from thecal.analysis.translation.checks import body_of, clearance_rows, scores_for
from thecal.analysis.translation.simulate import curves, grid
from thecal.core.errors import ThecalError
from thecal.engine.integrate import Integrator
from thecal.engine.layout import layout_of
from thecal.engine.subjects import arm_register, values_of
from thecal.study.model.study import Study
from thecal.study.plan import ArmPlan, StudyPlan
from thecal.study.resolve import resolve

Found = dict[str, Any]


@functools.cache
def raw() -> dict[str, Any]:
    """How evidence becomes arms."""
    from ruamel.yaml import YAML

    text = (resources.files("thecal") / "data" / "translation" / "other_studies.yaml").read_text("utf-8")
    return dict(YAML(typ="safe").load(text))


def why_not(claim: Found) -> str:
    """Why a claim cannot be simulated; empty where it can."""
    setting, expect, known = claim["setting"], claim["expect"], raw()
    if expect["effect"] == "untreated_course":
        return "a course without treatment; the register of claims scores such courses"
    if setting["species"] not in known["assumed"]["dose_cells"]:
        return "no single species with data for the model"
    if setting["model"] not in known["models"]:
        return f"no model of this injury ({setting['model']})"
    if setting["cells"] not in known["cells"]:
        return f"these cells are not modelled ({setting['cells']})"
    return "" if setting["outcome"] in known["outcomes"] else "no such outcome in the model"


def study_of(claim: Found) -> tuple[StudyPlan, list[str]]:
    """A claim as a study of two arms, and what had to be assumed for it."""
    setting, known = claim["setting"], raw()
    give = dict(known["cells"][setting["cells"]])
    assumed = [give.pop("note")] if "note" in give else []
    day = setting["day_given"]
    if day is None:
        day = known["assumed"]["day"]
        assumed.append(f"day {day}")
    if "dose" not in give:
        dose = setting["dose_cells"]
        if dose is None:
            dose = known["assumed"]["dose_cells"][setting["species"]]
            assumed.append(f"{dose:.1e} cells")
        give["dose"] = f"{dose:g} cells"
    else:
        assumed.append(give["dose"])
    days = [day + k for k in range(int(setting["doses"] or 1))]
    volume = {"volume": f"{setting['volume_ul']:g} ul"} if setting["volume_ul"] else {}
    end = day + max(known["assumed"]["shortest_follow_up_d"], 1.5 * (claim["expect"]["duration_low_d"] or 0)) + 10
    text = {"thecal": 1, "name": "other-study", "species": setting["species"], "n": 1, "end": f"{end:g} d",
            "injury": {"model": known["models"][setting["model"]], "day": "0 d"},
            "arms": [{"id": "vehicle", "give": [{"what": "vehicle", "days": days, **volume}]},
                     {"id": "treated", "reference": "vehicle", "give": [{**give, "days": days, **volume}]}]}
    return resolve(Study.model_validate(text)), assumed


def _shown(plan: StudyPlan, claim: Found, scores: Sequence[Any], solver: Integrator) -> Shown:
    """The noise-free finding for each draw."""
    name = raw()["outcomes"][claim["setting"]["outcome"]]
    structure = layout_of(plan.species)
    arms = [plan.arm(a) for a in ("treated", "vehicle")]
    first = min(a.day_d for a in arms[0].administrations)
    times = grid(first, plan.end_d)

    def fall(arm: ArmPlan) -> np.ndarray:
        values = [values_of(arm_register(arm), s) for s in scores]
        return curves([arm] * len(values), structure, values, range(len(values)), times, (name,), solver)[..., 0]

    treated, vehicle = map(fall, arms)
    told = [_one(claim, times, a, b, first) for a, b in zip(treated, vehicle, strict=True)]
    held = np.array([h for h, _ in told])
    return Shown(held, held, np.array([v for _, v in told]))


def _one(claim: Found, times: np.ndarray, treated: np.ndarray, vehicle: np.ndarray, first: float) -> tuple[bool, float]:
    if not (np.isfinite(treated).all() and np.isfinite(vehicle).all()):
        return False, math.nan
    expect, level = claim["expect"], raw()["relief_level"]
    if expect["effect"] == "worse":
        lowest = float(np.min((vehicle - treated)[times > first]))
        return lowest <= raw()["worse_log10"], lowest
    floor = 0.2 if claim["setting"]["outcome"] in ("mechanical", "evoked") else 0.05
    seen = relief_latent(times, -treated, -vehicle, 0.0, first, level, floor)
    if expect["effect"] == "none":
        best = 0.0 if math.isnan(seen.best) else seen.best
        return best < level, best
    return _relieved(expect, seen), seen.duration_h / 24


def _relieved(expect: Found, seen: Relief) -> bool:
    """Relief that begins and lasts within what was read; a record that ends counts as lasting."""
    if not seen.spans or seen.onset_h is None:
        return False
    onset = seen.onset_h / 24
    end = math.inf if seen.end_h is None else seen.end_h / 24
    return ((expect["onset_high_d"] is None or onset <= expect["onset_high_d"])
            and (expect["duration_low_d"] is None or end >= expect["duration_low_d"])
            and (expect["duration_high_d"] is None or end <= expect["duration_high_d"]))


def other_rows(solver: Integrator, draws: int, seed: int,
               only: Sequence[str] = ()) -> tuple[list[Found], list[Found]]:
    """(scored rows in the form of the register of claims, rows that stay evidence only with the reason).

    Arguments: as for :func:`thecal.analysis.translation.checks.clearance_rows`.
    """
    from thecal.analysis.claims.score import row_of

    rows, left = [], []
    for number, claim in enumerate(claims_from_evidence(), 1):
        if only and claim["id"] not in only:
            continue
        reason = why_not(claim)
        told = {"id": claim["id"], "number": 200 + number, "statement": claim["statement"], "source": claim["source"],
                "stands": claim["tag"], "certainty": claim["certainty"]}
        if not reason:
            try:
                plan, assumed = study_of(claim)
            except ThecalError as error:
                reason = error.problems[0].what
        if reason:
            left.append(told | {"why": reason, "group": "evidence only"})
            continue
        body = body_of(claim["setting"]["species"])
        before, after = (_shown(plan, claim, scores_for(body, draws, seed, fitted), solver)
                         for fitted in (False, True))
        row = row_of(Claim(claim["id"], 200 + number, claim["statement"], claim["source"], "published", "predicted",
                           claim["expect"]["effect"], "", (), _window(claim)), before, after)
        if row["cause"] and assumed:
            row["cause"] += f"; assumed, for it could not be read: {', '.join(assumed)}"
        rows.append(row | told | {"group": "other studies", "assumed": assumed})
    return rows, left


def _window(claim: Found) -> dict[str, tuple[float, float]]:
    """What was read, in the form of a claim's window; days after the first dose, or a share of the deficit."""
    expect = claim["expect"]
    if expect["effect"] == "none":
        return {"best_reversal": (-math.inf, raw()["relief_level"])}
    if expect["effect"] == "worse":
        return {"log10_difference": (-math.inf, raw()["worse_log10"])}
    return {"end_d": (float(expect["duration_low_d"] or 0.0),
                      math.inf if expect["duration_high_d"] is None else float(expect["duration_high_d"]))}


def beside(solver: Integrator, draws: int, seed: int, only: Sequence[str] = ()) -> Found:
    """What ``thecal qualify`` scores beside the index study: transport of CSF, and other studies.

    Returns: ``transport`` and ``other_studies`` (rows), ``evidence_only`` (rows with the reason).
    """
    rows, left = other_rows(solver, draws, seed, only)
    return {"transport": clearance_rows(solver, draws, seed, only), "other_studies": rows, "evidence_only": left}


def known_ids() -> list[str]:
    """Ids of everything that :func:`beside` scores."""
    return [c["id"] for c in checks.raw()["checks"]] + [c["id"] for c in claims_from_evidence()]
