"""JAX on a CPU: a namespace in which long rows are added up in parts.

XLA adds up what it computes in the same loop one by one: divergences of 128,256 classes that are
all the same but for one had errors of 8e-5, and derivatives of 2e-5; of parts it is 3e-6.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from kldiv_xp._typing import Array
from kldiv_xp.backends.jax.blocks import is_of_known_rows
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
        if axis != -1 or length < 2 * PART:
            return jnp.sum(array, axis=axis, keepdims=keepdims)
        whole = length - length % PART
        parts = array[..., :whole].reshape(*array.shape[:-1], -1, PART)
        # XLA makes one sum of two, but not through this.
        sums = unmerged(jnp, jnp.sum(parts, axis=-1))
        total = jnp.sum(sums, axis=-1, keepdims=keepdims)
        if whole == length:
            return total
        return total + jnp.sum(array[..., whole:], axis=-1, keepdims=keepdims)


SUMS_IN_PARTS = SumsInParts()


def with_sums_in_parts(
    function: Callable[..., Array], arrays: Arrays
) -> tuple[Callable[..., Array], Callable[..., Array]]:
    """`function(xp, *arrays)` on a CPU, and elsewhere, where XLA adds up in a tree."""
    elsewhere = partial(function, jnp)
    return partial(function, SUMS_IN_PARTS) if is_of_known_rows(arrays) else elsewhere, elsewhere


def by_sums_in_parts(function: Callable[..., Array], arrays: Arrays) -> Array:
    """Result of `function(xp, *arrays)` of rows."""
    on_cpu, elsewhere = with_sums_in_parts(function, arrays)
    return jax.lax.platform_dependent(*arrays, cpu=on_cpu, default=elsewhere)
