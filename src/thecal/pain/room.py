"""From injury to sensitivity: drive, neuronal stress, sensitisation, and what a paw would do.

    dZ  = - ln2 / h_J Z,  J = J_0 Z                             injury drive; the injury is an event that sets Z to 1
    dX  = (J - X) / tau_X - (b_X slow + b_mt contact) X          stressed neurons (ATF3)
    H   = X^n / (X^n + K_H^n)                                    injured state of the tissue
    call_m = a_X X + a_N N + a_1 I1 + a_6 I6,  call_h, call_c likewise
    ds  = (call - s) / tau_sP    for mechanical, heat, cold      peripheral sensitisation
    dC  = (a_G G_p + a_A A + a_s s_m - C) / tau_C                central sensitisation
    drive = s (1 - e_p fast H)(1 - e_T il10 H) + e_pro fast (1 - H)
    pain  = drive (1 - g_C + g_C C (1 - e_c horn H)(1 - opioid))
    fall of log10 threshold = D_max pain / (pain + P_50)
    dO  = (drive of ectopic firing - O) / tau_O                  ongoing pain

TGF-b1 acts fast (minutes, on drive that injury made) and slowly (days, through ``signalling``). Its sign depends on
the state of the animal: in quiet tissue ``e_pro`` excites (H9, off by default), in injured tissue it calms.
The weights ``a`` (``pain.weight_*`` in the register) are assumptions; each set sums to 1, so that an untreated, fully
injured animal stands at 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from thecal.core.declaration import Room
from thecal.core.expression import Expression, hill, total
from thecal.core.register import Register
from thecal.core.structure import Structure

LN2 = math.log(2.0)


def declare(structure: Structure, register: Register) -> Room:
    """The pain room; see the module text for the equations."""
    room = Room("pain", "injury drive, sensitisation, what a paw would do", register)
    p = room.parameter
    slow = room.consume("slow", "1", "slow TGF-b1 effect")
    wound = room.state("wound", "1", "what is left of the injury; 1 at the moment it is made")
    injury = p("injury_drive") * wound
    stress = room.state("stress", "1", "stressed neurons (ATF3)")
    room.rate(wound, -(LN2 / p("recovery_half_life")) * wound)
    healing = p("stress_healing") * slow + p("mitochondria") * room.consume("contact", "1", "contact with cells")
    room.rate(stress, (injury - stress) / p("stress_time") - healing * stress)
    injured = hill(stress, p("state_half"), p("state_exponent"))
    room.produce("injury_drive", injury, "1", "injury drive")
    room.produce("stress", stress, "1", "stressed neurons (ATF3)")
    room.produce("injured_state", injured, "1", "injured state of the tissue")
    room.observe("stress", stress, "1", "stressed neurons (ATF3), 1 in untreated full injury")
    peripheral = _declare_peripheral(room, stress)
    central = _declare_central(room, peripheral["mechanical"])
    _declare_outcomes(room, peripheral, central, injured, stress)
    _declare_slice(room, peripheral["mechanical"], central, injured)
    return room


def _declare_peripheral(room: Room, stress: Expression) -> dict[str, Expression]:
    p = room.parameter
    tnf, il1, il6 = (room.consume(name, "1", name) for name in ("tnf", "il1", "il6"))
    signals = {"stress": stress, "tnf": tnf, "il1": il1, "il6": il6}
    calls = {"mechanical": _weighted(room, "mechanical", signals),
             "heat": p("heat_weight") * _weighted(room, "heat", signals, without=("il6",)),
             "cold": p("cold_weight") * _weighted(room, "cold", signals, without=("il1", "il6"))}
    states = {}
    for modality, call in calls.items():
        states[modality] = room.state(f"peripheral_{modality}", "1", f"peripheral sensitisation, {modality}")
        room.rate(states[modality], (call - states[modality]) / p("peripheral_time"))
    room.observe("peripheral", states["mechanical"], "1", "peripheral sensitisation, mechanical")
    return states


def _weighted(room: Room, target: str, signals: Mapping[str, Expression], without: Sequence[str] = ()) -> Expression:
    """Sum of signals, each with its weight from the register, ``pain.weight_<target>_<signal>``."""
    return total(room.parameter(f"weight_{target}_{name}") * signal
                 for name, signal in signals.items() if name not in without)


def _declare_central(room: Room, peripheral: Expression) -> Expression:
    microglia = room.consume("microglia", "1", "pro-inflammatory microglia")
    astrocytes = room.consume("astrocytes", "1", "astrocytes")
    central = room.state("central", "1", "central sensitisation")
    call = _weighted(room, "central", {"microglia": microglia, "astrocytes": astrocytes, "peripheral": peripheral})
    room.rate(central, (call - central) / room.parameter("central_time"))
    room.observe("central", central, "1", "central sensitisation")
    return central


def _declare_outcomes(room: Room, peripheral: dict[str, Expression], central: Expression,
                      injured: Expression, stress: Expression) -> None:
    """Latent outcomes of the injured paw: falls on a log10 scale, and ongoing pain."""
    p = room.parameter
    fast = room.consume("fast", "1", "fast TGF-b1 effect at the DRG")
    horn = room.consume("horn", "1", "fast TGF-b1 effect in the dorsal horn")
    il10 = room.consume("il10_effect", "1", "effect of IL-10 protein")
    opioid = room.consume("opioid_tone", "1", "opioid tone from cells")
    calm = (1 - p("fast_relief") * fast * injured) * (1 - p("fast_relief_il10") * il10 * injured)
    excite = p("excitation") * fast * (1 - injured)
    share = p("central_share")
    gain = 1 - share + share * central * (1 - p("fast_relief_horn") * horn * injured) * (1 - opioid)
    for modality, span, unit_meaning in (("mechanical", "threshold_span", "fall of log10 paw withdrawal threshold"),
                                         ("heat", "heat_span", "fall of log10 withdrawal latency to heat"),
                                         ("cold", "cold_span", "rise of log10 response to cold")):
        pain = (peripheral[modality] * calm + excite) * gain
        fall = p(span) * hill(pain, p("threshold_half"))
        room.observe(modality, fall, "1", unit_meaning)
        room.observe(f"{modality}_other", p("mirror") * fall, "1", f"{unit_meaning}, other paw")
    ongoing = room.state("ongoing", "1", "ongoing pain")
    firing = _weighted(room, "ongoing", {"stress": stress, "peripheral": peripheral["mechanical"]})
    ectopic = firing * calm * (1 - opioid) + excite
    room.rate(ongoing, (ectopic - ongoing) / p("ongoing_time"))
    room.observe("ongoing", ongoing, "1", "ongoing-pain drive, 1 in untreated full injury")


def _declare_slice(room: Room, afferent: Expression, central: Expression, injured: Expression) -> None:
    """What a slice cut now would show: raised sEPSC, and how far TGF-b1 in the bath can lower the rise.

    Frequency is mostly presynaptic and follows afferent drive, amplitude mostly postsynaptic and follows central
    sensitisation (weights assumed, in the register).
    """
    p = room.parameter
    synapse = {"afferent": afferent, "central": central}
    frequency = 1 + p("epsc_frequency") * _weighted(room, "frequency", synapse)
    amplitude = 1 + p("epsc_amplitude") * _weighted(room, "amplitude", synapse)
    room.observe("epsc_frequency", frequency, "1", "sEPSC frequency relative to sham")
    room.observe("epsc_amplitude", amplitude, "1", "sEPSC amplitude relative to sham")
    room.observe("slice_relief", p("slice_relief") * injured, "1", "largest cut of the rise by TGF-b1 in a bath")
