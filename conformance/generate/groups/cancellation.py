"""Operands that nearly agree, so that log p - log q cancels, and unnormalised ones."""

from collections.abc import Iterator
from random import Random

from mpmath import mp, mpf

from generate.draft import Draft
from generate.operands import BOTH, near, reduction_flags, softmax, uniform
from kldiv_conformance._formats import FORMATS, spacing

ABOUT = "p close to q, where the terms are small differences, and operands that are not normalised."

NEGATIVE = (("sum", None), ("mean", None), ("batchmean", None), ("none", -1), ("mean", 0))


def drafts() -> Iterator[Draft]:
    """All vectors of the group."""
    rng = Random("cancellation")  # noqa: S311 - not for secrets
    for dtype in BOTH:
        yield from neighbours(rng, dtype)
        yield from near_one(dtype)
        yield from perturbed(rng, dtype)
        yield from unnormalised(rng, dtype)
    yield from negative_sums()


def neighbours(rng: Random, dtype: str) -> Iterator[Draft]:
    """Inputs a few numbers away from log p, and log-targets a few numbers away from the input."""
    p = uniform(rng, 8, 0.02, 0.98, dtype)
    for steps in (0, 1, -1, 3, -100):
        log_q = tuple(stepped(near(mp.log(value), dtype), steps, dtype) for value in p)
        yield Draft(
            comment=f"Input is log p rounded to {dtype}, {steps:+} ulp: "
            "the term is a rounding error.",
            flags=("Cancellation",),
            input=log_q,
            target=p,
            dtype=dtype,
        )
        log_p = tuple(stepped(value, -steps, dtype) for value in log_q)
        yield Draft(
            comment=f"Input and log-target {steps:+} ulp apart: their difference is exact.",
            flags=("Cancellation", "LogTarget", *(() if steps else ("EqualDistributions",))),
            input=log_q,
            target=log_p,
            dtype=dtype,
            log_target=True,
        )


def stepped(value: float, steps: int, dtype: str) -> float:
    """Number some ulps further from zero."""
    form = FORMATS[dtype]
    return near(mpf(value) + steps * mpf(spacing(value, form)), dtype)


def near_one(dtype: str) -> Iterator[Draft]:
    """Targets next to 1 against inputs next to 0."""
    eps = FORMATS[dtype].eps
    target = tuple(1 + step * eps / 2 for step in (-2, -1, 0, 2, 4))
    for inputs in ((0.0,) * 5, (-eps,) * 5, (eps / 4,) * 5, (-eps, -eps / 2, 0.0, eps, 2 * eps)):
        yield Draft(
            comment="Targets next to 1 against inputs next to 0, where the logarithm is flat.",
            flags=("Cancellation",),
            input=inputs,
            target=target,
            dtype=dtype,
        )


def perturbed(rng: Random, dtype: str) -> Iterator[Draft]:
    """Distributions that differ by a small relative perturbation."""
    for power in (2, 4, 6, 8):
        p = softmax(rng, 2, 6)
        weights = [q * (1 + mpf(10) ** -power * (2 * mpf(rng.random()) - 1)) for q in p]
        totals = [mp.fsum(weights[:6]), mp.fsum(weights[6:])]
        q = [weight / totals[place // 6] for place, weight in enumerate(weights)]
        for log_target in (False, True):
            for reduction in ("none", "batchmean"):
                yield Draft(
                    comment=f"Distributions that differ by 1e-{power} in ratio ({reduction!r}).",
                    flags=("Cancellation", *reduction_flags(reduction))
                    + (("LogTarget",) if log_target else ()),
                    input=tuple(near(mp.log(value), dtype) for value in q),
                    target=tuple(near(mp.log(v) if log_target else v, dtype) for v in p),
                    shape=(2, 6),
                    dtype=dtype,
                    reduction=reduction,
                    log_target=log_target,
                )


def unnormalised(rng: Random, dtype: str) -> Iterator[Draft]:
    """Operands that are no distributions, whose loss may well be negative."""
    for scale in (0.01, 0.5, 3.0, 50.0):
        for reduction in ("none", "sum", "mean"):
            yield Draft(
                comment=f"Targets that add up to about {3 * scale:g}: the loss may be negative.",
                flags=("Unnormalised", *reduction_flags(reduction)),
                input=uniform(rng, 6, -1.0, 2.0, dtype),
                target=uniform(rng, 6, 0.0, scale, dtype),
                shape=(2, 3),
                dtype=dtype,
                reduction=reduction,
            )


def negative_sums() -> Iterator[Draft]:
    """Operands so far from distributions that every loss is negative."""
    rng = Random("negative_sums")  # noqa: S311 - not for secrets
    for dtype in BOTH:
        for reduction, axis in NEGATIVE:
            yield Draft(
                comment=f"Targets far below exp(input): the loss is negative ({reduction!r}).",
                flags=("Unnormalised", *(() if axis is None else ("SampleAxis",))),
                input=uniform(rng, 6, 0.5, 2.0, dtype),
                target=uniform(rng, 6, 0.05, 0.4, dtype),
                shape=(2, 3),
                dtype=dtype,
                reduction=reduction,
                axis=axis,
            )
