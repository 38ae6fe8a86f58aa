"""States that stay exactly zero in an animal are not computed.

A mouse that gets no antibody has a model without antibody: its states begin at zero, no event adds to them, the pumps
that could are off, and with them at zero their rates are zero. Such states are found symbolically, from the events
and the zeros among the parameters of the animal, and left out; the others' equations are the same with zeros in their
place. What is left out depends on the animal's own input alone, so its bytes do not depend on the cohort.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from thecal.core.declaration import Model
from thecal.core.expression import ZERO, Expression, substitute, symbols_of
from thecal.engine.compiled import object_cache
from thecal.engine.compiled.sources import source_digest
from thecal.engine.integrate import Event


@dataclass(frozen=True)
class Form:
    """What is left of a model for some animals: the states that live, and the zero parameters that this rests on."""

    living: tuple[int, ...]
    zeros: tuple[int, ...]

    @property
    def key(self) -> str:
        """The same as text."""
        return f"{self.living} {self.zeros}"


@dataclass(frozen=True)
class Group:
    """Animals of one form: their places in the cohort."""

    form: Form
    members: np.ndarray


def whole(model: Model) -> Form:
    """The form that leaves nothing out."""
    return Form(tuple(range(len(model.states))), ())


def groups_of(model: Model, parameters: np.ndarray, schedules: Sequence[Sequence[Event]], schedule_of: np.ndarray,
              varied: Sequence[int] = ()) -> list[Group]:
    """Animals by their form, groups in the order of their first animal.

    ``varied``: parameters that count as not zero whatever they are, for derivatives are taken by them.
    """
    members: dict[Form, list[np.ndarray]] = {}
    for number, schedule in enumerate(schedules):
        own = np.flatnonzero(schedule_of == number)
        if not own.size:
            continue
        moves = tuple(sorted({(int(i), int(j)) for event in schedule
                              for i, j, w in zip(event.rows, event.columns, event.weights, strict=True) if w != 0}))
        facts = np.hstack([_touched(model, schedule, own), _zeros(parameters[own], schedule, own, varied)])
        packed = np.packbits(facts, axis=1)
        _, first, which = np.unique(packed.view(f"V{packed.shape[1]}").ravel(), return_index=True, return_inverse=True)
        for k, row in enumerate(facts[first]):
            touched = tuple(np.flatnonzero(row[: len(model.states)]).tolist())
            zeros = tuple(np.flatnonzero(row[len(model.states):]).tolist())
            form = _form(model.fingerprint, touched, moves, zeros, _Held(model))
            members.setdefault(form, []).append(own[which.ravel() == k])
    groups = [Group(form, np.sort(np.concatenate(parts))) for form, parts in members.items()]
    return sorted(groups, key=lambda group: int(group.members[0]))


def _touched(model: Model, schedule: Sequence[Event], own: np.ndarray) -> np.ndarray:
    """Which states events add to, (animals, states)."""
    touched = np.zeros((own.size, len(model.states)), bool)
    for event in schedule:
        if event.offset is not None:
            added = np.asarray(event.offset) != 0
            touched |= added[own] if added.ndim == 2 else added
    return touched


def _zeros(parameters: np.ndarray, schedule: Sequence[Event], own: np.ndarray, varied: Sequence[int]) -> np.ndarray:
    """Which parameters are zero from beginning to end, (animals, parameters)."""
    zeros = parameters == 0
    for event in schedule:
        for index, value in event.parameters.items():
            given = np.asarray(value, float)
            zeros[:, index] &= (given[own] if given.ndim else given) == 0
    zeros[:, list(varied)] = False
    return zeros


class _Held:
    """A model that does not take part in comparing the arguments of a cached function: its fingerprint does."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


@functools.lru_cache(maxsize=1024)
def _form(fingerprint: str, touched: tuple[int, ...], moves: tuple[tuple[int, int], ...], zeros: tuple[int, ...],
          held: _Held) -> Form:
    key = object_cache.key_of("form", fingerprint, str(touched), str(moves), str(zeros), source_digest())
    living, needed = json.loads(object_cache.fetch(key, lambda: json.dumps(_find(
        held.model, touched, moves, zeros)).encode()))
    return Form(tuple(living), tuple(needed))


def _find(model: Model, touched: tuple[int, ...], moves: tuple[tuple[int, int], ...],
          zeros: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """Let every state be dead that nothing touches; wake those whose rate or inflow then is not zero; repeat.

    Returns the living states, and those zero parameters that the others' rates need to be zero.
    """
    alive = set(touched)
    while True:
        rates = substitute(model.rates, _nothing(model, alive, zeros))
        woken = {i for i, rate in enumerate(rates) if rate is not ZERO} | {i for i, j in moves if j in alive}
        if woken <= alive:
            break
        alive |= woken
    if not alive:
        return list(range(len(model.states))), []
    without = substitute(model.rates, _nothing(model, alive, ()))
    leaves = set(symbols_of([rate for i, rate in enumerate(without) if i not in alive]))
    return sorted(alive), [i for i in zeros if model.parameters[i] in leaves]


def _nothing(model: Model, alive: set[int], zeros: Sequence[int]) -> dict[Expression, Expression]:
    dead = {q.expression: ZERO for i, q in enumerate(model.states) if i not in alive}
    return dead | {model.parameters[i]: ZERO for i in zeros}


def reduced(model: Model, form: Form) -> Model:
    """The model of the living states, over all parameters."""
    if form == whole(model):
        return model
    table = _nothing(model, set(form.living), form.zeros)
    rates = substitute([model.rates[i] for i in form.living], table)
    seen = substitute([q.expression for q in model.observables], table)
    return Model(tuple(model.states[i] for i in form.living), tuple(rates), model.parameters,
                 tuple(replace(q, expression=e) for q, e in zip(model.observables, seen, strict=True)), model.rooms)
