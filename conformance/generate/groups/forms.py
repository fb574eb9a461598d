"""Two tables of probabilities, and the generalised divergence."""

import math
from collections.abc import Iterator
from random import Random

from mpmath import mp, mpf

from generate.draft import Draft
from generate.operands import (
    BOTH,
    REDUCTIONS,
    Values,
    near,
    reduction_flags,
    softmax,
)

ABOUT = "log_input=False: the input holds probabilities. generalized=True: q - p is added."

FORMS = (
    (False, False, False),
    (False, True, False),
    *((log_input, log_target, True) for log_input in (True, False) for log_target in (False, True)),
)
NAMES = ("log_input", "log_target", "generalized")


def drafts() -> Iterator[Draft]:
    """All vectors of the group."""
    rng = Random("forms")  # noqa: S311 - not for secrets
    for dtype in BOTH:
        for form in FORMS:
            yield from of_form(rng, dtype, form)
        for log in (True, False):
            yield from nearly_equal(rng, dtype, log=log)
    yield from of_three_axes()


def draft(
    comment: str,
    flags: tuple[str, ...],
    q: list[mpf],
    p: list[mpf],
    dtype: str,
    form: tuple[bool, ...],
    **options: object,
) -> Draft:
    """Vector of operands that are given as probabilities."""
    log_input, log_target, generalized = form
    named = () if log_input else ("TwoTables",)
    return Draft(
        comment=comment,
        flags=(*named, *(("Generalized",) if generalized else ()), *flags),
        input=in_space(q, dtype, log=log_input),
        target=in_space(p, dtype, log=log_target),
        dtype=dtype,
        **dict(zip(NAMES, form, strict=True)),
        **options,
    )


def in_space(probabilities: list[mpf], dtype: str, *, log: bool) -> Values:
    """Numbers of the dtype for probabilities, or for their logarithms."""
    if not log:
        return tuple(near(p, dtype) for p in probabilities)
    return tuple(near(mp.log(p), dtype) if p else -math.inf for p in probabilities)


def words(form: tuple[bool, ...]) -> str:
    """The options of a form."""
    return ", ".join(f"{name}={value}" for name, value in zip(NAMES, form, strict=True))


def of_form(rng: Random, dtype: str, form: tuple[bool, ...]) -> Iterator[Draft]:
    """Every reduction, the edges, and the derivatives."""
    said = words(form)
    for reduction in REDUCTIONS:
        q, p = softmax(rng, 2, 4), softmax(rng, 2, 4)
        shape: dict[str, object] = {"shape": (2, 4), "reduction": reduction}
        flags = reduction_flags(reduction)
        yield draft(f"Two tables, {reduction!r}, {said}.", flags, q, p, dtype, form, **shape)
    zero, some, one = mpf(0), mpf("0.3"), mpf(1)
    q, p = [zero, some, one, zero, some, some], [zero, zero, zero, some, some, one]
    yield draft(f"Probabilities of 0 on either side, {said}.", ("ZeroTarget",), q, p, dtype, form)
    q, p = [some, some, one], [zero, some, one]
    asked: dict[str, object] = {"upstream": 1.0, "reduction": "sum"}
    yield draft(f"Gradient at targets of 0, {said}.", ("ZeroTarget",), q, p, dtype, form, **asked)
    q, p = softmax(rng, 2, 3), softmax(rng, 2, 3)
    asked = {"upstream": -1.5, "reduction": "batchmean", "shape": (2, 3)}
    yield draft(f"Gradient of two tables, {said}.", ("Upstream",), q, p, dtype, form, **asked)
    q, p = [mpf("0.001"), mpf("5.5"), mpf("0.4")], [mpf("3.5"), mpf("0.02"), mpf("0.1")]
    yield draft(f"Masses that are far apart, {said}.", ("Unnormalised",), q, p, dtype, form)


def nearly_equal(rng: Random, dtype: str, *, log: bool) -> Iterator[Draft]:
    """Terms of nearly equal masses, which no difference of larger numbers holds."""
    form = (log, log, True)
    for noise in ("0.1", "1e-3", "1e-5"):
        p = softmax(rng, 1, 6)
        q = [one * mp.exp(mpf(noise) * (2 * mpf(rng.random()) - 1)) for one in p]
        comment = f"Masses that differ by {noise} of themselves at most, {words(form)}."
        yield draft(comment, ("GeneralizedCancellation",), q, p, dtype, form)


def of_three_axes() -> Iterator[Draft]:
    """Batches of sentences: 'batchmean' divides by the first of three axes."""
    rng = Random("forms of three axes")  # noqa: S311 - not for secrets
    for form, dtype, upstream, flag in (
        ((False, False, False), "float64", None, "BatchMean"),
        ((True, False, True), "float32", 1.5, "GradientReduction"),
    ):
        q, p = softmax(rng, 6, 5), softmax(rng, 6, 5)
        asked: dict[str, object] = {"reduction": "batchmean", "upstream": upstream}
        said = f"{'Gradient, s' if upstream else 'S'}hape (2, 3, 5), 'batchmean': divided by 2"
        flags = ("ManyAxes", flag)
        yield draft(f"{said}, {words(form)}.", flags, q, p, dtype, form, shape=(2, 3, 5), **asked)
