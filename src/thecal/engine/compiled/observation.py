"""The functions that turn interpolated states into the observables asked for, as LLVM text.

A small module of its own, so that asking for other observables does not compile the model anew.

The integrator does not force states to be positive: clipping a state would create mass. A state that an observable
reads and that lies below zero by no more than :data:`ROUNDING` tolerances is read as zero; anything more negative
passes through and is seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from thecal.core.declaration import Model
from thecal.core.expression import symbols_of
from thecal.engine.compiled.fields import Fields
from thecal.engine.compiled.kernels import attributes, control
from thecal.engine.compiled.layout import Layout
from thecal.engine.compiled.lowering import lower
from thecal.engine.compiled.vector_code import Code, Writer, function, intrinsics, places_of

ROUNDING = 10.0


def observation_text(model: Model, observables: Sequence[str], layout: Layout, fields: Fields,
                     all_states: bool) -> str:
    """A module with one function ``observe(work)``: rows ``look`` and ``p`` in, rows ``seen`` out."""
    wanted = [model.observables[model.observable_index[name]].expression for name in observables]
    lowered = lower(wanted)
    needed = {leaf.order for leaf in symbols_of(lowered)}
    code = Code(layout.lanes)
    tolerance = code.multiply(code.constant(-ROUNDING), code.load("control", control("rtol")))
    writer = Writer(code, places_of("p", model.parameters), lowered)
    for i, state in enumerate(model.state_symbols):
        if state.order in needed or all_states:
            value = _read(code, i, fields.field_of[i], tolerance)
            writer.values[state.order] = value
            if all_states:
                code.store(value, "look", i)
    for row, expression in enumerate(lowered):
        code.store(writer.value(expression), "seen", row)
    arrays = ["control", "p", "floor", "look", "seen"]
    body = ["entry:", *layout.pointers(), f"  call void @observe_({', '.join(f'ptr %{a}' for a in arrays)})"]
    return "\n".join([intrinsics(layout.lanes), function("observe_", arrays, ["entry:", *code.lines]),
                      function("observe", ["work"], body, internal=False), attributes(layout.lanes)])


def _read(code: Code, state: int, field: int, tolerance: str) -> str:
    value = code.load("look", state)
    limit = code.multiply(tolerance, code.load("floor", field))
    negative = code.compare("olt", value, code.constant(0.0))
    tiny = code.compare("ogt", value, limit)
    both = code.line(f"and {code.bits} {negative}, {tiny}")
    return code.choose(both, code.constant(0.0), value)
