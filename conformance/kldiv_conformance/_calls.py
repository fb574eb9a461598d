"""Calls an implementation as a vector asks, as far as a backend and the implementation can."""

from collections.abc import Callable
from functools import lru_cache, partial, wraps
from typing import Any

from kldiv_conformance._adapter import Adapter, Array, library
from kldiv_conformance._arguments import NotSupportedError, handed_on_in_vain, taken
from kldiv_conformance._formats import FORMATS
from kldiv_conformance._implementations import Implementation
from kldiv_conformance._memory import in_memory
from kldiv_conformance._operands import ChangedOperandError, changed, snapshots
from kldiv_conformance._text import described, one_line
from kldiv_conformance._vector import Operand, Vector
from kldiv_conformance._wrapped import MOST, Same, wrapped

AT_HAND = ("numpy", "torch")
"""Backends whose arrays lie in host memory, with all their numbers known when a loss is called."""


class BrokenAdapterError(Exception):
    """A backend cannot make an array that its adapter promises."""


def made(operand: Operand, adapter: Adapter) -> Any:
    """Operand as the vector wants it: an array of the backend, or something that is none."""
    if operand.container != "array":
        return CONTAINERS[operand.container](operand.values)
    if operand.dtype in FORMATS and operand.dtype not in adapter.floats:
        message = f"{adapter.name} has no {operand.dtype}."
        raise NotSupportedError(message)
    try:
        array = adapter.make(operand.values, operand.shape, operand.dtype)
    except NotImplementedError as reason:
        message = one_line(reason) or f"{adapter.name} has no such array of {operand.dtype}."
        raise NotSupportedError(message) from reason
    except Exception as error:
        message = f"{adapter.name} cannot make an array of {operand.dtype}: {described(error)}"
        promised = operand.dtype in adapter.floats
        raise (BrokenAdapterError if promised else NotSupportedError)(message) from error
    return in_memory(library(adapter.library), array, operand) if operand.layout else array


def check_reads_indices(vector: Vector, adapter: Adapter) -> None:
    """Refuse wrong places of a vocabulary where a loss need not look at numbers of its arrays."""
    is_of_values = vector.raises == "ValueError" and "InvalidIndices" in vector.flags
    if is_of_values and adapter.name not in AT_HAND:
        message = (
            f"wrong indices are asked of {' and '.join(AT_HAND)} alone, whose numbers are at hand."
        )
        raise NotSupportedError(message)


def asked_dtype(vector: Vector, adapter: Adapter) -> dict[str, Any]:
    """Dtype of the result, as the library has it, where a vector asks for one."""
    if vector.result_dtype is None:
        return {}
    return {"dtype": made(Operand((1,), vector.result_dtype, [0.0]), adapter).dtype}


CONTAINERS: dict[str, Callable[[list[float]], Any]] = {
    "list": list,
    "scalar": lambda values: values[0],
    "none": lambda _: None,
}


def call(
    vector: Vector,
    adapter: Adapter,
    implementation: Implementation,
    arrays: list[Any],
    options: dict[str, Any],
) -> dict[str, Array]:
    """Results of the implementation for a vector, by their names."""
    function = called(vector, implementation)
    passed = taken(function, vector, options)
    if vector.kind == "invalid":  # a compiler wraps what a call raises
        return {"value": function(*arrays, **passed)}
    if vector.upstream is None:
        return {"value": wrapped(function, vector, adapter, passed)(*arrays)}
    upstream = vector.upstream
    if isinstance(upstream, Operand):
        upstream = made(upstream, adapter)
    if adapter.gradient is not None:
        loss = wrapped(function, vector, adapter, passed)
        pair = differentiated(loss, adapter.gradient, arrays, upstream)
    elif (closed := closed_form(vector, implementation)) is not None:
        passed = taken(closed, vector, {**options, "upstream": upstream})
        given = {"upstream": upstream} if isinstance(vector.upstream, Operand) else {}
        before = snapshots(given, adapter)
        pair = adapter.wrap(partial(closed, **passed))(*arrays)
        if (problem := changed(before, given, adapter)) is not None:
            raise ChangedOperandError(problem)
    else:
        message = f"{adapter.library} does not differentiate, and no gradient was given."
        raise NotSupportedError(message)
    names = [f"d_{name}" for name in vector.pair]
    # What comes after them, as the derivative with respect to a bias, is not asked.
    return dict(zip(names, pair[: len(names)], strict=True))


def lacked(
    vector: Vector,
    implementation: Implementation,
    options: dict[str, Any],
    error: BaseException,
) -> str | None:
    """Argument that the implementation takes, as it takes any, but hands on in vain; or None."""
    if not isinstance(error, TypeError | RuntimeError):
        return None
    asked = called(vector, implementation), closed_form(vector, implementation)
    return handed_on_in_vain([one for one in asked if one is not None], options, error)


def differentiated(
    loss: Callable[..., Array],
    gradient: Callable[..., tuple[Array, Array]],
    arrays: list[Any],
    upstream: Any,
) -> tuple[Array, Array]:
    """Derivatives by the library, times an upstream derivative, or one of each element."""
    if isinstance(upstream, float):
        return gradient(loss, *arrays[:2], upstream)
    return gradient(lambda *pair: loss(*pair) * upstream, *arrays[:2], 1.0)


def called(vector: Vector, implementation: Implementation) -> Callable[..., Array]:
    """Function that a vector calls."""
    if vector.function is None and implementation.loss is not None:
        return implementation.loss
    if vector.function is None:
        message = "the function that is named is another one than the loss."
        raise NotSupportedError(message)
    if vector.function not in implementation.functions:
        message = f"the implementation has no function {vector.function!r}."
        raise NotSupportedError(message)
    return of_two_arrays(vector, implementation.functions[vector.function])


def of_two_arrays(vector: Vector, function: Callable[..., Any]) -> Callable[..., Any]:
    """The same, whose arguments after the first two arrays have names."""
    if "weight" in vector.layers:
        return with_weight(Same(function))
    return function if vector.indices is None else with_indices(Same(function))


@lru_cache(MOST)
def with_weight(same: Same) -> Callable[..., Array]:
    """Function of two arrays that hands the target on after them."""

    @wraps(same.function)
    def handed_on(input: Array, weight: Array, *, target: Array, **options: Any) -> Array:
        return same.function(input, weight, target, **options)

    return handed_on


@lru_cache(MOST)
def with_indices(same: Same) -> Callable[..., Array]:
    """Function of two arrays that hands the indices on between them."""

    @wraps(same.function)
    def handed_on(input: Array, target: Array, *, indices: Array, **options: Any) -> Array:
        return same.function(input, indices, target, **options)

    return handed_on


def closed_form(
    vector: Vector, implementation: Implementation
) -> Callable[..., tuple[Array, Array]] | None:
    """Gradient in closed form of the function that a vector calls."""
    if vector.function is None:
        return implementation.gradient
    found = implementation.functions.get(f"{vector.function}_gradient")
    return None if found is None else of_two_arrays(vector, found)
