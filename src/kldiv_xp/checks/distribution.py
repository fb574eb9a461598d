"""Checks that tensors beside torch's DTensors are such tensors too."""

import sys
from collections.abc import Mapping

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


def takes_plain_tensors() -> bool:
    """Whether this runs within torch's `implicit_replication`."""
    distributed = sys.modules["torch.distributed.tensor"].DTensor
    dispatcher = getattr(distributed, "_op_dispatcher", None)
    return getattr(dispatcher, "_allow_implicit_replication", False) is True
