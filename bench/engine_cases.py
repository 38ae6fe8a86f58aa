"""Every figure of the cohort engine, as rows of one table.

A row is ``{case, ours_ms, peer, peer_ms, ratio, our_error, peer_error, n, threads}``; where a column has no meaning it
is None, and ``note`` says what else was counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
from bench.engine_kernel import on_threads, peak_gflops, spinner, step_gflops
from bench.engine_problem import OBSERVABLES, SEED, START_D, TIMES, Problem, best_of, problem, spread, structure_of
from bench.peers_all import TARGET, errors, peer_runs, reference_values

from thecal.engine.compiled import CompiledIntegrator
from thecal.engine.gradient import slopes

Row = dict[str, Any]
COHORT, PEER_ANIMALS, CHOSEN = 1000, 6, 20
LADDER = (1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 3e-7)


def row(case: str, ours_ms: float | None = None, peer: str = "", peer_ms: float | None = None, *,
        ratio: float | None = None, our_error: float | None = None, peer_error: float | None = None, n: int = 1,
        threads: int = 1, note: str = "") -> Row:
    if ratio is None and ours_ms and peer_ms:
        ratio = peer_ms / ours_ms
    return {"case": case, "ours_ms": ours_ms, "peer": peer, "peer_ms": peer_ms, "ratio": ratio,
            "our_error": our_error, "peer_error": peer_error, "n": n, "threads": threads, "note": note}


def matched(whole: Problem) -> tuple[float, float]:
    """The loosest tolerance at which our error meets the target, and that error: median over some animals."""
    some = whole.part(PEER_ANIMALS)
    exact = reference_values(some.model, some.parameters, some.events, TIMES, OBSERVABLES, START_D)
    for rtol in LADDER:
        error = float(np.median(errors(some.solve(CompiledIntegrator(threads=1), rtol=rtol).values, exact)))
        if error <= TARGET:
            return rtol, error
    return LADDER[-1], error


def peers(whole: Problem, rtol: float, error: float) -> Iterator[Row]:
    """Per animal, one core each, at matched accuracy."""
    ours, result = best_of(lambda: whole.solve(CompiledIntegrator(threads=1), rtol=rtol), 12)
    ours_ms = ours / COHORT * 1e3
    some = whole.part(PEER_ANIMALS)
    found: dict[str, Row] = {}
    for other in peer_runs(some.model, some.parameters, some.events, TIMES, OBSERVABLES, START_D, repeats=4):
        found[other["peer"]] = other  # the last rung of each
    again, _ = best_of(lambda: whole.solve(CompiledIntegrator(threads=1), rtol=rtol), 12)
    ours_ms = min(ours_ms, again / COHORT * 1e3)
    for name, other in found.items():
        if "ms" not in other:
            yield row("cohort", ours_ms, name, our_error=error, n=COHORT,
                      note=f"not compared: {other.get('missing') or other.get('failed')}")
            continue
        yield row("cohort", ours_ms, name, other["ms"], our_error=error, peer_error=other["error"], n=COHORT,
                  note=f"{result.steps.mean():.0f} steps at rtol {rtol:g}; {name} at rtol {other['rtol']:g}, "
                       f"{other['animals']} animals")


def threads(whole: Problem, rtol: float) -> Iterator[Row]:
    """The same cohort on one thread and on two, beside a loop of pure arithmetic: what the machine gives just now."""
    many, spin = min(2, os.cpu_count() or 1), spinner(CompiledIntegrator().lanes)
    one = two = spin_one = spin_two = float("inf")
    used: dict[int, float] = {}
    for _ in range(12):  # in turns, so that other work on the machine meets all alike
        for count in (1, many):
            before, begun = time.process_time(), time.perf_counter()
            whole.solve(CompiledIntegrator(threads=count), rtol=rtol)
            seconds = time.perf_counter() - begun
            used[count] = min(used.get(count, float("inf")), time.process_time() - before)
            one, two = (min(one, seconds), two) if count == 1 else (one, min(two, seconds))
        spin_one, spin_two = min(spin_one, on_threads(spin, 1, 60)), min(spin_two, on_threads(spin, many, 60))
    yield row("threads", two / COHORT * 1e3, "one thread", one / COHORT * 1e3, n=COHORT, threads=many,
              note=f"a loop of pure arithmetic gains {many * spin_one / spin_two:.2f} at the same time; processor time "
                   f"of {many} threads over one: {used[many] / used[1]:.2f}")


def arithmetic(whole: Problem) -> Iterator[Row]:
    """Share of the floating-point peak that the step reaches, with full and with half vectors."""
    for lanes in sorted({CompiledIntegrator().lanes, 4}, reverse=True):
        peak, step = peak_gflops(lanes), step_gflops(whole, lanes)
        yield row(f"arithmetic, {lanes} lanes", step["step_us"] / 1e3, "fused multiply-add loop",
                  ratio=step["gflops"] / peak, n=lanes,
                  note=f"{step['operations']} operations per step of {step['states']} living states and lane: "
                       f"{step['gflops']:.1f} of {peak:.1f} Gflop/s")


def gradient(whole: Problem) -> Iterator[Row]:
    """One animal with its derivatives by twenty parameters, against its plain solve."""
    one = whole.part(1)
    names = [p.name for p, value in zip(one.model.parameters, one.parameters[0], strict=True)
             if value != 0 and not p.name.startswith("sources")]
    chosen = sorted(np.random.default_rng(SEED).choice(names, CHOSEN, replace=False))

    def derived() -> Any:
        return slopes(one.model, one.parameters, [one.events], np.zeros(1, int), START_D, TIMES, OBSERVABLES, chosen,
                      integrator=CompiledIntegrator(threads=1))

    full, found = best_of(derived, 60, 6.0)
    for lanes in (CompiledIntegrator().lanes, 1):
        plain, _ = best_of(lambda lanes=lanes: one.solve(CompiledIntegrator(threads=1, lanes=lanes)), 120, 6.0)
        yield row(f"gradient, {CHOSEN} parameters", full * 1e3, f"plain solve, {lanes} lanes", plain * 1e3,
                  ratio=full / plain, our_error=_difference_error(one, found.slopes, chosen))


def _difference_error(one: Problem, found: np.ndarray, chosen: list[str]) -> float:
    """The largest error of the derivatives against central differences at 1e-12, by each observable's peak slope."""
    worst = 0.0
    for column, name in enumerate(chosen):
        place = one.model.parameter_index[name]
        step = 1e-5 * abs(one.parameters[0, place])
        pair = Problem(one.model, np.repeat(one.parameters[:1], 2, axis=0), one.events)
        pair.parameters[:, place] += [step, -step]
        ends = pair.solve(CompiledIntegrator(threads=1), rtol=1e-12).values
        exact = (ends[0] - ends[1]) / (2 * step)
        size = np.abs(exact).max(axis=0)
        felt = size * abs(one.parameters[0, place]) > 1e-2 * np.abs(ends[0]).max(axis=0)  # else noise
        error = np.abs(found[0, :, :, column] - exact).max(axis=0) / np.where(felt, size, np.inf)
        worst = max(worst, float(error.max()))
    return worst


def segments(rtol: float) -> Iterator[Row]:
    """Cost per animal when the canal is cut finer; ``ratio`` is the growth of cost over the growth of states."""
    base: tuple[float, int] | None = None
    for times in (1, 2, 4):
        whole = problem(128, times)
        seconds, result = best_of(lambda whole=whole: whole.solve(CompiledIntegrator(threads=1), rtol=rtol), 8)
        cost, states = seconds / 128 * 1e3, len(whole.model.states)
        base = base or (cost, states)
        growth, steps = cost / base[0] / (states / base[1]), result.steps.mean()
        yield row(f"segments x {times}", cost, "cost growth / state growth", ratio=growth, n=128,
                  note=f"{states} states, {steps:.0f} steps, {cost / steps / states * 1e6:.2f} ns per state and step")


_MEMORY = """
import sys, json, numpy as np
from bench.engine_problem import *
def peak():  # of this process alone; getrusage would tell that of the one it was forked from
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
whole, animals, engine = problem(250), int(sys.argv[1]), CompiledIntegrator()
whole.part(64).solve(engine)
before, fine = peak(), 0
rows = lambda first, last: whole.parameters[np.arange(first, last) % 250]
of = np.zeros(animals, int)
for part in engine.stream(whole.model, rows, animals, [whole.events], of, START_D, TIMES, OBSERVABLES):
    fine += int((part.status == 0).sum())
print(json.dumps([before, peak(), fine]))
"""


def memory() -> Iterator[Row]:
    """Peak memory of a process beyond what it had before the cohort; a longer stream must not need more. Linux."""
    if not os.path.exists("/proc/self/status"):
        return
    for animals in (10_000, 40_000):
        before, after, fine = json.loads(_python(_MEMORY, str(animals)))
        yield row(f"memory, {animals} animals in chunks of 10,000", peer="MB beyond the start",
                  ratio=(after - before) / 1024, n=animals, note=f"{before / 1024:.0f} MB before, {fine} computed")


_START = """
import sys, json, time
import numpy as np
from thecal.core.structure import Ganglion, Structure
from thecal.engine.compiled import CompiledIntegrator
from thecal.engine.coupling import assemble_model
from thecal.engine.integrate import Event
given = np.load(sys.argv[1])
parts = json.loads(str(given["structure"]))
parts["ganglia"] = tuple(Ganglion(**g) for g in parts["ganglia"])
model = assemble_model(Structure(**{k: tuple(v) if isinstance(v, list) else v for k, v in parts.items()}))
ready = time.process_time()
result = CompiledIntegrator(threads=1).solve(model, given["rows"], [[Event(4.0, offset=given["dose"])]],
                                             np.zeros(8, int), -31.0, np.array([60.0]), ["pain.mechanical"])
assert not result.status.any()
print(ready, time.process_time())
"""


def start(cache: str) -> Iterator[Row]:
    """From the start of a process to eight animals done: the model assembled, the code compiled or fetched."""
    whole = problem(8)
    dose = np.zeros(len(whole.model.states))
    dose[whole.model.state_index["cells.suspended[1]"]] = 1e5
    file = os.path.join(cache, "start.npz")
    np.savez(file, rows=whole.parameters, dose=dose, structure=json.dumps(asdict(structure_of())))
    for case, repeats in (("first start, empty cache", 1), ("second start", 7)):
        runs = []
        for _ in range(repeats):
            begun = time.perf_counter()
            before, spent = map(float, _python(_START, file, THECAL_CACHE=cache).split())
            runs.append((time.perf_counter() - begun, spent, spent - before))
        wall, spent, engine = min(runs)
        yield row(case, wall * 1e3, n=8,
                  note=f"{spent * 1e3:.0f} ms of processor time, {engine * 1e3:.0f} of it the engine's")


def wide() -> Iterator[Row]:
    """20,000 animals with every parameter spread by a log-sd of 0.8: each is computed right, or counted."""
    whole = spread(problem(1), 20_000, 0.8)
    seconds, result = best_of(lambda: whole.solve(CompiledIntegrator()), 1)
    fine = np.flatnonzero(result.status == 0)
    sample = fine[:: max(1, fine.size // 500)]
    tight = Problem(whole.model, whole.parameters[sample], whole.events).solve(CompiledIntegrator(), rtol=1e-9)
    size = np.maximum(np.abs(tight.values).max(axis=1), 1e-3)
    error = (np.abs(result.values[sample] - tight.values).max(axis=1) / size).max(axis=1)
    unseen = int((~np.isfinite(result.values[fine])).any(axis=(1, 2)).sum())
    yield row("wide cohort, log-sd 0.8", seconds / 20_000 * 1e3, "itself at rtol 1e-9", our_error=float(error.max()),
              n=20_000, threads=os.cpu_count() or 1,
              note=f"{20_000 - fine.size} counted as not computed, {unseen} not finite unseen, "
                   f"{int(result.mended.sum())} steps mended with pivots; error of {sample.size} animals: "
                   f"median {np.median(error):.1e}")


def _python(text: str, *arguments: str, **environment: str) -> str:
    done = subprocess.run([sys.executable, "-c", text, *arguments], capture_output=True, text=True, check=True,
                          env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join(sys.path)})
    return done.stdout


def all_cases(cache: str, told: Callable[[str], None]) -> Iterator[Row]:
    """Every row, in order; ``told`` hears what is measured next."""
    told("accuracy")
    whole = problem(COHORT)
    rtol, error = matched(whole)
    for name, rows in (("rivals", peers(whole, rtol, error)), ("threads", threads(whole, rtol)),
                       ("arithmetic", arithmetic(whole)), ("gradient", gradient(whole)),
                       ("segments", segments(rtol)), ("memory", memory()), ("start", start(cache)),
                       ("wide cohort", wide())):
        told(name)
        yield from rows
