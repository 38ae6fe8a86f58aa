"""An invented model of the size and shape of the mouse model: a canal, ganglia on both sides, cells, glia, pain.

It serves tests of solvers only; its numbers mean nothing.
"""

from __future__ import annotations

import numpy as np

from thecal.core.declaration import Model, Room, assemble
from thecal.core.expression import exp, hill, log, maximum, minimum, sqrt, total
from thecal.core.register import Parameter, Register
from thecal.engine.integrate import Event

NUMBERS = {
    "canal.mixing": (800.0, "1/d"), "canal.flow": (60.0, "1/d"), "canal.clearance": (20.0, "1/d"),
    "canal.uptake": (40.0, "pg/ul/d"), "canal.half": (2.0, "pg/ul"), "canal.rise": (0.3, "1"),
    "cells.landing": (4.0, "1/d"), "cells.capture": (0.8, "1/d"), "cells.death": (0.04, "1/d"),
    "cells.secretion": (3e-3, "pg/ul/cell/d"), "cells.activation": (6.0, "1/d"),
    "cells.stress": (3.0, "1"), "cells.half_signal": (0.5, "pg/ul"), "cells.infusion": (0.0, "pg/ul/d"),
    "pain.injury": (0.0, "1/d"), "pain.recovery": (0.02, "1/d"), "pain.rise": (0.6, "1/d"), "pain.fall": (0.3, "1/d"),
    "pain.exponent": (1.7, "1"), "pain.half": (0.4, "1"), "pain.relief": (2.0, "1"), "pain.quick": (200.0, "1/d"),
}


def register() -> Register:
    entries = {}
    for key, (value, unit) in NUMBERS.items():
        entries[key] = Parameter(key, key, value, value, value, unit, "fixed", "assumed", False, 0.3, "none",
                                 "invented", "none", "")
    return Register(entries)


def stand_in(segments: int = 24, ganglia: int = 8) -> Model:
    """A stiff ODE of ``2 * segments + 6 * 2 * ganglia + 4`` states."""
    book = register()
    canal, cells, pain = (Room(name, name, book) for name in ("canal", "cells", "pain"))
    level = [s * segments // ganglia for s in range(ganglia)]
    _canal(canal, segments, level)
    _cells(cells, segments, level)
    _pain(pain, ganglia)
    feeds = {("canal", "active_loss"): ("cells", "active_loss"), ("canal", "landing"): ("cells", "landing")}
    for k in range(ganglia):
        feeds |= {("canal", f"release{k}"): ("cells", f"release{k}"),
                  ("cells", f"protein{k}"): ("canal", f"protein{k}"),
                  ("cells", f"floating{k}"): ("canal", f"floating{k}"),
                  ("cells", f"stress{k}"): ("pain", f"stress{k}"), ("pain", f"signal{k}"): ("cells", f"signal{k}")}
    return assemble([canal, cells, pain], feeds)


def _canal(room: Room, segments: int, level: list[int]) -> None:
    p = room.parameter
    protein = [room.state(f"protein{s}", "pg/ul", "protein in CSF") for s in range(segments)]
    floating = [room.state(f"floating{s}", "cell", "cells in CSF") for s in range(segments)]
    release = {s: room.consume(f"release{k}", "pg/ul/d", "released") for k, s in enumerate(level)}
    landing = room.consume("landing", "1/d", "landing")
    lost = room.consume("active_loss", "1/d", "loss")
    for field, first in ((protein, True), (floating, False)):
        for s in range(segments):
            rate = -p("flow") * field[s] if s == segments - 1 else -p("flow") * (field[s] - field[s + 1])
            for t in (s - 1, s + 1):
                if 0 <= t < segments:
                    mix = p("mixing") * exp(p("rise") * max(s, t) / segments)
                    rate = rate + (mix if first else 0.02 * mix) * (field[t] - field[s])
            if first:
                rate = rate - p("clearance") * field[s] - p("uptake") * hill(field[s], p("half"), 1) + release.get(s, 0)
            else:
                rate = rate - landing * field[s] - 0.1 * lost * field[s]
            room.rate(field[s], rate)
    for k, s in enumerate(level):
        room.produce(f"protein{k}", protein[s], "pg/ul", "protein at the border")
        room.produce(f"floating{k}", floating[s], "cell", "cells at the border")
    room.observe("protein_total", total(protein), "pg/ul", "sum over segments")
    room.observe("floating", total(floating), "cell", "cells afloat")


def _cells(room: Room, segments: int, level: list[int]) -> None:
    p = room.parameter
    room.produce("landing", p("landing"), "1/d", "landing")
    room.produce("active_loss", p("death"), "1/d", "loss")
    captured_all = []
    for k in range(len(level)):
        border, floating = room.consume(f"protein{k}", "pg/ul", "CSF"), room.consume(f"floating{k}", "cell", "cells")
        stress = room.consume(f"stress{k}", "1", "stress")
        sides = []
        for side in "lr":
            landed = room.state(f"landed{k}{side}", "cell", "landed")
            captured = room.state(f"captured{k}{side}", "cell", "captured")
            latent = room.state(f"latent{k}{side}", "pg/ul", "latent")
            active = room.state(f"active{k}{side}", "pg/ul", "active")
            strength = (1 + stress) if side == "l" else 1 / (1 + stress)
            leaving = p("capture") * strength * landed
            room.rate(landed, 0.4 * p("landing") * floating - leaving - 2 * p("death") * landed)
            room.rate(captured, leaving - p("death") * (1 + p("stress") * stress) * captured)
            room.rate(latent, p("secretion") * captured - p("activation") * latent + p("infusion"))
            room.rate(active, p("activation") * latent + 30 * p("landing") * (border - active)
                      - 20 * p("activation") * active)
            sides.append(active)
            captured_all.append(captured)
        room.produce(f"signal{k}", sides[0] / (sides[0] + p("half_signal")), "1", "signal")
        room.produce(f"release{k}", 0.1 * p("activation") * (sides[0] + sides[1]), "pg/ul/d", "release")
    room.observe("captured", total(captured_all), "cell", "captured cells")
    room.observe("root", sqrt(maximum(total(captured_all), 0)), "cell**0.5", "a root")
    room.observe("decades", log(1 + sides[0] / p("half_signal")), "1", "a logarithm")


def _pain(room: Room, ganglia: int) -> None:
    p = room.parameter
    drive = room.state("drive", "1", "injury drive")
    central = room.state("central", "1", "central sensitisation")
    memory = room.state("memory", "1", "slow memory")
    fast = room.state("fast", "1", "fast relief")
    room.rate(drive, p("injury") * (1 - drive) - p("recovery") * drive)
    signals, glia = [], []
    for k in range(ganglia):
        signal = room.consume(f"signal{k}", "1", "signal")
        inflamed = room.state(f"inflamed{k}", "1", "inflammation")
        tamed = room.state(f"tamed{k}", "1", "repair")
        room.rate(inflamed, p("rise") * drive / (1 + p("relief") * tamed) - p("fall") * inflamed)
        room.rate(tamed, p("rise") * hill(signal, p("half"), p("exponent")) - p("fall") * tamed)
        room.produce(f"stress{k}", minimum(inflamed, 2), "1", "stress")
        signals.append(signal)
        glia.append(inflamed)
    room.rate(fast, p("quick") * (total(signals) / ganglia - fast))
    room.rate(central, p("rise") * hill(total(glia) / ganglia + drive, p("half"), p("exponent")) - p("fall") * central)
    room.rate(memory, 0.2 * p("rise") * (central - memory))
    room.observe("sensitisation", central / (1 + p("relief") * fast) + 0.2 * memory, "1", "what the paw feels")


def parameters_of(model: Model, animals: int, spread: float = 0.3, seed: int = 1) -> np.ndarray:
    """Lognormal parameters, (animals, parameters); switches stay at zero."""
    base = np.array([NUMBERS[p.name][0] for p in model.parameters])
    draws = np.random.default_rng(seed).normal(size=(animals, base.size))
    return base * np.exp(spread * draws)


def schedule_of(model: Model) -> list[Event]:
    """Injury on day 0 for 5 days, cells on day 4, protein on day 25, a damping of protein by an antibody on day 40,
    an infusion from day 50 to 52."""
    injury, infusion = model.parameter_index["pain.injury"], model.parameter_index["cells.infusion"]
    offset = np.zeros(len(model.states))
    offset[model.state_index["canal.floating3"]] = 2.5e5
    bolus = np.zeros(len(model.states))
    bolus[model.state_index["canal.protein3"]] = 250.0
    bolus[model.state_index["canal.protein4"]] = 90.0
    proteins = np.array([i for n, i in model.state_index.items() if n.startswith("canal.protein")])
    return [
        Event(0.0, parameters={injury: 0.8}), Event(4.0, offset=offset), Event(5.0, parameters={injury: 0.0}),
        Event(25.0, offset=bolus),
        Event(40.0, rows=proteins, columns=proteins, weights=np.full(proteins.size, -0.9)),
        Event(50.0, parameters={infusion: 2.0}), Event(52.0, parameters={infusion: 0.0}),
    ]
