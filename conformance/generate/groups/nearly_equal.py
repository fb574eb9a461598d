"""Divergences of distributions that nearly agree, each right relative to itself."""

import math
from collections.abc import Iterator
from random import Random
from typing import Any

from mpmath import mp, mpf

from generate.draft import Draft
from generate.groups.drawn_logits import JS, KL
from generate.groups.forms import draft as form_draft
from generate.logits_draft import LogitsDraft
from generate.operands import (
    BOTH,
    HALF,
    REDUCTIONS,
    Values,
    all_near,
    reduction_flags,
    softmax,
    uniform,
)

ABOUT = "Logits and masses that nearly agree: relative accuracy, and exactly 0 where they agree."

HIGH = 1e4
OF_DERIVATIVES = (1.0, 1e-2, 1e-4, 1e-6)
Pair = tuple[Values, Values]
NOISES = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-6)
SHARED = (False, False, True), (True, True, True)
BETAS = {
    "float32": (0.0, 1.0, 0.1, 0.999, 1e-10),
    "float64": (0.0, 1.0, 0.1, 1 - 1e-6, 1e-10, 1e-17, 1 - 2.0**-53),
}

NEXT_TO_THE_ENDS = (1e-10, 1e-17, 1 - 1e-6, 1 - 2.0**-53)


def drafts() -> Iterator[Draft]:
    """All vectors of the group."""
    rng = Random("nearly_equal")  # noqa: S311 - not for secrets
    for dtype in BOTH:
        yield from noises(rng, dtype)
        yield from offsets(rng, dtype)
        yield from weights(rng, dtype)
        yield from temperatures(rng, dtype)
        yield from impossible(rng, dtype)
        yield from agreeing(rng, dtype)
        yield from sums(rng, dtype)
        yield from peaked(rng, dtype)
        yield from completed(rng, dtype)
    yield from narrow(rng)


def pair(
    rng: Random,
    dtype: str,
    shape: tuple[int, int],
    noise: float,
    reach: float = 4.0,
    offset: float = 0,
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Logits, and the same with noise, and with an offset."""
    size = math.prod(shape)
    logits = uniform(rng, size, -reach + offset, reach + offset, dtype)
    moved = [value - offset / 2 + noise * (2 * rng.random() - 1) for value in logits]
    return logits, all_near(moved, dtype)


def near(
    comment: str,
    flags: tuple[str, ...],
    function: str,
    dtype: str,
    operands: Pair,
    **options: Any,
) -> LogitsDraft:
    """Vector of a row, or of several, whose bound is relative."""
    shape = options.pop("shape", (1, len(operands[0])))
    asked = ("LogitsGradient",) if options.get("upstream") else ()
    return LogitsDraft(
        comment=comment,
        flags=("NearlyEqualLogits", *asked, *flags),
        input=operands[0],
        target=operands[1],
        shape=shape,
        dtype=dtype,
        function=function,
        nearly_equal=True,
        **{"reduction": "sum" if asked else "none"} | options,
    )


def noises(rng: Random, dtype: str) -> Iterator[Draft]:
    """Noise from that of a first epoch to that of a last one."""
    for noise in NOISES:
        for function in (KL, JS):
            yield near(
                f"{function} of logits that differ by {noise:g} at most.",
                (),
                function,
                dtype,
                pair(rng, dtype, (2, 6), noise),
                shape=(2, 6),
            )
            if noise in OF_DERIVATIVES:
                yield near(
                    f"Gradient of {function} of logits that differ by {noise:g} at most.",
                    (),
                    function,
                    dtype,
                    pair(rng, dtype, (1, 6), noise),
                    upstream=1.0,
                )


def offsets(rng: Random, dtype: str) -> Iterator[Draft]:
    """Rows with constants of their own, whose logits are rounded more coarsely than they differ."""
    for noise in (1e-2, 1e-4):
        for function in (KL, JS):
            for upstream in (None, 1.0):
                yield near(
                    f"{'Value' if upstream is None else 'Gradient'} of {function}: logits of about "
                    f"30 and 15 that differ by {noise:g} beside that.",
                    ("OffsetLogits",),
                    function,
                    dtype,
                    pair(rng, dtype, (1, 8), noise, offset=30.0),
                    upstream=upstream,
                )


def weights(rng: Random, dtype: str) -> Iterator[Draft]:
    """Mixtures, and the ends, of rows that nearly agree, and of rows that share nothing."""
    for beta in BETAS[dtype]:
        flag = "DivergenceEnds" if beta in {0, 1} else "MixtureWeights"
        for upstream in (None, 1.0):
            yield near(
                f"{'Value' if upstream is None else 'Gradient'} for beta={beta!r}.",
                (flag, *(("ComplementOfComplement",) if beta in NEXT_TO_THE_ENDS else ())),
                JS,
                dtype,
                pair(rng, dtype, (1, 5), 1e-2),
                scale=False,
                beta=beta,
                upstream=upstream,
            )
        if 0 < beta < 1:
            yield near(
                f"beta={beta!r} where the rows share nothing: the entropy of the two weights.",
                ("DivergenceBound", "ComplementOfComplement"),
                JS,
                dtype,
                ((30.0, 0.0, -30.0), (-30.0, 0.5, 30.0)),
                scale=False,
                beta=beta,
            )


def temperatures(rng: Random, dtype: str) -> Iterator[Draft]:
    """High temperatures make any rows nearly equal; the square brings the divergence back."""
    for temperature in (0.5, 3.0, 1e4, 1e10):
        for function in (KL, JS):
            for upstream in (None, 1.0):
                yield near(
                    f"{'Value' if upstream is None else 'Gradient'} of {function} at temperature "
                    f"{temperature:g}, with its square.",
                    ("Temperature", *(("ExtremeTemperature",) if temperature >= HIGH else ())),
                    function,
                    dtype,
                    pair(rng, dtype, (1, 5), 1.0 if temperature >= HIGH else 1e-3),
                    temperature=temperature,
                    upstream=upstream,
                )


def impossible(rng: Random, dtype: str) -> Iterator[Draft]:
    """A vocabulary that is masked in both, and a word that the teacher alone thinks impossible."""
    for function in (KL, JS):
        student, teacher = pair(rng, dtype, (1, 6), 1e-3)
        yield near(
            f"{function} of logits with -inf on both sides.",
            ("MaskedVocabulary",),
            function,
            dtype,
            ((*student[:4], -math.inf, -math.inf), (*teacher[:4], -math.inf, -math.inf)),
        )
        yield near(
            f"{function} of logits that agree but for an unlikely word, which one side has not.",
            ("MaskedVocabulary",),
            function,
            dtype,
            ((*student[:5], -20.0), (*student[:5], -math.inf)),
        )


def agreeing(rng: Random, dtype: str) -> Iterator[Draft]:
    """Rows that agree up to a constant."""
    for function in (KL, JS):
        for upstream in (None, 1.0):
            student = tuple(round(value * 64) / 64 for value in uniform(rng, 6, -4, 4, dtype))
            yield near(
                f"{function} of logits that differ by 16 everywhere: nothing.",
                ("OffsetLogits", "EqualDistributions"),
                function,
                dtype,
                (student, tuple(value + 16 for value in student)),
                upstream=upstream,
            )


def sums(rng: Random, dtype: str) -> Iterator[Draft]:
    """Every reduction of rows, with one row left out."""
    for function in (KL, JS):
        for reduction in REDUCTIONS:
            yield near(
                f"{function} of three rows, one left out, {reduction!r}.",
                ("SampleMask", *reduction_flags(reduction)),
                function,
                dtype,
                pair(rng, dtype, (3, 4), 1e-3),
                shape=(3, 4),
                reduction=reduction,
                where=(True, False, True),
                where_shape=(3, 1),
            )


def peaked(rng: Random, dtype: str) -> Iterator[Draft]:
    """A word that is nearly certain, and many words."""
    for function in (KL, JS):
        for upstream in (None, 1.0):
            student, teacher = pair(rng, dtype, (1, 7), 1e-2)
            yield near(
                f"{'Value' if upstream is None else 'Gradient'} of {function} where one word is "
                "nearly certain.",
                ("PeakedLogits",),
                function,
                dtype,
                ((12.0, *student), (12.5, *teacher)),
                upstream=upstream,
            )
        yield near(
            f"{function} of 64 words.", (), function, dtype, pair(rng, dtype, (1, 64), 1e-3, 8.0)
        )


def completed(rng: Random, dtype: str) -> Iterator[Draft]:
    """The generalised divergence of masses that nearly agree, reduced."""
    for form in SHARED[::-1]:
        for reduction in ("sum", "mean", "batchmean"):
            p = softmax(rng, 2, 3)
            q = [one * mp.exp(mpf("1e-4") * (2 * mpf(rng.random()) - 1)) for one in p]
            yield form_draft(
                f"Masses that differ by 1e-4 of themselves at most, {reduction!r}.",
                ("GeneralizedCancellation", *reduction_flags(reduction)),
                q,
                p,
                dtype,
                form,
                shape=(2, 3),
                reduction=reduction,
            )


def narrow(rng: Random) -> Iterator[Draft]:
    """16-bit logits a last digit apart."""
    for dtype in HALF:
        for function in (KL, JS):
            yield near(
                f"{function} of {dtype} logits a last digit apart: computed in float32.",
                ("HalfPrecision",),
                function,
                dtype,
                pair(rng, dtype, (2, 6), 1e-2),
                shape=(2, 6),
            )
