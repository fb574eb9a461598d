"""torch's DTensor: every rank computes on its shard, and partial sums are all-reduced."""

from collections.abc import Callable
from functools import partial
from typing import Any

from kldiv_xp._typing import Array, Axes
from kldiv_xp.backends.torch.dtensor_placements import (
    context_of_parts,
    cotangent_parts,
    from_partial_sums,
    has_split_rows,
    parts_of,
    replicated,
    resolve_partial,
    same_placements,
    with_entries_everywhere,
    with_placements_of,
    with_single_entries_everywhere,
)
from kldiv_xp.backends.torch.dtensor_sparse import sparse_divergences, sparse_gradient
from kldiv_xp.backends.torch.dtensor_split_rows import SplitRows, scaled_derivatives_of_parts
from kldiv_xp.backends.torch.dtensor_with_derivatives import (
    rows_with_derivatives,
    with_derivatives,
)
from kldiv_xp.core.context import Context, unrounded
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
from kldiv_xp.core.run import run, wanted_derivatives
from kldiv_xp.core.scale import Scale, divided
from kldiv_xp.formula.form import Form
from kldiv_xp.formula.logits import Divergence

__all__ = ["all_reduced", "apply_to_rows", "count", "divergences", "gradient", "in_every_process"]
__all__ += ["loss", "placed_mask", "row_derivatives"]
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
    if not same_placements(*arrays[:2]):
        return resolve_partial(plain_sum(context, arrays, form, None, axis))
    here = parts_of(arrays)
    sums = evaluate_samples(unrounded(context_of_parts(context, here)), here, form, axis)
    return run(
        partial(divided, parts=None),
        context.working,
        context.dtype,
        from_partial_sums(arrays[0], sums, axis),
    )


def loss(context: Context, arrays: Arrays, form: Form, parts: int | None) -> Array:
    """Sum of all terms over the divisor."""
    if not same_placements(*arrays[:2]):
        return resolve_partial(plain_sum(context, arrays, form, parts))
    here = parts_of(arrays)
    value = evaluate_loss(unrounded(context_of_parts(context, here)), here, form, None)
    total = from_partial_sums(arrays[0], value, tuple(range(arrays[0].ndim)))
    return run(partial(divided, parts=parts), context.working, context.dtype, total)


def all_reduced(context: Context, value: Array) -> Array:
    """The loss with its Partial placements all-reduced.

    `.item()` of a Partial would return the partial sum of this process.
    """
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
    if not same_placements(*arrays[:2]):
        functions = plain_functions(divergence, scale, len(arrays))
        arrays = with_entries_everywhere(arrays)
        return wanted_derivatives(run, context, functions, arrays, upstream, wanted)
    here, above = parts_of(arrays), cotangent_parts(arrays[0], upstream)
    function: Any = evaluate_row_derivatives
    if has_split_rows(arrays[0]):
        function = partial(scaled_derivatives_of_parts, arrays[0])
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
        return SplitRows.apply(context, divergence, *arrays)
    here = parts_of(arrays)
    rows = evaluate_divergences(context_of_parts(context, here), here, divergence)
    return from_partial_sums(arrays[0], rows, (arrays[0].ndim - 1,))


def apply_to_rows(context: Context, function: Callable[..., Array], arrays: Arrays) -> Array:
    """Result of ``function(xp, *arrays)``, by torch's own operations."""
    return run(function, context.working, context.working, *with_entries_everywhere(arrays))
