"""The loss with the same bits everywhere, step by step in Python's own float64.

It is written from the algorithm that `docs/reproducible.md` states.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

TINY = 2.0**-126
LOG_OF_TINY, LOG_OF_LARGEST = -87.33654022216797, 88.72283172607422


def near(x: float) -> float:
    """Nearest power of two."""
    high = x * 2.0**52
    return (high + x) - high


def nearest(x: float) -> float:
    """Nearest integer, of two the even one."""
    return float(round(x))


def log(x: float) -> float:
    """Logarithm of what float32 can hold."""
    if math.isnan(x) or x <= 0:
        return -math.inf if x == 0 else math.nan
    if x == math.inf:
        return x
    power = near(x)
    m, e = x / power, nearest(math.log2(power))
    q = nearest(2.0**15 / m)
    g, s = m * q - 2.0**15, q - 2.0**15
    guess = math.log(q * 2.0**-15) / (s * 2.0**-15) if s else 0.0
    r = nearest(guess * 2.0**32) * 2.0**-32
    small = (g - g * g * 2.0**-16) * 2.0**-15 - s * (r * 2.0**-15)
    return e * (12193974156573 / 2.0**44) + small


def exp(x: float) -> float:
    """Exponential of what float32 can hold."""
    if math.isnan(x) or x < LOG_OF_TINY:
        return x if math.isnan(x) else 0.0
    if x > LOG_OF_LARGEST:
        return 2.0**300
    k = nearest(x * (1.4426950408889634 * 2.0**8))
    n = nearest(k * 2.0**-8)
    rest = x - k * (190530846196 / 2.0**46)
    d = nearest(rest * (2.0**35 * (1 + 0.001354 * 0.001354 / 8)))
    guess = math.exp((k - n * 2.0**8) * (0.6931471805599453 * 2.0**-8))
    part = nearest(guess * 2.0**36) * 2.0**-36
    return (part * (2.0**n * 2.0**-35)) * (2.0**35 + (d + d * d * 2.0**-36))


def entered(x: float) -> float:
    """Number of an operand, 0 where it is subnormal in float32."""
    return 0.0 if abs(x) < TINY else x


class Term(NamedTuple):
    """The factors of a term, and what bounds it in a sum; of nothing, all are 0."""

    p: float
    log_p: float
    log_q: float
    value: float
    weight: float
    ratio: float


NOTHING = Term(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def term(x: float, t: float, *, log_input: bool, log_target: bool) -> Term:
    """A term p (log p - log q)."""
    x, t = entered(x), entered(t)
    p = exp(t) if log_target else t
    log_p = t if log_target else log(t)
    log_q = x if log_input else log(x)
    weight = ratio = 0.0
    if math.isfinite(x) and math.isfinite(t) and p != 0:
        weight = abs(p)
        ratio = (abs(x) if log_input else 89.0) + (abs(t) if log_target else 89.0)
    is_zero = p == 0 and not math.isnan(log_q)
    value = 0.0 if is_zero else p * (log_p - log_q)
    return Term(p, log_p, log_q, value, weight, ratio)


def by_input(one: Term, x: float, *, log_input: bool) -> float:
    """Derivative of a term with respect to the input."""
    if log_input:
        return -one.p
    if one.p == 0:
        return 0.0
    q = entered(x)
    return -(one.p / q) if q else -one.p * math.inf


def by_target(one: Term, *, log_target: bool) -> float:
    """Derivative of a term with respect to the target."""
    if one.p == 0:
        return 0.0
    derivative = (one.log_p - one.log_q) + 1.0
    return one.p * derivative if log_target else derivative


def total(terms: Sequence[Term], count: int) -> float:
    """Sum of some of so many terms, before it is divided and rounded."""
    odd = [one.value for one in terms if not math.isfinite(one.value)]
    if odd:
        return sum(odd)
    weight = max((one.weight for one in terms), default=0.0)
    ratio = max((one.ratio for one in terms), default=0.0)
    bound = near(weight) * near(max(ratio, 256.0)) * 4.0
    return added([one.value for one in terms], bound, count)


def added(numbers: Sequence[float], bound: float, count: int) -> float:
    """Sum of finite numbers, some of so many, between bounds."""
    if bound == 0:
        return 0.0
    units = min(2.0**62 / near(count + 1.0), 2.0**36)
    high = low = 0
    for one in numbers:
        scaled = one * (units / bound)
        whole = nearest(scaled)
        high, low = high + round(whole), low + round((scaled - whole) * units)
    return (high + low / units) * (bound / units)


def flushed(x: float) -> float:
    """Number of a result, 0 where it is subnormal in float32."""
    return 0.0 if abs(x) < TINY else x
