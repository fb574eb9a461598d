"""Which module computes rows of logits, by where their tensors lie."""

from collections.abc import Callable
from typing import Any

from kldiv_xp.backends.torch import host_logits
from kldiv_xp.backends.torch.internals import has_transforms, is_transformed
from kldiv_xp.backends.torch.numpy_views import HOST, device_way, memory_of
from kldiv_xp.backends.torch.storage import OPERAND_NAMES
from kldiv_xp.core.evaluate import Arrays


def way_of(
    arrays: Arrays, upstream: Arrays = (), asked: Callable[[], bool] = is_transformed
) -> Any:
    """Module that computes where the tensors lie, or None where only the plain expression does."""
    place = memory_of(arrays, upstream, OPERAND_NAMES, asked)
    return host_logits if place == HOST else device_way(place, (*arrays, *upstream))


def way_inside(arrays: Arrays, upstream: Arrays = ()) -> Any:
    """The same within a function of autograd: its operands are memory below all transforms.

    Forward mode has put their tangents aside.
    """
    return way_of(arrays, upstream, has_transforms)
