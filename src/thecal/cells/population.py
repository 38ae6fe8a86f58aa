"""Injected cells as counts: suspended, landed, adhered, captured at DRG borders, dead.

Per canal segment ``i`` and ganglion ``j``::

    dS_i = mixing - (2 v_s / h) S_i + k_off D_i - d S_i           suspended
    dD_i = (2 v_s / h) S_i - (k_att + k_off) D_i - d D_i            landed
    dA_i = k_att D_i - sum_j c_j A_i + crawling - d A_i           adhered
    dG_j = c_j A_i(j) - d_j G_j                                   captured at the border of ganglion j
    c_j  = s_hom (l_c / dx) (1 - G_j / n_max) (k_cap0 + k_cap1 phi (1 - Q) theta_j)
    theta_j = C_j / (C_j + K_12 (1 + [AMD3100] / K_AMD))
    dQ   = k_int theta (1 - Q) - k_rec Q                          desensitised share of CXCR4
    d    = ln2 / h_A + d_imm T,   d_j = ln2 / h_G (1 + d_inf N_j) + d_imm T
    dT   = r_T n / (n + K_T) (T + T_0)(1 - T)                     immunity against foreign cells

Every death is counted in ``dead``, so the number of cells is conserved exactly. Sides differ by CXCL12 alone.
A ganglion takes cells from a stretch ``l_c`` of wall, however long its segment ``dx``: crawling does not scale with
body size. Flow and adhesion set where cells land; CXCL12 reaches some hundred micrometres and only changes capture.

Validity: means over many cells; one cell product per animal; no division (negligible in vivo). Sources: register.
"""

from __future__ import annotations

import math

from thecal.core.declaration import Room
from thecal.core.expression import Expression, hill, total
from thecal.core.register import Register
from thecal.core.structure import Structure

LN2 = math.log(2.0)


def declare(structure: Structure, register: Register) -> Room:
    """The cells room; see the module text for the equations."""
    room = Room("cells", "injected cells: place, life, secretion", register)
    suspended = [room.state(f"suspended[{c}]", "cell", f"suspended cells, compartment {c}")
                 for c in structure.compartments]
    landed = [room.state(f"landed[{i}]", "cell", f"cells lying on the wall, segment {i}")
              for i in range(structure.segments)]
    adhered = [room.state(f"adhered[{i}]", "cell", f"cells holding the wall, segment {i}")
               for i in range(structure.segments)]
    captured = [room.state(f"captured[{g.name}]", "cell", f"cells at the border of DRG {g.name}")
                for g in structure.ganglia]
    immunity = room.state("immunity", "1", "immunity of the host against the cells")
    deaths = _declare_life(room, structure, suspended, landed, adhered, captured, immunity)
    _declare_immunity(room, immunity, total([*suspended, *landed, *adhered, *captured]))
    _declare_death(room, structure, deaths)
    _observe(room, structure, suspended, landed, adhered, captured)
    return room


def _declare_life(room: Room, structure: Structure, suspended: list[Expression], landed: list[Expression],
                  adhered: list[Expression], captured: list[Expression],
                  immunity: Expression) -> dict[str, Expression]:
    """Rates of all living cells; returns deaths per day, at ganglia and elsewhere."""
    p = room.parameter
    rejected = p("rejection_rate") * immunity
    death = LN2 / p("half_life_free") + rejected
    landing = 2 * p("settling_speed") / room.consume("gap", "um", "subarachnoid gap")
    arrest = _declare_capture(room, structure, captured)
    volume = room.consume("segment_volume", "ul", "segment volume")
    mixed = _mixing_flows(room, structure, suspended, volume)
    crawled = _crawling_flows(room, structure, adhered)
    for i in range(structure.segments):
        caught = total(arrest[j] * adhered[i] for j, g in enumerate(structure.ganglia) if g.segment == i)
        room.rate(suspended[i], mixed[i] - landing * suspended[i] + p("detachment") * landed[i]
                  - death * suspended[i])
        room.rate(landed[i], landing * suspended[i] - (p("attachment") + p("detachment") + death) * landed[i])
        room.rate(adhered[i], p("attachment") * landed[i] - caught + crawled[i] - death * adhered[i])
    room.rate(suspended[-1], mixed[-1] - death * suspended[-1])
    near: list[Expression] = []
    for j, g in enumerate(structure.ganglia):
        inflamed = room.consume(f"inflammation[{g.side}]", "1", f"TNF on the {g.side} side")
        died = (LN2 / p("half_life_captured") * (1 + p("inflammatory_death") * inflamed) + rejected) * captured[j]
        room.rate(captured[j], arrest[j] * adhered[g.segment] - died)
        near.append(died)
    elsewhere = death * total([*suspended, *landed, *adhered])
    injured = total(d for d, g in zip(near, structure.ganglia, strict=True) if g.side == "injured")
    return {"all": elsewhere + total(near), "injured": injured}


def _declare_capture(room: Room, structure: Structure, captured: list[Expression]) -> list[Expression]:
    """Capture rate at each ganglion, per adhered cell beside it."""
    p = room.parameter
    block = 1 + p("inhibitor_blocks_cxcr4") * room.consume("amd3100", "nM", "AMD3100 in lumbar CSF") \
        / p("amd3100_affinity")
    desensitised = room.state("desensitised", "1", "share of CXCR4 response lost for the time being")
    capacity = p("border_capacity") * room.consume("border_volume", "ul", "volume of one DRG border")
    receptors = p("cxcr4") * (1 - desensitised)
    beside = p("catchment") / room.consume("segment_length", "mm", "length of a segment")
    rates, bound = [], []
    for j, g in enumerate(structure.ganglia):
        cxcl12 = room.consume(f"cxcl12[{g.name}]", "nM", f"CXCL12 at DRG {g.name}")
        occupancy = cxcl12 / (cxcl12 + p("cxcr4_affinity") * block)
        room_left = 1 - captured[j] / (captured[j] + capacity)
        arrest = p("capture_basal") + p("capture_cxcl12") * receptors * occupancy
        rates.append(p("homing") * beside * room_left * arrest)
        bound.append(occupancy)
    mean = total(bound) / len(bound)
    room.rate(desensitised, p("desensitisation") * mean * (1 - desensitised) - p("resensitisation") * desensitised)
    return rates


def _mixing_flows(room: Room, structure: Structure, suspended: list[Expression],
                  volume: Expression) -> list[Expression]:
    """Cells per day that dispersion brings to each compartment."""
    tank = room.consume("cranial_volume", "ul", "volume of the cranial tank")
    flows = [total([]) for _ in suspended]
    for i in range(structure.segments):
        above = tank if i + 1 == structure.segments else volume
        exchange = room.consume(f"mixing[{i}]", "ul/d", f"dispersive exchange above segment {i}")
        flow = exchange * (suspended[i + 1] / above - suspended[i] / volume)
        flows[i], flows[i + 1] = flows[i] + flow, flows[i + 1] - flow
    return flows


def _crawling_flows(room: Room, structure: Structure, adhered: list[Expression]) -> list[Expression]:
    """Cells per day that random crawling brings to each segment; distances do not scale with body size."""
    rate = room.parameter("motility") / room.consume("segment_length", "mm", "length of a segment")**2
    flows = [total([]) for _ in adhered]
    for i in range(structure.segments - 1):
        flow = rate * (adhered[i + 1] - adhered[i])
        flows[i], flows[i + 1] = flows[i] + flow, flows[i + 1] - flow
    return flows


def _declare_immunity(room: Room, immunity: Expression, living: Expression) -> None:
    p = room.parameter
    growth = p("immunity_growth") * hill(living, p("immunity_cells"))
    room.rate(immunity, growth * (immunity + p("immunity_seed")) * (1 - immunity))


def _declare_death(room: Room, structure: Structure, deaths: dict[str, Expression]) -> None:
    """The count of the dead, and the signal that eaten cells leave near the injured ganglia for some days."""
    p = room.parameter
    dead = room.state("dead", "cell", "cells that died since injection")
    room.rate(dead, deaths["all"])
    eaten = room.state("eaten", "cell", "cells eaten near the injured DRG in recent days")
    room.rate(eaten, deaths["injured"] - eaten / p("efferocytosis_time"))
    room.produce("efferocytosis", hill(eaten, p("efferocytosis_half")), "1", "effect of eaten cells on phagocytes")
    room.observe("dead", dead, "cell", "cells that died since injection")


def _observe(room: Room, structure: Structure, suspended: list[Expression], landed: list[Expression],
             adhered: list[Expression], captured: list[Expression]) -> None:
    for i in range(structure.segments):
        room.produce(f"in_segment[{i}]", suspended[i] + landed[i] + adhered[i], "cell", f"cells in segment {i}")
        room.observe(f"in_segment[{i}]", suspended[i] + landed[i] + adhered[i], "cell",
                     f"living cells in canal segment {i}, not at a DRG border")
    room.produce("in_cranial", suspended[-1], "cell", "cells in the cranial tank")
    for j, g in enumerate(structure.ganglia):
        room.produce(f"captured[{g.name}]", captured[j], "cell", f"cells at DRG {g.name}")
        room.observe(f"captured[{g.name}]", captured[j], "cell", f"living cells at the border of DRG {g.name}")
    room.observe("living", total([*suspended, *landed, *adhered, *captured]), "cell", "all living injected cells")
