"""Axes that are moved or named, and masks and derivatives of sums in the shape of their terms."""

from kldiv_xp._typing import Array, Axes, Axis, Namespace, Shape


def with_axis_moved(xp: Namespace, array: Array, source: int, destination: int) -> Array:
    """Array whose axis lies elsewhere.

    `moveaxis` is of the edition of 2023.12, and torch's vmap knows none ("Batching rule not
    implemented for aten::moveaxis.int").
    """
    if source % array.ndim == destination % array.ndim:
        return array
    axes = list(range(array.ndim))
    axes.insert(destination % array.ndim, axes.pop(source))
    return xp.permute_dims(array, tuple(axes))


def spread(xp: Namespace, upstream: Array, shape: tuple[int, ...], axis: Axes) -> Array:
    """Derivative with respect to sums over some axes, for each of their terms; 0-d for all."""
    return expanded(xp, with_axes(upstream, axis), shape) if axis and upstream.ndim else upstream


def expanded(xp: Namespace, array: Array, shape: tuple[int, ...]) -> Array:
    """Array in a shape, repeated along axes of size 1; sizes that are not known yet are its own."""
    unknown = [size is None or isinstance(size, float) for size in shape]
    if not any(unknown):
        return xp.broadcast_to(array, shape)
    sizes = tuple(1 if one else size for one, size in zip(unknown, shape, strict=True))
    return xp.where(xp.ones(sizes, dtype=xp.bool), array, array)


def with_axes(array: Array, axis: Axes) -> Array:
    """Array with some axes of size 1 more; Dask's `expand_dims` needs to know all sizes."""
    ndim = array.ndim + len(axis)
    return array[tuple(None if place in axis else slice(None) for place in range(ndim))]


def axes_of_entries(axis: Axis, ndim: int) -> Axes:
    """Axes of a distribution as places; the last one where none is named."""
    axes = axis if isinstance(axis, tuple) else (-1 if axis is None else axis,)
    return tuple(one % ndim for one in axes if -ndim <= one < ndim)


def axis_of_a_batch(axis: Axis, ndim: int) -> int:
    """The first axis that is none of a distribution; 0 where all are."""
    taken = axes_of_entries(axis, ndim)
    return next((one for one in range(ndim) if one not in taken), 0)


def without_axis(shape: Shape, place: int) -> Shape:
    """Shape without one axis."""
    return shape[:place] + shape[place + 1 :]
