"""Names of the model as SBML identifiers, one to one."""

from __future__ import annotations

import re

from thecal.core.declaration import Model
from thecal.core.expression import Expression

STATE, PARAMETER, OBSERVABLE, PORT, OTHER = "state", "parameter", "observed", "port", "other"


class Identifiers:
    """Gives each name its SBML identifier: letters, digits and underscores.

    A name may serve a parameter and an observable at once; SBML knows one kind of name only, so the later one gets
    its kind as an ending. ``identifiers[OBSERVABLE, "pain.mechanical"] == "pain_mechanical"``.
    """

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}
        self._taken: set[str] = set()

    def __getitem__(self, key: tuple[str, str]) -> str:
        if key not in self._given:
            kind, name = key
            plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "x"
            plain = f"x_{plain}" if plain[0].isdigit() else plain
            found, k = plain, 1
            while found in self._taken:
                found, k = f"{plain}_{kind}" if k == 1 else f"{plain}_{kind}{k}", k + 1
            self._given[key] = found
            self._taken.add(found)
        return self._given[key]

    def same(self, key: tuple[str, str], other: tuple[str, str]) -> None:
        """Let ``key`` go by the identifier of ``other``."""
        self._given[key] = self[other]


def identifiers(model: Model) -> Identifiers:
    """The identifiers of states, parameters and observables; an observable that is a state is that state."""
    names = Identifiers()
    for state in model.states:
        names[STATE, state.name]
    for leaf in model.parameters:
        names[PARAMETER, leaf.name]
    for q in model.observables:
        if is_state(q.expression):
            names.same((OBSERVABLE, q.name), (STATE, q.expression.name))
        names[OBSERVABLE, q.name]
    return names


def is_state(expression: Expression) -> bool:
    """Whether the expression is one state and nothing else."""
    return expression.operation == "symbol" and expression.role == "state"
