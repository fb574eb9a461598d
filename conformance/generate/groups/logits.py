"""Divergences of distributions that are given by logits."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from random import Random

from generate.draft import Draft
from generate.groups import batches, epsilon, first_axis
from generate.groups.batch_cases import WEIGHTED
from generate.groups.drawn_logits import JS, KL, logits
from generate.groups.logits_extreme import extremes
from generate.groups.logits_gradients import gradients
from generate.groups.logits_selected import masked_samples, nothing_selected
from generate.groups.logits_special import specials
from generate.operands import (
    BOTH,
    HALF,
    REDUCTIONS,
    log_probabilities,
    probabilities,
    reduction_flags,
)

ABOUT = "kl_div_with_logits and js_div_with_logits: temperature, masked vocabulary, large logits."


def drafts() -> Iterator[Draft]:
    """All vectors of the group."""
    rng = Random("logits")  # noqa: S311 - not for secrets
    yield from every_reduction(rng)
    yield from temperatures(rng)
    yield from targets_that_are_given(rng)
    yield from weights(rng)
    yield from masked_samples(rng)
    yield from narrow(rng)
    yield from specials(rng)
    yield from gradients()
    yield from nothing_selected()
    yield from extremes()
    yield from epsilon.logits()
    yield from batches.of_logits()
    yield from batches.of_logits(WEIGHTED)
    yield from first_axis.of_logits()


def every_reduction(rng: Random) -> Iterator[Draft]:
    """Each function under each reduction, along the last and along other axes."""
    turns = cycle(BOTH)
    for function in (KL, JS):
        for reduction in REDUCTIONS:
            for shape, axis in (((3, 5), -1), ((2, 6, 2), 1)):
                yield logits(
                    f"{function} of shape {shape} along axis {axis}, {reduction!r}.",
                    ("LogitsFormula", *reduction_flags(reduction)),
                    rng,
                    shape,
                    function=function,
                    axis=axis,
                    dtype=next(turns),
                    reduction=reduction,
                )
            next(turns)


def temperatures(rng: Random) -> Iterator[Draft]:
    """Temperatures, with and without the factor that makes up for them."""
    turns = cycle(BOTH)
    for temperature in (0.5, 2.0, 3.0):
        for scale in (True, False):
            yield logits(
                f"Temperature {temperature:g}, {'with' if scale else 'without'} its square.",
                ("Temperature",),
                rng,
                (2, 4),
                function=JS if temperature == 2 and scale else KL,  # noqa: PLR2004 - one of them
                dtype=next(turns),
                temperature=temperature,
                scale=scale,
                reduction="batchmean",
            )
        next(turns)


def targets_that_are_given(rng: Random) -> Iterator[Draft]:
    """Targets that are no logits, which the temperature does not change."""
    for dtype in BOTH:
        for kind, draw in (
            ("probabilities", probabilities),
            ("log_probabilities", log_probabilities),
        ):
            draft = logits(
                f"The target holds {kind}, one of them impossible; temperature 2 is for the input.",
                ("GivenTarget", "Temperature"),
                rng,
                (2, 4),
                dtype=dtype,
                temperature=2.0,
                target_is=kind,
                reduction="none",
            )
            first = 0.0 if kind == "probabilities" else -math.inf
            yield replace(draft, target=(first, *draw(rng, 2, 4, dtype)[1:]))


def weights(rng: Random) -> Iterator[Draft]:
    """Mixtures of every kind, and the ends, which are the divergences in one direction."""
    for beta, dtype in zip((0.0, 0.0, 1.0, 1.0, 0.1, 0.25, 0.9, 0.75), BOTH * 4, strict=True):
        yield logits(
            f"beta={beta:g}: {'one direction alone' if beta in {0, 1} else 'weights that differ'}.",
            ("DivergenceEnds",) if beta in {0, 1} else ("MixtureWeights",),
            rng,
            (2, 5),
            function=JS,
            scale=False,
            dtype=dtype,
            beta=beta,
            reduction="mean",
        )


def narrow(rng: Random) -> Iterator[Draft]:
    """16-bit logits of ordinary size."""
    for dtype in HALF:
        for function in (KL, JS):
            yield logits(
                f"{function} of {dtype}: computed in float32 and rounded once.",
                ("HalfPrecision", "LogitsFormula"),
                rng,
                (2, 6),
                function=function,
                dtype=dtype,
                reduction="batchmean",
            )
