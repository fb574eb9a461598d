"""The context of a call: the operands' library, the backend that computes, and the dtypes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TypeAlias

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.core.dtypes import promoted_dtype, working_dtype
from kldiv_xp.core.facts import Facts, facts_about
from kldiv_xp.core.namespaces import is_autocast, known_shape, namespace_of


@dataclass(frozen=True, slots=True)
class Context:
    """Namespace, facts and backend of a pair of arrays, and the dtypes to compute and return in.

    `examine` makes a context: a backend whose arrays have parts, which are arrays again, calls it
    for a pair of them.
    """

    xp: Namespace
    facts: Facts
    backend: ModuleType | None
    dtype: DType
    working: DType
    examine: Examine
    asked: DType | None = None
    """Type of the result, where the caller names it."""


Examine: TypeAlias = Callable[[Array, Array], Context]


def describe(
    xp: Namespace,
    left: DType,
    right: DType,
    backend: ModuleType | None,
    examine: Examine,
) -> Context:
    """Context of arrays of these dtypes."""
    dtype = promoted_dtype(xp, left, right)
    return Context(
        xp=xp,
        facts=facts_about(xp),
        backend=backend,
        dtype=dtype,
        working=working_dtype(xp, dtype),
        examine=examine,
    )


def plain_context(input: Array, target: Array) -> Context:
    """Context without a backend, of two tensors inside a node that torch.compile traces.

    A size that is a symbol is a number there, which a sum can be divided by, only once it has been
    compared.
    """
    if known_shape(input) != known_shape(target):
        message = f"The shapes of a node must be equal; got {input.shape} and {target.shape}."
        raise ValueError(message)
    xp = namespace_of(input)
    context = describe(xp, input.dtype, target.dtype, None, plain_context)
    return widened_by_autocast(context, input)


def widened_by_autocast(context: Context, input: Array) -> Context:
    """The same context, with a result in the working dtype where torch.autocast asks for it."""
    narrow = context.dtype != context.working and context.facts.has_autocast
    return unrounded(context) if narrow and is_autocast(context.xp, input) else context


def unrounded(context: Context) -> Context:
    """The same context, with a result in the type that is computed in."""
    return replace(context, dtype=context.working)


def with_result(context: Context, dtype: DType | None) -> Context:
    """The same context, with a result in a type that is asked for, if one is.

    What is computed in it is computed in no narrower type than before.
    """
    if dtype is None:
        return context
    working = working_dtype(context.xp, promoted_dtype(context.xp, context.working, dtype))
    return replace(context, dtype=dtype, working=working, asked=dtype)


def without_backend(context: Context) -> Context:
    """The same context, for which the plain expression is computed."""
    return replace(context, backend=None)
