"""What the cells of one arm meet: the canal's wall, the slugs that carry them, and what tissue does over time.

CXCL12 made at each ganglion, TNF and the inhibitor in CSF come from the assembled ODE of the arm's typical animal; the
rules and every rate come from the same register values. Single cells do not feed back on the animal's inflammation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from thecal.anatomy.injection import displace
from thecal.cells.agents.rules import Rules, rules_of
from thecal.cells.agents.wall import Sleeve, Wall, wall_of
from thecal.core.errors import ThecalError
from thecal.engine.coupling import assemble_model
from thecal.engine.grid import times_of
from thecal.engine.layout import layout_of
from thecal.engine.schedule import schedule_of, start_of
from thecal.engine.solvers import integrator
from thecal.engine.subjects import Scores, arm_register, enrol, values_of
from thecal.study.plan import ArmPlan, Species, StudyPlan


@dataclass(frozen=True)
class Slug:
    """One injection of cells: ``living`` and ``dead`` cells that stay in the canal, ``leaked`` ones that do not."""

    day_d: float
    living: float
    dead: float
    leaked: float
    low_mm: float
    high_mm: float


@dataclass(frozen=True)
class Conditions:
    """Everything that :func:`thecal.engine.homing.course.follow` needs of an arm.

    Drivers run over ``times_d``: ``cxcl12_nm`` (times, ganglia), ``inflammation`` (times, ganglia), ``inhibitor_nm``
    (times,), already zero where the inhibitor does not bind CXCR4. ``counts``: what the ODE gives for the same arm,
    captured cells (times, ganglia); ``active_pg_ul``: active TGF-b1 at the injured ganglia and in lumbar CSF,
    (times, 2).
    """

    name: str
    wall: Wall
    rules: Rules
    values: Mapping[str, float]
    slugs: tuple[Slug, ...]
    removals: tuple[tuple[float, float], ...]
    times_d: np.ndarray
    cxcl12_nm: np.ndarray
    inflammation: np.ndarray
    inhibitor_nm: np.ndarray
    counts: np.ndarray
    active_pg_ul: np.ndarray
    end_d: float
    body_side: str

    @property
    def living(self) -> float:
        """Living cells given, over all injections."""
        return sum(s.living for s in self.slugs)

    @property
    def injured(self) -> np.ndarray:
        """Which ganglia lie on the injured side, (ganglia,)."""
        return np.array([s.side == "injured" for s in self.wall.sleeves])

    def counts_after(self, days: Sequence[float]) -> np.ndarray:
        """Captured cells by the ODE, so many days after the first injection, (days, ganglia)."""
        moments = self.slugs[0].day_d + np.asarray(days, float)
        return np.array([np.interp(moments, self.times_d, column) for column in self.counts.T]).T

    def at(self, day_d: float) -> tuple[np.ndarray, np.ndarray, float]:
        """CXCL12 and inflammation at each ganglion, and inhibitor, on one day."""
        k = min(max(int(np.searchsorted(self.times_d, day_d, side="right")) - 1, 0), self.times_d.size - 2)
        share = (day_d - self.times_d[k]) / (self.times_d[k + 1] - self.times_d[k])
        share = min(max(share, 0.0), 1.0)
        pair = slice(k, k + 2)
        weights = np.array([1 - share, share])
        inhibitor = float(weights @ self.inhibitor_nm[pair])
        return weights @ self.cxcl12_nm[pair], weights @ self.inflammation[pair], inhibitor


def conditions_of(plan: StudyPlan, arm: ArmPlan, scores: Sequence[Scores] = ({},),
                  overrides: Mapping[str, float] | None = None, factors: Mapping[str, float] | None = None,
                  days_after: float = 56.0, rings: bool = False) -> list[Conditions]:
    """The conditions of an arm, one for each set of normal scores (draw of the register's uncertainty).

    Arguments:
        plan, arm: resolved study. scores: draws; ``({},)`` is the register's centre.
        overrides: register values that replace the arm's, e.g. ``{"homing.cxcl12": 0}``. factors: multipliers.
        days_after: how long to follow the cells after the last injection. rings: the counts' view of reach.

    Errors: :class:`ThecalError` for an arm without living cells, or cells given by a pump.
    """
    structure = layout_of(plan.species)
    model = assemble_model(structure)
    register = arm_register(arm).with_values(dict(overrides or {}))
    given = [a for a in arm.administrations if a.amounts.get("cells")]
    if not given:
        raise ThecalError.single(where=f"arm '{arm.id}'", what="gives no living cells", seen=arm.label,
                                 allowed=", ".join(a.id for a in plan.arms if gives_cells(a)) or "none",
                                 remedy="name an arm that gives cells with --arm")
    end = max(a.day_d for a in given) + days_after
    visits = plan.visits_of(arm.id)
    times = times_of(arm, visits, -1.0, max(end, plan.end_d))
    table, schedules, all_values = [], [], []
    for draw in scores:
        values = values_of(register, draw)
        values.update(overrides or {})
        values.update({key: values[key] * factor for key, factor in (factors or {}).items()})
        typical = enrol(arm, model, np.array([0]), 0, draw, spread=False).parameters[0].copy()
        for j, leaf in enumerate(model.parameters):
            if leaf.name in values:
                typical[j] = values[leaf.name]
        table.append(typical)
        schedules.append(schedule_of(arm, model, structure, values))
        all_values.append(values)
    names = ([f"signalling.cxcl12[{g.name}]" for g in structure.ganglia]
             + [f"cells.captured[{g.name}]" for g in structure.ganglia] + ["signalling.tnf", "anatomy.csf_inhibitor"]
             + ["signalling.active_at_injured", "anatomy.csf_tgfb1_active"])
    solution = integrator("compiled").solve(model, np.array(table), schedules, np.arange(len(schedules)),
                                            min(start_of(s, times) for s in schedules), times, names)
    if (solution.status != 0).any():
        raise ThecalError.single(where=f"arm '{arm.id}'", what="the animal's ODE could not be solved for some draws",
                                 seen=f"{int((solution.status != 0).sum())} of {len(schedules)}",
                                 remedy="narrow the ranges that the study overrides")
    return [_conditions(plan, arm, structure.ganglia, values, times, seen, end, rings)
            for values, seen in zip(all_values, solution.values, strict=True)]


def gives_cells(arm: ArmPlan) -> bool:
    """Whether living cells are given."""
    return any(a.amounts.get("cells") for a in arm.administrations)


def _conditions(plan: StudyPlan, arm: ArmPlan, ganglia: tuple, values: Mapping[str, float], times: np.ndarray,
                seen: np.ndarray, end: float, rings: bool) -> Conditions:
    n = len(ganglia)
    wall = wall_of(values["anatomy.canal_length"], values["anatomy.canal_volume"], values["anatomy.gap"],
                   _sleeves(plan.species, ganglia, values), rings)
    injured = np.array([g.side == "injured" for g in ganglia])
    blocks = [a.day_d for a in arm.administrations if a.target == "cxcr4"]
    binding = (times >= min(blocks)) if blocks else np.zeros(times.size, bool)
    rules = rules_of(values)
    if rings:  # the counts' rates: every cell of the segment is a little beside its ganglia
        share = values["cells.catchment"] / (values["anatomy.canal_length"] / plan.species.segments)
        rules = replace(rules, capture_basal=share * rules.capture_basal, capture_cxcl12=share * rules.capture_cxcl12)
    return Conditions(
        arm.id, wall, rules, values, tuple(_slug(a, values) for a in arm.administrations
                                                      if a.amounts.get("cells")),
        tuple((r.day_d, r.fraction) for r in arm.removals), times, seen[:, :n] * values["homing.cxcl12"],
        seen[:, [2 * n]] * injured, seen[:, 2 * n + 1] * binding, seen[:, n:2 * n], seen[:, 2 * n + 2:], end,
        arm.injury.side)


def _sleeves(species: Species, ganglia: tuple, values: Mapping[str, float]) -> list[Sleeve]:
    """Reach of each root sleeve: a share of the mean spacing of the species' ganglia."""
    places = {g.level: g.position_mm for g in species.drg}
    spacing = float(np.mean(np.abs(np.diff(sorted(places.values())))))
    segment = values["anatomy.canal_length"] / species.segments
    return [Sleeve(g.name, g.level, g.side, g.segment, places[g.level], values["homing.pocket_length"] * spacing,
                   values["homing.pocket_arc"], segment) for g in ganglia]


def _slug(given, values: Mapping[str, float]) -> Slug:  # type: ignore[no-untyped-def]
    """An injection as a slug above the needle, the displacement of ``anatomy.injection``; the rest runs back."""
    cells, kept = given.amounts["cells"], 1 - values["anatomy.backflow"]
    canal, tank, length = (values[f"anatomy.{k}"] for k in ("canal_volume", "cranial_volume", "canal_length"))
    displace(1, canal, tank, given.position_mm / length, given.volume_ul * kept)  # refuses what the canal cannot hold
    alive = values["cells.viability"] * (1 - values["cells.first_day_loss"])
    low = given.position_mm
    return Slug(given.day_d, cells * kept * alive, cells * kept * (1 - alive), cells * (1 - kept),
                low, low + given.volume_ul * kept / canal * length)
