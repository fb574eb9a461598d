"""JAX on a CPU: namespaces that add up long rows in parts, or any rows pair by pair.

XLA adds up what it computes in the same loop one by one: divergences of 128,256 classes that are
all the same but for one had errors of 8e-5, and derivatives of 2e-5; of parts it is 3e-6.
"""

from collections.abc import Callable
from functools import partial
from math import gcd
from typing import Any

import jax
import jax.numpy as jnp

from kldiv_xp._typing import Array
from kldiv_xp.backends.jax.blocks import are_known, count_of_devices, few_at_a_time
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.formula.any_size import unmerged

PART = 1024


class SumsInParts:
    """The namespace of JAX, whose sums along the last axis are sums of sums."""

    def __getattr__(self, name: str) -> Any:
        return getattr(jnp, name)

    def sum(self, array: Array, *, axis: int, keepdims: bool = False) -> Array:
        """Sum along the last axis."""
        length = array.shape[-1]
        part = length_of_parts(length)
        if axis != -1 or length < 2 * part:
            return jnp.sum(array, axis=axis, keepdims=keepdims)
        whole = length - length % part
        parts = array[..., :whole].reshape(*array.shape[:-1], -1, part)
        # XLA makes one sum of two, but not through this.
        sums = unmerged(jnp, jnp.sum(parts, axis=-1))
        total = jnp.sum(sums, axis=-1, keepdims=keepdims)
        if whole == length:
            return total
        return total + jnp.sum(array[..., whole:], axis=-1, keepdims=keepdims)


def length_of_parts(length: int) -> int:
    """How many numbers are added up at once.

    Where several devices may share the classes of a row, each adds up parts of its own: a part that
    lay on two would be sent from one to the other.
    """
    shared = gcd(length, count_of_devices())
    if shared == 1:
        return PART
    own = length // shared
    return next((part for part in range(min(PART, own), 1, -1) if own % part == 0), length)


SUMS_IN_PARTS = SumsInParts()
VECTORS = 16
"""Added at once, in pairs: of 8 derivatives of mixtures of 32,000 classes took 3 times as long."""


class PairwiseSums(SumsInParts):
    """The namespace of JAX with pairwise summation along the last axis, for derivatives.

    XLA's additions one by one to a class that is larger than all others are all rounded the same
    way: derivatives of rows of 100 classes had errors of 4e-6; of pairs it is 4e-7.
    """

    def sum(self, array: Array, *, axis: int, keepdims: bool = False) -> Array:
        """Sum along the last axis; in parts where digits are to spare, or devices share rows."""
        if axis != -1 or array.dtype == jnp.float64 or count_of_devices() > 1:
            return super().sum(array, axis=axis, keepdims=keepdims)
        total = pairwise_sum(array)
        return total if keepdims else total[..., 0]


def pairwise_sum(array: Array) -> Array:
    """Sum along the last axis, which stays: vectors are added first."""
    while (length := array.shape[-1]) > 1:
        count = min(VECTORS, 2 ** (length.bit_length() - 1))
        lane = length // count
        lanes = [array[..., at * lane : (at + 1) * lane] for at in range(count)]
        rest = array[..., count * lane :]
        while len(lanes) > 1:
            lanes = [one + other for one, other in zip(lanes[::2], lanes[1::2], strict=True)]
        array = jnp.concat([*lanes, rest], axis=-1) if length % count else lanes[0]
    return array if length else jnp.sum(array, axis=-1, keepdims=True)


PAIRWISE_SUMS = PairwiseSums()


def with_sums_in_parts(
    function: Callable[..., Array], arrays: Arrays, sums: SumsInParts = SUMS_IN_PARTS
) -> tuple[Callable[..., Array], Callable[..., Array]]:
    """`function(xp, *arrays)` on a CPU, and elsewhere, where XLA adds up in a tree."""
    elsewhere = partial(function, jnp)
    return partial(function, sums) if are_known(arrays) else elsewhere, elsewhere


def by_sums_in_parts(
    function: Callable[..., Array], arrays: Arrays, sums: SumsInParts = SUMS_IN_PARTS
) -> Array:
    """Result of `function(xp, *arrays)` of rows."""
    on_cpu, elsewhere = with_sums_in_parts(function, arrays, sums)
    return jax.lax.platform_dependent(*arrays, cpu=on_cpu, default=elsewhere)


def by_few_rows(
    function: Callable[..., Array], arrays: Arrays, sums: SumsInParts = SUMS_IN_PARTS
) -> Array:
    """Result of `function(xp, *arrays)` of rows, on a CPU of a few of them at a time."""
    on_cpu, elsewhere = with_sums_in_parts(function, arrays, sums)
    return few_at_a_time(on_cpu, arrays, elsewhere)
