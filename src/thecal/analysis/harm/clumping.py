"""Cells that meet in the needle: a mechanism with one unknown, the share of encounters that stick.

In a shear G two equal spheres meet at a rate of (32/3) G r^3 n per cell, which is (8/pi) G phi with the solids share
phi. Over a needle of radius R and length L the mean shear times the time in it is (8/3) L / R whatever the speed, so

    encounters per cell = (8/pi) phi (8/3) L / R,    share in clumps = 1 - exp(-stick * encounters).

Valid for dilute suspensions (phi up to about 0.1) without long waiting; settling in the syringe adds to it.
Source: Smoluchowski 1917, Z Phys Chem 92:129 (orthokinetic rate); laminar flow in a tube.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from thecal.analysis.evidence.checks import solids_fraction
from thecal.analysis.harm.records import Number, raw


@dataclass(frozen=True)
class Clumping:
    """Crowding of an injectate; ``share`` is of cells in clumps of two or more, with its range over ``sticking``."""

    solids: float
    encounters_per_cell: float
    share: float
    low: float
    high: float
    sticking: Number


def clumping(species_name: str, dose_cells: float, volume_ul: float) -> Clumping:
    """Crowding and clumping of a dose in a volume through the usual needle of a species."""
    mechanics = raw("csf_mechanics")
    needle, sticking = mechanics["needle"][species_name], Number.of(mechanics["sticking"])
    solids = solids_fraction(dose_cells, volume_ul)
    encounters = 8 / math.pi * solids * 8 / 3 * needle["length_mm"] / needle["radius_mm"]
    low, share, high = (-math.expm1(-s * encounters) for s in (sticking.low, sticking.value, sticking.high))
    return Clumping(solids, encounters, share, low, high, sticking)
