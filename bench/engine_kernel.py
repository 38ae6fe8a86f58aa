"""How much of the processor's arithmetic the step uses: operations counted, peak measured, both on one core."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from bench.engine_problem import OBSERVABLES, START_D, TIMES, Problem, best_of

from thecal.engine.compiled import CompiledIntegrator, toolchain, workspace
from thecal.engine.compiled.kernels import attributes
from thecal.engine.compiled.vector_code import intrinsics

CHAINS, ROUNDS, CALLS = 12, 20_000, 40


def spinner(lanes: int) -> Callable[[], None]:
    """Fused multiply-adds of independent chains that stay in registers; runs without Python's lock."""
    real = f"<{lanes} x double>"
    lines = [f"define void @peak(ptr %x) #1 {{\nentry:\n  %m = load {real}, ptr %x, align 8\n  br label %head\nhead:"]
    lines.append("  %n = phi i64 [ 0, %entry ], [ %more, %head ]")
    lines += [f"  %a{i} = phi {real} [ %m, %entry ], [ %b{i}, %head ]" for i in range(CHAINS)]
    for i in range(CHAINS):
        first, second = f"%s{i}", f"%b{i}"
        lines.append(f"  {first} = call {real} @llvm.fma.v{lanes}f64({real} %a{i}, {real} %m, {real} %m)")
        lines.append(f"  {second} = call {real} @llvm.fma.v{lanes}f64({real} {first}, {real} %m, "
                     f"{real} %a{(i + 1) % CHAINS})")
    lines.append(f"  %more = add i64 %n, 1\n  %go = icmp ult i64 %more, {ROUNDS}\n"
                 "  br i1 %go, label %head, label %done\ndone:")
    total = "%b0"
    for i in range(1, CHAINS):
        lines.append(f"  %t{i} = fadd {real} {total}, %b{i}")
        total = f"%t{i}"
    lines.append(f"  store {real} {total}, ptr %x, align 8\n  ret void\n}}")
    machine = toolchain.Machine([toolchain.compile_object(intrinsics(lanes) + "\n".join(lines) + "\n"
                                                          + attributes(lanes))])
    run = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(machine.address("peak"))

    def once(_kept: object = machine) -> None:  # the code lives as long as its machine
        numbers = np.full(max(lanes, 8), 0.4)
        run(numbers.ctypes.data)

    return once


def peak_gflops(lanes: int) -> float:
    """What this core can do at most."""
    seconds, _ = best_of(spinner(lanes), 400, 4.0)
    return 2 * 2 * lanes * CHAINS * ROUNDS / seconds / 1e9


def on_threads(work: Callable[[], object], threads: int, times: int = 1) -> float:
    """Seconds until every thread has done the work so often."""
    def repeat(_: int) -> None:
        for _ in range(times):
            work()

    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(repeat, range(threads)))
    return time.perf_counter() - begun


def step_gflops(problem: Problem, lanes: int) -> dict[str, float]:
    """The step on a real workspace, again and again; operations as the generator counted them, one per result."""
    gang = _workspace_after_a_run(problem, lanes)
    program = gang.program
    machine = toolchain.Machine([toolchain.compile_object(
        "define void @again(ptr %f, ptr %work, i64 %n) {\nentry:\n  br label %head\nhead:\n"
        "  %i = phi i64 [ 0, %entry ], [ %j, %head ]\n  call void %f(ptr %work)\n  %j = add i64 %i, 1\n"
        "  %go = icmp ult i64 %j, %n\n  br i1 %go, label %head, label %done\ndone:\n  ret void\n}\n")])
    again = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(machine.address("again"))
    seconds, _ = best_of(lambda: again(program.address("step"), gang.work, CALLS), 2000, 8.0)
    operations = program.operations["step"] - program.operations["judge"]
    return {"states": program.layout.rows["y"], "operations": operations, "step_us": seconds / CALLS * 1e6,
            "gflops": operations * lanes * CALLS / seconds / 1e9}


def _workspace_after_a_run(problem: Problem, lanes: int) -> workspace.Gang:
    """The memory of a gang as the driver leaves it."""
    kept: list[workspace.Gang] = []
    original = workspace.Gang

    class Kept(original):  # type: ignore[misc,valid-type]
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)
            kept.append(self)

    workspace.Gang = Kept  # type: ignore[misc]
    try:
        CompiledIntegrator(threads=1, lanes=lanes).solve(
            problem.model, problem.parameters[:lanes], [problem.events], np.zeros(lanes, np.int64), START_D, TIMES,
            OBSERVABLES)
    finally:
        workspace.Gang = original  # type: ignore[misc]
    return kept[-1]
