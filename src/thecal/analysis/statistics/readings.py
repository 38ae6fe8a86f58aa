"""The readings table that every analysis takes: one row per animal, visit and reading.

Columns: ``animal``, ``arm`` (or ``group``), ``day`` and ``value_log10`` are needed; ``low``, ``high`` (interval of the
reading, same scale), ``censored`` ("", "left", "right"), ``sex``, ``cohort``, ``observer`` and ``included`` are used
when present. ``left`` means the truth lies below ``high``; ``right`` means it lies above ``low``. Outcomes that are not
thresholds bring a column ``value`` (seconds, score) instead of ``value_log10``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from thecal.core.errors import Problem, ThecalError

ALIASES = {"arm": ("group", "group_name", "treatment"), "animal": ("animal_id", "mouse", "rat", "subject", "id"),
           "day": ("visit", "time_d", "day_d"), "value_log10": ("log10_g", "threshold_log10_g", "value_log10_g"),
           "included": ("include", "include_in_analysis")}
FACTORS = ("sex", "cohort", "observer")


@dataclass(frozen=True)
class Readings:
    """Checked readings of one outcome, and what was set aside and why."""

    frame: pd.DataFrame            #: animal, arm, day, y, low, high, censored, sex, cohort, observer; tidy index
    notes: tuple[Problem, ...] = ()
    arms: tuple[str, ...] = field(default=())

    @property
    def days(self) -> tuple[float, ...]:
        """Visits in order."""
        return tuple(sorted(self.frame["day"].unique()))


def readings(table: pd.DataFrame, value: str = "value_log10", include_excluded: bool = False,
             arms: Iterable[str] | None = None, paired: bool = False) -> Readings:
    """Check and tidy a readings table.

    Arguments:
        table: any pandas frame with the columns of this module; :data:`ALIASES` are understood.
        value: the column analysed.
        include_excluded: keep animals marked as not included (for a sensitivity analysis).
        arms: order of the arms; order of appearance otherwise.
        paired: an animal may stand in several arms, compared with itself.

    Errors: ThecalError naming the column or the row when a needed column is missing or nothing usable is left.
    """
    frame = _renamed(table)
    notes: list[Problem] = []
    missing = [c for c in ("animal", "arm", "day", value) if c not in frame]
    if missing:
        raise ThecalError.single("table", f"the readings lack the column{'s' * (len(missing) > 1)} "
                                 + ", ".join(missing), seen=", ".join(map(str, table.columns)),
                                 remedy="rename the columns or give a mapping", code="missing-column")
    _one_measure(frame)
    out = pd.DataFrame({"animal": _label(frame) if paired else _named(frame), "arm": frame["arm"].astype(str),
                        "day": _number(frame["day"], "day"), "y": _number(frame[value], value)})
    for column in ("low", "high"):
        out[column] = _number(frame[column], column) if column in frame else np.nan
    out["censored"] = _censoring(frame)
    for factor in FACTORS:
        out[factor] = frame[factor].astype("string").fillna("") .astype(str) if factor in frame else ""
    _fill_bounds(out)
    excluded = _excluded(frame)
    if excluded.any() and not include_excluded:
        names = sorted(set(out.loc[excluded, "animal"]))
        notes.append(Problem("included", f"{len(names)} animals are marked as excluded and were left out",
                             seen=", ".join(names), severity="note", code="excluded"))
        out = out[~excluded]
    empty = ~np.isfinite(out["y"]) | ~np.isfinite(out["day"])
    if empty.any():
        notes.append(Problem(value, f"{int(empty.sum())} readings have no value and count as missed visits",
                             severity="note", code="missed-visit"))
        out = out[~empty]
    notes += _consistency(out, paired)
    if out.empty or out["animal"].nunique() < 2:
        raise ThecalError.single("table", "no readings of two or more animals are left to analyse",
                                 remedy="check the columns and the exclusions", code="empty")
    order = tuple(arms) if arms is not None else tuple(dict.fromkeys(out["arm"]))
    return Readings(out.reset_index(drop=True), tuple(notes), tuple(a for a in order if a in set(out["arm"])))


def _renamed(table: pd.DataFrame) -> pd.DataFrame:
    names = {}
    for target, others in ALIASES.items():
        if target not in table:
            names.update({other: target for other in others[::-1] if other in table})
    first = {new: old for old, new in reversed(names.items())}
    return table.rename(columns={old: new for new, old in first.items()})


def _one_measure(frame: pd.DataFrame) -> None:
    """One outcome of one paw at a time: a table that mixes them would be averaged without a word."""
    for column in ("assay", "paw"):
        if column in frame and frame[column].nunique(dropna=True) > 1:
            raise ThecalError.single("table", f"the readings hold more than one {column}; choose one",
                                     seen=", ".join(map(str, frame[column].dropna().unique()[:8])),
                                     remedy=f"keep the rows of one {column}", code=f"several-{column}s")


def _label(frame: pd.DataFrame) -> pd.Series:
    return frame["animal"].map(lambda x: str(int(x)) if isinstance(x, float) and x.is_integer() else str(x))


def _named(frame: pd.DataFrame) -> pd.Series:
    """Animals by name; where arms number their animals alike the arm is put in front.

    Numbered alike: at least half the labels stand in two arms on one day. Fewer are slips, and reported as such later.
    """
    label = _label(frame)
    rows = pd.DataFrame({"label": label, "arm": frame["arm"].astype(str), "day": frame["day"]}).drop_duplicates()
    shared = rows.loc[rows.duplicated(["label", "day"]), "label"].nunique()
    return frame["arm"].astype(str) + "/" + label if 2 * shared >= max(rows["label"].nunique(), 1) else label


def _number(column: pd.Series, name: str) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    bad = column.notna() & numbers.isna()
    if bad.any():
        row = int(np.flatnonzero(bad.to_numpy())[0])
        raise ThecalError.single(f"table row {row + 1}, column {name}", "this is not a number",
                                 seen=repr(column.iloc[row]), code="not-a-number")
    return numbers


def _censoring(frame: pd.DataFrame) -> pd.Series:
    if "censored" not in frame:
        return pd.Series("", index=frame.index)
    text = frame["censored"].map(lambda x: "" if pd.isna(x) or x is False else str(x).strip().lower())
    text = text.replace({"none": "", "no": "", "false": "", "0": "", "<": "left", "below": "left", ">": "right",
                         "above": "right"})
    bad = ~text.isin(["", "left", "right"])
    if bad.any():
        raise ThecalError.single("column censored", "a reading is censored in an unknown way",
                                 seen=str(text[bad].iloc[0]), allowed="empty, left, right", code="censoring")
    return text


def _fill_bounds(out: pd.DataFrame) -> None:
    """A censored reading needs its bound in ``high`` (left) or ``low`` (right); the value stands in when it is bare."""
    for side, bound in (("left", "high"), ("right", "low")):
        rows = out["censored"] == side
        bare = rows & ~np.isfinite(out[bound])
        out.loc[bare, bound] = out.loc[bare, "y"]
        unset = rows & ~np.isfinite(out["y"])
        out.loc[unset, "y"] = out.loc[unset, bound]


def _excluded(frame: pd.DataFrame) -> pd.Series:
    if "included" not in frame:
        return pd.Series(False, index=frame.index)
    return frame["included"].map(lambda x: str(x).strip().lower() in ("0", "0.0", "false", "no", "n"))


def _consistency(out: pd.DataFrame, paired: bool) -> list[Problem]:
    notes = []
    per_animal = out.groupby("animal")["arm"].nunique()
    if paired and not (per_animal > 1).any():
        raise ThecalError.single("analysis.paired", "no animal stands in two arms, so none can be compared with itself",
                                 remedy="leave 'paired' out, or give an animal one name in all arms", code="not-paired")
    if (per_animal > 1).any() and not paired:
        name = per_animal.index[per_animal > 1][0]
        found = ", ".join(sorted(set(out.loc[out["animal"] == name, "arm"])))
        raise ThecalError.single(f"animal {name}", "one animal belongs to more than one arm", seen=found,
                                 remedy="give each animal one arm, or one name; a crossover is analysed as paired",
                                 code="arm-changes")
    twice = out.duplicated(["arm", "animal", "day"], keep=False)
    if twice.any():
        notes.append(Problem("table", f"{int(twice.sum())} readings share animal and day; all enter the mixed model, "
                             "their mean enters the classical analysis", severity="warning", code="repeated-reading"))
    return notes
