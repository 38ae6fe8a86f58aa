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


def uniforms(seed: int, group: str, animals: np.ndarray, process: str, visit: int, count: int) -> np.ndarray:
    """Uniform draws for many animals at once, each keyed by its own (seed, group, animal, process, visit).

    Philox4x32-10: the key is a digest of ``(seed, group, process, visit)``, the counter is ``(block, 0, animal)``.
    Drawing 24 animals or 10,000, in one call or in many, gives animal 7 the same numbers.

    Arguments:
        seed: the study's seed. group: the arm. process, visit: what for, and which repeat.
        animals: integer indices, shape (n,).
        count: draws per animal.

    Returns: array (n, count) in the open interval (0, 1), resolution 2**-53.
    Source: Salmon et al. 2011 (doi:10.1145/2063384.2063405); constants and test vectors as published there.
    """
    text = f"{int(seed)}\x1f{group}\x1f{process}\x1f{int(visit)}".encode()
    key = np.frombuffer(hashlib.blake2b(text, digest_size=8).digest(), dtype="<u4").astype(np.uint64)
    animals = np.asarray(animals, dtype=np.uint64)
    blocks = np.arange((count + 1) // 2, dtype=np.uint64)  # a block of 128 bits makes two draws of 53 bits
    counter = [np.broadcast_to(word, (animals.size, blocks.size)) for word in
               (blocks[None, :], np.uint64(0), (animals & _LOW)[:, None], (animals >> _HALF)[:, None])]
    words = philox4x32(counter, key)
    first = (words[0] << _HALF | words[1]) >> np.uint64(11)
    second = (words[2] << _HALF | words[3]) >> np.uint64(11)
    draws = np.stack([first, second], axis=-1).reshape(animals.size, -1)[:, :count]
    return (draws.astype(np.float64) + 0.5) * 2.0**-53


_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def philox4x32(counter: list[np.ndarray], key: np.ndarray) -> list[np.ndarray]:
    """Ten rounds of Philox4x32 on words held in uint64 arrays; returns four words of 32 bits."""
    c0, c1, c2, c3 = counter
    k0, k1 = np.uint64(key[0]), np.uint64(key[1])
    for _ in range(10):
        product0, product1 = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = ((product1 >> _HALF) ^ c1 ^ k0, product1 & _LOW,
                          (product0 >> _HALF) ^ c3 ^ k1, product0 & _LOW)
        k0, k1 = np.uint64((int(k0) + 0x9E3779B9) & 0xFFFFFFFF), np.uint64((int(k1) + 0xBB67AE85) & 0xFFFFFFFF)
    return [c0, c1, c2, c3]
