"""Remedies for shapes that do not fit, in the code of the operands' library."""

from collections.abc import Iterator
from itertools import islice

from kldiv_xp._typing import Axes, Axis, Namespace, Shape
from kldiv_xp.checks.entry_remedies import for_sizes
from kldiv_xp.checks.missing_entries import (
    for_all_entries,
    for_missing_entries,
    for_number,
    without_entries,
)
from kldiv_xp.checks.remedies import say
from kldiv_xp.checks.spreading import (
    broadcast_code,
    broadcast_shape,
    for_spread,
    spread_over_pairs,
)


def for_shapes(
    xp: Namespace, left: Shape, right: Shape, loss: object = None, axis: Axis = -1
) -> str:
    """Remedy for different shapes of input and target."""
    if None in left or None in right:
        return "pass the same samples and entries in both"
    if len(left) != len(right) and squeezed(left) == squeezed(right):
        return f"pass {say(xp, 'reshaped', 'target', shape=left)}"
    if left == () or (right == () and len(left) > 1):
        return for_number("target" if left else "input", loss)
    meant = for_missing_entries(xp, left, right, loss, axis)
    if spread := for_spread(xp, left, right, axis, named=bool(meant)):
        return "; ".join([spread, *meant])
    if (one := without_entries(left, right, axis)) is not None:
        if len(meant) < len(("labels", "one of two")):
            meant.append(for_all_entries(one, axis, else_labels=bool(meant)))
        return "; ".join(meant)
    return for_places(xp, left, right, axis) or for_sizes(left, right, loss, axis)


def for_places(xp: Namespace, left: Shape, right: Shape, axis: Axis) -> str:
    """Remedy for the same elements in other places, or along axes of both; "" for others."""
    pairs = spread_over_pairs(xp, left, right, axis)
    if code := permuted(xp, "target", left, right):
        return f"pass {code}" + f"; for all pairs {pairs}" * bool(pairs)
    if is_regrouped(left, right):
        return f"pass {say(xp, 'reshaped', 'target', shape=left)}"
    return f"nothing is broadcast silently, so pass {pairs}" if pairs else ""


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
    if is_regrouped(shape, given) and not has_several_orders(shape, given):
        return say(xp, "reshaped", name, shape=shape)
    return permuted(xp, name, shape, given)


def permuted(xp: Namespace, name: str, shape: Shape, given: Shape) -> str:
    """Code that puts the axes of an operand in the order of a shape, or two such codes, or ""."""
    codes = [
        say(xp, "permuted", name, axes=order) for order in islice(orders_of_axes(shape, given), 3)
    ]
    if not codes[1:]:
        return "".join(codes)
    other = " or another order" * (len(codes) > len(("one", "two")))
    return f"{codes[0]}, or {codes[1]}{other}, whichever leaves each element its place"


def has_several_orders(shape: Shape, given: Shape) -> bool:
    """Whether more than one permutation of axes gives a shape."""
    return len([*islice(orders_of_axes(shape, given), 2)]) > 1


def orders_of_axes(shape: Shape, given: Shape, start: Axes = ()) -> Iterator[Axes]:
    """Permutations of axes that give a shape; those of size 1 stay in their own order."""
    if len(start) == len(shape) == len(given):
        yield start
    if len(start) == min(len(shape), len(given)):
        return
    left = [axis for axis in range(len(given)) if axis not in start]
    fitting = [axis for axis in left if given[axis] == shape[len(start)]]
    for axis in fitting[: 1 if shape[len(start)] == 1 else None]:
        yield from orders_of_axes(shape, given, (*start, axis))


def squeezed(shape: Shape) -> Shape:
    """Shape without axes of size 1."""
    return tuple(size for size in shape if size != 1)


def is_regrouped(shape: Shape, other: Shape) -> bool:
    """Whether a shape is another whose neighbouring axes are joined or split.

    (6, 4) is of (2, 3, 4); elements of (3, 2) would change their places in (2, 3), and those of
    (8, 4, 2), which has the axes of (2, 4, 8) in another order, are no joined ones of it.
    """
    left, right = ([size or 0 for size in one if size != 1] for one in (shape, other))
    if left != right and sorted(left) == sorted(right):
        return False
    while left and right:
        small, large = (left, right) if left[0] < right[0] else (right, left)
        whole, part = large.pop(0), small.pop(0)
        while part < whole and small:
            part *= small.pop(0)
        if part != whole:
            return False
    return not (left or right)
