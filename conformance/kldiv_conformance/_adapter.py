"""What a backend is: how an array library makes, reads, compiles and differentiates."""

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Array: TypeAlias = Any
Function: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """A backend: an array library on a device, called in one way.

    Attributes
    ----------
    name : str
        Name of the backend, and what a report calls it.
    library : str
        Package to import.
    make : callable
        ``make(values, shape, dtype)`` gives an array; `values` are Python floats in row-major
        order, and `dtype` is the name of any dtype the library has.
    read : callable
        ``read(array)`` gives its values as Python floats, in row-major order.
    floats : tuple of str
        Floating-point dtypes of the library.
    wrap : callable
        Turns a function of arrays into the one that is called: compiled, for example.
    gradient : callable or None
        ``gradient(function, input, target, upstream)`` differentiates a function of two arrays;
        None where the library cannot.
    why_unusable : callable
        Why the backend does not run on this machine, or None.
    """

    name: str
    library: str
    make: Callable[[Sequence[float], tuple[int, ...], str], Array]
    read: Callable[[Array], list[float]]
    floats: tuple[str, ...]
    wrap: Callable[[Function], Function] = field(default=lambda function: function)
    gradient: Callable[[Function, Array, Array, float], tuple[Array, Array]] | None = None
    why_unusable: Callable[[], str | None] = field(default=lambda: None)

    def reason_to_skip(self) -> str | None:
        """Why this backend cannot run here, or None."""
        root = self.library.partition(".")[0]
        if importlib.util.find_spec(root) is None:
            return f"{root} is not installed"
        return self.why_unusable()


def library(name: str) -> Any:
    """Array library, imported when it is used."""
    return importlib.import_module(name)


def flat(nested: Any) -> list[float]:
    """Floats of a nested list, in row-major order."""
    if isinstance(nested, list):
        return [value for part in nested for value in flat(part)]
    return [float(nested)]
