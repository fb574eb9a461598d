"""A draft on random distributions with `axis` and `where`, and garbage where it must not show."""

import math
from dataclasses import replace
from itertools import cycle
from random import Random
from typing import Any

from generate.draft import Draft
from generate.operands import Values, log_probabilities, targets
from generate.samples import selection

INF, NAN = math.inf, math.nan
GARBAGE = (
    (NAN, 0.5),
    (INF, -1.0),
    (-INF, INF),
    (-1.0, NAN),
    (NAN, NAN),
    (-INF, 0.25),
    (-2.0, -INF),
)


def sampled(
    comment: str, flags: tuple[str, ...], rng: Random, shape: tuple[int, ...], **options: Any
) -> Draft:
    """Vector on random distributions along the last axis."""
    dtype, log_target = options["dtype"], options["log_target"]
    rows, columns = math.prod(shape[:-1]), shape[-1]
    draft = Draft(
        comment=comment,
        flags=(*flags, *(("LogTarget",) if log_target else ())),
        input=log_probabilities(rng, rows, columns, dtype),
        target=targets(rng, rows, columns, dtype, log_target=log_target),
        shape=shape,
        **options,
    )
    return littered(draft)


def littered(draft: Draft) -> Draft:
    """The same with garbage in every place that is not selected."""
    garbage = cycle(GARBAGE)
    pairs = zip(draft.input, draft.target, selection(draft), strict=True)
    kept = [(log_q, target) if chosen else next(garbage) for log_q, target, chosen in pairs]
    columns: list[Values] = [tuple(pair[side] for pair in kept) for side in (0, 1)]
    return replace(draft, input=columns[0], target=columns[1])
