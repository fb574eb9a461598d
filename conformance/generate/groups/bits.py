"""Losses that have the same bits in every library: each form, type and reduction."""

import math
from collections.abc import Iterator
from itertools import product
from random import Random

from mpmath import mp, mpf

from generate.draft import Draft
from generate.groups import bits_of_axes, bits_of_logits, bits_of_many
from generate.operands import HALF, REDUCTIONS, Values, all_near, near, softmax, space

ABOUT = "Losses with reproducible=True, whose results must have just these bits."
DTYPES = ("float32", *HALF)
FORMS = tuple(product((True, False), (False, True)))
SHAPES = ((3, 8), (6, 4), (2, 3, 4))
INF, NAN = math.inf, math.nan
SPECIALS = (0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 2.0**-126, 0.75, 1.5, 3.0, -87.0, -200.0)


def drafts() -> Iterator[Draft]:
    """Vectors of the group."""
    rng = Random("bits")  # noqa: S311 - not for secrets
    for dtype, form in product(DTYPES, FORMS):
        for shape, reduction in product(SHAPES, REDUCTIONS):
            yield draft(rng, dtype, form, shape, reduction)
            yield draft(rng, dtype, form, shape, reduction, is_near=True)
        for reduction in REDUCTIONS[1:]:
            yield draft(rng, dtype, form, (4, 12), reduction, upstream=near(-1.7, dtype))
        yield from sampled(rng, dtype, form)
        yield from specials(dtype, form)
    yield from bits_of_logits.drafts()
    yield from bits_of_many.drafts()
    yield from bits_of_axes.drafts()


def draft(
    rng: Random,
    dtype: str,
    form: tuple[bool, bool],
    shape: tuple[int, ...],
    reduction: str,
    *,
    is_near: bool = False,
    **options: object,
) -> Draft:
    """A call on distributions, the one nearly the other or not."""
    log_input, log_target = form
    x, t = operands(rng, dtype, form, math.prod(shape), is_near=is_near)
    kind = "nearly the same" if is_near else "any"
    return Draft(
        comment=f"{space(log_input).capitalize()} against {kind} {space(log_target)} of {dtype}.",
        flags=("SameBits",),
        input=x,
        target=t,
        shape=shape,
        dtype=dtype,
        reduction=reduction,
        log_input=log_input,
        log_target=log_target,
        reproducible=True,
        **options,  # type: ignore[arg-type]
    )


def operands(
    rng: Random, dtype: str, form: tuple[bool, bool], count: int, *, is_near: bool
) -> tuple[Values, Values]:
    """Distributions, in either space; every seventh probability is 0."""
    log_input, log_target = form
    p = softmax(rng, 1, count, spread=12.0)
    q = softmax(rng, 1, count)
    if is_near:
        q = [one * mp.exp((rng.random() - 0.5) / 64) for one in p]
    left = [mp.log(one) for one in q] if log_input else q
    right = [mp.log(one) if log_target else one for one in p]
    for place in range(3, count, 7):
        right[place] = mpf("-inf") if log_target else mpf(0)
    return all_near(left, dtype), all_near(right, dtype)


def sampled(rng: Random, dtype: str, form: tuple[bool, bool]) -> Iterator[Draft]:
    """Sums over one axis, and masks."""
    mask = tuple(rng.random() < 2 / 3 for _ in range(48))
    yield draft(rng, dtype, form, (4, 12), "none", axis=1)
    yield draft(rng, dtype, form, (4, 12), "mean", axis=(0,))
    yield draft(rng, dtype, form, (4, 12), "none", where=mask)
    yield draft(rng, dtype, form, (4, 12), "mean", where=mask)


def specials(dtype: str, form: tuple[bool, bool]) -> Iterator[Draft]:
    """Every special number against every other, and in a sum."""
    log_input, log_target = form
    numbers = all_near(SPECIALS, dtype)
    pairs = list(product(numbers, numbers))
    for upstream in (None, 1.0):
        yield Draft(
            comment=f"Special numbers of {dtype}, each against each.",
            flags=("SameBits", "SignedZero", "MissingValue"),
            input=tuple(x for x, _ in pairs),
            target=tuple(t for _, t in pairs),
            dtype=dtype,
            log_input=log_input,
            log_target=log_target,
            upstream=upstream,
            reproducible=True,
        )
