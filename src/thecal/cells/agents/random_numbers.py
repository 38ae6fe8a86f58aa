"""Counter-based random numbers inside compiled loops: Philox4x32-10 and normal variates by Box and Muller.

A draw is a function of what it is for, never of when or where it is made: ``philox(step, purpose, cell, 0, key)``
gives four words of 32 bits. So any number of threads and any cut into blocks gives the same bytes.
Logarithm, sine and cosine are written out in float32 (error below 2e-7) so that the loop becomes vector code and no
library of the machine decides the last bit.

Source: Salmon et al. 2011 (doi:10.1145/2063384.2063405); the same generator as ``thecal.core.streams.uniforms``.
"""

from __future__ import annotations

import hashlib

import numpy as np
from llvmlite import ir
from numba import float32, njit, types, uint32, uint64
from numba.extending import intrinsic

M0, M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
W0, W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
SHIFT, LOW = np.uint64(32), np.uint64(0xFFFFFFFF)
UNIT = np.float32(2.0**-24)
HALF_UNIT = np.float32(2.0**-25)


def key_of(seed: int, group: str, process: str) -> tuple[np.uint32, np.uint32]:
    """The two key words of a seed, an arm and a process; the digest of ``core.streams.uniforms``, visit 0."""
    text = f"{int(seed)}\x1f{group}\x1f{process}\x1f0".encode()
    words = np.frombuffer(hashlib.blake2b(text, digest_size=8).digest(), dtype="<u4")
    return np.uint32(words[0]), np.uint32(words[1])


@intrinsic
def bits_of(typingctx, value):  # type: ignore[no-untyped-def]
    """The 32 bits of a float32 as an int32."""
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.bitcast(arguments[0], ir.IntType(32))
    return types.int32(types.float32), generate


@intrinsic
def float_of(typingctx, bits):  # type: ignore[no-untyped-def]
    """The float32 that 32 bits stand for."""
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.bitcast(arguments[0], ir.FloatType())
    return types.float32(types.int32), generate


@intrinsic
def fma(typingctx, a, b, c):  # type: ignore[no-untyped-def]
    """``a * b + c`` of float32, rounded once: the same bits on every machine, which a compiler's own choice is not."""
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.fma(*arguments)
    return types.float32(types.float32, types.float32, types.float32), generate


@njit(inline="always")
def philox(c0, c1, c2, c3, k0, k1):
    """Ten rounds of Philox4x32 on one counter; four words of 32 bits.

    Words stand in the lower half of 64 bits, as the multiplier of vector units takes them; what gathers in the upper
    half is cut off where it would matter.
    """
    c0, c1, c2, c3, k0, k1 = uint64(c0), uint64(c1), uint64(c2), uint64(c3), uint64(k0), uint64(k1)
    for _ in range(10):
        a = (c0 & LOW) * M0
        b = (c2 & LOW) * M1
        c0 = (b >> SHIFT) ^ c1 ^ k0
        c2 = (a >> SHIFT) ^ c3 ^ k1
        c1 = b
        c3 = a
        k0 = (k0 + W0) & LOW
        k1 = (k1 + W1) & LOW
    return uint32(c0), uint32(c1), uint32(c2), uint32(c3)


@njit(inline="always")
def unit(word):
    """A word as a number in the open interval (0, 1), from its upper 24 bits."""
    return fma(float32(np.int32(uint32(word) >> uint32(8))), UNIT, HALF_UNIT)


LOW_BYTE = np.uint32(0xFF)


@njit(inline="always")
def spare(word0, word1):
    """A whole number below 2**16 from the lowest bytes of two words, which ``normals`` leaves unused."""
    return float32(np.int32((uint32(word0) & LOW_BYTE) | ((uint32(word1) & LOW_BYTE) << uint32(8))))


LN2F = np.float32(0.6931471805599453)
SQRT_HALF_BITS = np.int32(0x3F3504F3)
EXPONENT, MANTISSA = np.int32(23), np.int32(0x007FFFFF)
L3, L5, L7 = np.float32(1 / 3), np.float32(1 / 5), np.float32(1 / 7)
TWO, ONE, HALF = np.float32(2), np.float32(1), np.float32(0.5)


@njit(inline="always")
def log_of(u):
    """Natural logarithm of a positive normal float32: ``e ln 2 + 2 artanh((m - 1) / (m + 1))``."""
    shifted = bits_of(u) - SQRT_HALF_BITS
    exponent = shifted >> EXPONENT
    m = float_of((shifted & MANTISSA) + SQRT_HALF_BITS)
    s = (m - ONE) / (m + ONE)
    z = s * s
    return fma(float32(exponent), LN2F, TWO * s * fma(z, fma(z, fma(z, L7, L5), L3), ONE))


QUARTER = np.float32(np.pi / 2 * 2.0**-32)
ANGLE, SIGN, ODD = np.uint32(0xFFFFFC00), np.uint32(0x80000000), np.uint32(0x40000000)
HALF_ANGLE = np.float32(np.pi / 2 * 2.0**-23)
S3, S5, S7 = np.float32(-1 / 6), np.float32(1 / 120), np.float32(-1 / 5040)
C4, C6, C8 = np.float32(1 / 24), np.float32(-1 / 720), np.float32(1 / 40320)


@njit(inline="always")
def normals(word0, word1):
    """Two independent standard normal variates from the upper 24 bits of two words (Box and Muller 1958).

    The tail ends at 5.9. One bit of the second word chooses between the sectors around both axes, one between the ends
    of that axis, and 22 the angle within a sector, middle of the cell.
    """
    word1 = uint32(word1)
    length = np.sqrt(-TWO * log_of(unit(word0)))
    radius = float_of(np.int32(uint32(bits_of(length)) | (word1 & SIGN)))
    phi = fma(float32(np.int32((word1 << uint32(2)) & ANGLE)), QUARTER, HALF_ANGLE)
    z = phi * phi
    s = radius * phi * fma(z, fma(z, fma(z, S7, S5), S3), ONE)
    c = radius * fma(z, fma(z, fma(z, fma(z, C8, C6), C4), -HALF), ONE)
    return (s, c) if (word1 & ODD) != uint32(0) else (c, s)
