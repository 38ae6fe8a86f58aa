"""The border of each DRG: where what cells release meets neurons. Its own small compartments.

For ganglion ``j`` with border volume ``V_b`` and CSF beside it::

    dL/dt = r_L / V_b + k_xL (L_csf - L) - (k_act + k_bl) L                          latent TGF-b1
    dB/dt = r_B / V_b + k_act L + k_xB (B_csf - B) - k_bl B
            - k_up K_up B / (K_up + B) - s_aB k_on Ab B                              active TGF-b1
    dAb/dt = k_xAb (Ab_csf - Ab) - k_bl Ab                                           antibody
    dC/dt = k_12 (C_0 (1 + (F_12 - 1) rise) - C)                                     CXCL12

with ``k_xB = D_t / path^2``, less by mobility for the larger two. Uptake at the border saturates; clearance from CSF
(``anatomy``) does not: two different things with two names.
Latent TGF-b1 activated in place is what makes the local dose many times the CSF mean.
``rise`` is 0 on the other side; on the injured side it follows satellite glia or macrophages. When both shares are 0
(CXCL12 made in the nerve trunk, as the popular account has it) the ganglion makes none and nothing guides cells there.
"""

from __future__ import annotations

from thecal.core.declaration import Room
from thecal.core.expression import Expression, hill, total
from thecal.core.structure import Ganglion, Structure


def declare_borders(room: Room, structure: Structure) -> None:
    """Add border compartments, receptor occupancy and exchange with CSF to the signalling room."""
    p = room.parameter
    volume = room.consume("border_volume", "ul", "volume of one DRG border")
    flows: dict[tuple[str, int], list[Expression]] = {}
    fast, slow = [], []
    inhibited = 1 / (1 + p("inhibitor_blocks_alk5") * _lumbar(room, structure, "inhibitor", "nM")
                     / p("inhibitor_half"))
    for g in structure.ganglia:
        active = _declare_border(room, g, volume, flows)
        if g.side == "injured":
            fast.append(g.share * inhibited * hill(active, p("fast_half")))
            slow.append(g.share * inhibited * hill(active, p("slow_half"), p("slow_exponent")))
    _produce_releases(room, structure, flows)
    _declare_receptors(room, structure, total(fast), total(slow), inhibited)


def _declare_border(room: Room, g: Ganglion, volume: Expression,
                    flows: dict[tuple[str, int], list[Expression]]) -> Expression:
    p = room.parameter
    latent = room.state(f"latent[{g.name}]", "pg/ul", f"latent TGF-b1 at the border of DRG {g.name}")
    active = room.state(f"active[{g.name}]", "pg/ul", f"active TGF-b1 at the border of DRG {g.name}")
    antibody = room.state(f"antibody[{g.name}]", "nM", f"antibody at the border of DRG {g.name}")
    exchange = p("tissue_diffusion") / room.consume("border_path", "mm", "path between CSF and a border")**2
    mobility = {"latent": p("latent_mobility"), "active": 1.0, "antibody": p("antibody_mobility")}
    inward = {}
    for solute, state, unit in (("latent", latent, "pg/ul"), ("active", active, "pg/ul"), ("antibody", antibody, "nM")):
        csf = room.consume(f"{solute}[{g.segment}]", unit, f"{solute} in CSF, segment {g.segment}")
        inward[solute] = mobility[solute] * exchange * (csf - state)
        flows.setdefault((solute, g.segment), []).append(-(volume * inward[solute]))
    released = {s: room.consume(f"border_{s}[{g.name}]", "pg/d", f"{s} TGF-b1 released at DRG {g.name}") / volume
                for s in ("latent", "active")}
    blood, activation = p("border_to_blood"), p("border_activation")
    uptake = p("border_uptake") * p("border_uptake_half") * active / (p("border_uptake_half") + active)
    bound = p("antibody_binds_tgfb1") * p("antibody_on") * antibody * active
    room.rate(latent, released["latent"] + inward["latent"] - (activation + blood) * latent)
    room.rate(active, released["active"] + activation * latent + inward["active"] - blood * active - uptake - bound)
    room.rate(antibody, inward["antibody"] - blood * antibody)
    _declare_cxcl12(room, g)
    room.observe(f"active[{g.name}]", active, "pg/ul", f"active TGF-b1 at the border of DRG {g.name}")
    return active


def _declare_cxcl12(room: Room, g: Ganglion) -> None:
    p = room.parameter
    cxcl12 = room.state(f"cxcl12[{g.name}]", "nM", f"CXCL12 at DRG {g.name}")
    rise: Expression | float = 0.0
    if g.side == "injured":
        state = room.consume("injured_state", "1", "injured state of the tissue")
        macrophages = room.consume("macrophages_now", "1", "pro-inflammatory DRG macrophages")
        rise = p("cxcl12_from_glia") * state + p("cxcl12_from_macrophages") * macrophages
    target = p("cxcl12_quiet") * (1 + (p("cxcl12_fold") - 1) * rise)
    room.rate(cxcl12, p("cxcl12_turnover") * (target - cxcl12))
    room.produce(f"cxcl12[{g.name}]", cxcl12, "nM", f"CXCL12 at DRG {g.name}")
    room.observe(f"cxcl12[{g.name}]", cxcl12, "nM", f"CXCL12 at DRG {g.name}")


def _produce_releases(room: Room, structure: Structure, flows: dict[tuple[str, int], list[Expression]]) -> None:
    """What borders give back to each CSF compartment, and antibody binding there."""
    p = room.parameter
    for solute, unit in (("latent", "pg/d"), ("active", "pg/d"), ("antibody", "fmol/d")):
        for i, name in enumerate(structure.compartments):
            room.produce(f"to_csf_{solute}[{name}]", total(flows.get((solute, i), [])), unit,
                         f"{solute} from DRG borders into compartment {name}")
    for name in structure.compartments:
        antibody = room.consume(f"antibody[{name}]", "nM", f"antibody in CSF, compartment {name}")
        room.produce(f"binding[{name}]", p("antibody_binds_tgfb1") * p("antibody_on") * antibody, "1/d",
                     "binding of active TGF-b1 by antibody")


def _lumbar(room: Room, structure: Structure, solute: str, unit: str, weighted: bool = True) -> Expression:
    """A solute in CSF beside the injured ganglia, weighted by their share of the nerve."""
    terms = [(g.share, room.consume(f"{solute}[{g.segment}]", unit, f"{solute} in CSF, segment {g.segment}"))
             for g in structure.side("injured") if g.share > 0]
    return total(share * c for share, c in terms)


def _declare_receptors(room: Room, structure: Structure, fast: Expression, slow: Expression,
                       inhibited: Expression) -> None:
    """Occupancies: fast at the DRG and in the dorsal horn, slow (gene expression), IL-10 protein."""
    p = room.parameter
    cord = total(room.consume(f"active[{i}]", "pg/ul", f"active TGF-b1 in CSF, segment {i}")
                 for i in structure.cord_segments) / len(structure.cord_segments)
    horn = inhibited * hill(p("horn_access") * cord, p("fast_half"))
    il10 = hill(_lumbar(room, structure, "il10", "pg/ul"), p("il10_half"))
    for name, drive, time, meaning in (
            ("fast", fast, p("fast_time"), "fast TGF-b1 effect at the injured DRG"),
            ("horn", horn, p("fast_time"), "fast TGF-b1 effect in the dorsal horn"),
            ("slow", slow, p("slow_time"), "slow, anti-inflammatory TGF-b1 effect"),
            ("il10_effect", il10, p("il10_time"), "effect of IL-10 protein")):
        state = room.state(name, "1", meaning)
        room.rate(state, (drive - state) / time)
        room.produce(name, state, "1", meaning)
        room.observe(name, state, "1", meaning)
