"""JAX: forward mode of hidden states; where it does not pass, a sentence that says what does."""

import importlib

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose

from kldiv_xp import kl_div, kl_div_with_logits, linear_kl_div, sparse_kl_div_with_logits

RNG = np.random.default_rng(7)
HIDDEN, WEIGHT, TEACHER = RNG.normal(size=(3, 3)), RNG.normal(size=(4, 3)), RNG.normal(size=(3, 4))
MASK = np.asarray([True, False, True])
PLACES, P = np.asarray([[0, 2], [1, 3], [3, 2]]), np.asarray([[0.25, 0.5], [0.5, 0.25], [0.5, 0.5]])
REPRODUCIBLE = (
    "A loss with reproducible=True has no forward mode in JAX (jax.jvp, jax.jacfwd, jax.hessian): "
    "take jax.grad or jax.jacrev of it, or call it with reproducible=False."
)
GIVEN = {"target_is": "probabilities"}


def same_bits(x, *, reproducible=True):
    target = library("jax.numpy").asarray(np.full((3, 3), 1 / 3, "float32"))
    return kl_div(x.astype("float32"), target, reduction="sum", reproducible=reproducible)


# A loss of hidden states, and that of their logits.
HEADS = {
    "whole teacher": (
        lambda x, w: linear_kl_div(x, w, of_jax(TEACHER), where=of_jax(MASK), reduction="mean"),
        lambda x, w: kl_div_with_logits(
            x @ w.T, of_jax(TEACHER), where=of_jax(MASK), reduction="mean"
        ),
    ),
    "a teacher at some indices": (
        lambda x, w: linear_kl_div(x, w, of_jax(P), indices=of_jax(PLACES), **GIVEN),
        lambda x, w: sparse_kl_div_with_logits(x @ w.T, of_jax(PLACES), of_jax(P), **GIVEN),
    ),
}
TRANSFORMATIONS = {
    "jvp": lambda jax, f, *x: jax.jvp(f, x, x)[1],
    "jacfwd": lambda jax, f, *x: jax.jacfwd(f, tuple(range(len(x))))(*x),
    "hessian": lambda jax, f, *x: jax.hessian(f, tuple(range(len(x))))(*x),
}


def instead(x):
    return same_bits(x, reproducible=False)


def of_jax(values):
    return library("jax.numpy").asarray(values)


@pytest.mark.few(0, 3)
@pytest.mark.parametrize("transformation", TRANSFORMATIONS)
def test_forward_mode_that_does_not_pass_is_told(transformation):
    usable("jax")
    jax = library("jax")
    x, transformed = of_jax(HIDDEN), TRANSFORMATIONS[transformation]
    with pytest.raises(TypeError) as caught:
        transformed(jax, same_bits, x)
    assert str(caught.value) == REPRODUCIBLE
    assert np.all(np.isfinite(transformed(jax, instead, x)))
    assert_allclose(jax.jacrev(same_bits)(x), jax.jacfwd(instead)(x), rtol=1e-5, atol=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("heads", HEADS)
@pytest.mark.parametrize("transformation", TRANSFORMATIONS)
# Bytes of all rows, and of two; one device makes the gradient with the loss.
@pytest.mark.parametrize(("size", "alone"), [(8 << 20, True), (32, True), (32, False)])
@pytest.mark.cases(1)
def test_forward_mode_of_hidden_states_is_that_of_their_logits(
    heads, transformation, size, alone, monkeypatch
):
    usable("jax")
    jax = library("jax")
    blocks = importlib.import_module("kldiv_xp.core.evaluate_linear")
    blocks_of_jax = importlib.import_module("kldiv_xp.backends.jax.linear")
    losses = importlib.import_module("kldiv_xp.backends.jax.linear_loss")
    monkeypatch.setattr(blocks, "BYTES_OF_LOGITS", size)
    for one in (blocks_of_jax, losses):
        monkeypatch.setattr(one, "is_alone", lambda: alone)
    jax.clear_caches()
    operands, transformed = (of_jax(HIDDEN), of_jax(WEIGHT)), TRANSFORMATIONS[transformation]
    found, expected = (transformed(jax, one, *operands) for one in HEADS[heads])
    for one, other in zip(*map(jax.tree.leaves, (found, expected)), strict=True):
        assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_other_errors_of_types_stay_what_they_are():
    usable("jax")
    module = importlib.import_module("kldiv_xp.backends.jax.forward_mode")

    def fails():
        raise TypeError("something else")

    with pytest.raises(TypeError, match="something else"):
        module.without_forward_mode(REPRODUCIBLE, fails)
    assert module.without_forward_mode(REPRODUCIBLE, abs, -1) == 1
