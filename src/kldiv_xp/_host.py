"""Arrays of NumPy: blocks in the cache, threads, and no guard that a block does not need."""

from functools import partial

from kldiv_xp import _blocked
from kldiv_xp._evaluation import Gradient, chained_slopes
from kldiv_xp._formula import Guard, factors, pointwise
from kldiv_xp._operands import Operands
from kldiv_xp._threads import thread_count
from kldiv_xp._typing import Array, DType, Namespace

ATTEMPTS = {
    log_target: [partial(factors, log_target=log_target, guard=guard) for guard in Guard]
    for log_target in (False, True)
}


def terms(operands: Operands, input: Array, target: Array, log_target: bool) -> Array:
    """Every term, without a temporary of its size."""
    xp = operands.xp
    result = xp.empty(input.shape, dtype=operands.dtype)
    function = partial(pointwise, log_target=log_target)
    _blocked.fill(xp, function, (input, target), result, operands.working, thread_count())
    return result


def loss(
    operands: Operands, input: Array, target: Array, log_target: bool, parts: float
) -> Array:
    """Sum of the terms over the divisor, rounded once from float64."""
    xp = operands.xp
    value = total(xp, input, target, log_target, operands.working, thread_count())
    with xp.errstate(all="ignore"):  # it may overflow its type
        return xp.asarray(value / parts, dtype=operands.dtype)


def total(
    xp: Namespace, input: Array, target: Array, log_target: bool, working: DType, threads: int
) -> float:
    """Sum of the terms."""
    return _blocked.total(xp, ATTEMPTS[log_target], (input, target), working, threads)


def gradient(
    operands: Operands,
    input: Array,
    target: Array,
    log_target: bool,
    factor: float,
    upstream: tuple[Array, ...],
    wanted: tuple[bool, bool],
) -> Gradient:
    """Derivatives by the operands that are wanted, each written in one pass."""
    by_input, by_target = (
        operands.xp.empty(operand.shape, dtype=operand.dtype.newbyteorder("=")) if want else None
        for operand, want in zip((input, target), wanted, strict=True)
    )
    for function, result in zip(
        chained_slopes(log_target, factor), (by_input, by_target), strict=True
    ):
        if result is not None:
            arrays = (input, target, *upstream)
            _blocked.fill(operands.xp, function, arrays, result, operands.working, thread_count())
    return by_input, by_target
