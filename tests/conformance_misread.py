"""Losses that are right but for how they read memory."""

import numpy as np

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
}
