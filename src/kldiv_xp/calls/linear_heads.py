"""A call of the divergence from hidden states: checked, evaluated in blocks of rows, reduced."""

from dataclasses import replace
from functools import partial

from kldiv_xp._typing import Array, DType, Namespace, Reduction, TargetKind
from kldiv_xp.calls.kl_div import aligned
from kldiv_xp.calls.operands import examine_apart, with_dtype
from kldiv_xp.calls.reduction import check_reduction
from kldiv_xp.calls.sparse_teachers import factor_of, settled
from kldiv_xp.calls.with_logits import check_held, check_temperature, reduced
from kldiv_xp.checks.linear_heads import check_heads
from kldiv_xp.checks.operands import check_where
from kldiv_xp.core.dtypes import cast, limits, promoted_dtype, working_dtype
from kldiv_xp.core.evaluate import by_backend
from kldiv_xp.core.evaluate_linear import Heads, LinearDivergence, evaluate_linear
from kldiv_xp.core.facts import facts_about
from kldiv_xp.core.namespaces import is_autocast, known_shape
from kldiv_xp.formula.sparse import SparseKL


def linear_divergence_of(
    heads: Heads,
    divergence: LinearDivergence,
    scaled: bool,
    reduction: Reduction,
    dtype: DType | None,
) -> Array:
    """Divergences of the samples, scaled and reduced, and rounded once."""
    check_temperature(divergence.temperature, scaled)
    check_reduction(reduction)
    target_is: TargetKind = getattr(divergence, "target_is", "logits")
    xp = check_heads(heads, target_is)
    if heads.where is not None:
        axes = (heads.input.ndim - 1,)
        check_where(heads.input, heads.where, axes, of_samples=True)
    heads = in_one_type(xp, heads)
    context = with_dtype(examine_apart(heads.input, heads.target), dtype)
    check_held(divergence.temperature, context)
    divergence, factor = prepared(heads, divergence, scaled)
    if heads.where is not None:
        heads = heads._replace(where=aligned(context, heads.input, heads.where, axes))
    where, shape = heads.where, heads.input.shape[:-1]

    def reduce(rows: Array) -> Array:
        return reduced(context, xp.reshape(rows, shape), factor, reduction, where)

    heads = heads.mapped(partial(rows_of, xp))
    if reduction != "none":
        loss = by_backend("linear_loss", context, heads, divergence, reduce)
        if loss is not NotImplemented:
            return loss
    return reduce(evaluate_linear(context, heads, divergence))


def prepared(
    heads: Heads, divergence: LinearDivergence, scaled: bool
) -> tuple[LinearDivergence, float | None]:
    """Divergence that is meant, and what to multiply it by if it does not do so itself."""
    if not isinstance(divergence, SparseKL):
        return replace(divergence, scaled=scaled), None
    sizes = known_shape(heads.weight)[0], known_shape(heads.indices)[-1]
    return settled(divergence, *sizes), factor_of(divergence.temperature, scaled)


def rows_of(xp: Namespace, array: Array) -> Array:
    """Array as a matrix."""
    return xp.reshape(array, (-1, array.shape[-1]))


def in_one_type(xp: Namespace, heads: Heads) -> Heads:
    """The same with hidden states, weight and bias of either side in the type of their product."""
    sides = [("input", "weight", "bias")]
    if heads.target_weight is not None:
        sides.append(("target", "target_weight", "target_bias"))
    for names in sides:
        present = {name: getattr(heads, name) for name in names if getattr(heads, name) is not None}
        first, *others = present.values()
        dtype = first.dtype
        for one in others:
            dtype = promoted_dtype(xp, dtype, one.dtype)
        dtype = type_of_product(xp, dtype, heads.input)
        cast_ones = {name: cast(xp, one, dtype) for name, one in present.items()}
        heads = heads._replace(**cast_ones)
    return heads


def type_of_product(xp: Namespace, dtype: DType, input: Array) -> DType:
    """Type in which a library multiplies matrices of a type: within torch.autocast a narrow one.

    NumPy multiplies 16-bit floats one by one.
    """
    facts = facts_about(xp)
    if facts.has_autocast and is_autocast(xp, input):
        wide = limits(xp, dtype).bits > limits(xp, xp.float32).bits
        return dtype if wide else xp.get_autocast_dtype(input.device.type)
    return working_dtype(xp, dtype) if facts.zero_dimensional_is_scalar else dtype
