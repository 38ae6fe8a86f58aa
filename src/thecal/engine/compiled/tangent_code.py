"""Exact derivatives of the numerical solution with respect to parameters, as LLVM text.

Let a dot be the derivative with respect to one parameter, the sequence of steps held fixed. The equations of a stage
(see :mod:`tableau`), ``M k_s = c_s - f(u_s)`` with ``M = J(y) - I/(h gamma)``, give

    M k'_s = c'_s - (J(u_s) u'_s + f_p(u_s) + J' k_s),        J' = sum_m (dJ/dy_m) y'_m + dJ/dp,

so a derivative needs the factors of M that the step has made anyway, the Jacobian at each stage, and once per step the
derivative of the Jacobian's entries. The animal is computed with one lane; eight derivatives share a vector, and
everything that belongs to the animal (factors, Jacobians, increments) is read once and spread over the lanes.

This is internal differentiation (H. G. Bock, Numerical treatment of inverse problems in chemical reaction kinetics,
in: Modelling of Chemical Reaction Systems, Springer 1981): what is differentiated is the computed solution itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from thecal.core.declaration import Model
from thecal.core.derivative import jacobian
from thecal.core.expression import Expression
from thecal.engine.compiled import tableau
from thecal.engine.compiled.kernels import ModelCode, attributes, control, finish_code, solve_code, stage_code
from thecal.engine.compiled.layout import Layout, TangentLayout
from thecal.engine.compiled.lowering import constants_of, lower
from thecal.engine.compiled.observation import between, weights_of
from thecal.engine.compiled.vector_code import Code, Place, Writer, function, intrinsics, places_of

WIDTH = 8  # derivatives per vector, on every processor
STAGES = tableau.STAGES


class TangentCode:
    """The derivatives of a model's expressions that the tangents need, made ready for writing."""

    def __init__(self, model: Model, chosen: Sequence[int], observables: Sequence[str]) -> None:
        self.base = ModelCode(model)
        y, p = model.state_symbols, [model.parameters[i] for i in chosen]
        self.count, self.chosen = len(y), len(p)
        rows = jacobian(model.rates, [*y, *p])
        self.slots = {entry: slot for slot, entry in enumerate(self.base.entries)}
        self.rate_entries = [(i, j - self.count) for i, row in enumerate(rows) for j in sorted(row) if j >= self.count]
        jacobian_now = [rows[i][j] for i, j in self.base.entries]
        second = jacobian(jacobian_now, [*y, *p])
        self.second_entries = [(e, m) for e, row in enumerate(second) for m in sorted(row) if m < self.count]
        self.mixed_entries = [(e, m - self.count) for e, row in enumerate(second) for m in sorted(row)
                              if m >= self.count]
        self.moving = sorted({e for e, _ in [*self.second_entries, *self.mixed_entries]})
        seen = jacobian([model.observables[model.observable_index[name]].expression for name in observables], [*y, *p])
        self.seen_count = len(seen)
        self.seen_entries = [(o, j) for o, row in enumerate(seen) for j in sorted(row) if j < self.count]
        self.direct_entries = [(o, j - self.count) for o, row in enumerate(seen) for j in sorted(row)
                               if j >= self.count]
        lists = (jacobian_now, [rows[i][j + self.count] for i, j in self.rate_entries],
                 [second[e][m] for e, m in self.second_entries],
                 [second[e][m + self.count] for e, m in self.mixed_entries], [seen[o][j] for o, j in self.seen_entries],
                 [seen[o][j + self.count] for o, j in self.direct_entries])
        lowered = lower([e for part in lists for e in part])
        split: list[list[Expression]] = []
        for part in lists:
            split.append(lowered[: len(part)])
            lowered = lowered[len(part):]
        self.jacobian, self.rates, self.second, self.mixed, self.seen, self.direct = split
        known = {e.order for e in self.base.constants}
        self.constants = [e for e in constants_of([e for part in split for e in part]) if e.order not in known]

    def places(self, state_array: str) -> dict[int, Place]:
        """Where the leaves lie."""
        return {**self.base.places(state_array), **places_of("tq", self.constants)}


def tangent_layout(code: TangentCode, base: Layout) -> TangentLayout:
    """Lay out the memory of all derivatives of one animal."""
    n, blocks = code.count, -(-code.chosen // WIDTH)
    shared = Layout.of(1, {
        "tq": max(1, len(code.constants)), "seed": blocks * WIDTH, "at_stage": STAGES * len(code.slots),
        "forced": STAGES * n * blocks * WIDTH, "second": len(code.second_entries),
        "mixed": len(code.moving) * blocks * WIDTH, "slopes": len(code.seen_entries),
        "direct": code.seen_count * blocks * WIDTH})
    block = Layout.of(WIDTH, {"ty": n, "tnew": n, "tk": STAGES * n, "tu": n, "tg": n, "tc": n,
                              "bent": len(code.moving), "tseen": code.seen_count})
    return TangentLayout(shared, block, base.size, base.size + shared.size, blocks)


def tangent_text(model: Model, chosen: Sequence[int], observables: Sequence[str],
                 base: Layout) -> tuple[str, TangentLayout, str]:
    """The module of a model's derivatives: ``tangent_`` + ``prepare``, ``step``, ``settle``, ``look``.

    Returns its text, the memory it needs, and the digest of what it takes to lie where in the animal's own part.
    """
    code = TangentCode(model, chosen, observables)
    layout = tangent_layout(code, base)
    solve = Code(WIDTH)
    bodies: dict[str, tuple[list[str], Code]] = {
        "constants_": (["p", "q", "tq"], _constants(code)),
        "linearise_": (["u", "p", "q", "tq", "seed", "matrix", "force"], _linearise(code)),
        "bend_": (["y", "p", "q", "tq", "seed", "second", "mixed"], _bend(code)),
        "look_": (["look", "p", "q", "tq", "seed", "slopes", "direct"], _slopes(code)),
        "contract_": (["second", "mixed_rows", "ty", "bent"], _contract(code)),
        "push_": (["matrix", "force_rows", "bent", "kstage", "tu", "tg"], _push(code)),
        "solve_": (["p", "q", "jacobian", "lu", "tg", "tc", "tx"],
                   solve_code(solve, code.base, solve.spread, "tc", "tg", "tx")),
        "finish_": (["tu", "tk", "tnew"], finish_code(Code(WIDTH), code.count, "tu", "tk", "tnew")),
        "seen_": (["control", "direct_rows", "slopes", "ty", "tnew", "tk", "tseen"], _seen(code)),
    }
    for stage in range(1, STAGES):
        one, wide, step = Code(1), Code(WIDTH), control("step")
        bodies[f"stage{stage}_"] = (["control", "y", "k", "u", "c"],
                                    stage_code(one, code.count, stage, one.load("control", step)))
        names = ("ty", "tk", "tu", "tc")
        bodies[f"lean{stage}_"] = (["control", *names],
                                   stage_code(wide, code.count, stage, wide.spread("control", step), names))
    text = [intrinsics(1), intrinsics(WIDTH), "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)",
            "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"]
    text += [function(name, arrays, ["entry:", *body.lines]) for name, (arrays, body) in bodies.items()]
    call = _Calls(base, layout, {name: arrays for name, (arrays, _) in bodies.items()})
    n, vector = code.count, 8 * WIDTH
    text.append(call.entry("tangent_prepare", [call("constants_")]))
    shared_part = [call("bend_")]
    for s in range(STAGES):
        shared_part += [] if s == 0 else [call(f"stage{s}_")]
        shared_part += [call.at(f"m{s}", "at_stage", s * len(code.slots) * 8),
                        call.at(f"g{s}", "forced", s * n * layout.blocks * vector),
                        call("linearise_", u="y" if s == 0 else "u", matrix=f"m{s}", force=f"g{s}")]
    block_part = []
    for b in range(layout.blocks):
        block_part += [*call.block(b), call.at(f"mixed{b}", "mixed", b * len(code.moving) * vector),
                       call("contract_", b, mixed_rows=f"mixed{b}"),
                       f"  call void @llvm.memset.p0.i64(ptr %tc{b}, i8 0, i64 {n * vector}, i1 false)"]
        for s in range(STAGES):
            block_part += [] if s == 0 else [call(f"lean{s}_", b)]
            block_part += [call.at(f"f{b}.{s}", f"g{s}", b * n * vector), call.at(f"k{b}.{s}", "k", s * n * 8),
                           call.at(f"x{b}.{s}", f"tk{b}", s * n * vector),
                           call("push_", b, matrix=f"m{s}", force_rows=f"f{b}.{s}", kstage=f"k{b}.{s}",
                                tu=f"ty{b}" if s == 0 else f"tu{b}"),
                           call("solve_", b, tx=f"x{b}.{s}")]
        block_part.append(call("finish_", b))
    text.append(call.entry("tangent_step", shared_part + block_part))
    text.append(call.entry("tangent_settle", [
        line for b in range(layout.blocks) for line in (
            *call.block(b),
            f"  call void @llvm.memcpy.p0.p0.i64(ptr %ty{b}, ptr %tnew{b}, i64 {n * vector}, i1 false)")]))
    text.append(call.entry("tangent_look", [call("look_")] + [
        line for b in range(layout.blocks) for line in (
            *call.block(b), call.at(f"d{b}", "direct", b * code.seen_count * vector),
            call("seen_", b, direct_rows=f"d{b}"))]))
    return "\n".join([*text, attributes(WIDTH)]), layout, code.base.meaning


class _Calls:
    """Lines of the entry functions: pointers to every array, and calls with arrays by name."""

    def __init__(self, base: Layout, layout: TangentLayout, arrays: dict[str, list[str]]) -> None:
        self.base, self.layout, self.arrays = base, layout, arrays

    def entry(self, name: str, body: Sequence[str]) -> str:
        lines = ["entry:", *self.base.pointers()]
        lines += [f"  %{array} = getelementptr inbounds i8, ptr %work, i64 {self.layout.shared_start + start}"
                  for array, start in self.layout.shared.start.items()]
        return function(name, ["work"], [*lines, *body], internal=False)

    def block(self, b: int) -> list[str]:
        first = self.layout.block_start + b * self.layout.block.size
        return [f"  %{array}{b} = getelementptr inbounds i8, ptr %work, i64 {first + start}"
                for array, start in self.layout.block.start.items()]

    def at(self, name: str, array: str, offset: int) -> str:
        return f"  %{name} = getelementptr inbounds i8, ptr %{array}, i64 {offset}"

    def __call__(self, name: str, block: int | None = None, **actual: str) -> str:
        own = self.layout.block.start
        names = [actual.get(a, f"{a}{block}" if a in own else a) for a in self.arrays[name]]
        return f"  call void @{name}({', '.join(f'ptr %{a}' for a in names)})"


def _constants(model: TangentCode) -> Code:
    code = Code(1)
    writer = Writer(code, {**places_of("p", model.base.parameters), **places_of("q", model.base.constants)},
                    model.constants)
    for row, e in enumerate(model.constants):
        code.store(writer.value(e), "tq", row)
    return code


def _linearise(model: TangentCode) -> Code:
    """At one stage: the Jacobian's entries, and the rates' derivatives by parameter in rows of a full matrix."""
    code = Code(1)
    writer = Writer(code, model.places("u"), [*model.jacobian, *model.rates])
    for slot, e in enumerate(model.jacobian):
        code.store(writer.value(e), "matrix", slot)
    for (i, j), e in zip(model.rate_entries, model.rates, strict=True):
        code.store(code.multiply(writer.value(e), code.load("seed", j)), "force",
                   _spot(i, j, model.count))
    return code


def _spot(row: int, parameter: int, rows: int) -> int:
    """Where (row, parameter) lies: one matrix of ``rows`` vectors per block of derivatives."""
    return (parameter // WIDTH * rows + row) * WIDTH + parameter % WIDTH


def _bend(model: TangentCode) -> Code:
    """The derivatives of the Jacobian's entries by states, and by parameters in rows of a full matrix."""
    code = Code(1)
    writer = Writer(code, model.places("y"), [*model.second, *model.mixed])
    for slot, e in enumerate(model.second):
        code.store(writer.value(e), "second", slot)
    place = {entry: row for row, entry in enumerate(model.moving)}
    for (entry, j), e in zip(model.mixed_entries, model.mixed, strict=True):
        code.store(code.multiply(writer.value(e), code.load("seed", j)), "mixed",
                   _spot(place[entry], j, len(model.moving)))
    return code


def _slopes(model: TangentCode) -> Code:
    """The observables' derivatives by states, and by parameters in rows of a full matrix."""
    code = Code(1)
    writer = Writer(code, model.places("look"), [*model.seen, *model.direct])
    for slot, e in enumerate(model.seen):
        code.store(writer.value(e), "slopes", slot)
    for (o, j), e in zip(model.direct_entries, model.direct, strict=True):
        code.store(code.multiply(writer.value(e), code.load("seed", j)), "direct", _spot(o, j, model.seen_count))
    return code


def _contract(model: TangentCode) -> Code:
    """``J'`` of every Jacobian entry that is not constant."""
    code = Code(WIDTH)
    terms: dict[int, list[tuple[int, int]]] = {e: [] for e in model.moving}
    for slot, (e, m) in enumerate(model.second_entries):
        terms[e].append((slot, m))
    for row, e in enumerate(model.moving):
        total = code.load("mixed_rows", row)
        for slot, m in terms[e]:
            total = code.fused(code.spread("second", slot), code.load("ty", m), total)
        code.store(total, "bent", row)
    return code


def _push(model: TangentCode) -> Code:
    """``g = J(u) u' + f_p + J' k``."""
    code = Code(WIDTH)
    rows: dict[int, list[tuple[int, int]]] = {i: [] for i in range(model.count)}
    for (i, j), slot in model.slots.items():
        rows[i].append((slot, j))
    bent = {e: row for row, e in enumerate(model.moving)}
    for i in range(model.count):
        total = code.load("force_rows", i)
        for slot, j in rows[i]:
            total = code.fused(code.spread("matrix", slot), code.load("tu", j), total)
            if slot in bent:
                total = code.fused(code.spread("kstage", j), code.load("bent", bent[slot]), total)
        code.store(total, "tg", i)
    return code


def _seen(model: TangentCode) -> Code:
    """Derivatives of the observables at ``moment``: through the states, and directly."""
    code = Code(WIDTH)
    weights = weights_of(code, code.spread("control", control("moment")))
    states: dict[int, str] = {}
    totals = [code.load("direct_rows", o) for o in range(model.seen_count)]
    for slot, (o, j) in enumerate(model.seen_entries):
        if j not in states:
            states[j] = between(code, j, model.count, weights, ("ty", "tnew", "tk"))
        totals[o] = code.fused(code.spread("slopes", slot), states[j], totals[o])
    for o, total in enumerate(totals):
        code.store(total, "tseen", o)
    return code
