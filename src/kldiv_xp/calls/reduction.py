"""Reductions, and the divisors of their sums of terms."""

from collections.abc import Sequence
from typing import Any, get_args

from kldiv_xp._typing import Reduction
from kldiv_xp._warnings import KLDivWarning, warn
from kldiv_xp.checks.choices import check_choice
from kldiv_xp.checks.legacy_flags import check_flags, legacy_reduction

REDUCTIONS: tuple[Reduction, ...] = get_args(Reduction)
SAMPLES_AND_CLASSES = 2
"""Axes of a batch of distributions; with fewer, the first one counts the classes."""


def resolve_reduction(
    size_average: bool | None, reduce: bool | None, reduction: Reduction
) -> Reduction:
    """Reduction after the legacy arguments, which override it when either is given."""
    if not (isinstance(reduction, str) and reduction in REDUCTIONS):
        check_reduction(reduction)
    if size_average is None and reduce is None:
        return reduction
    check_flags(size_average, reduce)
    resolved = legacy_reduction(size_average, reduce)
    message = (
        "size_average and reduce args will be deprecated, "
        f"please use reduction='{resolved}' instead."
    )
    warn(message, DeprecationWarning)
    warn_about_override(reduction, resolved)
    return resolved


def warn_about_override(reduction: Reduction, resolved: Reduction) -> None:
    """Say that the legacy flags override a reduction; 'mean', the default, may not have been given.

    A DeprecationWarning is hidden outside of `__main__`, and here the value is another one.
    """
    if reduction in ("mean", resolved):
        return
    message = f"size_average and reduce override reduction={reduction!r} with {resolved!r}"
    if reduction == "batchmean":
        message += ", while torch.nn.functional.kl_div divides by the batch size as well"
    warn(f"{message}: leave the two flags out, and pass reduction= alone.", KLDivWarning)


def check_reduction(reduction: object) -> None:
    """Refuse anything but the four names."""
    check_choice("reduction", reduction, REDUCTIONS)


def warn_about_mean(axes: int) -> None:
    """Say that 'mean' divides by more than the batch size, of operands with so many axes."""
    remedy = "reduction='batchmean', which divides by the batch size"
    if axes > SAMPLES_AND_CLASSES:
        remedy += ", or axis=-1, with which 'mean' divides by the number of distributions"
    elif axes < SAMPLES_AND_CLASSES:
        remedy = "reduction='sum', since there is one distribution and no batch"
    message = (
        "reduction='mean' divides by the number of elements, so its value is not the "
        f"Kullback-Leibler divergence: use {remedy}."
    )
    warn(message, KLDivWarning)


def divisor(reduction: Reduction, shape: Sequence[int | float | None]) -> int | None:
    """Number that the sum is divided by, or None if it is not: `reduction` alone decides.

    A size may be symbolic, or be another one when a traced function is called again, so the number
    is used as it is, 0 and 1 included.

    Raises
    ------
    ValueError
        If the divisor depends on a size that a lazy array does not know yet.
    """
    if reduction in ("none", "sum"):
        return None
    sizes: Any = shape if reduction == "mean" else shape[:1]
    number = 1
    for size in sizes:
        if size is None or isinstance(size, float):  # the standard's unknown size, and Dask's NaN
            message = (
                f"reduction={reduction!r} divides by the size of `input`, whose shape "
                f"{known(shape)} is not known yet: compute it first (Dask: "
                "compute_chunk_sizes()), or use reduction='sum'."
            )
            raise ValueError(message)
        number *= size
    return number


def known(shape: Sequence[object]) -> tuple[object, ...]:
    """Shape with None for every size that is not known yet."""
    return tuple(None if isinstance(size, float) else size for size in shape)
