"""Tensors under the modes and transforms of PyTorch."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from array_libraries import library
from hostile.row import INPUT, SUM, TARGET, Gives, Row, sums, terms
from hostile.torch_tensors import TENSOR, row, tensors

import kldiv_xp


def without_recording(input: Any, target: Any) -> Any:
    with library("torch").inference_mode():
        return sums(input, target)


def made_in_inference_mode() -> tuple[Any, Any]:
    with library("torch").inference_mode():
        return tensors()


def leaves() -> tuple[Any, Any]:
    return tensors(lambda t: t.requires_grad_())


def jacobian(function: Callable[..., Any]) -> Callable[..., Any]:
    """Jacobian by the vectorised map of torch.autograd."""

    def vectorised(input: Any, target: Any) -> Any:
        module = library("torch").autograd.functional
        return module.jacobian(lambda x: function(x, target), input, vectorize=True)

    return vectorised


def of_many(input: Any, target: Any) -> Any:
    """Gradients for many upstream derivatives at once."""
    torch = library("torch")
    (found,) = torch.autograd.grad(
        sums(input, target), input, torch.ones(3, dtype=torch.float64), is_grads_batched=True
    )
    return found


def samples(input: Any, target: Any) -> Any:
    return terms(input, target, axis=-1)


def from_logits(input: Any, target: Any) -> Any:
    return kldiv_xp.kl_div_with_logits(input, target, reduction="none")


def rows() -> Iterator[Row]:
    value = Gives(SUM, TENSOR, "torch.float64")
    yield row("leaves in inference mode", without_recording, leaves, value)
    yield row("tensors of inference mode", sums, made_in_inference_mode, value)
    diagonal = -np.diag(np.ravel(TARGET)).reshape(2, 2, 2, 2)
    like = TENSOR, "torch.float64"
    yield row("a vectorised Jacobian", jacobian(terms), tensors, Gives(diagonal, *like))
    yield row(
        "upstream derivatives at once", of_many, leaves, Gives([-np.array(TARGET)] * 3, *like)
    )
    rowwise = np.zeros((2, 2, 2))
    rowwise[[0, 1], [0, 1]] = -np.array(TARGET)
    yield Row(
        "a vectorised Jacobian of samples",
        jacobian(samples),
        tensors,
        Gives(rowwise, *like),
        needs=("torch",),
    )
    q, p = (np.exp(a) / np.exp(a).sum(-1, keepdims=True) for a in map(np.array, (INPUT, TARGET)))
    rowwise = np.zeros((2, 2, 2))
    rowwise[[0, 1], [0, 1]] = q - p
    yield Row(
        "a vectorised Jacobian of divergences from logits",
        jacobian(from_logits),
        tensors,
        Gives(rowwise, *like),
        needs=("torch",),
    )
