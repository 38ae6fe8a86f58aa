"""Where things are in one arm: solutes along the canal, cells, and CXCL12 at the ganglia, by place and time.

The second answer of the bench, after the curves: the same animals and draws as the preview's, looked at by place.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from thecal.apps.web.cohort import Solved, arm_of, model_of, plan_of, solve, turns
from thecal.apps.web.envelope import pack
from thecal.apps.web.preview import head_of
from thecal.apps.web.shapes import Place, PlacesHead, SubstanceShown
from thecal.core.register import load
from thecal.core.structure import Structure
from thecal.study.plan import StudyPlan


@dataclass(frozen=True)
class Substance:
    """What is looked at: ``factor`` times an observable (or, where ``state``, a state), at each place of a kind."""

    id: str
    name: str
    unit: str
    factor: float
    quantity: str
    at: str
    state: bool = False


# Concentrations in the model are pg/ul; readers know pg/ml.
SUBSTANCES = (
    Substance("tgfb1_total", "TGF-β1 in CSF, total", "pg/ml", 1000.0, "anatomy.tgfb1_total[{}]", "canal"),
    Substance("tgfb1_active", "TGF-β1 in CSF, active", "pg/ml", 1000.0, "anatomy.active[{}]", "canal", True),
    Substance("tgfb1_ganglia", "TGF-β1 at the ganglia, active", "pg/ml", 1000.0, "signalling.active[{}]", "ganglia"),
    Substance("cells_canal", "Living donor cells in the canal", "cells", 1.0, "cells.in_segment[{}]", "segments"),
    Substance("cells_ganglia", "Living donor cells at the ganglia", "cells", 1.0, "cells.captured[{}]", "ganglia"),
    Substance("cxcl12", "CXCL12 at the ganglia", "nM", 1.0, "signalling.cxcl12[{}]", "ganglia"),
    Substance("antibody", "Antibody in CSF", "nM", 1.0, "anatomy.antibody[{}]", "canal", True),
    Substance("inhibitor", "Inhibitor in CSF", "nM", 1.0, "anatomy.inhibitor[{}]", "canal", True),
    Substance("il10", "IL-10 in CSF", "pg/ml", 1000.0, "anatomy.il10[{}]", "canal", True),
)


@functools.lru_cache(maxsize=64)
def places(text: str, arm_id: str) -> bytes:
    """The quick look of one arm by place, as an envelope with a :class:`PlacesHead`.

    Arrays: ``t_d``, and for each substance ``.mean``, ``.low`` and ``.high`` (5 and 95 % of animals), ``.draws_low``
    and ``.draws_high`` (of parameter draws), each of shape (places, times).

    Errors: :class:`ThecalError` for a study that cannot be run and for an unknown arm.
    """
    plan = plan_of(text)
    arm = arm_of(plan, arm_id)
    where = _places(plan)
    names = {s: [s.quantity.format(place.id) for place in where[s.at]] for s in SUBSTANCES}
    with turns:
        found = solve(plan, [arm], [name for s in SUBSTANCES if not s.state for name in names[s]],
                      [name for s in SUBSTANCES if s.state for name in names[s]])
        shown = [s for s in SUBSTANCES if max(found.of(found.animals[0], name).max() for name in names[s]) > 0]
        arrays = {"t_d": found.times}
        for s in shown:
            arrays |= _spread(s, names[s], found)
    head = PlacesHead(**head_of(plan, arm, found), substances=[
        SubstanceShown(id=s.id, name=s.name, unit=s.unit, places=where[s.at]) for s in shown])
    return pack(head.model_dump(), arrays)


def _spread(substance: Substance, names: list[str], found: Solved) -> dict[str, np.ndarray]:
    """Mean and bands of one substance: (places, times)."""
    columns = [found.names.index(name) for name in names]
    animals = substance.factor * found.animals[0][:, :, columns]
    draws = substance.factor * found.draws[0][:, :, columns]
    fine = draws[np.isfinite(draws).all(axis=(1, 2))]
    low, high = np.quantile(animals, (0.05, 0.95), axis=0)
    tables = {"mean": animals.mean(axis=0), "low": low, "high": high}
    if len(fine):
        tables["draws_low"], tables["draws_high"] = np.quantile(fine, (0.05, 0.95), axis=0)
    return {f"{substance.id}.{key}": table.T for key, table in tables.items()}


def _places(plan: StudyPlan) -> dict[str, list[Place]]:
    """The places of each kind, from the head downwards."""
    structure = model_of(plan)[0]
    step = load().with_values(plan.species.parameters)["anatomy.canal_length"].value / structure.segments
    segments = [Place(id=str(k), low_mm=k * step, high_mm=(k + 1) * step, ganglia=_beside(structure, k))
                for k in reversed(range(structure.segments))]
    ganglia = [Place(id=g.name, low_mm=None, high_mm=None, ganglia=[g.level]) for g in structure.ganglia]
    cranial = Place(id="cranial", low_mm=None, high_mm=None, ganglia=[])
    return {"canal": [cranial, *segments], "segments": segments, "ganglia": ganglia}


def _beside(structure: Structure, segment: int) -> list[str]:
    return list(dict.fromkeys(g.level for g in structure.ganglia if g.segment == segment))
