"""Why a dose does less, or more, in another species: every difference switched on and off, in all combinations.

An animal between two species takes each *cause* from the source or from the target. Lengths are counted in canal
lengths and volumes in volumes of fluid, so that causes can be switched apart: with all of them on it is the target
itself, with all off the source. With ``y = log10`` local exposure of the 2^k animals, the part of cause ``i`` is its
Shapley value::

    phi_i = sum over S without i of |S|! (k - |S| - 1)! / k! [y(S + i) - y(S)],      sum phi_i = y(all) - y(none)

``share`` is ``|phi_i|`` over the sum of all. ``switched_off`` is the exposure ratio with this cause alone left as in
the source: the test that a reader can repeat.
Source of the sharing rule: Shapley 1953; it splits interactions evenly and depends on no order.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from thecal.analysis.translation.carry import Treatment
from thecal.analysis.translation.simulate import area, curves, exposure_grid
from thecal.engine.integrate import Integrator
from thecal.engine.layout import layout_of
from thecal.study.plan import ArmPlan, Species

Values = Mapping[str, float]
VOLUMES = ("anatomy.canal_volume", "anatomy.cranial_volume")
CAUSES = {
    "dose": "more or fewer cells are given",
    "dilution": "there is more fluid for what is dissolved",
    "places": "ganglia, cord and needle lie elsewhere along the canal",
    "injected volume": "the slug fills another share of the fluid and pushes less of it",
    "turnover": "fluid is formed and leaves at another pace",
    "mixing": "pulsation and distance change how fast the fluid mixes along the canal",
    "crawling": "cells crawl no further, and a root sleeve's reach grows less than the canal",
    "wall uptake": "a wider gap has less wall for its fluid",
    "landing": "cells take longer to sink through a wider gap",
    "border": "the fluid space at a ganglion is larger and deeper",
}
SCHEDULED = 4  # the first causes change what is injected; the others only numbers of the animal


@dataclass(frozen=True)
class Cause:
    """One cause: ``log10_change`` of local exposure that is its part, its ``share``, and the ratio without it."""

    name: str
    meaning: str
    share: float
    log10_change: float
    switched_off: float

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {"name": self.name, "share": self.share, "log10_change": self.log10_change,
                "ratio_when_switched_off": self.switched_off, "meaning": self.meaning}


def between(source: Values, target: Values, on: frozenset[str]) -> dict[str, float]:
    """Numbers of an animal that takes the causes in ``on`` from the target and the others from the source.

    The canal keeps the source's length and gap; what depends on them is scaled instead.
    """
    v = dict(source)
    longer = (target["anatomy.canal_length"] / source["anatomy.canal_length"])**2
    wider = target["anatomy.gap"] / source["anatomy.gap"]
    if "dilution" in on:
        v |= {k: target[k] for k in VOLUMES}
    of = target if "turnover" in on else source
    v["anatomy.csf_formation"] = of["anatomy.csf_formation"] / _fluid(of) * _fluid(v)
    v["anatomy.spinal_absorption"] = of["anatomy.spinal_absorption"]
    if "injected volume" in on:
        v["anatomy.backflow"] = target["anatomy.backflow"]
    if "mixing" in on:
        v |= {f"anatomy.{k}": target[f"anatomy.{k}"] for k in ("pulsation_rate", "pulsation_amplitude",
                                                               "dispersion_rise", "shear_enhancement")}
        v |= {f"anatomy.{k}": target[f"anatomy.{k}"] / longer for k in ("molecular_diffusion", "root_mixing")}
    if "crawling" in on:
        v |= {"cells.motility": source["cells.motility"] / longer,
              "cells.catchment": target["cells.catchment"] / math.sqrt(longer)}
    if "wall uptake" in on:
        v |= {k: x / wider for k, x in source.items() if k.startswith("anatomy.wall_uptake")}
    if "landing" in on:
        v["cells.settling_speed"] = source["cells.settling_speed"] / wider
    if "border" in on:
        v |= {k: target[k] for k in ("anatomy.border_volume", "anatomy.border_path")}
    return v


def _fluid(values: Values) -> float:
    return sum(values[k] for k in VOLUMES)


def exposures(treatment: Treatment, target: Species, there: ArmPlan, source_values: Values, target_values: Values,
              solver: Integrator) -> dict[frozenset[str], float]:
    """Local exposure above vehicle of every animal between the two species, by the causes taken from the target."""
    names = tuple(CAUSES)
    inner = [frozenset(c) for k in range(len(names) - SCHEDULED + 1)
             for c in itertools.combinations(names[SCHEDULED:], k)]
    found: dict[frozenset[str], float] = {}
    for at_target in (False, True):
        structure = layout_of(target if at_target else treatment.species)
        outer = [frozenset(c) | (frozenset({"places"}) if at_target else frozenset())
                 for k in range(4) for c in itertools.combinations(("dose", "dilution", "injected volume"), k)]
        keys = [o | i for o in outer for i in inner]
        arms = [_arm(treatment, there, source_values, target_values, o) for o in outer]
        plain = [replace(arm, administrations=tuple(replace(a, amounts={}) for a in arm.administrations))
                 for arm in arms]
        values = [between(source_values, target_values, key) for key in keys]
        which = [k // len(inner) for k in range(len(keys))]
        times = exposure_grid(treatment.dose_day_d)
        both = [curves(each, structure, values, which, times, (treatment.local,), solver)[..., 0]
                for each in (arms, plain)]
        found |= dict(zip(keys, map(float, area(times, *both, treatment.dose_day_d)), strict=True))
    return found


def _arm(treatment: Treatment, there: ArmPlan, source: Values, target: Values, on: frozenset[str]) -> ArmPlan:
    """What is injected into an animal between the species: amounts, share of the fluid, and place along the canal."""
    fluid = _fluid(target if "dilution" in on else source)
    given = []
    for here, far in zip(treatment.arm.administrations, there.administrations, strict=True):
        share = far.volume_ul / _fluid(target) if "injected volume" in on else here.volume_ul / _fluid(source)
        place = far.position_mm / target["anatomy.canal_length"] if "places" in on else \
            here.position_mm / source["anatomy.canal_length"]
        given.append(replace(here, amounts=(far if "dose" in on else here).amounts, volume_ul=share * fluid,
                             position_mm=place * source["anatomy.canal_length"]))
    return replace(treatment.arm, administrations=tuple(given))


def causes_of(found: Mapping[frozenset[str], float]) -> list[Cause]:
    """Shapley values of log10 exposure, the largest first; none where an exposure is not positive."""
    names = tuple(CAUSES)
    if not all(x > 0 and math.isfinite(x) for x in found.values()):
        return []
    part = shapley(names, {k: math.log10(x) for k, x in found.items()})
    whole = sum(map(abs, part.values()))
    everything, nothing = frozenset(names), found[frozenset()]
    rows = [Cause(n, CAUSES[n], abs(part[n]) / whole if whole > 1e-9 else 0.0, part[n],
                  found[everything - {n}] / nothing) for n in names]
    return sorted(rows, key=lambda row: -row.share)


def shapley(names: Sequence[str], y: Mapping[frozenset[str], float]) -> dict[str, float]:
    """Shapley value of each name for a function of subsets."""
    k = len(names)
    weight = [math.factorial(s) * math.factorial(k - s - 1) / math.factorial(k) for s in range(k)]
    value = dict.fromkeys(names, 0.0)
    for subset, without in y.items():
        for name in names:
            if name not in subset:
                value[name] += weight[len(subset)] * (y[subset | {name}] - without)
    return value


def structure_apart(treatment: Treatment, target: Species) -> dict[str, float]:
    """How far the lumbar ganglia of the injured nerve lie from the cord's enlargement, in mm, in both species."""
    def gap(species: Species) -> float:
        ganglia = float(np.mean([g.position_mm for g in species.drg]))
        return float(np.mean(species.cord_lumbar_mm)) - ganglia

    return {"source_mm": gap(treatment.species), "target_mm": gap(target)}

