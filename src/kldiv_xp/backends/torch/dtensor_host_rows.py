"""Split rows of logits in host memory: NumPy's loops on every rank's shard, block by block."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch

from kldiv_xp._typing import Array, DType
from kldiv_xp.backends.numpy.row_forms import forms_at
from kldiv_xp.backends.numpy.rows import derivatives_of_block, rows_of_block
from kldiv_xp.backends.torch.dtensor_row_blocks import (
    WholeRows,
    of_every_row,
    rows_of_dtensor_block,
)
from kldiv_xp.backends.torch.internals import which_are_plain
from kldiv_xp.backends.torch.numpy_views import (
    is_differentiated,
    lent,
    numpy_namespace,
    numpy_type,
)
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.host.blocks import block_indices, row_block
from kldiv_xp.host.scratch_arrays import Recycling, direct


class HostRows(WholeRows):
    """The namespace of split rows in arrays of NumPy."""

    def exchanged(self, array: Array, operation: Any) -> Array:
        """An array all-reduced over the ranks that share the rows."""
        memory = torch.from_numpy(self.xp.asarray(array, order="C"))
        return super().exchanged(memory, operation).numpy()


class Work(NamedTuple):
    """A function of blocks to a result, and the dtype that it computes in."""

    function: Callable[..., Array]
    dtype: DType


def lie_on_host(parts: Arrays) -> bool:
    """Whether shards are plain memory that NumPy reads, and nothing records what is done to them.

    It is asked of what all ranks have in common, since they meet in each sum: a mode that counts
    operations may be one rank's alone.
    """
    return (
        not torch.compiler.is_compiling()
        and all(one.device.type == "cpu" for one in parts)
        and all(which_are_plain(parts))
        and not is_differentiated(*parts)
        and numpy_namespace() is not None
    )


def fill_host_rows(
    results: Sequence[Array],
    places: Sequence[int | None],
    context: Context,
    operand: Array,
    divergence: Divergence,
    scale: Scale,
    arrays: Arrays,
    above: Arrays,
) -> None:
    """Write divergences of rows (None), and derivatives with respect to operands (0, 1)."""
    xp, working = numpy_namespace(), numpy_type(context.working)
    works = [
        work_of(xp, operand, place, divergence, working, scale, len(arrays)) for place in places
    ]
    memory, written = lent(*of_every_row(arrays, above)), lent(*results)
    with xp.errstate(all="ignore"):
        for index in block_indices(arrays[0].shape[:-1], rows_of_dtensor_block(operand)):
            blocks = {
                dtype: [row_block(xp, one, index, dtype) for one in memory]
                for dtype in {work.dtype for work in works}
            }
            for work, result in zip(works, written, strict=True):
                result[(*index, ...)] = work.function(*blocks[work.dtype])


def work_of(
    xp: Any,
    operand: Array,
    place: int | None,
    divergence: Divergence,
    working: DType,
    scale: Scale,
    count: int,
) -> Work:
    """Function of blocks of whole rows to the divergences, or to their derivatives."""
    forms, dtype = forms_at(xp, divergence, place, working, operand.shape[-1])
    forms = forms._replace(missing=is_missing_anywhere)
    alone, recycling = (HostRows(one, operand) for one in (direct(xp), Recycling(xp, dtype)))
    if place is not None:
        return Work(partial(derivatives_of_block, alone, forms, scale, count, recycling), dtype)

    def rows_alone(*blocks: Array) -> Array:
        return rows_of_block(alone, forms, recycling, *blocks[:count])

    return Work(rows_alone, dtype)


def is_missing_anywhere(xp: Any, found: Array) -> Array:
    """Mask of the rows with an element that is not finite on any rank."""
    missing = ~xp.isfinite(found).all(axis=-1, keepdims=True)
    return xp.max(missing.astype(found.dtype), axis=-1) != 0
