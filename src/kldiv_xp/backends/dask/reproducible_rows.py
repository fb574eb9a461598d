"""Bitwise reproducible rows of logits of Dask arrays: every row in one chunk."""

from functools import partial
from importlib import import_module
from typing import Any

import dask.array as da

from kldiv_xp._typing import Array
from kldiv_xp.backends.dask.chunks import aligned_blockwise, chunkwise
from kldiv_xp.core import evaluate_reproducible
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_reproducible import on_device, rounding_to
from kldiv_xp.core.evaluate_reproducible_rows import Divergence, WantedRows, completed_rows
from kldiv_xp.core.facts import facts_about
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.host.threads import thread_limit


def chunk_backend(array: Array) -> Any:
    """Reproducible backend of the chunks' own library."""
    name = facts_about(namespace_of(array)).reproducible_backend
    return import_module(f"kldiv_xp.{name}") if name else evaluate_reproducible


def whole_rows(arrays: Arrays) -> Arrays:
    """Arrays rechunked so that every row is in one chunk."""
    return tuple(
        one.rechunk({one.ndim - 1: -1}) if one.numblocks[-1] > 1 else one for one in arrays
    )


def value_of_rows(arrays: Arrays, wanted: WantedRows, divisor: Any) -> Array:
    """Divergences of rows, or their sum, which one task computes from all of them."""
    last, dtype = {arrays[0].ndim - 1: 1}, wanted.rounding.dtype
    function = partial(rows_of_chunk, wanted.divergence)
    rows = chunkwise(function, *arrays, dtype="float64", adjust_chunks=last)[..., 0]
    if not wanted.is_summed:
        return chunkwise(partial(loss_of_rows, wanted, None), rows, dtype=dtype)
    others = (divisor,) if isinstance(divisor, da.Array) else ()
    finish = partial(loss_of_rows, wanted, None if others else divisor)
    pairs = [part for one in (rows, *others) for part in (one, tuple(range(one.ndim)))]
    return aligned_blockwise(finish, (), *pairs, dtype=dtype, concatenate=True)


def rows_of_chunk(divergence: Divergence, *arrays: Array) -> Array:
    """Divergences of the rows of a chunk in float64, whose axis stays."""
    xp = namespace_of(arrays[0])
    wanted = WantedRows(divergence, is_summed=False, rounding=rounding_to(xp, xp.float64))
    with thread_limit(1):
        rows: Array = chunk_backend(arrays[0]).value(arrays, wanted, None)
    return rows[..., None]


def loss_of_rows(wanted: WantedRows, parts: int | None, *arrays: Array) -> Array:
    """Divergences, or the loss from all divergences and their divisor."""
    rows, *others = arrays
    divisor = others[0] if others else parts
    result: Array = on_device(partial(completed_rows, wanted, divisor), (rows,))
    return result
