"""Placements of torch's DTensors, and DTensors from local shards."""

from typing import Any

import torch
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard

from kldiv_xp._typing import Array, Axes
from kldiv_xp.core.context import Context, with_result
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.core.programs import resolve_partial

# By name: Dynamo compares no such classes ("Missing richcompare_impl override").
WHERE_PARTS_LIE = ("Shard", "Replicate")


def same_placements(left: Array, right: Array) -> bool:
    """Whether two tensors have the same mesh and placements, none of them Partial."""
    return (
        left.device_mesh == right.device_mesh
        and left.placements == right.placements
        and all(type(one).__name__ in WHERE_PARTS_LIE for one in left.placements)
    )


def parts_of(arrays: Arrays, whole: int | None = None) -> Arrays:
    """Local shards of the operands, and the matching shard of the mask, not cut along `whole`."""
    return (
        *(one.to_local() for one in arrays[:2]),
        *(part_like(arrays[0], one, whole) for one in arrays[2:]),
    )


def parts_of_rows(arrays: Arrays) -> Arrays:
    """The same; each process has the mask's element of every row that it has a part of."""
    return parts_of(arrays, arrays[0].ndim - 1)


def part_like(operand: Array, other: Array, whole: int | None = None) -> Array:
    """Local shard of a tensor that broadcasts to the operand, redistributed to match it.

    It is not cut along the axis `whole`, if there is one.

    An axis of one entry is cut as the operand's is, if that has one too: a process may have none of
    it. A plain tensor, which torch's `implicit_replication` lets through, is the same everywhere.
    """
    if not isinstance(other, DTensor):
        other = DTensor.from_local(other, operand.device_mesh, run_check=False)
    spread = [
        one != size and one == 1 for one, size in zip(other.shape, operand.shape, strict=False)
    ]
    placements = [
        Replicate() if one.is_shard() and (spread[one.dim] or one.dim == whole) else one
        for one in operand.placements
    ]
    return other.redistribute(operand.device_mesh, placements).to_local()


def with_entries_everywhere(arrays: Arrays) -> Arrays:
    """The same, with whole rows where torch might cut them so that a process has no entry.

    Of such a part its maximum raises "amax(): Expected reduction dim -1 to have non-zero size", and
    the other processes wait for that one.
    """
    return tuple(with_whole_rows(one) if may_lack_entries(one) else one for one in arrays)


def may_lack_entries(tensor: Array) -> bool:
    """Whether a process may have nothing of the last axis: n have, of n**2 entries, some each."""
    if not isinstance(tensor, DTensor) or not tensor.ndim:
        return False
    return bool(tensor.shape[-1] < tensor.device_mesh.size() ** 2)


def with_whole_rows(tensor: Array) -> Array:
    """Tensor that is cut along other axes than the last, or not at all.

    Partial sums are replicated too: torch's operations would shard them along the rows.
    """
    uncut = None, tensor.ndim - 1
    placements = [Replicate() if cut_axis(one) in uncut else one for one in tensor.placements]
    return tensor.redistribute(placements=placements)


def cut_axis(placement: Any) -> int | None:
    """Axis that is cut, of one kind of Shard or another; None of other placements."""
    axis: int | None = getattr(placement, "dim", None)
    return axis


def with_single_entries_everywhere(mask: Array) -> Array:
    """Mask that is not cut along an axis of one entry, which is the same for all of another."""
    if not isinstance(mask, DTensor):
        return mask
    single = [axis for axis, size in enumerate(mask.shape) if size == 1]
    placements = [Replicate() if cut_axis(one) in single else one for one in mask.placements]
    return mask.redistribute(placements=placements)


def context_of_parts(context: Context, parts: Arrays) -> Context:
    """Context of the local shards, with the requested result dtype."""
    return with_result(context.examine(*parts[:2]), context.asked)


def cotangent_parts(operand: Array, upstream: Arrays, whole: int | None = None) -> Arrays:
    """Local shards of the cotangent of the loss, not cut along the axis `whole`."""
    return tuple(
        full_number(one) if one.ndim == 0 else part_like(operand, one, whole) for one in upstream
    )


def has_split_rows(operand: Array) -> bool:
    """Whether the rows, along the last axis, are split over ranks."""
    return any(one.is_shard(operand.ndim - 1) for one in operand.placements)


def full_number(tensor: Array) -> Array:
    """A 0-d tensor, replicated if it is a DTensor."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def with_placements_of(operand: Array, part: Array) -> Array:
    """DTensor with the operand's shape and placements, from a local shard."""
    return DTensor.from_local(
        part,
        operand.device_mesh,
        operand.placements,
        run_check=False,
        shape=operand.shape,
        stride=strides_of(operand.shape),
    )


def from_partial_sums(operand: Array, part: Array, axis: Axes, *, summed: bool = False) -> Array:
    """DTensor of the sums over some axes, from each rank's partial sums."""
    kept = [place for place in range(operand.ndim) if place not in axis]
    sums = Replicate() if summed else Partial()
    placements = [
        one if not one.is_shard() else sums if one.dim in axis else Shard(kept.index(one.dim))
        for one in operand.placements
    ]
    shape = torch.Size(operand.shape[place] for place in kept)
    return resolve_partial(
        DTensor.from_local(
            part,
            operand.device_mesh,
            placements,
            run_check=False,
            shape=shape,
            stride=strides_of(shape),
        )
    )


def strides_of(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides of a contiguous tensor."""
    return tuple(torch.empty(shape, device="meta").stride())


def replicated(tensor: Array) -> Array:
    """The whole tensor in every process."""
    return tensor.redistribute(placements=[Replicate()] * tensor.device_mesh.ndim)
