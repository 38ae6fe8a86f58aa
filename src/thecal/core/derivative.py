"""Exact sparse derivatives of expressions, in one sweep from the leaves up."""

from __future__ import annotations

from collections.abc import Sequence

from thecal.core.expression import ONE, ZERO, Expression, divide, log, nodes_of, number, power


def jacobian(expressions: Sequence[Expression], variables: Sequence[Expression]) -> list[dict[int, Expression]]:
    """Rows of partial derivatives: ``rows[i][j] = d expressions[i] / d variables[j]``, zeros left out.

    Forward accumulation: each node holds the derivatives it has, so the cost follows the sparsity.
    ``minimum`` and ``maximum`` take the derivative of the branch in force, written with a 0/1 step (see ``_step``).
    """
    column = {variable.order: j for j, variable in enumerate(variables)}
    held: dict[int, dict[int, Expression]] = {}
    for node in nodes_of(expressions):
        if node.order in column:
            held[node.order] = {column[node.order]: ONE}
        elif not node.arguments:
            held[node.order] = {}
        else:
            held[node.order] = _chain(node, [held[a.order] for a in node.arguments])
    return [held[e.order] for e in expressions]


def _chain(node: Expression, inner: list[dict[int, Expression]]) -> dict[int, Expression]:
    if not any(inner):
        return {}
    result: dict[int, Expression] = {}
    for partial, held in zip(_partials(node), inner, strict=True):
        if held:
            weight = partial()
            for j, derivative in held.items():
                result[j] = result.get(j, ZERO) + weight * derivative
    return {j: e for j, e in result.items() if e is not ZERO}


def _partials(node: Expression) -> list:  # noqa: C901 (one case per operation)
    """Thunks for d node / d argument, so that unused ones (a logarithm, say) are never built."""
    a = node.arguments[0]
    b = node.arguments[1] if len(node.arguments) == 2 else ONE
    match node.operation:
        case "add":
            return [lambda: ONE, lambda: ONE]
        case "sub":
            return [lambda: ONE, lambda: number(-1)]
        case "neg":
            return [lambda: number(-1)]
        case "mul":
            return [lambda: b, lambda: a]
        case "div":
            return [lambda: divide(ONE, b), lambda: -divide(node, b)]
        case "pow":
            return [lambda: b * power(a, b - 1), lambda: node * log(a)]
        case "exp":
            return [lambda: node]
        case "log":
            return [lambda: divide(ONE, a)]
        case "sqrt":
            return [lambda: divide(number(0.5), node)]
        case "min":
            return [lambda: _step(b, a), lambda: ONE - _step(b, a)]
        case "max":
            return [lambda: _step(a, b), lambda: ONE - _step(a, b)]
        case "step":
            return [lambda: ZERO, lambda: ZERO]
    raise ValueError(f"no derivative for {node.operation}")


def _step(high: Expression, low: Expression) -> Expression:
    """1 where ``high >= low``, else 0: the one operation that only derivatives use."""
    return Expression("step", (high, low))
