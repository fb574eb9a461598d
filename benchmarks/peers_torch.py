"""Peers that are timed on torch tensors: torch's own loss and ours, eager and compiled."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional

import kldiv_xp
from benchmarks.cases import Case

Function = Callable[[], object]
Loss = Callable[..., Any]


def theirs(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """F.kl_div, of logits after log_softmax of both."""
    return call(case, of_logits if case.logits else functional.kl_div, log_q, target)


def ours(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Ours."""
    return call(case, our_loss(case), log_q, target)


def theirs_compiled(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """The same under torch.compile."""
    loss = of_logits if case.logits else functional.kl_div
    return call(case, compiled(case, loss), log_q, target)


def ours_compiled(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Ours under torch.compile."""
    return call(case, compiled(case, our_loss(case)), log_q, target)


def our_loss(case: Case) -> Loss:
    """Our function for these operands."""
    return kldiv_xp.kl_div_with_logits if case.logits else kldiv_xp.kl_div


def of_logits(x: torch.Tensor, t: torch.Tensor, reduction: str) -> torch.Tensor:
    """Loss of two arrays of logits by torch's own functions."""
    log_q, log_p = (functional.log_softmax(logits, dim=-1) for logits in (x, t))
    return functional.kl_div(log_q, log_p, reduction=reduction, log_target=True)


def compiled(case: Case, loss: Loss) -> Loss:
    """A loss compiled for one shape; in the sweep, where shapes follow, by torch's defaults."""
    if case.name.startswith("sweep"):
        return torch.compile(loss)
    torch.compiler.reset()
    return torch.compile(loss, dynamic=False)


def call(case: Case, loss: Loss, log_q: np.ndarray, target: np.ndarray) -> Function:
    """The loss of these operands, with its derivative by `input` where the case asks."""
    x, p = (torch.from_numpy(array).to(getattr(torch, case.dtype)) for array in (log_q, target))
    options = {"reduction": case.reduction}
    if not case.logits:
        options["log_target"] = case.log_target
    if not case.backward:
        return lambda: loss(x, p, **options)
    x.requires_grad_()

    def forward_and_backward() -> None:
        x.grad = None
        loss(x, p, **options).backward()

    return forward_and_backward
