"""Checks of operands together by types, dtypes, shapes and devices; no value is read."""

from kldiv_xp._typing import Array, Axes, Axis, Namespace, Reduction, Shape
from kldiv_xp.checks.arrays import (
    DTYPE_KINDS,
    check_dtype,
    check_layouts,
    common_namespace,
    type_name,
)
from kldiv_xp.checks.axes import check_axis_of
from kldiv_xp.checks.mask_remedies import for_mask
from kldiv_xp.checks.number_masks import for_numbers
from kldiv_xp.checks.numbers import is_number
from kldiv_xp.checks.remedies import for_no_number, say
from kldiv_xp.checks.shape_remedies import for_shapes, for_upstream
from kldiv_xp.core.dtypes import is_kind
from kldiv_xp.core.facts import facts_about
from kldiv_xp.core.namespaces import (
    is_array,
    known_shape,
    namespace_of,
    sample_mask_shape,
    sample_shape,
)


def check_operands(input: Array, target: Array, loss: object = None, axis: Axis = -1) -> Namespace:
    """Namespace of two operands that fit each other; the loss says what they should hold.

    Raises
    ------
    TypeError
        If an operand is not an array, has no real floating-point dtype, or the two come from
        different libraries.
    ValueError
        If shapes or devices differ.
    """
    xp = common_namespace(loss, axis, input=input, target=target)
    check_layouts(xp, input=input, target=target)
    check_dtype(xp, "input", input, None, loss, axis)
    check_dtype(xp, "target", target, known_shape(input), loss, axis)
    check_shapes(input, target, loss, axis)
    check_devices(xp, input=input, target=target)
    return xp


def check_shapes(input: Array, target: Array, loss: object = None, axis: Axis = -1) -> None:
    """Refuse different shapes; an unknown size agrees with any."""
    left, right = known_shape(input), known_shape(target)
    if not agree(left, right):
        check_axis_of(loss, axis, len(left))
        message = (
            f"`input` and `target` must have the same shape; got {left} and {right}: "
            f"{for_shapes(namespace_of(input), left, right, loss, axis)}."
        )
        raise ValueError(message)


def check_devices(xp: Namespace, **operands: Array) -> None:
    """Refuse operands on different devices where the library does."""
    facts = facts_about(xp)
    if not facts.forbids_mixed_devices:
        return
    (first, left), *others = operands.items()
    for name, operand in others:
        if operand.device != left.device:
            moved, kept = name, first
            if str(operand.device) in facts.devices_without_values:
                moved, kept = first, name
            message = (
                f"`{first}` and `{name}` must be on one device; got {left.device} and "
                f"{operand.device}: move one of them, {say(xp, 'on_device', moved, y=kept)}."
            )
            raise ValueError(message)


def check_where(
    input: Array,
    where: Array,
    axes: Axes | None,
    loss: object = None,
    *,
    of_samples: bool = False,
    logits: Shape | None = None,
) -> None:
    """Refuse a mask that is neither of the operands' shape nor of the samples'.

    Hidden states are made into logits of a shape of their own.
    """
    shape = known_shape(input)
    samples = [sample_mask_shape(shape, axes), sample_shape(shape, axes)] if axes else []
    check_mask(input, where, samples if of_samples else [shape, *samples], loss, logits)


def check_mask(
    input: Array,
    where: Array,
    allowed: list[Shape],
    loss: object = None,
    logits: Shape | None = None,
) -> None:
    """Refuse a mask that is not bool, or has none of the allowed shapes."""
    xp = common_namespace(input=input, where=where)
    check_layouts(xp, where=where)
    if not is_kind(xp, where.dtype, DTYPE_KINDS["bools"]):
        message = (
            "`where` must be a mask of bools, True at what has a part in the loss; got "
            f"{where.dtype}: {for_numbers(xp, where, allowed)}."
        )
        raise TypeError(message)
    check_devices(xp, input=input, where=where)
    if not any(agree(known_shape(where), one) for one in allowed):
        entries, found = logits or known_shape(input), known_shape(where)
        remedy = for_mask(xp, entries, found, allowed, loss, of_logits=logits is not None)
        message = (
            f"`where` must have the shape {' or '.join(map(str, allowed))}; got {found}: {remedy}."
        )
        raise ValueError(message)


def agree(left: Shape, right: Shape) -> bool:
    """Whether two shapes are equal where their sizes are known."""
    return len(left) == len(right) and all(
        a is None or b is None or a == b for a, b in zip(left, right, strict=True)
    )


def check_upstream(input: Array, upstream: Array, reduction: Reduction, samples: Shape) -> None:
    """Refuse an `upstream` that is neither a number nor of the loss's shape."""
    if upstream is None or is_number(upstream):
        check_number("upstream", upstream)
        return
    if not is_array(upstream):
        message = (
            "`upstream` must be a real number (no bool) or an array of the library of `input`; got "
            f"{type_name(upstream)}: {for_no_number('upstream', upstream, ('input', input))}."
        )
        raise TypeError(message)
    xp = common_namespace(input=input, upstream=upstream)
    check_layouts(xp, upstream=upstream)
    if known_shape(upstream) != () or not is_kind(xp, upstream.dtype, "integral"):
        check_dtype(xp, "upstream", upstream)
    check_devices(xp, input=input, upstream=upstream)
    allowed = [(), samples] if reduction == "none" else [()]
    if known_shape(upstream) not in allowed:
        message = (
            f"`upstream` must have the shape of the loss, {samples} for 'none' and () "
            f"otherwise; got {known_shape(upstream)} with reduction={reduction!r}: "
            f"{for_upstream(xp, known_shape(upstream), reduction, samples)}."
        )
        raise ValueError(message)


def check_number(name: str, number: float | None) -> None:
    """Refuse an int too large for a float."""
    try:
        float(number or 0)
    except OverflowError as error:
        message = f"`{name}` must be a number that a float holds; got {number!r}: scale it down."
        raise ValueError(message) from error
