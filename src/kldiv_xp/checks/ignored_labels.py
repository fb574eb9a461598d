"""The label of what is left out: by values that are at hand, or by the type of the labels."""

from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.checks.remedies import say
from kldiv_xp.core.dtypes import is_kind
from kldiv_xp.core.namespaces import is_being_compiled, is_being_recorded, plain_library

# The label of no class in images of bytes, and that of losses of torch.
VOID = 255
IGNORED_BY_TORCH = -100


def ignored_label(xp: Namespace, labels: Array, classes: int | None) -> int:
    """The ignored label, which is never one of so many classes."""
    found = label_left_out(values_at_hand(labels))
    label = ignored_of_type(xp, labels) if found is None else int(found)
    return IGNORED_BY_TORCH if 0 <= label < (classes or 0) else label


def ignored_of_type(xp: Namespace, labels: Array) -> int:
    """The same without the values: integers that are never negative hold no -100."""
    is_unsigned = labels is not None and is_kind(xp, labels.dtype, "unsigned integer")
    return VOID if is_unsigned else IGNORED_BY_TORCH


def of_classes(xp: Namespace, name: str, ignored: int) -> str:
    """Code that puts a class in the place of the label that is left out."""
    return say(xp, "clipped" if ignored < 0 else "relabelled", name, label=ignored)


def label_left_out(values: Any) -> Any:
    """Ignored label of an array of integers that seem to be labels, or None."""
    if values is None or values.dtype.kind not in "iu" or not values.size:
        return None
    low, high = values.min(), values.max()
    if low < 0:
        return low if (values >= 0)[values != low].all() else None
    others = values[values != VOID]
    return VOID if high == VOID and others.size and 0 < others.max() < VOID - 1 else None


def values_at_hand(array: Array) -> Any:
    """Values of an array of NumPy or of an eager tensor in host memory, as NumPy's; else None."""
    if plain_library(type(array)) is None:
        return None
    if is_being_compiled(array) or is_being_recorded(array):
        return None
    try:
        return (array.detach() if hasattr(array, "detach") else array).__array__()
    except Exception:
        return None
