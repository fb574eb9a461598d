"""Divergences from logits of some of the samples, and of none."""

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from generate.draft import Draft
from generate.groups.drawn_logits import JS, KL, gradient, logits
from generate.operands import BOTH, REDUCTIONS

GARBAGE = (math.nan, math.inf, -math.inf, -math.inf)


def masked_samples(rng: Random) -> Iterator[Draft]:
    """Padding, and a batch of nothing else."""
    for function in (KL, JS):
        for reduction in ("none", "mean", "batchmean"):
            for where in ((True, False, True), (False, False, False)):
                draft = logits(
                    f"{function}, {reduction!r}: {sum(where)} of 3 samples are selected.",
                    ("MaskedGarbage",) if any(where) else ("NothingSelected", "MaskedGarbage"),
                    rng,
                    (3, 4),
                    function=function,
                    where=where,
                    where_shape=(3, 1),
                    dtype="float32" if reduction == "mean" else "float64",
                    reduction=reduction,
                )
                if reduction == "mean" and any(where):
                    draft = replace(draft, flags=(*draft.flags, "MaskedMean"))
                kept = draft.input[:4], draft.input[8:]
                yield replace(draft, input=(*kept[0], *GARBAGE, *kept[1]))


def masked_gradients(rng: Random) -> Iterator[Draft]:
    """Padding, whose derivative is 0 whatever it holds, and a batch of nothing else."""
    for function in (KL, JS):
        for reduction in REDUCTIONS:
            for where in ((True, False, True), (False, False, False)):
                draft = gradient(
                    f"Gradient of {function}, {reduction!r}: {sum(where)} of 3 samples selected.",
                    ("MaskedGradient", *(() if any(where) else ("NothingSelected",))),
                    rng,
                    (3, 4),
                    function=function,
                    where=where,
                    where_shape=(3, 1),
                    dtype="float32" if reduction == "mean" else "float64",
                    reduction=reduction,
                    temperature=2.0,
                )
                kept = draft.input[:4], draft.input[8:]
                yield replace(draft, input=(*kept[0], *GARBAGE, *kept[1]))


def nothing_selected() -> Iterator[Draft]:
    """Masks that are false everywhere, over operands that are fine."""
    rng = Random("nothing_selected")  # noqa: S311 - not for secrets
    for function in (KL, JS):
        for dtype in BOTH:
            yield logits(
                f"{function}: the mean of no sample is 0.",
                ("NothingSelected",),
                rng,
                (2, 3, 2),
                function=function,
                axis=1,
                where=(False,) * 4,
                where_shape=(2, 1, 2),
                dtype=dtype,
                reduction="mean",
            )
    # Sizes for which exp and log do not undo each other: log(exp(-log(15))) is not -log(15).
    for size, beta, dtype in ((15, 0.5, "float32"), (5, 0.1, "float32"), (50, 0.3, "float64")):
        for reduction in ("sum", "none"):
            yield logits(
                f"No part in {reduction!r}: beta={beta:g}, {size} words, nothing is selected.",
                ("NothingSelected",),
                rng,
                (2, size),
                function=JS,
                where=(False, False),
                where_shape=(2, 1),
                dtype=dtype,
                beta=beta,
                reduction=reduction,
            )
