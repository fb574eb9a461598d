"""Peers that are timed on torch tensors: torch's own loss and ours, eager and compiled."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import functional

import kldiv_xp
from benchmarks.cases import Case
from benchmarks.operands import mask

Function = Callable[[], object]
Loss = Callable[..., Any]


def theirs(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """F.kl_div, of logits after log_softmax of both."""
    return call(case, their_loss(case), log_q, target)


def ours(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Ours."""
    return call(case, our_loss(case), log_q, target)


def theirs_compiled(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """The same under torch.compile."""
    return call(case, compiled(case, their_loss(case)), log_q, target)


def bare_compiled(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """The expression of the definition alone under torch.compile."""

    def loss(x: torch.Tensor, p: torch.Tensor, **_: object) -> torch.Tensor:
        terms = p.exp() * (p - x) if case.log_target else p * (p.log() - x)
        return terms if case.reduction == "none" else terms.sum() / len(p)

    return call(case, compiled(case, bare_of_logits if case.logits else loss), log_q, target)


def bare_of_logits(x: torch.Tensor, t: torch.Tensor, **_: object) -> torch.Tensor:
    """KL of logits in two exponentials an element: of nearly equal rows it is noise."""
    x, t = (z - z.amax(-1, keepdim=True) for z in (x, t))
    p = t.exp()
    sum_q, sum_p = x.exp().sum(-1), p.sum(-1)
    return ((p * (t - x)).sum(-1) / sum_p + (sum_q / sum_p).log()).mean()


def ours_compiled(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """Ours under torch.compile."""
    return call(case, compiled(case, our_loss(case)), log_q, target)


def our_loss(case: Case) -> Loss:
    """Our function for these operands."""
    if case.beta is not None:
        return partial(kldiv_xp.js_div_with_logits, beta=case.beta)
    if case.logits:
        return kldiv_xp.kl_div_with_logits
    if case.gradients:
        return partial(kldiv_xp.kl_div_gradient, reduction=case.reduction)
    if case.masked:
        return partial(kldiv_xp.kl_div, where=torch.from_numpy(mask(case.shape)))
    return partial(kldiv_xp.kl_div, axis=-1) if case.rows else kldiv_xp.kl_div


def their_loss(case: Case) -> Loss:
    """The same of torch's functions."""
    if case.logits:
        return of_logits if case.beta is None else mixture_of_logits
    if case.masked:
        selected = torch.from_numpy(mask(case.shape))

        def of_mask(x: torch.Tensor, p: torch.Tensor, **_: object) -> torch.Tensor:
            return torch.where(selected, functional.kl_div(x, p, reduction="none"), 0.0).sum()

        return of_mask
    if case.rows:
        return lambda x, p, **_: functional.kl_div(x, p, reduction="none").sum(-1)
    return functional.kl_div


def of_logits(x: torch.Tensor, t: torch.Tensor, reduction: str) -> torch.Tensor:
    """Loss of two arrays of logits by torch's own functions."""
    log_q, log_p = (functional.log_softmax(logits, dim=-1) for logits in (x, t))
    return functional.kl_div(log_q, log_p, reduction=reduction, log_target=True)


def mixture_of_logits(x: torch.Tensor, t: torch.Tensor, reduction: str) -> torch.Tensor:
    """Jensen-Shannon divergence of two arrays of logits, as it is written by hand."""
    log_q, log_p = (functional.log_softmax(logits, dim=-1) for logits in (x, t))
    log_m = torch.logaddexp(log_q, log_p) - math.log(2)
    loss = partial(functional.kl_div, log_m, reduction=reduction, log_target=True)
    return (loss(log_p) + loss(log_q)) / 2


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
