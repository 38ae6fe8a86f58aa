"""Who the animals are: groups, sexes, cohorts and exclusions from all files together, and where these disagree."""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from thecal.analysis.notebook.findings import Finding
from thecal.analysis.notebook.layout import Layout
from thecal.analysis.notebook.mapping import Mapping
from thecal.analysis.notebook.spelling import read_flag, read_name, read_sex

_MOST = 100


def settle_names(layout: Layout, mapping: Mapping) -> None:
    """One spelling for each animal and each group, in place; what was put together is said."""
    animals = _spellings(
        [e.animal for e in layout.entries] + [name for name, _, _ in layout.animals], "animal", layout.findings
    )
    layout.entries = [
        replace(e, animal=animals.get(e.animal, e.animal)) if e.animal in animals else e for e in layout.entries
    ]
    layout.animals = [(animals.get(name, name), attributes, where) for name, attributes, where in layout.animals]
    wanted = {read_name(old): new for old, new in mapping.groups.items()}
    records = [e.attributes for e in layout.entries] + [attributes for _, attributes, _ in layout.animals]
    names = [wanted.get(read_name(a["group"]), read_name(a["group"])) for a in records if a.get("group") is not None]
    groups = _spellings(names, "group", layout.findings)
    for attributes in {id(a): a for a in records}.values():
        if attributes.get("group") is not None:
            name = wanted.get(read_name(attributes["group"]), read_name(attributes["group"]))
            attributes["group"] = groups.get(name, name)
    _near_names(sorted({groups.get(name, name) for name in names}), Counter(names), layout.findings)


def _spellings(names: list[str], kind: str, findings: list[Finding]) -> dict[str, str]:
    """Names that differ only in case and spaces -> the most common of them."""
    counted = Counter(name for name in names if name)
    families: dict[str, list[str]] = defaultdict(list)
    for name in counted:
        families[re.sub(r"[\s.]+", "", name.replace("_", "-")).casefold()].append(name)
    chosen = {}
    for family in families.values():
        if len(family) > 1:
            best = max(family, key=lambda name: (counted[name], name))
            chosen |= {name: best for name in family if name != best}
            findings.append(
                Finding(
                    kind,
                    f"one {kind} in several spellings: {', '.join(repr(f) for f in sorted(family))}",
                    f"all read as '{best}'",
                    animal=best if kind == "animal" else "",
                )
            )
    return chosen


def _near_names(names: list[str], counted: Counter, findings: list[Finding]) -> None:
    for i, a in enumerate(names[:_MOST]):
        for b in names[i + 1 : _MOST]:
            if (
                min(len(a), len(b)) >= 4
                and re.sub(r"\d", "", a) == a
                and difflib.SequenceMatcher(None, a.casefold(), b.casefold()).ratio() > 0.85
            ):
                rare = min((a, b), key=lambda name: counted[name])
                findings.append(
                    Finding(
                        "group",
                        f"the groups '{a}' and '{b}' have nearly the same name",
                        "kept apart",
                        likely_cause=f"'{rare}' is a typing slip; put it right in a mapping file: groups",
                    )
                )


def attach(table: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Fill group, sex, cohort and exclusion of every reading from the list of animals, and say where files disagree."""
    known = {name: attributes for name, attributes, _ in layout.animals}
    _listed_twice(layout)
    if known:
        _unmatched(table, known, layout.findings)
    table = table.copy()
    for column, read in (("group", read_name), ("sex", read_sex), ("cohort", read_name), ("observer", read_name)):
        named = {name: read(a.get(column)) for name, a in known.items() if a.get(column) is not None}
        stated = pd.Series([named.get(animal) for animal in table["animal"]], index=table.index, dtype=object)
        clash = stated.notna() & (table[column] != "") & (table[column] != stated)
        if column == "group" and clash.any() and not set(stated.dropna()) & set(table[column]):
            clash = _second_factor(table, sorted(set(stated.dropna())), layout.findings)
        for animal in table.loc[clash, "animal"].unique()[:_MOST]:
            rows = table[clash & (table["animal"] == animal)]
            layout.findings.append(
                Finding(
                    "group" if column == "group" else "animal",
                    f"{column} is '{rows[column].iloc[0]}' in the data and "
                    f"'{stated[rows.index[0]]}' in the list of animals",
                    "the list of animals is followed",
                    animal=animal,
                    where=rows["where"].iloc[0],
                )
            )
        merged = [old if new is None else new for old, new in zip(table[column], stated, strict=True)]
        table[column] = pd.Series(merged, index=table.index, dtype=object)
    _exclude(table, layout, known)
    _memberships(table, layout)
    return table


def _second_factor(table: pd.DataFrame, groups: list[str], findings: list[Finding]) -> pd.Series:
    """The data name something else than the list of animals: treatments of one animal, say. Keep both, in place."""
    names = ", ".join(sorted(set(table["group"]) - {""})[:5])
    findings.append(
        Finding(
            "group",
            f"the data name groups ({names}) that the list of animals does not ({', '.join(groups[:5])})",
            "the list gives the group; the name in the data is kept as stimulus",
            likely_cause="a second factor",
        )
    )
    table["stimulus"] = table["stimulus"].where(table["stimulus"] != "", table["group"])
    return pd.Series(False, index=table.index)


def _listed_twice(layout: Layout) -> None:
    for name, count in Counter(name for name, _, _ in layout.animals).items():
        if count > 1:
            versions = [attributes for other, attributes, _ in layout.animals if other == name]
            same = all(version == versions[0] for version in versions)
            layout.findings.append(
                Finding(
                    "animal",
                    f"{name} stands {count} times in the list of animals"
                    + ("" if same else ", with different entries"),
                    "the last is followed",
                    animal=name,
                    severity="note" if same else "warning",
                )
            )


def _unmatched(table: pd.DataFrame, known: dict[str, Any], findings: list[Finding]) -> None:
    seen = set(table["animal"])
    for names, what, action in (
        (sorted(seen - set(known)), "has readings but is not in the list of animals", "kept, without group and sex"),
        (sorted(set(known) - seen), "is in the list of animals but has no readings", "nothing to analyse"),
    ):
        for name in names[:_MOST]:
            near = difflib.get_close_matches(name, list(known if name in seen else seen), n=1, cutoff=0.7)
            findings.append(
                Finding(
                    "animal",
                    f"{name} {what}",
                    action,
                    animal=name,
                    likely_cause=f"'{near[0]}' was meant" if near else "",
                )
            )
        if len(names) > _MOST:
            findings.append(Finding("animal", f"{len(names)} animals: each {what}", f"the first {_MOST} are listed"))


def _exclude(table: pd.DataFrame, layout: Layout, known: dict[str, Any]) -> None:
    """The notebook's own marks, per animal (list of animals) or per reading (a column beside the data)."""
    by_row = {e.where + e.animal: e.attributes for e in layout.entries}
    flags, reasons = [], []
    for row in table[["animal", "where"]].itertuples(index=False):
        marks = [known.get(row.animal, {}), by_row.get(row.where + row.animal, {})]
        out = next(
            (m for m in marks if read_flag(m.get("included")) is False or read_flag(m.get("excluded")) is True), None
        )
        flags.append(out is None)
        reasons.append(read_name(out.get("comment")) if out else "")
    if all(flags):
        return
    marked = ~np.array(flags)
    table["included"] = table["included"].to_numpy() & ~marked
    table["note"] = [
        note if flag else f"excluded: {reason}" if reason else "excluded by the notebook"
        for note, reason, flag in zip(table["note"], reasons, flags, strict=True)
    ]
    for animal, rows in table[marked].groupby("animal", sort=False):
        whole = marked[(table["animal"] == animal).to_numpy()].all()
        reason = rows["note"].iloc[0].removeprefix("excluded: ")
        layout.findings.append(
            Finding(
                "excluded",
                f"{rows['group'].iloc[0] or 'animal'} {animal}: {reason}"
                + ("" if whole else f", {len(rows)} readings"),
                "stays in the table, left out of the analysis; a second analysis with it shows what this changes",
                animal=str(animal),
                day=None if whole else float(rows["day"].iloc[0]),
                severity="note",
            )
        )


def _memberships(table: pd.DataFrame, layout: Layout) -> None:
    """Animals in two groups; group names and group numbers that do not run together."""
    groups: dict[str, dict[str, None]] = defaultdict(dict)
    for animal, group in zip(table["animal"], table["group"], strict=True):
        if group:
            groups[animal][group] = None
    for animal, several in groups.items():
        if len(several) > 1:
            layout.findings.append(
                Finding(
                    "group",
                    f"{animal} is in {len(several)} groups: {', '.join(several)[:120]}",
                    "kept apart by group",
                    animal=animal,
                    likely_cause="a crossover, or two animals of one name",
                )
            )
    pairs: dict[str, tuple[str, str]] = {}
    for name, attributes in [(e.animal, e.attributes) for e in layout.entries] + [(n, a) for n, a, _ in layout.animals]:
        if attributes.get("group") is not None and attributes.get("group_id") is not None:
            pairs[name] = (read_name(attributes["group"]), read_name(attributes["group_id"]))
    usual = {
        group: Counter(i for g, i in pairs.values() if g == group).most_common(1)[0][0]
        for group in {g for g, _ in pairs.values()}
    }
    for animal, (group, number) in pairs.items():
        if usual[group] != number:
            other = next((g for g, i in usual.items() if i == number), "")
            layout.findings.append(
                Finding(
                    "group",
                    f"group is '{group}' but its number is {number}; other animals of '{group}' have {usual[group]}",
                    f"the name '{group}' is followed",
                    animal=animal,
                    likely_cause=f"the number was not changed, or the animal belongs to '{other}'"
                    if other
                    else "a typing slip",
                )
            )


def design_findings(table: pd.DataFrame) -> list[Finding]:
    """Factors that cannot be told apart from the groups, and a sex that is not there."""
    animals = {
        row.animal: row
        for row in table[["animal", "group", "cohort", "sex", "observer", "included"]].itertuples(index=False)
        if row.included and row.group
    }
    found = []
    for factor in ("cohort", "sex", "observer"):
        pairs = Counter((row.group, getattr(row, factor)) for row in animals.values())
        groups, levels = (
            Counter(row.group for row in animals.values()),
            Counter(getattr(row, factor) for row in animals.values()),
        )
        if factor == "sex" and len(levels) == 1 and "" not in levels:
            found.append(
                Finding("design", f"all animals are {next(iter(levels))}", "nothing can be said about the other sex")
            )
        if len(groups) < 2 or len(levels) < 2:
            continue
        for (group, level), count in sorted(pairs.items()):
            others = levels[level] - count
            if level and count >= max(3, 0.8 * groups[group]) and others < count:
                found.append(
                    Finding(
                        "design",
                        f"{count} of {groups[group]} animals of '{group}' are {factor} {level}, with {others} others",
                        f"differences between '{group}' and the rest are also differences between {factor}s",
                        likely_cause=f"groups were not spread over {factor}s",
                    )
                )
    return found
