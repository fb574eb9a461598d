"""Arithmetic on host memory, block by block in the cache and thread by thread; knows no KL.

Every function works on arrays of NumPy, whose namespace it is given, and on `operands` of one
shape, or 0-d. `attempts` are functions (xp, *blocks), from the cheapest to the one that is always
right: it shows in the result of one that it was not enough.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.host.blocks import Index, blocks_of, cut
from kldiv_xp.host.inner_products import dot, dots
from kldiv_xp.host.scratch_arrays import Recycling
from kldiv_xp.host.sharing import share
from kldiv_xp.host.threads import check_setting

# A thread begins with fresh memory: in 3 blocks two take 0.86 ns an element and one takes 0.66, in
# 4 both take 0.7, in 6 it is 0.54 and 0.68.
BLOCKS_WORTH_A_THREAD = 4

Attempt = Callable[..., Any]


def total(
    xp: Namespace,
    attempts: Sequence[Attempt],
    operands: Sequence[Array],
    dtype: DType,
    threads: Callable[[], int],
) -> float:
    """Sum of the products of the two arrays that an attempt returns, NaN where it was not enough.

    The order of summation is the same for any number of threads.
    """
    indices = blocks_of(xp, operands[0].shape, dtype, None)
    partials = [0.0] * len(indices)

    def add(job: int, factors: tuple[Array, Array]) -> bool:
        partials[job] = dot(xp, *factors)
        return not math.isnan(partials[job])

    each_block(xp, attempts, add, indices, operands, dtype, threads)
    return sum(partials)


def totals(
    xp: Namespace,
    attempts: Sequence[Attempt],
    operands: Sequence[Array],
    kept: int,
    dtype: DType,
    threads: Callable[[], int],
) -> Array:
    """The same for every place in the first `kept` axes, in float64."""
    shape = operands[0].shape
    indices = blocks_of(xp, shape, dtype, None)
    partials: list[Array] = [None] * len(indices)

    def add(job: int, factors: tuple[Array, Array]) -> bool:
        dropped = sum(isinstance(place, int) for place in indices[job])
        block = factors[0].shape
        rows = block[: max(kept - dropped, 0)]
        sizes = math.prod(rows), math.prod(block[len(rows) :])
        matrices = [factor.reshape(sizes) for factor in factors]
        partials[job] = dots(xp, *matrices).reshape(rows)
        return not xp.isnan(partials[job]).any()

    each_block(xp, attempts, add, indices, operands, dtype, threads)
    result = xp.zeros(shape[:kept])
    with xp.errstate(all="ignore"):  # inf - inf
        for index, partial in zip(indices, partials, strict=True):
            result[(*index[:kept], ...)] += partial
    return result


def rows(
    xp: Namespace,
    function: Callable[..., Array],
    operands: Sequence[Array],
    dtype: DType,
    threads: Callable[[], int],
) -> Array:
    """A number for every row; `function` (xp, *blocks) returns those of a block of whole rows."""
    kept = operands[0].ndim - 1
    indices = blocks_of(xp, operands[0].shape, dtype, kept)
    result = xp.empty(tuple(operands[0].shape[:kept]), dtype=dtype)

    def write(job: int, values: Array) -> bool:
        result[(*indices[job], ...)] = values
        return True

    each_block(xp, [function], write, indices, operands, dtype, threads)
    return result


def row_sums(
    xp: Namespace,
    attempts: Sequence[Attempt],
    operands: Sequence[Array],
    dtype: DType,
    threads: Callable[[], int],
) -> Array:
    """Inner products of the factors of whole rows, in float64."""
    *kept, size = operands[0].shape
    indices = blocks_of(xp, operands[0].shape, dtype, len(kept))
    result = xp.zeros(tuple(kept))

    def add(job: int, factors: tuple[Array, Array]) -> bool:
        index = (*indices[job], ...)
        shape = result[index].shape
        sums = dots(xp, *[one.reshape(math.prod(shape), size) for one in factors])
        result[index] = sums.reshape(shape)
        return not xp.isnan(sums).any()

    each_block(xp, attempts, add, indices, operands, dtype, threads)
    return result


def fill(
    xp: Namespace,
    attempts: Sequence[Attempt],
    operands: Sequence[Array],
    result: Array,
    dtype: DType,
    threads: Callable[[], int],
    kept: int | None = None,
) -> None:
    """Write what an attempt returns into `result`; it was enough if all is finite.

    Squares that overflow cost the next attempt, and change nothing.
    """
    indices = blocks_of(xp, result.shape, dtype, kept)
    lent = result if getattr(result, "dtype", None) == dtype else None

    def write(job: int, values: Array) -> bool:
        if lent is None or not xp.may_share_memory(values, lent):
            result[indices[job]] = values
        return math.isfinite(dot(xp, values, values))

    each_block(xp, attempts, write, indices, operands, dtype, threads, lent)


def each_block(
    xp: Namespace,
    attempts: Sequence[Attempt],
    take: Callable[[int, Any], bool],
    indices: Sequence[Index],
    operands: Sequence[Array],
    dtype: DType,
    threads: Callable[[], int],
    lent: Array | None = None,
) -> None:
    """Let `take` have the result of each block, from the first attempt that it calls enough.

    A thread starts with the attempt that its last block needed. Blocks of the array that is lent,
    if there is one, are memory that the attempts may use.
    """
    check_setting()

    def work(jobs: Iterator[int]) -> None:
        level, namespace = 0, Recycling(xp, dtype) if len(indices) > 1 else xp
        with xp.errstate(all="ignore"):
            for job in jobs:
                block = [cut(operand, indices[job], dtype) for operand in operands]
                if lent is not None and namespace is not xp:
                    namespace.borrow(lent[indices[job]])
                while not take(job, attempts[level](namespace, *block)):
                    if level + 1 == len(attempts):
                        break
                    level += 1
                block.clear()  # before the next is widened

    share(work, len(indices), threads() if len(indices) > BLOCKS_WORTH_A_THREAD else 1)
