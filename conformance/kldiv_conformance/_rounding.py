"""Losses that compute in a narrower type than that of their operands."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median

from kldiv_conformance._errors import WrongResult
from kldiv_conformance._evidence import Place
from kldiv_conformance._formats import FORMATS, Format
from kldiv_conformance._outcome import Line
from kldiv_conformance._vector import Vector
from kldiv_conformance._vectors import find

# Types of operands, and narrower ones in which a loss may compute, the widest of them first.
NARROWER = {"float64": ("float32", "float16", "bfloat16"), "float32": ("float16", "bfloat16")}
# Fewer vectors say nothing; nearly all must fail, nearly all of them by errors of so many bounds at
# most: the exponential of a target makes more of its rounding.
FEW, NEARLY_ALL, SLACK = 10, 0.9, 4.0
# Shares of the largest error between which the median of rounding errors lies, and how many are of
# either sign at least: those of an epsilon, or of another formula, are not.
SMALL, LARGE, ONE_SIDED = 2**-10, 2**-5, 0.15
# Where the error is relative to a small difference, which the rounded operands do not have.
NEAR = frozenset(
    {
        *("Cancellation", "EqualLogits", "NearlyEqualLogits", "OffsetLogits", "PeakedLogits"),
        *("EqualDistributions", "GeneralizedCancellation"),
    }
)


@dataclass(frozen=True)
class Rounding:
    """A type that numbers of a wider one are rounded to, in how many vectors, and where."""

    narrow: str
    wide: str
    failures: int
    vectors: int
    places: frozenset[Place]

    def __str__(self) -> str:
        """Sentence on it."""
        return (
            f"computed in {self.narrow}: {self.failures} of {self.vectors} vectors of {self.wide} "
            f"fail, and the errors are those of {self.narrow}'s rounding; compute in {self.wide}."
        )


def roundings(outcomes: Sequence[Line], wrong: Sequence[WrongResult]) -> list[Rounding]:
    """For each type, the narrower one that its wrong numbers were computed in, if there is one."""
    failed = [line for line in outcomes if line["verdict"] == "failure"]
    wide = [one for one in NARROWER if sum(dtypes(find(it["id"])) == {one} for it in failed) >= FEW]
    judged = {it["id"] for it in outcomes if it["verdict"] != "not supported"}
    found = (next(rounding(one, wrong, judged), None) for one in wide)
    return [one for one in found if one is not None]


def rounding(
    wide: str, wrong: Sequence[WrongResult], judged: Collection[str]
) -> Iterator[Rounding]:
    """Narrower types whose rounding explains the numbers of a type."""
    for narrow in NARROWER[wide]:
        telling = {it for it in judged if dtypes(find(it)) == {wide} and tells(it, narrow)}
        limit = SLACK * FORMATS[narrow].eps / FORMATS[wide].eps
        errors = [it.error for it in wrong if it.vector.id in telling]
        failures = {it.vector.id for it in wrong} & telling
        if len(failures) >= max(FEW, NEARLY_ALL * len(telling)) and are_rounded(errors, limit):
            explained = frozenset(
                it.place
                for it in wrong
                if wide in dtypes(it.vector)
                and (abs(it.error) <= SLACK * limit or not tells(it.vector.id, narrow))
            )
            yield Rounding(narrow, wide, len(failures), len(telling), explained)


def are_rounded(errors: Sequence[float], limit: float) -> bool:
    """Whether errors are those of rounding: up to a limit, near it, and of either sign."""
    above = sum(error > 0 for error in errors) / len(errors)
    near = sum(abs(error) <= limit for error in errors)
    return (
        near >= NEARLY_ALL * len(errors)
        and SMALL < median(map(abs, errors)) / limit < LARGE
        and ONE_SIDED < above < 1 - ONE_SIDED
    )


def dtypes(vector: Vector) -> set[str]:
    """Types of the operands and the results of a vector."""
    results = {result.dtype for result in vector.results.values()}
    return {vector.input.dtype, vector.target.dtype} | results


@cache
def tells(identifier: str, narrow: str) -> bool:
    """Whether the numbers of a vector would be off by the rounding of a narrower type."""
    vector = find(identifier)
    results = [number for result in vector.results.values() for number in result.values]
    every = (*vector.input.values, *vector.target.values, *results)
    return (
        not NEAR & set(vector.flags)
        and any(math.isfinite(number) and number for number in results)
        and all(fits(number, FORMATS[narrow]) for number in every)
    )


def fits(number: float, form: Format) -> bool:
    """Whether a number is within the range of a type."""
    is_special = number == 0 or not math.isfinite(number)
    return is_special or form.smallest_normal <= abs(number) <= form.largest
