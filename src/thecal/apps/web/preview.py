"""A quick look at one arm and what it is compared with: 24 animals each, the same engine, fewer times.

Two bands are kept apart: differences between animals, and what is not known about the numbers (draws).
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from thecal.analysis.relief import relief_durations, relief_latent, reversal
from thecal.apps.web.cohort import ANIMALS, DRAWS, Solved, arm_of, model_of, plan_of, solve, turns
from thecal.apps.web.envelope import pack
from thecal.apps.web.shapes import PreviewHead
from thecal.study.plan import ArmPlan, StudyPlan


@functools.lru_cache(maxsize=64)
def preview(text: str, arm_id: str) -> bytes:
    """The preview of one arm as an envelope with a :class:`PreviewHead`.

    Arrays: ``t_d``; of ``arm`` and ``reference`` the falls of log10 threshold (``.animals``, ``.mean``, 5 and 95 % of
    animals ``.low`` and ``.high``, of parameter draws ``.draws_low`` and ``.draws_high``); ``reversal``,
    of the means and of draws; living cells.

    Errors: :class:`ThecalError` for a study that cannot be run and for an unknown arm.
    """
    plan = plan_of(text)
    arm = arm_of(plan, arm_id)
    reference = plan.arm(arm.reference) if arm.reference and arm.reference != arm.id else None
    held = [name for name in model_of(plan)[1].observable_index if name.startswith("cells.captured[")]
    with turns:
        found = solve(plan, [arm, reference] if reference else [arm], ["pain.mechanical", "cells.living", *held])
        return _packed(plan, arm, reference, found)


def _packed(plan: StudyPlan, arm: ArmPlan, reference: ArmPlan | None, found: Solved) -> bytes:
    arrays: dict[str, np.ndarray] = {"t_d": found.times}
    for key, table, draws in zip(("arm", "reference"), found.animals, found.draws, strict=False):
        falls, drawn = found.of(table, "pain.mechanical"), found.of(draws, "pain.mechanical")
        arrays |= {f"{key}.animals": falls, f"{key}.mean": falls.mean(axis=0),
                   f"{key}.low": np.quantile(falls, 0.05, axis=0), f"{key}.high": np.quantile(falls, 0.95, axis=0)}
        fine = drawn[np.isfinite(drawn).all(axis=1)]
        if len(fine):
            arrays |= {f"{key}.draws_low": np.quantile(fine, 0.05, axis=0),
                       f"{key}.draws_high": np.quantile(fine, 0.95, axis=0)}
    arrays |= {name: found.of(found.animals[0], name).mean(axis=0) for name in found.names[1:]}
    head: dict[str, Any] = head_of(plan, arm, found) | {
        "reference": reference.id if reference else None, "reference_label": reference.label if reference else None,
        "baseline_log10_g": _mean(np.concatenate(found.baseline)), "level": plan.analysis.relief_level,
        "relief": None, "words": "", "duration_h": None, "fitted": ""}
    day = arm.first_dose_d
    if reference is not None and day is not None and arm.injury.injured:
        head |= _relief(plan, arm, day, found)
        arrays |= _reversal(plan, found)
    return pack(PreviewHead(**head).model_dump(), arrays)


def head_of(plan: StudyPlan, arm: ArmPlan, found: Solved) -> dict[str, Any]:
    """The fields of :class:`ArmHead`."""
    from thecal.study.outline import dose_in_words

    return {"study": plan.name, "species": plan.species.name, "arm": arm.id, "label": arm.label, "n": ANIMALS,
            "draws": DRAWS, "lost": found.lost, "injury_d": arm.injury.day_d, "injured": arm.injury.injured,
            "end_d": arm.end_d, "first_dose_d": arm.first_dose_d,
            "doses": [{"day_d": a.day_d, "end_d": a.end_d, "what": dose_in_words(a), "position_mm": a.position_mm}
                      for a in arm.administrations[:40]]}


def _relief(plan: StudyPlan, arm: ArmPlan, day: float, found: Solved) -> dict[str, Any]:
    from thecal.report.answers import fit_behind
    from thecal.report.words import dose_word, latent_words

    rule = plan.analysis
    kept = found.times <= arm.end_d
    if (found.times[kept] > day).sum() < 1:
        return {}
    mean, other = (found.of(table, "pain.mechanical").mean(axis=0)[kept] for table in found.animals)
    relief = relief_latent(found.times[kept], -mean, -other, 0.0, day, rule.relief_level, rule.deficit_floor_log10)
    drawn = [found.of(table, "pain.mechanical")[:, kept] for table in found.draws]
    fine = np.isfinite(drawn[0]).all(axis=1) & np.isfinite(drawn[1]).all(axis=1)
    spread = None
    if fine.any():
        hours = relief_durations(found.times[kept], -drawn[0][fine], -drawn[1][fine], 0.0, day, rule.relief_level,
                                 rule.deficit_floor_log10)
        spread = (float(np.quantile(hours, 0.05)), float(np.quantile(hours, 0.95)), int(fine.sum()))
    return {"relief": relief.as_dict(), "words": latent_words(relief, dose_word(arm)), "duration_h": spread,
            "fitted": fit_behind(plan, arm) if relief.spans else ""}


def _reversal(plan: StudyPlan, found: Solved) -> dict[str, np.ndarray]:
    """Of the means, and of the typical animals at each draw of the uncertain numbers (NaN where it is undefined)."""
    floor = plan.analysis.deficit_floor_log10
    mean, other = (found.of(table, "pain.mechanical").mean(axis=0) for table in found.animals)
    arrays = {"reversal": reversal(-mean, -other, 0.0, floor).value}
    drawn, compared = (found.of(table, "pain.mechanical") for table in found.draws)
    fine = np.isfinite(drawn).all(axis=1) & np.isfinite(compared).all(axis=1)
    if fine.any():
        shares = reversal(-drawn[fine], -compared[fine], 0.0, floor).value
        defined = np.isfinite(shares).all(axis=0)
        for name, share in (("reversal.draws_low", 0.05), ("reversal.draws_high", 0.95)):
            arrays[name] = np.full(defined.size, np.nan)
            arrays[name][defined] = np.quantile(shares[:, defined], share, axis=0)
    return arrays


def _mean(values: np.ndarray) -> float | None:
    mean = float(np.mean(values))
    return mean if np.isfinite(mean) else None
