"""A model's machine code with everything the driver must know: compiled, or fetched from the cache."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from thecal.core.declaration import Model
from thecal.engine.compiled import object_cache, toolchain
from thecal.engine.compiled.fields import Fields
from thecal.engine.compiled.layout import Layout, TangentLayout
from thecal.engine.compiled.reduction import Form, reduced
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
    meaning: str

    def address(self, name: str) -> int:
        """Where a kernel begins."""
        return self.machine.address(name)


_LOCK = threading.RLock()
_KNOWN: dict[tuple, Any] = {}


def _once(place: tuple, make: Callable[[bytes], Any], build: Callable[[], bytes]) -> Any:
    """What ``make`` makes of the built bytes: once per process, built once per machine if the cache can be written."""
    with _LOCK:
        if place not in _KNOWN:
            key = object_cache.key_of(*map(str, place), toolchain.signature(), source_digest())
            _KNOWN[place] = make(object_cache.fetch(key, build))
        return _KNOWN[place]


def program_of(model: Model, lanes: int, form: Form) -> Program:
    """The program of a model in one form."""
    def build() -> bytes:
        return _compile(reduced(model, form), lanes)

    program: Program = _once(("model", model.fingerprint, lanes, form.key), _open, build)
    return program


def observer_of(model: Model, lanes: int, form: Form, observables: Sequence[str],
                all_states: bool) -> toolchain.Machine:
    """Machine code of ``observe`` for the observables asked for."""
    def build() -> bytes:
        from thecal.engine.compiled.observation import observation_text

        program = program_of(model, lanes, form)
        return toolchain.compile_object(observation_text(reduced(model, form), observables, program.layout,
                                                         program.fields, all_states))

    machine: toolchain.Machine = _once(("observe", model.fingerprint, lanes, form.key, *observables, all_states),
                                       lambda code: toolchain.Machine([code]), build)
    return machine


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


def tangents_of(model: Model, form: Form, chosen: Sequence[int], observables: Sequence[str]) -> Tangents:
    """The derivatives' code for one choice of parameters and observables."""
    def build() -> bytes:
        from thecal.engine.compiled.tangent_code import tangent_text

        base = program_of(model, 1, form)
        text, layout, meaning = tangent_text(reduced(model, form), chosen, observables, base.layout)
        assert meaning == base.meaning, "the model's code and its derivatives' disagree on what lies where"
        return json.dumps(asdict(layout)).encode() + _SEPARATOR + toolchain.compile_object(text)

    def make(content: bytes) -> Tangents:
        head, code = content.split(_SEPARATOR, 1)
        parts = json.loads(head)
        layout = TangentLayout(Layout(**parts.pop("shared")), Layout(**parts.pop("block")), **parts)
        return Tangents(toolchain.Machine([code]), layout)

    tangents: Tangents = _once(("tangents", model.fingerprint, form.key, *chosen, *observables), make, build)
    return tangents


def driver() -> toolchain.Machine:
    """Machine code of the driver."""
    def build() -> bytes:
        from thecal.engine.compiled import driver, pivoting, plain_loops, tangent_loops, task

        text = plain_loops.compile_text("drive", task, pivoting, tangent_loops, driver)
        return toolchain.compile_object(text, speed_level=2, improve=True)

    machine: toolchain.Machine = _once(("driver",), lambda code: toolchain.Machine([code]), build)
    return machine


def _compile(model: Model, lanes: int) -> bytes:
    from thecal.engine.compiled.kernels import model_text

    kernels = model_text(model, lanes)
    head = {"layout": asdict(kernels.layout), "fields": asdict(kernels.fields), "rows": kernels.jacobian_rows,
            "columns": kernels.jacobian_columns, "places": kernels.jacobian_places,
            "operations": kernels.operations, "meaning": kernels.meaning}
    return json.dumps(head).encode() + _SEPARATOR + toolchain.compile_object(kernels.text)


def _open(content: bytes) -> Program:
    text, code = content.split(_SEPARATOR, 1)
    head = json.loads(text)
    fields = Fields(*(tuple(head["fields"][name]) for name in ("field_of", "unit_of", "nothing")))
    rows, columns, places = (np.array(head[name], np.int64) for name in ("rows", "columns", "places"))
    return Program(toolchain.Machine([code]), Layout(**head["layout"]), fields, rows, columns, places,
                   head["operations"], head["meaning"])
