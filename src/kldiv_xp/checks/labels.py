"""Remedies for class labels in place of distributions."""

from kldiv_xp._typing import Axis, Namespace, Shape
from kldiv_xp.checks.remedies import say


def for_dense_labels(xp: Namespace, shape: Shape, labels: Shape, axis: Axis = -1) -> str:
    """Remedy for class labels of distributions of a shape, by their encoding; "" if none."""
    place, code = label_axis(shape, labels, axis), "target"
    if place is None and (place := column_axis(shape, labels)) is not None:
        code = say(xp, "reshaped", code, shape=shape[:place] + shape[place + 1 :])
    if place is None or None in shape:
        return ""
    code = with_axis_at(xp, say(xp, "one_hot", code, n=shape[place]), place, shape)
    return (
        f"class labels become probabilities by {code}, which kl_div_with_logits takes with "
        "target_is='probabilities'"
    )


def for_labels_of_part(
    xp: Namespace, shape: Shape, labels: Shape, axis: Axis = -1, *, as_int: bool = False
) -> str:
    """The same for a loss of a target that is known in part, of which one entry is enough."""
    place = label_axis(shape, labels, axis)
    code = say(xp, "as_int", "target") if as_int else "target"
    if place is not None:
        code = with_axis_at(xp, f"{code}[..., None]", place, shape)
    elif column_axis(shape, labels) is None:
        return ""
    return (
        "class labels are places of a probability of 1: pass them as "
        f"indices={code}, and as `target` ones in that shape, with target_is='probabilities'"
    )


def with_axis_at(xp: Namespace, code: str, axis: int, shape: Shape) -> str:
    """Code that moves the last axis to its place in a shape."""
    return code if axis == len(shape) - 1 else say(xp, "with_last_axis_moved", code, axis=axis)


def label_axis(shape: Shape, labels: Shape, axis: Axis = -1) -> int | None:
    """Axis whose removal gives the shape of the class labels, or None; `axis` is tried first."""
    ndim = len(shape)
    first = axis % ndim if isinstance(axis, int) and -ndim <= axis < ndim else ndim - 1
    places: tuple[int, ...] = (first, ndim - 1, *range(1, ndim - 1))
    for place in places:
        if place >= 0 and labels == shape[:place] + shape[place + 1 :]:
            return place
    return None


def column_axis(shape: Shape, labels: Shape) -> int | None:
    """Axis of classes along which the labels have size 1, or None."""
    for place in range(len(shape) > 1, len(shape)):
        if shape[place] != 1 and labels == (*shape[:place], 1, *shape[place + 1 :]):
            return place
    return None
