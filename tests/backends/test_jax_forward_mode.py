"""JAX: where forward mode does not pass, a sentence says so, and what it says to do passes."""

import importlib

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose

from kldiv_xp import kl_div, kl_div_with_logits, linear_kl_div, sparse_kl_div_with_logits

RNG = np.random.default_rng(7)
HIDDEN, WEIGHT, TEACHER = RNG.normal(size=(2, 3)), RNG.normal(size=(4, 3)), RNG.normal(size=(2, 4))
PLACES, P = np.asarray([[0, 2], [1, 3]]), np.asarray([[0.25, 0.5], [0.5, 0.25]])
OF_HEADS = (
    "linear_kl_div has no forward mode in JAX (jax.jvp, jax.jacfwd, jax.hessian): take jax.grad or "
    "jax.jacrev, or pass input @ weight.T + bias to kl_div_with_logits, with indices to "
    "sparse_kl_div_with_logits."
)
REPRODUCIBLE = (
    "A loss with reproducible=True has no forward mode in JAX (jax.jvp, jax.jacfwd, jax.hessian): "
    "take jax.grad or jax.jacrev of it, or call it with reproducible=False."
)
GIVEN = {"target_is": "probabilities"}


def same_bits(x, *, reproducible=True):
    target = library("jax.numpy").asarray(np.full((2, 3), 1 / 3, "float32"))
    return kl_div(x.astype("float32"), target, reduction="sum", reproducible=reproducible)


# Sentence, the loss, and what the sentence says to call instead, of hidden states.
CALLS = {
    "hidden states": (
        OF_HEADS,
        lambda x: linear_kl_div(x, weight(), of_jax(TEACHER)),
        lambda x: kl_div_with_logits(x @ weight().T, of_jax(TEACHER)),
    ),
    "hidden states and indices": (
        OF_HEADS,
        lambda x: linear_kl_div(x, weight(), of_jax(P), indices=of_jax(PLACES), **GIVEN),
        lambda x: sparse_kl_div_with_logits(x @ weight().T, of_jax(PLACES), of_jax(P), **GIVEN),
    ),
    "the same bits": (REPRODUCIBLE, same_bits, lambda x: same_bits(x, reproducible=False)),
}


def of_jax(values):
    return library("jax.numpy").asarray(values)


def weight():
    return of_jax(WEIGHT)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("transformation", ["jvp", "jacfwd", "hessian"])
def test_forward_mode_that_does_not_pass_is_told(call, transformation):
    usable("jax")
    jax = library("jax")
    sentence, loss, instead = CALLS[call]
    x = of_jax(HIDDEN)
    transformed = {
        "jvp": lambda f: jax.jvp(f, (x,), (x,))[1],
        "jacfwd": lambda f: jax.jacfwd(f)(x),
        "hessian": lambda f: jax.hessian(f)(x),
    }[transformation]
    with pytest.raises(TypeError) as caught:
        transformed(loss)
    assert str(caught.value) == sentence
    assert np.all(np.isfinite(transformed(instead)))
    assert_allclose(jax.jacrev(loss)(x), jax.jacfwd(instead)(x), rtol=1e-5, atol=1e-6)


def test_other_errors_of_types_stay_what_they_are():
    usable("jax")
    module = importlib.import_module("kldiv_xp.backends.jax_forward_mode")

    def fails():
        raise TypeError("something else")

    with pytest.raises(TypeError, match="something else"):
        module.without_forward_mode(OF_HEADS, fails)
    assert module.without_forward_mode(OF_HEADS, abs, -1) == 1
