"""Adverse events as counts: which rows may be added, what an unclear denominator can be, and the pooled rates."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Any

from thecal.analysis.evidence.effects import possible_denominators
from thecal.analysis.evidence.proportions import PooledProportion, pool_beta_binomial, pool_proportions
from thecal.analysis.evidence.schema import Row


@dataclass(frozen=True)
class Count:
    """Events of one kind in one study. ``status`` is stated, derived, inferred or unusable; ``note`` says why."""

    study: str
    term: str
    events: int | None
    total: int | None
    unit: str
    status: str
    note: str = ""


@dataclass(frozen=True)
class PooledHarm:
    """One adverse event pooled per injection or per patient, with and without denominators that were inferred."""

    term: str
    unit: str
    counts: tuple[Count, ...]
    left_out: tuple[Count, ...]
    all: PooledProportion | None
    clear_only: PooledProportion | None
    beta_binomial: PooledProportion | None
    comparator: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        fits = {name: fit.as_dict() if fit else None for name, fit in (
            ("all", self.all), ("without_unclear_denominators", self.clear_only),
            ("beta_binomial", self.beta_binomial))}
        return {"term": self.term, "unit": self.unit, "counts": [asdict(c) for c in self.counts],
                "left_out": [asdict(c) for c in self.left_out], "comparator": self.comparator} | fits


def counts(rows: list[Row], everything: list[Row] | None = None) -> list[Count]:
    """Every adverse-event row as a count. A pool whose parts are also chosen is left out, so nothing counts twice.

    ``everything`` holds all rows of the tables: an unclear denominator is judged by all rates of its study, whatever
    was chosen of it.
    """
    parts = {e["part_of"] for e in rows if e["part_of"]}
    by_study: dict[str, list[Row]] = defaultdict(list)
    for entry in rows:
        if entry["outcome"] in ("adverse_event", "csf") and entry["ae_term"]:
            by_study[entry["study"]].append(entry)
    found = []
    for study, entries in by_study.items():
        if study in parts:
            found += [Count(study, e["ae_term"], e["events"], e["denominator"], e["denominator_unit"] or "", "unusable",
                            "a sum of studies that are themselves counted") for e in entries]
            continue
        possible = _possible([e for e in everything or entries if e["study"] == study and e["ae_term"]])
        found += [_count(e, possible) for e in entries]
    return found


def _possible(entries: list[Row]) -> list[int]:
    """What the printed percentages of one study can be of, when it does not say."""
    rates = [(e["rate_pct"], e["rate_decimals"]) for e in entries
             if e["denominator_status"] == "unclear" and e["rate_pct"] is not None and e["rate_decimals"]]
    patients = max((e["n_treated"] or 0 for e in entries), default=0)
    injections = int(patients * max((e["doses"] or 1 for e in entries), default=1))
    return possible_denominators(rates, injections) if rates and injections else []


def _count(entry: Row, possible: list[int]) -> Count:
    study, term, unit = entry["study"], entry["ae_term"], entry["denominator_unit"] or ""
    events, total, status = entry["events"], entry["denominator"], entry["denominator_status"]
    if None not in (events, total) and status in ("stated", "derived"):
        return Count(study, term, events, total, unit, status)
    if status == "unclear" and entry["rate_pct"] is not None and possible and entry["n_treated"] not in possible:
        total = possible[len(possible) // 2]
        return Count(study, term, round(entry["rate_pct"] * total / 100), total, "injections", "inferred",
                     f"the printed rates fit no {entry['n_treated']} patients; they fit {possible[0]} to "
                     f"{possible[-1]} injections")
    why = {"unclear": "a rate of unclear what", "unknown": "events without a denominator"}.get(
        status or "", "no count was read")
    if term == "combined":
        why = "several events in one count"
    return Count(study, term, events, total, unit, "unusable", why)


def pool_harms(rows: list[Row], everything: list[Row] | None = None) -> list[PooledHarm]:
    """Pool each adverse event, injections and patients apart.

    Arguments:
        rows: chosen human rows.
        everything: all human rows; they also say how often it happens without cells (lumbar puncture alone).
    """
    groups: dict[tuple[str, str], list[Count]] = defaultdict(list)
    unusable: dict[str, list[Count]] = defaultdict(list)
    for count in counts(rows, everything):
        if count.status == "unusable" or count.term == "combined":
            unusable[count.term].append(count)
        else:
            groups[count.term, count.unit].append(count)
    found = []
    for (term, unit), group in sorted(groups.items()):
        clear = [c for c in group if c.status != "inferred"]
        beside = [f"{e['rate_pct']:g} % after {e['assay']} ({e['study']})" for e in everything or []
                  if e["ae_term"] == term and e["cells"] == "puncture" and e["rate_pct"] is not None]
        pooled = _pool(group)
        found.append(PooledHarm(term, unit, tuple(group), tuple(unusable[term]), pooled,
                                pooled if clear == group else _pool(clear) if clear else None,
                                pool_beta_binomial(*_numbers(group)),
                                "lumbar puncture alone: " + ", ".join(beside) if beside else "not known without cells"))
    return found


def _numbers(group: list[Count]) -> tuple[list[int], list[int]]:
    return [c.events or 0 for c in group], [c.total or 1 for c in group]


def _pool(group: list[Count]) -> PooledProportion:
    return pool_proportions(*_numbers(group))
