"""What the published studies hand to the model: priors in the register's form, and claims to be tested against.

A prior says what other studies make one believe; no parameter is set by it in silence. A claim is what a study
reported in its own setting; those that disagree with the index study are claims like any other.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from thecal.analysis.evidence import harms, query, schema, synthesis, times
from thecal.analysis.evidence.schema import Row
from thecal.analysis.evidence.tables import Evidence, load

INDEX = "chen2015"
# What one may believe of an onset or a duration before any study of cells: from the first hours to half a year.
BELIEVED_D = {"onset": (0.04, 21.0), "duration": (1.0, 180.0)}
Prior = dict[str, Any]


def priors(evidence: Evidence | None = None) -> list[Prior]:
    """Priors as register rows (every column of the register, plus ``studies`` that lie behind each).

    ``value`` is the median of belief, ``low`` and ``high`` its 5th and 95th percentile. Kind is ``derived`` where
    studies speak and ``assumed`` where they do not.
    """
    return list(_shipped()) if evidence is None else _priors(evidence)


@cache
def _shipped() -> tuple[Prior, ...]:
    return tuple(_priors(load()))


def _priors(evidence: Evidence) -> list[Prior]:
    pain = _intrathecal(evidence)
    rows = []
    for name in ("onset", "duration"):
        rows += _time_priors(pain, name)
    rows += _dose_prior(pain)
    rows += _harm_priors(evidence)
    rows.append(_row("evidence.smd_between_studies", "tau", (0.3, 0.8, 1.6), "1", "assumed",
                     "spread of true standardised effects between animal studies of cells; no study gives the "
                     "numbers to estimate it", "no source: assumption", [], verified=False))
    return rows


def _intrathecal(evidence: Evidence) -> list[Row]:
    return synthesis.pain_rows(evidence, query.Selection.of(route=["it"], cells=["stromal"], model=["nerve"]))


def _time_priors(rows: list[Row], name: str) -> list[Prior]:
    found = synthesis.study_times(rows, name)
    before = BELIEVED_D[name]
    studies = sorted(found)
    low, high = [f[0] for f in found.values()], [f[1] for f in found.values()]
    if not found:
        return []
    told = times.belief(low, high, *before)
    open_ended = sum(math.isinf(h) for h in high)
    what = (f"{name} of relief after intrathecal stromal cells, nerve injury, {len(found)} studies ({open_ended} "
            f"outlasted by it); before them {before[0]:g} to {before[1]:g} d was believed")
    source = "interval-censored lognormal over " + ", ".join(studies)
    return [
        _row(f"evidence.{name}_it_cells", f"T_{name}", told.median_d, "d", "derived",
             "median over studies of the " + what, source, studies),
        _row(f"evidence.{name}_it_cells_between_studies", f"s_{name}", told.spread_log, "1", "derived",
             "SD of log time between studies, " + what, source, studies)]


def _dose_prior(rows: list[Row]) -> list[Prior]:
    """The smallest dose per ml of cerebrospinal fluid with reported relief bounds the threshold from above only."""
    doses = [line for line in synthesis.dose(rows)["rows"] if line["effect"] == "relief" and line["cells_per_ml_csf"]]
    if not doses:
        return []
    least = min(doses, key=lambda line: line["cells_per_ml_csf"])
    most = max(line["cells_per_ml_csf"] for line in doses)
    top = least["cells_per_ml_csf"]
    return [_row("evidence.half_effect_dose_it", "ED50", (top / 1000, top / 10, top), "cell/mL", "assumed",
                 f"cells per ml CSF for half the effect: only an upper bound is seen (relief at {top:.2g} in "
                 f"{least['study']}, and up to {most:.2g}); value and lower end are assumptions",
                 ", ".join(sorted({line["study"] for line in doses})), sorted({line["study"] for line in doses}),
                 verified=False)]


def _harm_priors(evidence: Evidence) -> list[Prior]:
    wanted = query.Selection.of(route=["it"], cells=["stromal"])
    rows = [e for e in evidence.human if wanted.takes(e)]
    found = []
    for harm in harms.pool_harms(rows, list(evidence.human)):
        if harm.unit != "injections" or harm.all is None or len(harm.counts) < 3 or not harm.all.events:
            continue
        studies = sorted({c.study for c in harm.counts})
        # 90 % of belief from the 95 % profile interval, on the logit scale
        logit = [math.log(p / (1 - p)) for p in (harm.all.low, harm.all.typical, harm.all.high)]
        low, high = (logit[1] + (logit[i] - logit[1]) * 1.645 / 1.96 for i in (0, 2))
        found.append(_row(f"evidence.{harm.term}_per_injection", f"p_{harm.term}",
                          (_expit(low), harm.all.typical, _expit(high)), "1", "derived",
                          f"{harm.term} per intrathecal injection of stromal cells, typical study of {harm.all.k}; "
                          f"{harm.comparator}", "binomial-normal over " + ", ".join(studies), studies, species="human",
                          scale="linear"))
    return found


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _row(name: str, symbol: str, numbers: tuple[float, float, float], unit: str, kind: str, context: str, source: str,
         studies: list[str], verified: bool = True, species: str = "mouse, rat", scale: str = "log") -> Prior:
    low, value, high = numbers
    return {"id": name, "symbol": symbol, "value": value, "low": low, "high": high, "unit": unit, "scale": scale,
            "kind": kind, "verified": "yes" if verified else "no", "between_animals": "", "species": species,
            "context": context, "source": source, "note": "handed over by the synthesis; not used unless a study asks",
            "studies": studies}


def claims_from_evidence(evidence: Evidence | None = None) -> list[dict[str, Any]]:
    """What each study of intrathecal cells or TGF-beta1 reported, to be tested like the claims of the index study.

    Returns rows with ``id``, ``statement``, ``source``, ``tag`` (supports, conflicts or context, against the index
    study), and for machines ``setting`` (species, model, cells, dose, day, route, outcome) and ``expect`` (effect,
    onset and duration intervals in days). Rows that nobody has read make no claim.
    """
    evidence = evidence or load()
    rows = [e for e in evidence.animal if e["route"] in ("it", "none") and e["certainty"] != "lead"
            and e["design"] == "experiment" and e["outcome"] in synthesis.PAIN and e["study"] != INDEX
            and e["effect"] in ("relief", "none", "worse", "untreated_course")]
    seen: dict[str, int] = {}
    return [_claim(e, seen) for e in rows]


def _claim(entry: Row, seen: dict[str, int]) -> dict[str, Any]:
    base = f"{entry['study']}_{entry['cells']}_{entry['outcome']}"
    seen[base] = seen.get(base, 0) + 1
    name = base if seen[base] == 1 else f"{base}_{seen[base]}"
    setting = {k: entry[k] for k in ("species", "model", "cells", "cells_detail", "donor", "dose_cells", "doses",
                                     "route", "volume_ul", "day_given", "outcome", "comparator")}
    expect = {k: entry[k] for k in ("effect", "onset_low_d", "onset_high_d", "duration_low_d", "duration_high_d",
                                    "n_treated", "n_control", "p_value")}
    return {"id": name, "statement": _statement(entry), "source": f"{entry['reference']} ({entry['source_url']})",
            "tag": _tag(entry), "certainty": entry["certainty"], "verified": entry["verified"],
            "setting": setting, "expect": expect}


def _statement(entry: Row) -> str:
    what = schema.words("outcome")[entry["outcome"]]
    if entry["effect"] == "untreated_course":
        return f"Untreated {entry['species']} {_model(entry)}: {entry['note'] or what}."
    verb = {"relief": "lessened", "none": "did not change", "worse": "worsened"}[entry["effect"]]
    amount = f"{entry['dose_cells']:.0e} ".replace("e+0", "e") if entry["dose_cells"] else ""
    detail = f" ({entry['cells_detail']})" if entry["cells_detail"] else ""
    day = f" on day {entry['day_given']:g}" if entry["day_given"] is not None else ""
    span = ""
    if entry["duration_high_d"] is not None:
        span = f", gone by day {entry['duration_high_d']:g} after the first dose"
    elif entry["duration_low_d"] is not None:
        span = f", still there {entry['duration_low_d']:g} d after the first dose"
    agent = schema.words("cells")[entry["cells"]]
    return (f"{amount}{agent}{detail}, intrathecal{day}, {verb} {what} in {entry['species']} {_model(entry)}{span}."
            + (f" {entry['note'][0].upper()}{entry['note'][1:]}." if entry["note"] else ""))


def _model(entry: Row) -> str:
    """Laboratory short names in capitals, words as words."""
    name: str = entry["model"]
    return name.upper() if name in ("cci", "sni", "snl", "psnl", "ccd", "cpip", "sci") else schema.words("model")[name]


def _tag(entry: Row) -> str:
    """Against the index study (bone marrow stromal cells relieve nerve-injury pain for weeks)."""
    stromal = entry["cells"] in schema.raw()["groups"]["cells"]["stromal"]
    nerve = entry["model"] in schema.raw()["groups"]["model"]["nerve"]
    if not (stromal and nerve):
        return "context"
    short = entry["duration_high_d"] is not None and entry["duration_high_d"] < 14
    return "conflicts" if entry["effect"] in ("none", "worse") or short else "supports"
