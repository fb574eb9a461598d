"""Calls one after another: a few vectors are asked again with other operands between two calls."""

from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from typing import Any

from kldiv_conformance._adapter import Adapter, Array
from kldiv_conformance._calls import call, made
from kldiv_conformance._implementations import Implementation
from kldiv_conformance._memory import LAYOUTS
from kldiv_conformance._operands import (
    IN_TURN,
    SAME,
    ChangedOperandError,
    WrongCallError,
    accusation,
    refuse_another,
    snapshots,
)
from kldiv_conformance._torch_derivatives import differentiate_torch
from kldiv_conformance._training import refuse_one_tensor, refuse_training
from kldiv_conformance._vector import Operand, Vector
from kldiv_conformance._vectors import vectors

WRITTEN = "the same arrays hold other numbers than in the call before"
# Other numbers of an operand are its own, so many places further along the last axis.
FURTHER = {"input": 1, "target": -1, "weight": -1}
LEAST = 3
# Libraries whose arrays stay as they are, and in which a loss may hold what it has compiled.
COMPILING = ("jax", "mlx.core")
HEAT = "temperature"
SINGLE = ("float32", "float64")


@cache
def asked_again() -> frozenset[str]:
    """Ids of vectors, one for each function, reduction, and kind of result.

    Of gradients there is one for each space of the target, too, for a loss may have no log-targets.
    A factor that a gradient is multiplied by twice shows unless it is 1.
    """
    found: dict[tuple[Any, ...], str] = {}
    for vector in sorted(filter(tells_calls_apart, vectors()), key=lambda it: it.upstream == 1):
        space = vector.upstream is not None and vector.arguments.get("log_target")
        key = (vector.function, vector.kind, vector.arguments.get("reduction"), space)
        found.setdefault(key, vector.id)
    return frozenset(found.values())


def tells_calls_apart(vector: Vector) -> bool:
    """Whether operands and results are finite, and other places would show in the numbers."""
    return (
        vector.kind != "invalid"
        and vector.result_dtype is None
        and not isinstance(vector.upstream, Operand)
        and vector.arguments.get("axis") in {None, -1}
        and all(map(has_distinct_numbers, vector.pair.values()))
        and all(abs(sum(result.values)) < 1 / SAME for result in vector.results.values())
    )


def has_distinct_numbers(operand: Operand) -> bool:
    """Whether the first numbers along the last axis are distinct and of moderate size."""
    few = operand.values[:LEAST]
    return (
        operand.container == "array"
        and operand.dtype in SINGLE
        and operand.shape[-1:] >= (LEAST,)
        and len(set(few)) == LEAST
        and max(few) - min(few) > SAME
        and all(abs(value) < 1 / SAME for value in operand.values)
    )


def refuse_sequences(
    vector: Vector,
    adapter: Adapter,
    implementation: Implementation,
    options: dict[str, Any],
) -> None:
    """Raise WrongCallError unless calls that follow each other do not influence each other."""
    if vector.id not in asked_again():
        return
    if adapter.library in LAYOUTS:
        refuse_written(vector, adapter, implementation, options)
    if adapter.library in (*LAYOUTS, *COMPILING):
        refuse_stale(vector, adapter, implementation, options)


def refuse_stale(
    vector: Vector, adapter: Adapter, implementation: Implementation, options: dict[str, Any]
) -> None:
    """Raise WrongCallError where another operand or temperature gives the same result.

    A function that was compiled for one call may hold what another call must not have.
    """
    run = partial(call, vector, adapter, implementation)
    first, other = made_twice(vector, adapter)
    before = snapshots(run(first, options=options), adapter)
    for place, name in enumerate(vector.pair):
        arrays = [*first[:place], other[place], *first[place + 1 :]]
        refuse_the_same(name, before, snapshots(run(arrays, options=options), adapter))
    if HEAT in vector.arguments:
        hotter = options | {HEAT: 2 * float(vector.arguments[HEAT])}
        with suppress(NotImplementedError, TypeError):  # one that takes no temperature but 1
            refuse_the_same(HEAT, before, snapshots(run(first, options=hotter), adapter))


def refuse_the_same(name: str, before: Any, after: Any) -> None:
    """Raise WrongCallError if results are those of a call that had something else."""
    if before == after:
        message = f"{IN_TURN} the call before had another {name}: its result is returned again."
        raise WrongCallError(message)


def refuse_written(
    vector: Vector, adapter: Adapter, implementation: Implementation, options: dict[str, Any]
) -> None:
    """Raise WrongCallError where a call changes the result before, or keeps results by arrays."""
    run = partial(call, vector, adapter, implementation, options=options)
    first, other = made_twice(vector, adapter)
    kept = run(first)
    before = snapshots(kept, adapter)
    right = run(other)
    if snapshots(kept, adapter) != before:
        raise ChangedOperandError(accusation("the result of the call before"))
    for array, numbers in zip(first, other, strict=True):
        array[...] = numbers
    found = run(first)
    for name, array in right.items():
        refuse_another(name, WRITTEN, adapter.numbers(array), adapter.numbers(found[name]))
    if adapter.gradient is differentiate_torch and vector.upstream is not None:
        first, _ = made_twice(vector, adapter)
        ways = [partial(refuse_training, right, first)]
        if is_of_two_alike(vector):
            ways.append(partial(refuse_one_tensor, right))
        for way in ways:
            call(vector, replace(adapter, gradient=way), implementation, other, options)


def is_of_two_alike(vector: Vector) -> bool:
    """Whether the target could stand on both sides."""
    kinds = {(operand.shape, operand.dtype) for operand in vector.pair.values()}
    return "target" in vector.pair and len(kinds) == 1


def made_twice(vector: Vector, adapter: Adapter) -> tuple[list[Array], list[Array]]:
    """Both operands, and others of the same kind."""
    found = [
        (made(operand, adapter), made(moved(operand, FURTHER[name]), adapter))
        for name, operand in vector.pair.items()
    ]
    return [one for one, _ in found], [other for _, other in found]


def moved(operand: Operand, by: int) -> Operand:
    """Operand whose numbers stand elsewhere along the last axis."""
    size, values = operand.shape[-1], operand.values
    rows = (values[at : at + size] for at in range(0, len(values), size))
    return replace(operand, values=[value for row in rows for value in (*row[by:], *row[:by])])
