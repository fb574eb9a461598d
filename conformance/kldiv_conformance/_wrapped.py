"""Functions as a backend calls them, compiled once for all vectors that share the compiled code."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from kldiv_conformance._adapter import Adapter, Array, Function
from kldiv_conformance._vector import Vector

# More than the vectors have; whoever judges many functions in one process keeps no more of them.
MOST = 1024


@dataclass(frozen=True, eq=False)
class Same:
    """A function that is equal to itself alone, whatever it says of equality and hashes."""

    function: Callable[..., Any]

    def __eq__(self, other: object) -> bool:
        """Whether this is the same object."""
        return isinstance(other, Same) and self.function is other.function

    def __hash__(self) -> int:
        """Hash of the identity."""
        return id(self.function)


@dataclass(frozen=True)
class Plain:
    """Arguments that are no arrays, compared by what they look like: 1, 1.0 and True differ."""

    text: str
    values: dict[str, Any]

    def __eq__(self, other: object) -> bool:
        """Whether all arguments look alike."""
        return isinstance(other, Plain) and self.text == other.text

    def __hash__(self) -> int:
        """Hash of what they look like."""
        return hash(self.text)


def wrapped(
    function: Function, vector: Vector, adapter: Adapter, options: dict[str, Any]
) -> Function:
    """Function of two arrays that calls another one with options, those that are arrays as such."""
    names = tuple(name for name in vector.others if name in options)
    plain = {name: options[name] for name in sorted(options) if name not in names}
    operands = [*vector.pair.values(), *vector.others.values()]
    kinds = (vector.kind, *((operand.shape, operand.dtype, operand.layout) for operand in operands))
    called = Same(adapter.wrap), Same(function), Plain(repr(plain), plain)
    found = wrapped_once(*called, names, kinds)
    return partial(found, **{name: options[name] for name in names}) if names else found


@lru_cache(MOST)
def wrapped_once(
    wrap: Same, function: Same, plain: Plain, names: tuple[str, ...], kinds: tuple[Any, ...]
) -> Function:
    """Wrapped function for arrays of these shapes and dtypes: each is compiled for them alone."""

    def with_options(left: Array, right: Array, *others: Array) -> Array:
        arrays = dict(zip(names, others, strict=True))
        return function.function(left, right, **plain.values, **arrays)

    ready: Function = wrap.function(with_options)

    def with_others(left: Array, right: Array, **arrays: Array) -> Array:
        return ready(left, right, *(arrays[name] for name in names))

    return with_others
