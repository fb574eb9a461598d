"""What keeps divergences of nearly equal distributions exact: what h(d) = exp(-d) - 1 + d is of."""

from kldiv_xp._typing import Array, Namespace

SMALL = 1.5
"""Up to here the rational functions are exact; beyond, nothing cancels in what they stand for."""

EPS_OF_FLOAT32 = 2.0**-23


def completed_ratio(xp: Namespace, d: Array) -> Array:
    """h(d) / d**2, for abs(d) <= SMALL: from d + expm1(-d) it would have the error eps / abs(d)."""
    even, odd, divisor = parts_of_quotients(xp, d)
    return xp.divide(xp.add(even, odd), divisor)


def expm1_ratio(xp: Namespace, d: Array) -> Array:
    """expm1(-d) / d, for abs(d) <= SMALL."""
    even, _, divisor = parts_of_quotients(xp, d)
    return xp.divide(xp.multiply(even, -2.0), divisor)


def parts_of_quotients(xp: Namespace, d: Array) -> tuple[Array, Array, Array]:
    """B, d A, and (2 + d) B + z A, where d coth(d / 2) = 2 + z A / B and z = d**2.

    From the continued fraction 2 + z / (6 + z / (10 + ...)), as far as float32 needs (an error of
    2e-8 at SMALL), or float64 (5e-16).
    """
    z = xp.multiply(d, d)
    if xp.finfo(d.dtype).eps < EPS_OF_FLOAT32:
        a = polynomial(xp, z, 1.0, 2376.0, 720720.0, 43243200.0)
        b = polynomial(xp, z, 72.0, 55440.0, 8648640.0, 259459200.0)
    else:
        a = polynomial(xp, z, 28.0, 2520.0)
        b = polynomial(xp, z, 1.0, 420.0, 15120.0)
    divisor = xp.add(xp.multiply(xp.add(d, 2.0), b), xp.multiply(z, a))
    return b, xp.multiply(a, d), divisor


def polynomial(xp: Namespace, z: Array, first: float, *others: float) -> Array:
    """Polynomial with these coefficients, that of the highest power first."""
    value = z if first == 1 else xp.multiply(z, first)
    for number, other in enumerate(others):
        value = xp.add(xp.multiply(value, z) if number else value, other)
    return value
