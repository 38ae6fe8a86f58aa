"""A treatment carried to another species by every rule: what each predicts, how far they differ, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from thecal.analysis.evidence import handover
from thecal.analysis.evidence.synthesis import plain
from thecal.analysis.translation import causes, uncertainty
from thecal.analysis.translation.carry import Treatment, carried, csf_ul, species_called, treatment_of
from thecal.analysis.translation.rules import Carried, Rule, carry, largest_published, most_cells, rules, volume_factor
from thecal.analysis.translation.simulate import WINDOW_D, Course, area, course, curves, exposure_grid
from thecal.core.errors import ThecalError
from thecal.engine.coupling import assemble_model
from thecal.engine.fitted import centre, fitted_draws
from thecal.engine.integrate import Integrator
from thecal.engine.layout import layout_of
from thecal.engine.subjects import Scores, arm_register, scores_of_draw, values_of
from thecal.study.plan import ArmPlan, Species, StudyPlan

NO_BASIS = "no basis"
DRAWS = 300
ACTIVE = "anatomy.csf_tgfb1_active"
INJECTED = {"anatomy.backflow", "cells.viability", "cells.first_day_loss", "cells.paracrine_half"}
MEANING = ("what the animal's pain would do if it lay in this canal; nobody has measured pain biology in the target "
           "species this way, and no trial has tested it")


@dataclass
class Translation:
    """A treatment and a target species; everything is computed when it is first asked for.

    Arguments:
        draws: parameter draws for the intervals. seed: of the draws that the fit does not cover.
    """

    treatment: Treatment
    target: Species
    solver: Integrator
    draws: int = DRAWS
    seed: int = 1
    progress: Callable[[str], None] = field(default=lambda _: None)

    # ---------------------------------------------------------------- numbers of the two animals
    @cached_property
    def centre(self) -> dict[str, float]:
        """Normal scores of the usual animal; what the target species replaces stays at its own centre."""
        return {k: z for k, z in centre().items() if k not in self.target.parameters}

    @cached_property
    def scores(self) -> list[Scores]:
        """Parameter draws: fitted where a fit has spoken (of the source's animals), the target's own numbers anew."""
        known = fitted_draws()[1:][:self.draws]
        fresh = arm_register(self.there(1.0, 1.0)[0])
        found: list[Scores] = []
        for k in range(len(known) if known else self.draws):
            new = scores_of_draw(fresh, self.seed, k)
            base = known[k] if known else new
            found.append({**base, **{p: new[p] for p in self.target.parameters if p in new}})
        return found

    def there(self, amount: float, volume: float) -> tuple[ArmPlan, ArmPlan]:
        """The arm and its reference in the target species."""
        t = self.treatment
        return (carried(t.arm, t.species, self.target, amount, volume),
                carried(t.reference, t.species, self.target, 1.0, volume))

    @cached_property
    def same(self) -> bool:
        """True where source and target are one species."""
        return self.target.name == self.treatment.species.name

    # ---------------------------------------------------------------- exposure
    @cached_property
    def at_home(self) -> float:
        """Local exposure of the usual animal in its own species."""
        t = self.treatment
        values = values_of(arm_register(t.arm), centre())
        found = self._exposure([t.arm], [t.reference], t.species, [values])[0]
        if not found > 0:
            raise ThecalError.single(where=t.arm.id, what="nothing reaches the ganglia in the source species, so there "
                                     "is nothing to carry", remedy="choose another arm", code="no-exposure")
        return found

    def _exposure(self, arms: Sequence[ArmPlan], references: Sequence[ArmPlan], species: Species,
                  values: Sequence[dict[str, float]], where: str = "") -> list[float]:
        times = exposure_grid(self.treatment.dose_day_d)
        many = list(range(len(arms)))
        both = [curves(each, layout_of(species), values, many, times, (where or self.treatment.local,),
                       self.solver)[..., 0]
                for each in (arms, references)]
        return [float(x) for x in area(times, *both, self.treatment.dose_day_d)]

    def exposure_there(self, amounts: Sequence[float], volumes: Sequence[float], where: str = "") -> list[float]:
        """Exposure of the usual animal in the target for some doses, at the ganglia or as observed ``where``."""
        pairs = [self.there(a, v) for a, v in zip(amounts, volumes, strict=True)]
        values = values_of(arm_register(pairs[0][0]), self.centre)
        return self._exposure([p[0] for p in pairs], [p[1] for p in pairs], self.target, [values] * len(pairs), where)

    def equal_exposure(self) -> float | str:
        """The factor on the dose that gives the exposure of home, or why there is none."""
        if self.same:
            return 1.0
        cells = self.treatment.dose_cells
        low, high = (1 / cells, most_cells(self.target) / cells) if cells else (1e-3, 1e6)
        amounts = np.geomspace(low, high, 40)
        for _ in range(2):  # a coarse look over all possible doses, then a fine one where the curve crosses
            volumes = [volume_factor(self.treatment, self.target, a) for a in amounts]
            ratio = np.array(self.exposure_there(list(amounts), volumes)) / self.at_home
            above = np.flatnonzero(ratio >= 1)
            if not above.size:
                return (f"even the most that is possible gives {ratio[-1]:.2g} of the exposure; equal exposure cannot "
                        "be reached")
            if above[0] == 0:
                return "the smallest dose already gives more"
            amounts = np.geomspace(amounts[above[0] - 1], amounts[above[0]], 40)
        return float(amounts[above[0]])

    # ---------------------------------------------------------------- the rules
    @cached_property
    def carried(self) -> list[Carried]:
        """The dose by every rule, refused ones included."""
        found = []
        for rule in rules():
            self.progress(rule.name)
            found.append(carry(rule, self.treatment, self.target, self.equal_exposure))
        return found

    @cached_property
    def usable(self) -> list[Carried]:
        """The rules with a basis."""
        return [c for c in self.carried if c.amount is not None]

    def course(self, amount: float, volume: float, scores: Sequence[Scores]) -> Course:
        """Treated and vehicle animals in the target species for some draws."""
        arm, reference = self.there(amount, volume)
        values = [[values_of(arm_register(a), s) for s in scores] for a in (arm, reference)]
        return course(arm, reference, layout_of(self.target), *values, self.treatment.local,
                      self.treatment.plan.end_d, self.solver)

    @cached_property
    def home_course(self) -> Course:
        """The same in the source species, at the centre."""
        t = self.treatment
        values = [[values_of(arm_register(a), centre())] for a in (t.arm, t.reference)]
        return course(t.arm, t.reference, layout_of(t.species), *values, t.local, t.plan.end_d, self.solver)

    @cached_property
    def courses(self) -> dict[str, Course]:
        """For each usable rule the course over the centre (first) and all draws."""
        found = {}
        for c in self.usable:
            self.progress(f"{c.rule.name}, {len(self.scores)} draws")
            found[c.rule.name] = self.course(float(c.amount or 0), float(c.volume or 0), [self.centre, *self.scores])
        return found

    def causes(self, c: Carried) -> list[causes.Cause]:
        """Why exposure differs under one rule."""
        t = self.treatment
        arm, _ = self.there(float(c.amount or 0), float(c.volume or 0))
        self.progress(f"{c.rule.name}, causes")
        return causes.causes_of(causes.exposures(
            t, self.target, arm, values_of(arm_register(t.arm), centre()), values_of(arm_register(arm), self.centre),
            self.solver))

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One row for each rule, as printed."""
        return [self._row(c) for c in self.carried]

    def _row(self, c: Carried) -> dict[str, Any]:
        rule: Rule = c.rule
        row: dict[str, Any] = {"name": rule.name, "dose_cells": None, "local_exposure_ratio": None, "relief": NO_BASIS,
                               "causes": [], "meaning": rule.meaning, "range": rule.range, "source": rule.source,
                               "verified": rule.verified, "against": rule.against, "why": c.refused,
                               "beyond_experience": c.beyond}
        if c.amount is None or c.volume is None:
            return row
        t, seen = self.treatment, self.courses[rule.name]
        reliefs = seen.relief(t.plan)
        first = reliefs[0]
        days = np.array([np.nan if r is None else r.duration_h / 24 for r in reliefs[1:]])
        best = np.array([np.nan if r is None else r.best for r in reliefs[1:]])
        ratio = self.exposure_there([c.amount], [c.volume])[0] / self.at_home
        row |= {"dose_cells": t.dose_cells * c.amount if t.dose_cells else None, "dose_factor": c.amount,
                "volume_ul": t.volume_ul * c.volume, "local_exposure_ratio": ratio,
                "csf_active_tgfb1_ng_d_ml": self.exposure_there([c.amount], [c.volume], ACTIVE)[0],
                "causes": [cause.as_dict() for cause in self.causes(c)]}
        if first is not None:
            row["relief"] = first.as_dict() | {
                "meaning": MEANING, "days_over_draws": uncertainty.quantiles(days),
                "best_over_draws": uncertainty.quantiles(best),
                "share_of_draws_with_relief": float(np.nanmean(days > 0)),
                "draws_not_computed": int(np.isnan(days).sum())}
        return row

    # ---------------------------------------------------------------- uncertainty
    @cached_property
    def days(self) -> np.ndarray:
        """Days of relief, (rules, draws); draws that could not be computed under some rule are left out of all."""
        return np.array([[np.nan if r is None else r.duration_h / 24 for r in self.courses[c.rule.name].relief(
            self.treatment.plan)[1:]] for c in self.usable])

    def uncertainty(self) -> dict[str, Any]:
        """Distribution of the days of relief, the share due to each unknown, and what to measure next."""
        if not self.usable:
            return {"basis": NO_BASIS, "why": "no rule has a basis here"}
        fine = np.isfinite(self.days).all(axis=0)
        days = self.days[:, fine]
        prior = next(p for p in handover.priors() if p["id"] == "evidence.duration_it_cells_between_studies")
        tau = float(prior["value"]) if self.treatment.dose_cells else 0.0  # only cells have durations of many studies
        longest = self.treatment.plan.end_d - self.treatment.dose_day_d
        y = uncertainty.spread_over_studies(days, tau, longest)
        (rule_1, rule_t), (par_1, par_t), (study_1, study_t) = uncertainty.indices(y)
        register = arm_register(self.there(1.0, 1.0)[0])
        scores = [s for s, ok in zip(self.scores, fine, strict=True) if ok]
        return {
            "of": "days of relief in the model, over parameters, studies and rules with a basis",
            "days": uncertainty.quantiles(y.ravel()), "share_without_relief": float((y < 1 / 24).mean()),
            "longest_d": longest, "draws": int(fine.sum()), "draws_not_computed": int((~fine).sum()),
            "draws_from": "fitted to at most five findings in mice" if fitted_draws()[1:] else "the register's ranges",
            "between_studies": {"spread_log": tau, "low": prior["low"], "high": prior["high"],
                                "source": prior["source"]} if tau else None,
            "shares": [{"name": name, "first": first, "total": total} for name, first, total in
                       (("parameters", par_1, par_t), ("differences between studies", study_1, study_t),
                        ("choice of rule", rule_1, rule_t)) if tau or not name.startswith("differences")],
            "measure_next": uncertainty.measure_next(scores, y.mean(axis=(0, 2)), par_1, register,
                                                     self._used)}

    @property
    def _used(self) -> set[str]:
        """Numbers that the model or an injection reads."""
        return {p.name for p in assemble_model(layout_of(self.target)).parameters} | INJECTED

    # ---------------------------------------------------------------- cord and ganglia
    def along(self) -> list[dict[str, Any]]:
        """Exposure of CSF along the canal (total TGF-b1 above vehicle, ng d/ml), at home and under each usable rule."""
        t = self.treatment
        found = [self._profile("at home", t.species, t.arm, t.reference, centre())]
        for c in self.usable:
            found.append(self._profile(c.rule.name, self.target, *self.there(float(c.amount or 0),
                                                                            float(c.volume or 0)), self.centre))
        return found

    def _profile(self, name: str, species: Species, arm: ArmPlan, reference: ArmPlan, scores: Scores) -> dict[str, Any]:
        structure, values = layout_of(species), values_of(arm_register(arm), scores)
        times = exposure_grid(self.treatment.dose_day_d)
        names = tuple(f"anatomy.tgfb1_total[{i}]" for i in range(structure.segments))
        both = [curves([a], structure, [values], [0], times, names, self.solver)[0].T for a in (arm, reference)]
        profile = area(times, *both, self.treatment.dose_day_d)
        ganglia = float(np.mean([profile[g.segment] for g in structure.side("injured")]))
        cord = float(np.mean(profile[list(structure.cord_segments)]))
        return {"name": name, "species": species.name, "length_mm": values["anatomy.canal_length"],
                "ganglia_mm": [g.position_mm for g in species.drg], "cord_mm": list(species.cord_lumbar_mm),
                "needle_mm": arm.administrations[0].position_mm, "exposure_ng_d_ml": [float(x) for x in profile],
                "beside_ganglia": ganglia, "beside_cord": cord,
                "cord_over_ganglia": cord / ganglia if ganglia > 0 else None}

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain data; the first key is the table of rules."""
        t, home = self.treatment, self.home_course.relief(self.treatment.plan)[0]
        return plain({
            "rules": self.rows, "study": t.plan.name, "arm": t.arm.id, "from": t.species.name, "to": self.target.name,
            "doses": len({a.day_d for a in t.arm.administrations if "cells" in a.amounts or a.amounts}),
            "products": sorted({a.product for a in t.arm.administrations if a.amounts}),
            "donor": t.arm.administrations[0].donor,
            "largest_published_cells": largest_published(self.target),
            "at_home": {"dose_cells": t.dose_cells, "volume_ul": t.volume_ul, "local_exposure": self.at_home,
                        "relief": home.as_dict() if home else NO_BASIS,
                        "csf_ul": csf_ul(t.species), "csf_ul_target": csf_ul(self.target)},
            "window_d": WINDOW_D, "cord_and_ganglia": self.along() if t.local.startswith("signalling") else [],
            "distance_cord_to_ganglia_mm": causes.structure_apart(t, self.target), "uncertainty": self.uncertainty(),
            "disclaimer": "Computer model, not medical advice."})


def translate(plan: StudyPlan, to: str, solver: Integrator, arm: str | None = None, draws: int = DRAWS,
              progress: Callable[[str], None] | None = None) -> Translation:
    """Carry one arm of a study to another species.

    Arguments:
        to: species by name. arm: id; default the first arm with living cells. draws: parameter draws.

    Errors: ThecalError for a species without data, or an arm that cannot be carried.
    """
    return Translation(treatment_of(plan, arm), species_called(to), solver, draws, plan.seed,
                       progress or (lambda _: None))

