"""Remedies for operands that would broadcast: the axes that they lack, or have with size 1."""

from itertools import combinations

from kldiv_xp._typing import Axes, Axis, Namespace, Shape
from kldiv_xp.checks.remedies import say, words_of
from kldiv_xp.core.shapes import axes_of_entries


def for_spread(
    xp: Namespace, left: Shape, right: Shape, axis: Axis = -1, *, named: bool = False
) -> str:
    """Remedy where one shape broadcasts to the other, though not along the classes; else "".

    What is the same along an axis is named where an operand fits in several ways, or if asked.
    """
    return for_spread_of(xp, "target", left, right, axis, named=named) or for_spread_of(
        xp, "input", right, left, axis, named=named
    )


def for_spread_of(
    xp: Namespace, name: str, shape: Shape, given: Shape, axis: Axis = -1, *, named: bool = False
) -> str:
    """Remedy where one operand broadcasts to a shape, though not along the classes; else ""."""
    ways = placements(shape, given, axes_of_entries(axis, len(shape)))
    if not ways:
        return ""
    codes = spread_codes(xp, name, shape, given, ways, named=named)
    told = ", or ".join(f"{name} = {code}" for code in codes)
    return f"nothing is broadcast silently, so pass {told}"


def spread_codes(
    xp: Namespace, name: str, shape: Shape, given: Shape, ways: list[Axes], *, named: bool = False
) -> list[str]:
    """Code for each way to broadcast an operand, and which is meant where there are several."""
    codes = [spread_code(xp, name, shape, given, way) for way in ways]
    if len(ways) == 1 and not named:
        return codes
    same = [along(shape, given, way) for way in ways]
    return [f"{one} if it is the same {at}" for one, at in zip(codes, same, strict=True)]


def spread_over_pairs(xp: Namespace, left: Shape, right: Shape, axis: Axis = -1) -> str:
    """Code that broadcasts each operand along axes of the other but for the entries, or ""."""
    shape = broadcast_shape(left, right)
    if shape is None or shape in (left, right):
        return ""
    both = ("input", left), ("target", right)
    kept = axes_of_entries(axis, len(shape))
    if any(placements(shape, one, kept)[-1:] != [leading(shape, one)] for _, one in both):
        return ""
    codes = (f"{name} = {broadcast_code(xp, name, shape)}" for name, one in both)
    return " and ".join(codes)


def placements(shape: Shape, given: Shape, kept: Axes = ()) -> list[Axes]:
    """Axes to insert into an operand so that it broadcasts to a shape, for each way to do so.

    The kept axes it has in full. The last set is that of the first axes, if it fits.
    """
    places = range(len(shape))
    ways = combinations(places, len(shape) - len(given)) if len(given) <= len(shape) else ()
    return [way for way in reversed(list(ways)) if fits(shape, given, way, kept)]


def fits(shape: Shape, given: Shape, lacking: Axes, kept: Axes) -> bool:
    """Whether an operand that gets the axes it lacks broadcasts to a shape, but for kept axes."""
    sizes = list(zip(range(len(shape)), sizes_with_axes(given, lacking, len(shape)), strict=True))
    return all(
        one == shape[at] if at in kept and at not in lacking else one in (1, shape[at])
        for at, one in sizes
    ) and not set(kept) & set(lacking)


def sizes_with_axes(given: Shape, lacking: Axes, ndim: int) -> Shape:
    """Shape with axes of size 1 inserted."""
    sizes = iter(given)
    return tuple(1 if at in lacking else next(sizes) for at in range(ndim))


def leading(shape: Shape, given: Shape) -> Axes:
    """Axes in front that an operand of fewer lacks."""
    return tuple(range(len(shape) - len(given)))


def along(shape: Shape, given: Shape, lacking: Axes) -> str:
    """The axes along which an operand is repeated."""
    sizes = sizes_with_axes(given, lacking, len(shape))
    axes = [str(at) for at, size in enumerate(shape) if size != sizes[at]]
    return f"along {'axis' if len(axes) == 1 else 'axes'} {' and '.join(axes)}"


def spread_code(xp: Namespace, name: str, shape: Shape, given: Shape, lacking: Axes) -> str:
    """Code that inserts axes, where they are not those in front, and broadcasts to a shape."""
    is_leading = lacking == leading(shape, given)
    code = name if is_leading else inserted_axes(xp, name, lacking, len(shape))
    return broadcast_code(xp, code, shape)


def inserted_axes(xp: Namespace, name: str, axes: Axes, ndim: int) -> str:
    """Code that inserts axes of size 1 into an array."""
    one_by_one = words_of(xp).inserts_axes_one_by_one
    if one_by_one:
        return name + "".join(one_by_one.format(axis=axis) for axis in axes)
    index = ", ".join("None" if axis in axes else ":" for axis in range(ndim))
    return f"{name}[{index}]"


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
