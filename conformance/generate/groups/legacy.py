"""The deprecated arguments size_average and reduce."""

from collections.abc import Iterator
from itertools import product
from random import Random

from generate.draft import Draft
from generate.operands import REDUCTIONS, log_probabilities, targets
from generate.reference import resolved

ABOUT = "size_average and reduce override reduction where either is given; None counts as True."

FLAGS = (None, True, False)


def drafts() -> Iterator[Draft]:
    """All vectors of the group."""
    rng = Random("legacy")  # noqa: S311 - not for secrets
    for size_average, reduce in product(FLAGS, FLAGS):
        for reduction in REDUCTIONS:
            yield draft(rng, size_average, reduce, reduction, (2, 3))
    for size_average, reduce in ((True, None), (False, None), (None, False), (True, True)):
        yield draft(rng, size_average, reduce, "batchmean", (3, 2), log_target=True)
        yield draft(rng, size_average, reduce, "batchmean", (4, 2), dtype="float32")
    for shape in ((), (0, 3), (3, 0)):
        yield draft(rng, size_average=True, reduce=None, reduction="batchmean", shape=shape)
        yield draft(rng, size_average=False, reduce=None, reduction="mean", shape=shape)


def draft(
    rng: Random,
    size_average: bool | None,
    reduce: bool | None,
    reduction: str,
    shape: tuple[int, ...],
    *,
    log_target: bool = False,
    dtype: str = "float64",
) -> Draft:
    """Vector that passes both legacy arguments."""
    name = resolved(reduction, (size_average, reduce))
    given = f"size_average={size_average}, reduce={reduce}, reduction={reduction!r}"
    ignored = (size_average, reduce) != (None, None)
    double = ("DoubleDivision",) if ignored and reduction == "batchmean" else ()
    rows, columns = (*shape, 1, 1)[:2]
    return Draft(
        comment=f"{given}: means {name!r}.",
        flags=("LegacyArguments", *double, *(("LogTarget",) if log_target else ())),
        input=log_probabilities(rng, rows, columns, dtype) if rows and columns else (),
        target=targets(rng, rows, columns, dtype, log_target=log_target)
        if rows and columns
        else (),
        shape=shape,
        dtype=dtype,
        reduction=reduction,
        log_target=log_target,
        legacy=(size_average, reduce),
    )
