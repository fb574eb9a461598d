"""Conventions of real libraries where they differ, step by step in a format."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mpmath import mp, mpf

from generate.reference import divisor, resolved
from generate.rounding import rounded
from kldiv_conformance._formats import Format


@dataclass(frozen=True)
class Arithmetic:
    """Operations of IEEE 754 on numbers of one format, held in Python floats."""

    form: Format

    def multiply(self, left: float, right: float) -> float:
        """Product."""
        if not (math.isfinite(left) and math.isfinite(right) and left and right):
            return left * right
        return rounded(mpf(left) * mpf(right), self.form)

    def subtract(self, left: float, right: float) -> float:
        """Difference."""
        if not (math.isfinite(left) and math.isfinite(right)) or left == right:
            return left - right
        return rounded(mpf(left) - mpf(right), self.form)

    def log(self, value: float) -> float:
        """Natural logarithm."""
        if math.isnan(value) or value < 0:
            return math.nan
        return rounded(mp.log(value), self.form) if value else -math.inf

    def exp(self, value: float) -> float:
        """Exponential function."""
        return rounded(mp.exp(value), self.form)


def torch_1_8(log_q: float, target: float, log_target: bool, ieee: Arithmetic) -> float:
    """``where(target > 0, target * (log(target) - input), 0)``; nothing guards a log-target."""
    if log_target:
        return ieee.multiply(ieee.exp(target), ieee.subtract(target, log_q))
    if target > 0:
        return ieee.multiply(target, ieee.subtract(ieee.log(target), log_q))
    return 0.0


def torch_2_13(log_q: float, target: float, log_target: bool, ieee: Arithmetic) -> float:
    """``xlogy(target, target) - target * input``; nothing guards a log-target."""
    if log_target:
        return ieee.multiply(ieee.exp(target), ieee.subtract(target, log_q))
    entropy = ieee.multiply(target, ieee.log(target)) if target else 0.0
    return ieee.subtract(entropy, ieee.multiply(target, log_q))


def scipy(log_q: float, target: float, log_target: bool, ieee: Arithmetic) -> float:
    """``rel_entr(p, q)`` where q = exp(input) is a number of the format."""
    p, q = (ieee.exp(target) if log_target else target), ieee.exp(log_q)
    if math.isnan(p) or math.isnan(q) or p == q == math.inf:
        return math.nan
    if p > 0 and q == math.inf:
        return -math.inf
    if p > 0 and q > 0:
        return rounded(mpf(p) * mp.log(mpf(p) / mpf(q)), ieee.form)
    return 0.0 if p == 0 else math.inf


CONVENTIONS: dict[str, Callable[[float, float, bool, Arithmetic], float]] = {
    "torch-1.8": torch_1_8,
    "torch-2.13": torch_2_13,
    "scipy": scipy,
}


def torch_1_8_derivatives(
    log_q: float, target: float, log_target: bool, factor: mpf, ieee: Arithmetic
) -> tuple[float, float]:
    """``kl_div_backward`` and ``kl_div_target_backward``, which mask a target of 0."""
    p = ieee.exp(target) if log_target else target
    by_input = -p if log_target or p > 0 else 0.0
    if log_target:
        by_target = ieee.multiply(p, ieee.subtract(ieee.subtract(target, -1.0), log_q))
    else:
        by_target = ieee.subtract(ieee.subtract(ieee.log(p), -1.0), log_q) if p else 0.0
    return scaled(by_input, factor, ieee), scaled(by_target, factor, ieee)


def torch_2_13_derivatives(
    log_q: float, target: float, log_target: bool, factor: mpf, ieee: Arithmetic
) -> tuple[float, float]:
    """Automatic differentiation of the value; xlogy divides a target by itself."""
    p = ieee.exp(target) if log_target else target
    if log_target:
        value = ieee.multiply(p, ieee.subtract(target, log_q))
        return scaled(-p, factor, ieee), scaled(ieee.subtract(value, -p), factor, ieee)
    by_entropy = ieee.subtract(ieee.log(p), -1.0) if p else math.nan
    return scaled(-p, factor, ieee), scaled(ieee.subtract(by_entropy, log_q), factor, ieee)


DERIVATIVES = {"torch-1.8": torch_1_8_derivatives, "torch-2.13": torch_2_13_derivatives}


def scaled(value: float, factor: mpf, ieee: Arithmetic) -> float:
    """Derivative times upstream derivative over divisor."""
    if not math.isfinite(value) or not value:
        return value * float(factor)
    return rounded(mpf(value) * factor, ieee.form)


def prescribed(
    convention: str,
    terms: Sequence[float],
    reduction: str,
    legacy: Sequence[bool | None],
    shape: Sequence[int],
    result: Format,
) -> list[float]:
    """Terms under the reduction of the convention's library; SciPy's is that of the contract.

    torch computes 'batchmean' from a sum that it has rounded already, and divides by the batch
    size whatever the legacy arguments have made of the reduction.
    """
    name = resolved(reduction, legacy)
    batchmean = convention != "scipy" and reduction == "batchmean" and len(shape) > 0
    first = "sum" if batchmean and name == "batchmean" else name
    values = [rounded(value, result) for value in summed(terms, first, shape)]
    if not batchmean:
        return values
    batch = divisor("batchmean", shape)
    return [rounded(mpf(value) / batch, result) for value in values]


def summed(terms: Sequence[float], reduction: str, shape: Sequence[int]) -> list[mpf | float]:
    """Reduced terms, infinities and NaN included."""
    if reduction == "none":
        return list(terms)
    special = [value for value in terms if not math.isfinite(value)]
    total = mpf(sum(special)) if special else mp.fsum(terms)
    return [total / divisor(reduction, shape)]
