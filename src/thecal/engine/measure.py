"""Measurement of one arm's animals on one visit: latent outcomes go into the assay, a notebook's rows come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from thecal.assay import acetone, hargreaves, place_preference, sample, slice, von_frey
from thecal.assay.filaments import filament_set
from thecal.assay.threshold import estimate
from thecal.core.declaration import Model
from thecal.core.evaluate import numpy_function
from thecal.core.streams import uniforms
from thecal.engine.subjects import Subjects
from thecal.study.plan import ArmPlan, StudyPlan, Visit

Row = dict[str, Any]
TISSUE = ("signalling.tnf", "signalling.il1", "signalling.il6", "signalling.ccl2", "signalling.macrophages",
          "signalling.microglia", "signalling.astrocytes", "pain.stress")


@dataclass(frozen=True)
class Visited:
    """Everything an assay needs: who, when, and the latent state as named arrays (animals,)."""

    plan: StudyPlan
    arm: ArmPlan
    visit: Visit
    model: Model
    subjects: Subjects
    animals: np.ndarray
    latent: Mapping[str, np.ndarray]
    seed: int

    @property
    def observer(self) -> str:
        """Observers take turns by visit."""
        return f"observer {1 + self.visit.index % self.plan.conduct.observers}"

    def fall(self, modality: str, paw: str) -> np.ndarray:
        """Latent fall (or rise, for cold) on a log10 scale of one paw."""
        return self.latent[f"pain.{modality}" + ("" if paw == "ipsilateral" else "_other")]


def measure_visit(visited: Visited) -> list[Row]:
    """The rows that a notebook would hold for this visit; missed visits and lost animals have none."""
    rows = ASSAYS[visited.visit.assay](visited)
    chance = visited.plan.conduct.missed_visits
    missed = np.zeros(visited.animals.size, bool)
    if chance > 0:
        draws = uniforms(visited.seed, visited.arm.id, visited.animals, "missed", visited.visit.index, 1)
        missed = draws[:, 0] < chance
    position = {int(a): i for i, a in enumerate(visited.animals)}
    return [row for row in rows if not missed[position[row["animal"]]]]


def observables_for(visits: tuple[Visit, ...], model: Model) -> tuple[str, ...]:
    """Names of the observables that the visits' assays read."""
    names = [n for n in model.observable_index if n.startswith(("pain.", "anatomy.csf_tgfb1"))]
    assays = {v.assay for v in visits}
    if "tissue_inflammation" in assays:
        names += [n for n in TISSUE if n not in names]
    if "cell_count" in assays:
        names += [n for n in model.observable_index if n.startswith("cells.captured")]
    return tuple(dict.fromkeys(names))


def _measure_von_frey(v: Visited) -> list[Row]:
    filaments = filament_set(v.plan.species.filament_set)
    settings = von_frey.VonFreySettings(filaments)
    rows: list[Row] = []
    for paw in v.visit.paws:
        fall = v.fall("mechanical", paw)
        notebook = von_frey.measure(v.subjects.baseline_log10_g - fall, fall, v.seed, v.arm.id, v.animals,
                                    v.visit.index, settings, v.observer, paw)
        found = estimate(notebook["series"], notebook["last_filament"], filaments, steps="nominal")
        rows += [_row(v, i, paw, "g", 10.0**found.log10_g[i], low=found.low[i], high=found.high[i],
                      censored=str(found.censored[i]), series=str(notebook["series"][i]),
                      last_filament=int(notebook["last_filament"][i])) for i in range(v.animals.size)]
    return rows


def _measure_heat(v: Visited) -> list[Row]:
    rows: list[Row] = []
    for paw in v.visit.paws:
        latency = v.subjects.values["pain.heat_latency"] * 10.0**(-v.fall("heat", paw))
        seen = hargreaves.measure(latency, v.seed, v.arm.id, v.animals, v.visit.index, observer=v.observer, paw=paw)
        rows += [_row(v, i, paw, "s", seen["latency_s"][i], censored=">" if seen["at_cutoff"][i] else "")
                 for i in range(v.animals.size)]
    return rows


def _measure_cold(v: Visited) -> list[Row]:
    rows: list[Row] = []
    for paw in v.visit.paws:
        seconds = v.subjects.values["pain.cold_response"] * 10.0**v.fall("cold", paw)
        seen = acetone.measure(seconds, v.seed, v.arm.id, v.animals, v.visit.index, paw=paw)
        rows += [_row(v, i, paw, "s", seen["seconds"][i]) for i in range(v.animals.size)]
    return rows


def _measure_preference(v: Visited) -> list[Row]:
    seen = place_preference.measure(np.clip(v.latent["pain.ongoing"], 0, 1), v.seed, v.arm.id, v.animals,
                                    v.visit.index)
    return [_row(v, i, "", "s", seen["difference_s"][i]) for i in range(v.animals.size)]


def _measure_slice(v: Visited) -> list[Row]:
    """Neurons of a slice in a bath of constant concentration; one neuron stands for one animal's slice."""
    relief = v.latent["pain.slice_relief"] * bath_effect(v.model, v.subjects, v.visit)
    left = 1 - relief
    seen = slice.measure(1 + (v.latent["pain.epsc_frequency"] - 1) * left,
                         1 + (v.latent["pain.epsc_amplitude"] - 1) * left,
                         v.seed, v.arm.id, v.animals, v.visit.index)
    return [row for i in range(v.animals.size) for row in (
        _row(v, i, "", "1", seen["frequency_of_sham"][i], assay="sepsc_frequency", note=v.visit.label),
        _row(v, i, "", "1", seen["amplitude_of_sham"][i], assay="sepsc_amplitude", note=v.visit.label))]


def bath_effect(model: Model, subjects: Subjects, visit: Visit) -> np.ndarray:
    """Occupied share of the fast TGF-b1 effect in a slice, (animals,), from the declaration of ``signalling``."""
    room = next(r for r in model.rooms if r.name == "signalling")
    effect = room.produced["slice_effect"].expression
    values = {**subjects.values, "signalling.bath_active": 0.0, "signalling.bath_inhibitor": 0.0,
              "signalling.bath_time": visit.duration_min / 1440}
    for agent in visit.bath:
        if agent.solute == "active_tgfb1":
            values["signalling.bath_active"] += agent.concentration
        elif agent.target == "tgfbr1":
            values["signalling.bath_inhibitor"] += agent.concentration
    from thecal.core.expression import symbols_of

    leaves = symbols_of([effect])
    return numpy_function([effect], leaves)(np.array([values[leaf.name] for leaf in leaves]))[0]


def _measure_csf(v: Visited) -> list[Row]:
    truth = 1000 * v.latent["anatomy.csf_tgfb1_total"]
    seen = sample.measure(truth, v.seed, v.arm.id, v.animals, v.visit.index, analyte="csf_tgfb1")
    return [_row(v, i, "", "pg/ml", seen["value"][i], assay="csf_tgfb1",
                 censored="<" if seen["below_limit"][i] else "") for i in range(v.animals.size)]


def _measure_tissue(v: Visited) -> list[Row]:
    rows: list[Row] = []
    for name in TISSUE:
        marker = name.split(".", 1)[1]
        # a marker has a quiet level of its own; the model counts what injury adds (assumed: a fifth of the full rise)
        seen = sample.measure(0.2 + v.latent[name], v.seed, v.arm.id, v.animals, v.visit.index, analyte=marker)
        rows += [_row(v, i, "", "1", seen["value"][i], assay=f"tissue_{marker}") for i in range(v.animals.size)]
    return rows


def _measure_cells(v: Visited) -> list[Row]:
    """Living labelled cells at each DRG border; sections sample, so counts scatter like the other samples."""
    rows: list[Row] = []
    for name in v.latent:
        if name.startswith("cells.captured"):
            ganglion = name[len("cells.captured["):-1]
            seen = sample.measure(v.latent[name], v.seed, v.arm.id, v.animals, v.visit.index,
                                  analyte=f"cells {ganglion}")
            rows += [_row(v, i, ganglion, "cell", round(float(seen["value"][i])), assay="cell_count")
                     for i in range(v.animals.size)]
    return rows


def _row(v: Visited, i: int, paw: str, unit: str, value: float, *, assay: str = "", low: float = np.nan,
         high: float = np.nan, censored: str = "", series: str = "", last_filament: int = 0, note: str = "") -> Row:
    sexes = v.arm.sexes
    return {"arm": v.arm.id, "animal": int(v.animals[i]), "sex": sexes[int(v.animals[i]) % len(sexes)],
            "cohort": v.arm.cohort, "observer": v.observer, "paw": paw, "day": v.visit.day_d,
            "after_dose_h": np.nan if v.visit.after_dose_h is None else v.visit.after_dose_h,
            "assay": assay or v.visit.assay, "value": float(value), "unit": unit,
            "value_log10": float(np.log10(value)) if value > 0 else np.nan, "low": float(low), "high": float(high),
            "censored": censored, "series": series, "last_filament": last_filament, "note": note}


ASSAYS: dict[str, Callable[[Visited], list[Row]]] = {
    "von_frey": _measure_von_frey, "hargreaves": _measure_heat, "acetone": _measure_cold,
    "place_preference": _measure_preference, "slice_bath": _measure_slice, "csf_elisa": _measure_csf,
    "tissue_inflammation": _measure_tissue, "cell_count": _measure_cells,
}
