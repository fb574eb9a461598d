"""Rows of logits in arrays of NumPy: divergences and derivatives block by block, of whole rows."""

from collections.abc import Callable
from functools import partial

from kldiv_xp._typing import Array, DType, Namespace
from kldiv_xp.backends.numpy.row_forms import RowForms, forms_at, has_factors
from kldiv_xp.backends.numpy.with_derivatives import over
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import native
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_rows import factors_of
from kldiv_xp.core.scale import Scale
from kldiv_xp.formula.log_probabilities import ONE_AFTER_THE_OTHER
from kldiv_xp.formula.logits import Divergence
from kldiv_xp.fused.choice import ROW_ELEMENTS_WORTH_IT, engine_for
from kldiv_xp.host import row_loops
from kldiv_xp.host.blocks import by_classes, empty_like
from kldiv_xp.host.row_attempts import first_finite_rows
from kldiv_xp.host.threads import thread_count

Threads = Callable[[], int]


def divergences(context: Context, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergences of rows of logits, in the type that is computed in."""
    rows = rows_of(context.xp, arrays, divergence, context.working, thread_count)
    with context.xp.errstate(all="ignore"):  # they may overflow their type
        return context.xp.asarray(rows.astype(context.working, copy=False))


def sum_of_divergences(
    context: Context, arrays: Arrays, divergence: Divergence, parts: int | None
) -> Array:
    """Sum of the divergences of all rows over the divisor, rounded once from float64."""
    rows = rows_of(context.xp, arrays, divergence, context.working, thread_count)
    return total_of_rows(context.xp, rows, parts, context.dtype)


def total_of_rows(xp: Namespace, rows: Array, parts: int | None, dtype: DType) -> Array:
    """Sum of divergences of rows over the divisor; an array of a type."""
    with xp.errstate(all="ignore"):  # the sum may overflow its type
        return xp.array(over(float(xp.add.reduce(rows, None, xp.float64)), parts), dtype=dtype)


def rows_of(
    xp: Namespace, arrays: Arrays, divergence: Divergence, working: DType, threads: Threads
) -> Array:
    """Divergences of rows of logits; from a target that is given, in float64."""
    fused = engine_for(arrays[0].shape[-1], ROW_ELEMENTS_WORTH_IT)
    rows = (
        None
        if fused is None
        else fused.divergences_of_rows(xp, arrays, divergence, working, threads)
    )
    if rows is not None:
        return rows
    if not has_factors(divergence):
        forms, dtype = forms_at(xp, divergence, None, working, arrays[0].shape[-1])
        function = partial(rows_of_block, xp, forms)
        return row_loops.values_of_rows(xp, function, arrays, dtype, threads)
    attempts = [partial(factors_of, divergence, guard) for guard in ONE_AFTER_THE_OTHER]
    sums = row_loops.row_inner_products(xp, attempts, arrays, working, threads)
    return times_square(xp, divergence, sums)


def times_square(xp: Namespace, divergence: Divergence, sums: Array) -> Array:
    """Divergences, times the square of the temperature where inner products have not had it."""
    if not has_factors(divergence):
        return sums
    with xp.errstate(all="ignore"):
        return xp.asarray(divergence.times_square(xp, sums))


def rows_of_block(
    alone: Namespace,
    forms: RowForms,
    xp: Namespace,
    input: Array,
    target: Array,
    where: Array | None = None,
) -> Array:
    """Divergences of the rows of a block, 0 where the mask is False."""
    left = None if where is None else where[..., 0]
    logits = by_classes(alone, input, target)
    rows = first_finite_rows(forms.of(xp, *logits), alone, xp, left, *logits, missing=forms.missing)
    return alone.zeros(input.shape[:-1], dtype=input.dtype) if rows is None else rows[..., 0]


def row_derivatives(
    context: Context,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Gradients with respect to the wanted operands, each written in one pass."""
    xp, working = context.xp, context.working
    by_input, by_target = (
        empty_like(xp, operand, native(operand.dtype)) if want else None
        for operand, want in zip(arrays[:2], wanted, strict=True)
    )
    results = by_input, by_target
    fill_row_derivatives(xp, arrays, divergence, scale, upstream, results, working, thread_count)
    return results


def fill_row_derivatives(
    xp: Namespace,
    arrays: Arrays,
    divergence: Divergence,
    scale: Scale,
    upstream: Arrays,
    results: Gradient,
    working: DType,
    threads: Threads,
) -> None:
    """Write the derivatives that there are arrays for, whole rows at a time."""
    if results[0] is None and results[1] is None:  # a temperature alone is learned
        return
    fused = engine_for(arrays[0].shape[-1], ROW_ELEMENTS_WORTH_IT)
    given = xp, arrays, divergence, scale, upstream, results, working, threads
    if fused is not None and fused.fill_row_derivatives(*given):
        return
    functions, dtype = [], working
    for place, result in enumerate(results):
        if result is not None:
            forms, dtype = forms_at(xp, divergence, place, working, arrays[0].shape[-1])
            functions.append(partial(derivatives_of_block, xp, forms, scale, len(arrays)))
    written = [result for result in results if result is not None]
    row_loops.write_rows(xp, functions, (*arrays, *upstream), written, dtype, threads)


def derivatives_of_block(
    alone: Namespace,
    forms: RowForms,
    scale: Scale,
    count: int,
    xp: Namespace,
    *blocks: Array,
) -> Array:
    """Gradient with respect to one operand for the rows of a block, times scale and cotangent."""
    (logits, target, *where), upstream = blocks[:count], blocks[count:]
    left = where[0][..., 0] if where else None
    logits, target = by_classes(alone, logits, target)
    attempts = forms.of(xp, logits, target)
    derivative = first_finite_rows(attempts, alone, xp, left, logits, target, missing=forms.missing)
    if derivative is None:
        return alone.zeros_like(logits)
    if upstream:
        derivative = xp.multiply(derivative, scale.times(xp, upstream[0]))
    else:
        derivative = scale.times(xp, derivative)
    return xp.where(where[0], derivative, 0.0) if where else derivative
