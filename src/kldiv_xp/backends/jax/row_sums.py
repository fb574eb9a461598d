"""JAX on a CPU: a namespace in which long rows are added up in parts.

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
from kldiv_xp.backends.jax.blocks import are_known, count_of_devices
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


def with_sums_in_parts(
    function: Callable[..., Array], arrays: Arrays
) -> tuple[Callable[..., Array], Callable[..., Array]]:
    """`function(xp, *arrays)` on a CPU, and elsewhere, where XLA adds up in a tree."""
    elsewhere = partial(function, jnp)
    return partial(function, SUMS_IN_PARTS) if are_known(arrays) else elsewhere, elsewhere


def by_sums_in_parts(function: Callable[..., Array], arrays: Arrays) -> Array:
    """Result of `function(xp, *arrays)` of rows."""
    on_cpu, elsewhere = with_sums_in_parts(function, arrays)
    return jax.lax.platform_dependent(*arrays, cpu=on_cpu, default=elsewhere)
