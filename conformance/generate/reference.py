"""The contract, exactly: terms, their derivatives, and the reductions, as mpmath numbers."""

import math
from collections.abc import Sequence

from mpmath import mp, mpf

from generate.rounding import rounded
from kldiv_conformance._formats import FORMATS, Format

PROMOTED = {
    frozenset({"float32", "float64"}): "float64",
    frozenset({"float16", "float32"}): "float32",
    frozenset({"float16", "float64"}): "float64",
    frozenset({"bfloat16", "float32"}): "float32",
    frozenset({"bfloat16", "float64"}): "float64",
    frozenset({"float16", "bfloat16"}): "float32",
}


def promoted(left: str, right: str) -> str:
    """Dtype of the result."""
    return left if left == right else PROMOTED[frozenset({left, right})]


def working(dtype: str) -> Format:
    """Format to compute in: float32 for 16-bit results, otherwise that of the result."""
    return FORMATS["float64" if dtype == "float64" else "float32"]


def probability(target: float, log_target: bool, form: Format) -> mpf:
    """P, exact unless it rounds to zero or to infinity in the format that is computed in."""
    p = mp.exp(target) if log_target else mpf(target)
    nearest = rounded(p, form)
    return mpf(nearest) if nearest in {0.0, math.inf} else p


def log_probability(p: mpf, target: float, log_target: bool) -> mpf:
    """Log p, NaN for a negative p."""
    if log_target:
        return mpf(target)
    return mp.log(p) if p > 0 else mp.nan


def term(log_q: float, target: float, log_target: bool, form: Format) -> mpf:
    """Term of one element, p (log p - log q): in nats, 0 where p is 0."""
    if math.isnan(log_q) or math.isnan(target):
        return mp.nan
    p = probability(target, log_target, form)
    if p == 0:
        return mpf(0)
    return p * (log_probability(p, target, log_target) - mpf(log_q))


def derivatives(log_q: float, target: float, log_target: bool, form: Format) -> tuple[mpf, mpf]:
    """Derivatives of a term by log q, and by the target."""
    p = probability(target, log_target, form)
    if p == 0:
        return mpf(0), mpf(0)
    by_p = log_probability(p, target, log_target) - mpf(log_q) + 1
    return -p, p * by_p if log_target else by_p


def resolved(reduction: str, legacy: Sequence[bool | None]) -> str:
    """Reduction after the legacy arguments ``size_average, reduce``, if there are any."""
    if all(flag is None for flag in legacy):
        return reduction
    size_average, reduce = legacy
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"


def divisor(reduction: str, shape: Sequence[int]) -> mpf:
    """Number that the sum is divided by; NaN where there is nothing to average."""
    if reduction in {"none", "sum"}:
        return mpf(1)
    parts = math.prod(shape if reduction == "mean" else shape[:1])
    return mpf(parts) if parts else mp.nan


def reduced(terms: Sequence[mpf], reduction: str, shape: Sequence[int]) -> list[mpf]:
    """The terms themselves, or the one number that they are reduced to."""
    if reduction == "none":
        return list(terms)
    return [mp.fsum(terms) / divisor(reduction, shape)]
