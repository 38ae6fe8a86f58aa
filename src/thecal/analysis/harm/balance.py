"""Benefit against harm for one indication: a table, a plane of possibilities, and what would have to be true.

Nothing is weighed here unless the reader says what weighs how much. One person relieved (over what an injection
without cells would do) counts one; a weight says how many relieved persons one harm of a kind is worth.

Source of the form: effects tables of the European Medicines Agency; benefit-risk planes as in Lynd 2004, Med Decis
Making 24:17.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thecal.analysis.evidence import certainty, directions, synthesis
from thecal.analysis.evidence.proportions import pool_proportions
from thecal.analysis.evidence.schema import Row
from thecal.analysis.evidence.tables import Evidence, load
from thecal.analysis.harm import hazards, records
from thecal.core.errors import ThecalError
from thecal.core.streams import stream

Array = NDArray[np.float64]
Range = tuple[float, float, float]  # low, typical, high


@dataclass(frozen=True)
class Effect:
    """One line of an effects table, per 100 people; None is unknown.

    ``difference`` is given only where a control group or randomised trials carry it.
    """

    name: str
    favourable: bool
    with_cells: Range | None
    without_cells: Range | None
    difference: Range | None
    natural_frequency: str
    certainty: str
    basis: str
    sources: tuple[str, ...]


def effects_table(indication: str, repeats: int = 1, product: str | Mapping[str, str] = "bmsc", dose_cells: float = 1e8,
                  volume_ul: float = 5000.0, evidence: Evidence | None = None) -> list[Effect]:
    """Benefit first, then every hazard, for people."""
    evidence = evidence or load()
    found = [_relief(indication, evidence)]
    for hazard in hazards.assess(indication, "human", product, dose_cells, volume_ul, repeats, evidence=evidence):
        found.append(_harm(hazard, repeats))
    return found


def as_dicts(table: list[Effect]) -> list[dict[str, Any]]:
    """Plain data for ``--json``."""
    return [asdict(line) for line in table]


def _relief(indication: str, evidence: Evidence) -> Effect:
    data = records.indication(indication)
    rows = [e for e in evidence.human if e["study"] in data["relief"] and e["outcome"] == "pain_relief"]
    sham = sham_response(indication, evidence)
    if not rows:
        return Effect("Less pain", True, None, sham, None, "Nobody knows: " + data["remark"], "very low",
                      "no trial in people",
                      tuple(data["nearby"]))
    fit = pool_proportions([e["events"] for e in rows], [e["denominator"] for e in rows])
    counts = ", ".join(f"{e['events']} of {e['denominator']}" for e in rows)
    level = certainty.body(rows, imprecise="few people")
    return Effect("Less pain", True, (100 * fit.low, 100 * fit.typical, 100 * fit.high), sham, None,
                  f"{counts} people said their pain was less. All knew what they had been given, and there was no "
                  f"group without cells. {data['remark']}", level.level, "; ".join(level.reasons),
                  tuple(e["reference"] for e in rows))


def sham_response(indication: str, evidence: Evidence | None = None) -> Range:
    """People per 100 whose pain halves (or, for chronic pain as such, falls by 30 %) with a placebo pill."""
    wanted = records.indication(indication)["without"]
    row: Row = next(e for e in (evidence or load()).human
                    if e["study"] == wanted["study"] and e["condition"] == wanted["condition"])
    return row["estimate_low"], row["estimate"], row["estimate_high"]


def _harm(hazard: hazards.Hazard, repeats: int) -> Effect:
    per_100 = hazard.unit.startswith("per 100")
    with_cells = None
    if per_100 and hazard.kind == "rate" and hazard.low is not None and hazard.high is not None:
        middle = hazard.estimate if hazard.estimate is not None else (hazard.low + hazard.high) / 2
        with_cells = (hazard.low, middle, hazard.high)
    words = hazard.statement
    if hazard.course is not None and repeats > 1:
        words += f" Over {repeats} injections up to {hazard.course:.0f} of 100 people."
    if hazard.kind == "ratio":
        words += f" {hazard.estimate:g} times as often ({hazard.low:g} to {hazard.high:g})."
    if hazard.without_cells:
        words += f" {hazard.without_cells[0].upper()}{hazard.without_cells[1:]}."
    level = {"controlled": "moderate", "uncontrolled": "low"}.get(hazard.evidence, "very low")
    return Effect(hazard.name, False, with_cells, None, None, words, level, hazard.evidence.replace("_", " "),
                  hazard.sources)


@dataclass(frozen=True)
class Plane:
    """Possible outcomes per 100 people: people relieved beyond a sham injection, against weighted harm.

    ``benefit`` is None where no trial in people exists: no basis. ``wins`` is the share of draws with benefit ahead and
    is given only when the reader says what a sham injection would do. ``sham_that_undoes_it`` is how many of 100 would
    have to say the same after a sham injection for harm to win. ``counted`` are the hazards with a rate and a weight,
    ``unknown`` those that no weight can move because nobody knows how often they happen.
    """

    benefit: Array | None
    harm: Array
    wins: float | None
    sham_that_undoes_it: float | None
    counted: tuple[str, ...]
    unknown: tuple[str, ...]
    why: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data for a plot: the draws and what was left out."""
        return {"benefit_per_100": None if self.benefit is None else self.benefit.tolist(),
                "harm_per_100": self.harm.tolist(), "wins": self.wins, "sham_that_undoes_it": self.sham_that_undoes_it,
                "counted": list(self.counted), "unknown": list(self.unknown), "why": self.why}


def plane(indication: str, weights: Mapping[str, float], sham: tuple[float, float] | None = None, repeats: int = 1,
          draws: int = 2000, seed: int = 1, evidence: Evidence | None = None, **plan: Any) -> Plane:
    """Draw what may be true.

    Arguments:
        weights: for each hazard with a rate, how many relieved persons one such harm is worth; 0 leaves it out on
            purpose.
        sham: range, per 100, of people who would say the same after an injection without cells. None draws it from the
            response to placebo pills up to the whole observed response, since no control group tells them apart.
        repeats, plan: as for :func:`thecal.analysis.harm.hazards.assess`.

    Errors: ThecalError when a hazard with a rate has no weight: none is chosen for the reader.
    """
    evidence = evidence or load()
    listed = hazards.assess(indication, "human", plan.get("product", "bmsc"), plan.get("dose_cells", 1e8),
                            plan.get("volume_ul", 5000.0), repeats, evidence=evidence)
    rated = [h for h in listed if h.kind == "rate" and h.unit.startswith("per 100")]
    _check(weights, listed, rated)
    harm = np.zeros(draws)
    for hazard in rated:
        harm += weights[hazard.id] * _draw(hazard, draws, stream(seed, indication, f"harm_{hazard.id}"), repeats)
    unknown = tuple(h.id for h in listed if h.kind == "unknown")
    counted = tuple(h.id for h in rated if weights[h.id] > 0)
    line = _relief(indication, evidence)
    if line.with_cells is None:
        return Plane(None, harm, None, None, counted, unknown, line.natural_frequency)
    rng = stream(seed, indication, "benefit")
    response = _between(line.with_cells, draws, rng)
    low = sham[0] if sham else sham_response(indication, evidence)[0]
    high = np.full(draws, sham[1]) if sham else np.maximum(response, low)
    benefit = response - (low + (high - low) * rng.random(draws))
    return Plane(benefit, harm, float(np.mean(benefit > harm)) if sham else None,
                 float(np.median(response) - np.median(harm)), counted, unknown,
                 "relief was seen without a control group, so what a sham injection does is unknown" if not sham else
                 "sham response as given by the reader")


def _check(weights: Mapping[str, float], listed: list[hazards.Hazard], rated: list[hazards.Hazard]) -> None:
    missing = [h.id for h in rated if h.id not in weights]
    known = {h.id for h in listed}
    strange = [w for w in weights if w not in known or not weights[w] >= 0]
    if missing or strange:
        raise ThecalError.single(where="weights", what="each harm with a rate needs a weight, 0 or more, and no other",
                                 seen=", ".join(f"{k}={v:g}" for k, v in weights.items()) or "none",
                                 allowed=", ".join(h.id for h in rated),
                                 remedy="say how many relieved persons one such harm is worth; missing or wrong: "
                                 + ", ".join([*missing, *strange]), code="weights")


def _between(numbers: Range, draws: int, rng: np.random.Generator) -> Array:
    """Per cent on a logit scale with a 95 % range; two half-normals that meet at the typical value."""
    clipped = np.clip(numbers, 0.05, 99.95)
    low, middle, high = np.log(clipped / (100 - clipped))
    z = rng.standard_normal(draws)
    logit = middle + np.where(z < 0, (middle - low), (high - middle)) * z / 1.959964
    return np.asarray(100 / (1 + np.exp(-logit)))


def _draw(hazard: hazards.Hazard, draws: int, rng: np.random.Generator, repeats: int) -> Array:
    """People per 100 with the harm over the whole course."""
    assert hazard.low is not None and hazard.high is not None
    if hazard.estimate is None:
        return rng.uniform(hazard.low, hazard.high, draws)
    each = _between((hazard.low, hazard.estimate, hazard.high), draws, rng)
    if hazard.denominator_unit != "injections":
        return each
    return np.asarray(100 * -np.expm1(repeats * np.log1p(-each / 100)))


def must_be_true(indication: str, weights: Mapping[str, float], repeats: int = 1, serious_weight: float | None = None,
                 net_gain: float = 10.0, evidence: Evidence | None = None, **plan: Any) -> list[str]:
    """What would have to be true for benefit to win, in sentences with numbers.

    Arguments:
        weights: as in :func:`plane`.
        serious_weight: how many relieved persons one lasting serious harm (scarred roots, a growth) is worth; None
            leaves that sentence without a number.
        net_gain: the net gain per 100 people for which the tolerable rate of serious harm is worked out.
    """
    evidence = evidence or load()
    found = plane(indication, weights, repeats=repeats, evidence=evidence, **plan)
    sham = sham_response(indication, evidence)
    needed = float(np.median(found.harm))
    lines = [f"Of 100 people at least {needed:.0f} more must be relieved with cells than with an injection without "
             "cells, only to outweigh the harms that have been counted, at your weights. With placebo pills "
             f"{sham[0]:.0f} to {sham[2]:.0f} of 100 improve, so at least {sham[1] + needed:.0f} of 100 must improve."]
    if found.sham_that_undoes_it is not None:
        lines.append(f"Fewer than {max(0.0, found.sham_that_undoes_it):.0f} of 100 would have to feel the same "
                     "relief after a sham injection. No trial has asked that.")
    if serious_weight:
        lines.append("Lasting serious harm (scarred roots, growths) must be rarer than 1 in "
                     f"{100 * serious_weight / net_gain:.0f} people, if one weighs as much as {serious_weight:g} "
                     f"people relieved and {net_gain:g} of 100 gain. No trial is large or long enough to show that.")
    else:
        lines.append("Lasting serious harm must be rarer than the net gain divided by the weight you give it; its "
                     "rate is unknown.")
    lines.append(_animals(records.indication(indication), evidence))
    lines.append("The relief must outlast the harm: no study in people has followed pain against a control group.")
    return lines


def _animals(data: Mapping[str, Any], evidence: Evidence) -> str:
    models = data["animals"].get("model")
    if not models:
        return "There would have to be one treatment for many diseases; nothing suggests it."
    from thecal.analysis.evidence.query import Selection

    wanted = Selection.of(model=models, route=["it"], cells=["stromal"])
    votes = directions.directions(synthesis.pain_rows(evidence, wanted))
    if not votes.studies:
        return ("The effect would have to exist at all: no animal study of intrathecal stromal cells in this "
                "condition was read.")
    if votes.studies == 1:
        return f"The effect of one animal study ({next(iter(votes.by_study))}) must hold in other hands and carry over."
    return (f"The effect in animals must carry over: {votes.relief} of {votes.studies} studies of intrathecal "
            f"stromal cells report relief ({votes.mixed} mixed, {votes.no_sign} without effect, {votes.worse} "
            "worse), in small groups and soon after injury.")
