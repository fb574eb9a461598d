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
    """Function of two arrays that calls another one with options, the mask as an argument."""
    plain = {name: options[name] for name in sorted(options) if name != "where"}
    operands = [one for one in (vector.input, vector.target, vector.where) if one is not None]
    kinds = (vector.kind, *((operand.shape, operand.dtype) for operand in operands))
    found = wrapped_once(Same(adapter.wrap), Same(function), Plain(repr(plain), plain), kinds)
    return partial(found, where=options["where"]) if "where" in options else found


@lru_cache(MOST)
def wrapped_once(wrap: Same, function: Same, plain: Plain, kinds: tuple[Any, ...]) -> Function:
    """Wrapped function for arrays of these shapes and dtypes: each is compiled for them alone."""

    def with_options(input: Array, target: Array, *masks: Array) -> Array:
        arrays = dict(zip(("where",), masks, strict=False))
        return function.function(input, target, **plain.values, **arrays)

    ready: Function = wrap.function(with_options)

    def with_mask(input: Array, target: Array, *, where: Array | None = None) -> Array:
        return ready(input, target) if where is None else ready(input, target, where)

    return with_mask
