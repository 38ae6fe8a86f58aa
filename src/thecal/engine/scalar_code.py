"""Expressions as machine code for one animal: plain, sequential, unoptimised by hand.

Every expression graph becomes one straight-line function of LLVM IR, ``void f(const double *y, const double *p,
double *out)``, compiled in the process by llvmlite and called through ctypes, which lets other threads run
meanwhile. No reordering of floating-point operations is allowed, so the result is that of
:func:`thecal.core.evaluate.numpy_function` up to the last digits of ``exp``, ``log`` and ``pow``.
"""

from __future__ import annotations

import contextlib
import ctypes
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from thecal.core.expression import Expression, nodes_of

_BINARY = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
_CALLED = {"exp": 1, "log": 1, "sqrt": 1, "pow": 2}
_COMPARED = {"min": "ult", "max": "ugt"}
_SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class ScalarCode:
    """Compiled functions, by name: ``code["rates"](y, p, out)`` with the addresses of float64 arrays.

    Arguments:
        functions: name -> expressions, written to ``out`` in their order.
        states, parameters: the leaves that ``y`` and ``p`` hold, in order.

    Errors: KeyError when an expression holds another leaf.
    """

    def __init__(self, functions: Mapping[str, Sequence[Expression]], states: Sequence[Expression],
                 parameters: Sequence[Expression]) -> None:
        place = {leaf.order: f"%y, i64 {i}" for i, leaf in enumerate(states)}
        place |= {leaf.order: f"%p, i64 {i}" for i, leaf in enumerate(parameters)}
        bodies = [_function(name, expressions, place) for name, expressions in functions.items()]
        declared = [f"declare double @llvm.{name}.f64({', '.join(['double'] * n)})" for name, n in _CALLED.items()]
        self._engine = _compile("\n".join([*declared, *bodies]))
        self._functions = {name: _SIGNATURE(self._engine.get_function_address(name)) for name in functions}

    def __getitem__(self, name: str) -> Callable[[int, int, int], None]:
        return self._functions[name]


def _function(name: str, expressions: Sequence[Expression], place: Mapping[int, str]) -> str:
    """One function as IR text."""
    lines: list[str] = []
    names: dict[int, str] = {}
    for node in nodes_of(expressions):
        if node.operation == "number":
            names[node.order] = _literal(node.value)
            continue
        result = names[node.order] = f"%v{node.order}"
        if node.operation == "symbol":
            if node.order not in place:
                raise KeyError(f"'{node.name}' is neither a state nor a parameter")
            lines.append(f"%a{node.order} = getelementptr double, ptr {place[node.order]}")
            lines.append(f"{result} = load double, ptr %a{node.order}")
        else:
            lines += _operation(node.operation, result, [names[a.order] for a in node.arguments])
    for i, expression in enumerate(expressions):
        lines.append(f"%o{i} = getelementptr double, ptr %out, i64 {i}")
        lines.append(f"store double {names[expression.order]}, ptr %o{i}")
    body = "\n  ".join(lines)
    return f"define void @{name}(ptr noalias %y, ptr noalias %p, ptr noalias %out) {{\n  {body}\n  ret void\n}}\n"


def _operation(operation: str, result: str, arguments: list[str]) -> list[str]:
    inside = ", ".join(arguments)
    if operation in _BINARY:
        return [f"{result} = {_BINARY[operation]} double {inside}"]
    if operation == "neg":
        return [f"{result} = fneg double {inside}"]
    if operation in _CALLED:
        typed = ", ".join(f"double {a}" for a in arguments)
        return [f"{result} = call double @llvm.{operation}.f64({typed})"]
    if operation in _COMPARED:
        chosen = ", ".join(f"double {a}" for a in arguments)
        return [f"{result}c = fcmp {_COMPARED[operation]} double {inside}",
                f"{result} = select i1 {result}c, {chosen}"]
    if operation == "step":
        return [f"{result}c = fcmp oge double {inside}", f"{result} = uitofp i1 {result}c to double"]
    raise ValueError(f"no machine code for '{operation}'")


def _literal(value: float) -> str:
    """A double as LLVM writes it exactly: its bits."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


def _compile(text: str) -> Any:
    """The module's execution engine; it must stay alive as long as its functions."""
    import llvmlite.binding as llvm

    with contextlib.suppress(RuntimeError):  # newer versions start by themselves and refuse to be asked
        llvm.initialize()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(text)
    module.verify()
    machine = llvm.Target.from_default_triple().create_target_machine(opt=1)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine
