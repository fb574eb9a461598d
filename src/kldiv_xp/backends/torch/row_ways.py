"""Which module computes rows of logits, by where their tensors lie."""

from typing import Any

from kldiv_xp.backends.torch import host_logits
from kldiv_xp.backends.torch.internals import has_transforms
from kldiv_xp.backends.torch.numpy_views import HOST, device_way, memory_of
from kldiv_xp.backends.torch.storage import OPERAND_NAMES
from kldiv_xp.core.evaluate import Arrays


def way_of(every: Arrays, arrays: Arrays, upstream: Arrays = ()) -> Any:
    """Module that computes where the tensors lie, or None where only the plain expression does."""
    return way_at(memory_of(arrays, upstream), every)


def way_inside(arrays: Arrays, upstream: Arrays = ()) -> Any:
    """The same within a function of autograd: its operands are memory below all transforms.

    Forward mode has put their tangents aside.
    """
    place = memory_of(arrays, upstream, OPERAND_NAMES, has_transforms)
    return way_at(place, (*arrays, *upstream))


def way_at(place: str | None, every: Arrays) -> Any:
    """Module for tensors of a place."""
    return host_logits if place == HOST else device_way(place, every)
