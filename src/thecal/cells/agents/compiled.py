"""Compiled loops that are kept on disk until any source of this folder changes.

Numba keeps machine code until the file of the function itself changes, but takes in functions of other files too: a
change of the random numbers alone would leave the old ones in every loop. So all sources are part of the mark that the
kept code bears.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit


def digest_of(folder: Path) -> str:
    """A digest of all Python sources in a folder."""
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in sorted(folder.glob("*.py")))).hexdigest()


DIGEST = digest_of(Path(__file__).parent)


def compiled(**options: Any) -> Callable[[Callable], Any]:
    """``numba.njit`` with code kept on disk, the arithmetic of NumPy, and no global lock."""
    def decorate(function: Callable) -> Any:
        loop = njit(cache=True, error_model="numpy", nogil=True, **options)(function)
        loop._cache._cache_file._source_stamp = DIGEST  # Numba has no public way to say this; a test holds it
        return loop
    return decorate
