"""A call of the divergence from a teacher known at some indices: checked, evaluated, reduced."""

from dataclasses import replace

from kldiv_xp._typing import Array, DType, Reduction
from kldiv_xp.calls.kl_div import aligned
from kldiv_xp.calls.operands import examine_apart, with_dtype
from kldiv_xp.calls.reduction import check_reduction
from kldiv_xp.calls.with_logits import check_logits, check_temperature, reduced
from kldiv_xp.checks.operands import check_where
from kldiv_xp.checks.options import one_axis
from kldiv_xp.checks.sparse_teachers import check_indices_of, check_logits_of_teacher
from kldiv_xp.core.evaluate import Arrays, check_memory
from kldiv_xp.core.evaluate_sparse import evaluate_sparse_samples
from kldiv_xp.core.namespaces import known_shape
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
    temperature = divergence.temperature
    check_temperature(temperature, scaled)
    check_reduction(reduction)
    context = with_dtype(examine_apart(input, target, divergence, axis, indices), dtype)
    place = one_axis(axis, input.ndim)
    check_logits(known_shape(input), place)
    check_indices_of(input, indices, target, place)
    divergence = with_sizes(divergence, known_shape(input)[place], known_shape(indices)[place])
    arrays: Arrays = (input, indices, target)
    if where is not None:
        check_where(input, where, (place,), of_samples=True)
        arrays = (*arrays, aligned(context, input, where, (place,)))
    softens = not isinstance(temperature, float)
    if softens or place != input.ndim - 1:
        numbers = {"temperature": temperature} if softens else {}
        check_memory(context, input=input, indices=indices, target=target, where=where, **numbers)
    if place != input.ndim - 1:
        arrays = tuple(context.xp.moveaxis(array, place, -1) for array in arrays)
    samples = evaluate_sparse_samples(context, arrays, divergence, scaled=scaled)
    return reduced(context, samples, factor_of(temperature, scaled), reduction, *arrays[3:])


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
