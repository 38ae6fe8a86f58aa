"""How each place of a cell is named and coloured, in the viewer and in print alike."""

from __future__ import annotations

from dataclasses import dataclass

from thecal.engine.homing.course import PLACES
from thecal.report.drawing import GREEN, ORANGE, PURPLE, SKY, VERMILION

DEEP = "#0072b3"  # beside drawing.BLUE, which pages turn pale in the dark: points are pixels and cannot follow


@dataclass(frozen=True)
class Look:
    """Words for the reader, and a colour; none for what is not drawn (it is not on the wall that is shown)."""

    label: str
    colour: str


LOOKS = {
    "suspended": Look("suspended", SKY),
    "rolling": Look("rolling", ORANGE),
    "tank": Look("in the head", ""),
    "arrested": Look("arrested", GREEN),
    "crawling": Look("crawling", DEEP),
    "captured": Look("at a ganglion", VERMILION),
    "dying": Look("dead, not yet cleared", PURPLE),
    "cleared": Look("cleared", ""),
}


def looks() -> list[dict[str, str]]:
    """One entry per place of the engine, in its order, as the viewer takes it."""
    return [{"name": place, "label": LOOKS[place].label, "colour": LOOKS[place].colour} for place in PLACES]
