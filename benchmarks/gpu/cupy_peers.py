"""Peers that are timed on arrays of CuPy: a copy, the textbook's expression and ours."""

from collections.abc import Callable
from typing import Any

import cupy

import kldiv_xp
from benchmarks.gpu.cases import Case

Function = Callable[[], object]
LOSSES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "kl_div": (kldiv_xp.kl_div, kldiv_xp.kl_div_gradient),
    "kl_div_with_logits": (kldiv_xp.kl_div_with_logits, kldiv_xp.kl_div_with_logits_gradient),
    "js_div_with_logits": (kldiv_xp.js_div_with_logits, kldiv_xp.js_div_with_logits_gradient),
}


def operands(case: Case) -> tuple[Any, Any]:
    """Log-probabilities and probabilities, or their logarithms."""
    random = cupy.random.default_rng(0)
    logits = [random.standard_normal(case.shape, dtype="float32") for _ in range(2)]
    if case.of_logits:
        return logits[0].astype(case.dtype), logits[1].astype(case.dtype)
    logs = [x - cupy.log(cupy.exp(x).sum(axis=1, keepdims=True)) for x in logits]
    target = logs[1] if case.log_target else cupy.exp(logs[1])
    return logs[0].astype(case.dtype), target.astype(case.dtype)


def copy(case: Case) -> Function:
    """A copy of one operand."""
    source, _ = operands(case)
    result = cupy.empty_like(source)
    return lambda: cupy.copyto(result, source)


def textbook(case: Case) -> Function:
    """The formula, operation by operation; its derivatives too where the case asks."""
    x, p = operands(case)

    if case.of_logits:
        message = "written for probabilities"
        raise ImportError(message)

    def loss() -> object:
        q, log_q = (cupy.exp(p), p) if case.log_target else (p, cupy.log(p))
        value = (q * (log_q - x)).sum(dtype="float32") / len(x)
        return (value, -q / len(x), (log_q - x + 1) / len(x)) if case.backward else value

    return loss


def ours(case: Case) -> Function:
    """Ours; both derivatives in closed form where the case asks."""
    x, p = operands(case)
    loss, gradient = LOSSES[case.loss]
    if not case.backward:
        return lambda: loss(x, p, **case.options)
    return lambda: (loss(x, p, **case.options), gradient(x, p, **case.options))
