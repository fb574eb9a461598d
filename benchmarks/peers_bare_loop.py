"""The peer of bare loops: the definition by Numba, with short polynomials and without a guard.

The logarithm and the exponential are those of Cephes for float32; of what is not finite, and of
subnormal numbers, they are wrong, and nothing looks at that.
"""

from collections.abc import Callable

import numba
import numpy as np
from numpy import float32, int32

from benchmarks.cases import Case
from benchmarks.operands import mask

Function = Callable[[], object]

VECTORS = {"contract", "reassoc", "nsz"}
"""Liberties without which Numba makes no vectors of a sum."""

element = numba.njit(fastmath=VECTORS)
parallel = numba.njit(parallel=True, fastmath=VECTORS)

# Numba makes float64 of a number that is written in a function.
OF_LOG = tuple(
    map(
        float32,
        (
            *(7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1),
            *(1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1),
            *(3.3333331174e-1, -0.5, 1.0, 0.693147180559945),
        ),
    )
)
OF_EXP = tuple(
    map(
        float32,
        (
            *(1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2),
            *(1.6666665459e-1, 5.0000001201e-1, 1.0),
            *(1.44269504088896, 0.693359375, 2.12194440e-4),
        ),
    )
)
ROOT_OF_HALF, FRACTION, DIGITS = int32(0x3F3504F3), int32(0x7FFFFF), int32(23)
MAGNITUDE, SIGN, RAISED = int32(0x7FFF), int32(0x8000), float32(2.0**112)


@element
def log(x: float) -> float:
    """Logarithm of a positive normal number of float32."""
    a, b, c, d, e, f, g, h, i, j, one, log_2 = OF_LOG
    bits = int32(float32(x).view(int32) - ROOT_OF_HALF)
    r = int32((bits & FRACTION) + ROOT_OF_HALF).view(float32) - one
    y = (((((((a * r + b) * r + c) * r + d) * r + e) * r + f) * r + g) * r + h) * r + i
    return float32(int32(bits >> DIGITS)) * log_2 + (r + (y * r + j) * r * r)


@element
def exp(x: float) -> float:
    """Exponential of a number of float32 between -87 and 88."""
    a, b, c, d, e, f, one, log2_e, high, low = OF_EXP
    n = np.rint(x * log2_e)
    r = (x - n * high) + n * low
    y = ((((a * r + b) * r + c) * r + d) * r + e) * r + f
    bits = float32(y * r * r + r + one).view(int32)
    return int32(bits + (int32(n) << DIGITS)).view(float32)


@element
def itself(x: float) -> float:
    """A number of float32."""
    return x


@element
def of_bfloat16(bits: int) -> float:
    """Number of bfloat16, from its bits."""
    return int32(int32(bits) << int32(16)).view(float32)


@element
def of_float16(bits: int) -> float:
    """Finite number of float16, from its bits."""
    size = int32((int32(bits) & MAGNITUDE) << int32(13)).view(float32) * RAISED
    sign = (int32(bits) & SIGN) << int32(16)
    return int32(float32(size).view(int32) | sign).view(float32)


@element
def of_probabilities(x: float, p: float) -> float:
    """A term."""
    return p * (log(p) - x)


@element
def of_logarithms(x: float, log_p: float) -> float:
    """A term of a target in log space."""
    return exp(log_p) * (log_p - x)


READ = {"float32": itself, "bfloat16": of_bfloat16, "float16": of_float16}


def summed(read: Callable[..., float], term: Callable[..., float]) -> Callable[..., None]:
    """Loop that adds up the terms of each row."""

    @parallel
    def loop(rows: np.ndarray, x: np.ndarray, t: np.ndarray) -> None:
        for i in numba.prange(len(x)):
            total = float32(0)
            for j in range(x.shape[1]):
                total += term(read(x[i, j]), read(t[i, j]))
            rows[i] = total

    return loop


@parallel
def summed_where(rows: np.ndarray, x: np.ndarray, t: np.ndarray, where: np.ndarray) -> None:
    """Add up the terms of each row where a mask is true."""
    for i in numba.prange(len(x)):
        total = float32(0)
        for j in range(x.shape[1]):
            total += of_probabilities(x[i, j], t[i, j]) if where[i, j] else float32(0)
        rows[i] = total


@parallel
def write_terms(terms: np.ndarray, x: np.ndarray, t: np.ndarray) -> None:
    """Write every term."""
    for i in numba.prange(len(x)):
        for j in range(x.shape[1]):
            terms[i, j] = of_probabilities(x[i, j], t[i, j])


@parallel
def write_derivatives(
    by_input: np.ndarray, by_target: np.ndarray, x: np.ndarray, t: np.ndarray, scale: float
) -> None:
    """Write both derivatives."""
    for i in numba.prange(len(x)):
        for j in range(x.shape[1]):
            by_input[i, j] = -t[i, j] * scale
            by_target[i, j] = (log(t[i, j]) - x[i, j] + float32(1)) * scale


def bare_loop(case: Case, log_q: np.ndarray, target: np.ndarray) -> Function:
    """The loop of a case: its terms, both derivatives, or sums of rows, which are added up."""
    if case.gradients:
        return lambda: write_derivatives(
            *(np.empty_like(log_q) for _ in range(2)), log_q, target, float32(1 / len(log_q))
        )
    if case.reduction == "none" and not case.rows:
        return lambda: write_terms(np.empty_like(log_q), log_q, target)
    given = [*(bits_of(case, one) for one in (log_q, target)), *([mask(case.shape)] * case.masked)]
    term = of_logarithms if case.log_target else of_probabilities
    loop = summed_where if case.masked else summed(READ[case.dtype], term)
    rows = np.empty(len(log_q), float32)

    def loss() -> object:
        loop(rows, *given)
        return rows if case.rows else rows.sum()

    return loss


def bits_of(case: Case, array: np.ndarray) -> np.ndarray:
    """The array, or the bits of its numbers in a type of 16 bits."""
    if case.dtype == "float16":
        return array.astype(np.float16).view(np.uint16)
    if case.dtype == "bfloat16":
        return (array.view(np.uint32) >> np.uint32(16)).astype(np.uint16)
    return array
