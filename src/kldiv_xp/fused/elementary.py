"""Logarithms and exponentials as traced lines: polynomials and exponent bits.

The largest errors of every 31st float32 are 0.85 (log), 1.1 (exp), 1.5 (log1p), 1.6 (expm1) and
2.5 (tanh) units in the last place.
"""

import math
from typing import NamedTuple

from kldiv_xp._typing import Array, Namespace

LOG_OF_2 = {
    "float32": (0.693359375, -2.12194440e-4),
    "float64": (6.93147180369123816490e-01, 1.90821492927058770002e-10),
}
"""log(2) as high + low; high has few digits, so that its products with exponents are exact."""


class FloatLayout(NamedTuple):
    """Constants of a binary floating-point format."""

    digits: int
    """Stored bits of the significand."""

    bias: int
    shift: float
    """Adding it to a number leaves the nearest integer in the last bits."""

    split: int
    """Bits of a number near sqrt(1/2): significands are reduced to [sqrt(1/2), sqrt(2))."""


LAYOUTS = {
    "float32": FloatLayout(23, 127, 1.5 * 2.0**23, 0x3F2AAAAB),
    "float64": FloatLayout(52, 1023, 1.5 * 2.0**52, 0x3FE6A09E << 32),
}

# Of (expm1(r) - r) / r**2 for r within log(2) / 2: Chebyshev's, the highest power first, with
# errors of 6e-8 and 1e-16.
EXPONENTIAL = {
    "float32": (
        *(0.0013926213466332444, 0.008363202971575855, 0.04166655443768594),
        *(0.16666576845993977, 0.5),
    ),
    "float64": (
        *(2.5100424157005067e-08, 2.7620138719733994e-07, 2.7557268378684192e-06),
        *(2.480152119021773e-05, 0.00019841269863105968, 0.0013888888917281794),
        *(0.008333333333330051, 0.04166666666662399, 0.16666666666666669, 0.5000000000000001),
    ),
}


def log(xp: Namespace, x: Array) -> Array:
    """Natural logarithm; -inf at 0, NaN below, subnormal numbers included."""
    layout = LAYOUTS[xp.real]
    subnormal = xp.less(x, xp.finfo("").smallest_normal)
    lifted = xp.where(subnormal, xp.multiply(x, 2.0**layout.digits), x)
    exponent, f, _ = exponent_and_significand(xp, lifted)
    exponent = xp.subtract(exponent, xp.where(subnormal, float(layout.digits), 0.0))
    value = xp.where(xp.less(x, math.inf), log_from_parts(xp, exponent, f), x)
    return xp.where(xp.greater(x, 0), value, xp.where(xp.equal(x, 0), -math.inf, math.nan))


def log1p(xp: Namespace, x: Array) -> Array:
    """Logarithm of 1 + x, corrected for the rounding error of the sum."""
    digits = LAYOUTS[xp.real].digits
    u = xp.add(x, 1.0)
    of_x, of_1 = xp.subtract(x, xp.subtract(u, 1.0)), xp.subtract(1.0, xp.subtract(u, x))
    lost = xp.where(xp.less(x, 1), of_x, of_1)
    exponent, f, scale = exponent_and_significand(xp, u)
    f = xp.add(f, xp.where(xp.less(x, 2.0 ** (digits + 1)), xp.multiply(lost, scale), 0.0))
    value = xp.where(xp.less(x, math.inf), log_from_parts(xp, exponent, f), x)
    return xp.where(xp.greater(x, -1), value, xp.where(xp.equal(x, -1), -math.inf, math.nan))


def exponent_and_significand(xp: Namespace, x: Array) -> tuple[Array, Array, Array]:
    """Exponent e, f and 2**-e, where a normal x is 2**e (1 + f) and f small."""
    digits, bias, shift, split = LAYOUTS[xp.real]
    bits = xp.bits(x)
    e = xp.shift_right(xp.integer_subtract(bits, split), digits)
    shifted = xp.shift_left(e, digits)
    f = xp.subtract(xp.value(xp.integer_subtract(bits, shifted)), 1.0)
    scale = xp.value(xp.integer_subtract(bias << digits, shifted))
    exponent = xp.value(xp.integer_add(e, bits_of_shift(digits)))
    return xp.subtract(exponent, shift), f, scale


def bits_of_shift(digits: int) -> int:
    """Bits of 1.5 * 2**digits."""
    bias = 127 if digits == LAYOUTS["float32"].digits else 1023
    return ((digits + bias) << digits) + (1 << (digits - 1))


def log_from_parts(xp: Namespace, exponent: Array, f: Array) -> Array:
    """Logarithm of 2**exponent (1 + f)."""
    high, low = LOG_OF_2[xp.real]
    if xp.real == "float32":
        s = xp.multiply(f, f)
        r = xp.polynomial(s, -0.130310059, -0.121483512, -0.166846126, -0.249996200)
        t = xp.polynomial(s, 0.140869141, 0.139814854, 0.200120345)
        r = xp.polynomial(f, xp.fma(t, f, r), 0.333331972, -0.5)
        return xp.fma(exponent, 0.693147182, xp.fma(r, s, f))
    s = xp.divide(f, xp.add(f, 2.0))
    half = xp.multiply(xp.multiply(f, 0.5), f)
    r = fdlibm(xp, xp.multiply(s, s))
    small = xp.fma(exponent, low, xp.multiply(s, xp.add(half, r)))
    return xp.fma(exponent, high, xp.subtract(f, xp.subtract(half, small)))


def fdlibm(xp: Namespace, z: Array) -> Array:
    """(log(1 + f) - (f - f**2 / 2)) / s - f**2 / 2, where s = f / (2 + f) and z = s**2."""
    coefficients = (
        *(1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01),
        *(2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01),
        6.666666666666735130e-01,
    )
    return xp.multiply(xp.polynomial(z, *coefficients), z)


def exp(xp: Namespace, x: Array) -> Array:
    """Exponential; subnormal results included, 0 and inf beyond the range, NaN for NaN."""
    lowest, highest = (-104.5, 89.0) if xp.real == "float32" else (-746.0, 710.0)
    # A product that underflows to 0 takes 100 times as long, so that 0 is a factor.
    is_none = xp.less(x, lowest)
    x = xp.where(is_none, 0.0, xp.where(xp.greater(x, highest), highest, x))
    r, n, rounded = reduced_argument(xp, x)
    value = xp.add(xp.fma(rest(xp, r), xp.multiply(r, r), r), 1.0)
    digits, bias, shift, _ = LAYOUTS[xp.real]
    # In two steps, since 2**n itself may be subnormal or too large.
    half = xp.bits(xp.fma(rounded, 0.5, shift))
    first = xp.shift_left(xp.integer_add(half, bias), digits)
    other = xp.integer_add(xp.integer_subtract(n, half), bias)
    last = xp.where(is_none, 0.0, xp.value(xp.shift_left(other, digits)))
    return xp.multiply(xp.multiply(value, xp.value(first)), last)


def reduced_argument(xp: Namespace, x: Array) -> tuple[Array, Array, Array]:
    """R and n with x = r + n log(2): r, n in the last bits of an integer, n as a number."""
    shift = LAYOUTS[xp.real].shift
    y = xp.fma(x, 1 / math.log(2), shift)
    rounded = xp.subtract(y, shift)
    high, low = LOG_OF_2[xp.real]
    r = xp.fma(rounded, -low, xp.fma(rounded, -high, x))
    return r, xp.bits(y), rounded


def rest(xp: Namespace, r: Array) -> Array:
    """(expm1(r) - r) / r**2."""
    return xp.polynomial(r, *EXPONENTIAL[xp.real])


def expm1(xp: Namespace, x: Array) -> Array:
    """Exponential less 1."""
    lowest, highest = (-20.0, 89.0) if xp.real == "float32" else (-50.0, 710.0)
    bounded = xp.where(xp.less(x, lowest), lowest, xp.where(xp.greater(x, highest), highest, x))
    r, n, _ = reduced_argument(xp, bounded)
    digits, bias, _, _ = LAYOUTS[xp.real]
    value = xp.fma(rest(xp, r), xp.multiply(r, r), r)
    # 2**n may be too large by 2: half of it, twice.
    half = xp.value(xp.shift_left(xp.integer_add(n, bias - 1), digits))
    value = xp.multiply(xp.fma(half, value, xp.subtract(half, 0.5)), 2.0)
    return xp.where(xp.equal(x, 0), x, value)


def tanh(xp: Namespace, x: Array) -> Array:
    """Hyperbolic tangent, with errors below 4 units in the last place."""
    size = xp.abs(x)
    e = expm1(xp, xp.multiply(xp.where(xp.greater(size, 20), 20.0, size), -2.0))
    return xp.copysign(xp.divide(xp.negative(e), xp.add(e, 2.0)), x)
