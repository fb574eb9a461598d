"""From an exact number to the nearest number of a format, ties to even."""

import math

from mpmath import mp, mpf

from kldiv_conformance._formats import Format


def rounded(value: mpf | float, form: Format) -> float:
    """Nearest number of the format, as a Python float; an exact zero becomes +0."""
    number = mpf(value)
    if mp.isnan(number) or mp.isinf(number) or number == 0:
        return float(number)
    significand, exponent = number.man_exp
    leading = exponent + significand.bit_length() - 1
    if leading > form.emax:
        magnitude = math.inf
    elif leading < form.emin - form.precision:
        magnitude = 0.0
    else:
        lowest = max(leading, form.emin) - form.precision + 1
        magnitude = scaled(shifted(significand, lowest - exponent), lowest, form)
    return -magnitude if number < 0 else magnitude


def shifted(significand: int, places: int) -> int:
    """Integer nearest to ``significand / 2**places``, ties to even."""
    if places <= 0:
        return significand << -places
    quotient, remainder = divmod(significand, 1 << places)
    half = 1 << (places - 1)
    return quotient + (remainder > half or (remainder == half and quotient % 2 == 1))


def scaled(significand: int, exponent: int, form: Format) -> float:
    """``significand * 2**exponent``, infinite beyond the largest number."""
    if significand.bit_length() + exponent - 1 > form.emax:
        return math.inf
    return math.ldexp(float(significand), exponent)
