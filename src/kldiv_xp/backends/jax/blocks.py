"""JAX on a CPU: functions of rows, a few of them at a time."""

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp

from kldiv_xp._typing import Array, Axes
from kldiv_xp.backends.jax.meshes import explicit_sharding
from kldiv_xp.core.evaluate import Arrays

ELEMENTS = 2**16
"""Of an operand in one block, so that what is computed on the way stays in the cache."""

LARGEST_INDEX = 2**31 - 1


def by_platform(function: Callable[..., Array], axis: Axes | None, *arrays: Array) -> Array:
    """Function (axis, *arrays) of samples: `in_blocks` on a CPU, of all at once elsewhere."""
    on_cpu, plainly = partial(in_blocks, function, axis), partial(function, axis)
    return jax.lax.platform_dependent(*arrays, cpu=on_cpu, default=plainly)


def in_blocks(function: Callable[..., Array], axis: Axes | None, *arrays: Array) -> Array:
    """Function (axis, *arrays) of samples, a few of them at a time where that is worth it.

    Of each sample it gives one number, or one for each of its elements, and without axes the sum of
    all elements.

    XLA on a CPU writes what comes from a comparison or a conversion to arrays as large as the
    operands, and the system clears their memory in each call: the sum of 512 x 32000 float32 with
    a mask took 5.7 times as long as by blocks.
    """
    shape = arrays[0].shape
    samples = shape[: -len(axis)] if axis else ()
    if not is_cut(arrays) or (axis and axis != tuple(range(len(samples), len(shape)))):
        return function(axis, *arrays)
    if not samples:
        elements = tuple(array.reshape(-1) for array in arrays)
        return jnp.sum(of_rows(lambda *block: function(None, *block)[None], elements))
    rows = tuple(array.reshape(prod(samples), -1) for array in arrays)
    found = of_rows(partial(function, (1,)), rows)
    return found.reshape(*samples, *found.shape[1:])


def few_at_a_time(
    function: Callable[..., Array], arrays: Arrays, elsewhere: Callable[..., Array] | None = None
) -> Array:
    """Function of rows, which are the last axis; on a CPU of a few of them at a time.

    Elsewhere it may be another function.
    """
    on_cpu, elsewhere = function, elsewhere or function
    if arrays[0].ndim > 1:
        last = (arrays[0].ndim - 1,)
        on_cpu = partial(in_blocks, partial(of_whole_rows, function), last)
    if on_cpu is elsewhere:
        return function(*arrays)
    return jax.lax.platform_dependent(*arrays, cpu=on_cpu, default=elsewhere)


def of_whole_rows(function: Callable[..., Array], _: Axes | None, *rows: Array) -> Array:
    """Result of a function of rows, which needs no axis to be named."""
    return function(*rows)


def totals(
    function: Callable[..., Any], merge: Sequence[Callable[..., Array]], *arrays: Array
) -> Any:
    """Results of a function of flattened arrays: on a CPU those of its blocks, merged."""
    elements = tuple(array.reshape(-1) for array in arrays)
    by_blocks = partial(merged, function, tuple(merge))
    return jax.lax.platform_dependent(*elements, cpu=by_blocks, default=function)


def merged(
    function: Callable[..., Any], merge: Sequence[Callable[..., Array]], *elements: Array
) -> Any:
    """Results of one element, of blocks where that is worth it."""
    if not is_cut(elements):
        return function(*elements)
    found = of_rows(function, elements)
    parts = (how(one, keepdims=True) for how, one in zip(merge, found, strict=True))
    return type(found)(parts) if type(found) is tuple else type(found)(*parts)


def is_cut(arrays: Arrays) -> bool:
    """Whether arrays of a CPU are worth blocks: large, and of known rows."""
    return is_of_known_rows(arrays) and 2 * ELEMENTS <= prod(arrays[0].shape) <= LARGEST_INDEX


def is_of_known_rows(arrays: Arrays) -> bool:
    """Whether arrays of a CPU can be cut: they are of known size, and of one device alone.

    Blocks of rows that several devices share would be gathered first.
    """
    return are_known(arrays) and count_of_devices() == 1


def are_known(arrays: Arrays) -> bool:
    """Whether arrays are of known size, and lie along no axis that is explicit.

    Even of one device, a block loses the axis that its rows lie along.
    """
    shardings = filter(None, map(explicit_sharding, arrays))
    if any(any(sharding.spec) for sharding in shardings):
        return False
    return all(isinstance(size, int) for size in arrays[0].shape)


def count_of_devices() -> int:
    """How many CPUs there are for JAX; on others than CPUs nothing is cut."""
    try:
        return int(jax.device_count("cpu"))
    except RuntimeError:  # JAX has no CPU where JAX_PLATFORMS names none
        return 0


def of_rows(function: Callable[..., Any], arrays: Arrays) -> Any:
    """Results of a function of some rows, joined; there may be several."""
    rows, *row = arrays[0].shape
    count = max(1, ELEMENTS // prod(row))
    whole = rows - rows % count

    def block(start: Array) -> Array:
        return function(*(cut(one, start, count) for one in arrays))

    blocks = jax.lax.map(block, jnp.arange(0, whole, count))
    blocks = jax.tree.map(lambda one: one.reshape(-1, *one.shape[2:]), blocks)
    if whole == rows:
        return blocks
    rest = function(*(one[whole:] for one in arrays))
    return jax.tree.map(lambda *both: jnp.concat(both), blocks, rest)


def cut(array: Array, start: Array, count: int) -> Array:
    """Some rows of an array."""
    if array.dtype != jnp.bfloat16:
        return jax.lax.dynamic_slice_in_dim(array, start, count)
    # XLA on a CPU cuts no bfloat16: it widens the whole array first.
    bits = jax.lax.bitcast_convert_type(array, jnp.uint16)
    part = jax.lax.dynamic_slice_in_dim(bits, start, count)
    return jax.lax.bitcast_convert_type(part, array.dtype)
