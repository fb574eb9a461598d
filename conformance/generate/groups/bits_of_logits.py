"""Divergences from logits that have the same bits in every library."""

import math
from collections.abc import Iterator
from itertools import cycle, product
from random import Random

from mpmath import mp, mpf

from generate.draft import Draft
from generate.logits_draft import LogitsDraft
from generate.operands import HALF, REDUCTIONS, all_near, near, softmax, uniform

DTYPES = ("float32", *HALF)
KINDS = ("logits", "probabilities", "log_probabilities")
INF, NAN = math.inf, math.nan
SPECIALS = (0.0, 1.0, -3.0, 60.0, -60.0, INF, -INF, NAN)


def drafts() -> Iterator[Draft]:
    """All such vectors."""
    rng = Random("bits of logits")  # noqa: S311 - not for secrets
    turns = cycle((1.0, 2.0, 0.7, 30.0))
    for dtype, kind in product(DTYPES, KINDS):
        for reduction, spread in product(REDUCTIONS, (8.0, 0.01)):
            yield draft(rng, dtype, kind, (3, 8), spread, reduction, temperature=next(turns))
        for reduction in REDUCTIONS[1:]:
            upstream, temperature = near(-1.7, dtype), next(turns)
            options = {"upstream": upstream, "temperature": temperature, "scale": False}
            yield draft(rng, dtype, kind, (4, 6), 2.0, reduction, **options)
        mask = {"where": (True, False, True), "where_shape": (3, 1)}
        yield draft(rng, dtype, kind, (3, 5), 1.0, "mean", temperature=2.0, **mask)
        yield draft(rng, dtype, kind, (3, 5), 1.0, "mean", upstream=1.0, **mask)
        yield draft(rng, dtype, kind, (5, 3), 1.0, "none", axis=0)
    for dtype, upstream in product(DTYPES, (None, 1.0)):
        yield specials(dtype, upstream)
    for dtype in DTYPES:
        yield from mixtures(rng, dtype)


def mixtures(rng: Random, dtype: str) -> Iterator[Draft]:
    """Jensen-Shannon divergences, also at the ends of beta and very near to them."""
    turns = cycle((1.0, 2.0, 0.7, 30.0))
    for beta, spread in product((0.0, 2.0**-60, 0.1, 0.5, 0.9, 1.0), (8.0, 0.01)):
        options = {"function": "js_div_with_logits", "beta": beta, "temperature": next(turns)}
        yield draft(rng, dtype, "logits", (3, 8), spread, "none", **options)
        yield draft(rng, dtype, "logits", (3, 8), spread, "sum", upstream=-1.75, **options)
    options = {"function": "js_div_with_logits", "where": (True, False, True)}
    options["where_shape"] = (3, 1)
    yield draft(rng, dtype, "logits", (3, 5), 1.0, "mean", **options)
    yield draft(rng, dtype, "logits", (3, 5), 1.0, "mean", upstream=1.0, **options)
    options = {"function": "js_div_with_logits", "temperature": 3.0, "axis": 0, "scale": False}
    yield draft(rng, dtype, "logits", (5, 3), 1.0, "batchmean", **options)
    for upstream in (None, 1.0):
        yield specials(dtype, upstream, function="js_div_with_logits")


def draft(
    rng: Random,
    dtype: str,
    kind: str,
    shape: tuple[int, int],
    spread: float,
    reduction: str,
    **options: object,
) -> Draft:
    """A call on two rows that differ by so much."""
    count = math.prod(shape)
    logits = uniform(rng, count, -9.0, 9.0, dtype)
    p = softmax(rng, 1, count, spread=6.0)
    given = {"logits": logits, "probabilities": p, "log_probabilities": [mp.log(one) for one in p]}
    target = [mpf(one) for one in given[kind]]
    if kind == "probabilities":
        target[1] = mpf(0)
    start = logits if kind != "log_probabilities" else target
    moved = [mpf(one) + spread * (rng.random() - 0.5) for one in start]
    moved[0] = mpf("-inf") if kind == "probabilities" and reduction == "sum" else moved[0]
    return LogitsDraft(
        comment=f"Logits of {dtype} against {kind.replace('_', '-')}, {spread:g} apart at most.",
        flags=("SameBits",),
        input=all_near(moved, dtype),
        target=all_near(target, dtype),
        shape=shape,
        dtype=dtype,
        target_is=kind,
        reduction=reduction,
        reproducible=True,
        **options,  # type: ignore[arg-type]
    )


def specials(dtype: str, upstream: float | None, **options: str) -> Draft:
    """Every special logit beside 0 against every other."""
    pairs = list(product(all_near(SPECIALS, dtype), repeat=2))
    return LogitsDraft(
        comment=f"Special logits of {dtype} beside 0, each against each.",
        flags=("SameBits", "MissingValue"),
        input=tuple(one for x, _ in pairs for one in (x, 0.0)),
        target=tuple(one for _, t in pairs for one in (t, 0.0)),
        shape=(len(pairs), 2),
        dtype=dtype,
        reduction="none" if upstream is None else "sum",
        upstream=upstream,
        reproducible=True,
        **options,  # type: ignore[arg-type]
    )
