"""torch's DTensor: every process computes on its own part, and what they have in common is sums."""

from functools import partial
from typing import Any

from kldiv_xp._divergences import evaluate_divergences
from kldiv_xp._evaluation import (
    Arrays,
    Scale,
    divided,
    evaluate_loss,
    evaluate_samples,
    evaluate_slopes,
    evaluate_terms,
    unrounded,
)
from kldiv_xp._execution import run
from kldiv_xp._logit_formula import Divergence
from kldiv_xp._operands import Operands, examine
from kldiv_xp._torch_placements import complete, joined, lie_alike, part_like, parts_of, spread_as
from kldiv_xp._torch_shard_rows import Rows
from kldiv_xp._typing import Array, Axes


def terms(operands: Operands, arrays: Arrays, log_target: bool) -> Array:
    """Every term, each in its place."""
    del operands
    if not lie_alike(*arrays[:2]):
        return NotImplemented
    here = parts_of(arrays)
    return spread_as(arrays[0], evaluate_terms(examine(*here[:2]), here, log_target))


def samples(operands: Operands, arrays: Arrays, log_target: bool, axis: Axes) -> Array:
    """Sums of the terms over some axes."""
    if not lie_alike(*arrays[:2]):
        return NotImplemented
    here = parts_of(arrays)
    sums = evaluate_samples(unrounded(examine(*here[:2])), here, log_target, axis)
    return run(
        partial(divided, parts=None),
        operands.working,
        operands.dtype,
        joined(arrays[0], sums, axis),
    )


def loss(operands: Operands, arrays: Arrays, log_target: bool, parts: int | None) -> Array:
    """Sum of all terms over the divisor."""
    if not lie_alike(*arrays[:2]):
        return NotImplemented
    here = parts_of(arrays)
    value = evaluate_loss(unrounded(examine(*here[:2])), here, log_target, None)
    total = joined(arrays[0], value, tuple(range(arrays[0].ndim)))
    return run(partial(divided, parts=parts), operands.working, operands.dtype, total)


def settled(operands: Operands, value: Array) -> Array:
    """A loss of samples, added up: of one that is not, `item()` gives the share of a process."""
    del operands
    return complete(value)


def gradient(
    operands: Operands,
    arrays: Arrays,
    log_target: bool,
    scale: Scale,
    upstream: Arrays,
    wanted: tuple[bool, bool],
) -> Any:
    """Derivatives by the operands that are wanted, each in its place."""
    del operands
    if not lie_alike(*arrays[:2]):
        return NotImplemented
    here = parts_of(arrays)
    above = tuple(
        one.full_tensor() if one.ndim == 0 else part_like(arrays[0], one) for one in upstream
    )
    slopes = evaluate_slopes(examine(*here[:2]), here, log_target, scale, above, wanted)
    return [None if slope is None else spread_as(arrays[0], slope) for slope in slopes]


def divergences(operands: Operands, arrays: Arrays, divergence: Divergence) -> Array:
    """Divergence of every row; of rows in parts a few numbers of each go between processes."""
    if not lie_alike(*arrays[:2]):
        return NotImplemented
    last = arrays[0].ndim - 1
    if any(one.is_shard(last) for one in arrays[0].placements):
        return Rows.apply(operands, divergence, *arrays)
    here = parts_of(arrays)
    rows = evaluate_divergences(examine(*here[:2]), here, divergence)
    return joined(arrays[0], rows, (last,))
