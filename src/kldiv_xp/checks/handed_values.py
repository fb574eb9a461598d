"""Values that a remedy hands on to another option: as that takes them, or what it takes."""

import math
from typing import Any

from kldiv_xp._typing import Array
from kldiv_xp.checks.numbers import is_number, nearest_float, number_meant, whole_number
from kldiv_xp.checks.remedies import say
from kldiv_xp.checks.scalars import RANGES, Range
from kldiv_xp.checks.switches import is_whole_array
from kldiv_xp.checks.unnamed_arguments import PLAIN
from kldiv_xp.core.namespaces import is_array, known_shape, namespace_of

ANY_REAL = Range("a finite real number (no bool)", "", math.isfinite)
# Where a value stands in a remedy, and what it must be there.
HANDED_NUMBERS = {
    **{f"{name}={{value}}": within for name, within in RANGES.items()},
    "1 / {value}": RANGES["temperature"],
    "divide the loss by {value}": RANGES["temperature"],
    "by {value}": ANY_REAL,
    "upstream={value}": ANY_REAL,
}
ONE_INT, INTS = "an int, the axis of one distribution", "an int or a tuple of ints"


def handed_on(remedy: str, name: str, value: Any, known: set[str], *, is_class: bool) -> str | None:
    """Code for a value in a remedy; None if what it is handed on to refuses it."""
    if "axis={value}" in remedy:
        return as_axis(name, value, known)
    if "labels != {value}" in remedy and not is_plain_array(value):
        return None if whole_number(value) is None else repr(whole_number(value))
    within = [one for place, one in HANDED_NUMBERS.items() if place in remedy]
    if not within or is_plain_array(value):
        return of_array(remedy, name, value, is_class=is_class)
    number = nearest_float(value) if is_number(value) else number_meant(value)
    code = repr(number)
    if is_number(value):
        code = repr(value) if isinstance(value, PLAIN) else name
    return code if number is not None and all(one.holds(number) for one in within) else None


def of_array(remedy: str, name: str, value: Any, *, is_class: bool) -> str | None:
    """Code for an array; None if it has axes and the option takes a number."""
    options = [one for one in RANGES if f"{one}={{value}}" in remedy]
    if not options or not is_plain_array(value):
        return repr(value) if isinstance(value, PLAIN) else name
    if known_shape(value) != ():
        return None
    return as_number(name, value) if is_class else name


def is_plain_array(value: object) -> bool:
    """Whether a value is an array, and no number of NumPy."""
    return is_whole_array(value) and not is_number(value)


def as_axis(name: str, value: Any, known: set[str]) -> str | None:
    """Code for an axis or several, which losses of logits do not take; None if it is neither."""
    if is_plain_array(value):
        return None if known_shape(value) else name
    is_several = isinstance(value, tuple | list)
    numbers = [whole_number(one) for one in (value if is_several else [value])]
    if None in numbers or (is_several and "temperature" in known and len(numbers) != 1):
        return None
    is_one = not is_several or "temperature" in known
    return repr(numbers[0]) if is_one else repr(tuple(numbers))


def what_is_taken(remedy: str, known: set[str]) -> str:
    """A remedy with what its option takes in the place of a value that it refuses."""
    axis = ONE_INT if "temperature" in known else INTS
    remedy = remedy.replace("axis={value}", f"axis=..., {axis}")
    remedy = remedy.replace("labels != {value}", "labels != ..., one int,")
    for place, within in HANDED_NUMBERS.items():
        remedy = remedy.replace(place, place.replace("{value}", f"..., {within.required}"))
    return remedy.replace("{value}", "...")


def as_number(name: str, value: object) -> str:
    """Code that converts an array or another object to a number."""
    if isinstance(value, type) or not is_array(value):
        return f"float({name})"
    array: Array = value
    return say(namespace_of(array), "number", name)
