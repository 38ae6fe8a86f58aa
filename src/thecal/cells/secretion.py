"""What living cells release: TGF-b1 (latent and active), an IL-10 tone, immunosuppression, vesicles, opioid tone.

    q  = s_H1 q_0 [1 + (p_1 - 1) W + (p_2 - 1) P]
    dW = (K-scaled TNF - W) / tau_W,   dP = (K-scaled TNF - P) / tau_P

``W`` is a stored pool that answers within an hour, ``P`` synthesis over a day; both follow TNF, so output is greatest
in severe disease: a negative feedback. Factors other than TGF-b1 act through ``n / (n + K_U)``, where ``n`` counts
the cells at the injured ganglia and, with weight ``eta``, those adhered beside them.
"""

from __future__ import annotations

import math

from thecal.core.declaration import Room
from thecal.core.expression import Expression, hill, maximum, total
from thecal.core.structure import Structure

LN2 = math.log(2.0)


def declare_secretion(room: Room, structure: Structure) -> None:
    """Add secretion to the cells room (which must already hold the population)."""
    p = room.parameter
    rate = p("secretes") * p("secretion_rate")
    primed = {side: _declare_priming(room, side) for side in ("injured",)}
    active = p("active_fraction")
    for i in range(structure.segments):
        cells = room.produced[f"in_segment[{i}]"].expression
        room.produce(f"release_active[{i}]", active * rate * cells, "pg/d", f"active TGF-b1 into CSF, segment {i}")
        room.produce(f"release_latent[{i}]", (1 - active) * rate * cells, "pg/d", f"latent TGF-b1, segment {i}")
    tank = room.produced["in_cranial"].expression
    room.produce("release_active[cranial]", active * rate * tank, "pg/d", "active TGF-b1 into the cranial tank")
    room.produce("release_latent[cranial]", (1 - active) * rate * tank, "pg/d", "latent TGF-b1, cranial tank")
    for g in structure.ganglia:
        out = rate * room.produced[f"captured[{g.name}]"].expression * primed.get(g.side, 1.0)
        room.produce(f"border_active[{g.name}]", active * out, "pg/d", f"active TGF-b1 at DRG {g.name}")
        room.produce(f"border_latent[{g.name}]", (1 - active) * out, "pg/d", f"latent TGF-b1 at DRG {g.name}")
    _declare_other_factors(room, structure)


def _declare_priming(room: Room, side: str) -> Expression:
    """Gain of secretion under TNF on one side."""
    p = room.parameter
    tnf = room.consume(f"inflammation[{side}]", "1", f"TNF on the {side} side")
    drive = maximum((1 + p("priming_half")) * hill(tnf, p("priming_half")), p("pre_primed"))
    fast = room.state("primed_pool", "1", "release from a stored pool under TNF")
    slow = room.state("primed_synthesis", "1", "synthesis under TNF")
    room.rate(fast, (drive - fast) / p("priming_fast_time"))
    room.rate(slow, (drive - slow) / p("priming_slow_time"))
    return 1 + (p("priming_fast") - 1) * fast + (p("priming_slow") - 1) * slow


def _declare_other_factors(room: Room, structure: Structure) -> None:
    p = room.parameter
    injured = structure.side("injured")
    border = total(room.produced[f"captured[{g.name}]"].expression for g in injured)
    beside = total(room.produced[f"in_segment[{i}]"].expression for i in sorted({g.segment for g in injured}))
    share = hill(border + p("near_share") * beside, p("paracrine_half"))
    room.produce("il10_tone", p("il10_strength") * share, "1", "IL-10 tone from cells")
    room.produce("immunosuppression", p("immunosuppression") * share, "1", "cut of TNF by PGE2- and TSG-6-like factors")
    room.produce("opioid_tone", p("opioid") * share, "1", "opioid tone from cells (H6)")
    room.produce("contact", hill(border, p("paracrine_half")), "1", "contact of cells with injured neurons (H5)")
    vesicles = room.state("vesicles", "1", "vesicles from cells in the injured tissue (H4)")
    room.rate(vesicles, p("vesicle_rate") * share - LN2 / p("vesicle_half_life") * vesicles)
    room.produce("vesicles", vesicles, "1", "vesicles in the injured tissue")
