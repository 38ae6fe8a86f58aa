"""Measurement of one arm's animals on one visit: latent outcomes go into the assay, a notebook's rows come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from thecal.assay import acetone, hargreaves, place_preference, sample, slice, von_frey
from thecal.assay.filaments import filament_set
from thecal.assay.threshold import estimate
from thecal.core.declaration import Model
from thecal.core.evaluate import numpy_function
from thecal.core.expression import symbols_of
from thecal.core.streams import uniforms
from thecal.engine.subjects import Subjects
from thecal.study.plan import ArmPlan, StudyPlan, Visit

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


def measure_visit(visited: Visited) -> pa.Table:
    """The rows that a notebook would hold for this visit; missed visits and lost animals have none."""
    table = pa.concat_tables(ASSAYS[visited.visit.assay](visited))
    chance = visited.plan.conduct.missed_visits
    if chance > 0:
        draws = uniforms(visited.seed, visited.arm.id, visited.animals, "missed", visited.visit.index, 1)
        came = dict(zip(visited.animals.tolist(), draws[:, 0] >= chance, strict=True))
        table = table.filter(pa.array([came[a] for a in table["animal"].to_pylist()]))
    return table


def observables_for(visits: tuple[Visit, ...], model: Model) -> tuple[str, ...]:
    """Names of the observables that the visits' assays read."""
    names = [name for visit in visits for name in READ[visit.assay]]
    names += [f"{name}_other" for visit in visits for name in READ[visit.assay] if "contralateral" in visit.paws]
    if any(visit.assay == "cell_count" for visit in visits):
        names += [n for n in model.observable_index if n.startswith("cells.captured")]
    return tuple(dict.fromkeys(names))


def _measure_von_frey(v: Visited) -> list[pa.Table]:
    filaments = filament_set(v.plan.species.filament_set)
    settings = von_frey.VonFreySettings(filaments)
    tables = []
    for paw in v.visit.paws:
        fall = v.fall("mechanical", paw)
        seen = von_frey.measure(v.subjects.baseline_log10_g - fall, fall, v.seed, v.arm.id, v.animals, v.visit.index,
                                settings, v.observer, paw)
        found = estimate(seen["series"], seen["last_filament"], filaments, steps="nominal")
        tables.append(_rows(v, "g", 10.0**found.log10_g, paw=paw, low=found.low, high=found.high,
                            censored=found.censored, series=seen["series"], last_filament=seen["last_filament"]))
    return tables


def _measure_heat(v: Visited) -> list[pa.Table]:
    tables = []
    for paw in v.visit.paws:
        latency = v.subjects.values["pain.heat_latency"] * 10.0**(-v.fall("heat", paw))
        seen = hargreaves.measure(latency, v.seed, v.arm.id, v.animals, v.visit.index, observer=v.observer, paw=paw)
        tables.append(_rows(v, "s", seen["latency_s"], paw=paw, censored=np.where(seen["at_cutoff"] > 0, ">", "")))
    return tables


def _measure_cold(v: Visited) -> list[pa.Table]:
    tables = []
    for paw in v.visit.paws:
        seconds = v.subjects.values["pain.cold_response"] * 10.0**v.fall("cold", paw)
        seen = acetone.measure(seconds, v.seed, v.arm.id, v.animals, v.visit.index, paw=paw)
        tables.append(_rows(v, "s", seen["seconds"], paw=paw))
    return tables


def _measure_preference(v: Visited) -> list[pa.Table]:
    seen = place_preference.measure(np.clip(v.latent["pain.ongoing"], 0, 1), v.seed, v.arm.id, v.animals,
                                    v.visit.index)
    return [_rows(v, "s", seen["difference_s"])]


def _measure_slice(v: Visited) -> list[pa.Table]:
    """Neurons of a slice in a bath of constant concentration; one neuron stands for one animal's slice."""
    left = 1 - v.latent["pain.slice_relief"] * bath_effect(v.model, v.subjects, v.visit)
    seen = slice.measure(1 + (v.latent["pain.epsc_frequency"] - 1) * left,
                         1 + (v.latent["pain.epsc_amplitude"] - 1) * left,
                         v.seed, v.arm.id, v.animals, v.visit.index)
    return [_rows(v, "1", seen["frequency_of_sham"], assay="sepsc_frequency", note=v.visit.label),
            _rows(v, "1", seen["amplitude_of_sham"], assay="sepsc_amplitude", note=v.visit.label)]


def bath_effect(model: Model, subjects: Subjects, visit: Visit) -> float:
    """Occupied share of the fast TGF-b1 effect in a slice, from the declaration of ``signalling``."""
    room = next(r for r in model.rooms if r.name == "signalling")
    effect = room.produced["slice_effect"].expression
    values = {**subjects.values, "signalling.bath_active": 0.0, "signalling.bath_inhibitor": 0.0,
              "signalling.bath_time": visit.duration_min / 1440}
    for agent in visit.bath:
        if agent.solute == "active_tgfb1":
            values["signalling.bath_active"] += agent.concentration
        elif agent.target == "tgfbr1":
            values["signalling.bath_inhibitor"] += agent.concentration
    leaves = symbols_of([effect])
    return float(numpy_function([effect], leaves)(np.array([values[leaf.name] for leaf in leaves]))[0])


def _measure_csf(v: Visited) -> list[pa.Table]:
    truth = 1000 * v.latent["anatomy.csf_tgfb1_total"]
    seen = sample.measure(truth, v.seed, v.arm.id, v.animals, v.visit.index, analyte="csf_tgfb1")
    return [_rows(v, "pg/ml", seen["value"], assay="csf_tgfb1", censored=np.where(seen["below_limit"], "<", ""))]


def _measure_tissue(v: Visited) -> list[pa.Table]:
    quiet = v.subjects.values["signalling.quiet_marker"]
    tables = []
    for name in TISSUE:
        marker = name.split(".", 1)[1]
        seen = sample.measure(quiet + v.latent[name], v.seed, v.arm.id, v.animals, v.visit.index, analyte=marker)
        tables.append(_rows(v, "1", seen["value"], assay=f"tissue_{marker}"))
    return tables


def _measure_cells(v: Visited) -> list[pa.Table]:
    """Living labelled cells at each DRG border; sections sample, so counts scatter like the other samples."""
    tables = []
    for name in v.latent:
        if name.startswith("cells.captured"):
            ganglion = name[len("cells.captured["):-1]
            seen = sample.measure(v.latent[name], v.seed, v.arm.id, v.animals, v.visit.index,
                                  analyte=f"cells {ganglion}")
            tables.append(_rows(v, "cell", np.round(seen["value"]), paw=ganglion, assay="cell_count"))
    return tables


def _rows(v: Visited, unit: str, value: np.ndarray, **more: np.ndarray | str) -> pa.Table:
    """One notebook row per animal; what is not given is empty. ``paw`` names the ganglion where cells are counted."""
    n = v.animals.size
    sexes = np.array(v.arm.sexes)[v.animals % len(v.arm.sexes)]
    after = np.nan if v.visit.after_dose_h is None else v.visit.after_dose_h
    value = np.asarray(value, float)
    empty = {"paw": "", "assay": v.visit.assay, "low": np.nan, "high": np.nan, "censored": "", "series": "",
             "last_filament": 0, "note": ""} | more
    columns = {"arm": v.arm.id, "animal": v.animals, "sex": sexes, "cohort": v.arm.cohort, "observer": v.observer,
               "paw": empty["paw"], "day": v.visit.day_d, "after_dose_h": after, "assay": empty["assay"],
               "value": value, "unit": unit, "value_log10": np.log10(np.where(value > 0, value, np.nan)),
               "low": empty["low"], "high": empty["high"], "censored": empty["censored"], "series": empty["series"],
               "last_filament": empty["last_filament"], "note": empty["note"]}
    return pa.table({name: _column(name, entry, n) for name, entry in columns.items()})


def _column(name: str, entry: np.ndarray | str | float, n: int) -> pa.Array:
    kind = pa.int64() if name in ("animal", "last_filament") else pa.float64() if name in NUMBERS else pa.string()
    return pa.array(entry, kind) if isinstance(entry, np.ndarray) else pa.repeat(pa.scalar(entry, kind), n)


NUMBERS = ("day", "after_dose_h", "value", "value_log10", "low", "high")
READ: dict[str, tuple[str, ...]] = {
    "von_frey": ("pain.mechanical",), "hargreaves": ("pain.heat",), "acetone": ("pain.cold",),
    "place_preference": ("pain.ongoing",), "csf_elisa": ("anatomy.csf_tgfb1_total",), "tissue_inflammation": TISSUE,
    "slice_bath": ("pain.slice_relief", "pain.epsc_frequency", "pain.epsc_amplitude"), "cell_count": (),
}
ASSAYS: dict[str, Callable[[Visited], list[pa.Table]]] = {
    "von_frey": _measure_von_frey, "hargreaves": _measure_heat, "acetone": _measure_cold,
    "place_preference": _measure_preference, "slice_bath": _measure_slice, "csf_elisa": _measure_csf,
    "tissue_inflammation": _measure_tissue, "cell_count": _measure_cells,
}
