"""Derivatives by logits at the edges: masked vocabulary, huge, equal and missing logits."""

import math
from collections.abc import Iterator
from random import Random

from generate.draft import Draft
from generate.groups.drawn_logits import JS, KL
from generate.groups.logits_special import FINITE, LARGE, MASKED
from generate.logits_draft import LogitsDraft
from generate.operands import BOTH, uniform

INF, NAN = math.inf, math.nan
ONE_SIDED = {
    "in the target": (FINITE, (1.0, -INF, -0.5, -INF)),
    "in the input": ((0.5, -INF, 2.0, 0.25), (1.0, 0.75, -0.5, -0.25)),
    "in the other of both": ((1.0, -INF, -INF, 0.5), (-INF, -1.0, 2.0, -INF)),
}


def specials(rng: Random) -> Iterator[Draft]:
    """All such vectors."""
    yield from masked_in_both()
    yield from masked_in_one()
    yield from impossible()
    yield from large()
    yield from equal(rng)
    yield from missing()


def edge(
    comment: str,
    flag: str,
    function: str,
    pair: tuple[tuple[float, ...], tuple[float, ...]],
    **options: object,
) -> LogitsDraft:
    """Vector of one or of two samples with four words each."""
    return LogitsDraft(
        comment=comment,
        flags=("LogitsGradient", flag),
        function=function,
        input=pair[0],
        target=pair[1],
        shape=(len(pair[0]) // 4, 4),
        **{"upstream": 1.0, "reduction": "sum"} | options,  # type: ignore[arg-type]
    )


def masked_in_both() -> Iterator[Draft]:
    """Words that both distributions exclude."""
    for function in (KL, JS):
        for place, *pair in MASKED:
            if place in {"in both", "but for one word"}:
                for temperature, dtype in zip((1.0, 2.0), BOTH, strict=True):
                    yield edge(
                        f"Gradient of {function} of a vocabulary that is masked {place}.",
                        "MaskedVocabularyGradient",
                        function,
                        (pair[0], pair[1]),
                        dtype=dtype,
                        temperature=temperature,
                    )


def masked_in_one() -> Iterator[Draft]:
    """Words that one distribution excludes, as long as the divergence is finite."""
    for place, pair in ONE_SIDED.items():
        for beta, dtype in ((0.5, "float64"), (0.25, "float32"), (0.5, "float16")):
            yield edge(
                f"Gradient of {JS} of a vocabulary that is masked {place}, beta={beta:g}.",
                "MaskedVocabularyGradient",
                JS,
                pair,
                dtype=dtype,
                beta=beta,
            )
    for function, pair in ((KL, ONE_SIDED["in the target"]), (JS, ONE_SIDED["in the input"])):
        for dtype in (*BOTH, "bfloat16"):
            yield edge(
                f"Gradient of {function} of what one distribution excludes, temperature 2.",
                "MaskedVocabularyGradient",
                function,
                pair,
                dtype=dtype,
                temperature=2.0,
                beta=1.0,
            )


def impossible() -> Iterator[Draft]:
    """A word that is masked though the target has it: only the derivative by input is finite."""
    for kind, target in (
        ("probabilities", (0.25, 0.5, 0.25, 0.0)),
        ("log_probabilities", (-1.5, -0.5, -2.0, -INF)),
    ):
        for dtype in BOTH:
            yield edge(
                f"The {kind} of the target have a word that the input excludes.",
                "MaskedVocabularyGradient",
                KL,
                ((0.5, -INF, 2.0, -INF), target),
                dtype=dtype,
                target_is=kind,
            )


def large() -> Iterator[Draft]:
    """Logits near the largest number of 16 bits, or with a large common part."""
    for function in (KL, JS):
        for dtype, *pair, temperature in LARGE:
            yield edge(
                f"Gradient of {function} of large {dtype} logits, temperature {temperature:g}.",
                "LargeLogits",
                function,
                (pair[0], pair[1]),
                dtype=dtype,
                temperature=temperature,
                scale=False,
            )


def equal(rng: Random) -> Iterator[Draft]:
    """Logits that are equal: derivatives are rounding errors, and not 0 / 0."""
    for function, beta in ((KL, 0.5), (JS, 0.5), (JS, 0.0), (JS, 1.0)):
        for dtype in BOTH:
            logits = uniform(rng, 4, -4.0, 4.0, dtype)
            yield edge(
                f"Gradient of {function} of equal logits, beta={beta:g}.",
                "EqualLogits",
                function,
                (logits, logits),
                dtype=dtype,
                beta=beta,
            )


def missing() -> Iterator[Draft]:
    """A logit that is NaN ruins the derivatives of its own sample alone."""
    whole = (0.5, -1.25, 2.0, 0.25, 1.0, 0.75, -0.5, -0.25)
    broken = (1.0, NAN, -0.5, 0.25, -1.0, 2.0, 0.5, 1.5)
    for function in (KL, JS):
        for pair in ((broken, whole), (whole, broken)):
            yield edge(
                f"Gradient of {function}: NaN in a sample shows in that sample alone.",
                "MissingValue",
                function,
                pair,
                dtype="float32",
            )
