"""Expressions as NumPy functions: the slow, plain reading that checks the compiled one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from thecal.core.expression import Expression, nodes_of

_TEXT = {"add": "({0} + {1})", "sub": "({0} - {1})", "mul": "({0} * {1})", "div": "({0} / {1})", "neg": "(-{0})",
         "pow": "power({0}, {1})", "exp": "exp({0})", "log": "log({0})", "sqrt": "sqrt({0})",
         "min": "minimum({0}, {1})", "max": "maximum({0}, {1})", "step": "where({0} >= {1}, 1.0, 0.0)"}


def numpy_function(expressions: Sequence[Expression], *argument_lists: Sequence[Expression]) -> Callable:
    """A function of arrays, one per list of symbols, whose first axis runs over that list.

    ``f(y, p)`` with ``y`` of shape (states,) or (states, animals) returns an array (expressions,) or
    (expressions, animals). Unknown symbols raise KeyError when the function is made.
    """
    place = {leaf.order: f"x{k}[{i}]" for k, leaves in enumerate(argument_lists) for i, leaf in enumerate(leaves)}
    lines, names = [], {}
    for node in nodes_of(expressions):
        if node.operation == "number":
            names[node.order] = repr(node.value)
        elif node.operation == "symbol":
            if node.order not in place:
                raise KeyError(f"'{node.name}' is not among the arguments")
            names[node.order] = place[node.order]
        else:
            names[node.order] = f"t{node.order}"
            text = _TEXT[node.operation].format(*(names[a.order] for a in node.arguments))
            lines.append(f"    t{node.order} = {text}")
    heads = ", ".join(f"x{k}" for k in range(len(argument_lists)))
    results = ", ".join(names[e.order] for e in expressions)
    source = f"def f({heads}):\n" + "\n".join(lines) + f"\n    return stack([{results}])\n"
    scope = {name: getattr(np, name) for name in
             ("power", "exp", "log", "sqrt", "minimum", "maximum", "where")} | {"stack": _stack}
    exec(compile(source, "<expressions>", "exec"), scope)  # our own text, made from checked nodes
    return scope["f"]


def _stack(values: list) -> np.ndarray:
    return np.array(np.broadcast_arrays(*values)) if values else np.empty(0)
