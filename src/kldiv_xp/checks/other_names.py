"""Option names of other libraries, refused with the name that is used here."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, NoReturn, TypeVar

from kldiv_xp.checks.arrays import type_name

ClassT = TypeVar("ClassT", bound=type)
PLAIN = (str, int, float, tuple, type(None))

HEAT = (
    ("temperature", "pass temperature={value}"),
    ("reduction", "pass logits to {logits}, with temperature={value}"),
)
MIXTURE = (
    ("beta", "pass beta={value}, the weight of the target"),
    ("reproducible", "call {js}, with beta={value}"),
)
SUM = (("reduction", "pass reduction='sum', and divide the loss by {value}"),)
WEIGHTED = (("reduction", "pass reduction='none', and multiply what it gives"),)
INSERTED = (("reduction", "pass reduction='none', and insert the axis"),)
MASK = (
    ("where", "pass where={value}, an array of bools"),
    ("axis", "leave it out, and pass where={value} with the operands"),
)
LAST_AXIS = ("target_bias", "leave it out: the distributions are along the last axis of the logits")
# Options that may be meant, the first one that there is, and what to do; "" where there is none.
MEANT: dict[str, tuple[tuple[str, str], ...]] = {
    "dim": (("axis", "pass axis={value}"), LAST_AXIS),
    "axis": (LAST_AXIS,),
    **dict.fromkeys(("T", "tau", "temp", "temperature"), HEAT),
    "log_target": (("target_is", "pass target_is='log_probabilities'"),),
    "size_average": (("reduction", "pass reduction='mean' or reduction='sum'"),),
    "reduce": (("reduction", "pass reduction='none' or reduction='sum'"),),
    **dict.fromkeys(("keepdims", "keepdim"), INSERTED),
    **dict.fromkeys(("weight", "weights", "sample_weight"), WEIGHTED),
    "num_items_in_batch": SUM,
    **dict.fromkeys(("mask", "attention_mask"), MASK),
    **dict.fromkeys(("beta", "jsd_beta"), MIXTURE),
    "alpha": (MIXTURE[0], ("reduction", "leave it out, and multiply the loss by {value}")),
    "check": (("", "leave it out, and call the loss within `with kldiv_xp.checking():`"),),
    "ignore_index": (("", "leave it out, and pass where=labels != {value} with the operands"),),
    "base": (("", "leave it out, and divide the loss, which is in nats, by log(base)"),),
}
# What it meant that it was off.
OFF: dict[str, tuple[tuple[str, str], ...]] = {
    "log_target": (("target_is", "pass target_is='probabilities'"),),
    "size_average": (("reduction", "pass reduction='sum'"),),
    "reduce": (("reduction", "pass reduction='none'"),),
    **dict.fromkeys(("keepdims", "keepdim", "check"), (("", "leave it out"),)),
}


def remedy_of(kind: Callable[..., Any], name: str, value: object, known: set[str]) -> str:
    """What to do instead of giving an option of another library; "" if it is no such name."""
    meant = OFF if value is False and name in OFF else MEANT
    for option, remedy in meant.get(name, ()):
        if option in known:
            loss = kind.__name__
            logits = loss.replace("div", "div_with_logits").replace("Div", "DivWithLogits")
            js = loss.replace("kl_", "js_").replace("KL", "JS")
            # The name stands for what cannot be printed: an array is not read.
            code = repr(value) if isinstance(value, PLAIN) else name
            return remedy.format(value=code, logits=logits, js=js)
    return ""


def sentence(kind: Callable[..., Any], name: str, value: object, remedy: str) -> str:
    """Sentence on an option that is none."""
    got = repr(value) if isinstance(value, PLAIN) else type_name(value)
    return f"`{name}` is no option of {kind.__name__}; got {got}: {remedy}."


def refuse_other_names(function: Callable[..., Any], other: Mapping[str, object]) -> NoReturn:
    """Refuse options that a function has not.

    Raises
    ------
    TypeError
        Always.
    """
    name, value = next(iter(other.items()))
    options = [
        one.name
        for one in inspect.signature(function).parameters.values()
        if one.default is not inspect.Parameter.empty
    ]
    remedy = remedy_of(function, name, value, {"", *options})
    if not remedy:
        from difflib import get_close_matches

        near = get_close_matches(name, options, 1)
        every = f"leave it out: there are {', '.join(options)}"
        remedy = f"leave it out, or pass {near[0]}" if near else every
    raise TypeError(sentence(function, name, value, remedy))


def refuses_other_names(kind: ClassT) -> ClassT:
    """Class decorator: the constructor refuses other libraries' option names, with the right one.

    Functions have a parameter for other names instead: a wrapper would take longer.
    """
    construct = vars(kind)["__init__"]
    known = {"", *inspect.signature(construct).parameters}

    @wraps(construct)
    def constructed(self: Any, *args: Any, **options: Any) -> None:
        for name, value in options.items():
            if name not in known and (remedy := remedy_of(kind, name, value, known)):
                raise TypeError(sentence(kind, name, value, remedy))
        construct(self, *args, **options)

    kind.__init__ = constructed  # type: ignore[misc]
    return kind
