"""One call from a study to its design report: :func:`design_study`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from thecal.analysis.design.checklists import CHECKLISTS, Item, checklist
from thecal.analysis.design.critique import Remark, critique
from thecal.analysis.design.curves import over_conduct, over_dose, over_filaments, over_visits
from thecal.analysis.design.population import OBSERVABLE, Conditions, Pair, pair_of, population
from thecal.analysis.design.power import TESTS, assurance, needed, power_curve
from thecal.analysis.design.sequential import boundaries, sequential_power
from thecal.core.errors import Problem, ThecalError
from thecal.core.files import write_text
from thecal.engine.solvers import integrator
from thecal.study.lint import lint, runnable
from thecal.study.plan import ArmPlan, StudyPlan

SIZES = (4, 5, 6, 8, 10, 12, 16, 20)
DRAWS, DRAWN_ANIMALS = 24, 40      # parameter draws for assurance, and animals of each
NONE = pd.DataFrame()


@dataclass(frozen=True)
class Request:
    """What to compute.

    Arguments:
        arms: treated arms to look at; all when empty. Curves over visits, filaments, dose and conduct are made for the
            first, or, when empty, for the comparison whose power is nearest the target.
        sizes: animals per arm. experiments: per point. animals: latent animals per arm. target: power wanted.
        missed, dropout: lost visits and animals; the study's ``missed_visits`` when None.
        looks: cumulative animals per arm of a group-sequential design; empty for none.
        simulate, curves: what may be left out.
    """

    arms: tuple[str, ...] = ()
    sizes: tuple[int, ...] = SIZES
    experiments: int = 400
    animals: int = 200
    target: float = 0.8
    missed: float | None = None
    dropout: float = 0.0
    looks: tuple[int, ...] = ()
    boundary: str = "obrien-fleming"
    simulate: bool = True
    curves: bool = True
    seed: int | None = None
    solver: str = "compiled"


@dataclass(frozen=True)
class Design:
    """The design report of a study. Tables are pandas frames, empty where not asked for."""

    study: str
    title: str
    assay: str
    request: Request
    power: pd.DataFrame = field(default_factory=pd.DataFrame)       #: every n
    needed: pd.DataFrame = field(default_factory=pd.DataFrame)      #: planned n, its power, n for the target
    assurance: pd.DataFrame = field(default_factory=pd.DataFrame)
    visits: pd.DataFrame = field(default_factory=pd.DataFrame)
    filaments: pd.DataFrame = field(default_factory=pd.DataFrame)
    dose: pd.DataFrame = field(default_factory=pd.DataFrame)
    conduct: pd.DataFrame = field(default_factory=pd.DataFrame)
    sequential: pd.DataFrame = field(default_factory=pd.DataFrame)
    expected_n: float = math.nan
    critique: tuple[Remark, ...] = ()
    checklists: tuple[Item, ...] = ()
    notes: tuple[Problem, ...] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table that is not empty, by name, critique and checklists among them."""
        found = {f.name: getattr(self, f.name) for f in fields(self) if isinstance(getattr(self, f.name), pd.DataFrame)}
        found["critique"] = pd.DataFrame([r.__dict__ for r in self.critique])
        found["checklists"] = pd.DataFrame([i.__dict__ for i in self.checklists])
        return {name: table for name, table in found.items() if len(table)}

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return {"study": self.study, "assay": self.assay, "request": self.request.__dict__,
                "expected_n": self.expected_n if math.isfinite(self.expected_n) else None,
                **{name: [{k: _plain(v) for k, v in row.items()} for row in table.to_dict("records")]
                   for name, table in self.tables().items()}, "notes": [n.as_dict() for n in self.notes]}

    def write(self, folder: Path) -> list[Path]:
        """``design.json`` and one CSV per table."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.as_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        return [write_text(folder / "design.json", text),
                *(write_text(folder / f"{n}.csv", t.to_csv(index=False)) for n, t in self.tables().items())]


def design_study(source: str | Path, request: Request, sealed: bool = False,
                 step: Callable[[str], None] | None = None) -> Design:
    """Power, curves, critique and checklists of a study file or a study of the library.

    Arguments:
        sealed: an allocation has been sealed (it is said in the checklists). step: told what begins.

    Errors: ThecalError for a bad study, an unknown arm, or an outcome that cannot be simulated.
    """
    plan = runnable(source)
    findings = lint(source)
    assay = plan.analysis.assay
    tell = step or (lambda _: None)
    lists = tuple(i for name in CHECKLISTS for i in checklist(name, plan, sealed))
    if not request.simulate:
        return Design(plan.name, plan.title, assay, request, critique=tuple(critique(plan, findings)),
                      checklists=lists)
    if plan.conduct.randomisation == "cages":
        raise ThecalError.single(
            "conduct.randomisation", "power cannot be simulated for whole cages: how alike cage mates are is not "
            "known, and counting them as independent animals would promise too much", seen="cages",
            allowed="blocks, simple", code="whole-cages",
            remedy="spread the arms within cages (block_by: cage), or ask for the critique alone: --no-simulate")
    chosen, notes = _chosen(plan, request.arms, assay)
    conditions = Conditions(plan.conduct.missed_visits if request.missed is None else request.missed, request.dropout)
    seed = plan.seed if request.seed is None else request.seed
    solver = integrator(request.solver)
    tell("mechanism")
    groups = population(plan, [x for a in chosen for x in (a.id, str(a.reference))], assay, solver, request.animals,
                        seed=seed)
    pairs: dict[str, Pair] = {}
    for arm in chosen:
        try:
            pairs[arm.id] = pair_of(plan, groups, arm.id, str(arm.reference), assay)
        except ThecalError as error:
            notes += error.problems
    if not pairs:
        raise ThecalError(notes)
    curve = _power(plan, pairs, request, seed, conditions, tell)
    reached = _needed(curve, request.target)
    best = reached.groupby("arm", sort=False)["power"].max()
    first = next(iter(pairs)) if request.arms else str((best - request.target).abs().idxmin())
    extra = _extras(plan, pairs[first], request, seed, conditions, tell)
    remarks = critique(plan, findings, reached.rename(columns={"planned_n": "n"}), request.target)
    return Design(plan.name, plan.title, assay, request, curve, reached, critique=tuple(remarks), checklists=lists,
                  notes=tuple(notes), **extra)


def _chosen(plan: StudyPlan, arms: Sequence[str], assay: str) -> tuple[list[ArmPlan], list[Problem]]:
    """Treated arms with a reference and visits of the outcome."""
    known = {a.id: a for a in plan.arms}
    for name in arms:
        if name not in known:
            raise ThecalError.single("--arm", "there is no arm of that name", seen=name, allowed=", ".join(known))
    if assay not in OBSERVABLE:
        raise ThecalError.single("analysis.assay", "power cannot be simulated for this assay", seen=assay,
                                 allowed=", ".join(OBSERVABLE), remedy="or ask for the critique alone: --no-simulate")
    wanted = [known[n] for n in arms] or [a for a in plan.arms if a.role == "treatment"]
    found, notes = [], []
    for arm in wanted:
        tested = any(v.assay == assay for v in plan.visits_of(arm.id))
        if arm.reference is None or not tested or arm.first_dose_d is None:
            why = "has no reference arm" if arm.reference is None else (
                f"has no visit of {assay}" if not tested else "is given nothing")
            notes.append(Problem(f"arms.{arm.id}", f"{why}; no power", severity="note", code="no-power"))
            continue
        found.append(arm)
    if not found:
        raise ThecalError(notes or [Problem("arms", "there is no treated arm to plan for", code="no-treatment",
                                             remedy="add an arm that is given something, with a reference arm")])
    return found, notes


def _power(plan: StudyPlan, pairs: dict[str, Pair], request: Request, seed: int, conditions: Conditions,
           tell: Callable[[str], None]) -> pd.DataFrame:
    rows = []
    for name, pair in pairs.items():
        tell(pair.name)
        planned = plan.arm(name).n
        sizes = sorted({*request.sizes, planned})
        table = power_curve(pair, sizes, request.experiments, seed, plan.analysis.alpha, conditions)
        rows.append(table.assign(name=pair.name, arm=name, reference=pair.reference.arm.id, planned_n=planned,
                                 planned_visit=pair.label(pair.planned_visit())))
    return pd.concat(rows, ignore_index=True)


def _needed(curve: pd.DataFrame, target: float) -> pd.DataFrame:
    rows = []
    for name, part in curve.groupby("name", sort=False):
        for test in TESTS:
            here = part[(part["test"] == test) & (part["n"] == part["planned_n"])].iloc[0]
            rows.append({"name": name, "arm": here["arm"], "planned_n": int(here["n"]), "test": test,
                         "planned_visit": here["planned_visit"],
                         "power": here["power"], "low": here["low"], "high": here["high"],
                         "target": target, "needed_n": needed(part, test, target)})
    return pd.DataFrame(rows)


def _extras(plan: StudyPlan, pair: Pair, request: Request, seed: int, conditions: Conditions,
            tell: Callable[[str], None]) -> dict[str, Any]:
    """Curves, assurance and sequential design of the first comparison."""
    found: dict[str, Any] = {}
    n, count = pair.arm.arm.n, request.experiments
    if request.looks:
        tell("sequential design")
        try:
            looks = boundaries(request.looks, plan.analysis.alpha, request.boundary)
            table = sequential_power(pair, looks, count, seed, conditions=conditions)
        except ValueError as error:
            raise ThecalError.single("--looks", str(error), seen=", ".join(map(str, request.looks))) from None
        found |= {"sequential": table.assign(name=pair.name, power=table.attrs["power"]),
                  "expected_n": table.attrs["expected_n"]}
    if not request.curves:
        return found
    tell("visits, filaments, conduct")
    found |= {"visits": over_visits(pair, n, count, seed, conditions),
              "filaments": over_filaments(pair, n, count, seed, conditions),
              "conduct": over_conduct(pair, n, count, seed, conditions)}
    solver = integrator(request.solver)
    names = (pair.arm.arm.id, pair.reference.arm.id)
    found["dose"] = over_dose(plan, *names, pair.assay, solver, n, count, seed, conditions, request.animals, step=tell)
    tell("parameter draws")
    many = population(plan, names, pair.assay, solver, DRAWN_ANIMALS, DRAWS, seed)
    found["assurance"] = assurance(pair_of(plan, many, *names, pair.assay), n, max(50, count // 4), seed,
                                   plan.analysis.alpha, conditions)
    return {k: v.assign(name=pair.name) if isinstance(v, pd.DataFrame) else v for k, v in found.items()}


def _plain(x: Any) -> Any:
    if isinstance(x, (float, np.floating)):
        return float(x) if math.isfinite(x) else None
    return x.item() if isinstance(x, np.generic) else x
