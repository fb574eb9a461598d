"""An adapter: how an array library makes, reads, compiles and differentiates."""

import importlib
import importlib.util
import sys
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeAlias

from kldiv_conformance._dtypes import dtype_name
from kldiv_conformance._formats import FORMATS
from kldiv_conformance._text import described

FUNCTIONS = ("make", "read", "wrap", "gradient", "why_unusable", "dtype_name")
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
        order, and `dtype` is the name of any dtype the library has.  NotImplementedError stands
        for an array that the library does not have: its vectors are not supported.
    read : callable
        ``read(array)`` gives its values in row-major order, as floats or as an array of NumPy.
    floats : tuple of str
        Floating-point dtypes of the library, of 'float16', 'bfloat16', 'float32' and 'float64'.
    wrap : callable
        Turns a function of arrays, which returns an array or a tuple of them, into the one that is
        called: compiled, for example.
    gradient : callable or None
        ``gradient(function, input, target, upstream)`` differentiates a function of two arrays;
        None where the library cannot.
    why_unusable : callable
        Why the backend does not run on this machine, or None.
    dtype_name : callable
        ``dtype_name(array)`` gives 'float32', for example; by default it reads what the dtype
        prints, in any usual spelling.

    Raises
    ------
    ValueError
        If `name` or `library` is empty, if `floats` holds no dtype of the vectors, or if what must
        be a function is none.

    Examples
    --------
    >>> import numpy as np
    >>> adapter = Adapter(
    ...     name="mine",
    ...     library="numpy",
    ...     make=lambda values, shape, dtype: np.asarray(values).astype(dtype).reshape(shape),
    ...     read=lambda array: array,
    ...     floats=("float32", "float64"),
    ... )
    >>> adapter.numbers(adapter.make([1.0, 2.0], (1, 2), "float32"))
    [1.0, 2.0]
    """

    name: str
    library: str
    make: Callable[[Sequence[float], tuple[int, ...], str], Array]
    read: Callable[[Array], Any]
    floats: tuple[str, ...]
    wrap: Callable[[Function], Function] = field(default=lambda function: function)
    gradient: Callable[[Function, Array, Array, float], tuple[Array, Array]] | None = None
    why_unusable: Callable[[], str | None] = field(default=lambda: None)
    dtype_name: Callable[[Array], str] = field(default=dtype_name)

    def __post_init__(self) -> None:
        for part in ("name", "library"):
            value = getattr(self, part)
            if not isinstance(value, str) or not value.strip():
                message = (
                    f"`{part}` of an Adapter must be a string that is not empty; got {value!r}."
                )
                raise ValueError(message)
        for part in FUNCTIONS:
            value = getattr(self, part)
            if not callable(value) and (part, value) != ("gradient", None):
                message = f"`{part}` of an Adapter must be a function; got {value!r}."
                raise ValueError(message)
        if isinstance(self.floats, str) or not set(self.floats) & set(FORMATS):
            names = ", ".join(map(repr, FORMATS))
            message = f"`floats` of an Adapter must be a tuple of {names}; got {self.floats!r}."
            raise ValueError(message)

    def numbers(self, array: Array) -> list[float]:
        """Values of an array as Python floats, in row-major order."""
        return flat(self.read(array))

    def reason_to_skip(self) -> str | None:
        """Reason why this backend cannot run here, or None."""
        root = self.library.partition(".")[0]
        if sys.modules.get(root) is None and importlib.util.find_spec(root) is None:
            return f"{root} is not installed"
        try:
            reason = self.why_unusable()
            return None if reason is None or reason == "" else str(reason)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # of a library that is imported, SystemExit included
            return f"{self.name} does not run: {described(error)}"


def library(name: str) -> Any:
    """Array library, imported when it is used."""
    return importlib.import_module(name)


def flat(nested: Any) -> list[float]:
    """Floats of a nested list, or of an array of NumPy, in row-major order."""
    nested = nested.tolist() if hasattr(nested, "tolist") else nested
    if isinstance(nested, list | tuple):
        if set(map(type, nested)) == {float}:
            return list(nested)
        with suppress(TypeError):  # of rows of numbers, faster than one by one
            return array("d", chain.from_iterable(nested)).tolist()
        return [value for part in nested for value in flat(part)]
    return [float(nested)]
