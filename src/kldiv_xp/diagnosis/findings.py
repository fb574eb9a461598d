"""From operands to findings: scan the values, apply the rules."""

import math
from functools import partial

from kldiv_xp._typing import Array, Axes, Namespace
from kldiv_xp.core.context import Context
from kldiv_xp.core.dtypes import limits
from kldiv_xp.core.evaluate import Arrays
from kldiv_xp.diagnosis.evidence import Evidence
from kldiv_xp.diagnosis.normalised_axis import base_of_logarithms, other_axes
from kldiv_xp.diagnosis.report import Finding
from kldiv_xp.diagnosis.rules import mistakes
from kldiv_xp.diagnosis.scan import Inspection, inspect
from kldiv_xp.diagnosis.subject import Subject

# Sums of float64 that was float32 once are no better than this; worse than that is no 16-bit sum.
LEAST_TOLERANCE, MOST_TOLERANCE = 1e-4, 0.1


def findings_of(
    context: Context,
    arrays: Arrays,
    axes: Axes,
    subject: Subject,
    found: Inspection | None = None,
    most: int | None = None,
) -> tuple[Finding, ...]:
    """Findings about input and target, which are scanned here unless `found` is given.

    A distribution may lie along other axes, at most so many.
    """
    student, target = arrays[:2]
    tolerance = allowance(context.xp, student, target, axes)
    if found is None:
        tiny = smallest_normal(context.xp, target)
        found = inspect(context, arrays, axes, subject=subject, tiny=tiny, tolerance=tolerance)
    if most is None:
        most = 1 if subject.divergence else student.ndim
    elsewhere = partial(other_axes, context, arrays, axes, tolerance, most)
    size = size_of(student, axes)
    base = partial(base_of_logarithms, context, arrays, axes, tolerance)
    return mistakes(Evidence(found, subject, axes, elsewhere, context.xp, size, base))


def detached(operand: Array) -> Array:
    """The operand without its gradient graph."""
    return operand.detach() if hasattr(operand, "detach") else operand


def size_of(input: Array, axes: Axes) -> int:
    """Number of entries of a distribution."""
    return math.prod(input.shape[axis] for axis in axes)


def allowance(xp: Namespace, input: Array, target: Array, axes: Axes) -> float:
    """Largest difference from 1 of the sum over a distribution."""
    size = size_of(input, axes)
    eps = max(float(limits(xp, one.dtype).eps) for one in (input, target))
    return min(MOST_TOLERANCE, max(LEAST_TOLERANCE, 8 * eps * (1 + math.log(max(1, size)))))


def smallest_normal(xp: Namespace, target: Array) -> float:
    """Smallest normal number of a 16-bit target dtype; 0 for other dtypes."""
    finfo = limits(xp, target.dtype)
    return float(finfo.smallest_normal) if finfo.bits == 16 else 0.0  # noqa: PLR2004
