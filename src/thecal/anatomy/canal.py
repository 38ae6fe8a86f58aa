"""Solutes in the spinal canal: bulk flow, dispersion, wall uptake, and what leaves for blood and borders.

For a solute of concentration ``c_i`` in segment ``i`` (volume ``v = V_sp / n``), counted from the sacral end::

    v dc_i/dt = q_{i+1} c_{i+1} - q_i c_i - a_i Q f c_i + m_i (c_{i+1} - c_i) - m_{i-1} (c_i - c_{i-1})
                - v (u / h) c_i + source_i
    V_cr dc_cr/dt = - q_n c_cr - (1 - f) Q c_cr - m_{n-1} (c_cr - c_{n-1}) + source

``q_i`` is the caudal bulk flow into segment ``i - 1``'s side that absorption below it draws; ``m_i`` the dispersive
exchange ``K_i v / dx^2`` with ``K = D_m (1 + R) + c f dz^2`` rising cranially. Inert proteins (IgG) have no loss but
bulk flow, so their half-life does not depend on size. Wall uptake scales as one over the gap, which is why the same
permeability clears a mouse far faster than a person.

Validity: section means; one mean gap; no respiration; a thin annulus. Sources stand in the register (``anatomy.*``).
"""

from __future__ import annotations

from thecal.core.declaration import Room
from thecal.core.expression import Expression, total
from thecal.core.register import Register
from thecal.core.structure import Structure

SOLUTES = {
    "latent": ("pg/ul", "latent TGF-b1"),
    "active": ("pg/ul", "active TGF-b1"),
    "antibody": ("nM", "antibody"),
    "inhibitor": ("nM", "small inhibitor"),
    "il10": ("pg/ul", "IL-10 protein"),
}


def declare(structure: Structure, register: Register) -> Room:
    """The anatomy room: five solutes in every compartment, mixing rates for suspended cells, border flows."""
    room = Room("anatomy", "spinal canal, cranial tank, solutes in CSF", register)
    segment_volume = room.parameter("canal_volume") / structure.segments
    mixing = declare_mixing(room, structure)
    for solute in SOLUTES:
        _declare_solute(room, structure, solute, segment_volume, mixing)
    room.produce("segment_volume", segment_volume, "ul", "volume of one canal segment")
    room.produce("border_volume", room.parameter("border_volume"), "ul", "volume of one DRG border")
    room.produce("border_path", room.parameter("border_path"), "mm", "path between CSF and a DRG border")
    room.produce("segment_length", room.parameter("canal_length") / structure.segments, "mm", "length of a segment")
    room.produce("gap", room.parameter("gap"), "um", "subarachnoid gap")
    room.produce("cranial_volume", room.parameter("cranial_volume"), "ul", "volume of the cranial tank")
    lumbar = sorted({g.segment for g in structure.ganglia})
    mean = {s: total(_concentration(room, s, str(i)) for i in lumbar) / len(lumbar) for s in SOLUTES}
    room.observe("csf_tgfb1_total", mean["latent"] + mean["active"], "pg/ul", "total TGF-b1 in lumbar CSF")
    room.observe("csf_tgfb1_active", mean["active"], "pg/ul", "active TGF-b1 in lumbar CSF")
    room.observe("csf_antibody", mean["antibody"], "nM", "antibody in lumbar CSF")
    room.observe("csf_inhibitor", mean["inhibitor"], "nM", "small inhibitor in lumbar CSF")
    room.observe("csf_il10", mean["il10"], "pg/ul", "IL-10 protein in lumbar CSF")
    room.produce("lumbar_inhibitor", mean["inhibitor"], "nM", "small inhibitor in lumbar CSF")
    for name in structure.compartments:
        room.observe(f"tgfb1_total[{name}]", _concentration(room, "latent", name)
                     + _concentration(room, "active", name), "pg/ul", f"total TGF-b1 in CSF, compartment {name}")
    room.observe("antibody[cranial]", _concentration(room, "antibody", "cranial"), "nM", "antibody, cranial tank")
    return room


def declare_mixing(room: Room, structure: Structure) -> list[Expression]:
    """Dispersive exchange across the upper face of each segment, in ul/d.

    ``K_i = [D_m (1 + R) + c f dz^2] (1 + rise * i / (n - 1))``; the sum of molecular diffusion with shear
    enhancement and of mixing at nerve roots, which is a closure of ours (assumed).
    """
    parameter = room.parameter
    lumbar = (parameter("molecular_diffusion") * (1 + parameter("shear_enhancement"))
              + parameter("root_mixing") * parameter("pulsation_rate") * parameter("pulsation_amplitude")**2)
    step = parameter("canal_length") / structure.segments
    volume = parameter("canal_volume") / structure.segments
    faces = []
    for i in range(structure.segments):
        rise = 1 + parameter("dispersion_rise") * (i / max(structure.segments - 1, 1))
        face = lumbar * rise * volume / step**2
        faces.append(face)
        room.produce(f"mixing[{i}]", face, "ul/d", f"dispersive exchange above segment {i}")
    return faces


def _concentration(room: Room, solute: str, compartment: str) -> Expression:
    return room.states[f"anatomy.{solute}[{compartment}]"].expression


def _declare_solute(room: Room, structure: Structure, solute: str, volume: Expression,
                    mixing: list[Expression]) -> None:
    unit, meaning = SOLUTES[solute]
    amount = "pg" if unit == "pg/ul" else "fmol"
    names = structure.compartments
    c = [room.state(f"{solute}[{name}]", unit, f"{meaning} in CSF, compartment {name}") for name in names]
    tank = room.parameter("cranial_volume")
    formed, spinal = room.parameter("csf_formation"), room.parameter("spinal_absorption")
    uptake = room.parameter(f"wall_uptake_{solute}") / room.parameter("gap")
    below = 0.0
    net = [total([]) for _ in names]  # amount per day into each compartment
    for i in range(structure.segments):
        below += structure.absorption[i]
        moved = formed * spinal * below * c[i + 1] + mixing[i] * (c[i + 1] - c[i])
        absorbed = formed * spinal * structure.absorption[i] * c[i]
        net[i] = net[i] + moved - absorbed
        net[i + 1] = net[i + 1] - moved
    net[-1] = net[-1] - formed * (1 - spinal) * c[-1]
    for i, name in enumerate(names):
        size = tank if name == "cranial" else volume
        loss = uptake * c[i] + _reactions(room, solute, name, c[i])
        source = room.consume(f"release_{solute}[{name}]", f"{amount}/d", f"{meaning} released into {name}")
        room.rate(c[i], (net[i] + source) / size - loss)
        room.produce(f"{solute}[{name}]", c[i], unit, f"{meaning} in CSF, compartment {name}")


def _reactions(room: Room, solute: str, name: str, c: Expression) -> Expression:
    """Activation of the latent form and binding by antibody, as a loss per day of this solute."""
    activation = room.parameter("csf_activation")
    if solute == "latent":
        return activation * c - room.parameter("host_latent")
    if solute == "active":
        latent = _concentration(room, "latent", name)
        antibody = room.consume(f"binding[{name}]", "1/d", "rate at which antibody binds active TGF-b1")
        return antibody * c - activation * latent
    return total([])
