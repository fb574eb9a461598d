"""Batches: what 'batchmean' and 'mean' divide by, and what weighs a word, in every function."""

import math

import numpy as np
import pytest

import kldiv_xp
from kldiv_conformance import assert_conforms, vectors

FUNCTIONS = ["kl_div", *sorted({vector.function for vector in vectors() if vector.function})]
BOTH = pytest.mark.parametrize("kind", ["value", "gradient"])
EVERY = pytest.mark.parametrize("function", FUNCTIONS)


def of_words(function, kind, reduction):
    """Vectors whose samples fill two of three axes, and lie along the last one: the default."""
    default = None if function == "kl_div" else -1
    return [
        vector
        for vector in vectors()
        if (vector.function or "kl_div", vector.kind) == (function, kind)
        and len(vector.input.shape) == 3
        and vector.arguments["reduction"] == reduction
        and vector.arguments.get("axis", default) == -1
        and "reproducible" not in vector.arguments
    ]


def is_plain(vector):
    """Whether a loss that has neither masks nor temperatures can be judged by it."""
    return vector.where is None and vector.arguments.get("temperature", 1.0) == 1


def wrong_divisors(vector):
    """Numbers of all samples, of words, of selected ones, and of sentences that have any."""
    sentences, words, _ = vector.input.shape
    chosen = np.ones((sentences, words), dtype=bool)
    if vector.where is not None and math.prod(vector.where.shape) == chosen.size:
        chosen = np.reshape(vector.where.values, chosen.shape) != 0
    return {chosen.size, words, int(chosen.sum()), int(chosen.any(axis=1).sum())}


@BOTH
@EVERY
def test_every_function_has_a_batchmean_of_words_along_its_default_axis(function, kind):
    found = of_words(function, kind, "batchmean")
    assert any(map(is_plain, found))
    assert any(vector.where is not None for vector in found)
    assert {vector.input.dtype for vector in found} >= {"float32", "float64"}
    assert all("BatchOfWords" in vector.flags for vector in found)


@BOTH
@EVERY
def test_every_function_has_a_mean_of_words_with_and_without_a_mask(function, kind):
    found = of_words(function, kind, "mean")
    assert {vector.where is None for vector in found} == {True, False}


@BOTH
@EVERY
def test_some_masked_batchmean_tells_the_sentences_from_whatever_else_is_counted(function, kind):
    masked = [one for one in of_words(function, kind, "batchmean") if one.where is not None]
    assert any(vector.input.shape[0] not in wrong_divisors(vector) for vector in masked)


@EVERY
def test_some_mask_has_the_shape_of_the_samples(function):
    found = [
        vector
        for kind in ("value", "gradient")
        for reduction in ("batchmean", "mean")
        for vector in of_words(function, kind, reduction)
    ]
    shapes = {len(vector.where.shape) for vector in found if vector.where is not None}
    assert shapes == {2, 3}


def of_function(function):
    return [vector for vector in vectors() if (vector.function or "kl_div") == function]


# That of hidden states takes no axis.
@pytest.mark.parametrize("function", [one for one in FUNCTIONS if one != "linear_kl_div"])
@BOTH
def test_every_function_has_a_batchmean_of_classes_along_the_first_axis(function, kind):
    found = [
        vector
        for vector in of_function(function)
        if vector.kind == kind
        and vector.arguments.get("axis") == 0
        and vector.arguments["reduction"] == "batchmean"
        and vector.input.shape[0] != vector.input.shape[1]
    ]
    assert {len(vector.input.shape) for vector in found} >= (
        {2} if function == "sparse_kl_div_with_logits" else {2, 3}
    )


@EVERY
def test_every_function_has_gradients_of_elements_that_have_upstreams_of_their_own(function):
    found = [vector for vector in of_function(function) if "OwnUpstream" in vector.flags]
    assert {vector.input.dtype for vector in found} >= {"float32", "float64"}
    assert {vector.where is None for vector in found} == {True, False}
    for vector in found:
        assert vector.arguments["reduction"] == "none"
        repeats = "an array that repeats" in vector.comment  # as one that is broadcast does
        distinct = vector.upstream.shape[-1:] if repeats else vector.upstream.shape
        assert len(set(vector.upstream.values)) == math.prod(distinct)


def first_for_all(closed):
    """A gradient that takes the upstream derivative of the first element for all."""

    def wrong(*operands, upstream, **options):
        if isinstance(upstream, np.ndarray):
            upstream = float(upstream.reshape(-1)[0])
        return closed(*operands, upstream=upstream, **options)

    return wrong


@pytest.mark.few(1, 5)
@EVERY
def test_one_upstream_for_all_elements_is_convicted_and_named(function):
    names = FUNCTIONS[1:]
    closed = {f"{name}_gradient": getattr(kldiv_xp, f"{name}_gradient") for name in names}
    functions = {name: getattr(kldiv_xp, name) for name in names}
    found = [vector for vector in of_function(function) if "OwnUpstream" in vector.flags]
    for vector in found:
        right = {"gradient": kldiv_xp.kl_div_gradient, "functions": functions | closed}
        assert_conforms(kldiv_xp.kl_div, vector, **right)
        wrong = {name: first_for_all(one) for name, one in closed.items()}
        with pytest.raises(AssertionError, match="OwnUpstream"):
            assert_conforms(
                kldiv_xp.kl_div,
                vector,
                gradient=first_for_all(kldiv_xp.kl_div_gradient),
                functions=functions | wrong,
            )
