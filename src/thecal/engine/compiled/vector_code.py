"""Text of LLVM functions that work on vectors: one lane per animal, the same instructions for every lane.

Nothing here is allowed to reassociate or contract behind our back: no fast-math flag is set, and where a product and
a sum become one fused operation it is written so. Every operation is therefore correctly rounded and defined by this
text alone: an animal's numbers do not depend on its lane, on the width of the vectors, or on the compiler's mood.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence

from thecal.core.expression import Expression
from thecal.engine.compiled.lowering import names_of, uses_of

Place = tuple[str, int]
"""An array argument of the function and a row in it."""


_PLAIN = {"mul": "multiply", "neg": "negate", "min": "smaller", "max": "larger", "sqrt": "root"}


def literal(value: float) -> str:
    """A double as LLVM writes it without loss."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


class Code:
    """One function body under construction: values have names, operations append lines."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.real = f"<{lanes} x double>"
        self.whole = f"<{lanes} x i64>"
        self.bits = f"<{lanes} x i1>"
        self.lines: list[str] = []
        self.alignment = min(64, 8 * lanes)
        self.operations = 0
        self.block = "entry"
        self._names = 0
        self._loaded: dict[Place, str] = {}

    def name(self) -> str:
        """A fresh name."""
        self._names += 1
        return f"%v{self._names}"

    def line(self, text: str) -> str:
        """Append one operation and name its result."""
        name = self.name()
        self.lines.append(f"  {name} = {text}")
        return name

    def constant(self, value: float) -> str:
        """A number in every lane."""
        return f"splat (double {literal(value)})"

    def integer(self, value: int) -> str:
        """A whole number in every lane."""
        return f"splat (i64 {value})"

    # arithmetic -------------------------------------------------------------------------------------------------
    def add(self, a: str, b: str) -> str:
        """``a + b``."""
        self.operations += 1
        return self.line(f"fadd {self.real} {a}, {b}")

    def subtract(self, a: str, b: str) -> str:
        """``a - b``."""
        self.operations += 1
        return self.line(f"fsub {self.real} {a}, {b}")

    def multiply(self, a: str, b: str) -> str:
        """``a b``."""
        self.operations += 1
        return self.line(f"fmul {self.real} {a}, {b}")

    def divide(self, a: str, b: str) -> str:
        """``a / b``."""
        self.operations += 1
        return self.line(f"fdiv {self.real} {a}, {b}")

    def negate(self, a: str) -> str:
        """``-a``."""
        return self.line(f"fneg {self.real} {a}")

    def fused(self, a: str, b: str, c: str) -> str:
        """``a b + c``, rounded once."""
        self.operations += 2
        return self.line(f"call {self.real} @llvm.fma.v{self.lanes}f64({self.real} {a}, {self.real} {b}, "
                         f"{self.real} {c})")

    def root(self, a: str) -> str:
        """The square root."""
        self.operations += 1
        return self.line(f"call {self.real} @llvm.sqrt.v{self.lanes}f64({self.real} {a})")

    def magnitude(self, a: str) -> str:
        """``|a|``."""
        return self.line(f"call {self.real} @llvm.fabs.v{self.lanes}f64({self.real} {a})")

    def compare(self, relation: str, a: str, b: str) -> str:
        """A truth per lane; ``relation`` as LLVM's fcmp calls it."""
        return self.line(f"fcmp {relation} {self.real} {a}, {b}")

    def choose(self, condition: str, a: str, b: str) -> str:
        """``a`` where the condition holds, else ``b``."""
        return self.line(f"select {self.bits} {condition}, {self.real} {a}, {self.real} {b}")

    def larger(self, a: str, b: str) -> str:
        """The larger of two; not-a-number in ``a`` stays."""
        self.operations += 1
        return self.choose(self.compare("uge", a, b), a, b)

    def smaller(self, a: str, b: str) -> str:
        """The smaller of two; not-a-number in ``a`` stays."""
        self.operations += 1
        return self.choose(self.compare("ule", a, b), a, b)

    def whole_operation(self, operation: str, a: str, b: str) -> str:
        """An operation on whole numbers, as LLVM calls it."""
        return self.line(f"{operation} {self.whole} {a}, {b}")

    def as_whole(self, a: str) -> str:
        """The same bits as a whole number."""
        return self.line(f"bitcast {self.real} {a} to {self.whole}")

    def as_real(self, a: str) -> str:
        """The same bits as a real number."""
        return self.line(f"bitcast {self.whole} {a} to {self.real}")

    # memory -----------------------------------------------------------------------------------------------------
    def address(self, array: str, row: int | str) -> str:
        """Where row ``row`` (a number, or the name of an i64) of an array begins."""
        if isinstance(row, int):
            return self.line(f"getelementptr inbounds i8, ptr %{array}, i64 {row * self.lanes * 8}")
        return self.line(f"getelementptr inbounds {self.real}, ptr %{array}, i64 {row}")

    def load(self, array: str, row: int | str) -> str:
        """Read a row; a row of fixed number is read once per function."""
        if isinstance(row, int) and (array, row) in self._loaded:
            return self._loaded[array, row]
        name = self.line(f"load {self.real}, ptr {self.address(array, row)}, align {self.alignment}")
        if isinstance(row, int):
            self._loaded[array, row] = name
        return name

    def spread(self, array: str, row: int) -> str:
        """Read one number from an array without lanes and give it to every lane."""
        if (array, row) not in self._loaded:
            place = self.line(f"getelementptr inbounds i8, ptr %{array}, i64 {row * 8}")
            one = self.line(f"insertelement {self.real} poison, double {self.line(f'load double, ptr {place}')}, i64 0")
            self._loaded[array, row] = self.line(
                f"shufflevector {self.real} {one}, {self.real} poison, <{self.lanes} x i32> zeroinitializer")
        return self._loaded[array, row]

    def store(self, value: str, array: str, row: int | str) -> None:
        """Write a row."""
        place = self.address(array, row)
        self.lines.append(f"  store {self.real} {value}, ptr {place}, align {self.alignment}")
        self._loaded.pop((array, row), None)  # type: ignore[arg-type]


def function(name: str, arrays: Sequence[str], body: Sequence[str], internal: bool = True) -> str:
    """The text of ``void name(ptr ...)`` around a straight body; ``internal`` ones are never copied into callers."""
    arguments = ", ".join(f"ptr noalias %{a}" for a in arrays)
    head = "define internal" if internal else "define"
    return f"{head} void @{name}({arguments}) #{0 if internal else 1} {{\n" + "\n".join(body) + "\n  ret void\n}\n"


def loop(code: Code, count: int, body: Callable[[Code, str], None]) -> None:
    """``count`` passes over rows; ``body`` gets the row's name. Used where every state is treated alike."""
    label = code.name()[1:]
    code.lines += [f"  br label %head{label}", f"head{label}:",
                   f"  %row{label} = phi i64 [ 0, %{code.block} ], [ %next{label}, %head{label} ]"]
    body(code, f"%row{label}")
    code.lines += [f"  %next{label} = add i64 %row{label}, 1",
                   f"  %more{label} = icmp ult i64 %next{label}, {count}",
                   f"  br i1 %more{label}, label %head{label}, label %done{label}", f"done{label}:"]
    code.block = f"done{label}"


class Writer:
    """Writes expressions into a function body, each once, results in the order asked (short lives of values)."""

    def __init__(self, code: Code, places: Mapping[int, Place], expressions: Sequence[Expression]) -> None:
        self.code, self.places = code, places
        self.uses, self.named = uses_of(expressions), names_of(expressions)
        self.values: dict[int, str] = {}
        self._negated: dict[str, str] = {}

    def value(self, expression: Expression) -> str:
        """The name of the expression's value, written now if it is not there yet."""
        stack = [expression]
        while stack:
            node = stack[-1]
            if node.order in self.values:
                stack.pop()
                continue
            waiting = [a for a in self._needs(node) if a.order not in self.values]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            self.values[node.order] = self._write(stack.pop())
        return self.values[expression.order]

    def _alone(self, node: Expression, operations: tuple[str, ...]) -> bool:
        """A node that only its one user needs and that is not stored elsewhere: it may melt into that user."""
        return node.operation in operations and self.uses[node.order] == 1 and node.order not in self.places \
            and node.order not in self.values

    def _arguments(self, node: Expression) -> tuple[Expression, ...]:
        """The arguments; factors in an order that does not depend on which was made first."""
        if node.operation != "mul":
            return node.arguments
        return tuple(sorted(node.arguments, key=lambda a: self.named[a.order]))

    def _terms(self, node: Expression) -> list[tuple[bool, Expression]]:
        """A sum as signed terms (True: subtract), sums within it melted in."""
        result: list[tuple[bool, Expression]] = []
        stack = [(False, node, True)]
        while stack:
            minus, part, top = stack.pop()
            if part.operation in ("add", "sub") and (top or self._alone(part, ("add", "sub"))):
                stack.append((minus ^ (part.operation == "sub"), part.arguments[1], False))
                stack.append((minus, part.arguments[0], False))
            elif self._alone(part, ("neg",)):
                stack.append((not minus, part.arguments[0], False))
            else:
                result.append((minus, part))
        return result

    def _is_quotient(self, node: Expression) -> bool:
        return node.operation == "mul" and any(self._alone(a, ("div",)) for a in node.arguments)

    def _is_product(self, node: Expression) -> bool:
        return self._alone(node, ("mul",)) and not self._is_quotient(node)

    def _needs(self, node: Expression) -> list[Expression]:
        if not node.arguments or node.order in self.places:
            return []
        if node.operation in ("add", "sub"):
            needed: list[Expression] = []
            for _, term in self._terms(node):
                needed.extend(self._arguments(term) if self._is_product(term) else (term,))
            return needed
        if self._is_quotient(node):
            a, b = self._quotient(node)
            return [a, b]
        return [a for a in self._arguments(node) if not (node.operation == "div" and a.is_number)]

    def _quotient(self, node: Expression) -> tuple[Expression, Expression]:
        a, b = self._arguments(node)
        return (a, b.arguments[1]) if self._alone(b, ("div",)) else (b, a.arguments[1])

    def _write(self, node: Expression) -> str:
        code = self.code
        if node.order in self.places:
            return code.load(*self.places[node.order])
        if node.is_number:
            return code.constant(node.value)
        if node.operation == "symbol":
            raise KeyError(f"'{node.name}' has no place in memory")
        if node.operation in ("add", "sub"):
            return self._sum(self._terms(node))
        if self._is_quotient(node):
            a, b = self._quotient(node)
            return code.divide(self.values[a.order], self.values[b.order])
        inner = [self.values.get(a.order, "") for a in self._arguments(node)]
        if node.operation == "div":
            return code.divide(code.constant(node.arguments[0].value), inner[1])
        if node.operation == "step":
            return code.choose(code.compare("oge", *inner), code.constant(1.0), code.constant(0.0))
        if node.operation in ("exp", "log"):
            from thecal.engine.compiled import vector_functions  # it writes code as well, so it imports this module

            written: str = getattr(vector_functions, node.operation)(code, inner[0])
            return written
        if node.operation not in _PLAIN:
            raise ValueError(f"the engine has no operation '{node.operation}'")
        plain: str = getattr(code, _PLAIN[node.operation])(*inner)
        return plain

    def _sum(self, terms: list[tuple[bool, Expression]]) -> str:
        """A sum in up to four strands, so that a long one does not wait for itself."""
        ordered = sorted(terms, key=lambda term: (self._is_product(term[1]), term[0], self.named[term[1].order]))
        strands = min(4, max(1, len(ordered) // 4))
        parts = [self._strand(ordered[k::strands]) for k in range(strands)]
        while len(parts) > 1:
            parts = [self.code.add(*parts[k: k + 2]) if k + 1 < len(parts) else parts[k]
                     for k in range(0, len(parts), 2)]
        return parts[0]

    def _strand(self, terms: list[tuple[bool, Expression]]) -> str:
        code, total = self.code, ""
        for minus, term in terms:
            if self._is_product(term):
                a, b = (self.values[x.order] for x in self._arguments(term))
                if minus:
                    a = self._minus(a)
                total = code.fused(a, b, total) if total else code.multiply(a, b)
            else:
                value = self.values[term.order]
                if not total:
                    total = self._minus(value) if minus else value
                else:
                    total = code.subtract(total, value) if minus else code.add(total, value)
        return total

    def _minus(self, value: str) -> str:
        if value not in self._negated:
            self._negated[value] = self.code.negate(value)
        return self._negated[value]


def places_of(array: str, leaves: Sequence[Expression]) -> dict[int, Place]:
    """Where each of a list of leaves (or of stored subexpressions) lies in an array."""
    return {leaf.order: (array, row) for row, leaf in enumerate(leaves)}


def intrinsics(lanes: int) -> str:
    """Declarations that every module needs."""
    real = f"<{lanes} x double>"
    return (f"declare {real} @llvm.fma.v{lanes}f64({real}, {real}, {real})\n"
            f"declare {real} @llvm.sqrt.v{lanes}f64({real})\ndeclare {real} @llvm.fabs.v{lanes}f64({real})\n")

