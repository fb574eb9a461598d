"""A draft on random logits."""

import math
from random import Random
from typing import Any

from generate.logits_draft import LogitsDraft
from generate.operands import uniform

KL, JS = "kl_div_with_logits", "js_div_with_logits"


def logits(
    comment: str, flags: tuple[str, ...], rng: Random, shape: tuple[int, ...], **options: Any
) -> LogitsDraft:
    """Vector on random logits."""
    dtype, size = options.get("dtype", "float64"), math.prod(shape)
    return LogitsDraft(
        comment=comment,
        flags=flags,
        input=uniform(rng, size, -4.0, 4.0, dtype),
        target=uniform(rng, size, -4.0, 4.0, dtype),
        shape=shape,
        **options,
    )


def gradient(
    comment: str, flags: tuple[str, ...], rng: Random, shape: tuple[int, ...], **options: Any
) -> LogitsDraft:
    """Vector on random logits that asks for both derivatives."""
    left, right = (
        options.get(name) or options.get("dtype", "float64")
        for name in ("input_dtype", "target_dtype")
    )
    size = math.prod(shape)
    reduced = () if options.get("reduction") == "none" else ("GradientReduction",)
    return LogitsDraft(
        comment=comment,
        flags=("LogitsGradient", *flags, *reduced),
        input=uniform(rng, size, -4.0, 4.0, left),
        target=uniform(rng, size, -4.0, 4.0, right),
        shape=shape,
        **{"upstream": 1.0} | options,
    )
