"""Logits at the edges: masked vocabulary, huge ones, equal and disjoint distributions."""

import math
from collections.abc import Iterator
from random import Random

from generate.draft import Draft
from generate.groups.drawn_logits import JS, KL
from generate.logits_draft import LogitsDraft
from generate.operands import BOTH, all_near, near, uniform

INF, NAN = math.inf, math.nan
FINITE = (0.5, -1.25, 2.0, 0.25)
# What is masked: of the input and of the target, in a vocabulary of four.
MASKED = (
    ("in both", (0.5, -INF, 2.0, -INF), (1.0, -INF, -0.5, -INF)),
    ("in the target", FINITE, (1.0, -INF, -0.5, -INF)),
    ("in the input", (0.5, -INF, 2.0, 0.25), (1.0, 0.75, -0.5, -0.25)),
    ("but for one word", (-INF, -INF, 3.0, -INF), (-INF, -INF, -1.0, -INF)),
    ("altogether", (-INF,) * 4, FINITE),
)
LARGE = (
    ("float16", (65504.0, 65472.0, -65504.0, 65440.0), (65472.0, 65504.0, 65504.0, -65504.0), 16.0),
    ("float16", (60000.0, 60032.0, 59968.0, 0.0), (60032.0, 60000.0, 60000.0, 0.0), 32.0),
    ("bfloat16", (30208.0, 30080.0, 29952.0, 30208.0), (30080.0, 30208.0, 30080.0, 29952.0), 64.0),
    ("float32", (10001.5, 10000.25, 9999.0, 10002.0), (10000.0, 10001.75, 10002.0, 9998.5), 1.0),
    ("float64", (-1e6, -1e6 + 1.5, -1e6 - 2, -1e6), (1e6, 1e6 + 0.5, 1e6 - 1, 1e6), 1.0),
)


def specials(rng: Random) -> Iterator[Draft]:
    """All such vectors."""
    for function in (KL, JS):
        yield from masked(function)
        yield from large(function)
    yield from disjoint()
    yield from nearly_equal(rng)


def masked(function: str) -> Iterator[Draft]:
    """Words that a distribution excludes."""
    for (place, log_q, log_p), dtype in zip(MASKED, (*BOTH, *BOTH, "float64"), strict=True):
        yield LogitsDraft(
            comment=f"{function} of a vocabulary that is masked {place}.",
            flags=("MaskedVocabulary",),
            input=log_q,
            target=log_p,
            shape=(1, 4),
            dtype=dtype,
            function=function,
        )


def large(function: str) -> Iterator[Draft]:
    """Logits near the largest number of 16 bits, or with a large common part."""
    for dtype, log_q, log_p, temperature in LARGE:
        yield LogitsDraft(
            comment=f"{function} of large {dtype} logits, temperature {temperature:g}.",
            flags=("LargeLogits",),
            input=log_q,
            target=log_p,
            shape=(1, 4),
            dtype=dtype,
            function=function,
            temperature=temperature,
            scale=False,
        )


def disjoint() -> Iterator[Draft]:
    """Distributions without a common word, whose divergence is the largest there is."""
    for beta, dtype in ((0.5, "float32"), (0.5, "float64"), (0.25, "float64"), (0.5, "float16")):
        yield LogitsDraft(
            comment=f"No word has a probability in both: the entropy of beta={beta:g}.",
            flags=("DivergenceBound", "MaskedVocabulary"),
            input=(1.0, -INF, -INF, 0.5),
            target=(-INF, -1.0, 2.0, -INF),
            shape=(1, 4),
            dtype=dtype,
            function=JS,
            scale=False,
            beta=beta,
        )


def nearly_equal(rng: Random) -> Iterator[Draft]:
    """Logits that are equal, or that differ by little."""
    for function, beta in ((KL, 0.5), (JS, 0.5), (JS, 0.0), (JS, 1.0)):
        for dtype, step in (("float32", 0.0), ("float64", 2.0**-20), ("float32", 2.0**-6)):
            logits = uniform(rng, 5, -4.0, 4.0, dtype)
            moved = [logit + step * place for place, logit in enumerate(logits)]
            yield LogitsDraft(
                comment=f"{function}, beta={beta:g}: neighbours differ by {near(step, dtype):g}.",
                flags=("EqualLogits",) if not step else ("Cancellation",),
                input=logits,
                target=all_near(moved, dtype),
                shape=(1, 5),
                dtype=dtype,
                function=function,
                beta=beta,
            )
