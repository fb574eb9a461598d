"""Results of another dtype than that of the operands: wider ones, whose sums keep their digits."""

from collections.abc import Iterator
from random import Random
from typing import Any

from generate.draft import Draft
from generate.groups import hidden_states, sparse_teachers, tables
from generate.logits_draft import LogitsDraft
from generate.operands import (
    log_probabilities,
    reduction_flags,
    targets,
    uniform,
)

ABOUT = "dtype=: a result of another dtype than that of the operands, rounded to it once."
FLAG = "ResultDtype"
ROWS, SIZE = 3, 5
NUMBER = 1026


def drafts() -> Iterator[Draft]:
    """Every vector of the group."""
    rng = Random("result_dtypes")  # noqa: S311 - not for secrets
    yield from losses(rng)
    yield from overflowing()
    yield from of_logits(rng)
    yield from of_others(rng)
    yield from gradients(rng)


def said(dtype: str, result: str, reduction: str) -> str:
    """Words for a vector of these dtypes."""
    return f"{reduction!r} of {dtype} as {result}"


def loss(rng: Random, dtype: str, result: str, reduction: str, **options: Any) -> Draft:
    """Vector of the loss on random operands."""
    log_target = options.get("log_target", False)
    return Draft(
        comment=f"The loss, {said(dtype, result, reduction)}.",
        flags=(FLAG, *reduction_flags(reduction)),
        input=log_probabilities(rng, ROWS, SIZE, dtype),
        target=targets(rng, ROWS, SIZE, dtype, log_target=log_target),
        shape=(ROWS, SIZE),
        dtype=dtype,
        result_dtype=result,
        reduction=reduction,
        **options,
    )


def losses(rng: Random) -> Iterator[Draft]:
    """Losses as wider and as narrower numbers."""
    yield loss(rng, "float16", "float32", "sum")
    yield loss(rng, "bfloat16", "float32", "batchmean", log_target=True)
    yield loss(rng, "float16", "float32", "none", axis=-1)
    yield loss(rng, "float32", "float64", "sum")
    yield loss(rng, "float32", "float64", "none")
    yield loss(rng, "float32", "float16", "sum")


def overflowing() -> Iterator[Draft]:
    """A sum that the dtype of the operands does not hold."""
    yield Draft(
        comment=f"A sum of {NUMBER} terms beyond 65504, of float16 as float32.",
        flags=(FLAG, "Sum"),
        input=(-100.0, -101.0, -99.0) * (NUMBER // 3),
        target=(1.0, 0.5, 2.0) * (NUMBER // 3),
        shape=(NUMBER // 3, 3),
        dtype="float16",
        result_dtype="float32",
        reduction="sum",
    )


def logits(rng: Random, name: str, dtype: str, result: str, **options: Any) -> LogitsDraft:
    """Vector of a divergence of random logits."""
    reduction = options.get("reduction", "sum")
    return LogitsDraft(
        comment=f"{name}_div of logits, {said(dtype, result, reduction)}.",
        flags=(FLAG, *reduction_flags(reduction)),
        input=uniform(rng, ROWS * SIZE, -4.0, 4.0, dtype),
        target=uniform(rng, ROWS * SIZE, -4.0, 4.0, dtype),
        shape=(ROWS, SIZE),
        dtype=dtype,
        result_dtype=result,
        function=f"{name}_div_with_logits",
        **{"reduction": "sum"} | options,
    )


def of_logits(rng: Random) -> Iterator[LogitsDraft]:
    """Divergences of logits."""
    yield logits(rng, "kl", "float16", "float32")
    yield logits(rng, "kl", "bfloat16", "float32", reduction="batchmean", temperature=2.0)
    yield logits(rng, "js", "bfloat16", "float32")
    yield logits(rng, "js", "float32", "float64", beta=0.25)


def of_others(rng: Random) -> Iterator[Draft]:
    """Teachers known at some indices, two tables, and hidden states."""
    for dtype, result, reduction in (("float16", "float32", "sum"), ("float32", "float64", "none")):
        asked = {"dtype": dtype, "result_dtype": result, "reduction": reduction}
        flags = (FLAG, *reduction_flags(reduction))
        words = said(dtype, result, reduction)
        yield sparse_teachers.sparse(f"A sparse teacher, {words}.", flags, rng, **asked)
        yield tables.draft(f"js_div, {words}.", rng, (False, False), *flags, **asked)
    asked = {"dtype": "float64", "result_dtype": "float32", "reduction": "none"}
    words = said("float64", "float32", "none")
    yield hidden_states.states(f"Hidden states, {words}.", rng, FLAG, **asked)


def gradients(rng: Random) -> Iterator[Draft]:
    """Derivatives of such results: they have the dtypes of the operands."""
    yield loss(rng, "float16", "float32", "sum", upstream=1.0)
    yield loss(rng, "float32", "float64", "batchmean", upstream=-1.5, log_target=True)
    yield logits(rng, "kl", "bfloat16", "float32", upstream=1.0)
    yield logits(rng, "js", "float32", "float64", upstream=2.0)
