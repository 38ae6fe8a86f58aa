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
from thecal.engine.compiled.layout import Layout, TangentLayout
from thecal.engine.compiled.sources import source_digest

TANGENT_KERNELS = ("tangent_prepare", "tangent_step", "tangent_settle", "tangent_look")
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
    jacobian_places: np.ndarray
    operations: dict[str, int]
    code: bytes

    def address(self, name: str) -> int:
        """Where a kernel begins."""
        return self.machine.address(name)


_LOCK = threading.RLock()
_PROGRAMS: dict[tuple[str, int], Program] = {}
_TANGENTS: dict[tuple[str, tuple[int, ...], tuple[str, ...]], Tangents] = {}
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


@dataclass(frozen=True)
class Tangents:
    """Machine code of the derivatives for one choice of parameters and observables."""

    machine: toolchain.Machine
    layout: TangentLayout

    def sizes(self) -> dict[str, int]:
        """Shapes and kernels, by their name in :mod:`task`."""
        return {"tangent_blocks": self.layout.blocks, "tangent_width": self.layout.block.lanes,
                "tangent_rows": self.layout.block.size // (8 * self.layout.block.lanes),
                "tseen_row": self.layout.block.row("tseen"),
                **{name: self.machine.address(name) for name in TANGENT_KERNELS}}

    def offsets(self) -> dict[str, int]:
        """Where the driver's arrays begin in the workspace, in bytes."""
        return {"tangent": self.layout.block_start,
                "seed": self.layout.shared_start + self.layout.shared.start["seed"]}


def tangents_of(model: Model, chosen: Sequence[int], observables: Sequence[str]) -> Tangents:
    """The derivatives' code for one choice of parameters and observables; kept as programs are."""
    with _LOCK:
        place = (model.fingerprint, tuple(chosen), tuple(observables))
        if place not in _TANGENTS:
            base = program_of(model, 1).layout
            key = object_cache.key_of("tangents", model.fingerprint, *map(str, chosen), *observables,
                                      toolchain.signature(), source_digest())

            def make() -> bytes:
                from thecal.engine.compiled.tangent_code import tangent_text

                text, layout = tangent_text(model, chosen, observables, base)
                return json.dumps(asdict(layout)).encode() + _SEPARATOR + toolchain.compile_object(text)

            head, code = object_cache.fetch(key, make).split(_SEPARATOR, 1)
            parts = json.loads(head)
            layout = TangentLayout(Layout(**parts.pop("shared")), Layout(**parts.pop("block")), **parts)
            _TANGENTS[place] = Tangents(toolchain.Machine([code]), layout)
        return _TANGENTS[place]


@functools.cache
def driver() -> toolchain.Machine:
    """Machine code of the driver."""
    def make() -> bytes:
        from thecal.engine.compiled import driver, pivoting, plain_loops, tangent_loops, task

        text = plain_loops.compile_text("drive", task, pivoting, tangent_loops, driver)
        return toolchain.compile_object(text, speed_level=2)

    key = object_cache.key_of("driver", toolchain.signature(), source_digest())
    return toolchain.Machine([object_cache.fetch(key, make)])


def _compile(model: Model, lanes: int) -> bytes:
    from thecal.engine.compiled.kernels import model_text

    kernels = model_text(model, lanes)
    head = {"layout": asdict(kernels.layout), "fields": asdict(kernels.fields), "rows": kernels.jacobian_rows,
            "columns": kernels.jacobian_columns, "places": kernels.jacobian_places,
            "operations": kernels.operations}
    return json.dumps(head).encode() + _SEPARATOR + toolchain.compile_object(kernels.text)


def _open(content: bytes) -> Program:
    text, code = content.split(_SEPARATOR, 1)
    head = json.loads(text)
    fields = Fields(*(tuple(head["fields"][name]) for name in ("field_of", "unit_of", "nothing")))
    rows, columns, places = (np.array(head[name], np.int64) for name in ("rows", "columns", "places"))
    return Program(toolchain.Machine([code]), Layout(**head["layout"]), fields, rows, columns, places,
                   head["operations"], code)
