"""Divergences from teachers known at some indices: tails, temperatures, axes, masks, gradients."""

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from mpmath import mp

from generate.groups import batches, first_axis
from generate.groups.batch_cases import WEIGHTED
from generate.operands import all_near, reduction_flags, softmax, uniform
from generate.sparse_draft import SparseDraft

ABOUT = (
    "Divergences from a teacher known by some entries: a bucket for the rest, nothing, or divided "
    "by their sum."
)
TAILS = ("bucket", "zero", "renormalize")
KINDS = ("log_probabilities", "probabilities")
SPARSE, TAIL, GRADIENT = "SparseTeacher", "SparseTail", "SparseGradient"
SAMPLES, SIZE, NUMBER = 3, 7, 3


def drafts() -> Iterator[SparseDraft]:
    """Every vector of the group."""
    rng = Random("sparse_teachers")  # noqa: S311 - not for secrets
    yield from tails(rng)
    yield from temperatures(rng)
    yield from whole_vocabularies(rng)
    yield from special(rng)
    yield from masked(rng)
    yield from gradients(rng)
    yield from batches.of_teachers()
    yield from batches.of_teachers(WEIGHTED)
    yield from first_axis.of_teachers()


def sparse(
    comment: str, flags: tuple[str, ...], rng: Random, number: int = NUMBER, **options: Any
) -> SparseDraft:
    """Vector on random logits and a random teacher, whose entries stand in no order."""
    dtype, kind = options.get("dtype", "float64"), options.get("target_is", KINDS[0])
    tables = softmax(rng, SAMPLES, SIZE)
    indices, target = [], []
    for row in range(SAMPLES):
        places = rng.sample(range(SIZE), number)
        chosen = [tables[row * SIZE + place] for place in places]
        indices += places
        target += [one if kind == "probabilities" else mp.log(one) for one in chosen]
    upstream = () if options.get("upstream") is None else (GRADIENT,)
    return SparseDraft(
        comment=comment,
        flags=(*flags, *upstream),
        **{
            "input": uniform(rng, SAMPLES * SIZE, -4.0, 4.0, dtype),
            "target": all_near(target, dtype),
            "indices": tuple(indices),
            "shape": (SAMPLES, SIZE),
            "target_shape": (SAMPLES, number),
        }
        | options,
    )


def tails(rng: Random) -> Iterator[SparseDraft]:
    """Three ways to take the rest, of both kinds of target."""
    for tail in TAILS:
        for kind in KINDS:
            for dtype in ("float32", "float64", "float16", "bfloat16"):
                yield sparse(
                    f"tail={tail!r}, {kind}: every sample by itself.",
                    (SPARSE, TAIL, *(("HalfPrecision",) if "16" in dtype else ())),
                    rng,
                    tail=tail,
                    target_is=kind,
                    dtype=dtype,
                    reduction="none",
                )
            for reduction in ("sum", "mean", "batchmean"):
                yield sparse(
                    f"tail={tail!r}, {kind}: {reduction!r}.",
                    (SPARSE, TAIL, *reduction_flags(reduction)),
                    rng,
                    tail=tail,
                    target_is=kind,
                    reduction=reduction,
                )
    yield sparse("One entry alone, and a bucket.", (SPARSE, TAIL), rng, 1)


def temperatures(rng: Random) -> Iterator[SparseDraft]:
    """Logits that are divided, probabilities that are not, and the square."""
    for temperature in (0.5, 2.0, 3.0):
        for tail in TAILS:
            for scale in (True, False):
                yield sparse(
                    f"T = {temperature}, tail={tail!r}: the temperature changes no target.",
                    (SPARSE, TAIL, "Temperature"),
                    rng,
                    temperature=temperature,
                    scale=scale,
                    tail=tail,
                )
        yield sparse(
            f"T = {temperature}, logits: it divides both.",
            (SPARSE, "Temperature"),
            rng,
            temperature=temperature,
            tail="renormalize",
            target_is="logits",
            target=uniform(rng, SAMPLES * NUMBER, -3.0, 3.0, "float64"),
        )


def whole_vocabularies(rng: Random) -> Iterator[SparseDraft]:
    """As many entries as there are words: nothing is left, in any order."""
    for kind in KINDS:
        for tail in TAILS:
            yield sparse(
                f"All words are named, tail={tail!r}: the divergence of all of them.",
                (SPARSE,),
                rng,
                SIZE,
                tail=tail,
                target_is=kind,
            )
    yield sparse(
        "Distributions along another axis than the last.",
        (SPARSE, TAIL),
        rng,
        axis=1,
        input=uniform(rng, 2 * 4 * 3, -4.0, 4.0, "float64"),
        shape=(2, 4, 3),
        target=(0.25, 0.5, 0.125, 0.125, 0.25, 0.5) * 2,
        indices=(0, 3, 1, 2, 0, 3, 1, 2, 0, 3, 1, 2),
        target_shape=(2, 2, 3),
        target_is="probabilities",
        reduction="none",
    )


def special(rng: Random) -> Iterator[SparseDraft]:
    """Forbidden words, padded entries, and students that are certain."""
    of_row = {"shape": (1, 4), "target_shape": (1, 2), "target_is": "probabilities"}
    forbidden = (0.5, -math.inf, 1.0, -math.inf)
    rows = {
        "A padded entry of probability 0, where the student forbids the word.": (
            (2, 1), (0.5, 0.0), forbidden, "bucket"),
        "The student forbids a word that the teacher names: infinite.": (
            (2, 1), (0.5, 0.25), forbidden, "bucket"),
        "The student forbids all words that the teacher does not name: infinite.": (
            (0, 2), (0.5, 0.25), forbidden, "bucket"),
        "Nothing is left of the teacher, and nothing of the student.": (
            (0, 2), (0.5, 0.5), forbidden, "bucket"),
        "Few of the words, of little mass: the truncated sum is negative.": (
            (1, 2), (0.125, 0.0625), (0.0, 0.0, 0.5, 0.0), "zero"),
        "A student that is certain of a word that the teacher does not name.": (
            (1, 2), (0.5, 0.25), (40.0, 0.0, 0.0, 0.0), "bucket"),
    }  # fmt: skip
    for comment, (indices, target, logits, tail) in rows.items():
        for dtype in ("float32", "float64"):
            yield sparse(
                comment,
                (SPARSE, TAIL),
                rng,
                indices=indices,
                target=target,
                input=logits,
                tail=tail,
                dtype=dtype,
                **of_row,
            )


def masked(rng: Random) -> Iterator[SparseDraft]:
    """Padding, whatever it holds."""
    for reduction in ("none", "mean", "batchmean"):
        for where in ((True, False, True), (False, False, False)):
            draft = sparse(
                f"{reduction!r}: {sum(where)} of 3 samples are selected.",
                (SPARSE, "MaskedGarbage", *(() if any(where) else ("NothingSelected",))),
                rng,
                where=where,
                where_shape=(SAMPLES, 1),
                reduction=reduction,
            )
            garbage = (math.nan, math.inf, -math.inf) + (math.nan,) * (SIZE - 3)
            kept = draft.input[:SIZE], draft.input[2 * SIZE :]
            yield replace(draft, input=(*kept[0], *garbage, *kept[1]))


def gradients(rng: Random) -> Iterator[SparseDraft]:
    """Derivatives of every tail, of every kind of target."""
    for tail in TAILS:
        for kind in KINDS:
            for dtype in ("float32", "float64"):
                yield sparse(
                    f"Gradient of tail={tail!r}, {kind}.",
                    (SPARSE, TAIL),
                    rng,
                    tail=tail,
                    target_is=kind,
                    dtype=dtype,
                    reduction="batchmean" if dtype == "float32" else "sum",
                    temperature=2.0,
                    upstream=1.0,
                )
    yield sparse(
        "Gradient with respect to the logits of the teacher.",
        (SPARSE,),
        rng,
        tail="renormalize",
        target_is="logits",
        temperature=2.0,
        upstream=3.0,
    )
