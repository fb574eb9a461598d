"""Derivatives of rows of logits in host memory, computed beside the loss and kept for backward.

Both need the maxima, exponentials and sums of the same rows.
"""

from collections.abc import Sequence
from functools import partial

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch import host_logits
from kldiv_xp.backends.torch.internals import is_retained
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.scale import Scale

FUNCTIONS_ON_HOST = (host_logits.divergences_of, host_logits.sum_of_divergences_of)
LEAST_COTANGENT, LARGEST_COTANGENT = 2.0**-64, 2.0**20
"""Between them a product loses no digits: the error of a subnormal number stays below 2**-126."""


def with_derivatives(
    function: partial[Array], arrays: Arrays, wanted: tuple[bool, bool]
) -> tuple[Array, Sequence[Array | None]]:
    """Result of a function of rows, and derivatives of host memory that are worth keeping.

    Those of operands of another type than is computed in would be rounded twice, and autograd saves
    nothing that inference mode makes.
    """
    context, divergence = function.args
    is_rounded = {arrays[0].dtype, arrays[1].dtype} != {context.working}
    if function.func not in FUNCTIONS_ON_HOST or is_rounded or torch.is_inference_mode_enabled():
        return function(*arrays), ()
    scale = Scale(None, function.keywords.get("parts"))
    options = context, arrays, divergence, scale, (), wanted
    rows, derivatives = host_logits.filled_with_derivatives(*options)
    if function.func is host_logits.divergences_of:
        return host_logits.as_tensor_of_rows(context, rows), derivatives
    return host_logits.sum_of_rows(context, rows, scale.parts), derivatives


def times_cotangent(
    kept: Sequence[Array | None], upstream: Array, wanted: Sequence[bool], *, hooked: bool
) -> list[Array | None] | None:
    """Derivatives times the cotangent of their rows or of the sum; None if digits would be lost.

    Where the graph is released, what it kept is written again and given away; not what hooks of
    saved tensors unpack, which may be a file that cannot be written, or be other nodes' too.
    """
    if not keeps_digits(upstream):
        return None
    is_ours = not (hooked or is_retained())
    is_product = is_ours and not upstream.ndim and float(upstream) == 1
    multiply = torch.Tensor.mul_ if is_ours else torch.mul
    return [
        (one if is_product else multiply(one, upstream)) if want and one is not None else None
        for one, want in zip(kept, wanted, strict=True)
    ]


def keeps_digits(upstream: Array) -> bool:
    """Whether a cotangent is 0, or of a size between the bounds; not if it is NaN."""
    if not upstream.ndim:
        return LEAST_COTANGENT <= abs(float(upstream)) <= LARGEST_COTANGENT
    size = upstream.abs()
    is_within = (size >= LEAST_COTANGENT) & (size <= LARGEST_COTANGENT)
    return bool((is_within | (size == 0)).all())
