"""Numbers that may be arrays: read as floats where that is free, else kept as 0-d arrays."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kldiv_xp._typing import Array, Namespace, Shape
from kldiv_xp.checks.arrays import common_namespace, type_name
from kldiv_xp.checks.labels import column_axis, label_axis, with_axis_at
from kldiv_xp.checks.numbers import is_number, nearest_float, number_meant
from kldiv_xp.checks.operands import check_devices
from kldiv_xp.checks.remedies import say
from kldiv_xp.checks.spreading import along, inserted_axes, placements, sizes_with_axes
from kldiv_xp.checks.switches import is_whole_array
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

ONE_NUMBER = "pass one number, or call the loss once for each of several"
TO_EACH_OPERAND = "; if they are the student's and the teacher's, divide the logits of each instead"
DIVIDED = (
    "pass the samples of each temperature in a call of their own; or, if `input` holds logits, "
    "divide them before the call, input / {divisor}{same} and `target` likewise if it holds "
    "logits: what reduction='none' gives times {samples} ** 2 is the scaled loss"
)


def temperature_of(temperature: object, input: Array) -> float | Array:
    """Temperature as a float, or the 0-d array that holds it."""
    return number_within("temperature", temperature, input)


def beta_of(beta: object, input: Array) -> float | Array:
    """Beta as a float, or the 0-d array that holds it."""
    return number_within("beta", beta, input)


def number_within(name: str, value: object, input: Array) -> float | Array:
    """Number within its range as a float, or the 0-d array that holds it."""
    within = RANGES[name]
    if type(value) is float and within.holds(value):
        return value
    number = scalar(name, value, input, within.required, within.remedy)
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


def scalar(name: str, value: object, input: Array, required: str, remedy: str) -> float | Array:
    """Number as a float, or the 0-d array that holds it where reading is not free."""
    value = traced(input, value)
    if is_number(value):
        return nearest_float(value)
    if not is_whole_array(value):
        better = for_text(name, value) or remedy  # only here, where no traced number comes
        raise TypeError(refusal_of_option(name, value, required, better))
    xp = common_namespace(input=input, **{name: value})
    array: Array = value
    is_real = is_kind(xp, array.dtype, "real floating") or is_kind(xp, array.dtype, "integral")
    if known_shape(array) != () or not is_real:
        remedy = for_axes(name, array, input) or remedy if is_real else remedy
        raise TypeError(refusal_of_option(name, value, required, remedy))
    check_devices(xp, input=input, **{name: value})
    return float(array) if facts_about(xp).zero_dimensional_is_scalar else array


def for_axes(name: str, array: Array, input: Array) -> str:
    """Remedy for an array with axes in place of a number, or ""."""
    xp, shape, every = namespace_of(array), known_shape(array), known_shape(input)
    if None in (*shape, *every):
        return ""
    if set(shape) == {1}:
        return f"pass {say(xp, 'reshaped', name, shape=())}"
    if name != "temperature":
        return ONE_NUMBER
    return for_temperatures(xp, shape, every) or for_repeated_temperatures(xp, shape, every)


def for_temperatures(xp: Namespace, shape: Shape, every: Shape) -> str:
    """Remedy for a temperature of each sample; "" for other shapes."""
    place, column = label_axis(every, shape), column_axis(every, shape)
    if place == column:
        return ""
    divisor = samples = "temperature"
    if place is not None:
        divisor = with_axis_at(xp, "temperature[..., None]", place, every)
    if column is not None:
        samples = say(xp, "reshaped", samples, shape=every[:column] + every[column + 1 :])
    return DIVIDED.format(divisor=divisor, samples=samples, same="")


def for_repeated_temperatures(xp: Namespace, shape: Shape, every: Shape) -> str:
    """Remedy for temperatures that are the same along axes of the samples; "" for other shapes."""
    ways = {sizes_with_axes(shape, one, len(every)): one for one in placements(every, shape)}
    ways = {sizes: one for sizes, one in ways.items() if sizes[-1:] == (1,)}
    if not ways:
        return ""
    sizes, lacking = next(iter(ways.items()))
    divisor = inserted_axes(xp, "temperature", lacking, len(every)) if lacking else "temperature"
    samples = say(xp, "reshaped", "temperature", shape=sizes[:-1])
    along_axes = along(every[:-1], sizes[:-1], ())
    same = f" if it is the same {along_axes}" if len(ways) > 1 else ""
    return DIVIDED.format(divisor=divisor, samples=samples, same=same)


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
