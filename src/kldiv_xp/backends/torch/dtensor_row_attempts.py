"""Split rows of logits in host memory: each row by the first attempt that suffices."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch.numpy_views import is_differentiated
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.evaluate_row_derivatives import chained_by, row_derivatives
from kldiv_xp.core.evaluate_rows import rows_by, rows_of
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.host.row_attempts import RowAttempt, first_finite_rows


def rows_function(divergence: Divergence, parts: Arrays) -> Callable[..., Array]:
    """Function (xp, input, target[, where]) to the divergences of rows, for such shards."""
    if not may_look(parts):
        return partial(rows_of, divergence)
    return partial(rows_by, partial(first_finite, divergence.attempts(None)), divergence)


def derivative_functions(
    divergence: Divergence, scale: Scale, count: int, parts: Arrays
) -> list[Callable[..., Array]]:
    """Functions (xp, *arrays, *upstream) to derivatives with respect to input and target."""
    if not may_look(parts):
        return list(row_derivatives(divergence, scale, count))
    ways = (partial(first_finite, divergence.attempts(place)) for place in (0, 1))
    return [partial(chained_by, way, divergence, scale, count) for way in ways]


def may_look(parts: Arrays) -> bool:
    """Whether values may be read: tensors in host memory that are neither compiled nor recorded."""
    on_host = all(one.device.type == "cpu" for one in parts)
    return on_host and not torch.compiler.is_compiling() and not is_differentiated(*parts)


def first_finite(attempts: Sequence[RowAttempt], xp: Any, *parts: Array) -> Array | None:
    """Result of each row by the first attempt that suits it and is finite.

    Both are decided by numbers of whole rows, so that all processes meet in the same forms.
    """
    left = parts[0].new_ones(parts[0].shape[:-1], dtype=torch.bool)
    return first_finite_rows(attempts, xp, xp, left, *parts, missing=is_missing_anywhere)


def is_missing_anywhere(xp: Any, found: Array) -> Array:
    """Mask of the rows with an element that is not finite on any rank."""
    return xp.max((~xp.isfinite(found)).to(found.dtype), axis=-1) != 0
