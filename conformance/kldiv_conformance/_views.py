"""Views of memory that holds more than an operand, or holds it in another order."""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from kldiv_conformance._vector import Operand

Array: TypeAlias = Any


def around(operand: Operand, axis: int) -> tuple[int, int, int]:
    """How many entries there are along the axes before one, along itself, and after it."""
    shape = operand.shape
    return math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])


def broadcast(xp: Any, array: Array, operand: Operand, axis: int) -> Array:
    """View whose stride along an axis that is constant is 0."""
    shape = [1 if at == axis else size for at, size in enumerate(operand.shape)]
    values = array.reshape(around(operand, axis))[:, 0].reshape(-1)
    memory, count = garbage(xp, array.reshape(-1)), math.prod(shape)
    memory[:count] = values
    return xp.broadcast_to(memory[:count].reshape(tuple(shape)), operand.shape)


def reordered(xp: Any, array: Array, before: tuple[int, ...], after: tuple[int, ...]) -> Array:
    """View of memory in which axes lie in another order."""
    turned = xp.moveaxis(array, before, after)
    columns = turned.reshape(-1).reshape(tuple(turned.shape))
    return xp.moveaxis(columns, after, before)


def transposed(xp: Any, array: Array) -> Array:
    """Memory with all axes in the other order."""
    axes = tuple(range(array.ndim))
    return reordered(xp, array, axes, axes[::-1])


def channels_last(xp: Any, array: Array) -> Array:
    """Memory in which the second axis, of channels or classes, is the last."""
    return reordered(xp, array, (1,), (-1,))


def cut(xp: Any, array: Array) -> Array:
    """The first half of memory along the last axis, as `x[..., :n]` is."""
    return xp.stack((array, garbage(xp, array)), -2)[..., 0, :]


def cut_rows(xp: Any, array: Array) -> Array:
    """The first half of memory along the second axis, as `x[:, :n]` is."""
    return xp.stack((array, garbage(xp, array)), 1)[:, 0]


def flipped(xp: Any, array: Array) -> Array:
    """The last axis alone from its end, as `x[..., ::-1]` is."""
    return array[..., ::-1].copy()[..., ::-1]


def strided(xp: Any, flat: Array) -> Array:
    """Every second element of memory."""
    return xp.moveaxis(xp.stack((flat, garbage(xp, flat))), 0, -1).reshape(-1)[::2]


def offset(xp: Any, flat: Array) -> Array:
    """The second half of memory."""
    return xp.stack((garbage(xp, flat), flat))[1]


def backwards(xp: Any, flat: Array) -> Array:
    """Memory from its last element to its first."""
    return flat[::-1].copy()[::-1]


def garbage(xp: Any, flat: Array) -> Array:
    """NaN, the opposite of a mask or the index 0, for memory that a right loss never reads."""
    kind = str(flat.dtype)
    if "bool" in kind:
        return ~flat
    return xp.full_like(flat, math.nan if "float" in kind else 0)


BROADCAST = "broadcast"
WAYS: Mapping[str, Callable[[Any, Array], Array]] = {
    "": lambda _, flat: flat,
    "strided": strided,
    "offset": offset,
    "reversed": backwards,
}
VIEWS: Mapping[str, Callable[[Any, Array], Array]] = {
    "transposed": transposed,
    "cut": cut,
    "cut between rows": cut_rows,
    "channels-last": channels_last,
    "flipped": flipped,
}
