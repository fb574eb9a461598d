"""A call of the divergence from a teacher known at some indices: checked, evaluated, reduced."""

from dataclasses import replace

from kldiv_xp._typing import Array, DType, Reduction
from kldiv_xp.calls.kl_div import aligned, cotangent, given_upstream, number_selected
from kldiv_xp.calls.numbers_at_hand import with_numbers_at_hand
from kldiv_xp.calls.operands import examine_apart, with_dtype
from kldiv_xp.calls.reduction import check_reduction
from kldiv_xp.calls.with_logits import check_logits, check_temperature, reduced
from kldiv_xp.checks.axes import one_axis
from kldiv_xp.checks.operands import check_where
from kldiv_xp.checks.options import check_switch
from kldiv_xp.checks.sparse_teachers import check_indices_of, check_logits_of_teacher
from kldiv_xp.core.context import Context
from kldiv_xp.core.evaluate import Arrays, check_memory
from kldiv_xp.core.evaluate_sparse import evaluate_sparse_samples
from kldiv_xp.core.evaluate_sparse_gradient import evaluate_sparse_gradient
from kldiv_xp.core.indices import as_places
from kldiv_xp.core.namespaces import known_shape, sample_shape
from kldiv_xp.core.scale import Scale
from kldiv_xp.core.shapes import with_axes, with_axis_moved
from kldiv_xp.formula.sparse import SparseKL


def sparse_divergence_of(
    input: Array,
    indices: Array,
    target: Array,
    divergence: SparseKL,
    axis: int,
    scaled: bool,
    reduction: Reduction,
    where: Array | None,
    dtype: DType | None,
) -> Array:
    """Divergences of the samples, scaled and reduced, and rounded once."""
    check_temperature(divergence.temperature, scaled)
    check_reduction(reduction)
    operands = input, indices, target, where
    context, arrays, divergence, _ = arranged_sparse(operands, divergence, axis, dtype)
    samples = evaluate_sparse_samples(context, arrays, divergence, scaled=scaled)
    factor = factor_of(divergence.temperature, scaled)
    return reduced(context, samples, factor, reduction, *arrays[3:])


def sparse_divergence_with_gradient(
    operands: tuple[Array, Array, Array, Array | None],
    divergence: SparseKL,
    axis: int,
    scaled: bool,
    reduction: Reduction,
    upstream: Array,
    return_value: bool,
    dtype: DType | None,
) -> Arrays:
    """Derivatives, each in the dtype of its operand, and before them the loss if it is wanted."""
    check_switch("return_value", return_value)
    check_temperature(divergence.temperature, scaled)
    check_reduction(reduction)
    context, arrays, divergence, place = arranged_sparse(operands, divergence, axis, dtype)
    where = arrays[3:]
    factor = upstream_of_rows(context, operands[0], place, upstream, reduction, where)
    found = evaluate_sparse_gradient(
        context, arrays, divergence, *factor, scaled=scaled, with_rows=return_value
    )
    *rows, by_input, by_target = found
    derivatives = (with_axis_moved(context.xp, one, -1, place) for one in (by_input, by_target))
    square = factor_of(divergence.temperature, scaled)
    return *(reduced(context, one, square, reduction, *where) for one in rows), *derivatives


def upstream_of_rows(
    context: Context,
    input: Array,
    place: int,
    upstream: Array,
    reduction: Reduction,
    where: Arrays,
) -> tuple[Scale, Arrays]:
    """Derivative with respect to the divergence of each row: a scale, times an array if any."""
    shape = sample_shape(known_shape(input), (place,))
    number, factors = given_upstream(context, input, upstream, reduction, shape)
    count = None
    if where:
        check_memory(context, where=where[0])
        count = number_selected(context, where[0], None) if reduction == "mean" else None
    scale, factors = cotangent(context, number, factors, reduction, shape, count)
    return scale, tuple(with_axes(one, (len(shape),)) if one.ndim else one for one in factors)


def arranged_sparse(
    operands: tuple[Array, Array, Array, Array | None],
    divergence: SparseKL,
    axis: int,
    dtype: DType | None,
) -> tuple[Context, Arrays, SparseKL, int]:
    """Context of the operands; operands and mask with rows last; what is meant; axis of rows."""
    logits, indices, target, where = operands
    temperature = divergence.temperature
    context = with_dtype(examine_apart(logits, target, divergence, axis, indices), dtype)
    place = one_axis(axis, logits.ndim)
    check_logits(known_shape(logits), place)
    check_indices_of(logits, indices, target, place)
    divergence = with_sizes(divergence, known_shape(logits)[place], known_shape(indices)[place])
    divergence = with_numbers_at_hand(context, divergence, logits)
    arrays: Arrays = (logits, as_places(context.xp, indices), target)
    if where is not None:
        check_where(logits, where, (place,), divergence, of_samples=True)
        arrays = (*arrays, aligned(context, logits, where, (place,)))
    softens = not isinstance(temperature, float)
    if softens or place != logits.ndim - 1:
        numbers = {"temperature": temperature} if softens else {}
        check_memory(context, input=logits, indices=indices, target=target, where=where, **numbers)
    if place != logits.ndim - 1:
        arrays = tuple(with_axis_moved(context.xp, array, place, -1) for array in arrays)
    return context, arrays, divergence, place


def factor_of(temperature: float | Array, scaled: bool) -> float | None:
    """Square of a temperature that is a number, if it is wanted and not 1."""
    if not scaled or not isinstance(temperature, float) or temperature == 1:
        return None
    return temperature * temperature


def with_sizes(divergence: SparseKL, size: int | None, number: int | None) -> SparseKL:
    """The same with the tail that is meant where all places are named, and nothing is left."""
    if size is not None and size == number:
        of_logits = divergence.target_is == "logits"
        tail = divergence.tail if divergence.tail == "renormalize" else "zero"
        return replace(divergence, tail="renormalize" if of_logits else tail)
    check_logits_of_teacher(divergence.target_is, divergence.tail, number)
    return divergence
