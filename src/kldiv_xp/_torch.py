"""Eager torch tensors in host memory: NumPy's loops on their memory, one autograd function."""

from typing import Any

import torch

from kldiv_xp import _host
from kldiv_xp._evaluation import evaluate_slopes
from kldiv_xp._operands import Operands
from kldiv_xp._torch_memory import NUMPY, empty, lend_memory, lent, numpy_type, threads
from kldiv_xp._typing import Array


def terms(operands: Operands, input: Array, target: Array, log_target: bool) -> Array:
    """Every term; in one node of the graph where a gradient is wanted."""
    if not lend_memory(input, target):
        return NotImplemented
    if is_differentiated(input, target):
        return Loss.apply(input, target, operands, log_target, None)
    return terms_of(operands, input, target, log_target)


def loss(operands: Operands, input: Array, target: Array, log_target: bool, parts: float) -> Array:
    """Sum of the terms over the divisor; in one node of the graph where a gradient is wanted."""
    if not lend_memory(input, target):
        return NotImplemented
    if is_differentiated(input, target):
        return Loss.apply(input, target, operands, log_target, parts)
    return loss_of(operands, input, target, log_target, parts)


def gradient(
    operands: Operands,
    input: Array,
    target: Array,
    log_target: bool,
    factor: float,
    upstream: tuple[Array, ...],
    wanted: tuple[bool, bool],
) -> Any:
    """Derivatives by the operands that are wanted, each written in one pass."""
    arrays = (input, target, *upstream)
    if not lend_memory(*arrays) or is_differentiated(*arrays):
        return NotImplemented
    results = [
        empty(operand.shape, operand.dtype) if want else None
        for operand, want in zip((input, target), wanted, strict=True)
    ]
    _host.fill_slopes(
        NUMPY,
        tuple(map(lent, arrays)),
        log_target,
        factor,
        [None if result is None else lent(result) for result in results],
        numpy_type(operands.working),
        threads,
    )
    return results[0], results[1]


class Loss(torch.autograd.Function):
    """The loss as one node that keeps its operands, and nothing that was computed from them."""

    @staticmethod
    def forward(
        ctx: Any,
        input: Array,
        target: Array,
        operands: Operands,
        log_target: bool,
        parts: float | None,
    ) -> Array:
        """Terms where there is no divisor, otherwise their sum over it."""
        ctx.save_for_backward(input, target)
        ctx.options = operands, log_target, parts
        if parts is None:
            return terms_of(operands, input, target, log_target)
        return loss_of(operands, input, target, log_target, parts)

    @staticmethod
    def backward(ctx: Any, upstream: Array) -> tuple[Array | None, ...]:
        """Derivatives in closed form; by the plain expression where they are differentiated."""
        operands, log_target, parts = ctx.options
        factor = 1 if parts is None else 1 / parts
        log_q, target = ctx.saved_tensors
        by_input, by_target = evaluate_slopes(
            operands, log_q, target, log_target, factor, (upstream,), ctx.needs_input_grad[:2]
        )
        return by_input, by_target, None, None, None


def terms_of(operands: Operands, input: Array, target: Array, log_target: bool) -> Array:
    """Every term, of tensors that lend their memory."""
    result = empty(input.shape, operands.dtype)
    working = numpy_type(operands.working)
    arrays = lent(input), lent(target)
    _host.fill_terms(NUMPY, *arrays, log_target, lent(result), working, threads)
    return result


def loss_of(
    operands: Operands, input: Array, target: Array, log_target: bool, parts: float
) -> Array:
    """Sum of the terms over the divisor, rounded once from float64."""
    working = numpy_type(operands.working)
    value = _host.total(NUMPY, lent(input), lent(target), log_target, working, threads)
    return torch.full((), value / parts, dtype=operands.dtype)


def is_differentiated(*tensors: Array) -> bool:
    """Whether autograd must learn what was done to the tensors."""
    return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
