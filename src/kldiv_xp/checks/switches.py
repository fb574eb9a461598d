"""Remedies for values that are neither True nor False."""

from typing import Any

from kldiv_xp._typing import Array
from kldiv_xp.checks.arrays import type_name
from kldiv_xp.checks.numbers import is_number
from kldiv_xp.checks.remedies import say
from kldiv_xp.core.dtypes import is_kind
from kldiv_xp.core.namespaces import is_array, known_shape, namespace_of

WORDS_OF_SWITCHES = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1", "1.0"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0", "0.0"), False),
}
# All others are False where they are left out.
ON_BY_DEFAULT = ("log_input", "scale_by_temperature_squared")
NEITHER = "pass True or False"


def for_no_switch(name: str, value: Any) -> str:
    """Remedy for what is neither True nor False: bool() of text and of containers is True."""
    if is_whole_array(value):
        return for_array(name, value)
    if value is None or text_of(value) in ("none", "null"):
        return f"pass {name}={name in ON_BY_DEFAULT}, the default"
    meant = switch_meant(value)
    if meant is None:
        return NEITHER
    return "pass bool(...) of it" if is_number(value) else f"pass {name}={meant}"


def for_array(name: str, array: Array) -> str:
    """Remedy for an array, whose value is not read: of one element it may be that."""
    xp, shape = namespace_of(array), known_shape(array)
    kinds = "bool", "integral", "real floating"
    if set(shape) - {1} or not any(is_kind(xp, array.dtype, kind) for kind in kinds):
        return NEITHER
    if shape == ():
        return "pass bool(...) of it"
    return f"pass bool({say(xp, 'reshaped', name, shape=())})"


def switch_meant(value: Any) -> bool | None:
    """Bool that text, a number, or a container of one of them means, or None."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str | bytes):
        return WORDS_OF_SWITCHES.get(text_of(value))
    if isinstance(value, list | tuple) and len(value) == 1:
        return switch_meant(value[0])
    is_whole = is_number(value) and value in (0, 1)
    return bool(value) if is_whole or type(value).__name__ in ("bool", "bool_") else None


def text_of(value: object) -> str:
    """Text in small letters; "" of what is none."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    return text.strip().casefold() if isinstance(text, str) else ""


def shown_switch(value: object) -> str:
    """A value as code, or the type of an array with axes."""
    is_long = is_whole_array(value) and known_shape(value) != ()
    return type_name(value) if is_long else repr(value)


def is_whole_array(value: object) -> bool:
    """Whether a value is an array: neither its type, nor text of NumPy."""
    return not isinstance(value, (type, str, bytes)) and is_array(value)
