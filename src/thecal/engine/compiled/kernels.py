"""The model's own functions as LLVM text: rates, Jacobian with factorisation, solve, stages, step, judgement.

All functions take one pointer to a workspace, laid out by :class:`Layout`: named arrays of rows, a row holding one
number per lane. Rates, Jacobian, factorisation and solve are straight lines of arithmetic; what treats every
state alike (sums over stages, error norm) is a loop. A back end for another machine needs the same list of
functions over the same expressions: :func:`model_text` is the place where one would branch off.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from thecal.core.declaration import Model
from thecal.core.derivative import jacobian
from thecal.core.expression import Expression
from thecal.engine.compiled import tableau, vector_functions
from thecal.engine.compiled.elimination import Elimination, plan
from thecal.engine.compiled.fields import FIELD_FLOOR, UNIT_FLOOR, Fields, fields_of
from thecal.engine.compiled.layout import Layout
from thecal.engine.compiled.lowering import constants_of, lower, names_of
from thecal.engine.compiled.vector_code import Code, Place, Writer, function, intrinsics, loop, places_of

SAFETY = 0.9
RESIDUAL_TOLERANCE = 1e-10  # componentwise backward error of a linear solve beyond which it is done anew with pivots


@dataclass(frozen=True)
class Kernels:
    """The text of a model's module, the layout of its workspace, and what the driver must know beside."""

    text: str
    layout: Layout
    jacobian_rows: tuple[int, ...]
    jacobian_columns: tuple[int, ...]
    jacobian_places: tuple[int, ...]
    fields: Fields
    operations: dict[str, int]
    meaning: str


class ModelCode:
    """The expressions of one model made ready for writing: lowered, constants apart, Jacobian and its plan.

    ``entry_at[i, j]``: where an entry of the Jacobian lies. Entries of parameters alone lie with the constants, and
    entries that are one expression share a row, so the array ``jacobian`` holds what changes with the state, once.
    ``factor_at[i, j]``: where an entry of the factors lies; what elimination leaves alone stays where it was.
    """

    def __init__(self, model: Model) -> None:
        self.states, self.parameters = model.state_symbols, model.parameters
        self.count = len(self.states)
        rows = jacobian(model.rates, self.states)
        self.entries = tuple((i, j) for i, row in enumerate(rows) for j in sorted(row))
        lowered = lower([*model.rates, *(rows[i][j] for i, j in self.entries)])
        self.rates, written = lowered[: self.count], lowered[self.count:]
        self.constants = constants_of(lowered)
        fixed = {**places_of("p", self.parameters), **places_of("q", self.constants)}
        self.jacobian = list({e.order: e for e in written if e.order not in fixed}.values())
        own = {**fixed, **places_of("jacobian", self.jacobian)}
        self.entry_at = {entry: own[e.order] for entry, e in zip(self.entries, written, strict=True)}
        self.elimination: Elimination = plan(self.count, self.entries)
        changed = self.elimination.changed()
        kept = [(k, j) for k in self.elimination.order for j in self.elimination.upper[k] if (k, j) not in changed]
        made = [entry for entry in self.elimination.slots if entry not in set(kept)]
        self.factor_at = {**{entry: self.entry_at[entry] for entry in kept},
                          **{entry: ("lu", row) for row, entry in enumerate(made)}}
        self.factor_rows = len(made)
        self.fields = fields_of(model.states)

    @property
    def meaning(self) -> str:
        """A digest of what lies where: code that is written later for the same workspace must agree with it."""
        names = names_of(self.constants)
        text = f"{[names[e.order].hex() for e in self.constants]} {self.entry_at} {self.factor_at}"
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def places(self, state_array: str) -> dict[int, Place]:
        """Where the leaves lie: states in ``state_array``, parameters in ``p``, constants in ``q``."""
        return {**places_of(state_array, self.states), **places_of("p", self.parameters),
                **places_of("q", self.constants)}


def layout_of(code: ModelCode, lanes: int, observables: int) -> Layout:
    """The workspace of one gang of lanes."""
    n = code.count
    return Layout.of(lanes, {
        "control": len(CONTROL), "y": n, "p": len(code.parameters), "q": max(1, len(code.constants)), "u": n, "f": n,
        "c": n, "k": tableau.STAGES * n, "new": n, "lu": code.factor_rows, "jacobian": len(code.jacobian),
        "peak": code.fields.count, "floor": code.fields.count, "look": n, "seen": observables})


# Rows of the array "control": what driver and kernels tell each other, lane by lane.
CONTROL = ("step", "rtol", "error", "advice", "residual", "accept", "moment")


def control(name: str) -> int:
    """The row of one control value."""
    return CONTROL.index(name)


def model_text(model: Model, lanes: int) -> Kernels:
    """Write the whole module of a model for a given number of lanes."""
    code = ModelCode(model)
    layout = layout_of(code, lanes, len(model.observables))
    solve = Code(lanes)
    parts = {
        "prepare": _expressions(lanes, ["p", "q"], {**places_of("p", code.parameters)}, code.constants, "q"),
        "rates": _expressions(lanes, ["u", "p", "q", "f"], code.places("u"), code.rates, "f"),
        "differentiate": _expressions(lanes, ["y", "p", "q", "jacobian"], code.places("y"), code.jacobian,
                                      "jacobian"),
        "factorise": _factorise(code, lanes),
        "solve": solve_code(solve, code, solve.load, "c", "f", "x"),
        "check": _residual(code, lanes),
        "judge": _judge(code, lanes),
        "settle": _settle(code, lanes),
    }
    arrays = {"prepare": ["p", "q"], "rates": ["u", "p", "q", "f"],
              "differentiate": ["y", "p", "q", "jacobian"],
              "factorise": ["control", "p", "q", "jacobian", "lu"],
              "solve": ["p", "q", "jacobian", "lu", "f", "c", "x"],
              "check": ["control", "p", "q", "jacobian", "f", "k"], "judge": ["control", "y", "new", "k", "floor"],
              "settle": ["control", "y", "new", "peak", "floor"]}
    for stage in range(1, tableau.STAGES):
        body = Code(lanes)
        parts[f"stage{stage}"] = stage_code(body, code.count, stage, body.load("control", control("step")))
        arrays[f"stage{stage}"] = ["control", "y", "k", "u", "c"]
    parts["finish"] = finish_code(Code(lanes), code.count)
    arrays["finish"] = ["u", "k", "new"]
    text = [intrinsics(lanes)]
    text += [function(f"{name}_", arrays[name], ["entry:", *part.lines]) for name, part in parts.items()]
    text += [_step(layout, arrays)]
    for name, actual in (("prepare", {}), ("rates", {"u": "y"}), ("judge", {}), ("settle", {})):
        text.append(function(name, ["work"], ["entry:", *layout.pointers(), _call(f"{name}_", arrays[name], actual)],
                             internal=False))
    text.append(function("stage_rates", ["work"],
                         ["entry:", *layout.pointers(), _call("rates_", arrays["rates"])], internal=False))
    text.append(attributes(lanes))
    rows, columns = zip(*code.entries, strict=True) if code.entries else ((), ())
    counts = {name: part.operations for name, part in parts.items()}
    places = tuple(layout.row(array) + row for array, row in code.entry_at.values())
    return Kernels("\n".join(text), layout, rows, columns, places, code.fields, _operations(counts, code.count),
                   code.meaning)


def attributes(lanes: int) -> str:
    """Function attributes: full vectors where the processor has them, no copies of the long functions.

    The stack is realigned because LLVM takes it for 16 bytes: every spilled vector would straddle two cache lines.
    """
    width = min(512, 64 * lanes)
    common = (f'nounwind "prefer-vector-width"="{width}" "min-legal-vector-width"="{width}" '
              '"no-trapping-math"="true" "stackrealign"')
    return f"attributes #0 = {{ noinline {common} }}\nattributes #1 = {{ {common} }}\n"


def _operations(counts: dict[str, int], states: int) -> dict[str, int]:
    """Floating-point operations of one step of one animal, by part; a loop's body counts once per state."""
    loops = sum(counts[f"stage{s}"] for s in range(1, tableau.STAGES)) + counts["finish"]
    parts = {"rates": tableau.STAGES * counts["rates"], "differentiate": counts["differentiate"],
             "factorise": counts["factorise"],
             "solve": tableau.STAGES * counts["solve"], "stages": states * loops, "check": counts["check"],
             "judge": counts["judge"]}
    return {**parts, "step": sum(parts.values())}


def _call(name: str, arrays: Sequence[str], actual: dict[str, str] | None = None) -> str:
    names = [(actual or {}).get(a, a) for a in arrays]
    return f"  call void @{name}({', '.join(f'ptr %{a}' for a in names)})"


def _expressions(lanes: int, arrays: Sequence[str], places: dict[int, Place], expressions: Sequence[Expression],
                 into: str) -> Code:
    code = Code(lanes)
    writer = Writer(code, places, expressions)
    for row, expression in enumerate(expressions):
        code.store(writer.value(expression), into, row)
    return code


def _factorise(model: ModelCode, lanes: int) -> Code:
    """``M = J - I/(h gamma)`` factorised: no pivot is sought, no index is read."""
    code = Code(lanes)
    shift = code.divide(code.constant(1.0 / tableau.GAMMA), code.load("control", control("step")))
    entry: dict[tuple[int, int], str] = {}

    def known(i: int, j: int) -> bool:
        return (i, j) in entry or (i, j) in model.entry_at

    def value(i: int, j: int) -> str:
        """The entry as it now is; the Jacobian's own is read when it is first needed."""
        if (i, j) not in entry:
            entry[i, j] = code.load(*model.entry_at[i, j])
        return entry[i, j]

    def keep(i: int, j: int, result: str) -> None:
        array, row = model.factor_at[i, j]
        if array == "lu":
            code.store(result, array, row)

    plan_ = model.elimination
    for k in plan_.order:
        pivot = code.subtract(value(k, k), shift) if known(k, k) else code.negate(shift)
        inverse = code.divide(code.constant(1.0), pivot)
        keep(k, k, inverse)
        for j in plan_.upper[k]:
            keep(k, j, value(k, j))
        for i in plan_.lower[k]:
            factor = code.multiply(value(i, k), inverse)
            keep(i, k, factor)
            minus = code.negate(factor)
            for j in plan_.upper[k]:
                entry[i, j] = (code.fused(minus, value(k, j), value(i, j)) if known(i, j)
                               else code.multiply(minus, value(k, j)))
    return code


def solve_code(code: Code, model: ModelCode, read: Callable[[str, int], str], c: str, f: str, x: str) -> Code:
    """``x = M^-1 (c - f)``, arrays named; ``c`` is the stage sum already carrying its sign.

    ``read`` reads an entry of the factors, a row of an array.
    """
    steps = model.elimination
    value: dict[int, str] = {}
    left: dict[int, list[int]] = {k: [] for k in steps.order}
    for k in steps.order:
        for i in steps.lower[k]:
            left[i].append(k)
    for k in steps.order:
        total = code.subtract(code.load(c, k), code.load(f, k))
        for m in left[k]:
            total = code.fused(code.negate(value[m]), read(*model.factor_at[k, m]), total)
        value[k] = total
    for k in reversed(steps.order):
        total = value[k]
        for j in steps.upper[k]:
            total = code.fused(code.negate(value[j]), read(*model.factor_at[k, j]), total)
        value[k] = code.multiply(total, read(*model.factor_at[k, k]))
        code.store(value[k], x, k)
    return code


def _residual(model: ModelCode, lanes: int) -> Code:
    """How far the first stage misses ``M k = -f``.

    Row by row: what the square of the residual exceeds ``tolerance^2`` times the sum of the squares of its terms;
    summed over rows, so zero means that every row is well solved, and not-a-number stays.
    """
    code = Code(lanes)
    shift = code.divide(code.constant(1.0 / tableau.GAMMA), code.load("control", control("step")))
    minus = code.negate(shift)
    by_row: dict[int, list[int]] = {i: [] for i in range(model.count)}
    for i, j in model.entries:
        by_row[i].append(j)
    totals = [""] * 4  # strands, so that the sum does not wait for itself
    for i in range(model.count):
        f, own = code.load("f", i), code.multiply(minus, code.load("k", i))
        residual, size = code.add(f, own), code.fused(own, own, code.multiply(f, f))
        for j in by_row[i]:
            term = code.multiply(code.load(*model.entry_at[i, j]), code.load("k", j))
            residual, size = code.add(residual, term), code.fused(term, term, size)
        excess = code.fused(code.constant(-RESIDUAL_TOLERANCE**2), size, code.multiply(residual, residual))
        excess = code.larger(excess, code.constant(0.0))
        totals[i % 4] = code.add(totals[i % 4], excess) if totals[i % 4] else excess
    strands = [t for t in totals if t] or [code.constant(0.0)]
    while len(strands) > 1:
        strands = [code.add(strands[0], strands[1]), *strands[2:]]
    code.store(strands[0], "control", control("residual"))
    return code


def stage_code(code: Code, count: int, stage: int, step: str, names: Sequence[str] = ("y", "k", "u", "c")) -> Code:
    """The stage's argument ``u`` and its sum ``c = -(1/h) sum C k``, in one pass over the states."""
    y, k, u, c = names
    minus_rate = code.divide(code.constant(-1.0), step)
    repeats = stage in (6, 7)  # there A repeats the row above and adds the last increment

    def body(code: Code, row: str) -> None:
        increments = [code.load(k, code.line(f"add i64 {row}, {j * count}")) for j in range(stage)]
        if repeats:
            argument = code.add(code.load(u, row), increments[-1])
        else:
            argument = code.load(y, row)
            for j, increment in enumerate(increments):
                argument = code.fused(code.constant(tableau.A[stage, j]), increment, argument)
        total = code.multiply(code.constant(tableau.C[stage, 0]), increments[0])
        for j in range(1, stage):
            total = code.fused(code.constant(tableau.C[stage, j]), increments[j], total)
        code.store(argument, u, row)
        code.store(code.multiply(minus_rate, total), c, row)

    loop(code, count, body)
    return code


def finish_code(code: Code, count: int, u: str = "u", k: str = "k", new: str = "new") -> Code:
    """The new state: the last stage's argument and its increment."""
    def body(code: Code, row: str) -> None:
        last = code.load(k, code.line(f"add i64 {row}, {(tableau.STAGES - 1) * count}"))
        code.store(code.add(code.load(u, row), last), new, row)

    loop(code, count, body)
    return code


def _step(layout: Layout, arrays: dict[str, list[str]]) -> str:
    """The whole step: factorise once, then eight times rates and solve."""
    rows = layout.rows["f"]
    body = ["entry:", *layout.pointers()]
    body += [f"  %k{s} = getelementptr inbounds i8, ptr %k, i64 {s * rows * layout.lanes * 8}"
             for s in range(tableau.STAGES)]
    size = rows * layout.lanes * 8
    body += [_call("differentiate_", arrays["differentiate"]), _call("factorise_", arrays["factorise"]),
             _call("rates_", arrays["rates"], {"u": "y"}),
             f"  call void @llvm.memset.p0.i64(ptr %c, i8 0, i64 {size}, i1 false)",
             _call("solve_", arrays["solve"], {"x": "k0"}), _call("check_", arrays["check"])]
    for s in range(1, tableau.STAGES):
        body += [_call(f"stage{s}_", arrays[f"stage{s}"]), _call("rates_", arrays["rates"]),
                 _call("solve_", arrays["solve"], {"x": f"k{s}"})]
    body.append(_call("finish_", arrays["finish"]))
    return "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)\n" + function("step", ["work"], body, internal=False)


def _judge(model: ModelCode, lanes: int) -> Code:
    """The error norm, and the factor that it advises for the next step: ``0.9 error^(-1/5)``.

    Plain, without the memory of proportional-integral control: after a dose the solution is a fast change that fades,
    and memory then keeps the step at half of what the error allows (measured: 1.5 times the steps).
    """
    code, n, fields = Code(lanes), model.count, model.fields
    rtol = code.load("control", control("rtol"))
    total = ""
    for field in range(fields.count):
        members = fields.members(field)
        floor = code.load("floor", field)
        part = ""
        for i in members:
            size = code.larger(code.magnitude(code.load("new", i)), code.magnitude(code.load("y", i)))
            weight = code.larger(size, floor)
            ratio = code.divide(code.load("k", (tableau.STAGES - 1) * n + i), weight)
            part = code.fused(ratio, ratio, part) if part else code.multiply(ratio, ratio)
        share = code.constant(1.0 / (len(members) * fields.count))
        total = code.fused(part, share, total) if total else code.multiply(part, share)
    error = code.divide(code.root(total), rtol)
    code.store(error, "control", control("error"))
    held = code.larger(error, code.constant(1e-10))
    advice = code.multiply(code.constant(-1.0 / tableau.ORDER), vector_functions.log(code, held))
    code.store(code.multiply(code.constant(SAFETY), vector_functions.exp(code, advice)), "control", control("advice"))
    return code


def _settle(model: ModelCode, lanes: int) -> Code:
    """Accepted lanes take the new state; then every lane's peaks and floors are brought up to date."""
    code, fields = Code(lanes), model.fields
    accepted = code.compare("ogt", code.load("control", control("accept")), code.constant(0.5))
    unit_peak: dict[int, str] = {}
    peaks = []
    for field in range(fields.count):
        peak = code.load("peak", field)
        for i in fields.members(field):
            value = code.choose(accepted, code.load("new", i), code.load("y", i))
            code.store(value, "y", i)
            peak = code.larger(code.magnitude(value), peak)
        code.store(peak, "peak", field)
        peaks.append(peak)
        unit = fields.unit_of[field]
        unit_peak[unit] = code.larger(unit_peak[unit], peak) if unit in unit_peak else peak
    for field, peak in enumerate(peaks):
        unit = fields.unit_of[field]
        least = code.larger(code.multiply(code.constant(UNIT_FLOOR), unit_peak[unit]),
                            code.constant(fields.nothing[unit]))
        code.store(code.larger(code.multiply(code.constant(FIELD_FLOOR), peak), least), "floor", field)
    return code
