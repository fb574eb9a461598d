"""Sparse teachers in DTensors: every rank computes its own samples."""

from torch.distributed.tensor import Replicate

from kldiv_xp._typing import Array
from kldiv_xp.backends.torch.dtensor_placements import (
    from_partial_sums,
    has_split_rows,
    part_like,
    with_placements_of,
)
from kldiv_xp.core.context import Context, with_result
from kldiv_xp.core.evaluate import Arrays, Gradient
from kldiv_xp.core.evaluate_sparse import evaluate_sparse
from kldiv_xp.core.evaluate_sparse_gradient import evaluate_sparse_derivatives
from kldiv_xp.formula.sparse import SparseKL


def sparse_divergences(context: Context, arrays: Arrays, divergence: SparseKL) -> Array:
    """Divergence of every row, none of them split over ranks."""
    inner, here = parts_of_samples(context, arrays)
    return from_partial_sums(
        arrays[0], evaluate_sparse(inner, here, divergence), (arrays[0].ndim - 1,)
    )


def sparse_gradient(
    context: Context,
    arrays: Arrays,
    divergence: SparseKL,
    upstream: Array,
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives with respect to the wanted operands, placed like the input."""
    inner, here = parts_of_samples(context, arrays)
    factor = part_like(arrays[0], upstream)
    found = evaluate_sparse_derivatives(inner, here, divergence, factor, wanted)
    target = arrays[2].redistribute(arrays[0].device_mesh, arrays[0].placements)
    by_input, by_target = (
        None if one is None else with_placements_of(operand, one)
        for operand, one in zip((arrays[0], target), found, strict=True)
    )
    return by_input, by_target


def parts_of_samples(context: Context, arrays: Arrays) -> tuple[Context, Arrays]:
    """Context and local tensors of a rank, whose samples are whole."""
    check_rows_are_whole(arrays[0])
    others = [part_like(arrays[0], one) for one in arrays[1:]]
    here = (arrays[0].to_local(), *others)
    return with_result(context.examine(here[0], here[2]), context.asked), here


def check_rows_are_whole(input: Array) -> None:
    """Refuse split rows: indices count from the start of the whole row."""
    if not has_split_rows(input):
        return
    last = input.ndim - 1
    whole = [Replicate() if one.is_shard(last) else one for one in input.placements]
    message = (
        "`input` must not be split along `axis` where the teacher is known at some indices; got "
        f"the placements {tuple(input.placements)}: pass input.redistribute(placements={whole}), "
        "or split the samples."
    )
    raise ValueError(message)
