"""What is timed on CUDA tensors: a copy, torch's own loss, Liger's and ours."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

import kldiv_xp
from benchmarks.gpu.cases import Case

Function = Callable[[], object]
Loss = Callable[..., Any]
DEVICE = "cuda"
COMPILER: dict[str, Any] = {"dynamic": False}


def operands(case: Case) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probabilities and probabilities, or their logarithms."""
    torch.manual_seed(0)
    logits = [torch.randn(case.shape, device=DEVICE) for _ in range(2)]
    of_target = torch.log_softmax if case.log_target else torch.softmax
    dtype = getattr(torch, case.dtype)
    return torch.log_softmax(logits[0], 1).to(dtype), of_target(logits[1], 1).to(dtype)


def copy(case: Case) -> Function:
    """A copy of one operand."""
    source, _ = operands(case)
    result = torch.empty_like(source)
    return lambda: result.copy_(source)


def theirs(case: Case) -> Function:
    """F.kl_div."""
    return call(case, functional.kl_div)


def theirs_compiled(case: Case) -> Function:
    """F.kl_div under torch.compile."""
    torch.compiler.reset()
    return call(case, torch.compile(functional.kl_div, **COMPILER))


def ours(case: Case) -> Function:
    """Ours, by kernels that CuPy compiles."""
    from kldiv_xp.backends.torch import cuda as cuda_module

    if cuda_module.compiler() is None:
        message = "CuPy is not installed"
        raise ImportError(message)
    return call(case, kldiv_xp.kl_div)


def ours_in_blocks(case: Case) -> Function:
    """Ours, as where CuPy is not installed."""
    from kldiv_xp.backends.torch import cuda as cuda_module

    cuda_module.compiler = lambda: None  # type: ignore[assignment]
    return call(case, kldiv_xp.kl_div)


def ours_compiled(case: Case) -> Function:
    """Ours under torch.compile."""
    torch.compiler.reset()
    return call(case, torch.compile(kldiv_xp.kl_div, **COMPILER))


def liger(case: Case) -> Function:
    """Liger's kernel, which Triton compiles."""
    from liger_kernel.transformers import LigerKLDIVLoss

    loss = LigerKLDIVLoss(reduction="batchmean", log_target=case.log_target)
    return call(case, lambda x, p, **_: loss(x, p))


def call(case: Case, loss: Loss) -> Function:
    """The loss of these operands, with its derivative by `input` where the case asks."""
    x, p = operands(case)
    options = {"reduction": "batchmean", "log_target": case.log_target}
    if not case.backward:
        return lambda: loss(x, p, **options)
    x.requires_grad_()

    def forward_and_backward() -> torch.Tensor:
        x.grad = None
        value: torch.Tensor = loss(x, p, **options)
        value.backward()
        return value

    return forward_and_backward
