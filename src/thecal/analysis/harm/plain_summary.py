"""The summary for patients, "Can stem cells treat chronic pain?": a template; every number comes from the tables."""

from __future__ import annotations

from importlib import resources
from typing import Any

from thecal.analysis.evidence import directions, harms, query, synthesis
from thecal.analysis.evidence.schema import Row
from thecal.analysis.evidence.tables import Evidence, load
from thecal.analysis.harm import records
from thecal.core.errors import ThecalError

TITLE = "Can stem cells treat chronic pain?"
SMALL = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def markdown(evidence: Evidence | None = None) -> str:
    """The summary as Markdown."""
    from jinja2 import Environment, StrictUndefined

    text = (resources.files("thecal") / "data" / "harm" / "plain_summary.md.j2").read_text(encoding="utf-8")
    shaped = Environment(undefined=StrictUndefined, autoescape=False,
                         keep_trailing_newline=True).from_string(text)
    return _reflowed(shaped.render(**facts(evidence or load())))


def _reflowed(text: str) -> str:
    """Paragraphs filled anew, since numbers put into the template change the length of its lines."""
    import textwrap

    def fill(block: str) -> str:
        if block.startswith(("#", "|", "- ")):
            return block
        return textwrap.fill(block, 110, break_long_words=False, break_on_hyphens=False)

    return "\n\n".join(fill(block) for block in text.strip().split("\n\n")) + "\n"


def as_dict(evidence: Evidence | None = None) -> dict[str, Any]:
    """The summary, its numbers, and icon arrays: how many of 100 people or injections, or unknown."""
    evidence = evidence or load()
    return {"title": TITLE, "markdown": markdown(evidence), "facts": synthesis.plain(facts(evidence)),
            "icon_arrays": icons(evidence)}


def facts(evidence: Evidence) -> dict[str, Any]:
    """Every number that the template prints, from the tables."""
    people = {(e["study"], e["ae_term"] or e["outcome"]): e for e in evidence.human}
    votes, pain = _animals(evidence)
    relief = [e for e in evidence.human if e["outcome"] == "pain_relief" and e["condition"] == "sci_pain"
              and e["route"] == "it"]
    needle = sorted(e["rate_pct"] for e in evidence.human if e["study"] == "castrillo2015")
    ends = [end for _, end, _ in synthesis.study_times(pain, "duration").values()]
    course = _one(evidence.animal, "study", "gama2018", effect="untreated_course")
    more = _one(evidence.human, "study", "review_mittal", comparator="none")
    ms = _one(evidence.human, "study", "harris2024", outcome="function")
    index = next(e for e in evidence.animal if e["study"] == "chen2015" and e["dose_cells"])
    fluid = records.raw("csf_mechanics")["fluid_ml"]
    used = [index, *relief, more, ms, course, people["castrillo2015", "headache"], people["pan2019", "csf_cells"],
            people["meta_it_msc_rct2024", "musculoskeletal"], people["placebo_response2022", "pain_relief"]]
    cases = {term: [e for e in evidence.human if e["outcome"] == "harm_case" and e["ae_term"] == term]
             for term in ("arachnoiditis", "ectopic_mass")}
    used += [e for rows in cases.values() for e in rows]
    return {
        "version": evidence.version,
        "index_dose": f"{index['dose_cells']:,.0f}",
        "animals": {"studies": votes.studies, "relief": votes.relief, "mixed": _count(votes.mixed),
                    "none": _count(votes.no_sign + votes.worse)},
        "shortest_d": f"{min(ends):g}",
        "largest_group": max(e["n_treated"] or 0 for e in pain),
        "survival_d": f"{_one(evidence.index, 'arm', 'ab_survival')['duration_low_d']:g}",
        "article": _one(evidence.index, "arm", "blog_cells")["source_url"],
        "growth_years": " and ".join(f"{e['follow_up_d'] / 365:.0f}" for e in cases["ectopic_mass"]
                                     if e["follow_up_d"]),
        "relief_studies": _count(len(relief)),
        "relief_counts": ", ".join(f"{e['events']} of {e['denominator']}" for e in relief[:-1])
                         + f" and {relief[-1]['events']} of {relief[-1]['denominator']}",
        "placebo": f"{people['placebo_response2022', 'pain_relief']['estimate']:.0f}",
        "ms_cells": f"{ms['estimate']:.0f}", "ms_saline": _saline(ms),
        "more_pain": more, "headache": _rate(evidence, "headache"), "fever": _rate(evidence, "fever"),
        "puncture_low": f"{needle[0]:.0f}", "puncture_high": f"{needle[-1]:.0f}",
        "white_cells": people["pan2019", "csf_cells"],
        "musculoskeletal": f"{people['meta_it_msc_rct2024', 'musculoskeletal']['estimate']:.1f}",
        "rct_people": people["meta_it_msc_rct2024", "musculoskeletal"]["n_treated"],
        "scar_cases": _count(len(cases["arachnoiditis"])), "growth_cases": _count(len(cases["ectopic_mass"])),
        "fluid_ratio": f"{fluid['human']['value'] / fluid['mouse']['value']:,.0f}",
        "recovery_low": f"{course['duration_low_d']:g}", "recovery_high": f"{course['duration_high_d']:g}",
        "sources": [_source(e) for e in {e["study"]: e for e in used}.values()],
    }


def icons(evidence: Evidence) -> list[dict[str, Any]]:
    """Icon arrays: ``filled`` of ``of`` symbols with the range; ``filled`` None is drawn as unknown, never as empty."""
    found = []
    for term, label in (("headache", "Headache after one injection"), ("fever", "Fever after one injection")):
        rate = _rate(evidence, term)
        found.append({"label": label, "filled": rate["number"], "low": rate["number_low"], "high": rate["number_high"],
                      "of": 100, "unit": "injections"})
    for label in ("Scarred nerve roots", "Growths from the cells", "Pain relief beyond a dummy injection"):
        found.append({"label": label, "filled": None, "low": None, "high": None, "of": 100, "unit": "people"})
    return found


def _animals(evidence: Evidence) -> tuple[directions.Directions, list[Row]]:
    """Intrathecal stromal cells in animals with a hurt nerve, the index study among them."""
    rows = synthesis.pain_rows(evidence, query.Selection.of(route=["it"], cells=["stromal"], model=["nerve"]))
    return directions.directions(rows), rows


def _rate(evidence: Evidence, term: str) -> dict[str, Any]:
    wanted = query.Selection.of(route=["it"], cells=["stromal"], ae_term=[term])
    found = [h for h in harms.pool_harms([e for e in evidence.human if wanted.takes(e)], list(evidence.human))
             if h.unit == "injections" and h.all]
    if not found or found[0].all is None:
        raise ThecalError.single(where="evidence", what=f"no counts of {term} are in the tables", code="facts")
    fit = found[0].all
    return {"typical": f"{100 * fit.typical:.0f}", "low": _rounded(100 * fit.low), "high": _rounded(100 * fit.high),
            "number": round(100 * fit.typical), "number_low": 100 * fit.low, "number_high": 100 * fit.high}


def _rounded(per_cent: float) -> str:
    return f"{per_cent:.0f}" if per_cent >= 1 else "fewer than 1"


def _saline(row: Row) -> str:
    """The other arm of a two-arm trial is told in its note; refuse to print a number that is not there."""
    import re

    found = re.search(r"(\d+) % with saline", row["note"] or "")
    if not found:
        raise ThecalError.single(where=f"human.csv, {row['study']}", what="the saline arm is not in the "
                                 "row", code="facts")
    return found.group(1)


def _one(rows: tuple[Row, ...], column: str, name: str, **more: object) -> Row:
    return next(e for e in rows if e[column] == name and all(e[k] == v for k, v in more.items()))


def _count(number: int) -> str:
    return SMALL[number] if number < len(SMALL) else str(number)


def _source(entry: Row) -> str:
    read = "" if entry["certainty"] == "direct" else " (second hand or in part)"
    where = entry["source_url"] or "no page"
    return f"{entry['study']}: {entry['reference']}{read}, <{where}>"
