"""What is timed on torch tensors: torch's own loss and ours, eager and compiled."""

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
    """F.kl_div."""
    return call(case, functional.kl_div, log_q, target)


def ours(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Ours."""
    return call(case, kldiv_xp.kl_div, log_q, target)


def theirs_compiled(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """F.kl_div under torch.compile."""
    return call(case, compiled(case, functional.kl_div), log_q, target)


def ours_compiled(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Ours under torch.compile."""
    return call(case, compiled(case, kldiv_xp.kl_div), log_q, target)


def compiled(case: Case, loss: Loss) -> Loss:
    """A loss compiled for one shape; in the sweep, where shapes follow, by torch's defaults."""
    if case.name.startswith("sweep"):
        return torch.compile(loss)
    torch.compiler.reset()
    return torch.compile(loss, dynamic=False)


def call(case: Case, loss: Loss, log_q: np.ndarray, target: np.ndarray) -> Function:
    """The loss of these operands, with its derivative by `input` where the case asks."""
    x, p = (torch.from_numpy(array).to(getattr(torch, case.dtype)) for array in (log_q, target))
    options = {"reduction": case.reduction, "log_target": case.log_target}
    if not case.backward:
        return lambda: loss(x, p, **options)
    x.requires_grad_()

    def forward_and_backward() -> None:
        x.grad = None
        loss(x, p, **options).backward()

    return forward_and_backward
