"""The equations of the model, written out from its declaration: one per family of states, with its index.

Members of a family (the segments of the canal, the ganglia) are put side by side: what differs in index only is shown
once, with ``i`` for a segment and ``j`` for a ganglion; numbers that differ become a coefficient with that index. A
member that lacks terms (a segment at an end has one neighbour) is counted as the same equation with terms left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from thecal.core.declaration import Model, Quantity, Room
from thecal.core.expression import Expression, nodes_of
from thecal.core.structure import Structure
from thecal.report.formula import Formula, Name, aligned, every_part, gathered, mapped, numbers, read, skeleton, unified

SMALLEST_TERM = 7     # leaves; what is used twice and is at least this large gets a name of its own
BIG = 2               # leaves; produced ports at least this large are called by their name


@dataclass(frozen=True)
class Equation:
    """One equation as shown. ``change`` marks a rate (left side: d name / dt)."""

    name: Name
    formula: Formula
    change: bool
    meaning: str
    unit: str
    members: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True)
class RoomEquations:
    """A room's equations in order: rates, then what they refer to, then what leaves the room."""

    name: str
    meaning: str
    equations: tuple[Equation, ...]
    coefficients: tuple[tuple[Name, tuple[tuple[str, float], ...]], ...]


@dataclass
class _Writer:
    """What is shared while one room is written out."""

    structure: Structure
    room: Room
    ports: dict[int, str]
    terms: dict[int, str] = field(default_factory=dict)  # named terms, as name[index]
    coefficients: dict[tuple[tuple[str, float], ...], Name] = field(default_factory=dict)

    def formula(self, expression: Expression, own: str) -> Formula:
        """The formula of an expression as a member with index ``own`` sees it."""
        def name_of(node: Expression) -> Formula | None:
            if node.operation == "symbol":
                return _symbol(node, self.place(own))
            if node.order in self.ports:
                return _indexed("term", self.ports[node.order], self.place(own))
            return _indexed("term", self.terms[node.order], self.place(own)) if node.order in self.terms else None

        found = read(expression, name_of)
        foreign = [g.name for g in self.structure.ganglia if g.name != own]
        found = gathered(found, foreign if own not in self.ganglia else [], "j", lambda v: self.ganglia_words(v, own))
        return gathered(found, [c for c in self.structure.compartments if c != own], "i", self.segment_words)

    def ganglia_words(self, values: list[str], own: str) -> str:
        """Which ganglia a sum runs over."""
        chosen = set(values)
        if chosen == set(self.ganglia):
            return "all"
        for side in ("injured", "other"):
            if chosen == {g.name for g in self.structure.side(side)}:
                return side
        if chosen == {name for name, segment in self.ganglia.items() if str(segment) == own}:
            return "beside i"
        return ", ".join(values)

    def segment_words(self, values: list[str]) -> str:
        """Which segments a sum runs over."""
        every = self.structure.compartments
        whole = {"all": set(every), "canal": set(every[:-1]),
                 "beside ganglia": {str(g.segment) for g in self.structure.ganglia},
                 "lumbar cord": {str(k) for k in self.structure.cord_segments}}
        return next((name for name, chosen in whole.items() if chosen == set(values)), ", ".join(values))

    @property
    def ganglia(self) -> dict[str, int]:
        return {g.name: g.segment for g in self.structure.ganglia}

    def place(self, own: str) -> dict[str, str]:
        """How each index is written, seen from ``own``."""
        compartments = list(self.structure.compartments)
        if own in self.ganglia:
            side = own.rsplit(" ", 1)[-1]
            return {own: "j", str(self.ganglia[own]): "i(j)", side: "side of j"}
        if own in compartments:
            at = compartments.index(own)
            near = {compartments[k]: f"i{k - at:+d}".replace("-", "−") for k in (at - 1, at + 1)
                    if 0 <= k < len(compartments)}
            return {own: "i", **near}
        return {}

    def coefficient(self, index: str, members: tuple[str, ...]) -> Callable[[tuple[float, ...]], Name]:
        """Names for numbers that differ between members."""
        def name(values: tuple[float, ...]) -> Name:
            key = tuple((m, v) for m, v in zip(members, values, strict=True) if not math.isnan(v))
            return self.coefficients.setdefault(key, Name("coefficient", f"a{len(self.coefficients) + 1}", index))
        return name


def equations(model: Model, structure: Structure) -> tuple[RoomEquations, ...]:
    """Every room's equations, ready to be printed."""
    ports = {q.expression.order: name for room in model.rooms for name, q in room.produced.items()
             if q.expression.arguments and _leaves(q.expression) >= BIG}
    return tuple(_room(room, structure, ports) for room in model.rooms)


def _room(room: Room, structure: Structure, ports: dict[int, str]) -> RoomEquations:
    writer = _Writer(structure, room, ports)
    rates = [Quantity(name, room.rates[name], f"{q.unit}/d", q.meaning) for name, q in room.states.items()]
    outputs = [q for q in (*room.produced.values(), *room.observed.values()) if q.expression.arguments]
    outputs = list({q.expression.order: q for q in reversed(outputs)}.values())[::-1]
    defined = _name_terms(writer, [*(q.expression for q in rates), *(q.expression for q in outputs)])
    found = [e for family in _families(rates) for e in _equations(writer, family, True)]
    found += [_term(writer, name, nodes) for name, nodes in defined.items()]
    found += [e for family in _families(outputs) for e in _equations(writer, family, False)]
    numbers = tuple((name, values) for values, name in writer.coefficients.items())
    return RoomEquations(room.name, room.meaning, tuple(found), numbers)


def _families(quantities: Iterable[Quantity]) -> list[list[Quantity]]:
    """Quantities by the name before the bracket, in order."""
    groups: dict[str, list[Quantity]] = {}
    for quantity in quantities:
        groups.setdefault(_split(quantity.name)[0], []).append(quantity)
    return list(groups.values())


def _equations(writer: _Writer, family: list[Quantity], change: bool) -> list[Equation]:
    """The fullest form of a family with the members that only lack some of its terms, then any other form."""
    waiting = [(index, writer.formula(q.expression, index)) for q in family for index in [_split(q.name)[1]]]
    found: list[Equation] = []
    while waiting:
        shown = max((f for _, f in waiting), key=lambda f: len(every_part(f)))
        rows = {index: row for index, formula in waiting if (row := aligned(formula, shown)) is not None}
        waiting = [(index, formula) for index, formula in waiting if index not in rows]
        found.append(_equation(writer, family, change, shown, rows))
    return found


def _equation(writer: _Writer, family: list[Quantity], change: bool, shown: Formula,
              rows: dict[str, list[float]]) -> Equation:
    index = next(iter(rows))
    letter = "j" if index in writer.ganglia else "i" if index in writer.structure.compartments else ""
    formula = unified(shown, list(rows.values()), writer.coefficient(letter or "i", tuple(rows)))
    base = _split(family[0].name)[0]
    if len(rows) == 1 and letter:
        formula = mapped(formula, lambda f: replace(f, index=_spelled(f.index, index, writer))
                         if isinstance(f, Name) else f)
        letter = index
    name = Name("state" if change else "term", base, letter or index)
    lacking = tuple(i for i, row in rows.items() if any(map(math.isnan, row)))
    return Equation(name, formula, change, _general(family), family[0].unit, tuple(rows), lacking)


def _spelled(index: str, own: str, writer: _Writer) -> str:
    """An index seen from one member, written out."""
    return next((real for real, seen in writer.place(own).items() if seen == index), index)


def _general(family: list[Quantity]) -> str:
    """The meaning of a family: the first member's words without what names that member."""
    index = _split(family[0].name)[1]
    words = family[0].meaning
    if index and len(family) > 1:
        words = re.sub(rf",? ?(?:(?:canal |compartment |segment |DRG )+)?(?<![\w-]){re.escape(index)}(?!\w)", "", words)
        words = re.sub(r"(?: (?:at|in|into|of|above|canal))+$", "", words.strip().rstrip(","))
    return words


def _name_terms(writer: _Writer, roots: list[Expression]) -> dict[Name, list[tuple[str, Expression]]]:
    """Give a name to what is large and used more than once; alike terms of a family share the name."""
    uses: dict[int, int] = {}
    for node in nodes_of(roots):
        if node.order not in writer.ports:
            for argument in node.arguments:
                uses[argument.order] = uses.get(argument.order, 0) + 1
    known = {r.order for r in roots} | set(writer.ports)
    defined: dict[Name, list[tuple[str, Expression]]] = {}
    names: dict[tuple[Formula, str], Name] = {}
    for node in nodes_of(roots):
        scaled = node.operation == "mul" and any(a.is_number for a in node.arguments)
        own = _own_index(writer, node)
        if uses.get(node.order, 0) < 2 or node.order in known or scaled or own is None or _leaves(node) < SMALLEST_TERM:
            continue
        letter = "j" if own in writer.ganglia else "i" if own else ""
        shape = (skeleton(writer.formula(node, own)), letter or str(node.order))
        name = names.setdefault(shape, Name("term", f"u{len(names) + 1}", letter))
        defined.setdefault(name, []).append((own, node))
        writer.terms[node.order] = f"{name.name}[{own}]" if own else name.name
    return defined


def _own_index(writer: _Writer, node: Expression) -> str | None:
    """The one ganglion, or else the one segment, that a term speaks of; empty for none or all; None for a pair."""
    indices = {_split(leaf.name)[1] for leaf in nodes_of([node]) if leaf.operation == "symbol"}
    for pool in (set(writer.ganglia), set(writer.structure.compartments)):
        mine = indices & pool
        if mine:
            return mine.pop() if len(mine) == 1 else None if len(mine) == 2 else ""
    return ""


def _term(writer: _Writer, name: Name, members: list[tuple[str, Expression]]) -> Equation:
    kept = {node.order: writer.terms.pop(node.order) for _, node in members}
    forms = [writer.formula(node, own) for own, node in members]
    writer.terms.update(kept)
    owners = tuple(own for own, _ in members)
    formula = unified(forms[0], [numbers(f) for f in forms], writer.coefficient(name.index or "i", owners))
    return Equation(name, formula, False, "", "", owners)


def _symbol(node: Expression, place: dict[str, str]) -> Name:
    kind = "port" if "<" in node.name else node.role
    return _indexed(kind, node.name.split("<")[-1], place)


def _indexed(kind: str, full: str, place: dict[str, str]) -> Name:
    base, index = _split(full)
    return Name(kind, base, place.get(index, index))


def _split(name: str) -> tuple[str, str]:
    """``cells.captured[L4 injured]`` as name and index."""
    base, _, index = name.partition("[")
    return base, index.rstrip("]")


def _leaves(node: Expression) -> int:
    """Size of a tree; grows along shared parts too, as it would on paper."""
    if not node.arguments:
        return 1
    return min(sum(_leaves(a) for a in node.arguments), 10_000) if node.order else 1
