"""What no published row may say: missing denominators, doses that do not fit, studies entered twice.

Each check is a small function over one row or over a whole table; the lists at the end are the plan.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable

from thecal.analysis.evidence import schema
from thecal.analysis.evidence.schema import Row
from thecal.core.errors import Problem

RowCheck = Callable[[Row], Iterable[Problem]]


def row(kind: str, entry: Row) -> list[Problem]:
    """All findings about one row."""
    return [problem for check in ROW_CHECKS[kind] for problem in check(entry)]


def table(kind: str, rows: list[Row], only_files: set[str] | None = None) -> list[Problem]:
    """All findings that need the whole table; ``only_files`` keeps those about rows of these files."""
    found = [*_twice(kind, rows), *_same_reference(kind, rows), *_pools(kind, rows)]
    names = None if only_files is None else only_files
    return [p for p in found if names is None or any(p.where.startswith(f"{n} line") for n in names)]


def solids_fraction(dose_cells: float, volume_ul: float) -> float:
    """Share of a volume (ul) that a number of cells fills, as spheres of the diameter in the schema."""
    return dose_cells * math.pi / 6 * float(schema.raw()["limits"]["cell_diameter_um"]["value"]) ** 3 * 1e-9 / volume_ul


def _at(entry: Row, column: str) -> str:
    return f"{entry['_file']} line {entry['_line']}, column {column}"


def _verified(entry: Row) -> Iterable[Problem]:
    if entry["verified"] == "yes" and not entry["source_url"]:
        yield Problem(_at(entry, "source_url"), "the row is marked verified but names no page that was read",
                      remedy="give the address, or set verified to no", code="source")
    if entry.get("certainty") == "lead" and entry["effect"] != "unread":
        yield Problem(_at(entry, "effect"), "nobody has read this study, so it has no effect yet", seen=entry["effect"],
                      allowed="unread", remedy="set certainty to what was read", code="lead")


def _cells_agree(entry: Row) -> Iterable[Problem]:
    """A dose needs cells, and nothing but cells has a dose in cells."""
    if entry["dose_cells"] and entry["cells"] in ("none", "placebo", "puncture", "tgfb1", "conditioned_medium"):
        yield Problem(_at(entry, "dose_cells"), f"'{entry['cells']}' holds no cells but a dose of cells is given",
                      seen=f"{entry['dose_cells']:g}", remedy="leave the dose blank or name the cells", code="dose")


def _dose_possible(entry: Row) -> Iterable[Problem]:
    limits, dose = schema.raw()["limits"], entry["dose_cells"]
    species = entry.get("species", "human")
    most = limits["dose_cells"].get(species)
    if dose and most and dose > most["value"]:
        yield Problem(_at(entry, "dose_cells"), f"{dose:g} cells in one dose is impossible for a {species}",
                      seen=f"{dose:g}", allowed=f"at most {most['value']:g} ({most['source']})",
                      remedy="check the power of ten", code="dose")
    volume = entry.get("volume_ul")
    if not volume:
        return
    csf = limits["csf_ml"].get(species)
    if entry["route"] == "it" and csf and volume > 1000 * csf["value"]:
        yield Problem(_at(entry, "volume_ul"), f"an intrathecal volume of {volume:g} ul is more than all the "
                      f"cerebrospinal fluid of a {species}", seen=f"{volume:g} ul",
                      allowed=f"below {1000 * csf['value']:g} ul", remedy="check the unit", code="volume")
    solids = solids_fraction(dose or 0, volume)
    if solids > limits["random_packing"]["value"]:
        yield Problem(_at(entry, "dose_cells"), f"{dose:g} cells do not fit into {volume:g} ul: they would fill "
                      f"{100 * solids:.0f} % of it", seen=f"{dose:g} in {volume:g} ul",
                      allowed=f"at most {100 * limits['random_packing']['value']:.0f} %",
                      remedy="check dose and volume", code="packing")


def _intervals(entry: Row) -> Iterable[Problem]:
    for name in ("onset", "duration"):
        low, high = entry.get(f"{name}_low_d"), entry.get(f"{name}_high_d")
        if low is not None and high is not None and low >= high:
            yield Problem(_at(entry, f"{name}_high_d"),
                          f"the {name} lies between {low:g} and {high:g} days: the second must be the larger",
                          seen=f"{high:g}", allowed=f"above {low:g}, or blank", code="interval")
        if name == "onset" and low is not None and high is None:
            yield Problem(_at(entry, "onset_high_d"), "an onset without the first test that showed relief says nothing",
                          remedy="fill onset_high_d or clear onset_low_d", code="interval")


def _estimate(entry: Row) -> Iterable[Problem]:
    for value, low, high in (("smd", "smd_low", "smd_high"), ("estimate", "estimate_low", "estimate_high")):
        least, middle, most = entry.get(low), entry.get(value), entry.get(high)
        if middle is None and (least, most) != (None, None):
            yield Problem(_at(entry, value), "an interval is given without its estimate",
                          remedy="fill it, or clear the interval", code="estimate")
        if least is not None and middle is not None and most is not None and not least <= middle <= most:
            yield Problem(_at(entry, value), "the estimate lies outside its own interval",
                          seen=f"{least:g} / {middle:g} / {most:g}", remedy="a lost minus sign?", code="estimate")


def _arms(entry: Row) -> Iterable[Problem]:
    means = [entry["mean_treated"], entry["mean_control"]]
    if None in means and any(m is not None for m in means):
        yield Problem(_at(entry, "mean_control"), "one group has a mean, the other has none", severity="warning",
                      remedy="no effect size can be computed from one group", code="arms")
    if None not in means and not entry["relief_is"]:
        yield Problem(_at(entry, "relief_is"), "means are given but not whether a higher or a lower reading is relief",
                      allowed="higher, lower", code="arms")
    if None not in means and None in (entry["n_treated"], entry["n_control"]):
        yield Problem(_at(entry, "n_treated"), "means are given without group sizes: no effect size can be computed",
                      severity="warning", remedy="fill n_treated and n_control when they are read", code="denominator")


def _denominator(entry: Row) -> Iterable[Problem]:
    """Every count needs to say of how many, or that this is unclear or unknown."""
    events, total, status = entry["events"], entry["denominator"], entry["denominator_status"]
    counts = events is not None or entry["rate_pct"] is not None
    if counts and total is None and status not in ("unclear", "unknown"):
        yield Problem(_at(entry, "denominator"), "a count or rate of events without the number it is of",
                      allowed="a number, or denominator_status unclear or unknown",
                      remedy="an event without a denominator is no rate: say so", code="denominator")
    if total is not None and not entry["denominator_unit"]:
        yield Problem(_at(entry, "denominator_unit"), "a denominator of what: patients or injections?",
                      allowed=", ".join(schema.words("denominator_unit")), code="denominator")
    if None not in (events, total) and events > total and entry["denominator_unit"] != "injections":
        yield Problem(_at(entry, "events"), f"{events} events in {total}", seen=str(events), allowed=f"0 to {total}",
                      remedy="are these patients or injections?", code="denominator")
    if None not in (events, total, entry["rate_pct"]):
        decimals = entry["rate_decimals"] if entry["rate_decimals"] is not None else 0
        computed = 100 * events / total
        if abs(computed - entry["rate_pct"]) > 0.6 * 10.0**-decimals:
            yield Problem(_at(entry, "rate_pct"),
                          f"{events} of {total} is {computed:.{decimals + 1}f} %, not what the row says",
                          seen=f"{entry['rate_pct']:g}", remedy="check the denominator", code="rate")
    if entry["outcome"] == "adverse_event" and not entry["ae_term"]:
        yield Problem(_at(entry, "ae_term"), "an adverse event without its name",
                      allowed=", ".join(schema.words("ae_term")), code="missing")


def _twice(kind: str, rows: list[Row]) -> Iterable[Problem]:
    seen: dict[tuple[object, ...], Row] = {}
    key = schema.table(kind).key
    for entry in rows:
        name = tuple(entry[c] for c in key)
        if name in seen:
            first = seen[name]
            yield Problem(f"{entry['_file']} line {entry['_line']}", f"the same arm and outcome of '{entry[key[0]]}' "
                          f"stands already in {first['_file']} line {first['_line']}",
                          remedy="remove one, or tell them apart in one of: " + ", ".join(key), code="duplicate")
        seen.setdefault(name, entry)


def _same_reference(kind: str, rows: list[Row]) -> Iterable[Problem]:
    """One paper under two names would be counted twice. "via X" says where a study was read, not which paper it is."""
    names: dict[str, Row] = {}
    for entry in rows:
        reference = (entry.get("reference") or "").lower()
        for part in (p.strip().removeprefix("https://doi.org/") for p in reference.split(";")):
            if not part or part.startswith("via ") or part == "not located":
                continue
            first = names.setdefault(part, entry)
            if first["study"] != entry["study"]:
                yield Problem(f"{entry['_file']} line {entry['_line']}, column reference",
                              f"this paper is already entered as '{first['study']}' ({first['_file']} line "
                              f"{first['_line']})",
                              seen=part, remedy="use one name per paper, so that it counts once", code="duplicate")
                break


def _pools(kind: str, rows: list[Row]) -> Iterable[Problem]:
    """A pool that is named must exist, and its parts must add up to it."""
    if kind == "index":
        return
    studies = {entry["study"] for entry in rows}
    parts: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for entry in rows:
        pool = entry["part_of"]
        if pool and pool not in studies:
            yield Problem(_at(entry, "part_of"), f"there is no study '{pool}'", seen=pool, code="part_of")
        if pool and entry.get("ae_term"):
            parts[pool, entry["ae_term"]].append(entry)
    for entry in rows:
        members = parts.get((entry["study"], entry.get("ae_term") or ""), [])
        total = sum(m["events"] or 0 for m in members)
        if members and entry["events"] is not None and total != entry["events"]:
            yield Problem(_at(entry, "events"), f"the pool counts {entry['events']} but its parts add up to {total}",
                          seen=str(entry["events"]), remedy="check the parts", code="part_of")


ROW_CHECKS: dict[str, tuple[RowCheck, ...]] = {
    "animal": (_verified, _cells_agree, _dose_possible, _intervals, _estimate, _arms),
    "human": (_verified, _cells_agree, _dose_possible, _estimate, _denominator),
    "index": (_verified, _intervals),
}
