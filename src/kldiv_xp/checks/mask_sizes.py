"""Remedies for masks by their sizes: axes that are missing, and tokens more or less."""

from kldiv_xp._typing import Axes, Namespace, Shape
from kldiv_xp.checks.remedies import say


def for_other_sizes(
    xp: Namespace, where: Shape, entries: Shape, allowed: list[Shape], loss: object
) -> str:
    """Remedy for a mask of other samples; one token more or less than logits is the usual case."""
    for shape in allowed:
        pairs = list(zip(shape, where, strict=False))
        off = [at for at, (size, one) in enumerate(pairs) if size != one]
        if len(shape) != len(where) or len(off) != 1 or None in pairs[off[0]]:
            continue
        (at,) = off
        is_of_batch = at == 0 and any(size != 1 for size in shape[1:])
        if not is_of_batch and where[at] == shape[at] + 1:  # type: ignore[operator]
            code = f"where[{':, ' * at}1:]"
            return f"cut it as the operands are, e.g. to {code} beside logits without the last"
        axis = axis_of_tokens(at, shape, entries, allowed)
        if where[at] == shape[at] - 1 and where[at] and axis is not None:  # type: ignore[operator]
            return for_uncut_operands(axis, loss)
    ones = say(xp, "all_true", "", shape=allowed[-1])
    return (
        "leave it out if it has selected the operands, or tells what tokens attend to; else start "
        f"from {ones}, and set what is left out to False"
    )


def axis_of_tokens(at: int, shape: Shape, entries: Shape, allowed: list[Shape]) -> int | None:
    """Axis of the operands along which a mask has another size, if it may be that of tokens.

    It is neither one of a distribution nor that of the batch.
    """
    kept = next((one for one in allowed if len(one) == len(entries) and one != entries), None)
    if kept is None:
        return None
    missing = () if len(shape) == len(kept) else missing_axes(kept, shape)
    axes = [axis for axis in range(len(kept)) if axis not in (missing or ())]
    if missing is None or kept[axes[at]] != entries[axes[at]]:
        return None
    is_of_batch = at == 0 and any(size != 1 for size in kept[1:])
    return None if is_of_batch else axes[at]


def for_uncut_operands(axis: int, loss: object) -> str:
    """Remedy for a mask of the next tokens beside operands that have one token more."""
    index = f"[{':, ' * axis}:-1]"
    indices = f", indices{index}" if hasattr(loss, "tail") else ""
    return (
        f"cut the operands as it is, e.g. to input{index}{indices} and target{index} beside a mask "
        "of the next tokens"
    )


def missing_axes(shape: Shape, where: Shape) -> Axes | None:
    """Axes of size 1 to insert so that a mask has a shape, or None."""
    missing: list[int] = []
    sizes = list(where)
    for axis, size in enumerate(shape):
        spare = len(shape) - axis - len(sizes)
        if sizes and sizes[0] == size:
            sizes.pop(0)
        elif spare > 0 and size == 1:
            missing.append(axis)
        else:
            return None
    return None if sizes or not missing else tuple(missing)
