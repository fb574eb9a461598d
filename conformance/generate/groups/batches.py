"""Batches of sentences, where 'batchmean' divides by the number of sentences."""

import math
from collections.abc import Iterator, Sequence
from itertools import cycle
from random import Random
from typing import Any

from mpmath import mp

from generate.draft import Draft
from generate.groups.batch_cases import (
    EVERY,
    GRADIENTS,
    UPSTREAM,
    VALUES,
    Batch,
    drawn,
    littered,
)
from generate.groups.drawn_logits import JS, KL, gradient, logits
from generate.groups.sampled import sampled
from generate.linear_draft import LinearDraft
from generate.operands import all_near, log_probabilities, probabilities, softmax, uniform
from generate.sparse_draft import SparseDraft
from generate.tables_draft import TablesDraft

WIDTH, TOP = 2, 2


def of_logits(every: Sequence[Batch] = EVERY) -> Iterator[Draft]:
    """Losses of logits."""
    rng = drawn("logits", every)
    for function in (KL, JS):
        for batch in every:
            draw = logits if batch.upstream is None else gradient
            named = ("LogitsFormula",) if batch.upstream is None else ()
            flags = tuple(dict.fromkeys((*named, *batch.flags, *batch.heat)))
            options = batch.options | {"function": function}
            yield littered(draw(batch.said(function), flags, rng, options.pop("shape"), **options))
    if every is EVERY:
        yield from images(rng)


def images(rng: Random) -> Iterator[Draft]:
    """Images whose classes are the second axis."""
    flags = "LogitsFormula", "NamedAxes", "BatchMean"
    image: dict[str, Any] = {"axis": 1, "reduction": "batchmean", "dtype": "float32"}
    said = "of 2 images of 2 by 2 pixels along axis 1, 'batchmean': divided by 2."
    yield logits(f"{KL} {said}", flags, rng, (2, 3, 2, 2), function=KL, **image)
    flags = "NamedAxes", "Upstream"
    image |= {"upstream": UPSTREAM, "function": JS}
    yield gradient(f"Gradient of {JS} {said}", flags, rng, (2, 3, 2, 2), **image)


def of_tables(every: Sequence[Batch] = EVERY) -> Iterator[TablesDraft]:
    """The Jensen-Shannon divergence of two tables."""
    rng = drawn("tables", every)
    spaces = cycle(((True, False), (False, False), (True, True)))
    for batch in every:
        log_input, log_target = next(spaces)
        options, sides = batch.options, []
        rows = math.prod(batch.shape[:-1])
        for is_log in (log_input, log_target):
            draw = log_probabilities if is_log else probabilities
            sides.append(draw(rng, rows, batch.shape[-1], batch.dtype))
        options |= {"log_input": log_input, "log_target": log_target}
        options["beta"] = 0.5 if options.pop("temperature") == 1 else 0.25
        named = () if batch.upstream is None else ("MixtureOfTablesGradient",)
        flags = ("MixtureOfTables", *named, *batch.flags)
        pair = dict(zip(("input", "target"), sides, strict=True))
        yield littered(TablesDraft(comment=batch.said("js_div"), flags=flags, **pair, **options))


def of_teachers(every: Sequence[Batch] = EVERY) -> Iterator[SparseDraft]:
    """Teachers known by two words."""
    rng = drawn("teachers", every)
    for batch in every:
        rows, size = math.prod(batch.shape[:-1]), batch.shape[-1]
        table = softmax(rng, rows, size)
        places = [rng.sample(range(size), TOP) for _ in range(rows)]
        known = [mp.log(table[row * size + one]) for row in range(rows) for one in places[row]]
        named = () if batch.upstream is None else ("SparseGradient",)
        yield littered(
            SparseDraft(
                comment=batch.said("sparse_kl_div_with_logits"),
                flags=("SparseTeacher", "SparseTail", *named, *batch.flags, *batch.heat),
                input=uniform(rng, rows * size, -4.0, 4.0, batch.dtype),
                target=all_near(known, batch.dtype),
                indices=tuple(place for row in places for place in row),
                target_shape=(*batch.shape[:-1], TOP),
                **batch.options,
            )
        )


def of_states(every: Sequence[Batch] = EVERY) -> Iterator[LinearDraft]:
    """Hidden states of words."""
    rng = drawn("states", every)
    for batch in every:
        rows, size = math.prod(batch.shape[:-1]), batch.shape[-1]
        named = () if batch.upstream is None else ("HiddenStatesGradient",)
        options = batch.options | {"shape": (*batch.shape[:-1], WIDTH)}
        yield littered(
            LinearDraft(
                comment=batch.said("linear_kl_div"),
                flags=("HiddenStates", *named, *batch.flags, *batch.heat),
                input=uniform(rng, rows * WIDTH, -2.0, 2.0, batch.dtype),
                weight=uniform(rng, size * WIDTH, -1.5, 1.5, batch.dtype),
                weight_shape=(size, WIDTH),
                target=uniform(rng, rows * size, -3.0, 3.0, batch.dtype),
                target_shape=batch.shape,
                **options,
            )
        )


def of_terms() -> Iterator[Draft]:
    """The loss itself, whose samples are words, elements or pixels."""
    rng = drawn("terms", EVERY)
    yield from of_words(rng, (VALUES[1], VALUES[3], *GRADIENTS))
    where = tuple(place % 5 not in {1, 2} for place in range(12))
    alone: dict[str, Any] = {"dtype": "float64", "log_target": False, "where": where}
    for reduction, upstream, flags in (
        ("batchmean", None, ("BatchMean", "MaskedGarbage", "ManyAxes")),
        ("mean", UPSTREAM, ("MaskedGradient", "GradientReduction", "ManyAxes")),
    ):
        comment = f"Elements of three axes, some of them selected, {reduction!r}."
        options = alone | {"reduction": reduction, "upstream": upstream}
        yield sampled(comment, flags, rng, (2, 3, 2), **options)
    image: dict[str, Any] = {"axis": 1, "dtype": "float32", "log_target": True}
    flags = ("NamedAxes", "SampleAxis", "ManyAxes")
    for reduction, upstream, named in (
        ("mean", None, "Mean"),
        ("batchmean", UPSTREAM, "GradientReduction"),
    ):
        comment = f"2 images of 2 by 2 pixels along axis 1, {reduction!r}."
        options = image | {"reduction": reduction, "upstream": upstream}
        yield sampled(comment, (*flags, named), rng, (2, 3, 2, 2), **options)


def of_words(rng: Random, every: Sequence[Batch]) -> Iterator[Draft]:
    """The loss itself, of words."""
    spaces = cycle((False, True))
    for batch in every:
        options = batch.options | {"axis": -1, "log_target": next(spaces)}
        del options["temperature"]
        flags = ("SampleAxis", *batch.flags)
        yield sampled(batch.said("kl_div"), flags, rng, options.pop("shape"), **options)
