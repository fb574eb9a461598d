"""What raises, from the options of a call alone."""

import math
from typing import Any, get_args

from kldiv_xp._typing import Axes, TargetKind


def check_switch(name: str, value: object) -> None:
    """Refuse anything but True and False, arrays and strings above all."""
    if not isinstance(value, bool):
        message = f"`{name}` must be True or False; got {value!r}: pass bool(...) of it."
        raise TypeError(message)


def resolve_axis(axis: object, ndim: int) -> Axes:
    """Axes counted from the front, in ascending order."""
    places = check_axis(axis)
    if not all(-ndim <= place < ndim for place in places):
        message = (
            f"`axis` must name axes of the operands, which have {ndim}; got {axis!r}: count them "
            "from 0, or from -1 at the end."
        )
        raise ValueError(message)
    resolved = sorted(place % ndim for place in places)
    if len(set(resolved)) < len(resolved):
        message = f"`axis` must name each axis once; got {axis!r} for operands with {ndim} axes."
        raise ValueError(message)
    return tuple(resolved)


def check_axis(axis: object) -> Axes:
    """Axes as they were given; refuse what are no ints."""
    places = axis if isinstance(axis, tuple) else (axis,)
    if not all(isinstance(place, int) and not isinstance(place, bool) for place in places):
        message = f"`axis` must be None, an int or a tuple of ints; got {axis!r}."
        raise TypeError(message)
    return places


def check_temperature(temperature: Any) -> None:
    """Refuse anything but a positive finite number."""
    if not (is_number(temperature) and 0 < nearest_float(temperature) < math.inf):
        message = (
            f"`temperature` must be a positive finite number; got {temperature!r}: 1.0 leaves "
            "the logits as they are."
        )
        raise wrong(temperature)(message)


def check_beta(beta: Any) -> None:
    """Refuse anything but a number between 0 and 1."""
    if not (is_number(beta) and 0 <= beta <= 1):
        message = (
            f"`beta` must be a number from 0 to 1; got {beta!r}: 0.5 is the Jensen-Shannon "
            "divergence."
        )
        raise wrong(beta)(message)


def check_target_kind(target_is: object) -> None:
    """Refuse anything but the three kinds of target."""
    kinds = get_args(TargetKind)
    if not (isinstance(target_is, str) and target_is in kinds):
        message = f"`target_is` must be one of {', '.join(map(repr, kinds))}; got {target_is!r}."
        raise ValueError(message)


def is_number(value: object) -> bool:
    """Whether this is a real number of Python."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def nearest_float(number: float) -> float:
    """The number, infinite where it is an int that no float can hold."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def wrong(value: object) -> type[Exception]:
    """Kind of error for an option that should have been another number."""
    return ValueError if is_number(value) else TypeError
