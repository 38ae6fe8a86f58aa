"""How a room declares its biology: states, rates, parameters, ports, observables, each with unit and meaning.

A room is built by one function ``declare(...) -> Room`` and knows nothing of other rooms: it *consumes* named ports
and *produces* named ports. ``engine.coupling`` joins them; :func:`assemble` turns joined rooms into one ODE.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from thecal.core.dimensions import check_dimensions
from thecal.core.expression import Expression, nodes_of, substitute, symbol, symbols_of, wrap
from thecal.core.register import Register


@dataclass(frozen=True)
class Quantity:
    """A named expression with its unit and what it means."""

    name: str
    expression: Expression
    unit: str
    meaning: str


@dataclass
class Room:
    """One room's declaration, filled by its ``declare`` function."""

    name: str
    meaning: str
    register: Register
    states: dict[str, Quantity] = field(default_factory=dict)
    rates: dict[str, Expression] = field(default_factory=dict)
    consumed: dict[str, Quantity] = field(default_factory=dict)
    produced: dict[str, Quantity] = field(default_factory=dict)
    observed: dict[str, Quantity] = field(default_factory=dict)
    used: dict[str, Expression] = field(default_factory=dict)
    inputs: dict[str, Quantity] = field(default_factory=dict)

    def parameter(self, name: str) -> Expression:
        """A number of the register, by its name within the room; the register gives unit, value and source."""
        entry = self.register[f"{self.name}.{name}"]
        return self.used.setdefault(entry.id, symbol(entry.id, entry.unit, "parameter"))

    def input(self, name: str, unit: str, meaning: str) -> Expression:
        """A parameter that only the schedule sets (a pump's rate, say); zero otherwise, so it needs no source."""
        full = f"{self.name}.{name}"
        leaf = symbol(full, unit, "parameter")
        self.inputs[full] = Quantity(full, leaf, unit, meaning)
        return leaf

    def state(self, name: str, unit: str, meaning: str) -> Expression:
        """A quantity that evolves; it starts at zero and its rate must be given once by :meth:`rate`."""
        full = f"{self.name}.{name}"
        if full in self.states:
            raise ValueError(f"state {full} is declared twice")
        leaf = symbol(full, unit, "state")
        self.states[full] = Quantity(full, leaf, unit, meaning)
        return leaf

    def rate(self, state: Expression, expression: Expression | float) -> None:
        """``d state / dt``, per day."""
        if state.name in self.rates:
            raise ValueError(f"the rate of {state.name} is given twice")
        self.rates[state.name] = wrap(expression)

    def consume(self, name: str, unit: str, meaning: str) -> Expression:
        """A port fed by another room; asking twice gives the same symbol."""
        leaf = symbol(f"{self.name}<{name}", unit, "port")
        self.consumed.setdefault(name, Quantity(name, leaf, unit, meaning))
        return leaf

    def produce(self, name: str, expression: Expression, unit: str, meaning: str) -> Expression:
        """A port that other rooms may consume."""
        self.produced[name] = Quantity(name, wrap(expression), unit, meaning)
        return expression

    def observe(self, name: str, expression: Expression, unit: str, meaning: str) -> None:
        """Something worth recording, under ``room.name``."""
        full = f"{self.name}.{name}"
        self.observed[full] = Quantity(full, wrap(expression), unit, meaning)


@dataclass(frozen=True)
class Model:
    """One assembled, autonomous ODE: ``dy/dt = rates(y, p)`` with ``y(0) = 0``; time in days.

    ``states``, ``rates`` and ``parameters`` run in parallel order; ``observables`` are named expressions of both.
    """

    states: tuple[Quantity, ...]
    rates: tuple[Expression, ...]
    parameters: tuple[Expression, ...]
    observables: tuple[Quantity, ...]
    rooms: tuple[Room, ...] = ()

    @cached_property
    def state_symbols(self) -> tuple[Expression, ...]:
        """The states as symbols, in order."""
        return tuple(q.expression for q in self.states)

    @cached_property
    def state_index(self) -> dict[str, int]:
        """Place of each state by name."""
        return {q.name: i for i, q in enumerate(self.states)}

    @cached_property
    def parameter_index(self) -> dict[str, int]:
        """Place of each parameter by name."""
        return {p.name: i for i, p in enumerate(self.parameters)}

    @cached_property
    def observable_index(self) -> dict[str, int]:
        """Place of each observable by name."""
        return {q.name: i for i, q in enumerate(self.observables)}

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the equations alone: same mathematics, same text, whatever was built before in this process."""
        expressions = [*self.rates, *(q.expression for q in self.observables)]
        place: dict[int, int] = {}
        digest = hashlib.blake2b(digest_size=16)
        for head in (*self.state_symbols, *self.parameters):
            digest.update(f"{head.name}|{head.unit};".encode())
        for node in nodes_of(expressions):
            place[node.order] = len(place)
            inside = ",".join(str(place[a.order]) for a in node.arguments)
            digest.update(f"{node.operation}({inside}){node.value!r}{node.name};".encode())
        digest.update(",".join(str(place[e.order]) for e in expressions).encode())
        return digest.hexdigest()


def assemble(rooms: Iterable[Room], feeds: Mapping[tuple[str, str], tuple[str, str]]) -> Model:
    """Join rooms into one ODE.

    Arguments:
        rooms: the declared rooms.
        feeds: ``(consumer room, port) -> (producer room, port)``.

    Errors: ValueError when a port is fed by nothing, units differ, a rate is missing, or a sum mixes dimensions.
    """
    rooms = tuple(rooms)
    by_name = {room.name: room for room in rooms}
    table: dict[Expression, Expression] = {}
    for room in rooms:
        for port, wanted in room.consumed.items():
            source = feeds.get((room.name, port))
            if source is None or source[1] not in by_name[source[0]].produced:
                raise ValueError(f"nothing feeds port '{port}' of room '{room.name}'")
            given = by_name[source[0]].produced[source[1]]
            if given.unit != wanted.unit:
                raise ValueError(f"port '{port}' of '{room.name}' wants {wanted.unit}, "
                                 f"'{source[0]}' gives {given.unit}")
            table[wanted.expression] = given.expression
    states = [q for room in rooms for q in room.states.values()]
    missing = [q.name for room in rooms for q in room.states.values() if q.name not in room.rates]
    if missing:
        raise ValueError(f"no rate is declared for {', '.join(missing)}")
    rates = [room.rates[name] for room in rooms for name in room.states]
    observed = [q for room in rooms for q in room.observed.values()]
    expressions = [*rates, *(q.expression for q in observed)]
    for _ in range(12):  # a port's value may itself hold ports; a loop through ports alone would never end
        if not any(leaf.role == "port" for leaf in symbols_of(expressions)):
            break
        expressions = substitute(expressions, table)
    else:
        raise ValueError("ports feed each other in a circle; put a state between them")
    check_dimensions(list(zip([q.name for q in states], expressions, [f"({q.unit})/d" for q in states], strict=False)))
    check_dimensions(list(zip([q.name for q in observed], expressions[len(states):],
                              [q.unit for q in observed], strict=True)))
    parameters = tuple(sorted((s for s in symbols_of(expressions) if s.role == "parameter"), key=lambda s: s.name))
    observables = tuple(Quantity(q.name, e, q.unit, q.meaning)
                        for q, e in zip(observed, expressions[len(states):], strict=True))
    return Model(tuple(states), tuple(expressions[: len(states)]), parameters, observables, rooms)
