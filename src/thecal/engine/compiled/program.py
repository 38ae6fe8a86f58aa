"""A model's machine code with everything the driver must know: compiled, or fetched from the cache."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from thecal.core.declaration import Model
from thecal.engine.compiled import object_cache, toolchain
from thecal.engine.compiled.fields import Fields
from thecal.engine.compiled.layout import Layout
from thecal.engine.compiled.sources import source_digest

KERNELS = ("prepare", "rates", "stage_rates", "step", "judge", "settle")
_SEPARATOR = b"\n\0objects\0\n"


@dataclass(frozen=True)
class Program:
    """Addresses of the kernels and the tables that go with them."""

    machine: toolchain.Machine
    layout: Layout
    fields: Fields
    jacobian_rows: np.ndarray
    jacobian_columns: np.ndarray
    operations: dict[str, int]
    code: bytes

    def address(self, name: str) -> int:
        """Where a kernel begins."""
        return self.machine.address(name)


_LOCK = threading.RLock()
_PROGRAMS: dict[tuple[str, int], Program] = {}
_OBSERVERS: dict[tuple[str, int, tuple[str, ...], bool], toolchain.Machine] = {}


def program_of(model: Model, lanes: int) -> Program:
    """The program of a model; compiled once per process, and once per machine where the cache can be written."""
    with _LOCK:
        place = (model.fingerprint, lanes)
        if place not in _PROGRAMS:
            key = object_cache.key_of("model", model.fingerprint, str(lanes), toolchain.signature(), source_digest())
            _PROGRAMS[place] = _open(object_cache.fetch(key, lambda: _compile(model, lanes)))
        return _PROGRAMS[place]


def observer_of(model: Model, lanes: int, observables: Sequence[str], all_states: bool) -> toolchain.Machine:
    """Machine code of ``observe`` for the observables asked for."""
    with _LOCK:
        place = (model.fingerprint, lanes, tuple(observables), all_states)
        if place not in _OBSERVERS:
            program = program_of(model, lanes)
            key = object_cache.key_of("observe", model.fingerprint, str(lanes), *observables, f"states {all_states}",
                                      toolchain.signature(), source_digest())

            def make() -> bytes:
                from thecal.engine.compiled.observation import observation_text

                text = observation_text(model, observables, program.layout, program.fields, all_states)
                return toolchain.compile_object(text)

            _OBSERVERS[place] = toolchain.Machine([object_cache.fetch(key, make)])
        return _OBSERVERS[place]


@functools.cache
def driver() -> toolchain.Machine:
    """Machine code of the driver."""
    def make() -> bytes:
        from thecal.engine.compiled import driver, pivoting, plain_loops, task

        return toolchain.compile_object(plain_loops.compile_text("drive", task, pivoting, driver), speed_level=2)

    key = object_cache.key_of("driver", toolchain.signature(), source_digest())
    return toolchain.Machine([object_cache.fetch(key, make)])


def _compile(model: Model, lanes: int) -> bytes:
    from thecal.engine.compiled.kernels import model_text

    kernels = model_text(model, lanes)
    head = {"layout": asdict(kernels.layout), "fields": asdict(kernels.fields), "rows": kernels.jacobian_rows,
            "columns": kernels.jacobian_columns, "operations": kernels.operations}
    return json.dumps(head).encode() + _SEPARATOR + toolchain.compile_object(kernels.text)


def _open(content: bytes) -> Program:
    text, code = content.split(_SEPARATOR, 1)
    head = json.loads(text)
    fields = Fields(*(tuple(head["fields"][name]) for name in ("field_of", "unit_of", "nothing")))
    return Program(toolchain.Machine([code]), Layout(**head["layout"]), fields, np.array(head["rows"], np.int64),
                   np.array(head["columns"], np.int64), head["operations"], code)
