"""Machine code from plain Python loops: a compiler for the little of Python that the driver is written in.

The driver's work is bookkeeping: counters, comparisons, copying columns. Written as plain Python functions over named
arrays it can be read; compiled here it needs nothing but llvmlite, takes milliseconds, and gives one small object
that the cache keeps. (numba took twelve seconds for the same functions and ties its result to its own run time.)

A module of such functions declares, at its top level, what they see: :class:`Array`, :class:`Scalar` and
:class:`Kernel` objects, and plain numbers. All of them live in one record, the task, whose address every function
gets unseen. Functions take and return ``int``, ``float``, ``bool`` or nothing, as annotated. Understood are
assignments, ``if``, ``while``, ``for ... in range``, ``break``, ``return``, arithmetic, comparisons, ``and or not``,
``x if c else y``, ``min max abs sqrt int``, calls of one another and of kernels. Division is of floats; ``and`` and
``or`` do not evaluate their right side when the left decides. Anything else is refused when it is compiled.
"""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from thecal.engine.compiled.vector_code import literal

TASK_ALIGNMENT = 8


@dataclass(frozen=True)
class Array:
    """An array in the task, of ``"real"`` or ``"whole"`` numbers.

    ``strides``: for each index after the first the scalar that holds its length, ("lanes",) for ``y[i, lane]``.
    """

    kind: str
    strides: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class Scalar:
    """A number in the task."""

    kind: str


@dataclass(frozen=True)
class Kernel:
    """The address of ``void kernel(ptr work)`` in the task; called as ``kernel(workspace_array)``."""


@dataclass(frozen=True, eq=False)
class Table:
    """A fixed matrix of numbers, written into the code."""

    entries: np.ndarray


_TYPES = {"whole": "i64", "real": "double", "truth": "i1", "nothing": "void"}
_ANNOTATIONS = {"int": "whole", "float": "real", "bool": "truth", "None": "nothing"}
_ARITHMETIC = {ast.Add: ("add", "fadd"), ast.Sub: ("sub", "fsub"), ast.Mult: ("mul", "fmul"), ast.Div: ("", "fdiv")}
_RELATIONS = {ast.Lt: ("slt", "olt"), ast.LtE: ("sle", "ole"), ast.Gt: ("sgt", "ogt"), ast.GtE: ("sge", "oge"),
              ast.Eq: ("eq", "oeq"), ast.NotEq: ("ne", "une")}

Value = tuple[str, str]
"""A name (or literal) and its kind."""


def task_fields(*modules: ModuleType) -> dict[str, Any]:
    """What the modules declare, in order: the fields of the task record, eight bytes each."""
    fields: dict[str, Any] = {}
    for module in modules:
        fields.update({name: value for name, value in vars(module).items()
                       if isinstance(value, Array | Scalar | Kernel)})
    return fields


def compile_text(entry: str, *modules: ModuleType) -> str:
    """LLVM text of all functions of the modules; ``entry`` alone can be seen from outside."""
    fields = task_fields(*modules)
    functions: dict[str, ast.FunctionDef] = {}
    constants: dict[str, Any] = {}
    tables: dict[str, Table] = {}
    for module in modules:
        tree = ast.parse(inspect.getsource(module))
        functions.update({node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)})
        constants.update({k: v for k, v in vars(module).items() if isinstance(v, int | float)})
        tables.update({k: v for k, v in vars(module).items() if isinstance(v, Table)})
    parts = [_table_text(name, table) for name, table in tables.items()]
    constants |= tables
    parts += [_Function(node, functions, fields, constants, node.name == entry).text() for node in functions.values()]
    return "\n".join([*parts, "declare double @llvm.fabs.f64(double)", "declare double @llvm.sqrt.f64(double)\n"])


def _table_text(name: str, table: Table) -> str:
    flat = ", ".join(f"double {literal(float(x))}" for x in table.entries.ravel())
    return f"@{name} = private unnamed_addr constant [{table.entries.size} x double] [{flat}]"


def _signature(node: ast.FunctionDef) -> tuple[list[str], str]:
    kinds = [_ANNOTATIONS[ast.unparse(a.annotation)] for a in node.args.args if a.annotation]
    return kinds, _ANNOTATIONS[ast.unparse(node.returns)] if node.returns else "nothing"


class _Function:
    """One function being written; variables live in stack slots, which LLVM turns into registers."""

    def __init__(self, node: ast.FunctionDef, functions: dict[str, ast.FunctionDef], fields: dict[str, Any],
                 constants: dict[str, Any], visible: bool) -> None:
        self.node, self.functions, self.constants, self.visible = node, functions, constants, visible
        self.fields = {name: (place, what) for place, (name, what) in enumerate(fields.items())}
        self.lines: list[str] = []
        self.slots: dict[str, Value] = {}
        self.allocations: list[str] = []
        self.loops: list[str] = []
        self.names = 0
        self.closed = False

    def text(self) -> str:
        kinds, result = _signature(self.node)
        arguments = ["ptr noalias readonly %task"]
        for argument, kind in zip(self.node.args.args, kinds, strict=True):
            arguments.append(f"{_TYPES[kind]} %{argument.arg}")
            self.store(argument.arg, (f"%{argument.arg}", kind))
        self.body(self.node.body)
        if not self.closed:
            self.lines.append("  ret void" if result == "nothing" else "  unreachable")
        head = "define" if self.visible else "define internal"
        return (f"{head} {_TYPES[result]} @{self.node.name}({', '.join(arguments)}) nounwind {{\nentry:\n"
                + "\n".join([*self.allocations, *self.lines]) + "\n}\n")

    # small helpers ----------------------------------------------------------------------------------------------
    def refuse(self, node: ast.AST) -> Exception:
        return SyntaxError(f"{self.node.name}, line {getattr(node, 'lineno', '?')}: "
                           f"not understood: {ast.unparse(node)}")

    def fresh(self, text: str) -> str:
        self.names += 1
        self.lines.append(f"  %t{self.names} = {text}")
        return f"%t{self.names}"

    def label(self) -> str:
        self.names += 1
        return f"l{self.names}"

    def begin(self, label: str) -> None:
        if not self.closed:
            self.lines.append(f"  br label %{label}")
        self.lines.append(f"{label}:")
        self.closed = False

    def end(self, line: str) -> None:
        """Close the block with a jump or return; what follows in it can never run and is dropped."""
        self.lines.append(f"  {line}")
        self.closed = True

    def slot(self, name: str, kind: str) -> str:
        if name not in self.slots:
            self.slots[name] = (f"%{name}.slot", kind)
            self.allocations.append(f"  %{name}.slot = alloca {_TYPES[kind]}")
        return self.slots[name][0]

    def store(self, name: str, value: Value) -> None:
        slot = self.slot(name, value[1])
        value = self.convert(value, self.slots[name][1])
        self.lines.append(f"  store {_TYPES[value[1]]} {value[0]}, ptr {slot}")

    def convert(self, value: Value, kind: str) -> Value:
        name, have = value
        if have == kind:
            return value
        if (have, kind) == ("whole", "real"):
            return self.fresh(f"sitofp i64 {name} to double"), kind
        if (have, kind) == ("truth", "whole"):
            return self.fresh(f"zext i1 {name} to i64"), kind
        if (have, kind) == ("whole", "truth"):
            return self.fresh(f"icmp ne i64 {name}, 0"), kind
        if (have, kind) == ("real", "whole"):
            return self.fresh(f"fptosi double {name} to i64"), kind
        raise TypeError(f"{self.node.name}: a {have} where a {kind} is needed")

    def pair(self, a: Value, b: Value) -> tuple[Value, Value, bool]:
        """Both of one kind: real if either is."""
        real = "real" in (a[1], b[1])
        kind = "real" if real else "whole"
        return self.convert(a, kind), self.convert(b, kind), real

    # statements -------------------------------------------------------------------------------------------------
    def body(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            if self.closed:
                raise self.refuse(statement)
            getattr(self, f"do_{type(statement).__name__.lower()}", self._unknown)(statement)

    def _unknown(self, node: ast.AST) -> None:
        raise self.refuse(node)

    def do_pass(self, node: ast.Pass) -> None:
        """Nothing to write."""

    def do_expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a constant is the docstring
            self.value(node.value)

    def do_assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value)

    def do_augassign(self, node: ast.AugAssign) -> None:
        load = ast.copy_location(ast.parse(ast.unparse(node.target), mode="eval").body, node)
        self.assign(node.target, self.value(ast.copy_location(ast.BinOp(load, node.op, node.value), node)))

    def assign(self, target: ast.expr, value: Value) -> None:
        if isinstance(target, ast.Name) and target.id not in self.fields:
            self.store(target.id, value)
        elif isinstance(target, ast.Subscript):
            address, kind = self.element(target)
            value = self.convert(value, kind)
            self.lines.append(f"  store {_TYPES[kind]} {value[0]}, ptr {address}")
        else:
            raise self.refuse(target)

    def do_return(self, node: ast.Return) -> None:
        _, kind = _signature(self.node)
        if node.value is None:
            self.end("ret void")
        else:
            value = self.convert(self.value(node.value), kind)
            self.end(f"ret {_TYPES[kind]} {value[0]}")

    def do_break(self, node: ast.Break) -> None:
        self.end(f"br label %{self.loops[-1]}")

    def do_if(self, node: ast.If) -> None:
        yes, no, after = self.label(), self.label(), self.label()
        condition = self.convert(self.value(node.test), "truth")[0]
        self.end(f"br i1 {condition}, label %{yes}, label %{no}")
        self.begin(yes)
        self.body(node.body)
        open_after = not self.closed
        if not self.closed:
            self.end(f"br label %{after}")
        self.begin(no)
        self.body(node.orelse)
        open_after |= not self.closed
        if not self.closed:
            self.end(f"br label %{after}")
        if open_after:
            self.begin(after)

    def do_while(self, node: ast.While) -> None:
        head, inside, after = self.label(), self.label(), self.label()
        self.begin(head)
        condition = self.convert(self.value(node.test), "truth")[0]
        self.end(f"br i1 {condition}, label %{inside}, label %{after}")
        self.begin(inside)
        self.loops.append(after)
        self.body(node.body)
        self.loops.pop()
        if not self.closed:
            self.end(f"br label %{head}")
        self.begin(after)

    def do_for(self, node: ast.For) -> None:
        """``for i in range(...)``, bounds read once, step 1 or -1."""
        call = node.iter
        if not (isinstance(node.target, ast.Name) and isinstance(call, ast.Call) and ast.unparse(call.func) == "range"):
            raise self.refuse(node)
        bounds = [self.convert(self.value(a), "whole")[0] for a in call.args]
        first, last = ("0", bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
        step = ast.unparse(call.args[2]) if len(bounds) == 3 else "1"
        if step not in ("1", "-1"):
            raise self.refuse(node)
        self.store(node.target.id, (first, "whole"))
        slot = self.slots[node.target.id][0]
        head, inside, after = self.label(), self.label(), self.label()
        self.begin(head)
        now = self.fresh(f"load i64, ptr {slot}")
        more = self.fresh(f"icmp {'slt' if step == '1' else 'sgt'} i64 {now}, {last}")
        self.end(f"br i1 {more}, label %{inside}, label %{after}")
        self.begin(inside)
        self.loops.append(after)
        self.body(node.body)
        self.loops.pop()
        if not self.closed:
            following = self.fresh(f"add i64 {self.fresh(f'load i64, ptr {slot}')}, {step}")
            self.lines.append(f"  store i64 {following}, ptr {slot}")
            self.end(f"br label %{head}")
        self.begin(after)

    # expressions ------------------------------------------------------------------------------------------------
    def value(self, node: ast.expr) -> Value:
        return getattr(self, f"of_{type(node).__name__.lower()}", self._no_value)(node)

    def _no_value(self, node: ast.expr) -> Value:
        raise self.refuse(node)

    def number(self, value: int | float) -> Value:
        if isinstance(value, bool):
            return str(value).lower(), "truth"
        return (str(value), "whole") if isinstance(value, int) else (literal(value), "real")

    def of_constant(self, node: ast.Constant) -> Value:
        if not isinstance(node.value, int | float):
            raise self.refuse(node)
        return self.number(node.value)

    def of_name(self, node: ast.Name) -> Value:
        if node.id in self.slots:
            slot, kind = self.slots[node.id]
            return self.fresh(f"load {_TYPES[kind]}, ptr {slot}"), kind
        if node.id in self.constants:
            return self.number(self.constants[node.id])
        if node.id in self.fields and isinstance(self.fields[node.id][1], Scalar):
            kind = self.fields[node.id][1].kind
            return self.fresh(f"load {_TYPES[kind]}, ptr {self.field(node.id)}"), kind
        raise self.refuse(node)

    def field(self, name: str) -> str:
        return self.fresh(f"getelementptr inbounds i8, ptr %task, i64 {8 * self.fields[name][0]}")

    def element(self, node: ast.Subscript) -> Value:
        """Address of an array's element, and its kind."""
        if isinstance(node.value, ast.Name) and isinstance(self.constants.get(node.value.id), Table):
            return self.entry(node, self.constants[node.value.id])
        if not isinstance(node.value, ast.Name) or node.value.id not in self.fields:
            raise self.refuse(node)
        array = self.fields[node.value.id][1]
        indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if not isinstance(array, Array) or len(indices) != len(array.strides) + 1:
            raise self.refuse(node)
        place = self.convert(self.value(indices[0]), "whole")[0]
        for stride, index in zip(array.strides, indices[1:], strict=True):
            length = self.value(ast.Name(stride))[0] if isinstance(stride, str) else str(stride)
            place = self.fresh(f"mul i64 {place}, {length}")
            place = self.fresh(f"add i64 {place}, {self.convert(self.value(index), 'whole')[0]}")
        base = self.fresh(f"load ptr, ptr {self.field(node.value.id)}")
        return self.fresh(f"getelementptr inbounds {_TYPES[array.kind]}, ptr {base}, i64 {place}"), array.kind

    def entry(self, node: ast.Subscript, table: Table) -> Value:
        """Address of a fixed table's entry."""
        if not isinstance(node.slice, ast.Tuple):
            raise self.refuse(node)
        row, column = (self.convert(self.value(e), "whole")[0] for e in node.slice.elts)
        place = self.fresh(f"add i64 {self.fresh(f'mul i64 {row}, {table.entries.shape[1]}')}, {column}")
        return self.fresh(f"getelementptr inbounds double, ptr @{ast.unparse(node.value)}, i64 {place}"), "real"

    def of_subscript(self, node: ast.Subscript) -> Value:
        address, kind = self.element(node)
        return self.fresh(f"load {_TYPES[kind]}, ptr {address}"), kind

    def of_binop(self, node: ast.BinOp) -> Value:
        a, b, real = self.pair(self.value(node.left), self.value(node.right))
        if type(node.op) not in _ARITHMETIC or (isinstance(node.op, ast.Div) and not real):
            raise self.refuse(node)
        operation = _ARITHMETIC[type(node.op)][real]
        return self.fresh(f"{operation} {_TYPES[a[1]]} {a[0]}, {b[0]}"), a[1]

    def of_unaryop(self, node: ast.UnaryOp) -> Value:
        value = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return self.fresh(f"xor i1 {self.convert(value, 'truth')[0]}, true"), "truth"
        if not isinstance(node.op, ast.USub):
            raise self.refuse(node)
        if value[1] == "real":
            return self.fresh(f"fneg double {value[0]}"), "real"
        return self.fresh(f"sub i64 0, {value[0]}"), "whole"

    def of_compare(self, node: ast.Compare) -> Value:
        if len(node.ops) != 1 or type(node.ops[0]) not in _RELATIONS:
            raise self.refuse(node)
        a, b, real = self.pair(self.value(node.left), self.value(node.comparators[0]))
        word = "fcmp" if real else "icmp"
        return self.fresh(f"{word} {_RELATIONS[type(node.ops[0])][real]} {_TYPES[a[1]]} {a[0]}, {b[0]}"), "truth"

    def of_boolop(self, node: ast.BoolOp) -> Value:
        is_and = isinstance(node.op, ast.And)
        name = f"both{self.names}"
        after = self.label()
        for i, part in enumerate(node.values):
            value = self.convert(self.value(part), "truth")
            self.store(name, value)
            if i + 1 < len(node.values):
                more = self.label()
                ways = (more, after) if is_and else (after, more)
                self.end(f"br i1 {value[0]}, label %{ways[0]}, label %{ways[1]}")
                self.begin(more)
        self.begin(after)
        return self.fresh(f"load i1, ptr {self.slots[name][0]}"), "truth"

    def of_ifexp(self, node: ast.IfExp) -> Value:
        name = f"either{self.names}"
        yes, no, after = self.label(), self.label(), self.label()
        self.end(f"br i1 {self.convert(self.value(node.test), 'truth')[0]}, label %{yes}, label %{no}")
        self.begin(yes)
        self.store(name, self.value(node.body))
        self.end(f"br label %{after}")
        self.begin(no)
        self.store(name, self.value(node.orelse))
        self.begin(after)
        return self.of_name(ast.Name(name))

    def of_call(self, node: ast.Call) -> Value:
        name = ast.unparse(node.func)
        if name in self.fields and isinstance(self.fields[name][1], Kernel):
            kernel = self.fresh(f"load ptr, ptr {self.field(name)}")
            work = self.fresh(f"load ptr, ptr {self.field(ast.unparse(node.args[0]))}")
            self.lines.append(f"  call void {kernel}(ptr {work})")
            return "", "nothing"
        values = [self.value(a) for a in node.args]
        if name in ("min", "max"):
            a, b, real = self.pair(*values)
            relation = {"min": ("icmp slt", "fcmp olt"), "max": ("icmp sgt", "fcmp ogt")}[name][real]
            chosen = self.fresh(f"{relation} {_TYPES[a[1]]} {a[0]}, {b[0]}")
            return self.fresh(f"select i1 {chosen}, {_TYPES[a[1]]} {a[0]}, {_TYPES[a[1]]} {b[0]}"), a[1]
        if name == "int":
            return self.convert(values[0], "whole")
        if name in ("abs", "sqrt"):
            intrinsic = {"abs": "fabs", "sqrt": "sqrt"}[name]
            argument = self.convert(values[0], "real")[0]
            return self.fresh(f"call double @llvm.{intrinsic}.f64(double {argument})"), "real"
        if name not in self.functions:
            raise self.refuse(node)
        kinds, result = _signature(self.functions[name])
        arguments = ["ptr %task"] + [f"{_TYPES[k]} {self.convert(v, k)[0]}" for v, k in zip(values, kinds, strict=True)]
        text = f"call {_TYPES[result]} @{name}({', '.join(arguments)})"
        if result == "nothing":
            self.lines.append(f"  {text}")
            return "", result
        return self.fresh(text), result
