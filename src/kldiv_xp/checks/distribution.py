"""Checks of torch's DTensors: tensors beside them are such tensors too, and rows are even."""

import math
import sys
from collections.abc import Mapping
from typing import Any

from kldiv_xp._typing import Array, Namespace
from kldiv_xp.core.facts import facts_about, full_name

# What FSDP cuts are parameters, which only the losses of hidden states take.
PARAMETERS = ("weight", "bias", "target_weight", "target_bias")


def check_distribution(xp: Namespace, operands: Mapping[str, Array]) -> None:
    """Refuse a plain tensor with axes beside distributed ones.

    torch's own error names neither: "aten.mm.default got mixed torch.Tensor and DTensor".
    """
    first, *others = map(type, operands.values())
    # The usual call, which reads no table.
    if all(kind is first for kind in others):
        return
    kinds = facts_about(xp).backends_of_subclasses
    cut = [name for name, one in operands.items() if full_name(type(one)) in kinds]
    plain = [name for name, one in operands.items() if name not in cut and one.ndim]
    if cut and plain and not takes_plain_tensors():
        name, beside = plain[0], cut[0]
        message = (
            f"`{name}` must be a DTensor beside `{beside}`, which is one; got "
            f"{full_name(type(operands[name]))}: {for_plain(name, beside)}."
        )
        raise TypeError(message)


def for_plain(name: str, beside: str) -> str:
    """Remedy for a plain tensor beside a distributed one."""
    copied = f"pass DTensor.from_local({name}, {beside}.device_mesh)"
    if beside not in PARAMETERS:
        return f"if every process has all of it, {copied}"
    return (
        f"if FSDP cuts `{beside}`, call unshard() of the module that fully_shard took, before the "
        f"loss; else, if every process has all of `{name}`, {copied}"
    )


def check_even_rows(xp: Namespace, operands: Mapping[str, Array]) -> None:
    """Refuse samples of several axes whose first is cut unevenly, which torch makes no rows of."""
    kinds = facts_about(xp).backends_of_subclasses
    for name, one in operands.items():
        if full_name(type(one)) not in kinds:
            continue
        sizes = [one.device_mesh.size(at) for at, kind in enumerate(one.placements) if cuts(kind)]
        if one.shape[0] % math.prod(sizes):
            message = (
                f"`{name}` must be cut evenly along its first axis where samples have several; got "
                f"{one.shape[0]} along it for {math.prod(sizes)} processes: pass as many samples "
                f"as they divide, or {name}.redistribute(placements=[Replicate()]), and the other "
                "operands with these samples likewise."
            )
            raise ValueError(message)


def cuts(placement: Any) -> bool:
    """Whether a placement cuts the first axis."""
    return bool(placement.is_shard(0))


def takes_plain_tensors() -> bool:
    """Whether this runs within torch's `implicit_replication`."""
    distributed = sys.modules["torch.distributed.tensor"].DTensor
    dispatcher = getattr(distributed, "_op_dispatcher", None)
    return getattr(dispatcher, "_allow_implicit_replication", False) is True
