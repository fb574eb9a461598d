"""Remedies for shapes that do not fit, in the code of the operands' library."""

from itertools import permutations

from kldiv_xp._typing import Axes, Axis, Namespace, Shape
from kldiv_xp.checks.entry_remedies import for_sizes
from kldiv_xp.checks.labels import for_dense_labels
from kldiv_xp.checks.remedies import say


def for_shapes(
    xp: Namespace, left: Shape, right: Shape, loss: object = None, axis: Axis = -1
) -> str:
    """Remedy for different shapes of input and target."""
    if None in left or None in right:
        return "pass the same samples and entries in both"
    spread = broadcast_shape(left, right)
    if spread is not None and spread in (left, right):
        return for_spread(xp, left, right, spread)
    if labels := for_dense_labels(xp, left, right, axis, loss=loss):
        return labels
    order = order_of_axes(left, right)
    if order is not None:
        pairs = f"; for all pairs {spread_over(xp, left, right, spread)}" if spread else ""
        return f"pass {say(xp, 'permuted', 'target', axes=order)}{pairs}"
    if is_regrouped(left, right):
        return f"pass {say(xp, 'reshaped', 'target', shape=left)}"
    return for_spread(xp, left, right, spread) if spread else for_sizes(left, right, loss, axis)


def for_spread(xp: Namespace, left: Shape, right: Shape, shape: Shape) -> str:
    """Remedy for shapes that would broadcast."""
    return f"nothing is broadcast silently, so pass {spread_over(xp, left, right, shape)}"


def spread_over(xp: Namespace, left: Shape, right: Shape, shape: Shape) -> str:
    """Code that broadcasts the operands of another shape to this one."""
    both = ("input", left), ("target", right)
    codes = (f"{name} = {broadcast_code(xp, name, shape)}" for name, one in both if one != shape)
    return " and ".join(codes)


def for_upstream(xp: Namespace, upstream: Shape, reduction: str, samples: Shape) -> str:
    """Remedy for an `upstream` of another shape than the loss."""
    if reduction != "none":
        return "pass a number" if upstream != samples else "pass reduction='none', or a number"
    if None not in (*upstream, *samples):
        if broadcast_shape(upstream, samples) == samples:
            return f"pass {broadcast_code(xp, 'upstream', samples)}"
        if code := rearranged(xp, "upstream", samples, upstream):
            return f"pass {code}"
    return "pass the gradient with respect to the loss"


def rearranged(xp: Namespace, name: str, shape: Shape, given: Shape) -> str:
    """Code that gives an operand a shape and leaves each element its place in it, or ""."""
    if None in (*shape, *given):
        return ""
    if is_regrouped(shape, given):
        return say(xp, "reshaped", name, shape=shape)
    order = order_of_axes(shape, given)
    return "" if order is None else say(xp, "permuted", name, axes=order)


def broadcast_code(xp: Namespace, name: str, shape: Shape) -> str:
    """Code that broadcasts an operand to a shape."""
    return say(xp, "broadcast", name, shape=shape)


def broadcast_shape(left: Shape, right: Shape) -> Shape | None:
    """Shape to which both broadcast, or None."""
    ndim = max(len(left), len(right))
    padded = [(1,) * (ndim - len(shape)) + shape for shape in (left, right)]
    pairs = list(zip(*padded, strict=True))
    if not all(a == b or 1 in (a, b) for a, b in pairs):
        return None
    return tuple(b if a == 1 else a for a, b in pairs)


def order_of_axes(shape: Shape, other: Shape) -> Axes | None:
    """Permutation of the axes of `other` that gives `shape`, or None."""
    if sorted(shape, key=repr) != sorted(other, key=repr):
        return None
    orders = permutations(range(len(other)))
    return next((one for one in orders if tuple(other[axis] for axis in one) == shape), None)


def is_regrouped(shape: Shape, other: Shape) -> bool:
    """Whether a shape is another whose neighbouring axes are joined or split.

    (6, 4) is of (2, 3, 4); elements of (3, 2) would change their places in (2, 3).
    """
    left, right = ([size or 0 for size in one if size != 1] for one in (shape, other))
    while left and right:
        small, large = (left, right) if left[0] < right[0] else (right, left)
        whole, part = large.pop(0), small.pop(0)
        while part < whole and small:
            part *= small.pop(0)
        if part != whole:
            return False
    return not (left or right)
