"""Simulated experiments over many parameter draws: each arm once for every draw, with its published n."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute

from thecal.analysis.claims.register import find_arm
from thecal.analysis.relief import Relief, relief_latent
from thecal.assay import von_frey
from thecal.assay.filaments import filament_set
from thecal.assay.threshold import estimate
from thecal.core.declaration import Model
from thecal.engine.coupling import assemble_model
from thecal.engine.grid import times_of
from thecal.engine.integrate import Integrator, Status
from thecal.engine.layout import layout_of
from thecal.engine.loop import OUTCOMES
from thecal.engine.measure import Visited, bath_effect, measure_visit, observables_for
from thecal.engine.schedule import schedule_of, start_of
from thecal.engine.subjects import Scores, Subjects, arm_register, baseline_of, parameter_table, values_of
from thecal.study.plan import ArmPlan, StudyPlan, Visit


@dataclass(frozen=True)
class Experiment:
    """One arm over all draws. Arrays run (draws, animals, ...); lost animals are NaN and counted in ``lost``."""

    plan: StudyPlan
    arm: ArmPlan
    model: Model
    names: tuple[str, ...]
    times: np.ndarray
    values: np.ndarray
    parameters: np.ndarray
    values_by_draw: tuple[Mapping[str, float], ...]
    baseline: np.ndarray
    lost: int
    seed: int

    def latent(self, name: str = "pain.mechanical") -> np.ndarray:
        """Noise-free mean over the arm's animals, (draws, times)."""
        with np.errstate(invalid="ignore"):
            return np.nanmean(self.values[..., self.names.index(name)], axis=1)

    def at(self, name: str, day: float) -> np.ndarray:
        """Latent mean at one time, (draws,)."""
        return np.array([np.interp(day, self.times, row) for row in self.latent(name)])

    def latent_sum(self, start: str) -> np.ndarray:
        """Sum of all latent means whose name starts so, (draws, times)."""
        return np.sum([self.latent(n) for n in self.names if n.startswith(start)], axis=0)

    def cells(self, side: str, day: float) -> np.ndarray:
        """Living cells at the sciatic ganglia of one side, (draws,)."""
        names = [n for n in self.names if n.startswith("cells.captured") and n.endswith(f"{side}]")]
        return np.sum([self.at(n, day) for n in names], axis=0)

    @cached_property
    def visits(self) -> tuple[Visit, ...]:
        """Von Frey visits of the arm, in order of time."""
        return tuple(v for v in self.plan.visits_of(self.arm.id) if v.assay == "von_frey")

    @cached_property
    def days(self) -> np.ndarray:
        """Days of those visits."""
        return np.array([v.day_d for v in self.visits])

    @cached_property
    def thresholds(self) -> np.ndarray:
        """What the notebook gives: log10 50 % thresholds of the injured paw, (draws, animals, visits)."""
        filaments = filament_set(self.plan.species.filament_set)
        settings = von_frey.VonFreySettings(filaments)
        draws, animals = self.values.shape[:2]
        out = np.empty((draws * animals, len(self.visits)))
        fall = self.values[..., self.names.index("pain.mechanical")].reshape(draws * animals, -1)
        for k, visit in enumerate(self.visits):
            now = fall[:, int(np.searchsorted(self.times, visit.day_d))]
            seen = von_frey.measure(self.baseline - now, now, self.seed, self.arm.id, np.arange(draws * animals),
                                    visit.index, settings, "observer 1", "ipsilateral")
            found = estimate(seen["series"], seen["last_filament"], filaments, steps="nominal")
            out[:, k] = np.where(np.isfinite(now), found.log10_g, np.nan)
        return out.reshape(draws, animals, -1)

    @cached_property
    def _notebooks(self) -> dict[str, dict[str, np.ndarray]]:
        return {}

    def notebook(self, assay: str) -> dict[str, np.ndarray]:
        """Values of another assay by its reading's name, (draws, animals)."""
        if assay in self._notebooks:
            return self._notebooks[assay]
        visit = next(v for v in self.plan.visits_of(self.arm.id) if v.assay == assay)
        draws, animals = self.values.shape[:2]
        moment = int(np.searchsorted(self.times, visit.day_d))
        latent = {n: self.values[:, :, moment, k].ravel() for k, n in enumerate(self.names)}
        found: dict[str, np.ndarray] = {}
        for draw in range(draws):  # a slice's bath effect depends on the draw's parameters
            rows = slice(draw * animals, (draw + 1) * animals)
            subjects = Subjects(self.values_by_draw[draw], self.parameters[rows], self.baseline[rows])
            visited = Visited(self.plan, self.arm, visit, self.model, subjects, np.arange(draws * animals)[rows],
                              {n: x[rows] for n, x in latent.items()}, self.seed)
            seen = measure_visit(visited)
            for name in dict.fromkeys(seen["assay"].to_pylist()):
                rows_of = seen.filter(pa.compute.equal(seen["assay"], name))
                table = found.setdefault(name, np.full((draws, animals), np.nan))
                table[draw, rows_of["animal"].to_numpy() - draw * animals] = rows_of["value"].to_numpy()
        self._notebooks[assay] = found
        return found

    def bath(self) -> np.ndarray:
        """Fast effect in this arm's slice bath, (draws,)."""
        visit = next(v for v in self.plan.visits_of(self.arm.id) if v.assay == "slice_bath")
        return np.array([bath_effect(self.model, Subjects(values, self.parameters[:1], self.baseline[:1]), visit)
                         for values in self.values_by_draw])


@dataclass
class Laboratory:
    """Runs arms on demand and keeps them.

    Arguments:
        draws: parameter draws, as normal scores. seed: of animals and assays. integrator: what solves.
        typical: True to run one typical animal per draw (for fitting and perturbations).
        hypotheses, factors: held for every arm: a rival view of the biology.
    """

    draws: Sequence[Scores]
    seed: int
    integrator: Integrator
    typical: bool = False
    hypotheses: Mapping[str, float] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)
    kept: dict[tuple[str, tuple], Experiment] = field(default_factory=dict)

    def run(self, reference: str, factors: Mapping[str, float] | None = None) -> Experiment:
        """One arm over all draws; ``factors`` multiply register values (a perturbation)."""
        factors = {**self.factors, **(factors or {})}
        key = (reference, tuple(sorted(factors.items())))
        if key not in self.kept:
            self.kept[key] = self._run(reference, factors)
        return self.kept[key]

    def _run(self, reference: str, factors: Mapping[str, float]) -> Experiment:
        plan, arm = find_arm(reference)
        arm = replace(arm, hypotheses={**arm.hypotheses, **self.hypotheses})
        structure = layout_of(plan.species)
        model = assemble_model(structure)
        register = arm_register(arm)
        values = [values_of(register, scores) for scores in self.draws]
        for table in values:
            table.update({key: table[key] * factor for key, factor in factors.items()})
        animals = np.arange(len(values) * (1 if self.typical else arm.n))
        parameters = parameter_table(arm, model, register, values, animals, self.seed, not self.typical)
        schedules = [schedule_of(arm, model, structure, table) for table in values]
        visits = plan.visits_of(arm.id)
        times = times_of(arm, visits, -1.0, plan.end_d)
        names = tuple(dict.fromkeys([*OUTCOMES, *observables_for(visits, model),
                                     *(n for n in model.observable_index if n.startswith("cells.captured")),
                                     *(f"signalling.{m}" for m in ("macrophages", "microglia"))]))
        start = min(start_of(events, times) for events in schedules)
        solution = self.integrator.solve(model, parameters, schedules, animals * len(values) // animals.size, start,
                                         times, names)
        shape = (len(values), animals.size // len(values), times.size, len(names))
        return Experiment(plan, arm, model, names, times, solution.values.reshape(shape), parameters, tuple(values),
                          baseline_of(arm, animals, self.seed, not self.typical),
                          int(np.sum(solution.status != Status.OK)), self.seed)

    def relief(self, reference: str, factors: Mapping[str, float] | None = None,
               dose_day: float | None = None) -> list[Relief | None]:
        """Latent relief of an arm against its reference, one entry per draw; None where animals were lost."""
        mine = self.run(reference, factors)
        study = reference.split("/", 1)[0]
        other = self.run(f"{study}/{mine.arm.reference}", factors)
        day = mine.arm.first_dose_d if dose_day is None else dose_day
        assert day is not None
        found: list[Relief | None] = []
        for a, b in zip(mine.latent(), other.latent(), strict=True):
            whole = np.isfinite(a).all() and np.isfinite(b).all()
            found.append(relief_latent(mine.times, -a, -np.interp(mine.times, other.times, b), 0.0, day,
                                       mine.plan.analysis.relief_level, mine.plan.analysis.deficit_floor_log10)
                         if whole else None)
        return found

    def reversal_at(self, reference: str, day: float) -> np.ndarray:
        """Latent reversal at one time, (draws,); NaN where the deficit is under the floor."""
        mine = self.run(reference)
        other = self.run(f"{reference.split('/', 1)[0]}/{mine.arm.reference}")
        deficit = other.at("pain.mechanical", day)
        gain = deficit - mine.at("pain.mechanical", day)
        return np.where(deficit >= mine.plan.analysis.deficit_floor_log10, gain / np.maximum(deficit, 1e-9), np.nan)
