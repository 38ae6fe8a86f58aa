"""The signalling room: DRG borders and neuroinflammation together."""

from __future__ import annotations

from thecal.core.declaration import Room
from thecal.core.expression import Expression, exp, hill, total
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
    room.produce("slice_effect", _slice_effect(room), "1", "fast TGF-b1 effect in a slice in a bath")
    active = total(g.share * room.states[f"signalling.active[{g.name}]"].expression for g in injured)
    room.observe("active_at_injured", active, "pg/ul", "active TGF-b1 where the injured neurons are")
    room.produce("quiet_inflammation", total([]), "1", "TNF on the other side")
    return room


def _slice_effect(room: Room) -> Expression:
    """Fast effect after ``bath_time`` in a constant bath: occupancy of what reaches lamina II, less the inhibitor."""
    p = room.parameter
    reached = p("slice_access") * room.input("bath_active", "pg/ul", "active TGF-b1 in the bath of a slice")
    inhibitor = room.input("bath_inhibitor", "nM", "SB431542 in the bath of a slice")
    washed_in = 1 - exp(-(room.input("bath_time", "d", "time since the bath was changed") / p("fast_time")))
    return washed_in * hill(reached, p("fast_half")) / (1 + inhibitor / p("inhibitor_half"))
