"""Peers that are timed on CUDA tensors: a copy, torch's own loss, Liger's and ours."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional

import kldiv_xp
from benchmarks.gpu.cases import HIDDEN, KNOWN, Case

Function = Callable[[], object]
Loss = Callable[..., Any]
DEVICE = "cuda"
COMPILER: dict[str, Any] = {"dynamic": False}


def operands(case: Case) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits, or log-probabilities and probabilities, or their logarithms."""
    torch.manual_seed(0)
    logits = [torch.randn(case.shape, device=DEVICE) for _ in range(2)]
    dtype = getattr(torch, case.dtype)
    if case.of_logits:
        return logits[0].to(dtype), logits[1].to(dtype)
    of_target = torch.log_softmax if case.log_target else torch.softmax
    return torch.log_softmax(logits[0], 1).to(dtype), of_target(logits[1], 1).to(dtype)


def copy(case: Case) -> Function:
    """A copy of one operand."""
    source, _ = operands(case)
    result = torch.empty_like(source)
    return lambda: result.copy_(source)


def plain_kl(x: torch.Tensor, t: torch.Tensor, **_: object) -> torch.Tensor:
    """F.kl_div of two softmaxes."""
    logs = torch.log_softmax(x, 1), torch.log_softmax(t, 1)
    return functional.kl_div(*logs, reduction="batchmean", log_target=True)


def plain_js(x: torch.Tensor, t: torch.Tensor, **_: object) -> torch.Tensor:
    """The mean of the divergences of two softmaxes from their mixture, as it is often written."""
    log_q, log_p = torch.log_softmax(x, 1), torch.log_softmax(t, 1)
    log_m = torch.logaddexp(log_q, log_p) - math.log(2)
    options: dict[str, Any] = {"reduction": "batchmean", "log_target": True}
    first, second = (functional.kl_div(log_m, log, **options) for log in (log_p, log_q))
    return (first + second) / 2


THEIRS: dict[str, Loss] = {
    "kl_div": functional.kl_div,
    "kl_div_with_logits": plain_kl,
    "js_div_with_logits": plain_js,
}


def theirs(case: Case) -> Function:
    """F.kl_div, or what is made of it."""
    if case.is_sparse:
        return sparse_call(case, of_log_softmax)
    return linear_call(case, of_products) if case.is_linear else call(case, THEIRS[case.loss])


def theirs_compiled(case: Case) -> Function:
    """The same under torch.compile."""
    torch.compiler.reset()
    return call(case, torch.compile(THEIRS[case.loss], **COMPILER))


def ours(case: Case) -> Function:
    """Ours, by kernels."""
    from kldiv_xp.backends.torch import cuda as cuda_module

    if cuda_module.compiler() is None:
        message = "no compiler of kernels was found"
        raise ImportError(message)
    return of_ours(case)


def of_ours(case: Case) -> Function:
    """Ours."""
    if case.is_sparse:
        return sparse_call(case, kldiv_xp.sparse_kl_div_with_logits)
    if case.is_linear:
        return linear_call(
            case, lambda x, w, t, v: kldiv_xp.linear_kl_div(x, w, t, target_weight=v)
        )
    return call(case, getattr(kldiv_xp, case.loss))


def ours_in_blocks(case: Case) -> Function:
    """Ours, as where no compiler of kernels was found."""
    from kldiv_xp.backends.torch import cuda as cuda_module

    cuda_module.compiler = lambda: None  # type: ignore[assignment]
    return of_ours(case)


def ours_compiled(case: Case) -> Function:
    """Ours under torch.compile."""
    torch.compiler.reset()
    return call(case, torch.compile(getattr(kldiv_xp, case.loss), **COMPILER))


def liger(case: Case) -> Function:
    """Liger's kernels, which Triton compiles, of log-probabilities."""
    from liger_kernel.transformers import LigerFusedLinearJSD, LigerJSD, LigerKLDIVLoss

    if case.is_linear:
        fused = LigerFusedLinearJSD(jsd_beta=0.0)
        return linear_call(case, lambda x, w, t, v: fused(x, w, t, v, None))
    if case.loss == "kl_div":
        loss = LigerKLDIVLoss(reduction="batchmean", log_target=case.log_target)
        return call(case, lambda x, p, **_: loss(x, p))
    of_logs: Any = (
        LigerJSD(0.5)
        if case.loss == "js_div_with_logits"
        else LigerKLDIVLoss(reduction="batchmean", log_target=True)
    )
    return call(case, lambda x, t, **_: of_logs(torch.log_softmax(x, 1), torch.log_softmax(t, 1)))


def call(case: Case, loss: Loss) -> Function:
    """The loss of these operands, with its derivative by `input` where the case asks."""
    x, p = operands(case)
    if not case.backward:
        return lambda: loss(x, p, **case.options)
    return with_backward((x,), lambda: loss(x, p, **case.options))


def with_backward(leaves: Sequence[torch.Tensor], loss: Callable[[], Any]) -> Function:
    """A loss, and its derivatives with respect to the leaves, which have none before."""
    for leaf in leaves:
        leaf.requires_grad_()

    def forward_and_backward() -> torch.Tensor:
        for leaf in leaves:
            leaf.grad = None
        value: torch.Tensor = loss()
        value.backward()
        return value

    return forward_and_backward


def of_products(x: torch.Tensor, w: torch.Tensor, t: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """F.kl_div of all logits at once."""
    return plain_kl(x @ w.T, t @ v.T)


def of_log_softmax(x: torch.Tensor, indices: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Divergence of the entries of a log_softmax, and of all others as one, as it is often written.

    The rest is 1 - sum, which is 0 or negative where the student is certain.
    """
    log_q, p = torch.log_softmax(x, 1).gather(1, indices).float(), t.exp()
    rest_q, rest = 1 - log_q.exp().sum(1), 1 - p.sum(1)
    named = (p * (t - log_q)).sum(1)
    return (named + rest * (rest.log() - rest_q.log())).mean()


def sparse_call(case: Case, loss: Loss) -> Function:
    """The loss of logits and the logarithms of some probabilities, with its derivative."""
    rows, columns = case.shape
    x, _ = operands(case)
    indices = torch.rand(rows, columns, device=DEVICE).topk(KNOWN, 1).indices
    t = torch.log_softmax(torch.randn(rows, KNOWN + 1, device=DEVICE), 1)[:, :KNOWN]
    return with_backward((x,), lambda: loss(x, indices, t))


def linear_call(case: Case, loss: Loss) -> Function:
    """The loss of hidden states and weights, with the gradients of the student's."""
    rows, columns = case.shape
    torch.manual_seed(0)
    of_dtype: dict[str, Any] = {"device": DEVICE, "dtype": getattr(torch, case.dtype)}
    x, t = (torch.randn(rows, HIDDEN, **of_dtype) for _ in range(2))
    w, v = (torch.randn(columns, HIDDEN, **of_dtype) * HIDDEN**-0.5 for _ in range(2))
    return with_backward((x, w), lambda: loss(x, w, t, v))
