"""Arithmetic on host memory, block by block in the cache and thread by thread; knows no KL.

Every function works on arrays of NumPy, whose namespace it is given, and wants `operands` of one
shape.
"""

import math
from collections.abc import Callable, Iterator, Sequence

from kldiv_xp._threads import share
from kldiv_xp._typing import Array, DType, Namespace

# Elements are counted in blocks of 1 MiB: 512 x 32000 float32 took 15 ms in blocks of 128 KiB,
# 9.1 in 256 KiB, 7.4 in 512 KiB, 6.0 in 1 MiB, 6.2 in 2 MiB (two threads, 1 MiB of L2 each).
BLOCK_BYTES = 1 << 20

# A block of a function that makes many temporaries: about ten of them stay in the L2 cache.
SMALL_BLOCK_BYTES = 1 << 17

# Fewer elements than this in a dot product: OpenBLAS starts threads of its own for 10000, which
# fight with ours (64-bit, 512 x 32000: 67 ms instead of 12).
ROW = 4096

# Starting a thread costs as much as two blocks.
BLOCKS_WORTH_A_THREAD = 2

Index = tuple[int | slice, ...]
Factors = Callable[[Namespace, Array, Array], tuple[Array, Array]]


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


class Reusing:
    """Namespace whose universal functions write into the arrays that they made last time.

    A block needs the same calls in the same order as the block before it, so the n-th call of a
    block takes the array of the n-th call: without that, each would be a fresh piece of memory
    whose pages the system clears first (log space, 512 x 32000 float32: 39 ms instead of 13).
    """

    def __init__(self, xp: Namespace) -> None:
        self._xp = xp
        self._made: list[Array] = []
        self._turn = 0

    def begin(self) -> "Reusing":
        """Start with the first call again."""
        self._turn = 0
        return self

    def __getattr__(self, name: str) -> Callable[..., Array]:
        function: Callable[..., Array] = getattr(self._xp, name)
        if not hasattr(function, "nout"):
            return function

        def into_the_same(*operands: Array) -> Array:
            turn, self._turn = self._turn, self._turn + 1
            if turn == len(self._made):
                self._made.append(function(*operands))
            else:
                function(*operands, out=self._made[turn])
            return self._made[turn]

        return into_the_same


def total(
    xp: Namespace,
    attempts: Sequence[Factors],
    operands: Sequence[Array],
    dtype: DType,
    threads: int,
) -> float:
    """Sum of all products of the two factors, in one order for any number of threads.

    `attempts` are functions to the factors, from the cheapest to the one that is always right;
    one whose sum is not NaN was right. A thread remembers which of them its last block needed.
    """
    indices = blocks(operands[0].shape, BLOCK_BYTES // xp.dtype(dtype).itemsize)
    partials = [0.0] * len(indices)

    def work(jobs: Iterator[int]) -> None:
        level, size, reusing = 0, 0, Reusing(xp)
        with xp.errstate(all="ignore"):
            for job in jobs:
                block = [cut(operand, indices[job], dtype).reshape(-1) for operand in operands]
                if block[0].size != size:
                    size, reusing = block[0].size, Reusing(xp)
                partials[job] = dot(xp, *attempts[level](reusing.begin(), *block))
                while math.isnan(partials[job]) and level + 1 < len(attempts):
                    level, reusing = level + 1, Reusing(xp)
                    partials[job] = dot(xp, *attempts[level](reusing.begin(), *block))

    share(work, len(indices), threads if len(indices) > BLOCKS_WORTH_A_THREAD else 1)
    return sum(partials)


def fill(
    xp: Namespace,
    function: Callable[..., Array],
    operands: Sequence[Array],
    result: Array,
    dtype: DType,
    threads: int,
) -> None:
    """Write ``function(xp, *operands)``, computed in `dtype`, into `result`; 0-d operands too."""
    indices = blocks(result.shape, SMALL_BLOCK_BYTES // xp.dtype(dtype).itemsize)

    def work(jobs: Iterator[int]) -> None:
        shape, reusing = None, Reusing(xp)
        with xp.errstate(all="ignore"):
            for job in jobs:
                index = indices[job]
                if result[index].shape != shape:
                    shape, reusing = result[index].shape, Reusing(xp)
                block = [cut(operand, index if operand.ndim else (), dtype) for operand in operands]
                result[index] = function(reusing.begin(), *block)

    share(work, len(indices), threads if len(indices) > BLOCKS_WORTH_A_THREAD else 1)


def cut(operand: Array, index: Index, dtype: DType) -> Array:
    """Block of an operand in another type: a view where the type is the same."""
    return operand[index].astype(dtype, copy=False)


def dot(xp: Namespace, left: Array, right: Array) -> float:
    """Inner product of two arrays of one axis: each row in their type, the rows in float64."""
    whole = left.size - left.size % ROW
    if not whole:
        return float(xp.vecdot(left, right))
    rows = xp.vecdot(left[:whole].reshape(-1, ROW), right[:whole].reshape(-1, ROW))
    return float(xp.sum(rows, dtype=xp.float64)) + float(xp.vecdot(left[whole:], right[whole:]))
