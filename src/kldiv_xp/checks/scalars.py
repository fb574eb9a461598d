"""Numbers that may be arrays: read where that is free, and kept as 0-d arrays elsewhere."""

import math

from kldiv_xp._typing import Array
from kldiv_xp.checks.arrays import common_namespace, type_name
from kldiv_xp.checks.numbers import is_number, nearest_float
from kldiv_xp.checks.operands import check_devices
from kldiv_xp.core.dtypes import is_kind
from kldiv_xp.core.facts import facts_about
from kldiv_xp.core.namespaces import is_array, known_shape, traced


def temperature_of(temperature: object, input: Array) -> float | Array:
    """Temperature as a float, or the 0-d array that holds it."""
    required = "a positive finite real number (no bool)"
    remedy = "1.0 leaves the logits as they are"
    number = scalar("temperature", temperature, input, required, remedy)
    if isinstance(number, float) and not 0 < number < math.inf:
        raise ValueError(sentence("temperature", temperature, required, remedy))
    return number


def beta_of(beta: object, input: Array) -> float | Array:
    """Beta as a float, or the 0-d array that holds it."""
    required = "a real number from 0 to 1 (no bool)"
    remedy = "0.5 is the Jensen-Shannon divergence"
    number = scalar("beta", beta, input, required, remedy)
    if isinstance(number, float) and not 0 <= number <= 1:
        raise ValueError(sentence("beta", beta, required, remedy))
    return number


def scalar(name: str, value: object, input: Array, required: str, remedy: str) -> float | Array:
    """Number as a float, or the array that holds it where only its library can read that."""
    value = traced(input, value)
    if is_number(value):
        return nearest_float(value)
    if isinstance(value, type) or not is_array(value):
        raise TypeError(sentence(name, value, required, remedy))
    xp = common_namespace(input=input, **{name: value})
    array: Array = value
    is_real = is_kind(xp, array.dtype, "real floating") or is_kind(xp, array.dtype, "integral")
    if known_shape(array) != () or not is_real:
        raise TypeError(sentence(name, value, required, remedy))
    check_devices(xp, input=input, **{name: value})
    return float(array) if facts_about(xp).zero_dimensional_is_scalar else array


def sentence(name: str, value: object, required: str, remedy: str) -> str:
    """Why an option is refused, without a look at the values of an array."""
    got = repr(value)
    if is_array(value) and not isinstance(value, type) and not is_number(value):
        array: Array = value
        got = f"{type_name(array)} of shape {known_shape(array)} and dtype {array.dtype}"
    return (
        f"`{name}` must be {required} or a 0-d array of one in the library of `input`; "
        f"got {got}: {remedy}."
    )
