"""A namespace for formulas of Dask arrays: each function is one task per chunk."""

import math
from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any

import dask.array as da

from kldiv_xp._typing import Array, Axes, DType
from kldiv_xp.core.facts import facts_about
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.core.run import quiet, run


class Chunks:
    """Namespace for formulas of lazy arrays, without warnings in the workers."""

    @staticmethod
    def finfo(dtype: DType) -> Any:
        """Limits of a dtype of the chunks."""
        return namespace_of(da.empty(0, dtype=dtype)._meta).finfo(dtype)

    def __getattr__(self, name: str) -> Callable[..., Array]:
        return partial(over_chunks if name in ("max", "sum") else on_chunks, name)


class Products(Chunks):
    """`Chunks` with matrix products, since Dask's own warn in the workers."""

    @staticmethod
    def matmul(left: Array, right: Array) -> Array:
        """Product of two matrices of one type."""
        function, options = (
            partial(call_quietly, "matmul"),
            {"dtype": left.dtype, "meta": left._meta},
        )
        return aligned_blockwise(
            function, (0, 2), left, (0, 1), right, (1, 2), concatenate=True, **options
        )

    @staticmethod
    def matmul_of_rows(left: Array, right: Array) -> Array:
        """Product left.T @ right, added up over the chunks of rows."""
        parts = aligned_blockwise(
            product_of_chunk,
            (0, 1, 2),
            left,
            (0, 1),
            right,
            (0, 2),
            adjust_chunks={0: 1},
            dtype=left.dtype,
            meta=left._meta.reshape((0, 0, 0)),
        )
        return over_chunks("sum", parts, axis=0)


CHUNKS, PRODUCTS = Chunks(), Products()


def on_chunks(name: str, *operands: Any) -> Array:
    """Lazy result of a function of the chunks' library, for arrays and numbers."""
    arrays = [one for one in operands if isinstance(one, da.Array)]
    axes = tuple(range(max(one.ndim for one in arrays)))
    pairs = [(one, axes[: one.ndim] if isinstance(one, da.Array) else None) for one in operands]
    return aligned_blockwise(partial(call_quietly, name), axes, *chain(*pairs), token=name)


def over_chunks(name: str, array: Array, **options: Any) -> Array:
    """Lazy reduction, first within each chunk."""
    whole = partial(call_quietly, name)
    of_chunk = partial(largest_of_chunk, name) if name == "max" else whole
    return da.reduction(array, of_chunk, whole, dtype=array.dtype, name=name, **options)


def call_quietly(name: str, *operands: Any, **options: Any) -> Array:
    """Result of the library's function of that name for chunks, without warnings."""
    xp = namespace_of(operands[0])
    with quiet(facts_about(xp), operands[0]):
        return getattr(xp, name)(*operands, **options)


def largest_of_chunk(name: str, chunk: Array, *, axis: Axes, **options: Any) -> Array:
    """Maximum of a chunk, -inf of an empty one; NumPy says that there is "no identity"."""
    if all(chunk.shape[one] for one in axis):
        return call_quietly(name, chunk, axis=axis, **options)
    shape = tuple(1 if place in axis else size for place, size in enumerate(chunk.shape))
    least = namespace_of(chunk).full(shape, -math.inf, dtype=chunk.dtype)
    return call_quietly(name, least, axis=axis, **options)


def product_of_chunk(left: Array, right: Array) -> Array:
    """Product left.T @ right of one chunk of rows, with an axis for the chunks."""
    return call_quietly("matmul", left.T, right)[None, ...]


def across_chunks(
    function: Callable[..., Array], working: DType, dtype: DType, *arrays: Array
) -> Array:
    """Lazy result of a function of rows split over several chunks."""
    kept = (bool, working)
    wide = [one if one.dtype in kept else on_chunks("astype", one, working) for one in arrays]
    value = function(CHUNKS, *wide)
    return value if value.dtype == dtype else on_chunks("astype", value, dtype)


def elementwise(
    function: Callable[..., Array], working: DType, dtype: DType, *arrays: Array
) -> Array:
    """Lazy result of ``function(xp, *chunks)``, computed in one dtype and rounded to another."""
    return chunkwise(partial(run, function, working, dtype), *arrays, dtype=dtype)


def chunkwise(
    function: Callable[..., Array], *arrays: Array, dtype: DType, **options: object
) -> Array:
    """Lazy result of ``function(*chunks)``; 0-d arrays go to every chunk of the others."""
    axes = tuple(range(arrays[0].ndim))
    pairs = [part for array in arrays for part in (array, axes[: array.ndim])]
    meta = arrays[0]._meta.astype(dtype)
    # Not map_blocks, which leaves chunks that differ as they are: "Shapes do not align".
    return aligned_blockwise(function, axes, *pairs, dtype=dtype, meta=meta, **options)


def aligned_blockwise(
    function: Callable[..., Array], axes: Axes, *pairs: Any, **options: Any
) -> Array:
    """`blockwise` after rechunking the operands alike.

    By `blockwise` itself Dask warns of "Increasing number of chunks by factor of 154".
    """
    _, arrays = da.core.unify_chunks(*pairs, warn=False)
    labels = pairs[1::2]
    unknown = [unknown_axes(one, where) for one, where in zip(arrays, labels, strict=True)]
    if sum(map(bool, unknown)) > 1:
        function = partial(of_equal_sizes, function, unknown)
    alike = chain(*zip(arrays, labels, strict=True))
    return da.blockwise(function, axes, *alike, align_arrays=True, **options)


def unknown_axes(array: Any, labels: Axes | None) -> dict[int, int]:
    """Axes of a lazy array whose sizes Dask does not know, by their labels."""
    sizes = array.shape if labels else ()
    return {label: axis for axis, label in enumerate(labels or ()) if math.isnan(sizes[axis])}


def of_equal_sizes(
    function: Callable[..., Array],
    unknown: list[dict[int, int]],
    *chunks: Any,
    **options: object,
) -> Array:
    """Result for chunks; sizes that Dask does not know are not broadcast."""
    sizes: dict[int, int] = {}
    for chunk, axes in zip(chunks, unknown, strict=True):
        for label, axis in axes.items():
            size = sizes.setdefault(label, chunk.shape[axis])
            if size != chunk.shape[axis]:
                message = (
                    "operands whose sizes Dask does not know must have chunks of equal sizes; got "
                    f"chunks of {size} and {chunk.shape[axis]} along axis {axis}: select the same "
                    "rows of every operand and of the mask, x[rows], by one array of bools."
                )
                raise ValueError(message)
    return function(*chunks, **options)
