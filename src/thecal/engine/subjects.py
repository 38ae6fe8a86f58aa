"""Who the virtual animals are: parameter values for each, from the register, the arm, and keyed draws.

Two kinds of spread, never mixed: *between animals* of one group (``between_animals`` of the register, drawn for each
animal) and *uncertainty* about the numbers themselves (the register's range, drawn once for a whole study; a draw is
a set of normal scores by parameter id, see :func:`scores_of_draw`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from thecal.core.declaration import Model
from thecal.core.register import Parameter, Register, load
from thecal.core.streams import uniforms
from thecal.engine.hypotheses import overrides_of
from thecal.study.plan import ArmPlan

Scores = Mapping[str, float]


@dataclass(frozen=True)
class Subjects:
    """The animals of one arm.

    ``values``: the arm's typical animal by register id; ``parameters``: (animals, model parameters);
    ``baseline_log10_g``: (animals,) latent threshold before injury, NaN where the species has no filament test.
    """

    values: Mapping[str, float]
    parameters: np.ndarray
    baseline_log10_g: np.ndarray


def arm_register(arm: ArmPlan) -> Register:
    """The register as this arm sees it: species, injury and product files, knock-downs, hypotheses."""
    register = load().with_values(arm.parameters)
    switched = overrides_of(arm.hypotheses, register)
    register = register.with_values({key: _held(register[key], value) for key, value in switched.items()})
    return register.with_values({key: _scaled(register[key], factor) for key, factor in arm.factors.items()})


def values_of(register: Register, scores: Scores) -> dict[str, float]:
    """All numbers at the given normal scores; those without a score at their centre."""
    return {key: entry.quantile(scores.get(key, 0.0)) for key, entry in register.items()}


def scores_of_draw(register: Register, seed: int, draw: int) -> dict[str, float]:
    """Normal scores of one draw from the register's uncertainty, keyed by parameter, so a new one moves no other."""
    return {key: float(ndtri(uniforms(seed, key, np.array([draw]), "uncertainty", 0, 1)[0, 0]))
            for key, entry in register.items() if entry.scale != "fixed" and entry.low < entry.high}


def enrol(arm: ArmPlan, model: Model, animals: np.ndarray, seed: int, scores: Scores,
          spread: bool = True) -> Subjects:
    """The animals of one arm.

    Arguments:
        arm: the arm. animals: indices, shape (n,). seed: the study's. scores: where in the register's uncertainty
            this study stands. spread: False for typical animals (no differences between them).
    """
    register = arm_register(arm)
    values = values_of(register, scores)
    table = parameter_table(arm, model, register, [values], animals, seed, spread)
    return Subjects(values, table, baseline_of(arm, animals, seed, spread))


def parameter_table(arm: ArmPlan, model: Model, register: Register, values: Sequence[Mapping[str, float]],
                    animals: np.ndarray, seed: int, spread: bool) -> np.ndarray:
    """Model parameters of animals in groups of equal size, one group for each entry of ``values``.

    Returns: (animals, parameters). Each animal has its own keyed differences (``between_animals``) if ``spread``.
    """
    each = animals.size // len(values)
    table = np.empty((animals.size, len(model.parameters)))
    for j, leaf in enumerate(model.parameters):
        if leaf.name not in register:  # an input that only the schedule sets
            table[:, j] = 0.0
            continue
        table[:, j] = np.repeat([v[leaf.name] for v in values], each)
        deviation = _deviation(arm, register[leaf.name]) if spread else 0.0
        if deviation > 0:
            table[:, j] *= np.exp(deviation * _normal(seed, arm.id, animals, f"between/{leaf.name}"))
    return table


def _deviation(arm: ArmPlan, entry: Parameter) -> float:
    return arm.injury.severity_sd if entry.id == "pain.injury_drive" else entry.between_animals


def baseline_of(arm: ArmPlan, animals: np.ndarray, seed: int, spread: bool) -> np.ndarray:
    """Latent log10 threshold (g) before injury, (animals,); NaN where the species has no filament test."""
    if arm.strain.baseline_log10_g is None:
        return np.full(animals.size, np.nan)
    deviation = (arm.strain.between_animal_sd_log10 or 0.0) if spread else 0.0
    return arm.strain.baseline_log10_g + deviation * _normal(seed, arm.id, animals, "between/baseline")


def _normal(seed: int, group: str, animals: np.ndarray, process: str) -> np.ndarray:
    return ndtri(uniforms(seed, group, animals, process, 0, 1)[:, 0])


def _held(entry: Parameter, value: float) -> Parameter:
    """An entry that a hypothesis moved: its range belonged to the value it had, so the new one is not drawn."""
    return entry if value == entry.value else replace(entry, value=value, low=value, high=value, scale="fixed")


def _scaled(entry: Parameter, factor: float) -> Parameter:
    return replace(entry, value=entry.value * factor, low=entry.low * factor, high=entry.high * factor)
