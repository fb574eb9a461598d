"""Derivatives of rows of logits in host memory, computed beside the loss and kept for backward.

Both need the maxima, exponentials and sums of the same rows.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch import host_logits
from kldiv_xp.backends.torch.internals import is_retained
from kldiv_xp.backends.torch.numpy_views import NARROW_TYPES
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.scale import Scale

FUNCTIONS_ON_HOST = (host_logits.divergences_of, host_logits.sum_of_divergences_of)
LEAST_COTANGENT, LARGEST_COTANGENT = 2.0**-64, 2.0**20
"""Between them nothing is lost by a product with a derivative that was rounded before."""


def with_derivatives(
    function: partial[Array], arrays: Arrays, wanted: tuple[bool, bool]
) -> tuple[Array, Sequence[Array | None]]:
    """Result of a function of rows, and derivatives of host memory that are worth keeping.

    Those of 16 bits would be rounded twice, and autograd saves nothing that inference mode makes.
    """
    is_narrow = not {arrays[0].dtype, arrays[1].dtype}.isdisjoint(NARROW_TYPES)
    if function.func not in FUNCTIONS_ON_HOST or is_narrow or torch.is_inference_mode_enabled():
        return function(*arrays), ()
    context, divergence = function.args
    scale = Scale(None, function.keywords.get("parts"))
    options = context, arrays, divergence, scale, (), wanted
    rows, derivatives = host_logits.filled_with_derivatives(*options)
    if function.func is host_logits.divergences_of:
        return host_logits.as_tensor_of_rows(context, rows), derivatives
    return host_logits.sum_of_rows(context, rows, scale.parts), derivatives


def times_cotangent(
    kept: Sequence[Array | None], upstream: Array, wanted: Sequence[bool]
) -> list[Array | None] | None:
    """Derivatives times the cotangent of their rows or of the sum; None if digits would be lost."""
    factor = None if upstream.ndim else float(upstream)
    if factor is not None and not LEAST_COTANGENT <= abs(factor) <= LARGEST_COTANGENT:
        return None
    multiply = multiplication(factor)
    return [
        multiply(one, upstream) if want and one is not None else None
        for one, want in zip(kept, wanted, strict=True)
    ]


def multiplication(factor: float | None) -> Any:
    """Function (derivative, cotangent) to the product.

    Where the graph is released, what it kept is written again and given away.
    """
    if is_retained():
        return torch.mul
    return unscaled if factor == 1 else torch.Tensor.mul_


def unscaled(derivative: Array, _: Array) -> Array:
    """The derivative itself."""
    return derivative
