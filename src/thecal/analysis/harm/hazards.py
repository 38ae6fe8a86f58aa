"""Every hazard of one planned treatment, each with what it rests on; "unknown" where it is unknown."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from thecal.analysis.evidence import harms, query, schema
from thecal.analysis.evidence.checks import solids_fraction
from thecal.analysis.evidence.proportions import repeated
from thecal.analysis.evidence.tables import Evidence, load
from thecal.analysis.harm import clumping, fibrosis, pressure, records
from thecal.analysis.harm.records import Product
from thecal.core.errors import Problem, ThecalError

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Hazard:
    """One hazard.

    ``kind`` is model, rate, ratio, ordinal or unknown; ``estimate``, ``low`` and ``high`` are in ``unit`` and None
    where nothing can be said; ``denominator`` is what the rate is of; ``level`` is a word for ordinal ones;
    ``course`` the same rate over all injections of the plan, per 100 people, if every injection is a new chance.
    """

    id: str
    name: str
    kind: str
    evidence: str
    statement: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    denominator: int | None = None
    denominator_unit: str = ""
    without_cells: str = ""
    course: float | None = None
    level: str = UNKNOWN
    driven_by: tuple[str, ...] = ()
    remedy: str = ""
    sources: tuple[str, ...] = ()
    verified: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return asdict(self)


@dataclass(frozen=True)
class Plan:
    """What is to be injected; ``exposure`` may hold ``tgfb1_ng_d_ml``, ``injection_s``."""

    indication: str
    species: str
    product: Product
    dose_cells: float
    volume_ul: float
    repeats: int
    exposure: Mapping[str, float]
    evidence: Evidence


def assess(indication: str, species: str, product: str | Mapping[str, str], dose_cells: float, volume_ul: float,
           repeats: int = 1, exposure: Mapping[str, float] | None = None,
           evidence: Evidence | None = None) -> list[Hazard]:
    """Every hazard of a plan.

    Arguments:
        indication: a name in data/harm/indications.yaml.
        species: mouse, rat, cynomolgus or human; others are refused.
        product: e.g. ``"allogeneic bmsc"``, see :func:`thecal.analysis.harm.records.product`.
        dose_cells: living cells per injection, 0 for a product without cells.
        volume_ul: per injection.
        repeats: number of injections.
        exposure: what a simulation found: ``tgfb1_ng_d_ml``, the area under active TGF-b1 in the fluid above normal;
            ``injection_s`` the length of one injection.

    Errors: ThecalError for an unknown species, indication or product, or a dose that cannot be.
    """
    records.indication(indication)
    records.species(species)
    plan = Plan(indication, species, records.product(product), float(dose_cells), float(volume_ul), int(repeats),
                dict(exposure or {}), evidence or load())
    _check(plan)
    return [_hazard(entry, plan) for entry in records.raw("hazards")["hazards"]]


def _check(plan: Plan) -> None:
    """Refuse what cannot be injected."""
    limits = schema.raw()["limits"]
    most_ul = 1000 * limits["csf_ml"][plan.species]["value"]
    most_cells = limits["dose_cells"][plan.species]["value"]
    problems = []
    if not 0 < plan.volume_ul <= most_ul:
        problems.append(Problem("volume_ul", f"this volume cannot be injected into the fluid of a {plan.species}",
                                seen=f"{plan.volume_ul:g} ul", allowed=f"above 0, up to {most_ul:g} ul (all of it)",
                                remedy="check the unit", code="volume"))
    if not (0 < plan.dose_cells <= most_cells) and (plan.product.alive or plan.dose_cells != 0):
        problems.append(Problem("dose_cells", f"this dose is impossible for a {plan.species}",
                                seen=f"{plan.dose_cells:g}", allowed=f"above 0, up to {most_cells:g} cells",
                                remedy="check the power of ten", code="dose"))
    if not 1 <= plan.repeats <= 100:
        problems.append(Problem("repeats", "a plan has at least one injection", seen=str(plan.repeats),
                                allowed="1 to 100", code="repeats"))
    solids = 0.0 if problems else solids_fraction(plan.dose_cells, plan.volume_ul)
    if solids > (packing := limits["random_packing"]["value"]):
        problems.append(Problem("dose_cells", f"the cells would fill {100 * solids:.0f} % of the volume",
                                seen=f"{plan.dose_cells:g} in {plan.volume_ul:g} ul",
                                allowed=f"at most {100 * packing:.0f} %", remedy="fewer cells or more volume",
                                code="packing"))
    bad = {k: v for k, v in plan.exposure.items() if not (math.isfinite(v) and v >= 0)}
    problems += [Problem(f"exposure.{k}", "an exposure cannot be negative or undefined", seen=str(v),
                         allowed="0 or more", code="exposure") for k, v in bad.items()]
    if problems:
        raise ThecalError(problems)


def _hazard(entry: Mapping[str, Any], plan: Plan) -> Hazard:
    base = Hazard(entry["id"], entry["name"], "unknown", entry["evidence"], entry["plain"], unit=entry.get("unit", ""),
                  driven_by=tuple(entry["driven_by"]), remedy=entry.get("remedy", ""),
                  sources=tuple(entry.get("sources", ())), verified=bool(entry.get("verified", False)))
    return HOW[entry["how"]](entry, plan, base)


def _unknown(entry: Mapping[str, Any], plan: Plan, base: Hazard) -> Hazard:
    cases = [e for e in plan.evidence.human if e["study"] in entry.get("cases", ())]
    if not cases:
        return base
    return replace(base, verified=all(e["verified"] == "yes" for e in cases),
                   sources=tuple(f"{e['reference']}: {e['note']}" for e in cases),
                   statement=f"{base.statement} {len(cases)} cases read; how many people were treated is not known, "
                   "so there is no rate.")


def _pooled(entry: Mapping[str, Any], plan: Plan, base: Hazard) -> Hazard:
    """A rate from the evidence tables, for stromal cells into the fluid of people."""
    if plan.species != "human":
        return replace(base, statement=f"{base.statement} Counted in people only.")
    if not plan.product.stromal:
        return replace(base, statement=f"{base.statement} Counted after stromal cells only, not after "
                       f"{schema.words('cells')[plan.product.cells]}.")
    harm = _harm_of_people(plan.evidence, entry["term"])
    if harm is None or harm.all is None:
        return base
    fit = harm.all
    course = 100 * repeated(fit.typical, plan.repeats) if harm.unit == "injections" else None
    return replace(base, kind="rate", estimate=100 * fit.typical, low=100 * fit.low, high=100 * fit.high,
                   unit=f"per 100 {harm.unit}", denominator=fit.total, denominator_unit=harm.unit, course=course,
                   without_cells=harm.comparator, verified=all(c.status == "stated" for c in harm.counts),
                   sources=tuple(f"{c.study} ({c.events} of {c.total}, {c.status})" for c in harm.counts),
                   statement=f"{base.statement} {fit.events} in {fit.total} {harm.unit} of {fit.k} "
                   f"source{'' if fit.k == 1 else 's'}, without control groups.")


def _harm_of_people(evidence: Evidence, term: str) -> harms.PooledHarm | None:
    """The pooled rate with the most people behind it."""
    wanted = query.Selection.of(route=["it"], cells=["stromal"], ae_term=[term])
    rows = [e for e in evidence.human if wanted.takes(e)]
    return max(harms.pool_harms(rows, list(evidence.human)), default=None,
               key=lambda h: sum(c.total or 0 for c in h.counts))


def _ratio(entry: Mapping[str, Any], plan: Plan, base: Hazard) -> Hazard:
    row = next(e for e in plan.evidence.human if e["study"] == entry["study"] and e["ae_term"] == entry["term"])
    if plan.species != "human":
        return replace(base, statement=f"{base.statement} Counted in people only.")
    return replace(base, kind="ratio", estimate=row["estimate"], low=row["estimate_low"], high=row["estimate_high"],
                   denominator=row["n_treated"], denominator_unit="patients in both groups",
                   sources=(f"{row['reference']}: {row['note']}",), verified=row["verified"] == "yes")


def _counted(entry: Mapping[str, Any], plan: Plan, base: Hazard) -> Hazard:
    """A count with exact limits; with no event the upper limit is what can be excluded."""
    from scipy import stats

    if plan.species != "human":
        return replace(base, statement=f"{base.statement} Counted in people only.")
    limits = stats.binomtest(entry["events"], entry["denominator"]).proportion_ci(method="exact")
    return replace(base, kind="rate", estimate=100 * entry["events"] / entry["denominator"],
                   low=100 * float(limits.low),
                   high=100 * float(limits.high), denominator=entry["denominator"], denominator_unit="patients",
                   statement=f"{base.statement} {entry['events']} of {entry['denominator']} patients: anything up to "
                   f"{100 * float(limits.high):.0f} in 100 would still fit.")


def _by_indication(entry: Mapping[str, Any], plan: Plan, base: Hazard) -> Hazard:
    data = records.indication(plan.indication)["pain_worse"]
    rows = [e for e in plan.evidence.human
            if e["study"] in data.get("studies", ()) and e["ae_term"] == "neuropathic_pain"]
    if plan.species != "human" or not rows:
        return replace(base, statement=f"{base.statement} For this pain: {data.get('why', 'counted in people only')}.")
    rates = sorted(e["rate_pct"] for e in rows)
    return replace(base, kind="rate", low=rates[0], high=rates[-1], denominator_unit="patients (unclear)",
                   sources=(*base.sources, *(f"{e['reference']}: {e['rate_pct']:g} %, "
                                             f"{e['note'] or 'all routes'}" for e in rows)),
                   statement=f"{base.statement} Reviews print {rates[0]:g} to over {rates[-1]:g} % with neuropathic "
                   "pain after cells by any route; pain that the injury brings by itself is not taken off.")


def _by_donor(entry: Mapping[str, Any], plan: Plan, base: Hazard) -> Hazard:
    level = {"autologous": "not expected", "syngeneic": "not expected"}.get(plan.product.donor, UNKNOWN)
    if not plan.product.alive:
        level = "not expected"
    if level == UNKNOWN and plan.repeats == 1 and plan.product.donor in ("allogeneic", "xenogeneic"):
        level = "unknown; one dose still primes"
    return replace(base, kind="ordinal" if level == "not expected" else "unknown", level=level)


def _ordinal(entry: Mapping[str, Any], plan: Plan, base: Hazard) -> Hazard:
    """Fibrosis: the exposure a simulation found, against a disease that scars."""
    told = _unknown(entry, plan, base)
    area = plan.exposure.get("tgfb1_ng_d_ml")
    if area is None:
        return replace(told, statement=f"{told.statement} The TGF-b1 exposure of this plan was not given, so not "
                       "even an order.")
    found = fibrosis.scarring(area)
    return replace(told, kind="ordinal", level=found.level, estimate=found.ratio, unit="times the reference exposure",
                   sources=(*told.sources, found.source, found.warning),
                   statement=f"{told.statement} Exposure {found.exposure:.2g} ng d/ml, {found.ratio:.2g} times that "
                   f"after bleeding round the brain ({found.reference:.0f}).")


def _model(entry: Mapping[str, Any], plan: Plan, base: Hazard) -> Hazard:
    return (_pressure if entry["id"] == "pressure" else _clumping)(plan, base)


def _pressure(plan: Plan, base: Hazard) -> Hazard:
    found = pressure.rise(plan.species, plan.volume_ul, plan.exposure.get("injection_s"))
    edge = found.threshold
    if edge is None:
        level = "no limit known for this species"
    else:
        level = "above the limit" if found.peak_mmhg > edge.low else \
            "may pass the limit" if found.high_mmhg > edge.low else "below the limit"
    limit = f"; limit {edge.value:g} ({edge.source})" if edge else ""
    if found.volume_share_pvi > 1:
        limit += "; the volume is beyond the range of the model, so read this as: very high"
    assumed = [k for k, n in found.numbers.items() if not n.verified]
    return replace(base, kind="model", estimate=found.peak_mmhg, low=found.low_mmhg, high=found.high_mmhg, level=level,
                   verified=found.verified, sources=tuple(f"{k}: {n.source}" for k, n in found.numbers.items()),
                   statement=f"{base.statement} {plan.volume_ul:g} ul in {found.duration_s:g} s: from "
                   f"{found.resting_mmhg:g} to {found.peak_mmhg:.0f} mmHg ({found.low_mmhg:.0f} to "
                   f"{found.high_mmhg:.0f}){limit}."
                   + (f" Assumed or derived: {', '.join(assumed)}." if assumed else ""))


def _clumping(plan: Plan, base: Hazard) -> Hazard:
    if plan.dose_cells == 0:
        return replace(base, kind="model", estimate=0.0, low=0.0, high=0.0, level="no cells")
    found = clumping.clumping(plan.species, plan.dose_cells, plan.volume_ul)
    return replace(base, kind="model", estimate=found.encounters_per_cell,
                   level="crowded" if found.solids > 0.05 else "moderate" if found.solids > 0.01 else "thin",
                   sources=(f"sticking: {found.sticking.source}",
                            str(records.raw("csf_mechanics")["needle"]["source"])),
                   statement=f"{base.statement} Cells are {100 * found.solids:.1f} % of the volume and each meets "
                   f"about {found.encounters_per_cell:.0f} others in the needle. If one meeting in a hundred stuck, "
                   f"{100 * found.share:.0f} % of the cells would be in clumps; how many stick nobody has measured.")


HOW: dict[str, Callable[[Mapping[str, Any], Plan, Hazard], Hazard]] = {
    "model": _model, "pooled": _pooled, "ratio": _ratio, "counted": _counted, "ordinal": _ordinal, "unknown": _unknown,
    "by_indication": _by_indication, "by_donor": _by_donor}
