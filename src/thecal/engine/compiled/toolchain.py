"""From LLVM text to callable machine code, and what the processor at hand offers."""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence

import llvmlite
import llvmlite.binding as llvm

_LOCK = threading.Lock()


@functools.cache
def _ready() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


@functools.cache
def processor() -> tuple[str, str]:
    """Name and features of this processor, as LLVM calls them."""
    _ready()
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


@functools.cache
def natural_lanes() -> int:
    """How many animals one vector carries here: as many as a register holds, which measured best.

    8 with AVX-512, 4 with AVX2, 2 with NEON or SSE2, else 1. Without fused multiply-add the code is slow, for the
    operation is then imitated; the bytes are the same.
    """
    _ready()
    features = llvm.get_host_cpu_features()
    if features.get("avx512f") and features.get("avx512dq"):
        return 8
    if features.get("avx2") and features.get("fma"):
        return 4
    return 2 if llvm.get_default_triple().split("-")[0] in ("x86_64", "aarch64", "arm64") else 1


def signature() -> str:
    """What compiled code depends on beside its own text."""
    return f"{'/'.join(processor())}/llvmlite {llvmlite.__version__}/llvm {llvm.llvm_version_info}"


def compile_object(text: str, speed_level: int = 1, improve: bool = False) -> bytes:
    """Machine code of a module given as LLVM text.

    ``improve`` runs LLVM's own passes over the text first. Straight lines of vector arithmetic are written as they
    should be and gain nothing by it (measured), plain loops do.
    """
    _ready()
    with _LOCK:
        module = llvm.parse_assembly(text)
        module.verify()
        machine = _machine(speed_level)
        if improve:
            options = llvm.create_pipeline_tuning_options(speed_level=speed_level)
            builder = llvm.create_pass_builder(machine, options)
            builder.getModulePassManager().run(module, builder)
        return bytes(machine.emit_object(module))


def _machine(speed_level: int) -> llvm.TargetMachine:
    name, features = processor()
    return llvm.Target.from_default_triple().create_target_machine(cpu=name, features=features, opt=speed_level,
                                                                  reloc="default", codemodel="jitdefault")


class Machine:
    """Loaded machine code; the addresses stay valid as long as this object lives."""

    def __init__(self, objects: Sequence[bytes]) -> None:
        _ready()
        with _LOCK:
            self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine(1))
            for code in objects:
                self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
            self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where a function begins."""
        with _LOCK:
            address = self._engine.get_function_address(name)
        if not address:
            raise ValueError(f"compiled code has no function '{name}'")
        return int(address)
