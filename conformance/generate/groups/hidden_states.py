"""Divergences from hidden states: biases, two layers, mixtures, sparse teachers, gradients."""

import math
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from mpmath import mp

from generate.groups import batches
from generate.groups.batch_cases import WEIGHTED
from generate.linear_draft import LinearDraft
from generate.operands import BOTH, REDUCTIONS, all_near, reduction_flags, softmax, uniform

ABOUT = "linear_kl_div: divergences of logits that are made of hidden states and a weight."
HIDDEN, GRADIENT = "HiddenStates", "HiddenStatesGradient"
ROWS, WIDTH, OTHER, SIZE, TOP = 3, 4, 2, 6, 2
KINDS = ("logits", "probabilities", "log_probabilities")


def drafts() -> Iterator[LinearDraft]:
    """Every vector of the group."""
    rng = Random("hidden_states")  # noqa: S311 - not for secrets
    for upstream in (None, 1.0):
        yield from layers(rng, upstream)
        yield from targets(rng, upstream)
        yield from sparse(rng, upstream)
    yield from reduced(rng)
    yield from forbidden(rng)
    yield from batches.of_states()
    yield from batches.of_states(WEIGHTED)


def states(comment: str, rng: Random, *flags: str, **options: Any) -> LinearDraft:
    """Vector on random hidden states, a random weight, and random logits of the teacher."""
    dtype = options.get("dtype", "float64")
    named = () if options.get("upstream") is None else (GRADIENT,)
    return LinearDraft(
        comment=comment,
        flags=(HIDDEN, *named, *flags),
        **{
            "input": uniform(rng, ROWS * WIDTH, -2.0, 2.0, dtype),
            "shape": (ROWS, WIDTH),
            "weight": uniform(rng, SIZE * WIDTH, -1.5, 1.5, dtype),
            "weight_shape": (SIZE, WIDTH),
            "target": uniform(rng, ROWS * SIZE, -3.0, 3.0, dtype),
            "target_shape": (ROWS, SIZE),
        }
        | options,
    )


def asked(upstream: float | None) -> tuple[str, dict[str, Any]]:
    """Words and options of a vector that asks for the samples, or for the gradient."""
    if upstream is None:
        return "Every sample", {"reduction": "none"}
    return "Gradient", {"reduction": "sum", "upstream": upstream}


def layers(rng: Random, upstream: float | None) -> Iterator[LinearDraft]:
    """Biases, layers of a teacher of another width, temperatures, and weights of a mixture."""
    said, options = asked(upstream)
    for dtype in BOTH:
        options |= {"dtype": dtype}
        bias = uniform(rng, SIZE, -1.0, 1.0, dtype)
        head = {
            "target": uniform(rng, ROWS * OTHER, -2.0, 2.0, dtype),
            "target_shape": (ROWS, OTHER),
            "target_weight": uniform(rng, SIZE * OTHER, -1.5, 1.5, dtype),
            "target_weight_shape": (SIZE, OTHER),
        }
        yield states(f"{said}, without a bias.", rng, **options)
        yield states(f"{said}, with a bias.", rng, bias=bias, **options)
        yield states(f"{said}, of two layers.", rng, **head, **options)
        biases = {"bias": bias, "target_bias": uniform(rng, SIZE, -1.0, 1.0, dtype)}
        yield states(f"{said}, of two layers with biases.", rng, **biases, **head, **options)
        for temperature, scale in ((3.0, True), (0.5, False)):
            comment = f"{said}, T = {temperature}, {'' if scale else 'not '}scaled, a bias."
            heat = {"temperature": temperature, "scale": scale, "bias": bias}
            yield states(comment, rng, "Temperature", **heat, **options)
        for beta in (0.3, 1.0):
            yield states(f"{said}, beta={beta}.", rng, beta=beta, temperature=2.0, **options)


def targets(rng: Random, upstream: float | None) -> Iterator[LinearDraft]:
    """Probabilities of the teacher, which the temperature does not change."""
    said, options = asked(upstream)
    for kind, beta in zip(KINDS[1:], (0.0, 0.3), strict=True):
        table = softmax(rng, ROWS, SIZE)
        values = table if kind == "probabilities" else [mp.log(one) for one in table]
        yield states(
            f"{said}, from {kind}, beta={beta}.",
            rng,
            target=all_near(values, "float64"),
            target_is=kind,
            temperature=2.0,
            beta=beta,
            **options,
        )


def sparse(rng: Random, upstream: float | None) -> Iterator[LinearDraft]:
    """Teachers known at some indices."""
    said, options = asked(upstream)
    for tail, kind in (
        *((tail, kind) for tail in ("bucket", "zero", "renormalize") for kind in KINDS[1:]),
        ("renormalize", "logits"),
    ):
        table, indices, values = softmax(rng, ROWS, SIZE), [], []
        for row in range(ROWS):
            places = rng.sample(range(SIZE), TOP)
            indices += places
            values += [table[row * SIZE + place] for place in places]
        values = values if kind == "probabilities" else [mp.log(one) for one in values]
        yield states(
            f"{said}, of a sparse teacher, {kind}, tail={tail!r}.",
            rng,
            "SparseTeacher",
            target=all_near(values, "float64"),
            target_shape=(ROWS, TOP),
            indices=tuple(indices),
            target_is=kind,
            tail=tail,
            temperature=2.0,
            **options,
        )


def reduced(rng: Random) -> Iterator[LinearDraft]:
    """Reductions, with and without padding."""
    for reduction in REDUCTIONS[1:]:
        yield states(
            f"Reduced by {reduction!r}.", rng, *reduction_flags(reduction), reduction=reduction
        )
    for reduction in REDUCTIONS:
        for where in ((True, False, True), (False, False, False)):
            none = () if any(where) else ("NothingSelected",)
            draft = states(
                f"{reduction!r}: {sum(where)} of 3 samples are selected.",
                rng,
                *("MaskedGarbage", *none),
                where=where,
                where_shape=(ROWS, 1),
                reduction=reduction,
                upstream=2.0 if reduction == "mean" else None,
            )
            garbage = (math.nan, math.inf, -math.inf, math.nan)
            kept = draft.input[:WIDTH], draft.input[2 * WIDTH :]
            yield replace(draft, input=(*kept[0], *garbage, *kept[1]))


def forbidden(rng: Random) -> Iterator[LinearDraft]:
    """Words that the teacher forbids, and those that both do, by a bias of -inf."""
    for dtype in BOTH:
        target = uniform(rng, ROWS * SIZE, -3.0, 3.0, dtype)
        target = tuple(-math.inf if place % SIZE == 1 else one for place, one in enumerate(target))
        options = {"target": target, "dtype": dtype, "reduction": "none"}
        yield states("A word that the teacher forbids.", rng, **options)
        bias = (0.5, -math.inf, 0.0, -1.0, 2.0, 0.25)
        yield states("A word that both forbid, by a bias of -inf.", rng, bias=bias, **options)
