"""The rules one cell lives by, read from the register: the very rates that the counts of ``cells.population`` use.

    landing    2 v_s / h                       mean flight h / (2 v_s), uniform over heights in the gap
    holding    k_att, letting go k_off
    death      d   = ln2 / h_A + d_imm T                      away from a ganglion
               d_j = ln2 / h_G (1 + d_inf N_j) + d_imm T      at the border of ganglion j
    occupancy  theta = C / (C + K_12 (1 + [AMD3100] / K_AMD))
    capture    s_hom (1 - G_j / (G_j + n_max)) (k_cap0 + k_cap1 r (1 - q) theta_j) while in reach of ganglion j
    level      r = phi exp(s_4 z - s_4^2 / 2); or, where surface CXCR4 lasts longer than a step, r = phi / p with
               probability p, else 0, drawn anew after a time tau_4
    memory     dq = k_int theta (1 - q) - k_rec q
    crawling   dv = -v / P + noise, with E|v|^2 = 2 mu / P, plus chi r (1 - q) grad(theta), at most CI_max of the speed

With the whole ring of a segment as the reach, these are the rates of the counts; ``tests/homing`` holds both to each
other. What the counts leave out is that a cell lies in reach of one ganglion at most, of one side, and that a reach
runs out of cells that crawl slowly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

LN2 = math.log(2.0)


@dataclass(frozen=True)
class Rules:
    """Rates per day, lengths in mm, concentrations in nM; see the module text."""

    landing: float
    settling_mm_d: float
    attachment: float
    detachment: float
    death_free: float
    rejection: float
    death_captured: float
    inflammatory_death: float
    capture_basal: float
    capture_cxcl12: float
    affinity_nm: float
    inhibitor_affinity_nm: float
    cxcr4: float
    positive: float
    memory_d: float
    spread: float
    desensitisation: float
    resensitisation: float
    motility_mm2_d: float
    persistence_d: float
    chemotaxis_mm2_d: float
    forward_index: float
    border_capacity_cells: float
    immunity_growth: float
    immunity_cells: float
    roll_mm: float

    @property
    def speed_mm_d(self) -> float:
        """Root mean square crawling speed, ``sqrt(2 mu / P)``."""
        return math.sqrt(2 * self.motility_mm2_d / self.persistence_d)

    def occupancy(self, cxcl12_nm: np.ndarray | float, inhibitor_nm: float = 0.0) -> np.ndarray:
        """Share of CXCR4 bound."""
        half = self.affinity_nm * (1 + inhibitor_nm / self.inhibitor_affinity_nm)
        return np.asarray(cxcl12_nm / (cxcl12_nm + half))

    def free_death(self, immunity: float) -> float:
        """Death per day away from ganglia."""
        return self.death_free + self.rejection * immunity

    def border_death(self, inflammation: np.ndarray, immunity: float) -> np.ndarray:
        """Death per day at the border of each ganglion."""
        return self.death_captured * (1 + self.inflammatory_death * inflammation) + self.rejection * immunity

    def room_left(self, captured_cells: np.ndarray) -> np.ndarray:
        """What crowding leaves of the capture rate at each border."""
        return 1 - captured_cells / (captured_cells + self.border_capacity_cells)


def rules_of(values: Mapping[str, float]) -> Rules:
    """The rules at the given register values, by id."""
    def p(name: str) -> float:
        return values[f"cells.{name}"]

    def h(name: str) -> float:
        return values[f"homing.{name}"]

    return Rules(
        landing=2 * p("settling_speed") / values["anatomy.gap"], settling_mm_d=p("settling_speed") / 1000,
        attachment=p("attachment") * h("adhesion"), detachment=p("detachment"),
        death_free=LN2 / p("half_life_free"), rejection=p("rejection_rate"),
        death_captured=LN2 / p("half_life_captured"), inflammatory_death=p("inflammatory_death"),
        capture_basal=p("homing") * p("capture_basal"), capture_cxcl12=p("homing") * p("capture_cxcl12"),
        affinity_nm=p("cxcr4_affinity"), inhibitor_affinity_nm=p("amd3100_affinity"),
        cxcr4=p("cxcr4"), positive=h("cxcr4_positive"), memory_d=h("cxcr4_memory"),
        spread=h("cxcr4_spread"),
        desensitisation=p("desensitisation"), resensitisation=p("resensitisation"),
        motility_mm2_d=p("motility") * h("crawling"), persistence_d=h("persistence_time"),
        chemotaxis_mm2_d=h("chemotaxis") * h("gradient") * h("crawling"), forward_index=h("forward_index"),
        border_capacity_cells=p("border_capacity") * values["anatomy.border_volume"],
        immunity_growth=p("immunity_growth"), immunity_cells=p("immunity_cells"), roll_mm=h("roll_distance"))
