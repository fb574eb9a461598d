"""Forms of rows of logits in arrays of NumPy, and the type that they are computed in."""

from functools import lru_cache
from typing import TypeGuard

from kldiv_xp._typing import DType, Namespace
from kldiv_xp.formula.kl_of_logits import Attempts
from kldiv_xp.formula.logits import JS, KL, Divergence

WIDE_ROWS = 128
"""Rows of float32 that are shorter are computed in float64."""


def attempts_at(
    xp: Namespace, divergence: Divergence, place: int | None, working: DType, size: int
) -> tuple[Attempts, DType]:
    """Attempts at rows of a size, or at a derivative, and the type that they are computed in."""
    if working == xp.float32 and is_widened(divergence, place, size):
        return wide_attempts(divergence, place), xp.float64
    return attempts(divergence, place), working


def is_widened(divergence: Divergence, place: int | None, size: int) -> bool:
    """Whether rows of float32 are computed in float64; it depends on no other row.

    That is one form, where others are tried in turn: 32 x 10 logits take 18 us where they took 110.
    Of 100 classes both take as long, on a processor without fast exponentials of float64.  That of
    the derivative of a mixture takes a fifth for any number of classes.
    """
    is_short = size < WIDE_ROWS or (place is not None and isinstance(divergence, JS))
    return is_short and divergence.is_of_logits


@lru_cache
def wide_attempts(divergence: Divergence, place: int | None) -> Attempts:
    """Attempts of a divergence in float64."""
    return divergence.wide_attempts(place)


@lru_cache
def attempts(divergence: Divergence, place: int | None) -> Attempts:
    """Attempts of a divergence."""
    return divergence.attempts(place)


def has_factors(divergence: Divergence) -> TypeGuard[KL]:
    """Whether it is an inner product, that of a target that is given."""
    return isinstance(divergence, KL) and not divergence.is_of_logits
