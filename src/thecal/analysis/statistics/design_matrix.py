"""From readings to a design: one mean per arm and visit, plus covariates centred on the whole study.

Cell means make every planned contrast a plain difference of coefficients. Covariates that the cells or earlier
covariates already determine (a cohort that holds one arm only) cannot be told apart and are left out, with a note. So
are factors nearly confounded with the arms, by a rule that looks at the design and never at the readings: adjusting for
them would more than double the variance of the average difference between arms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thecal.analysis.statistics.crossover import Crossover, crossover
from thecal.analysis.statistics.mixed import Blocks, blocks
from thecal.analysis.statistics.readings import Readings
from thecal.core.errors import Problem, ThecalError

Floats = NDArray[np.float64]
Cell = tuple[str, float]
LEAST_SPARE = 4         #: readings beyond their cell means that a residual variance of its own needs
MAX_INFLATION = 2.0     #: largest factor by which a covariate may raise the variance of the differences between arms


@dataclass(frozen=True)
class Layout:
    """A design of arm × visit cell means and covariates, ready to be fitted."""

    frame: pd.DataFrame            #: the readings that enter, in the order of X
    X: Floats                      #: (n, p)
    cells: tuple[Cell, ...]        #: the first columns of X
    covariates: tuple[str, ...]    #: the rest
    residual: NDArray[np.int64] | None
    residual_names: tuple[str, ...]
    notes: tuple[Problem, ...]
    nested: NDArray[np.int64] | None = None      #: animal in arm, where an animal has several visits in several arms
    periods: Crossover | None = None             #: where animals get several arms one after the other

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all coefficients."""
        return tuple(f"{arm} @ {day:g}" for arm, day in self.cells) + self.covariates

    def weights(self, parts: dict[Cell, float]) -> Floats:
        """Contrast vector (p,) from weights of cells; KeyError for a cell without readings."""
        w = np.zeros(self.X.shape[1])
        place = {cell: j for j, cell in enumerate(self.cells)}
        for cell, weight in parts.items():
            w[place[cell]] += weight
        return w

    def blocks(self, y: Floats | None = None) -> Blocks:
        """The data by animal, with other values ``y`` (n,) in place of the readings if given."""
        values = self.frame["y"].to_numpy() if y is None else y
        return blocks(values, self.X, self.frame["animal"].to_numpy(), self.residual, self.columns,
                      self.residual_names, self.nested)


def layout(data: Readings, baseline_days: tuple[float, ...] = (), baseline: str = "covariate",
           covariates: tuple[str, ...] = ("sex", "cohort", "observer"), residual_by: str | None = None,
           max_inflation: float = MAX_INFLATION, carry_over: bool = True) -> Layout:
    """Build the design.

    Arguments:
        baseline_days: visits before anything was done.
        baseline: ``covariate`` (their mean per animal enters as covariate and the visits leave the outcome),
            ``visit`` (they stay as visits) or ``none`` (they are dropped).
        covariates: columns of the readings; used when they have more than one level.
        residual_by: None for one residual variance, or a column (``arm``, ``day``) with its own variance per level.
        max_inflation: factors that inflate the variance between arms by more are left out; ``inf`` keeps them.
        carry_over: in a crossover, a term for the arm before (:mod:`thecal.analysis.statistics.crossover`).
    """
    frame = data.frame
    notes: list[Problem] = []
    is_base = frame["day"].isin(baseline_days)
    if is_base.all():
        raise ThecalError.single("baseline", "every reading is a baseline reading; there is nothing to compare",
                                 seen=", ".join(f"{d:g}" for d in baseline_days), code="only-baseline")
    before = frame[is_base]
    if baseline != "visit":
        frame = frame[~is_base]
    frame = frame.reset_index(drop=True)
    cells = tuple(sorted({(a, float(d)) for a, d in zip(frame["arm"], frame["day"], strict=True)},
                         key=lambda c: (data.arms.index(c[0]), c[1])))
    place = {cell: j for j, cell in enumerate(cells)}
    X = np.zeros((len(frame), len(cells)))
    X[np.arange(len(frame)), [place[a, float(d)] for a, d in zip(frame["arm"], frame["day"], strict=True)]] = 1
    columns: list[tuple[str, Floats]] = []
    if baseline == "covariate" and len(before):
        columns.append(("baseline", _baseline(frame, before, notes)))
    for name in covariates:
        dummies = _dummies(frame, name, notes)
        inflation = _inflation(frame, [c for _, c in dummies])
        if np.isinf(inflation) or inflation > max_inflation:
            cost = ("they cannot be told apart" if np.isinf(inflation) else "adjusting for it would multiply the "
                    f"variance of their differences by {inflation:.1f}")
            notes.append(Problem(name, f"{name} is confounded with the arms: {cost}; left out, see the sensitivity "
                                 "analyses", severity="warning", code="confounded"))
        else:
            columns += dummies
    periods = crossover(frame)
    columns += periods.columns(data.arms) if periods is not None and carry_over else []
    X, kept = _independent(X, columns, notes)
    classes, names = _residual_classes(frame, residual_by, data.arms, notes)
    return Layout(frame, X, cells, kept, classes, names, tuple(notes), _nested(frame), periods)


def _nested(frame: pd.DataFrame) -> NDArray[np.int64] | None:
    """Animals compared with themselves over several visits: a paw, or a period, also has a level of its own."""
    several = frame.groupby("animal")["arm"].nunique().gt(1).any()
    visits = frame.groupby(["animal", "arm"])["day"].nunique().gt(1).any()
    return frame.groupby(["animal", "arm"]).ngroup().to_numpy() if several and visits else None


def _residual_classes(frame: pd.DataFrame, by: str | None, arms: tuple[str, ...],
                      notes: list[Problem]) -> tuple[NDArray[np.int64] | None, tuple[str, ...]]:
    """Class of residual variance of each reading; one class when a level has too few readings for a variance."""
    one: tuple[str, ...] = ("residual",)
    if by is None or frame[by].nunique() < 2:
        return None, one
    spare = frame.groupby(by).size() - frame.drop_duplicates(["arm", "day"]).groupby(by).size()
    if spare.min() < LEAST_SPARE:
        notes.append(Problem("model", f"{by} {spare.idxmin()} has too few readings for a variance of its own; one "
                             "variance for all", severity="note", code="one-variance"))
        return None, one
    levels = sorted(frame[by].unique(), key=lambda v: arms.index(v) if by == "arm" else v)
    names = tuple(f"residual:{v:g}" if isinstance(v, float) else f"residual:{v}" for v in levels)
    return frame[by].map({v: i for i, v in enumerate(levels)}).to_numpy(), names


def _baseline(frame: pd.DataFrame, before: pd.DataFrame, notes: list[Problem]) -> Floats:
    """The animal's own baseline in this arm; in a crossover whose baseline came before both periods, the animal's."""
    own = before.groupby(["arm", "animal"])["y"].mean()
    values = pd.Series(own.reindex(pd.MultiIndex.from_frame(frame[["arm", "animal"]])).to_numpy(), frame.index)
    values = values.fillna(frame["animal"].map(before.groupby("animal")["y"].mean()))
    lacking = sorted(set(frame.loc[values.isna(), "animal"]))
    if lacking:
        notes.append(Problem("baseline", f"{len(lacking)} animals have no baseline reading; the mean stands in",
                             seen=", ".join(lacking), severity="warning", code="no-baseline"))
    mean = float(own.mean())
    return (values.fillna(mean) - mean).to_numpy(float)


def _dummies(frame: pd.DataFrame, name: str, notes: list[Problem]) -> list[tuple[str, Floats]]:
    """Columns of a factor, first level as reference, each centred so that cell means refer to the study's mix."""
    levels = sorted(frame[name].unique())
    if len(levels) < 2:
        return []
    if "" in levels:
        notes.append(Problem(name, f"{name} is not given for every reading; 'not given' is treated as a level",
                             severity="warning", code="missing-covariate"))
    found = []
    for level in levels[1:]:
        indicator = (frame[name] == level).to_numpy(float)
        found.append((f"{name}={level or 'not given'}", indicator - indicator.mean()))
    return found


def _inflation(frame: pd.DataFrame, columns: list[Floats]) -> float:
    """Factor by which a covariate raises the variance of differences between arms (mean over pairs); inf if aliased."""
    arms = pd.get_dummies(frame["arm"]).to_numpy(float)
    k = arms.shape[1]
    if not columns or k < 2:
        return 1.0
    X = _independent(arms, [("", c) for c in columns], [])[0]
    if X.shape[1] == k:
        return np.inf
    pairs = np.array([np.eye(k)[i] - np.eye(k)[j] for i in range(k) for j in range(i)])
    after = np.linalg.inv(X.T @ X)[:k, :k]
    before = np.diag(1 / arms.sum(0))
    return float(np.trace(pairs @ after @ pairs.T) / np.trace(pairs @ before @ pairs.T))


def _independent(X: Floats, columns: list[tuple[str, Floats]], notes: list[Problem]) -> tuple[Floats, tuple[str, ...]]:
    """Append the columns that are not linear combinations of what stands before them."""
    kept: list[str] = []
    basis = np.linalg.qr(X)[0]
    for name, column in columns:
        left = column - basis @ (basis.T @ column)
        left -= basis @ (basis.T @ left)
        norm = float(np.linalg.norm(left))
        if norm <= 1e-8 * max(float(np.linalg.norm(column)), 1e-12):
            notes.append(Problem(name, f"{name} is determined by arm, visit and earlier covariates; left out",
                                 severity="note", code="aliased"))
            continue
        basis = np.column_stack([basis, left / norm])
        X = np.column_stack([X, column])
        kept.append(name)
    return X, tuple(kept)
