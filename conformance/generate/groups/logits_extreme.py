"""Weights next to 0 and 1, temperatures from 1e-3 to 1e4, and logits that are nearly equal."""

from collections.abc import Iterator
from random import Random

from generate.draft import Draft
from generate.groups.drawn_logits import JS, KL
from generate.logits_draft import LogitsDraft
from generate.operands import BOTH, all_near, uniform
from kldiv_conformance._formats import FORMATS

# The last of them is less than half the distance from 1 to its neighbours in float64.
TINY = {"float32": (1e-3, 1e-6, 1e-10), "float64": (1e-3, 1e-6, 1e-10, 1e-17)}
# Those that float64 can tell from 1.
NEXT_TO_ONE = (1 - 1e-3, 1 - 1e-6, 1 - 1e-10, 1 - 2.0**-53)
TEMPERATURES = (1e-3, 1e-2, 1e2, 1e4)
# Over the lowest temperature, each has but one probability that does not underflow.
ONE_WORD = ((2.0, -1.0, 0.5, -3.0), (-1.0, 3.0, 0.5, -2.5))


def extremes() -> Iterator[Draft]:
    """All such vectors."""
    yield from tiny_weights()
    yield from temperatures()
    yield from nearly_equal_gradients()


def tiny_weights() -> Iterator[Draft]:
    """The derivative by the side of a tiny weight is of the size of that weight, and not 0."""
    for dtype, betas in TINY.items():
        for beta in betas:
            yield weighted(beta, (1.0, 2.0, 3.0), (3.0, 2.0, 1.0), dtype, 1.0)
    for beta in NEXT_TO_ONE:
        yield weighted(beta, (3.0, 2.0, 1.0), (1.0, 2.0, 3.0), "float64", 1.0)
    for beta in (1e-3, 1e-6, 1 - 1e-3, 1 - 1e-6):
        yield weighted(beta, (1.0, 2.0, 3.0), (3.0, 2.0, 1.0), "float64", None)


def weighted(
    beta: float,
    input: tuple[float, ...],
    target: tuple[float, ...],
    dtype: str,
    upstream: float | None,
) -> LogitsDraft:
    """Mixture of which one side has nearly all of the weight."""
    what = "Value" if upstream is None else "Gradient"
    return LogitsDraft(
        comment=f"{what} for beta={beta!r}: one side has nearly all of the weight.",
        flags=("ComplementOfComplement", "MixtureWeights")
        + (() if upstream is None else ("LogitsGradient",)),
        input=input,
        target=target,
        shape=(1, 3),
        dtype=dtype,
        function=JS,
        scale=False,
        beta=beta,
        reduction="sum",
        upstream=upstream,
    )


def temperatures() -> Iterator[Draft]:
    """Temperatures that make much of little differences, little of large ones, or one word of all.

    Differences are so small or so large that no probability is subnormal.
    """
    rng = Random("extreme_temperatures")  # noqa: S311 - not for secrets
    for temperature in TEMPERATURES:
        reach = min(4.0, 20 * temperature)
        for function in (KL, JS):
            for dtype in BOTH:
                pair = (
                    uniform(rng, 8, -reach, reach, dtype),
                    uniform(rng, 8, -reach, reach, dtype),
                )
                yield from tempered(function, dtype, temperature, *pair)
    for function in (KL, JS):
        for dtype in BOTH:
            yield from tempered(function, dtype, TEMPERATURES[0], *ONE_WORD)


def tempered(
    function: str,
    dtype: str,
    temperature: float,
    input: tuple[float, ...],
    target: tuple[float, ...],
) -> Iterator[Draft]:
    """Value and gradient at a temperature."""
    scale = dtype == "float32"
    about = (
        f"{function} at temperature {temperature:g}, {'with' if scale else 'without'} its square"
    )
    for what, upstream, flag in (("Value", None, ""), ("Gradient", 1.0, "Gradient")):
        yield LogitsDraft(
            comment=f"{what} of {about}.",
            flags=("ExtremeTemperature", f"Temperature{flag}"),
            input=input,
            target=target,
            shape=(len(input) // 4, 4),
            dtype=dtype,
            function=function,
            temperature=temperature,
            scale=scale,
            reduction="none" if upstream is None else "sum",
            upstream=upstream,
        )


def nearly_equal_gradients() -> Iterator[Draft]:
    """Logits that differ by little, where both derivatives are small differences."""
    rng = Random("nearly_equal_gradients")  # noqa: S311 - not for secrets
    for function in (KL, JS):
        for dtype in BOTH:
            for step in (2.0**-10, 8 * FORMATS[dtype].eps):
                logits = uniform(rng, 4, -4.0, 4.0, dtype)
                moved = [logit + step * place for place, logit in enumerate(logits)]
                yield LogitsDraft(
                    comment=f"Gradient of {function}: neighbours differ by {step:.2g}.",
                    flags=("Cancellation", "LogitsGradient"),
                    input=logits,
                    target=all_near(moved, dtype),
                    shape=(1, 4),
                    dtype=dtype,
                    function=function,
                    reduction="sum",
                    upstream=1.0,
                )
