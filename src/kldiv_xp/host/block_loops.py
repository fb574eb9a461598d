"""Multithreaded arithmetic on host memory, in blocks that fit the cache; independent of the loss.

Every function works on arrays of NumPy, whose namespace it is given, and on `operands` of one
shape, or 0-d. `attempts` are functions (xp, *blocks), from the cheapest guard to the full one: NaN
in a result means that its guard was too weak.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.host.block_results import (
    Take,
    take_finite,
    take_sum,
    take_sums_over,
)
from kldiv_xp.host.blocks import (
    DENSE_CLASSES,
    Index,
    cache_sized_blocks,
    cast_block,
    has_few_classes,
    has_rows_apart,
    row_block,
)
from kldiv_xp.host.scratch_arrays import Recycling, for_one_block
from kldiv_xp.host.shared_results import SharingResults
from kldiv_xp.host.sharing import share
from kldiv_xp.host.threads import check_setting

# A thread begins with fresh memory: in 3 blocks two take 0.86 ns an element and one takes 0.66, in
# 4 both take 0.7, in 6 it is 0.54 and 0.68.
BLOCKS_WORTH_A_THREAD = 4

WORTH_SHARING = 1 << 13
"""Elements from which on it takes less time to look for a result than to compute it again."""

Attempt = Callable[..., Any]
BlockWork = tuple[Sequence[Attempt], Take]
"""Attempts in turn, and the function that takes their results."""


def sum_products(
    xp: Namespace,
    attempts: Sequence[Attempt],
    operands: Sequence[Array],
    dtype: DType,
    threads: Callable[[], int],
) -> float:
    """Sum of the products of the two arrays an attempt returns; NaN: every guard was too weak.

    The order of summation is the same for any number of threads.
    """
    indices = cache_sized_blocks(xp, operands[0].shape, dtype, None)
    partials = [0.0] * len(indices)
    works = [(attempts, take_sum(xp, partials))]
    each_block(xp, works, indices, operands, dtype, threads)
    return sum(partials)


def sum_products_over(
    xp: Namespace,
    attempts: Sequence[Attempt],
    operands: Sequence[Array],
    kept: int,
    dtype: DType,
    threads: Callable[[], int],
) -> Array:
    """Sum of products for every index of the first `kept` axes, in float64."""
    shape = operands[0].shape
    indices = cache_sized_blocks(xp, shape, dtype, None)
    partials: list[Array] = [None] * len(indices)
    works = [(attempts, take_sums_over(xp, indices, kept, partials))]
    each_block(xp, works, indices, operands, dtype, threads)
    return added_partial_sums(xp, indices, partials, shape[:kept])


def added_partial_sums(
    xp: Namespace, indices: Sequence[Index], partials: Sequence[Array], shape: Sequence[int]
) -> Array:
    """Partial sums of all blocks, added up in float64."""
    result = xp.zeros(shape)
    with xp.errstate(all="ignore"):  # inf - inf
        for index, partial in zip(indices, partials, strict=True):
            result[(*index[: len(shape)], ...)] += partial
    return result


def fill_blocks(
    xp: Namespace,
    attempts: Sequence[Attempt],
    operands: Sequence[Array],
    result: Array,
    dtype: DType,
    threads: Callable[[], int],
    kept: int | None = None,
) -> None:
    """Write an attempt's values into `result`; an attempt suffices if all values are finite."""
    indices = cache_sized_blocks(xp, result.shape, dtype, kept)
    has_type = getattr(result, "dtype", None) == dtype
    lent = None if not has_type or (kept is not None and lies_otherwise(result)) else result
    works = [(attempts, take_finite(xp, indices, result, lent))]
    whole_rows = kept is not None
    each_block(xp, works, indices, operands, dtype, threads, lent, whole_rows=whole_rows)


def lies_otherwise(result: Array) -> bool:
    """Whether blocks of whole rows lie in another order than the result, as sums depend on it."""
    return has_few_classes(result) or has_rows_apart(result)


def without_cotangents(attempts: Sequence[Attempt], count: int) -> list[Attempt]:
    """Attempts that use the first `count` arrays alone, not the cotangents after them."""
    return [partial(of_first_arrays, attempt, count) for attempt in attempts]


def of_first_arrays(attempt: Attempt, count: int, xp: Namespace, *blocks: Array) -> Array:
    """Result of an attempt on the first `count` blocks."""
    return attempt(xp, *blocks[:count])


def each_block(
    xp: Namespace,
    works: Sequence[BlockWork],
    indices: Sequence[Index],
    operands: Sequence[Array],
    dtype: DType,
    threads: Callable[[], int],
    lent: Array | None = None,
    *,
    whole_rows: bool = False,
) -> None:
    """Run each work on every block: attempts in turn until a result suffices.

    A thread starts with the attempt that its last block needed. Blocks of the array that is lent,
    if there is one, are memory that the attempts may use.
    """
    check_setting()
    is_long = whole_rows and operands[0].shape[-1] >= DENSE_CLASSES
    cast = partial(row_block, xp) if is_long else cast_block

    def work(jobs: Iterator[int]) -> None:
        levels = [0] * len(works)
        is_one = len(indices) == 1
        namespace = for_one_block(xp, operands[0].size) if is_one else Recycling(xp, dtype)
        is_shared = len(works) > 1 and operands[0].size >= WORTH_SHARING
        shared = SharingResults(namespace) if is_shared else namespace
        with xp.errstate(all="ignore"):
            for job in jobs:
                block = [cast(operand, indices[job], dtype) for operand in operands]
                if lent is not None and isinstance(namespace, Recycling):
                    namespace.borrow(lent[indices[job]])
                if isinstance(shared, SharingResults):
                    shared.begin(block)
                for number, (attempts, take) in enumerate(works):
                    while not take(job, attempts[levels[number]](shared, *block)):
                        if levels[number] + 1 == len(attempts):
                            break
                        levels[number] += 1
                block.clear()  # before the next is widened
                if isinstance(shared, SharingResults):
                    shared.begin(block)

    share(work, len(indices), threads() if len(indices) > BLOCKS_WORTH_A_THREAD else 1)
