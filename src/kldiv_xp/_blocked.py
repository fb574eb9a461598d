"""Arithmetic on host memory, block by block in the cache and thread by thread; knows no KL.

Every function works on arrays of NumPy, whose namespace it is given, and on `operands` of one
shape, or 0-d. `attempts` are functions (xp, *blocks), from the cheapest to the one that is always
right: it shows in the result of one that it was not enough.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kldiv_xp._dots import dot, dots
from kldiv_xp._recycling import Recycling
from kldiv_xp._threads import share
from kldiv_xp._typing import Array, DType, Namespace

# 512 x 32000 float32 on two threads with 1 MiB of L2 each: 17.5 ms in blocks of 64 KiB, 9.1 in
# 256 KiB, 7.4 in 512 KiB, 6.0 in 1 MiB, 6.2 in 2 MiB.
BLOCK_BYTES = 1 << 20

# Starting a thread takes as long as a block or two.
BLOCKS_WORTH_A_THREAD = 2

Index = tuple[int | slice, ...]
Attempt = Callable[..., Any]


def blocks(shape: Sequence[int], most: int) -> list[Index]:
    """Indices that cut a shape into blocks of at most `most` elements, in row-major order."""
    if math.prod(shape) <= most:
        return [()]
    size, *inner = shape
    row = math.prod(inner)
    if row > most:
        return [(place, *index) for place in range(size) for index in blocks(inner, most)]
    count = -(-size // (most // row))
    step = -(-size // count)
    return [(slice(start, start + step),) for start in range(0, size, step)]


def blocks_of(xp: Namespace, shape: Sequence[int], dtype: DType, kept: int | None) -> list[Index]:
    """Blocks of a mebibyte; with `kept`, they are cut through that many of the first axes only."""
    most = BLOCK_BYTES // xp.dtype(dtype).itemsize
    if kept is None:
        return blocks(shape, most)
    return blocks(shape[:kept], max(1, most // max(1, math.prod(shape[kept:]))))


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
    for index, partial in zip(indices, partials, strict=True):
        result[(*index[:kept], ...)] += partial
    return result


def row_sums(
    xp: Namespace,
    attempts: Sequence[Attempt],
    operands: Sequence[Array],
    dtype: DType,
    threads: Callable[[], int],
) -> Array:
    """Sums along the last axis of weighted pairs of factors, which need whole rows; in float64."""
    *kept, size = operands[0].shape
    indices = blocks_of(xp, operands[0].shape, dtype, len(kept))
    result = xp.zeros(tuple(kept))

    def add(job: int, pairs: Sequence[tuple[float, Array, Array]]) -> bool:
        index = (*indices[job], ...)
        shape = result[index].shape
        for number, (weight, *factors) in enumerate(pairs):
            sums = weight * dots(xp, *[one.reshape(math.prod(shape), size) for one in factors])
            result[index] = sums.reshape(shape) + (result[index] if number else 0)
        return not xp.isnan(result[index]).any()

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
    """Write what an attempt returns into `result`; it was enough if all is finite."""
    indices = blocks_of(xp, result.shape, dtype, kept)

    def write(job: int, values: Array) -> bool:
        result[indices[job]] = values
        extremes = xp.min(values, initial=0.0), xp.max(values, initial=0.0)
        return all(map(math.isfinite, extremes))

    each_block(xp, attempts, write, indices, operands, dtype, threads)


def each_block(
    xp: Namespace,
    attempts: Sequence[Attempt],
    take: Callable[[int, Any], bool],
    indices: Sequence[Index],
    operands: Sequence[Array],
    dtype: DType,
    threads: Callable[[], int],
) -> None:
    """Let `take` have the result of each block, from the first attempt that it calls enough.

    A thread starts with the attempt that its last block needed.
    """

    def work(jobs: Iterator[int]) -> None:
        level, namespace = 0, Recycling(xp, dtype) if len(indices) > 1 else xp
        with xp.errstate(all="ignore"):
            for job in jobs:
                block = [cut(operand, indices[job], dtype) for operand in operands]
                while not take(job, attempts[level](namespace, *block)):
                    if level + 1 == len(attempts):
                        break
                    level += 1
                block.clear()  # before the next is widened

    share(work, len(indices), threads() if len(indices) > BLOCKS_WORTH_A_THREAD else 1)


def cut(operand: Array, index: Index, dtype: DType) -> Array:
    """Block of an operand in another type: a view where it can be."""
    block = operand[(*index, ...) if operand.ndim else ...]
    return block if block.dtype in (dtype, "bool") else block.astype(dtype)
