"""Places along the last axis, named by integers: what is put there, and what is refused."""

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.facts import UNKNOWN, facts_about
from kldiv_xp.formula.sparse_student import Entries, taken_along_axis


def entries_of(context: Context) -> Entries:
    """Way to the entries at indices where no backend has one of its own."""
    if context.facts.has_gather:
        return BY_GATHER
    take = taken_at_int64 if context.facts is UNKNOWN else taken_along_axis
    return Entries(put_by_comparison, take)


def taken_at_int64(xp: Namespace, array: Array, indices: Array) -> Array:
    """Entries of an array of a library that may take no other integers, as ndonnx does."""
    return taken_along_axis(xp, array, xp.astype(indices, xp.int64))


def gathered(xp: Namespace, array: Array, indices: Array) -> Array:
    """Entries of a tensor, whose sizes may be symbolic: `take_along_dim` makes them constants."""
    return xp.gather(array, -1, xp.astype(indices, xp.int64))


def scattered(xp: Namespace, array: Array, indices: Array, values: Array | float) -> Array:
    """Tensor with other values at the indices."""
    return xp.scatter(array, -1, xp.astype(indices, xp.int64), values)


BY_GATHER = Entries(scattered, gathered)


def put_by_comparison(xp: Namespace, array: Array, indices: Array, values: Array | float) -> Array:
    """Array with other values at the indices, by the standard alone: one pass for each of a row."""
    places = counted(xp, array.shape[-1], indices)
    for number in range(indices.shape[-1]):
        one = slice(number, number + 1)
        value = values if isinstance(values, float) else values[..., one]
        array = xp.where(xp.equal(places, indices[..., one]), value, array)
    return array


def counted(xp: Namespace, size: int, indices: Array) -> Array:
    """The first integers, in the type and on the device of indices."""
    device = {"device": indices.device} if facts_about(xp).forbids_mixed_devices else {}
    return xp.arange(size, dtype=indices.dtype, **device)


NARROW_INTEGERS = ("int8", "uint8", "int16", "uint16")


def as_places(xp: Namespace, indices: Array) -> Array:
    """Indices in a type that can count the places of a large vocabulary."""
    narrow = [getattr(xp, name) for name in NARROW_INTEGERS if hasattr(xp, name)]
    return xp.astype(indices, xp.int32) if indices.dtype in narrow else indices


def check_indices(xp: Namespace, indices: Array, size: int) -> None:
    """Refuse what names no place of a row, or one place twice; for arrays at hand.

    Raises
    ------
    ValueError
        If an index is out of range, or not the only one of its kind in a row.
    """
    remedy = (
        "leave a padded sample out with where=, and give a padded entry an index of its own and "
        "a probability of 0"
    )
    if 0 in indices.shape:
        return
    low, high = int(xp.min(indices)), int(xp.max(indices))
    if low < 0 or high >= size:
        message = (
            f"`indices` must lie between 0 and {size - 1}, the last place of `input` along "
            f"`axis`; got {low if low < 0 else high}: {remedy}."
        )
        raise ValueError(message)
    ordered = xp.sort(indices, axis=-1)
    twice = xp.equal(ordered[..., 1:], ordered[..., :-1])
    if xp.any(twice):
        # MLX has no boolean indexing.
        first = int(xp.argmax(xp.astype(xp.reshape(twice, (-1,)), xp.int32)))
        message = (
            "`indices` must name each place of a sample once; got "
            f"{int(xp.reshape(ordered[..., 1:], (-1,))[first])} twice in one: {remedy}."
        )
        raise ValueError(message)
