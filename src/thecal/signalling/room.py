"""The signalling room: DRG borders and neuroinflammation together."""

from __future__ import annotations

from thecal.core.declaration import Room
from thecal.core.expression import total
from thecal.core.register import Register
from thecal.core.structure import Structure
from thecal.signalling.border import declare_borders
from thecal.signalling.inflammation import declare_inflammation


def declare(structure: Structure, register: Register) -> Room:
    """TGF-b1, antibody, receptors, CXCL12 at every border; cytokines and glia of the injured side."""
    room = Room("signalling", "DRG borders, receptors, CXCL12, neuroinflammation", register)
    declare_borders(room, structure)
    declare_inflammation(room)
    injured = [g for g in structure.side("injured") if g.share > 0]
    antibody = total(g.share * room.states[f"signalling.antibody[{g.name}]"].expression for g in injured)
    room.produce("antibody_at_injured", antibody, "nM", "antibody at the injured DRG")
    room.produce("slice_access", room.parameter("slice_access"), "1", "lamina II over bath, active TGF-b1")
    active = total(g.share * room.states[f"signalling.active[{g.name}]"].expression for g in injured)
    room.observe("active_at_injured", active, "pg/ul", "active TGF-b1 where the injured neurons are")
    room.produce("quiet_inflammation", total([]), "1", "TNF on the other side")
    return room
