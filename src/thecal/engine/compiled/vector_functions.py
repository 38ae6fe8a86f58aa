"""Exponential and logarithm as vector arithmetic, correct to about one unit in the last place.

Written out instead of called, because a library call would leave the vector registers, differ between machines in
the last bit, and make a cached object depend on what is installed.

Sources: range reduction and the polynomial of the logarithm after fdlibm (Sun Microsystems, 1993; K. C. Ng);
the exponential is the Taylor polynomial of degree 13 on |r| <= ln(2)/2, whose remainder is below 5e-18.
"""

from __future__ import annotations

import math

from thecal.engine.compiled.vector_code import Code

_LN2_HIGH = 6.93147180369123816490e-01  # 32 bits, so that its products with exponents are exact
_LN2_LOW = 1.90821492927058770002e-10
_ROUNDER = 6755399441055744.0  # 1.5 * 2^52: adding it leaves the nearest whole number in the low bits
_ROUNDER_BITS = 0x4338000000000000
_LARGEST, _SMALLEST = 709.782712893384, -708.3964185322641
_SMALLEST_NORMAL = 2.2250738585072014e-308
_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD
_LOG_COEFFICIENTS = (6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
                     2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
                     1.479819860511658591e-01)


def exp(code: Code, x: str) -> str:
    """``e**x``; above 709.78 infinity, below -708.39 zero, not-a-number stays."""
    inside = code.smaller(x, code.constant(_LARGEST))
    inside = code.larger(inside, code.constant(_SMALLEST))
    shifted = code.fused(inside, code.constant(1.0 / math.log(2.0)), code.constant(_ROUNDER))
    n = code.subtract(shifted, code.constant(_ROUNDER))
    r = code.fused(n, code.constant(-_LN2_HIGH), inside)
    r = code.fused(n, code.constant(-_LN2_LOW), r)
    square = code.multiply(r, r)
    odd = _horner(code, square, [1.0 / math.factorial(k) for k in range(13, 1, -2)])   # r^3, r^5, ... over r^3
    even = _horner(code, square, [1.0 / math.factorial(k) for k in range(12, 0, -2)])  # r^2, r^4, ... over r^2
    tail = code.multiply(square, code.fused(r, odd, even))
    significand = code.add(code.constant(1.0), code.add(r, tail))
    exponent = code.whole_operation("sub", code.as_whole(shifted), code.integer(_ROUNDER_BITS - 1023))
    # 2^1024 has no bits: take half the significand's power there, and double at the end
    top = code.compare("ogt", n, code.constant(1023.0))
    one_less = code.whole_operation("sub", exponent, code.integer(1))
    exponent = code.line(f"select {code.bits} {top}, {code.whole} {one_less}, {code.whole} {exponent}")
    scale = code.as_real(code.whole_operation("shl", exponent, code.integer(52)))
    result = code.multiply(code.multiply(significand, code.choose(top, code.constant(2.0), code.constant(1.0))), scale)
    result = code.choose(code.compare("ogt", x, code.constant(_LARGEST)), code.constant(math.inf), result)
    return code.choose(code.compare("olt", x, code.constant(_SMALLEST)), code.constant(0.0), result)


def log(code: Code, x: str) -> str:
    """The natural logarithm; zero counts as the smallest normal number (-708.4), below zero is not-a-number."""
    bits = code.as_whole(code.larger(x, code.constant(_SMALLEST_NORMAL)))
    offset = code.whole_operation("sub", bits, code.integer(_ROOT_HALF_BITS))
    exponent = code.whole_operation("ashr", offset, code.integer(52))
    m = code.as_real(code.whole_operation("sub", bits, code.whole_operation("shl", exponent, code.integer(52))))
    n = code.subtract(code.as_real(code.whole_operation("add", exponent, code.integer(_ROUNDER_BITS))),
                      code.constant(_ROUNDER))
    f = code.subtract(m, code.constant(1.0))
    s = code.divide(f, code.add(f, code.constant(2.0)))
    z = code.multiply(s, s)
    half_square = code.multiply(code.multiply(f, code.constant(0.5)), f)
    series = code.multiply(z, _horner(code, z, list(reversed(_LOG_COEFFICIENTS))))
    small = code.fused(s, code.add(half_square, series), code.multiply(n, code.constant(_LN2_LOW)))
    result = code.fused(n, code.constant(_LN2_HIGH), code.subtract(f, code.subtract(half_square, small)))
    result = code.choose(code.compare("oeq", x, code.constant(math.inf)), x, result)
    return code.choose(code.compare("ult", x, code.constant(0.0)), code.constant(math.nan), result)


def _horner(code: Code, x: str, coefficients: list[float]) -> str:
    """A polynomial, highest coefficient first."""
    result = code.constant(coefficients[0])
    for coefficient in coefficients[1:]:
        result = code.fused(result, x, code.constant(coefficient))
    return result
