"""Expressions as MathML.

The graph becomes a forest: what several formulas share is written once, as a quantity of its own with an assignment
rule, and referred to by name; otherwise the text would grow exponentially with depth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from xml.etree import ElementTree as ET

from thecal.core.expression import Expression, nodes_of

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
_TAGS = {"add": "plus", "sub": "minus", "mul": "times", "div": "divide", "neg": "minus", "pow": "power",
         "exp": "exp", "log": "ln", "sqrt": "root", "min": "min", "max": "max"}


def shared(expressions: Sequence[Expression]) -> list[Expression]:
    """Nodes with arguments that more than one place needs, arguments before users."""
    nodes = nodes_of(expressions)
    uses = Counter(a.order for node in nodes for a in node.arguments)
    uses.update(e.order for e in expressions)
    return [node for node in nodes if node.arguments and uses[node.order] > 1]


class Formula:
    """Writes expressions, given what each named node is called.

    Arguments:
        names: node order -> identifier, for leaves and for shared nodes.
        zero_units: identifiers of the units of zeros met, by the order of the node they stand in.
    """

    def __init__(self, names: Mapping[int, str], zero_units: Mapping[int, str]) -> None:
        self._names, self._zero_units = names, zero_units

    def write(self, parent: ET.Element, expression: Expression, whole: bool = False) -> None:
        """Append ``<math>``; with ``whole`` a named node is written out (its own definition)."""
        math = ET.SubElement(parent, "math", {"xmlns": NAMESPACE})
        self._node(math, expression, expand=whole)

    def _node(self, parent: ET.Element, node: Expression, expand: bool = False, zero: str = "dimensionless") -> None:
        if node.order in self._names and not expand:
            ET.SubElement(parent, "ci").text = f" {self._names[node.order]} "
        elif node.operation == "number":
            number(parent, node.value, zero if node.value == 0 else "dimensionless")
        else:
            apply = ET.SubElement(parent, "apply")
            ET.SubElement(apply, _TAGS[node.operation])
            for argument in node.arguments:
                self._node(apply, argument, zero=self._zero_units.get(node.order, "dimensionless"))


def number(parent: ET.Element, value: float, units: str) -> None:
    """A literal with its unit, exact to the last bit."""
    attributes = {"sbml:units": units}
    mantissa, _, exponent = repr(float(value)).partition("e")
    if exponent:
        literal = ET.SubElement(parent, "cn", attributes | {"type": "e-notation"})
        literal.text = f" {mantissa} "
        ET.SubElement(literal, "sep").tail = f" {int(exponent)} "
    else:
        ET.SubElement(parent, "cn", attributes).text = f" {mantissa} "


def affine(parent: ET.Element, start: str, terms: Iterable[tuple[float, str, str]], offset: float,
           offset_unit: str) -> None:
    """``<math>`` of ``start + sum(weight * name) + offset``; terms are (weight, its unit, name)."""
    math = ET.SubElement(parent, "math", {"xmlns": NAMESPACE})
    apply = ET.SubElement(math, "apply")
    ET.SubElement(apply, "plus")
    ET.SubElement(apply, "ci").text = f" {start} "
    for weight, unit, name in terms:
        product = ET.SubElement(apply, "apply")
        ET.SubElement(product, "times")
        number(product, weight, unit)
        ET.SubElement(product, "ci").text = f" {name} "
    if offset:
        number(apply, offset, offset_unit)
