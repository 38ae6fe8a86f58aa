"""ARRIVE 2.0 and SYRCLE, filled as far as a notebook can fill them.

A notebook holds readings, groups and sexes. It cannot know who was blinded, how animals were allocated or who gave
permission: such points stay open, and are counted as open, for the people who did the work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from thecal.analysis.design.checklists import ANSWERED, CHECKLISTS, OPEN, PARTLY, UNCLEAR, Answer, Item, questions
from thecal.analysis.notebook.analysis import NotebookAnalysis
from thecal.core.files import write_text


def checklist(name: str, found: NotebookAnalysis) -> list[Item]:
    """One checklist (``arrive2`` or ``syrcle``) filled from a notebook and its analysis."""
    title, rows = questions(name)
    blank = (OPEN if name == "arrive2" else UNCLEAR, "the notebook does not say; for those who did the work")
    items = []
    for row in rows:
        rule = RULES.get(row.get("rule", ""))
        status, answer = (rule(found) if rule else None) or blank
        items.append(Item(title, row["id"], row["set"], row["title"], row["question"], status, answer))
    return items


def write_checklists(found: NotebookAnalysis, path: Path) -> None:
    """Both checklists as one CSV, atomically."""
    items = [asdict(item) for name in CHECKLISTS for item in checklist(name, found)]
    write_text(path, pd.DataFrame(items).to_csv(index=False))


def _animals_of(found: NotebookAnalysis) -> pd.DataFrame:
    table = found.notebook.readings
    return table[table["group"] != ""].drop_duplicates(["animal", "group"])


def _design(found: NotebookAnalysis) -> Answer | None:
    counts = _animals_of(found)["group"].value_counts(sort=False)
    if counts.empty:
        return None
    groups = "; ".join(f"{group} ({n})" for group, n in counts.items())
    return PARTLY, f"{len(counts)} groups by number of animals: {groups}. Name the experimental unit."


def _sample_size(found: NotebookAnalysis) -> Answer | None:
    total = found.notebook.readings["animal"].nunique()
    return PARTLY, f"{total} animals in all, by group under 1. Why this number: for you to add."


def _exclusion(found: NotebookAnalysis) -> Answer | None:
    table = found.notebook.readings
    out = sorted(set(table.loc[~table["included"], "animal"]))
    said = f"{len(out)} animals were marked as excluded ({', '.join(out[:20])})" if out else "No animal was marked"
    return PARTLY, f"{said}; every fault in a reading is listed. Criteria set beforehand: for you to add."


def _outcomes(found: NotebookAnalysis) -> Answer | None:
    tests = ", ".join(dict.fromkeys(test.title for test in found.tests))
    days = sorted(found.notebook.readings["day"].dropna().unique())
    if not tests or not days:
        return None
    return PARTLY, f"Measured: {tests}, on {len(days)} visits, day {days[0]:g} to {days[-1]:g}. Name the primary one."


def _statistics(found: NotebookAnalysis) -> Answer | None:
    plans = [test.analysis.plan for test in found.tests if test.analysis is not None]
    if not plans:
        return None
    p = plans[0]
    return ANSWERED, (f"Thecal: mixed model with {p.method} degrees of freedom (ranks for scores), reference "
                      f"{p.reference or 'none'}, {p.adjust} over planned visits, alpha {p.alpha:g}; assumptions and "
                      "sensitivity analyses are in this report.")


def _animals(found: NotebookAnalysis) -> Answer | None:
    sexes = _animals_of(found)["sex"].value_counts()
    known = ", ".join(f"{n} {sex}" for sex, n in sexes.items() if sex)
    return (PARTLY, f"{known}. Strain, age or weight, source and health: for you to add.") if known else None


def _results(found: NotebookAnalysis) -> Answer | None:
    done = any(test.analysis is not None for test in found.tests)
    return (ANSWERED, "Means, spread, contrasts with intervals, effect sizes and single animals are in this report and "
            "its tables.") if done else None


def _interpretation(found: NotebookAnalysis) -> Answer | None:
    return PARTLY, "This report says what may and may not be concluded; the limits of your model are yours to add."


def _generalisability(found: NotebookAnalysis) -> Answer | None:
    sexes = set(_animals_of(found)["sex"]) - {""}
    return (PARTLY, f"One sex only ({min(sexes)}): nothing about the other.") if len(sexes) == 1 else None


def _data_access(found: NotebookAnalysis) -> Answer | None:
    return PARTLY, "All readings and tables lie beside this report as CSV; say where they are kept for others."


def _baseline(found: NotebookAnalysis) -> Answer | None:
    rows = [row for test in found.tests if test.analysis is not None
            for row in test.analysis.assumptions.to_dict("records") if row["check"] == "arms start alike"]
    if not rows:
        return None
    gap, verdict = max((row["statistic"], row["verdict"]) for row in rows)
    status = "low" if verdict == "holds" else "high" if verdict == "violated" else UNCLEAR
    return status, f"The largest difference of baseline means between groups is {gap:.2f} standard deviations."


def _incomplete(found: NotebookAnalysis) -> Answer | None:
    table = found.notebook.readings
    lost = int((table["included"] & table["value"].isna()).sum())
    out = table.loc[~table["included"], "animal"].nunique()
    missing = sum(finding.kind == "missing_visit" for finding in found.findings)
    return UNCLEAR if lost or out or missing else "low", (
        f"{out} animals left out, {lost} readings without a value, {missing} findings of missing visits; the mixed "
        "model keeps animals with missed visits, and a second analysis brings excluded animals back.")


Rule = Callable[[NotebookAnalysis], Answer | None]
#: rule of a question -> what a notebook can say to it; questions without one stay open
RULES: dict[str, Rule] = {
    "design": _design, "sample_size": _sample_size, "exclusion": _exclusion, "outcomes": _outcomes,
    "statistics": _statistics, "animals": _animals, "results": _results, "interpretation": _interpretation,
    "generalisability": _generalisability, "data_access": _data_access, "baseline": _baseline,
    "attrition": _incomplete,
}
