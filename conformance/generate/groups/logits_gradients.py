"""Derivatives of divergences by logits: temperature, mixtures, samples that are not selected."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from random import Random

from generate.draft import Draft
from generate.groups.drawn_logits import JS, KL, gradient
from generate.groups.logits_gradients_special import specials
from generate.groups.logits_selected import masked_gradients
from generate.operands import (
    BOTH,
    HALF,
    REDUCTIONS,
    log_probabilities,
    probabilities,
    uniform,
)

GIVEN = {"probabilities": (probabilities, 0.0), "log_probabilities": (log_probabilities, -math.inf)}
TEMPERATURES = (0.5, 2.0, 3.0)


def gradients() -> Iterator[Draft]:
    """All such vectors."""
    rng = Random("logits_gradients")  # noqa: S311 - not for secrets
    yield from every_reduction(rng)
    yield from temperatures(rng)
    yield from targets_that_are_given(rng)
    yield from weights(rng)
    yield from masked_gradients(rng)
    yield from narrow(rng)
    yield from mixed(rng)
    yield from specials(rng)


def every_reduction(rng: Random) -> Iterator[Draft]:
    """Each function under each reduction, along the last and along other axes."""
    turns = cycle(BOTH)
    for function in (KL, JS):
        for reduction in REDUCTIONS:
            for shape, axis in (((3, 5), -1), ((2, 4, 2), 1)):
                yield gradient(
                    f"Gradient of {function} of shape {shape} along axis {axis}, {reduction!r}.",
                    ("Upstream", *(("NamedAxes",) if axis == 1 else ())),
                    rng,
                    shape,
                    function=function,
                    axis=axis,
                    dtype=next(turns),
                    reduction=reduction,
                    upstream=-1.5,
                )
            next(turns)


def temperatures(rng: Random) -> Iterator[Draft]:
    """The derivative carries 1/T, and the square of T if the divergence has it."""
    turns = cycle(BOTH)
    for function in (KL, JS):
        for temperature in TEMPERATURES:
            for scale in (True, False):
                yield gradient(
                    f"Gradient of {function}, T={temperature:g}, "
                    f"{'with' if scale else 'without'} its square.",
                    ("TemperatureGradient",),
                    rng,
                    (2, 4),
                    function=function,
                    dtype=next(turns),
                    temperature=temperature,
                    scale=scale,
                    reduction="sum",
                )
            next(turns)


def targets_that_are_given(rng: Random) -> Iterator[Draft]:
    """Derivatives by probabilities and by their logarithms, one of them impossible."""
    for kind, (draw, nothing) in GIVEN.items():
        for dtype in BOTH:
            draft = gradient(
                f"The target holds {kind}, one of them impossible, temperature 3.",
                ("GivenTarget", "TemperatureGradient", "ZeroTargetGradient"),
                rng,
                (2, 4),
                dtype=dtype,
                temperature=3.0,
                target_is=kind,
                reduction="batchmean",
            )
            yield replace(draft, target=(nothing, *draw(rng, 2, 4, dtype)[1:]))
            unnormalised = uniform(rng, 4, 0.1, 0.4, dtype)
            yield replace(
                draft,
                comment=f"The target holds {kind} that do not add up to 1.",
                flags=("LogitsGradient", "GivenTarget", "Unnormalised"),
                input=draft.input[:4],
                target=tuple(-p for p in unnormalised) if nothing else unnormalised,
                shape=(1, 4),
                temperature=1.0,
            )


def weights(rng: Random) -> Iterator[Draft]:
    """Mixtures of every kind, and the ends, whose derivatives are those of one direction."""
    for beta, dtype in zip((0.0, 1.0, 0.0, 1.0, 0.1, 0.25, 0.9, 0.75), BOTH * 4, strict=True):
        end = beta in {0, 1}
        yield gradient(
            f"Gradient for beta={beta:g}: {'one direction alone' if end else 'two weights'}.",
            ("DivergenceEnds",) if end else ("MixtureWeights",),
            rng,
            (2, 5),
            function=JS,
            scale=False,
            dtype=dtype,
            beta=beta,
            temperature=2.0 if beta in {1, 0.9} else 1.0,
            reduction="mean",
        )


def narrow(rng: Random) -> Iterator[Draft]:
    """16-bit logits, with a temperature and a mask."""
    for dtype in HALF:
        for function in (KL, JS):
            for where in (None, (True, False)):
                yield gradient(
                    f"Gradient of {function} in {dtype}, {'with' if where else 'without'} a mask.",
                    ("HalfPrecision", *(("MaskedGradient",) if where else ())),
                    rng,
                    (2, 6),
                    function=function,
                    dtype=dtype,
                    where=where,
                    where_shape=where and (2, 1),
                    temperature=2.0 if where else 1.0,
                    reduction="mean",
                    upstream=1.5,
                )


def mixed(rng: Random) -> Iterator[Draft]:
    """Operands of different dtype, each of which gets a gradient of its own dtype."""
    for function in (KL, JS):
        for left, right in (BOTH, BOTH[::-1]):
            yield gradient(
                f"{left} and {right} logits have gradients of their own dtype ({function}).",
                ("MixedDtypes",),
                rng,
                (2, 3),
                function=function,
                input_dtype=None if left == "float64" else left,
                target_dtype=None if right == "float64" else right,
                reduction="batchmean",
            )
