"""Random streams that belong to a purpose and a subject, never to a worker."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, subject: str | int, process: str, visit: int = 0) -> np.random.Generator:
    """A generator keyed by what is drawn and for whom.

    The key is a 128-bit BLAKE2b digest of ``(seed, subject, process, visit)`` and feeds Philox, a
    counter-based generator, so any order of calls on any number of workers draws the same numbers.

    Arguments:
        seed: the study's seed, any integer.
        subject: who, e.g. ``"bmsc_early/3"``.
        process: what for, e.g. ``"severity"`` or ``"von_frey"``.
        visit: which repeat, 0 when there is only one.

    Source: Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3 (Philox).
    """
    text = f"{int(seed)}\x1f{subject}\x1f{process}\x1f{int(visit)}".encode()
    key = int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "little")
    return np.random.Generator(np.random.Philox(key=key))
