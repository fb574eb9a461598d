"""A call of the divergence from hidden states: checked, evaluated in blocks of rows, reduced."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce

from kldiv_xp._typing import Array, DType, Namespace, Reduction, Shape
from kldiv_xp.calls.kl_div import aligned
from kldiv_xp.calls.operands import examine_apart, with_dtype
from kldiv_xp.calls.reduction import check_reduction
from kldiv_xp.calls.sparse_teachers import factor_of, with_sizes
from kldiv_xp.calls.with_logits import check_held, check_temperature, reduced
from kldiv_xp.checks.linear_heads import check_heads, logits_shape
from kldiv_xp.checks.operands import check_where
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import cast, limits, promoted_dtype, working_dtype
from kldiv_xp.core.evaluate import by_backend
from kldiv_xp.core.evaluate_linear import Heads, LinearDivergence, evaluate_linear
from kldiv_xp.core.facts import facts_about
from kldiv_xp.core.indices import as_places
from kldiv_xp.core.namespaces import is_autocast, known_shape
from kldiv_xp.core.run import constant
from kldiv_xp.formula.sparse import SparseKL

TEACHER_OPERANDS = ("target", "target_weight", "target_bias")


def linear_divergence_of(
    heads: Heads,
    divergence: LinearDivergence,
    scaled: bool,
    reduction: Reduction,
    dtype: DType | None,
) -> Array:
    """Divergences of the samples, scaled and reduced, and rounded once."""
    loss_of, heads, divergence = arranged_heads(heads, divergence, scaled, reduction, dtype)
    context = loss_of.context
    heads = heads.mapped(partial(rows_of, context))
    if reduction != "none":
        loss = by_backend("linear_loss", context, heads, divergence, loss_of)
        if loss is not NotImplemented:
            return loss
    return loss_of(evaluate_linear(context, heads, divergence), heads.where)


def arranged_heads(
    heads: Heads,
    divergence: LinearDivergence,
    scaled: bool,
    reduction: Reduction,
    dtype: DType | None,
) -> tuple["LossOfSamples", Heads, LinearDivergence]:
    """Loss of the samples that is meant, the operands in one type, and the divergence."""
    check_temperature(divergence.temperature, scaled)
    check_reduction(reduction)
    xp = check_heads(heads, divergence)
    if heads.where is not None:
        axes = (heads.input.ndim - 1,)
        check_where(
            heads.input,
            heads.where,
            axes,
            divergence,
            of_samples=True,
            logits=logits_shape(heads),
        )
    given, heads = heads, in_one_type(xp, heads)
    context = examine_apart(heads.input, heads.target)
    context = with_dtype(rounded_as_given(context, given), dtype)
    check_held(divergence.temperature, context)
    heads = with_constant_teacher(context, heads)
    divergence, factor = prepared(heads, divergence, scaled)
    if heads.indices is not None:
        heads = heads.changed(indices=as_places(xp, heads.indices))
    if heads.where is not None:
        heads = heads.changed(where=aligned(context, heads.input, heads.where, axes))
    shape = heads.input.shape[:-1]
    return LossOfSamples(context, shape, factor, reduction), heads, divergence


@dataclass(frozen=True)
class LossOfSamples:
    """Function of the divergence of every row: the samples that they are, scaled and reduced."""

    context: Context
    shape: Shape
    scale: float | None
    reduction: Reduction

    def __call__(self, rows: Array, where: Array | None) -> Array:
        """Loss of rows and their mask."""
        samples = rows if len(self.shape) == 1 else self.context.xp.reshape(rows, self.shape)
        return reduced(self.context, samples, self.scale, self.reduction, where)


def prepared(
    heads: Heads, divergence: LinearDivergence, scaled: bool
) -> tuple[LinearDivergence, float | None]:
    """Divergence that is meant, and what to multiply it by if it does not do so itself."""
    if not isinstance(divergence, SparseKL):
        return replace(divergence, scaled=scaled), None
    sizes = known_shape(heads.weight)[0], known_shape(heads.indices)[-1]
    return with_sizes(divergence, *sizes), factor_of(divergence.temperature, scaled)


def rows_of(context: Context, array: Array) -> Array:
    """Array as a matrix."""
    return matrix_of(partial(reshaped, context), array)


def matrix_of(reshape: Callable[[Array, Shape], Array], array: Array) -> Array:
    """The same by a way to another shape; of nothing, no library tells how many rows it has."""
    *samples, size = array.shape
    if len(samples) == 1:
        return array
    return reshape(array, (math.prod(samples) if has_nothing(array) else -1, size))


def reshaped(context: Context, array: Array, shape: Shape) -> Array:
    """Array in another shape."""
    full = by_backend("in_full_chunks", context, array)
    return context.xp.reshape(array if full is NotImplemented else full, shape)


def has_nothing(array: Array) -> bool:
    """Whether one of the sizes is 0, and all are known."""
    sizes = known_shape(array)
    return all(isinstance(one, int) for one in sizes) and 0 in sizes


def with_constant_teacher(context: Context, heads: Heads) -> Heads:
    """The same with a teacher that nothing differentiates, whatever transforms the call."""
    of_teacher = {name: one for name, one in heads.named().items() if name in TEACHER_OPERANDS}
    return heads.changed(**{name: constant(context.facts, one) for name, one in of_teacher.items()})


def in_one_type(xp: Namespace, heads: Heads) -> Heads:
    """The same with hidden states, weight and bias of either side in the type of their product."""
    for names in sides_of(heads):
        dtype = type_of_product(xp, promoted(xp, heads, names), heads.input)
        cast_ones = {name: cast(xp, getattr(heads, name), dtype) for name in names}
        heads = heads.changed(**cast_ones)
    return heads


def rounded_as_given(context: Context, given: Heads) -> Context:
    """The same with a result in the type of the operands, which NumPy's products are wider than."""
    if not context.facts.zero_dimensional_is_scalar:
        return context
    names = [name for side in sides_of(given) for name in side]
    return replace(context, dtype=promoted(context.xp, given, [*names, "target"]))


def sides_of(heads: Heads) -> list[list[str]]:
    """Names of what the logits of the student are made of, and those of the teacher, if they are.

    Operands that there are not are left out.
    """
    sides = [["input", "weight", "bias"]]
    if heads.target_weight is not None:
        sides.append([*TEACHER_OPERANDS])
    return [[name for name in names if getattr(heads, name) is not None] for names in sides]


def promoted(xp: Namespace, heads: Heads, names: Sequence[str]) -> DType:
    """Type that some of the operands promote to."""
    return reduce(partial(promoted_dtype, xp), [getattr(heads, name).dtype for name in names])


def type_of_product(xp: Namespace, dtype: DType, input: Array) -> DType:
    """Type in which a library multiplies matrices of a type: within torch.autocast a narrow one.

    NumPy multiplies 16-bit floats one by one.
    """
    facts = facts_about(xp)
    if facts.has_autocast and is_autocast(xp, input):
        wide = limits(xp, dtype).bits > limits(xp, xp.float32).bits
        return dtype if wide else xp.get_autocast_dtype(input.device.type)
    return working_dtype(xp, dtype) if facts.zero_dimensional_is_scalar else dtype
