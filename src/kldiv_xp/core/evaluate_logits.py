"""Losses of logits at any temperature and beta, which may be arrays."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, by_backend
from kldiv_xp.core.evaluate_rows import evaluate_divergences, rows_of
from kldiv_xp.core.run import run
from kldiv_xp.formula.logit_arrays import JSOfArray
from kldiv_xp.formula.logits import Divergence


def evaluate_loss_of_logits(
    context: Context,
    arrays: Arrays,
    divergence: Divergence | JSOfArray,
    parts: int | None,
    *,
    scaled: bool,
) -> Array:
    """Sum of the divergences of all rows over the divisor, where a backend has it in one step."""
    in_one_step = getattr(context.backend, "sum_of_divergences", None)
    at_hand = not isinstance(divergence, JSOfArray) and isinstance(divergence.temperature, float)
    if in_one_step is None or not at_hand:
        return NotImplemented
    return in_one_step(context, arrays, remembered(divergence, scaled), parts)


@lru_cache
def remembered(divergence: Divergence, scaled: bool) -> Divergence:
    """Divergence of numbers alone, times T**2 if that is wanted: `replace` takes 3 us."""
    return replace(divergence, scaled=scaled)


def evaluate_samples_of_logits(
    context: Context, arrays: Arrays, divergence: Divergence | JSOfArray, *, scaled: bool
) -> Array:
    """The same with a temperature or beta that may be arrays, times T**2 if that is wanted."""
    divergence = replace(divergence, scaled=scaled)
    if isinstance(divergence.temperature, float) and not isinstance(divergence, JSOfArray):
        return evaluate_divergences(context, arrays, divergence)
    rows = by_backend("divergences_at_arrays", context, arrays, divergence)
    if rows is not NotImplemented:
        return rows
    if not isinstance(divergence.temperature, float):
        return evaluated(
            context,
            partial(rows_at_temperature, divergence),
            *arrays[:2],
            divergence.temperature,
            *arrays[2:],
        )
    return evaluated(context, partial(rows_of, divergence), *arrays)


def rows_at_temperature(
    divergence: Divergence | JSOfArray,
    xp: Namespace,
    input: Array,
    target: Array,
    temperature: Array,
    *where: Array,
) -> Array:
    """Divergence of every row at a temperature that is an array, in the type computed in."""
    return rows_of(replace(divergence, temperature=temperature), xp, input, target, *where)


def evaluated(context: Context, function: Callable[..., Array], *arrays: Array) -> Array:
    """Result of ``function(xp, *arrays)`` in the type that is computed in."""
    value = by_backend("apply_to_rows", context, function, arrays)
    if value is not NotImplemented:
        return value
    return run(function, context.working, context.working, *arrays)
