"""Who feeds whom: the coupling table, and the assembly of the one ODE.

Each row reads: *port of the consuming room* <- *port of the producing room*. ``*`` stands for the index in brackets.
Nothing else joins rooms; a room that needs more declares a port and gets a row here.
"""

from __future__ import annotations

import functools

from thecal.anatomy import canal
from thecal.cells import population, secretion
from thecal.core.declaration import Model, Room, assemble
from thecal.core.expression import total
from thecal.core.register import Register, load
from thecal.core.structure import Structure
from thecal.pain import room as pain
from thecal.signalling import room as signalling

COUPLING = (
    # consumer      port                     producer        port
    ("anatomy",    "release_latent[*]",     "sources",      "release_latent[*]"),
    ("anatomy",    "release_active[*]",     "sources",      "release_active[*]"),
    ("anatomy",    "release_antibody[*]",   "sources",      "release_antibody[*]"),
    ("anatomy",    "release_inhibitor[*]",  "sources",      "release_inhibitor[*]"),
    ("anatomy",    "release_il10[*]",       "sources",      "release_il10[*]"),
    ("anatomy",    "binding[*]",            "signalling",   "binding[*]"),
    ("cells",      "gap",                   "anatomy",      "gap"),
    ("cells",      "segment_volume",        "anatomy",      "segment_volume"),
    ("cells",      "segment_length",        "anatomy",      "segment_length"),
    ("cells",      "cranial_volume",        "anatomy",      "cranial_volume"),
    ("cells",      "border_volume",         "anatomy",      "border_volume"),
    ("cells",      "mixing[*]",             "anatomy",      "mixing[*]"),
    ("cells",      "amd3100",               "anatomy",      "lumbar_inhibitor"),
    ("cells",      "cxcl12[*]",             "signalling",   "cxcl12[*]"),
    ("cells",      "inflammation[injured]", "signalling",   "tnf"),
    ("cells",      "inflammation[other]",   "signalling",   "quiet_inflammation"),
    ("signalling", "border_volume",         "anatomy",      "border_volume"),
    ("signalling", "border_path",           "anatomy",      "border_path"),
    ("signalling", "latent[*]",             "anatomy",      "latent[*]"),
    ("signalling", "active[*]",             "anatomy",      "active[*]"),
    ("signalling", "antibody[*]",           "anatomy",      "antibody[*]"),
    ("signalling", "inhibitor[*]",          "anatomy",      "inhibitor[*]"),
    ("signalling", "il10[*]",               "anatomy",      "il10[*]"),
    ("signalling", "border_latent[*]",      "cells",        "border_latent[*]"),
    ("signalling", "border_active[*]",      "cells",        "border_active[*]"),
    ("signalling", "il10_tone",             "cells",        "il10_tone"),
    ("signalling", "immunosuppression",     "cells",        "immunosuppression"),
    ("signalling", "efferocytosis",         "cells",        "efferocytosis"),
    ("signalling", "vesicles",              "cells",        "vesicles"),
    ("signalling", "injury_drive",          "pain",         "injury_drive"),
    ("signalling", "stress",                "pain",         "stress"),
    ("signalling", "injured_state",         "pain",         "injured_state"),
    ("signalling", "macrophages_now",       "signalling",   "macrophages_now"),
    ("signalling", "antibody_at_drg",       "signalling",   "antibody_at_injured"),
    ("pain",       "slow",                  "signalling",   "slow"),
    ("pain",       "fast",                  "signalling",   "fast"),
    ("pain",       "horn",                  "signalling",   "horn"),
    ("pain",       "il10_effect",           "signalling",   "il10_effect"),
    ("pain",       "tnf",                   "signalling",   "tnf"),
    ("pain",       "il1",                   "signalling",   "il1"),
    ("pain",       "il6",                   "signalling",   "il6"),
    ("pain",       "microglia",             "signalling",   "microglia"),
    ("pain",       "astrocytes",            "signalling",   "astrocytes"),
    ("pain",       "contact",               "cells",        "contact"),
    ("pain",       "opioid_tone",           "cells",        "opioid_tone"),
)


@functools.lru_cache(maxsize=8)
def assemble_model(structure: Structure) -> Model:
    """The whole animal as one ODE for one species' layout, with the shipped register's parameters as symbols."""
    register = load()
    rooms = [canal.declare(structure, register), population.declare(structure, register),
             signalling.declare(structure, register), pain.declare(structure, register)]
    secretion.declare_secretion(rooms[1], structure)
    rooms.append(_declare_sources(structure, register, rooms[1], rooms[2]))
    return assemble(rooms, _feeds(rooms))


def _declare_sources(structure: Structure, register: Register, cells: Room, signals: Room) -> Room:
    """Releases into each CSF compartment, summed over where they come from: cells, DRG borders, and a pump."""
    room = Room("sources", "sums over the sources of one compartment", register)
    for solute in canal.SOLUTES:
        amount = "pg/d" if canal.SOLUTES[solute][0] == "pg/ul" else "fmol/d"
        for name in structure.compartments:
            terms = [source.produced[port].expression for source, port in
                     ((cells, f"release_{solute}[{name}]"), (signals, f"to_csf_{solute}[{name}]"))
                     if port in source.produced]
            terms.append(room.input(f"pump_{solute}[{name}]", amount, f"{solute} pumped into {name}"))
            room.produce(f"release_{solute}[{name}]", total(terms), amount, f"all {solute} released into {name}")
    return room


def _feeds(rooms: list[Room]) -> dict[tuple[str, str], tuple[str, str]]:
    """The coupling table with every ``*`` written out for the ports that the rooms really declare."""
    feeds = {}
    for consumer, port, producer, source in COUPLING:
        room = next(r for r in rooms if r.name == consumer)
        head = port.split("*")[0]
        for wanted in room.consumed:
            if wanted == port or ("*" in port and wanted.startswith(head)):
                index = wanted[len(head):-1]
                feeds[consumer, wanted] = (producer, source.replace("*", index))
    return feeds
