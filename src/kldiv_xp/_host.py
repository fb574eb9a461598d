"""Arrays of NumPy: blocks in the cache, threads, and no guard that a block does not need."""

from collections.abc import Callable
from functools import cache, partial

from kldiv_xp import _blocked
from kldiv_xp._evaluation import Gradient, chained_slopes
from kldiv_xp._formula import Guard, factors, pointwise
from kldiv_xp._operands import Operands
from kldiv_xp._threads import thread_count
from kldiv_xp._typing import Array, DType, Namespace

Threads = Callable[[], int]


def terms(operands: Operands, input: Array, target: Array, log_target: bool) -> Array:
    """Every term, without a temporary of its size."""
    result = operands.xp.empty(input.shape, dtype=operands.dtype)
    fill_terms(operands.xp, input, target, log_target, result, operands.working, thread_count)
    return result


def loss(operands: Operands, input: Array, target: Array, log_target: bool, parts: float) -> Array:
    """Sum of the terms over the divisor, rounded once from float64."""
    xp = operands.xp
    value = total(xp, input, target, log_target, operands.working, thread_count)
    with xp.errstate(all="ignore"):  # it may overflow its type
        return xp.asarray(value / parts, dtype=operands.dtype)


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
    xp = operands.xp
    results = [
        xp.empty(operand.shape, dtype=operand.dtype.newbyteorder("=")) if want else None
        for operand, want in zip((input, target), wanted, strict=True)
    ]
    arrays = (input, target, *upstream)
    fill_slopes(xp, arrays, log_target, factor, results, operands.working, thread_count)
    return results[0], results[1]


def total(
    xp: Namespace, input: Array, target: Array, log_target: bool, working: DType, threads: Threads
) -> float:
    """Sum of the terms."""
    attempts = attempts_at_sum(log_target)
    return _blocked.total(xp, attempts, (input, target), working, threads)


@cache
def attempts_at_sum(log_target: bool) -> list[_blocked.Attempt]:
    """The factors with one guard after the other."""
    return [partial(factors, log_target=log_target, guard=guard) for guard in Guard]


def fill_terms(
    xp: Namespace,
    input: Array,
    target: Array,
    log_target: bool,
    result: Array,
    working: DType,
    threads: Threads,
) -> None:
    """Write every term into `result`."""
    attempts = [
        partial(pointwise, log_target=log_target, guard=guard) for guard in (Guard.NONE, Guard.FULL)
    ]
    _blocked.fill(xp, attempts, (input, target), result, working, threads)


def fill_slopes(
    xp: Namespace,
    arrays: tuple[Array, ...],
    log_target: bool,
    factor: float,
    results: list[Array | None],
    working: DType,
    threads: Threads,
) -> None:
    """Write the derivatives of `chained_slopes` into those results that are there."""
    bare, full = (chained_slopes(log_target, factor, guard) for guard in (Guard.NONE, Guard.FULL))
    for attempts, result in zip(zip(bare, full, strict=True), results, strict=True):
        if result is not None:
            _blocked.fill(xp, attempts, arrays, result, working, threads)
