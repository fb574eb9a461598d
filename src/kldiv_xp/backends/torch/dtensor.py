"""torch's DTensor: every rank computes on its shard, and partial sums are all-reduced."""

from collections.abc import Callable
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Axes, DType
from kldiv_xp.backends.torch import dtensor_split_rows as split_rows
from kldiv_xp.backends.torch.dtensor_at_numbers import apply_to_rows, divergences_at_arrays
from kldiv_xp.backends.torch.dtensor_placements import (
    context_of_parts,
    cotangent_parts,
    from_partial_sums,
    has_split_rows,
    parts_of,
    parts_of_rows,
    replicated,
    same_placements,
    with_entries_everywhere,
    with_placements_of,
    with_single_entries_everywhere,
)
from kldiv_xp.backends.torch.dtensor_sparse import sparse_divergences, sparse_gradient
from kldiv_xp.backends.torch.dtensor_with_derivatives import (
    rows_with_derivatives,
    with_derivatives,
)
from kldiv_xp.core.context import Context, unrounded
from kldiv_xp.core.dtypes import cast
from kldiv_xp.core.evaluate import (
    Arrays,
    evaluate_derivatives,
    evaluate_loss,
    evaluate_samples,
    evaluate_terms,
    plain_sum,
)
from kldiv_xp.core.evaluate_row_derivatives import evaluate_row_derivatives
from kldiv_xp.core.evaluate_row_derivatives import row_derivatives as plain_functions
from kldiv_xp.core.evaluate_rows import evaluate_divergences, plain_rows
from kldiv_xp.core.programs import resolve_partial
from kldiv_xp.core.run import run, wanted_derivatives
from kldiv_xp.core.scale import Scale, divided
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import Divergence

__all__ = ["all_reduced", "apply_to_results", "apply_to_rows", "count", "divergences"]
__all__ += ["divergences_at_arrays", "gradient", "in_every_process", "loss"]
__all__ += ["placed_mask", "row_derivatives"]
__all__ += ["rows_with_derivatives", "samples", "sparse_divergences", "sparse_gradient", "terms"]
__all__ += ["with_derivatives"]


def terms(context: Context, arrays: Arrays, form: Form) -> Array:
    """Terms of the loss, placed like the operands."""
    if not same_placements(*arrays[:2]):
        return NotImplemented
    here = parts_of(arrays)
    return with_placements_of(
        arrays[0], evaluate_terms(context_of_parts(context, here), here, form)
    )


def samples(context: Context, arrays: Arrays, form: Form, axis: Axes) -> Array:
    """Sums of the terms over some axes."""
    return divided_sums_of_parts(context, arrays, form, axis, None)


def loss(context: Context, arrays: Arrays, form: Form, parts: int | None) -> Array:
    """Sum of all terms over the divisor."""
    return divided_sums_of_parts(context, arrays, form, None, parts)


def divided_sums_of_parts(
    context: Context, arrays: Arrays, form: Form, axis: Axes | None, parts: int | None
) -> Array:
    """Sums over some axes or all, over the divisor; those of a process are not rounded."""
    if same_placements(*arrays[:2]):
        sums = sums_over_parts(context, arrays, form, axis)
    else:
        sums = plain_sum(unrounded(context), arrays, form, None, axis)
    return apply_to_results(context, partial(divided, parts=parts), context.dtype, sums)


def sums_over_parts(context: Context, arrays: Arrays, form: Form, axis: Axes | None) -> Array:
    """Sums over some axes or all of operands that lie alike, in the type that is computed in."""
    here = parts_of(arrays)
    inner = unrounded(context_of_parts(context, here))
    if axis is None:
        value = evaluate_loss(inner, here, form, None)
        return from_partial_sums(arrays[0], value, tuple(range(arrays[0].ndim)))
    return from_partial_sums(arrays[0], evaluate_samples(inner, here, form, axis), axis)


def apply_to_results(
    context: Context, function: Callable[..., Array], dtype: DType, *results: Array
) -> Array:
    """`function(xp, *results)` of evaluated results, whose parts are added up, then rounded."""
    value = resolve_partial(run(function, context.working, context.working, *results))
    return cast(context.xp, value, dtype)


def all_reduced(context: Context, value: Array) -> Array:
    """Sum over all processes; it is rounded after the parts are added up, not before."""
    del context
    return resolve_partial(value)


def gradient(
    context: Context,
    arrays: Arrays,
    form: Form,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Any:
    """Gradients with respect to the wanted operands, placed like them."""
    if not same_placements(*arrays[:2]):
        return NotImplemented
    here, above = parts_of(arrays), cotangent_parts(arrays[0], upstream)
    derivatives = evaluate_derivatives(
        context_of_parts(context, here), here, form, scale, above, wanted
    )
    return [
        None if derivative is None else with_placements_of(arrays[0], derivative)
        for derivative in derivatives
    ]


def count(context: Context, mask: Array) -> Array:
    """How many elements of a mask are true, in all processes."""
    return resolve_partial(context.xp.sum(mask, dtype=context.working))


def in_every_process(context: Context, array: Array) -> Array:
    """The whole array in every process: torch has no maximum of an empty shard."""
    del context
    return replicated(array)


def placed_mask(context: Context, where: Array) -> Array:
    """The mask, whose axes of one entry are whole in every process."""
    del context
    return with_single_entries_everywhere(where)


def row_derivatives(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Any:
    """Derivatives of divergences of rows of logits, placed like the operands if these lie alike."""
    if not same_placements(*arrays[:2]) or split_rows.are_differentiated_apart(arrays, upstream):
        functions = plain_functions(divergence, scale, len(arrays))
        arrays = with_entries_everywhere(arrays)
        return wanted_derivatives(run, context, functions, arrays, upstream, wanted)
    here, above = parts_of_rows(arrays), cotangent_parts(arrays[0], upstream, arrays[0].ndim - 1)
    function: Any = evaluate_row_derivatives
    if has_split_rows(arrays[0]):
        function = partial(split_rows.scaled_derivatives_of_parts, arrays[0])
    derivatives = function(context.examine(*here[:2]), here, divergence, scale, above, wanted)
    return [
        None if derivative is None else with_placements_of(arrays[0], derivative)
        for derivative in derivatives
    ]


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row; split rows all-reduce a few numbers per row."""
    if not same_placements(*arrays[:2]):
        return plain_rows(context, with_entries_everywhere(arrays), divergence)
    if has_split_rows(arrays[0]):
        return split_rows.divergences_of_split_rows(context, arrays, divergence)
    here = parts_of_rows(arrays)
    rows = evaluate_divergences(context_of_parts(context, here), here, divergence)
    return from_partial_sums(arrays[0], rows, (arrays[0].ndim - 1,))
