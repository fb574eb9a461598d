"""Paddle, and paddle.nn.functional.kl_div, whose arguments are those of torch."""

from dataclasses import replace

import paddle
from paddle.nn.functional import kl_div

from kldiv_conformance import ADAPTERS

__all__ = ["ADAPTER", "kl_div"]


def make(values, shape, dtype):
    return paddle.to_tensor(values, dtype="float64").reshape(shape).astype(dtype)


def gradient(function, input, target, upstream):
    operands = [paddle.to_tensor(array, stop_gradient=False) for array in (input, target)]
    loss = function(*operands)
    found = paddle.grad([loss], operands, [paddle.full_like(loss, upstream)], allow_unused=True)
    if None in found:
        raise NotImplementedError("Paddle has no derivative with respect to the target.")
    return found


NAMED = replace(ADAPTERS["jax"], name="paddle", library="paddle", floats=("float32", "float64"))
ADAPTER = replace(NAMED, make=make, read=lambda tensor: tensor.numpy(), gradient=gradient)
