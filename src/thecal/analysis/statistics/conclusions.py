"""What a reader may and may not conclude, in words, from the tables of an analysis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from thecal.analysis.statistics.plan import AnalysisPlan
from thecal.core.errors import Problem

MAY, MAY_NOT, CAUTION = "may", "may not", "caution"
CARRIED = 0.1       #: P below which carry-over is said to show: the test is between animals and weak (Grizzle 1965)


@dataclass(frozen=True)
class Statement:
    """One sentence: what a reader ``may`` or ``may not`` conclude, or a ``caution``."""

    kind: str
    text: str


def conclusions(contrasts: pd.DataFrame, assumptions: pd.DataFrame, animals: dict[str, int], sexes: set[str],
                notes: tuple[Problem, ...], sensitivity: pd.DataFrame, plan: AnalysisPlan) -> list[Statement]:
    """Statements in order: what the contrasts allow, what they don't, and what weakens them."""
    said: list[Statement] = []
    for name, rows in contrasts.groupby("name", sort=False) if len(contrasts) else ():
        said += _pair(str(name), rows, plan)
    smallest = min(animals, key=lambda a: animals[a]) if animals else ""
    if animals and animals[smallest] < 6:
        said.append(Statement(CAUTION, f"{smallest} has {animals[smallest]} animals. Normality and equal spread can "
                              "hardly be checked with so few, and effects that reach significance tend to be "
                              "overestimates."))
    named = sexes - {""}
    if len(named) == 1:
        said.append(Statement(MAY_NOT, f"Nothing can be said about the other sex: every animal was {min(named)}."))
    for row in assumptions[assumptions["verdict"] == "violated"].itertuples() if len(assumptions) else ():
        said.append(Statement(CAUTION, f"“{row.check}” does not hold here ({row.meaning})."))
    for note in notes:
        if note.code == "confounded":
            said.append(Statement(MAY_NOT, f"The effect of the arms cannot be told from that of {note.where}: "
                                  "in this design they largely coincide."))
        elif note.code in ("empty-cell", "all-censored"):
            said.append(Statement(CAUTION, f"{note.where}: {note.what}."))
    said += _fragile(contrasts, sensitivity, plan)
    return said


def about_carry_over(table: pd.DataFrame, crossed: bool, plan: AnalysisPlan) -> list[Statement]:
    """What a crossover allows: how carry-over was dealt with, whether it shows, and what stays open."""
    if not crossed:
        return []
    if table.empty:
        return [Statement(CAUTION, "Animals got the arms one after the other, and in this design nothing can be known "
                          "of what an arm leaves behind: only a washout of which one is sure makes the periods "
                          "comparable.")]
    said = []
    for row in table.itertuples():
        shown = f"{row.name}: {row.estimate:.2f} ({row.low:.2f} to {row.high:.2f}), P = {row.p:.3f}"
        if row.p < CARRIED:
            text = f"Carry-over shows, {shown}. "
        else:
            text = f"Carry-over was not shown, nor was its absence, {shown}. "
        text += "The comparisons are adjusted for it." if row.tested == "term" else (
            "With two arms in two orders it cannot be separated from the comparison: the mean over both periods is off "
            "by half of it. Only the first period is free of it (see the sensitivity analyses).")
        said.append(Statement(CAUTION, text))
    return said


def _pair(name: str, rows: pd.DataFrame, plan: AnalysisPlan) -> list[Statement]:
    visits = rows[rows["day"].notna()]
    if visits.empty:
        return []
    clear = visits[visits["p_adjusted"] < plan.alpha]
    said = []
    for sign, word in ((1, "higher"), (-1, "lower")):
        part = clear[np.sign(clear["estimate"] - _null(plan)) == sign]
        if len(part):
            best = part.loc[(part["estimate"] - _null(plan)).abs().idxmax()]
            said.append(Statement(MAY, f"{name}: {word} on day{'s' * (len(part) > 1)} {_days(part)}, family-wise error "
                                  f"{plan.alpha:.0%}. Largest on day {best['day']:g}: {_size(best, plan)}."))
    rest = visits.drop(clear.index)
    same = rest[rest["equivalent"]] if "equivalent" in rest else rest.iloc[:0]
    if len(same):
        said.append(Statement(MAY, f"{name}: on day{'s' * (len(same) > 1)} {_days(same)} any difference is smaller "
                              f"than the margin of {plan.equivalence_margin:g} in either direction."))
    open_ = rest.drop(same.index)
    if len(open_):
        wide = open_.loc[(open_["high"] - open_["low"]).fillna(np.inf).idxmax()]
        interval = (f"; the interval on day {wide['day']:g} runs from {wide['low']:.2f} to {wide['high']:.2f}"
                    if np.isfinite(wide["low"]) else "")
        said.append(Statement(MAY_NOT, f"{name}: “no effect” on day{'s' * (len(open_) > 1)} {_days(open_)}. A "
                              f"difference was not shown, nor was its absence{interval}."))
    return said


def _fragile(contrasts: pd.DataFrame, sensitivity: pd.DataFrame, plan: AnalysisPlan) -> list[Statement]:
    """Conclusions that change with a reasonable other analysis."""
    if not len(sensitivity) or not len(contrasts) or "p_adjusted" not in sensitivity:
        return []
    said = []
    main = contrasts[contrasts["day"].notna()].set_index(["name", "day"])["p_adjusted"] < plan.alpha
    for label, rows in sensitivity[sensitivity["day"].notna()].groupby("analysis", sort=False):
        other = rows.set_index(["name", "day"])["p_adjusted"] < plan.alpha
        both = main.index.intersection(other.index)
        changed = [f"{name} on day {day:g}" for name, day in both if main[(name, day)] != other[(name, day)]]
        if changed:
            said.append(Statement(CAUTION, f"Significance depends on the analysis. With “{label}” it changes for "
                                  f"{', '.join(changed)}."))
    return said


def _null(plan: AnalysisPlan) -> float:
    return 0.5 if plan.outcome == "score" else 0.0


def _days(rows: pd.DataFrame) -> str:
    return ", ".join(f"{d:g}" for d in rows["day"])


def _size(row: pd.Series, plan: AnalysisPlan) -> str:
    if plan.outcome == "score":
        return f"P(higher) = {row['estimate']:.2f}"
    if plan.outcome in ("threshold", "latency", "seconds", "log-value"):
        fold, low, high = (10 ** abs(row["estimate"]), *sorted(10 ** (np.sign(row["estimate"]) * row[["low", "high"]])))
        return f"{fold:.2g}-fold (95 % interval {low:.2g} to {high:.2g})" if plan.alpha == 0.05 else f"{fold:.2g}-fold"
    return f"{row['estimate']:.3g} (interval {row['low']:.3g} to {row['high']:.3g})"
