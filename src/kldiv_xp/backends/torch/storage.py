"""Errors for tensors whose storage was freed or shrunk, instead of reads beyond it."""

from operator import attrgetter

from kldiv_xp._typing import Array

SHAPE = attrgetter("shape")
OPERAND_NAMES = ("input", "target", "where")


def check_unchanged(
    arrays: tuple[Array, ...], shapes: list[tuple[int, ...]], names: tuple[str, ...] = OPERAND_NAMES
) -> None:
    """Refuse tensors that were replaced through `data`, which autograd does not see.

    Raises
    ------
    ValueError
        If a tensor has another shape than when the loss was computed.
    """
    for place, (tensor, shape) in enumerate(zip(arrays, shapes, strict=True)):
        if tensor.shape != shape:
            message = (
                f"`{names[place]}` must stay as it is until the gradient is computed; got the "
                f"shape {tuple(tensor.shape)} where the loss was computed of {tuple(shape)}: pass "
                "a clone() if its data is freed before."
            )
            raise ValueError(message)


def check_storage(name: str, tensor: Array) -> None:
    """Refuse a tensor that reaches beyond its storage, e.g. a freed parameter.

    Raises
    ------
    ValueError
        If it does.
    """
    present = tensor.untyped_storage().nbytes()
    needed = bytes_up_to_the_last(tensor)
    if present < needed:
        message = (
            f"`{name}` must have all its elements in memory until the loss and its gradient are "
            f"computed; got a tensor of shape {tuple(tensor.shape)} that needs {needed} bytes of "
            f"its storage, which has {present}: pass a clone() made before the storage was "
            "resized, or gather freed parameters again."
        )
        raise ValueError(message)


def bytes_up_to_the_last(tensor: Array) -> int:
    """Bytes from the start of the storage to the end of the tensor's last element."""
    if not tensor.numel():
        return 0
    steps = zip(tensor.shape, tensor.stride(), strict=True)
    last = tensor.storage_offset() + sum((size - 1) * step for size, step in steps)
    return int((last + 1) * tensor.itemsize)
