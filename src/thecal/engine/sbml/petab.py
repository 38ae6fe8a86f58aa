"""One arm as a PEtab problem (version 1; Schmiester et al. 2021, doi:10.1371/journal.pcbi.1008646).

Tables beside the SBML document: what the arm's tests read, when, and which numbers may be estimated, with priors from
the register. Measurements hold what the typical animal would show without noise, as a template: put data in.
Tests that are procedures rather than readings of the model (place preference, slices in a bath) are left out.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from thecal.core.register import SD_OF_RANGE, Parameter
from thecal.engine.measure import TISSUE
from thecal.engine.reference import ReferenceIntegrator
from thecal.engine.sbml.arm import TypicalAnimal
from thecal.engine.sbml.events import changed_parameters, jumps
from thecal.engine.sbml.names import OBSERVABLE, PARAMETER, Identifiers, identifiers
from thecal.study.plan import ArmPlan, StudyPlan, Visit

TEMPLATE = "replace: simulated without noise"
FILES = ("model.xml", "conditions.tsv", "observables.tsv", "measurements.tsv", "parameters.tsv")


@dataclass(frozen=True)
class Reading:
    """What a test reads: the model's observable, the formula (``{x}`` stands for it), and its value at ``x``."""

    id: str
    observable: str
    formula: str
    value: Callable[[float], float]
    scale: str = "lin"


def problem_of(plan: StudyPlan, arm: ArmPlan) -> dict[str, str]:
    """The files of one arm's PEtab problem: name -> text; ``problem.yaml`` names the others."""
    animal = TypicalAnimal(plan, arm)
    names = identifiers(animal.model)
    looks = [(visit, reading) for visit in animal.visits for reading in readings(animal, visit)]
    used = {reading.id: reading for _, reading in looks}
    condition = Identifiers()["condition", arm.id]
    return {
        "problem.yaml": _problem(),
        "model.xml": animal.sbml(),
        "conditions.tsv": _table(("conditionId", "conditionName"), [(condition, arm.label)]),
        "observables.tsv": _table(("observableId", "observableName", "observableFormula", "observableTransformation",
                                   "noiseFormula"), _observables(used.values(), names)),
        "measurements.tsv": _table(("observableId", "simulationConditionId", "time", "measurement", "datasetId"),
                                   _measurements(animal, looks, condition)),
        "parameters.tsv": _table(("parameterId", "parameterName", "parameterScale", "lowerBound", "upperBound",
                                  "nominalValue", "estimate", "objectivePriorType", "objectivePriorParameters"),
                                 [*_numbers(animal, names), *_noises(used.values())]),
    }


def readings(animal: TypicalAnimal, visit: Visit) -> list[Reading]:
    """What one visit's test reads of the model; nothing for tests that are more than a reading."""
    values = animal.subject.values
    match visit.assay:
        case "von_frey":
            return _paws(visit, "mechanical", float(animal.subject.baseline_log10_g[0]), -1)
        case "hargreaves":
            return _paws(visit, "heat", math.log10(values["pain.heat_latency"]), -1)
        case "acetone":
            return _paws(visit, "cold", math.log10(values["pain.cold_response"]), 1)
        case "csf_elisa":
            return [Reading("csf_tgfb1_pg_ml", "anatomy.csf_tgfb1_total", "1000 * {x}", lambda x: 1000 * x, "log10")]
        case "tissue_inflammation":
            return [Reading(f"tissue_{name.split('.')[1]}", name, "0.2 + {x}", lambda x: 0.2 + x, "log10")
                    for name in TISSUE]
        case "cell_count":
            counted = [name for name in animal.model.observable_index if name.startswith("cells.captured")]
            return [Reading(Identifiers()["count", f"count {name}"], name, "{x}", float) for name in counted]
    return []


def _paws(visit: Visit, modality: str, baseline: float, sign: int) -> list[Reading]:
    """Log10 of a threshold or a time: the uninjured value, less (or plus) what the model says it changed."""
    found = []
    for paw in visit.paws:
        ending = "" if paw == "ipsilateral" else "_other"
        formula = f"{baseline!r} {'-' if sign < 0 else '+'} {{x}}"
        found.append(Reading(f"{visit.assay}_log10_{paw}", f"pain.{modality}{ending}", formula,
                             lambda x: baseline + sign * x))
    return found


def _observables(used: Iterable[Reading], names: Identifiers) -> list[Sequence]:
    return [(r.id, r.observable, r.formula.format(x=names[OBSERVABLE, r.observable]), r.scale, f"noise_{r.id}")
            for r in used]


def _measurements(animal: TypicalAnimal, looks: list[tuple[Visit, Reading]], condition: str) -> list[Sequence]:
    """The template: each visit's readings of the noise-free typical animal."""
    if not looks:
        return []
    times = np.unique([visit.day_d for visit, _ in looks])
    wanted = list(dict.fromkeys(reading.observable for _, reading in looks))
    solution = ReferenceIntegrator().solve(animal.model, animal.subject.parameters, [animal.events], np.zeros(1, int),
                                           animal.start_d, times, wanted)
    rows: list[Sequence] = []
    for visit, reading in looks:
        x = solution.values[0, np.searchsorted(times, visit.day_d), wanted.index(reading.observable)]
        rows.append((reading.id, condition, f"{visit.day_d - animal.start_d:.9g}", repr(reading.value(float(x))),
                     TEMPLATE))
    return rows


def _numbers(animal: TypicalAnimal, names: Identifiers) -> list[Sequence]:
    """The numbers that are uncertain and that no event sets."""
    moved = changed_parameters(jumps(animal.events, 0, len(animal.model.states)))
    rows: list[Sequence] = []
    for index, leaf in enumerate(animal.model.parameters):
        entry = animal.register.get(leaf.name)
        if entry is not None and index not in moved and entry.scale != "fixed" and entry.low < entry.high:
            rows.append(_number(names[PARAMETER, leaf.name], entry))
    return rows


def _number(name: str, entry: Parameter) -> Sequence:
    """Bounds at the register's outermost values; the prior's spread from its 5th and 95th percentile."""
    low, high = entry.quantile(-2.5), entry.quantile(2.5)
    if entry.scale == "log":
        sd = math.log10(entry.high / entry.low) / (2 * SD_OF_RANGE)
        scale, prior, centre = "log10", "parameterScaleNormal", math.log10(entry.value)
    else:
        sd = (entry.high - entry.low) / (2 * SD_OF_RANGE)
        scale, prior, centre = "lin", "normal", entry.value
    return name, entry.id, scale, repr(low), repr(high), repr(entry.value), 1, prior, f"{centre!r};{sd!r}"


def _noises(used: Iterable[Reading]) -> list[Sequence]:
    """Standard deviations of the readings, to be estimated (start value and bounds are assumptions)."""
    return [(f"noise_{r.id}", f"standard deviation of {r.id}", "log10", "0.001", "1000.0", "0.2", 1, "", "")
            for r in used]


def _table(head: Sequence[str], rows: Iterable[Sequence]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def _problem() -> str:
    model, conditions, observables, measurements, parameters = FILES
    return (f"format_version: 1\nparameter_file: {parameters}\nproblems:\n  - sbml_files: [{model}]\n"
            f"    condition_files: [{conditions}]\n    observable_files: [{observables}]\n"
            f"    measurement_files: [{measurements}]\n")
