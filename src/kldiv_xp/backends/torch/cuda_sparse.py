"""Sparse teachers for CUDA tensors: kernels for the entries without an index.

Of 4096 x 128256 bfloat16, the plain expression took 20 ms and 7 GiB on an H100.
"""

import math
from functools import partial

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.backends.torch import cuda
from kldiv_xp.core.indices import gathered, scattered
from kldiv_xp.cuda.sparse_rest import RestExponentials
from kldiv_xp.formula.sparse_student import Entries, Put, Rest, anchor_of


def device_entries(working: DType, known: list[Array]) -> Entries:
    """Entries whose logits keep their dtype in memory and are computed in the working dtype.

    The largest of the rest of each row, and the sum of its exponentials, are `known` after the
    first pass.
    """

    def take(xp: Namespace, logits: Array, indices: Array) -> Array:
        return gathered(xp, logits, indices).to(working)

    def rest(xp: Namespace, put: Put, logits: Array, indices: Array, temperature: float) -> Rest:
        every = partial(RestExponentials, cuda.device_of(logits), working, write)
        if not known:
            others = put(xp, logits, indices, -math.inf)
            most = xp.max(others, axis=-1, keepdims=True)
            known.extend((most, every(others, anchor_of(xp, most), temperature).total()))
        most, total = known
        return Rest(most, total, every(logits, anchor_of(xp, most), temperature).spread)

    return Entries(scattered, take, rest, widens=True)


def write(array: Array, indices: Array, values: Array) -> Array:
    """The array, with values scattered in place at the indices."""
    return array.scatter_(-1, indices.long(), values.to(array.dtype))
