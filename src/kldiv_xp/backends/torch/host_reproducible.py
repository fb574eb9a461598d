"""Losses with the same bits, of eager torch tensors: NumPy's loops on memory that they lend."""

from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.numpy.reproducible import backend as numpy_way
from kldiv_xp.backends.numpy.reproducible import fill as numpy_reproducible_fill
from kldiv_xp.backends.numpy.reproducible import rows as numpy_reproducible_rows
from kldiv_xp.backends.torch.numpy_views import (
    HOST,
    empty_tensor,
    lent,
    memory_of,
    numpy_namespace,
    threads,
)
from kldiv_xp.core import evaluate_reproducible
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_reproducible import Wanted, rounding_to
from kldiv_xp.core.evaluate_reproducible_rows import WantedRows
from kldiv_xp.core.namespaces import namespace_of

Asked = Wanted | WantedRows


def eager_value(arrays: Arrays, wanted: Asked, divisor: Any) -> Array:
    """The loss: by the loops of NumPy in memory of the host, elsewhere by torch itself."""
    if memory_of(arrays) != HOST:
        return evaluate_reproducible.value(arrays, wanted, divisor)
    xp, memory, dtype = numpy_namespace(), lent(*arrays), wanted.rounding.dtype
    by = divisor.numpy() if isinstance(divisor, torch.Tensor) else divisor
    # The type of NumPy that holds the numbers of torch's.
    held = wanted.rounding._replace(dtype=xp.float32)
    if isinstance(wanted, WantedRows):
        rows = wanted._replace(rounding=held)
        loss = numpy_reproducible_rows.value(xp, memory, rows, by, threads)
        return torch.from_numpy(loss).to(dtype)
    terms = wanted._replace(rounding=held)
    if terms.axis == ():
        result, places = empty_tensor(arrays[0].shape, dtype)
        numpy_reproducible_fill.fill_terms(xp, memory, terms, places, threads)
        return result
    sums = numpy_way.sums_over(xp, memory, terms, by, threads)
    return torch.from_numpy(xp.asarray(sums)).to(dtype)


def eager_derivatives(
    arrays: Arrays, upstream: Any, wanted: Asked, divisor: Any, places: tuple[bool, bool]
) -> Gradient:
    """The derivatives, by the same ways."""
    tensors = (upstream,) if isinstance(upstream, torch.Tensor) else ()
    if memory_of(arrays, tensors) != HOST:
        return evaluate_reproducible.derivatives(arrays, wanted, divisor, upstream, places)
    xp, torch_xp = numpy_namespace(), namespace_of(arrays[0])
    memory, results = lent(*arrays), [None, None]
    by = divisor.numpy() if isinstance(divisor, torch.Tensor) else divisor
    above = upstream.detach().to(torch.float64).numpy() if tensors else upstream
    outputs = {}
    for place in (0, 1):
        if places[place]:
            rounding = rounding_to(torch_xp, arrays[place].dtype)
            results[place], result = empty_tensor(arrays[place].shape, rounding.dtype)
            outputs[place] = rounding._replace(dtype=xp.float32), result
    way = numpy_reproducible_rows if isinstance(wanted, WantedRows) else numpy_reproducible_fill
    way.fill_derivatives(xp, memory, (wanted, by, above), outputs, threads)
    return results[0], results[1]
