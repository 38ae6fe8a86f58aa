"""A digest of the code generator's own text: a changed generator never meets an old object."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import thecal.core.derivative
import thecal.core.expression


@functools.cache
def source_digest() -> str:
    """Digest of every file that decides what the compiled code is."""
    digest = hashlib.blake2b(digest_size=16)
    here = sorted(Path(__file__).parent.glob("*.py"))
    for path in [*here, Path(thecal.core.derivative.__file__), Path(thecal.core.expression.__file__)]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
