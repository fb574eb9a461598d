"""Option names of other libraries, refused with the name that is used here."""

import inspect
from functools import wraps
from typing import Any, TypeVar

ClassT = TypeVar("ClassT", bound=type)

# The option that is meant, "" where there is none, and what to do with a value.
MEANT = {
    "dim": ("axis", "pass axis={value!r}"),
    "T": ("temperature", "pass temperature={value!r}"),
    "tau": ("temperature", "pass temperature={value!r}"),
    "log_target": ("target_is", "pass target_is='log_probabilities'"),
    "size_average": ("reduction", "pass reduction='mean' or reduction='sum'"),
    "reduce": ("reduction", "pass reduction='none' or reduction='sum'"),
    "keepdims": ("reduction", "pass reduction='none', and insert the axis"),
    "keepdim": ("reduction", "pass reduction='none', and insert the axis"),
    "weight": ("reduction", "pass reduction='none', and multiply what it gives"),
    "check": ("", "leave it out, and call the loss within `with kldiv_xp.checking():`"),
    "ignore_index": ("", "leave it out, and pass where=labels != {value!r} with the operands"),
    "base": ("", "leave it out, and divide the loss, which is in nats, by log(base)"),
}


def refuses_other_names(kind: ClassT) -> ClassT:
    """Class decorator: the constructor refuses other libraries' option names, with the right one.

    Functions have no such wrapper: their calls are where time counts.
    """
    construct = vars(kind)["__init__"]
    known = {"", *inspect.signature(construct).parameters}

    @wraps(construct)
    def constructed(self: Any, *args: Any, **options: Any) -> None:
        for name, value in options.items():
            option, remedy = MEANT.get(name, (None, ""))
            if name not in known and option in known:
                told = remedy.format(value=value)
                message = f"`{name}` is no option of {kind.__name__}; got {value!r}: {told}."
                raise TypeError(message)
        construct(self, *args, **options)

    kind.__init__ = constructed  # type: ignore[misc]
    return kind
