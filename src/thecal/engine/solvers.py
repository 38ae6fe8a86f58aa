"""Which integrator to use: the compiled cohort engine, or the reference solver that checks it."""

from __future__ import annotations

import functools

from thecal.core.errors import ThecalError
from thecal.engine.integrate import Integrator

NAMES = ("compiled", "reference")


@functools.cache
def integrator(name: str, threads: int | None = None) -> Integrator:
    """One integrator per process, by name; ``threads`` of the compiled engine (default all cores).

    Errors: :class:`ThecalError` for another name.
    """
    if name == "compiled":
        from thecal.engine.compiled import CompiledIntegrator

        return CompiledIntegrator(threads=threads)
    if name == "reference":
        from thecal.engine.reference import ReferenceIntegrator

        return ReferenceIntegrator()
    raise ThecalError.single(where="--solver", what="is not a solver", seen=name, allowed=", ".join(NAMES),
                             remedy="choose one of them")
