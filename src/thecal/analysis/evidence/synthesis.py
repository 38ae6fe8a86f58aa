"""One answer for one selection of studies.

Sizes where there are numbers, directions where there are only directions, times as intervals, harms as counts;
beside each the risk of bias and the certainty.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import asdict
from typing import Any

from thecal.analysis.evidence import certainty, effects, harms, query, schema
from thecal.analysis.evidence.directions import directions
from thecal.analysis.evidence.schema import Row
from thecal.analysis.evidence.tables import Evidence

PAIN = ("mechanical", "heat", "cold", "evoked", "spontaneous")
# Comparisons with another treatment tell which is better, not whether cells relieve pain.
OTHER_TREATMENT = ("same_cells", "other_cells", "drug", "single_dose", "frozen")


def synthesise(evidence: Evidence, selection: query.Selection) -> dict[str, Any]:
    """The whole synthesis of a selection as plain data, each part with its reason where nothing can be computed."""
    rows = query.select(evidence, selection)
    pain = pain_rows(evidence, selection)
    people = rows["human"]
    return plain({
        "version": evidence.version, "digest": evidence.digest, "selection": selection.words(),
        "summary": query.summary(rows),
        "animals": {
            "effect_sizes": effect_sizes(pain),
            "published_pooled": published(rows["animal"]),
            "directions": {"all": directions(pain).as_dict()} | {
                outcome: directions([e for e in pain if e["outcome"] == outcome]).as_dict()
                for outcome in PAIN if any(e["outcome"] == outcome for e in pain)},
            "onset": times(pain, "onset"), "duration": times(pain, "duration"), "dose": dose(pain),
            "bounds_from_p": [asdict(b) for b in map(effects.bound_of_row, pain) if b],
            "risk_of_bias": dict(Counter(certainty.risk_of_bias(e) for e in pain)),
            "certainty_for_animals": asdict(_animal_certainty(pain, about_people=False)),
            "certainty_for_people": asdict(_animal_certainty(pain, about_people=True)),
        },
        "people": {
            "relief": [_relief(e) for e in people if e["outcome"] == "pain_relief" and e["cells"] != "placebo"],
            "placebo": [_relief(e) for e in evidence.human
                        if e["outcome"] == "pain_relief" and e["cells"] == "placebo"],
            "adverse_events": [h.as_dict() for h in harms.pool_harms(people, list(evidence.human))],
            "risk_ratios": [query.public(e) for e in people if e["measure"] in ("rr", "or")],
            "cases_of_harm": [query.public(e) for e in people if e["outcome"] == "harm_case"],
            "risk_of_bias": dict(Counter(certainty.risk_of_bias(e) for e in people)),
            "certainty_of_relief": asdict(certainty.body(
                [e for e in people if e["outcome"] == "pain_relief" and e["cells"] != "placebo"],
                imprecise="few people")),
        },
    })


def plain(value: Any) -> Any:
    """Data that JSON can hold: arrays become lists, infinite and undefined numbers become null."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)) or type(value).__name__ == "ndarray":
        return [plain(v) for v in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def pain_rows(evidence: Evidence, selection: query.Selection) -> list[Row]:
    """Animal experiments of a selection that compare pain with and without the treatment, and were read."""
    return [e for e in evidence.animal if selection.takes(e) and e["outcome"] in PAIN and e["design"] == "experiment"
            and e["effect"] in ("relief", "none", "worse") and e["comparator"] not in OTHER_TREATMENT]


def effect_sizes(rows: list[Row]) -> dict[str, Any]:
    """Hedges' g of every row with means, spreads and sizes; pooled when at least two studies have one."""
    from thecal.analysis.evidence.influence import influence, small_studies
    from thecal.analysis.evidence.multilevel import pool_clustered
    from thecal.analysis.evidence.pooling import pool

    computed, missing = [], Counter[str]()
    for entry in rows:
        result = effects.of_row(entry)
        if isinstance(result, str):
            missing[result] += 1
        else:
            computed.append(result)
    found: dict[str, Any] = {"k": len(computed), "effects": [asdict(e) for e in computed],
                             "not_computable": dict(missing), "pooled": None, "why": ""}
    studies = {e.study for e in computed}
    if len(studies) < 2:
        found["why"] = (f"{len(studies)} of {len({e['study'] for e in rows})} studies give means, spreads and group "
                        "sizes; two are needed to pool. Nothing is read off pictures.")
        return found
    g, v = [e.g for e in computed], [e.variance for e in computed]
    if len(computed) > len(studies):
        if len(studies) < 3:
            found["why"] = "two studies with several outcomes each: too few to tell spread within from spread between"
            return found
        found["pooled"] = asdict(pool_clustered(g, v, [e.study for e in computed])) | {
            "method": "three-level REML, cluster-robust"}
        return found
    found["pooled"] = pool(g, v, cautious=True).as_dict()
    if len(computed) >= 3:
        found["influence"] = [asdict(i) | {"study": computed[i.index].study} for i in influence(g, v)]
        tests = small_studies(g, v)
        found["small_studies"] = asdict(tests) | {"filled_estimate": tests.filled_estimate.as_dict()}
    return found


def published(rows: list[Row]) -> list[dict[str, Any]]:
    """Pooled estimates that others printed; shown, never pooled again with the studies inside them."""
    return [{"study": e["study"], "outcome": e["outcome"], "detail": e["cells_detail"] or "", "cells": e["cells"],
             "smd": e["smd"], "ci": [e["smd_low"], e["smd_high"]], "p": e["p_value"], "effect": e["effect"],
             "note": e["note"] or ""}
            for e in rows if e["design"] in ("meta_analysis", "review") and e["effect"] != "not_pain"]


def times(rows: list[Row], name: str) -> dict[str, Any]:
    """Onset or duration of relief over studies, one interval per study, days after the first dose."""
    from thecal.analysis.evidence.times import best_law, turnbull

    intervals = study_times(rows, name)
    found: dict[str, Any] = {"k": len(intervals), "fit": None, "turnbull": None, "why": "", "intervals": [
        {"study": s, "low_d": lo, "high_d": hi if math.isfinite(hi) else None, "certainty": c}
        for s, (lo, hi, c) in intervals.items()]}
    if not intervals:
        found["why"] = f"no study tells the {name} of relief"
        return found
    low, high = [i[0] for i in intervals.values()], [i[1] for i in intervals.values()]
    curve = turnbull(low, high)
    found["turnbull"] = [{"after_d": float(a), "until_d": float(b) if math.isfinite(b) else None, "share": float(m)}
                         for a, b, m in zip(curve.left, curve.right, curve.mass, strict=True) if m > 1e-6]
    try:
        found["fit"] = best_law(low, high).as_dict()
    except ValueError as reason:
        found["why"] = str(reason)
    return found


def study_times(rows: list[Row], name: str) -> dict[str, tuple[float, float, str]]:
    """(low, high, certainty) of each study that shows relief: the arm with the tightest bracket speaks for it."""
    found: dict[str, tuple[float, float, str]] = {}
    for entry in rows:
        low, high = entry[f"{name}_low_d"], entry[f"{name}_high_d"]
        if entry["effect"] != "relief" or (low is None and high is None):
            continue
        new = (float(low or 0.0), math.inf if high is None else float(high), entry["certainty"])
        old = found.get(entry["study"])
        if old is None or (new[1] - new[0], -new[0]) < (old[1] - old[0], -old[0]):
            found[entry["study"]] = new
    return found


def dose(rows: list[Row]) -> dict[str, Any]:
    """Doses and results side by side, also per millilitre of cerebrospinal fluid, and whether a slope can be had."""
    limits = schema.raw()["limits"]["csf_ml"]
    table = [{"study": e["study"], "species": e["species"], "route": e["route"], "dose_cells": e["dose_cells"],
              "cells_per_ml_csf": e["dose_cells"] / limits[e["species"]]["value"] if e["species"] in limits
              and e["route"] == "it" else None, "outcome": e["outcome"], "effect": e["effect"]}
             for e in rows if e["dose_cells"]]
    seen: dict[str, set[str]] = defaultdict(set)
    for line in table:
        seen[line["effect"]].add(line["study"])
    if not table:
        why = "no dose was read"
    elif len(seen) == 1:
        why = (f"every study with a readable dose shows '{next(iter(seen))}', so neither a slope nor a threshold can "
               "be read")
    else:
        why = "doses differ with model, cells and species at once; a slope over studies would mix them"
    return {"rows": table, "slope": None, "why": why}


def _relief(entry: Row) -> dict[str, Any]:
    """How many people had less pain, with exact limits; there is no control group unless the row says so."""
    from scipy import stats

    found = {"study": entry["study"], "condition": entry["condition"], "route": entry["route"], "cells": entry["cells"],
             "events": entry["events"], "denominator": entry["denominator"], "share_pct": None, "ci_pct": None,
             "controlled": entry["comparator"] not in ("before", "none", None), "p": entry["p_value"],
             "follow_up_d": entry["follow_up_d"], "note": entry["note"] or ""}
    if entry["events"] is not None and entry["denominator"]:
        interval = stats.binomtest(entry["events"], entry["denominator"]).proportion_ci(method="exact")
        found |= {"share_pct": 100 * entry["events"] / entry["denominator"],
                  "ci_pct": [100 * float(interval.low), 100 * float(interval.high)]}
    elif entry["measure"] == "pct":
        found |= {"share_pct": entry["estimate"], "ci_pct": [entry["estimate_low"], entry["estimate_high"]]}
    return found


def _animal_certainty(rows: list[Row], about_people: bool) -> certainty.Certainty:
    votes = directions(rows)
    share = votes.relief / votes.studies if votes.studies else 0.5
    return certainty.body(rows, about_people=about_people, inconsistent="studies disagree" if 0.1 < share < 0.9 else "",
                          imprecise="sizes were read in almost none of them",
                          selective="small published studies, nearly all in favour" if share > 0.75 else "")
