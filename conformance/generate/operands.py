"""Operands drawn at random, reproducibly: from `random()` alone, and log and exp of mpmath."""

from collections.abc import Iterator
from random import Random

from mpmath import mp, mpf

from generate.rounding import rounded
from kldiv_conformance._formats import FORMATS

BOTH = ("float32", "float64")
HALF = ("float16", "bfloat16")
REDUCTIONS = ("none", "sum", "mean", "batchmean")

Values = tuple[float, ...]


def near(value: mpf | float, dtype: str) -> float:
    """Number of the dtype that is nearest to the value."""
    return rounded(mpf(value), FORMATS[dtype])


def all_near(values: Iterator[mpf | float] | list[float] | Values, dtype: str) -> Values:
    """Numbers of the dtype that are nearest to the values."""
    return tuple(near(value, dtype) for value in values)


def uniform(rng: Random, count: int, low: float, high: float, dtype: str) -> Values:
    """Numbers between two bounds."""
    return tuple(near(low + (high - low) * rng.random(), dtype) for _ in range(count))


def softmax(rng: Random, rows: int, columns: int, spread: float = 3.0) -> list[mpf]:
    """Exact probabilities, normalised along each row."""
    found = []
    for _ in range(rows):
        weights = [mp.exp(mpf(spread) * mpf(rng.random())) for _ in range(columns)]
        total = mp.fsum(weights)
        found += [weight / total for weight in weights]
    return found


def probabilities(rng: Random, rows: int, columns: int, dtype: str) -> Values:
    """Probabilities of the dtype, normalised along each row up to rounding."""
    return all_near(softmax(rng, rows, columns), dtype)


def log_probabilities(rng: Random, rows: int, columns: int, dtype: str) -> Values:
    """Log-probabilities of the dtype, normalised along each row up to rounding."""
    return tuple(near(mp.log(p), dtype) for p in softmax(rng, rows, columns))


def targets(rng: Random, rows: int, columns: int, dtype: str, *, log_target: bool) -> Values:
    """Probabilities, or their logarithms."""
    draw = log_probabilities if log_target else probabilities
    return draw(rng, rows, columns, dtype)


def space(log_target: object) -> str:
    """Words for what a target holds."""
    return "log-probabilities" if log_target else "probabilities"


def reduction_flags(reduction: str) -> tuple[str, ...]:
    """Flag of a reduction; terms that are kept have none."""
    return {"sum": ("Sum",), "mean": ("Mean",), "batchmean": ("BatchMean",)}.get(reduction, ())
