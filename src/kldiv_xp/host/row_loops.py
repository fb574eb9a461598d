"""Arithmetic on whole rows in host memory: those of one block at once, of many block by block."""

from collections.abc import Callable, Sequence
from functools import partial

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.host.block_loops import Attempt, each_block, fill_blocks
from kldiv_xp.host.block_results import take_any, take_row_sums
from kldiv_xp.host.blocks import DENSE_CLASSES, cache_sized_blocks, cast_block, row_block
from kldiv_xp.host.scratch_arrays import for_one_block
from kldiv_xp.host.threads import check_setting


def values_of_rows(
    xp: Namespace,
    function: Callable[..., Array],
    operands: Sequence[Array],
    dtype: DType,
    threads: Callable[[], int],
) -> Array:
    """Value of every row; `function` (xp, *blocks) returns those of a block of whole rows."""
    kept = operands[0].ndim - 1
    indices = cache_sized_blocks(xp, operands[0].shape, dtype, kept)
    if len(indices) == 1:
        (value,) = in_one_block(xp, [function], operands, dtype)
        return value
    result = xp.empty(tuple(operands[0].shape[:kept]), dtype=dtype)
    works = [([function], take_any(indices, result))]
    each_block(xp, works, indices, operands, dtype, threads, whole_rows=True)
    return result


def write_rows(
    xp: Namespace,
    functions: Sequence[Callable[..., Array]],
    operands: Sequence[Array],
    results: Sequence[Array],
    dtype: DType,
    threads: Callable[[], int],
) -> None:
    """Write the values of functions (xp, *blocks) of whole rows, one function after the other."""
    kept = len(operands[0].shape) - 1
    if len(cache_sized_blocks(xp, operands[0].shape, dtype, kept)) == 1:
        in_one_block(xp, functions, operands, dtype, results)
        return
    for function, result in zip(functions, results, strict=True):
        fill_blocks(xp, [function], operands, result, dtype, threads, kept)


def row_inner_products(
    xp: Namespace,
    attempts: Sequence[Attempt],
    operands: Sequence[Array],
    dtype: DType,
    threads: Callable[[], int],
) -> Array:
    """Inner product of the factors of every row, in float64."""
    *kept, size = operands[0].shape
    indices = cache_sized_blocks(xp, operands[0].shape, dtype, len(kept))
    result = xp.zeros(tuple(kept))
    works = [(attempts, take_row_sums(xp, indices, size, result))]
    each_block(xp, works, indices, operands, dtype, threads, whole_rows=True)
    return result


def in_one_block(
    xp: Namespace,
    functions: Sequence[Callable[..., Array]],
    operands: Sequence[Array],
    dtype: DType,
    results: Sequence[Array] = (),
) -> list[Array]:
    """Values of functions (xp, *blocks) of whole arrays; written, if there are results."""
    check_setting()
    namespace = for_one_block(xp, operands[0].size)
    with xp.errstate(all="ignore"):
        # One call fewer for each operand of a few numbers.
        cast = cast_block if operands[0].shape[-1] < DENSE_CLASSES else partial(row_block, xp)
        blocks = [cast(operand, (), dtype) for operand in operands]
        values = [function(namespace, *blocks) for function in functions]
        for place, result in enumerate(results):
            result[...] = values[place]
    return values
