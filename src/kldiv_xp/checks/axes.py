"""Checks of the axes of a distribution."""

from numbers import Integral
from typing import Any

from kldiv_xp._typing import Array, Axes
from kldiv_xp.checks.numbers import whole_number
from kldiv_xp.checks.remedies import words_of
from kldiv_xp.core.namespaces import is_array, namespace_of
from kldiv_xp.formula.form import Form

# A tuple: before torch 2.9, torch.compile reads no union of types.
INTEGER_TYPES = (int, Integral)


def resolve_axis(axis: object, ndim: int) -> Axes:
    """Axes counted from the front, in ascending order."""
    places = check_axis(axis)
    if not all(-ndim <= place < ndim for place in places):
        remedy = "count them from 0, or from -1 at the end"
        if ndim == 0:
            remedy = "pass the numbers of a distribution along one"
        message = (
            f"`axis` must name axes of the operands, which have {ndim}; got {axis!r}: {remedy}."
        )
        raise ValueError(message)
    # By comparing: torch.compile(dynamic=True) takes an axis for a number that changes.
    resolved = [one for one in range(ndim) for place in places if place in (one, one - ndim)]
    if len(set(resolved)) < len(resolved):
        message = (
            f"`axis` must name each axis once; got {axis!r} for operands with {ndim} axes: pass "
            f"axis={tuple(sorted(set(resolved)))}."
        )
        raise ValueError(message)
    return tuple(resolved)


def check_axis(axis: object) -> Axes:
    """The given axes as a tuple of ints; refuse other types."""
    places = axis if isinstance(axis, tuple) else (axis,)
    if not all(
        isinstance(place, INTEGER_TYPES) and not isinstance(place, bool) for place in places
    ):
        traced = next(filter(None, map(for_traced, places)), "")
        message = (
            f"`axis` must be None, an int or a tuple of ints; got {axis!r}: "
            f"{traced or for_axis(axis)}."
        )
        raise TypeError(message)
    return tuple(map(int, places))


def check_axis_of(loss: object, axis: object, ndim: int) -> None:
    """Refuse an axis that operands with `ndim` axes lack, before a remedy names it."""
    if axis is None:
        return
    if loss is not None and not isinstance(loss, Form):
        check_single(axis)
    if ndim:
        resolve_axis(axis, ndim)
    else:
        check_axis(axis)


def for_axis(axis: Any) -> str:
    """Remedy for what says an int or several, and is none."""
    several = isinstance(axis, tuple | list)
    numbers = [whole_number(one) for one in (axis if several else (axis,))]
    if None in numbers:
        is_one = is_array(axis) and axis.shape == () and "bool" not in str(axis.dtype)
        return "pass int(...) of it" if is_one else "pass an int, axis=-1 for the last one"
    return f"pass axis={tuple(numbers) if several else numbers[0]!r}"


def plain_axis(axis: object) -> int | Axes:
    """The given axis or axes as ints; refuse other types."""
    places = check_axis(axis)
    return places if isinstance(axis, tuple) else places[0]


def one_axis(axis: object, ndim: int) -> int:
    """The one axis of a distribution, counted from the front."""
    if type(axis) is int and axis == -1 and ndim:
        return ndim - 1
    check_single(axis)
    return resolve_axis(axis, ndim)[0]


def check_single(axis: Any) -> None:
    """Refuse no axis and several in the place of one."""
    if axis is not None and not isinstance(axis, (tuple, list)):
        return
    remedy = "pass axis=-1, the last one"
    if axis and len(axis) > 1:
        remedy = "reshape the operands so that these axes are one, and pass that"
    elif axis and whole_number(axis[0]) is not None:
        remedy = f"pass axis={whole_number(axis[0])}"
    message = f"`axis` must be an int, the axis of one distribution; got {axis!r}: {remedy}."
    raise TypeError(message)


def for_traced(value: object) -> str:
    """Remedy for a traced array, which holds no value, in place of an option; or ""."""
    static = words_of(namespace_of(value)).static if is_array(value) else ""
    return static if static and not holds_values(value) else ""


def holds_values(array: Array) -> bool:
    """Whether an array of a library that traces has values to be read."""
    try:
        array.__array__()
    except Exception:
        return False
    return True
