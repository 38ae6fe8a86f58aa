"""Virtual animals for planning: the mechanism once, the assay as often as experiments are simulated.

The ODE is solved for many animals of each arm at the planned visits. A simulated experiment then takes some of them and
tests them anew, filament by filament, so that power includes mechanism, animals, procedure, observers and lost visits.
Animals come in parameter draws: one at the model's centre, and some from the fitted uncertainty (for assurance, the
power that remains when the model's numbers are not taken as known).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from thecal.assay import hargreaves, von_frey
from thecal.assay.filaments import FilamentSet, filament_set
from thecal.assay.threshold import estimate
from thecal.core.errors import ThecalError
from thecal.core.streams import stream
from thecal.engine.coupling import assemble_model
from thecal.engine.fitted import centre, fitted_draws
from thecal.engine.integrate import Integrator, Status
from thecal.engine.layout import layout_of
from thecal.engine.schedule import schedule_of, start_of
from thecal.engine.subjects import Scores, arm_register, baseline_of, parameter_table, values_of
from thecal.study.plan import ArmPlan, StudyPlan, Visit

Floats = NDArray[np.float64]
OBSERVABLE = {"von_frey": "pain.mechanical", "hargreaves": "pain.heat"}


@dataclass(frozen=True)
class Group:
    """Latent animals of one arm, log10: ``fall`` (draws, animals, visits), ``level`` before injury (draws, animals)."""

    arm: ArmPlan
    fall: Floats
    level: Floats
    lost: int


@dataclass(frozen=True)
class Pair:
    """A treated arm and its reference at the visits they share."""

    arm: Group
    reference: Group
    visits: tuple[Visit, ...]
    filaments: FilamentSet | None
    assay: str

    @property
    def days(self) -> Floats:
        """Days of the visits, (v,)."""
        return np.array([v.day_d for v in self.visits])

    @property
    def name(self) -> str:
        """``cells − vehicle``."""
        return f"{self.arm.arm.id} − {self.reference.arm.id}"

    def planned_visit(self, among: NDArray[np.int64] | None = None) -> int:
        """The visit after the first dose with the largest predicted difference: the natural single contrast."""
        gain = np.abs(self.reference.fall[0].mean(0) - self.arm.fall[0].mean(0))
        after = self.split()[1] if among is None else among
        return int(after[np.argmax(gain[after])])

    def label(self, visit: int) -> str:
        """When a visit is, in words."""
        v = self.visits[visit]
        return f"day {v.day_d:g}" if v.after_dose_h is None else f"{v.after_dose_h:g} h after the dose"

    def split(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Indices of the visits before the injury, and of those after the first dose."""
        injury = self.arm.arm.injury.day_d
        dose = self.arm.arm.first_dose_d
        day = self.days
        return np.flatnonzero(day < injury), np.flatnonzero(day > (injury if dose is None else dose))


@dataclass(frozen=True)
class Conditions:
    """How the simulated experiments are run.

    Arguments:
        missed: share of visits lost at random. dropout: share of animals lost for good, from a random visit on.
        own_observer: each arm has its own observer and day, as when arms are not blocked.
        after_change: responses taken after the first change of letter (von Frey).
        filaments: another set than the study's.
    """

    missed: float = 0.0
    dropout: float = 0.0
    own_observer: bool = False
    after_change: int = 4
    filaments: FilamentSet | None = None


USUAL = Conditions()


def population(plan: StudyPlan, arms: Sequence[str], assay: str, integrator: Integrator, animals: int = 200,
               draws: int = 1, seed: int | None = None, dose_factor: float = 1.0) -> dict[str, Group]:
    """Solve the mechanism for the named arms.

    Arguments:
        animals: per arm and draw. draws: 1 is the model's centre; more adds fitted (or register) draws after it.
        dose_factor: multiplies what is given (not vehicles), for dose curves.

    Errors: ThecalError for an assay that cannot be simulated here, or when no animal could be computed.
    """
    if assay not in OBSERVABLE:
        raise ThecalError.single("analysis.assay", "power cannot be simulated for this assay", seen=assay,
                                 allowed=", ".join(OBSERVABLE), code="assay-not-simulated")
    structure = layout_of(plan.species)
    model = assemble_model(structure)
    scores: list[Scores] = [centre()]
    scores += fitted_draws()[1:draws]
    groups = {}
    for name in dict.fromkeys(arms):
        arm = _dosed(plan.arm(name), dose_factor)
        visits = [v for v in plan.visits_of(name) if v.assay == assay]
        times = np.array(sorted({min([-1.0, *(v.day_d for v in visits)]), *(v.day_d for v in visits)}))
        register = arm_register(arm)
        values = [values_of(register, s) for s in scores]
        index = np.arange(animals * len(scores))
        table = parameter_table(arm, model, register, values, index, plan.seed if seed is None else seed, True)
        events = [schedule_of(arm, model, structure, v) for v in values]
        start = min(start_of(e, times) for e in events)
        found = integrator.solve(model, table, events, index // animals, start, times, (OBSERVABLE[assay],))
        bad = found.status != Status.OK
        if bad.all():
            raise ThecalError.single(f"arms.{name}", "no animal of this arm could be computed", code="not-computed")
        fall = found.values[..., 0][:, np.searchsorted(times, [v.day_d for v in visits])]
        fall[bad] = fall[~bad][np.arange(int(bad.sum())) % int((~bad).sum())]
        level = (baseline_of(arm, index, plan.seed if seed is None else seed, True) if assay == "von_frey" else
                 np.log10(np.repeat([v["pain.heat_latency"] for v in values], animals)))
        if not np.isfinite(level).all():
            raise ThecalError.single("species", "this species has no filament test to plan for",
                                     seen=plan.species.name, code="no-filament-test")
        shape = (len(scores), animals)
        groups[name] = Group(arm, fall.reshape(*shape, -1), level.reshape(shape), int(bad.sum()))
    return groups


def pair_of(plan: StudyPlan, groups: Mapping[str, Group], arm: str, reference: str, assay: str) -> Pair:
    """A treated arm and its reference, at the visits that both have.

    Errors: ThecalError when they share no visit after the dose.
    """
    own = {name: [v for v in plan.visits_of(name) if v.assay == assay] for name in (arm, reference)}
    shared = [v for v in own[arm] if any(v.index == w.index for w in own[reference])]
    if len(shared) < 2:
        raise ThecalError.single(f"arms.{arm}", "this arm and its reference share fewer than two visits",
                                 seen=f"{len(shared)} of {assay}", remedy="give both arms the same days",
                                 code="no-shared-visits")
    cut = {name: [next(k for k, v in enumerate(visits) if v.index == s.index) for s in shared]
           for name, visits in own.items()}
    two = [replace(groups[name], fall=groups[name].fall[..., cut[name]]) for name in (arm, reference)]
    filaments = filament_set(plan.species.filament_set) if assay == "von_frey" else None
    pair = Pair(two[0], two[1], tuple(shared), filaments, assay)
    if not pair.split()[1].size:
        raise ThecalError.single(f"arms.{arm}", "no visit after the dose is shared with the reference",
                                 seen=", ".join(f"{d:g}" for d in pair.days), remedy="add days after the dose",
                                 code="no-visit-after-dose")
    return pair


def experiments(pair: Pair, n: int, count: int, seed: int, conditions: Conditions = USUAL, draw: int = 0,
                null: bool = False) -> Floats:
    """Simulate experiments and read them as a notebook would.

    Arguments:
        n: animals per arm. count: experiments. draw: which parameter draw the animals come from; −1 takes each
            experiment from another draw.
        null: the treated arm gets reference animals too, so that every finding is false.

    Returns: log10 readings (count, 2, n, visits), reference first; nan where a visit was missed.
    """
    rng = stream(seed, pair.name, "experiments")
    sides = (pair.reference, pair.reference if null else pair.arm)
    out = np.empty((count, 2, n, len(pair.visits)))
    for s, group in enumerate(sides):
        draws, animals = group.level.shape
        chosen = rng.permuted(np.tile(np.arange(animals), (count, 1)), axis=1)[:, np.arange(n) % animals]
        which = np.full((count, 1), draw) if draw >= 0 else (np.arange(count) % draws)[:, None]
        level, fall = group.level[which, chosen], group.fall[which, chosen]
        for k in range(len(pair.visits)):
            out[:, s, :, k] = _test(pair, level.ravel(), fall[..., k].ravel(), seed, f"side {s}", k,
                                    conditions).reshape(count, n)
    if conditions.own_observer:
        curve = von_frey.ResponseCurve()
        out += rng.normal(0, curve.observer_sd_log10, (count, 2, 1, 1))
    return _lose(out, conditions, rng)


def _test(pair: Pair, level: Floats, fall: Floats, seed: int, side: str, visit: int, conditions: Conditions) -> Floats:
    """One visit of many animals: log10 of the threshold or the latency. The observer is shared and cancels."""
    animals = np.arange(level.size)
    if pair.assay == "hargreaves":
        seen = hargreaves.measure(10 ** (level - fall), seed, side, animals, visit)
        return np.log10(np.maximum(seen["latency_s"], 0.1))
    filaments = conditions.filaments or pair.filaments
    assert filaments is not None
    settings = von_frey.VonFreySettings(filaments, after_change=conditions.after_change)
    seen = von_frey.measure(level - fall, fall, seed, side, animals, visit, settings)
    return estimate(seen["series"], seen["last_filament"], filaments, steps="nominal").log10_g


def _lose(y: Floats, conditions: Conditions, rng: np.random.Generator) -> Floats:
    """Missed visits and animals lost for good, in place of their readings nan."""
    if conditions.missed > 0:
        y[rng.uniform(size=y.shape) < conditions.missed] = np.nan
    if conditions.dropout > 0:
        gone = rng.uniform(size=y.shape[:-1]) < conditions.dropout
        last = rng.integers(1, y.shape[-1], size=y.shape[:-1])
        y[gone[..., None] & (np.arange(y.shape[-1]) >= last[..., None])] = np.nan
    return y


def _dosed(arm: ArmPlan, factor: float) -> ArmPlan:
    """The arm with every amount multiplied; volumes stay."""
    if factor == 1.0:
        return arm
    given = tuple(replace(a, amounts={k: v * factor for k, v in a.amounts.items()}) for a in arm.administrations)
    return replace(arm, administrations=given)
