"""The function that looks: interpolates the states that are needed and computes the observables asked for.

A small module of its own, so that asking for other observables does not compile the model anew.

The integrator does not force states to be positive: clipping a state would create mass. A state that an observable
reads and that lies below zero by no more than :data:`ROUNDING` tolerances is read as zero; anything more negative
passes through and is seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from thecal.core.declaration import Model
from thecal.core.expression import symbols_of
from thecal.engine.compiled import tableau
from thecal.engine.compiled.fields import Fields
from thecal.engine.compiled.kernels import attributes, control
from thecal.engine.compiled.layout import Layout
from thecal.engine.compiled.lowering import lower
from thecal.engine.compiled.vector_code import Code, Writer, function, intrinsics, places_of

ROUNDING = 10.0


def observation_text(model: Model, observables: Sequence[str], layout: Layout, fields: Fields,
                     all_states: bool) -> str:
    """A module with one function ``observe(work)``.

    It looks at the share ``moment`` of the step just made: rows ``y``, ``new``, ``k`` and ``p`` in; rows ``seen`` out,
    and ``look`` with all states if they are wanted.
    """
    wanted = [model.observables[model.observable_index[name]].expression for name in observables]
    lowered = lower(wanted)
    needed = {leaf.order for leaf in symbols_of(lowered)}
    code = Code(layout.lanes)
    tolerance = code.multiply(code.constant(-ROUNDING), code.load("control", control("rtol")))
    weights = weights_of(code, code.load("control", control("moment")))
    writer = Writer(code, places_of("p", model.parameters), lowered)
    for i, state in enumerate(model.state_symbols):
        if state.order in needed or all_states:
            value = between(code, i, len(model.states), weights)
            value = _without_rounding(code, value, code.multiply(tolerance, code.load("floor", fields.field_of[i])))
            writer.values[state.order] = value
            if all_states:
                code.store(value, "look", i)
    for row, expression in enumerate(lowered):
        code.store(writer.value(expression), "seen", row)
    arrays = ["control", "y", "new", "k", "p", "floor", "look", "seen"]
    body = ["entry:", *layout.pointers(), f"  call void @observe_({', '.join(f'ptr %{a}' for a in arrays)})"]
    return "\n".join([intrinsics(layout.lanes), function("observe_", arrays, ["entry:", *code.lines]),
                      function("observe", ["work"], body, internal=False), attributes(layout.lanes)])


def weights_of(code: Code, s: str) -> list[str]:
    """Weights of y, new and k_1 .. k_8 in the dense output at share ``s`` of a step; exactly y at 0 and new at 1."""
    rest = code.subtract(code.constant(1.0), s)
    both = code.multiply(s, rest)
    weights = [rest, s]
    for j in range(tableau.STAGES):
        w = code.fused(code.constant(tableau.H[2, j]), s, code.constant(tableau.H[1, j]))
        weights.append(code.multiply(both, code.fused(w, s, code.constant(tableau.H[0, j]))))
    return weights


def between(code: Code, state: int, states: int, weights: Sequence[str],
            names: Sequence[str] = ("y", "new", "k")) -> str:
    """One state by these weights, from the arrays of these names."""
    y, new, k = names
    value = code.multiply(weights[0], code.load(y, state))
    value = code.fused(weights[1], code.load(new, state), value)
    for j in range(tableau.STAGES):
        value = code.fused(weights[2 + j], code.load(k, j * states + state), value)
    return value


def _without_rounding(code: Code, value: str, limit: str) -> str:
    """Zero instead of a value between a negative limit and zero."""
    negative = code.compare("olt", value, code.constant(0.0))
    tiny = code.compare("ogt", value, limit)
    both = code.line(f"and {code.bits} {negative}, {tiny}")
    return code.choose(both, code.constant(0.0), value)
