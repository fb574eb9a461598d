"""Numbers that may be arrays: read as floats where that is free, else kept as 0-d arrays."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kldiv_xp._typing import Array, Axis
from kldiv_xp.checks.arrays import common_namespace, type_name
from kldiv_xp.checks.ignored_labels import values_at_hand
from kldiv_xp.checks.numbers import is_number, nearest_float, number_meant
from kldiv_xp.checks.operands import check_devices
from kldiv_xp.checks.remedies import say
from kldiv_xp.checks.switches import is_whole_array
from kldiv_xp.checks.temperatures import ONE_NUMBER, for_axes
from kldiv_xp.core.dtypes import is_kind
from kldiv_xp.core.facts import facts_about
from kldiv_xp.core.namespaces import known_shape, namespace_of, traced


@dataclass(frozen=True)
class Range:
    """The range of a number: requirement, remedy and predicate."""

    required: str
    remedy: str
    holds: Callable[[float], bool]


RANGES = {
    "temperature": Range(
        "a positive finite real number (no bool)",
        "pass temperature=1.0, which leaves the logits as they are",
        lambda number: 0 < number < math.inf,
    ),
    "beta": Range(
        "a real number from 0 to 1 (no bool)",
        "pass beta=0.5, the Jensen-Shannon divergence",
        lambda number: 0 <= number <= 1,
    ),
}

TO_EACH_OPERAND = "; if they are the student's and the teacher's, divide the logits of each instead"


def temperature_of(temperature: object, input: Array, axis: Axis = -1) -> float | Array:
    """Temperature as a float, or the 0-d array that holds it."""
    return number_within("temperature", temperature, input, axis)


def beta_of(beta: object, input: Array, axis: Axis = -1) -> float | Array:
    """Beta as a float, or the 0-d array that holds it."""
    return number_within("beta", beta, input, axis)


def number_within(name: str, value: object, input: Array, axis: Axis = -1) -> float | Array:
    """Number within its range as a float, or the 0-d array that holds it.

    Remedies are for distributions along `axis`.
    """
    within = RANGES[name]
    if type(value) is float and within.holds(value):
        return value
    number = scalar(name, value, input, within, axis)
    if isinstance(number, float) and not within.holds(number):
        raise ValueError(refusal_of_option(name, value, within.required, within.remedy))
    return number


def for_text(name: str, value: Any) -> str:
    """Remedy for the text of a number, a number of another type or in a container; or ""."""
    if is_whole_array(value):
        return ""
    if value is None and name == "beta":  # which is 0.5 in some losses, and 0 in others
        return "leave it out"
    number = value.real if isinstance(value, complex) and not value.imag else number_meant(value)
    holds = number is not None and RANGES[name].holds(number)
    is_several = callable(value) or (isinstance(value, list | tuple) and len(value) > 1)
    if is_several and not (holds or isinstance(value, type)):
        return ONE_NUMBER + TO_EACH_OPERAND * (name == "temperature")
    return f"pass {name}={number!r}" if holds else ""


def for_entry(name: str, array: Array) -> str:
    """Remedy for an array of no real numbers, such as objects and text, by its entries; or ""."""
    if set(known_shape(array)) - {1}:
        return ONE_NUMBER + TO_EACH_OPERAND * (name == "temperature")
    values = values_at_hand(array[...])  # of a scalar of NumPy its array
    return for_text(name, values.item()) if values is not None else ""


def plain_number_within(name: str, value: object) -> float:
    """Number within its range as a float; refuse arrays, which a stored option would keep alive."""
    within = RANGES[name]
    if not is_number(value):
        remedy = for_text(name, value) or within.remedy
        if is_whole_array(value):
            remedy = (
                "pass float(...) of it, or call the function in place of the class, which takes a "
                f"0-d array as `{name}`"
            )
            if known_shape(value) != ():
                remedy = for_one_of(name, value)
        raise TypeError(f"`{name}` must be {within.required}; got {value!r}: {remedy}.")
    number = nearest_float(value)
    if not within.holds(number):
        message = f"`{name}` must be {within.required}; got {value!r}: {within.remedy}."
        raise ValueError(message)
    return number


def for_one_of(name: str, array: Any) -> str:
    """Remedy for an array with axes where one number is remembered."""
    if set(known_shape(array)) - {1}:
        return "pass one number for all samples"
    return f"pass float({say(namespace_of(array), 'reshaped', name, shape=())})"


def scalar(name: str, value: object, input: Array, within: Range, axis: Axis) -> float | Array:
    """Number as a float, or the 0-d array that holds it where reading is not free."""
    required, remedy = within.required, within.remedy
    value = traced(input, value)
    if is_number(value):
        return nearest_float(value)
    if not is_whole_array(value):
        better = for_text(name, value) or remedy  # only here, where no traced number comes
        raise TypeError(refusal_of_option(name, value, required, better))
    xp = common_namespace(None, axis, input=input, **{name: value})
    array: Array = value
    is_real = is_kind(xp, array.dtype, "real floating") or is_kind(xp, array.dtype, "integral")
    if known_shape(array) != () or not is_real:
        of_array = for_axes(name, array, input, axis) if is_real else for_entry(name, array)
        remedy = of_array or remedy
        raise TypeError(refusal_of_option(name, value, required, remedy))
    check_devices(xp, input=input, **{name: value})
    return float(array) if facts_about(xp).zero_dimensional_is_scalar else array


def refusal_of_option(name: str, value: object, required: str, remedy: str) -> str:
    """Error message for an option; it reads no array's values."""
    got = repr(value)
    if is_whole_array(value) and not is_number(value):
        array: Any = value
        got = f"{type_name(array)} of shape {known_shape(array)} and dtype {array.dtype}"
    return (
        f"`{name}` must be {required} or a 0-d array of one in the library of `input`; "
        f"got {got}: {remedy}."
    )
