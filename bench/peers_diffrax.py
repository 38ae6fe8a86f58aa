"""diffrax on JAX (Kvaerno5, float64), all animals at once under ``vmap``: the rival for batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thecal.core.declaration import Model
from thecal.core.expression import Expression, nodes_of
from thecal.engine.integrate import Event
from thecal.engine.reference import absolute_tolerances


def jax_function(expressions: Sequence[Expression], states: Sequence[Expression],
                 parameters: Sequence[Expression]) -> Callable[[Any, Any], Any]:
    """``f(y, p)`` of JAX arrays, (expressions,), traced node by node from the declared model."""
    import jax.numpy as jnp

    operations = {"add": jnp.add, "sub": jnp.subtract, "mul": jnp.multiply, "div": jnp.divide, "neg": jnp.negative,
                  "pow": jnp.power, "exp": jnp.exp, "log": jnp.log, "sqrt": jnp.sqrt, "min": jnp.minimum,
                  "max": jnp.maximum, "step": lambda a, b: jnp.where(a >= b, 1.0, 0.0)}
    nodes = nodes_of(expressions)

    def function(y: Any, p: Any) -> Any:
        known = {leaf.order: y[i] for i, leaf in enumerate(states)}
        known |= {leaf.order: p[i] for i, leaf in enumerate(parameters)}
        for node in nodes:
            if node.operation == "number":
                known[node.order] = node.value
            elif node.operation != "symbol":
                known[node.order] = operations[node.operation](*(known[a.order] for a in node.arguments))
        return jnp.stack([jnp.asarray(known[e.order], float) for e in expressions])

    return function


class DiffraxCohort:
    """All animals in one compiled call: one adaptive solve per stretch between events.

    The first call compiles every stretch, which takes a minute or more.
    """

    name = "diffrax Kvaerno5, vmap"

    def __init__(self, model: Model, events: Sequence[Event], start_d: float, observables: Sequence[str]) -> None:
        import diffrax
        import jax

        jax.config.update("jax_enable_x64", True)
        self._diffrax = diffrax
        self.model, self.events, self.start_d = model, events, start_d
        self._rates = jax_function(model.rates, model.state_symbols, model.parameters)
        chosen = [model.observables[model.observable_index[name]].expression for name in observables]
        self._seen = jax_function(chosen, model.state_symbols, model.parameters)
        self._made: dict[bytes, Callable] = {}

    def run_all(self, parameters: np.ndarray, times_d: np.ndarray, rtol: float) -> np.ndarray:
        """Observables of all animals, (animals, times, observables)."""
        key = times_d.tobytes()
        if key not in self._made:
            self._made[key] = self._compile(times_d)
        return np.asarray(self._made[key](parameters, rtol))

    def _compile(self, times_d: np.ndarray) -> Callable:
        import jax
        import jax.numpy as jnp

        diffrax = self._diffrax
        term = diffrax.ODETerm(lambda _t, y, p: self._rates(y, p))
        floors = jnp.asarray(absolute_tolerances(self.model, 1.0))

        def stretch(y: Any, p: Any, rtol: Any, stops: np.ndarray) -> Any:
            control = diffrax.PIDController(rtol=rtol, atol=rtol * floors)
            return diffrax.diffeqsolve(term, diffrax.Kvaerno5(), 0.0, stops[-1], None, y, p,
                                       saveat=diffrax.SaveAt(ts=jnp.asarray(stops)), stepsize_controller=control,
                                       max_steps=100_000).ys

        def animal(p: Any, rtol: Any) -> Any:
            y, now, seen = jnp.zeros(len(self.model.states)), self.start_d, []
            for event in [*self.events, None]:
                until = times_d[-1] if event is None else min(event.time_d, times_d[-1])
                wanted = times_d[(times_d > now) & ((times_d < until) | (event is None))]
                if until > now:
                    found = stretch(y, p, rtol, np.unique(np.append(wanted, until)) - now)
                    seen.append(jax.vmap(lambda state, p=p: self._seen(state, p))(found[: wanted.size]))
                    y = found[-1]
                if event is None or event.time_d > times_d[-1]:
                    break
                y, p, now = *_applied(event, y, p), event.time_d
            return jnp.concatenate(seen)

        return jax.jit(jax.vmap(animal, in_axes=(0, None)))


def _applied(event: Event, y: Any, p: Any) -> tuple[Any, Any]:
    """State and parameters after an event that is the same for all animals."""
    after = y.at[event.rows].add(event.weights * y[event.columns]) if len(event.rows) else y
    after = after + event.offset if event.offset is not None else after
    for index, value in event.parameters.items():
        p = p.at[index].set(value)
    return after, p
