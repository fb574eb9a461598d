"""Losses that are right but for how they read memory."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from kldiv_xp import kl_div


def owner_of(array):
    """Where an array starts in memory, and all that lies there, which belongs to others, too."""
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    start = (array.ctypes.data - owner.ctypes.data) // array.itemsize
    return start, owner.ravel(order="K")


def one_piece(array):
    """Values that a kernel reads which takes an address and a shape.

    Where it would read past the end of the memory, and may crash, from the beginning again.
    """
    start, memory = owner_of(array)
    places = start + np.arange(array.size).reshape(array.shape)
    return memory.take(places, mode="wrap") if array.size else array


def reading(*names, how):
    """A right loss but for how it reads some of its arguments from memory."""

    def loss(input, target, **options):
        given = {"input": input, "target": target, **options}
        given |= {name: how(given[name]) for name in names if given.get(name) is not None}
        return kl_div(**given)

    return loss


def in_order_of_memory(array):
    return array.ravel(order="K").reshape(array.shape)


def from_its_buffer(array):
    """The memory that an array belongs to, from its beginning."""
    memory = owner_of(array)[1]
    return memory.take(np.arange(array.size).reshape(array.shape), mode="wrap")


def without_signs_of_strides(array):
    return np.flip(array, [at for at, step in enumerate(array.strides) if step < 0])


def rows_for_packed(array):
    """A kernel that asks for a last stride of one item alone, and takes the rows for packed."""
    if array.ndim < 2 or not array.size or array.strides[-1] != array.itemsize:
        return array
    if min(array.strides) <= 0:
        return array
    return as_strided(array, array.shape, np.empty(array.shape, array.dtype).strides)


def rows_by_their_stride(array):
    """A kernel that walks through rows by the last stride but one, as if one axis held them all."""
    if array.ndim < 3 or not array.size or array.strides[-1] != array.itemsize:
        return array
    steps = np.cumprod((array.strides[-2], *array.shape[-2:0:-1]))
    outer = tuple(int(step) for step in steps[::-1])
    return as_strided(array, array.shape, (*outer, array.itemsize)) if min(outer) > 0 else array


def last_axis_by_its_size(array):
    """A kernel that takes a last axis of negative stride for one of positive stride."""
    if array.ndim > 1 and array.strides[-1] < 0 < array.strides[0]:
        return array[..., ::-1]
    return array


def classes_for_last(array):
    """A kernel that takes what is packed in another order of axes for packed in its own."""
    is_packed = array.ndim == 3 and np.moveaxis(array, 1, -1).flags.c_contiguous
    return np.moveaxis(array, 1, -1).reshape(array.shape) if is_packed else array


def in_the_order_of_input(input, target, **options):
    """A kernel that walks through both operands as the first one lies."""
    if input.ndim == 2 and input.strides[0] < input.strides[1] and input.shape == target.shape:
        target = target.ravel().reshape(target.shape[::-1]).T
    return kl_div(input, target, **options)


MISREADING = {
    "in order of memory": reading("input", "target", how=in_order_of_memory),
    "one operand in order of memory": reading("target", how=in_order_of_memory),
    "from its address": reading("input", "target", how=one_piece),
    "from the buffer": reading("input", "target", how=from_its_buffer),
    "negative strides": reading("input", "target", how=without_signs_of_strides),
    "mask in order of memory": reading("where", how=in_order_of_memory),
    "mask from its address": reading("where", how=one_piece),
    "both as one lies": in_the_order_of_input,
    "cut rows": reading("input", "target", how=rows_for_packed),
    "outer axes": reading("input", "target", how=rows_by_their_stride),
    "one axis reversed": reading("input", how=last_axis_by_its_size),
    "classes that lie last": reading("input", "target", how=classes_for_last),
}
