"""Curves of power over the choices of a plan: animals, visits, filaments, dose, conduct."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from thecal.analysis.design.population import Conditions, Pair, pair_of, population
from thecal.analysis.design.power import power_curve
from thecal.assay.filaments import FilamentSet, filament_sets
from thecal.engine.integrate import Integrator
from thecal.study.plan import StudyPlan

DOSES = (0.25, 0.5, 1.0, 2.0, 4.0)
AFTER_CHANGE = (2, 4, 6)


def over_visits(pair: Pair, n: int, count: int, seed: int, conditions: Conditions) -> pd.DataFrame:
    """Power with fewer visits after the dose, spread evenly over those planned (first and last kept)."""
    _, after = pair.split()
    sizes = sorted({k for k in (1, 2, 3, 4, 6, 8, 12, 16, after.size) if k <= after.size})
    rows = []
    for k in sizes:
        chosen = after[np.unique(np.linspace(0, after.size - 1, k).round().astype(int))] if k > 1 else after[-1:]
        table = power_curve(pair, [n], count, seed, conditions=conditions, visits=chosen)
        rows.append(table.assign(visits=len(chosen), which="; ".join(pair.label(int(i)) for i in chosen)))
    return pd.concat(rows, ignore_index=True)


def over_filaments(pair: Pair, n: int, count: int, seed: int, conditions: Conditions) -> pd.DataFrame:
    """Power with other filament sets and stopping rules; empty for assays without filaments."""
    if pair.filaments is None:
        return pd.DataFrame()
    usual = pair.filaments
    rows = []
    for label, filaments, rule in [
            *((f"{usual.id}, {k} after the first change", usual, k) for k in AFTER_CHANGE),
            (f"{usual.id}, every second filament", _every_second(usual), conditions.after_change),
            (f"every filament of the full kit from {usual.marked_g[0]:g} to {usual.marked_g[-1]:g} g", _finer(usual),
             conditions.after_change)]:
        changed = replace(conditions, filaments=filaments, after_change=rule)
        rows.append(power_curve(pair, [n], count, seed, conditions=changed).assign(
            filaments=label, step_log10=filaments.step_log10))
    return pd.concat(rows, ignore_index=True)


def over_dose(plan: StudyPlan, arm: str, reference: str, assay: str, integrator: Integrator, n: int, count: int,
              seed: int, conditions: Conditions, animals: int, factors: Sequence[float] = DOSES,
              step: Callable[[str], None] | None = None) -> pd.DataFrame:
    """Power when everything given to the arm is multiplied by a factor; the mechanism is solved anew."""
    rows = []
    control = population(plan, [reference], assay, integrator, animals)
    for factor in factors:
        if step is not None:
            step(f"{arm}: dose × {factor:g}")
        treated = population(plan, [arm], assay, integrator, animals, dose_factor=factor)
        pair = pair_of(plan, {**control, **treated}, arm, reference, assay)
        _, after = pair.split()
        gain = (pair.reference.fall[0].mean(0) - pair.arm.fall[0].mean(0))[after]
        rows.append(power_curve(pair, [n], count, seed, conditions=conditions).assign(
            dose_factor=factor, largest_difference_log10=float(gain.max())))
    return pd.concat(rows, ignore_index=True)


def over_conduct(pair: Pair, n: int, count: int, seed: int, conditions: Conditions) -> pd.DataFrame:
    """What blocking and complete data are worth: power, and false positives when there is nothing to find."""
    ways = {"blocked, arms share observer and day": replace(conditions, own_observer=False),
            "each arm with its own observer": replace(conditions, own_observer=True),
            "a tenth of the visits missed": replace(conditions, missed=max(0.1, conditions.missed)),
            "a fifth of the animals lost": replace(conditions, dropout=max(0.2, conditions.dropout))}
    rows = []
    for label, way in ways.items():
        real = power_curve(pair, [n], count, seed, conditions=way)
        null = power_curve(pair, [n], count, seed, conditions=way, null=True)
        rows.append(real.assign(conduct=label, false_positives=null["power"], false_low=null["low"],
                                false_high=null["high"]))
    return pd.concat(rows, ignore_index=True)


def _finer(usual: FilamentSet) -> FilamentSet:
    """All filaments of the full kit within the usual range, started at the same force."""
    kit = filament_sets()["semmes-weinstein-20"]
    inside = [k for k, f in enumerate(kit.log10_g) if usual.log10_g[0] - 0.05 <= f <= usual.log10_g[-1] + 0.05]
    forces = tuple(kit.log10_g[k] for k in inside)
    first = usual.log10_g[usual.start - 1]
    return replace(usual, id=f"{usual.id}-fine", log10_g=forces, marked_g=tuple(kit.marked_g[k] for k in inside),
                   start=1 + int(np.argmin([abs(f - first) for f in forces])))


def _every_second(filaments: FilamentSet) -> FilamentSet:
    """A coarser set, as laboratories with few filaments use."""
    kept = filaments.log10_g[::2]
    marked = filaments.marked_g[::2] if filaments.marked_g else ()
    return replace(filaments, id=f"{filaments.id}-coarse", log10_g=kept, marked_g=marked,
                   start=max(1, (filaments.start + 1) // 2))
