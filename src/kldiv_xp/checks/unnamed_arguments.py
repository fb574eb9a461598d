"""Options that are given without a name, refused with the name that they have."""

import inspect
import reprlib
from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any, NoReturn, get_args

from kldiv_xp._typing import Array, Reduction, Tail, TargetKind
from kldiv_xp.checks.arrays import type_name
from kldiv_xp.checks.not_given import listed
from kldiv_xp.checks.numbers import is_number, nearest_float
from kldiv_xp.checks.scalars import RANGES
from kldiv_xp.core.dtypes import is_kind
from kldiv_xp.core.namespaces import is_array, namespace_of

PLAIN = (str, int, float, tuple, type(None))
WORDS = {"reduction": Reduction, "target_is": TargetKind, "tail": Tail}
# Of an array of floats with so many axes: the option that it may be.
OF_AXES = {0: "temperature", 1: "bias", 2: "target_weight"}


def refuse_unnamed(function: Callable[..., Any], value: object) -> NoReturn:
    """Refuse an option that is given by its place.

    Raises
    ------
    TypeError
        Always.
    """
    parameters = inspect.signature(function).parameters.values()
    options = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY]
    is_short = isinstance(value, PLAIN) and repr(value) == in_words(value)
    shown, verb = (repr(value), "pass") if is_short else ("", "pass it as")
    meant = [
        f"{name}={code_by_place(name, value) if shown else ''}"
        for name in meant_by(value)
        if name in options
    ]
    remedy = f"{verb} {' or '.join(meant)}" if meant else f"name it: there are {', '.join(options)}"
    if isinstance(function, type) and not isinstance(value, type) and is_array(value):
        remedy = f"pass operands to what it makes, {function.__name__}()(input, target)"
    every = names_by_place(function)
    names = listed(every) if every else "no argument"
    message = (
        f"{function.__name__} takes {names} by place, and all else by name; got "
        f"{in_words(value)} without a name: {remedy}."
    )
    raise TypeError(message)


def names_by_place(function: Callable[..., Any]) -> list[str]:
    """Names of the parameters that may be given without one."""
    parameters = inspect.signature(function).parameters.values()
    return [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]


def meant_by(value: Any) -> Iterator[str]:
    """Options that a value may be, the likeliest first."""
    if isinstance(value, type):
        yield "dtype"
    elif isinstance(value, str):
        yield from (name for name, words in WORDS.items() if value in get_args(words))
    elif is_number(value) and not (is_array(value) and isinstance(value, Integral)):
        yield from (name for name, within in RANGES.items() if within.holds(nearest_float(value)))
        if value < 0 and nearest_float(value).is_integer():
            yield "axis"
    elif is_array(value):
        yield meant_by_array(value)
    elif is_array(getattr(value, "weight", None)):
        yield "target_weight"


def code_by_place(name: str, value: Any) -> str:
    """Code for a value of an option: an axis is an int."""
    return repr(int(value)) if name == "axis" else repr(value)


def meant_by_array(value: Array) -> str:
    """The option that an array may be; "" if any."""
    xp = namespace_of(value)
    if is_kind(xp, value.dtype, "bool"):
        return "where"
    if is_kind(xp, value.dtype, "integral"):
        return "indices" if value.ndim else "axis"
    return OF_AXES.get(value.ndim, "")


def in_words(value: object) -> str:
    """A plain value as code, cut where it is long, or the type of another one."""
    return reprlib.repr(value) if isinstance(value, PLAIN) else type_name(value)
