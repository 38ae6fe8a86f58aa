"""Neuroinflammation of the injured side: cytokines, phagocytes, glia. Every state is 1 in an untreated full injury.

    dN  = d_N [(a_J J + a_M M_p + a_G G_p) cut - N]           TNF
    cut = (1 - i_N fast)(1 - i_T il10)(1 - U)(1 + w_10) / (1 + w_10 T)
    dI1 = d_1 [(a_N N + a_M M_p)(1 - i_N fast) - I1]          IL-1b
    dI6 = d_6 [a_1 I1 + a_X X - I6]                           IL-6
    dK  = d_K [a_X X + a_N N - K]                             CCL2
    dT  = d_10 [a_N N + a_H H + M_r + tone - T]               IL-10 of host and cells
    dM_p = r_M (K - M_p) - turn M_p + w_back M_r              DRG macrophages, pro-inflammatory
    dM_r = turn M_p - (w_back + r_M) M_r                      and resolving
    dG_p, dG_r: the same for microglia, recruited by a_X X + a_N N
    dA  = (a_G G_p + a_1 I1 - A) / tau_A                      astrocytes
    turn = w_b slow + w_E eaten + w_V vesicles

``w_back`` decides whether relief outlasts its cause: 0 makes a permanent switch of the host (H2).
Microglial markers are not pain: the two are separate states. The weights ``a`` (``signalling.weight_*`` in the
register, one set for each equation) are assumptions of ours that sum to 1, so that the untreated state is 1; only their
products with measured turnovers can be compared with data.
"""

from __future__ import annotations

from thecal.core.declaration import Room
from thecal.core.expression import Expression


def declare_inflammation(room: Room) -> None:
    """Add cytokines, phagocytes and glia to the signalling room."""
    p = room.parameter
    injury = room.consume("injury_drive", "1", "injury drive")
    stress = room.consume("stress", "1", "stressed neurons (ATF3)")
    injured = room.consume("injured_state", "1", "injured state of the tissue")
    tnf = room.state("tnf", "1", "TNF, 1 in untreated full injury")
    macrophages, resolving = _declare_phagocytes(room, "macrophages", "macrophage_turnover", "DRG macrophages")
    microglia, surveying = _declare_phagocytes(room, "microglia", "microglia_turnover", "spinal microglia")
    il1, il6 = room.state("il1", "1", "IL-1b"), room.state("il6", "1", "IL-6")
    ccl2, il10 = room.state("ccl2", "1", "CCL2"), room.state("il10", "1", "IL-10 tone of host and cells")
    astrocytes = room.state("astrocytes", "1", "activated spinal astrocytes")
    fast = room.states["signalling.fast"].expression
    brake = 1 - p("tnf_cut_tgfb1") * fast
    source = (p("tnf_from_injury") * injury + p("tnf_from_macrophages") * macrophages
              + p("tnf_from_microglia") * microglia)
    room.rate(tnf, p("tnf_turnover") * (source * brake * _other_brakes(room, il10) - tnf))
    makers = p("weight_il1_tnf") * tnf + p("weight_il1_macrophages") * macrophages
    room.rate(il1, p("il1_turnover") * (makers * brake - il1))
    room.rate(il6, p("il6_turnover") * (p("weight_il6_il1") * il1 + p("weight_il6_stress") * stress - il6))
    room.rate(ccl2, p("ccl2_turnover") * (p("weight_ccl2_stress") * stress + p("weight_ccl2_tnf") * tnf - ccl2))
    tone = room.consume("il10_tone", "1", "IL-10 tone from cells")
    host = p("weight_il10_tnf") * tnf + p("weight_il10_injured") * injured + resolving
    room.rate(il10, p("il10_turnover") * (host + tone - il10))
    _turn_phagocytes(room, macrophages, resolving, ccl2, p("macrophage_turnover"))
    call = p("weight_microglia_stress") * stress + p("weight_microglia_tnf") * tnf
    _turn_phagocytes(room, microglia, surveying, call, p("microglia_turnover"))
    driven = p("weight_astrocytes_microglia") * microglia + p("weight_astrocytes_il1") * il1
    room.rate(astrocytes, (driven - astrocytes) / p("astrocyte_time"))
    for name, state, meaning in (("tnf", tnf, "TNF"), ("il1", il1, "IL-1b"), ("il6", il6, "IL-6"),
                                 ("ccl2", ccl2, "CCL2"), ("il10", il10, "IL-10 tone"),
                                 ("macrophages", macrophages, "pro-inflammatory DRG macrophages"),
                                 ("macrophages_resolving", resolving, "resolving DRG macrophages"),
                                 ("microglia", microglia, "pro-inflammatory microglia"),
                                 ("microglia_resolving", surveying, "resolving microglia"),
                                 ("astrocytes", astrocytes, "astrocytes")):
        room.produce(name, state, "1", meaning)
        room.observe(name, state, "1", f"{meaning}, 1 in untreated full injury")
    room.produce("macrophages_now", macrophages, "1", "pro-inflammatory DRG macrophages")


def _declare_phagocytes(room: Room, name: str, turnover: str, meaning: str) -> tuple[Expression, Expression]:
    return (room.state(name, "1", f"{meaning}, pro-inflammatory"),
            room.state(f"{name}_resolving", "1", f"{meaning}, resolving"))


def _turn_phagocytes(room: Room, inflamed: Expression, resolving: Expression, call: Expression,
                     turnover: Expression) -> None:
    p = room.parameter
    slow = room.states["signalling.slow"].expression
    turn = (p("resolving_turn") * slow
            + p("efferocytosis_turn") * room.consume("efferocytosis", "1", "effect of eaten cells")
            + p("vesicle_turn") * room.consume("vesicles", "1", "vesicles in the tissue"))
    room.rate(inflamed, turnover * (call - inflamed) - turn * inflamed + p("return_rate") * resolving)
    room.rate(resolving, turn * inflamed - (p("return_rate") + turnover) * resolving)


def _other_brakes(room: Room, il10: Expression) -> Expression:
    """Cut of TNF by IL-10 (tone and protein) and by PGE2- and TSG-6-like factors of the cells."""
    p = room.parameter
    injured = room.consume("antibody_at_drg", "nM", "antibody at the injured DRG")
    free = 1 / (1 + p("antibody_binds_il10") * injured / p("antibody_il10_half"))
    tone = (1 + p("il10_tone_weight")) / (1 + p("il10_tone_weight") * il10 * free)
    protein = 1 - p("tnf_cut_il10") * room.states["signalling.il10_effect"].expression
    return tone * protein * (1 - room.consume("immunosuppression", "1", "cut of TNF by other factors"))
