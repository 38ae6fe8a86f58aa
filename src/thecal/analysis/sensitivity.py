"""Which numbers carry the result: local sensitivity of relief, through the same loop that runs the study.

For each parameter p that is not fixed, the typical animal of an arm (and of its reference) is run with p a little lower
and a little higher, all else at its centre::

    elasticity = d ln(outcome) / d ln(p)                          central difference
    swing      = d outcome / d z  ·  (z_95 − z_5)                 the same slope, over the range that one may believe

An elasticity says how hard the outcome pulls on a number; a swing also says how little is known of the number.
Outcomes: duration of relief (h) and best reversal. An elasticity is nan where relief is absent on either side.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np

from thecal.analysis.relief import relief_latent
from thecal.core.register import SD_OF_RANGE, Parameter
from thecal.engine.jobs.parts import write_atomically
from thecal.engine.loop import RunPlan, draw_curves
from thecal.engine.subjects import arm_register
from thecal.study.plan import ArmPlan

FILE = "sensitivity.csv"
STEP = 0.1  # normal scores; a parameter known within a factor of ten moves by about 15 %


@dataclass(frozen=True)
class Sensitivity:
    """One parameter in one arm. Swings: of duration as a factor, of best reversal in its own unit."""

    arm: str
    parameter: str
    kind: str
    value: float
    low: float
    high: float
    unit: str
    duration_h: float
    best: float
    elasticity_duration: float
    elasticity_best: float
    swing_duration: float
    swing_best: float

    @property
    def weight(self) -> float:
        """What ranks a parameter: how far it moves the best reversal, or the logarithm of duration, over its range."""
        log_duration = abs(math.log(self.swing_duration)) if self.swing_duration > 0 else 0.0
        return max(abs(self.swing_best), min(log_duration, 10.0) if math.isfinite(log_duration) else 0.0)


def local_sensitivity(run: RunPlan, arms: Sequence[ArmPlan], seed: int = 0) -> list[Sensitivity]:
    """Sensitivities of the given arms; arms without a reference are passed over.

    Arguments:
        run: the study and its solver; ``run.scores`` is the centre from which parameters move.
        arms: usually one or two, each costs about two hundred animals (a second with the compiled engine).
    """
    found: list[Sensitivity] = []
    for arm in arms:
        if arm.reference and arm.first_dose_d is not None:
            found += _of_arm(run, arm, run.study.arm(arm.reference), seed)
    return found


def _of_arm(run: RunPlan, arm: ArmPlan, reference: ArmPlan, seed: int) -> list[Sensitivity]:
    register = arm_register(arm)
    moved = [entry for entry in register.values() if entry.scale != "fixed" and entry.low < entry.high]
    centre = dict(run.scores)
    draws = [centre, *({**centre, e.id: centre.get(e.id, 0.0) + side * STEP} for e in moved for side in (-1, 1))]
    outcomes = _outcomes(replace(run, draws=tuple(draws)), arm, reference, seed)
    base, rest = outcomes[0], outcomes[1:].reshape(len(moved), 2, 2)
    return [_row(arm, entry, centre.get(entry.id, 0.0), base, *ends) for entry, ends in zip(moved, rest, strict=True)]


def _outcomes(run: RunPlan, arm: ArmPlan, reference: ArmPlan, seed: int) -> np.ndarray:
    """Duration (h) and best reversal of each draw, (draws, 2)."""
    curves = {}
    for one in (arm, reference):
        table = draw_curves(run, one, range(len(run.draws)), seed)
        falls = table["pain.mechanical"].to_numpy().reshape(len(run.draws), -1)
        curves[one.id] = (table["t_d"].to_numpy()[:falls.shape[1]], falls)
    times, falls = curves[arm.id]
    grid, others = curves[reference.id]
    kept, plan = times <= arm.end_d, run.study.analysis
    found = np.full((len(run.draws), 2), np.nan)
    for k, (fall, other) in enumerate(zip(falls, others, strict=True)):
        vehicle = np.interp(times[kept], grid, other)
        if np.isfinite(fall[kept]).all() and np.isfinite(vehicle).all():
            relief = relief_latent(times[kept], -fall[kept], -vehicle, 0.0, float(arm.first_dose_d or 0.0),
                                   plan.relief_level, plan.deficit_floor_log10)
            found[k] = relief.duration_h, relief.best
    return found


def _row(arm: ArmPlan, entry: Parameter, z: float, base: np.ndarray, low: np.ndarray,
         high: np.ndarray) -> Sensitivity:
    values = entry.quantile(z - STEP), entry.quantile(z + STEP)
    log_ratio = math.log(values[1] / values[0]) if min(values) > 0 and values[0] != values[1] else math.nan
    log_change = [math.log(b / a) if a > 0 and b > 0 else math.nan for a, b in zip(low, high, strict=True)]
    wide = SD_OF_RANGE / STEP
    return Sensitivity(arm.id, entry.id, entry.kind, entry.quantile(z), entry.low, entry.high, entry.unit,
                       float(base[0]), float(base[1]), log_change[0] / log_ratio, log_change[1] / log_ratio,
                       math.exp(min(log_change[0] * wide, 700.0)), float(high[1] - low[1]) * wide)


def carrying(rows: Sequence[Sensitivity], count: int = 10, assumed_only: bool = True) -> list[str]:
    """Parameters that carry the result, the heaviest first; over all arms in ``rows``."""
    weights: dict[str, float] = {}
    for row in rows:
        if not assumed_only or row.kind in ("assumed", "calibrated"):
            weights[row.parameter] = max(weights.get(row.parameter, 0.0), row.weight)
    return sorted(weights, key=lambda name: (-weights[name], name))[:count]


def write(rows: Sequence[Sensitivity], folder: Path) -> Path:
    """Keep the table beside the results, so that a report can be made again without simulating."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [f.name for f in fields(Sensitivity)], lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in asdict(row).items()} for row in rows)
    write_atomically(folder / FILE, text.getvalue().encode())
    return folder / FILE


def read(folder: Path) -> list[Sensitivity]:
    """The table kept beside the results; empty where there is none."""
    file = folder / FILE
    if not file.is_file():
        return []
    texts = {"arm", "parameter", "kind", "unit"}
    return [Sensitivity(**{k: v if k in texts else float(v) for k, v in row.items()})
            for row in csv.DictReader(io.StringIO(file.read_text("utf-8")))]
