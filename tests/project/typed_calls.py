"""Calls for type checkers: a comment says what they infer, or that they refuse the line."""

from typing import Any, TypeVar, reveal_type

import jax
import numpy as np
import torch
from numpy.typing import NDArray

from kldiv_xp import (
    JSDivLoss,
    KLDivLoss,
    js_div,
    js_div_with_logits,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    linear_kl_div,
)
from kldiv_xp.torch import JSDivLoss as TablesModule
from kldiv_xp.torch import KLDivLoss as Module
from kldiv_xp.typing import Operand, Reduction, TargetKind


def of_numpy(f64: NDArray[np.float64], f32: NDArray[np.float32], mask: NDArray[np.bool]) -> None:
    reveal_type(kl_div(f64, f64, where=mask))  # ndarray[tuple[Any, ...], dtype[float64]]
    reveal_type(KLDivLoss()(f64, f64, where=f64 > 0))  # ndarray[tuple[Any, ...], dtype[float64]]
    reveal_type(JSDivLoss(beta=0.3)(f64, f64))  # ndarray[tuple[Any, ...], dtype[float64]]
    JSDivLoss(0.3)  # refused
    reveal_type(kl_div_with_logits(f64, f64))  # ndarray[tuple[Any, ...], dtype[float64]]
    loss: NDArray[np.float64] | NDArray[np.float32] = kl_div(f64, f32)
    gradient: tuple[NDArray[np.float64], NDArray[np.float32]] = kl_div_gradient(f64, f32)
    assert loss is gradient[1]
    reveal_type(kl_div(np.zeros(2), np.ones(2)))  # ndarray[tuple[Any, ...], dtype[float64]]
    loss = kl_div(f32, f32, where=f32)  # refused
    loss = kl_div(f64, f64, where=[True])  # refused
    loss = kl_div(f64, f64, None, None, "average")  # refused
    kl_div(f64, f64, dim=-1)  # refused
    kl_div_gradient(f64, f64, dim=-1)  # refused
    kl_div_with_logits(f64, f64, T=2.0)  # refused
    js_div(f64, f64, tempature=None)  # refused
    kl_div_with_logits(f64, f64, 2.0)  # refused
    options: dict[str, Any] = {"axis": -1}
    kl_div(f64, f64, **options)


def of_torch(tensor: torch.Tensor, parameter: torch.nn.Parameter) -> None:
    reveal_type(kl_div(tensor, parameter, where=tensor > 0))  # Tensor
    reveal_type(kl_div_gradient(tensor, tensor, upstream=2))  # tuple[Tensor, Tensor]
    reveal_type(js_div_with_logits(tensor, tensor, beta=0.5, temperature=tensor))  # Tensor
    reveal_type(Module(reduction="sum")(tensor, tensor, tensor > 0))  # Tensor
    TablesModule(axis=(0, 1), log_target=True, reduction="all")  # refused
    reveal_type(linear_kl_div(tensor, tensor, tensor, indices=tensor, tail="zero"))  # Tensor
    linear_kl_div(tensor, tensor, tensor, indices=tensor, tail="top")  # refused
    linear_kl_div(tensor, tensor, tensor, tensor)  # refused
    Module()(tensor)  # refused
    Module()(tensor, tensor, mask=tensor)  # refused


def of_jax(array: jax.Array) -> None:
    reveal_type(kl_div(array, array, where=array > 0))  # Array
    reveal_type(kl_div_with_logits(array, array, target_is="probabilities"))  # Array


def of_two_libraries(tensor: torch.Tensor, array: jax.Array, numbers: NDArray[np.float64]) -> None:
    kl_div(tensor, numbers)  # refused
    kl_div(numbers, tensor)  # refused
    kl_div(target=tensor, input=array)  # refused
    kl_div_gradient(array, numbers)  # refused
    kl_div_with_logits(tensor, numbers)  # refused
    js_div_with_logits(numbers, array)  # refused
    KLDivLoss()(tensor, numbers)  # refused
    kl_div(numbers, numbers, where=tensor)  # refused
    kl_div(tensor, tensor, where=numbers > 0)  # refused
    Module()(tensor, numbers)  # refused


def of_text() -> None:
    kl_div("x", 3)  # refused


def of_numbers() -> None:
    kl_div(0.5, 0.5)  # refused


def of_lists() -> None:
    kl_div([0.5], [0.5])  # refused


ArrayT = TypeVar("ArrayT")
MaskT = TypeVar("MaskT")


def wrapped(
    x: Operand[ArrayT, MaskT], y: Operand[ArrayT, MaskT], reduction: Reduction, kind: TargetKind
) -> ArrayT:
    if kind == "logits":
        return kl_div_with_logits(x, y, reduction=reduction, target_is=kind)
    return kl_div(x, y, reduction=reduction, where=x < 0)
