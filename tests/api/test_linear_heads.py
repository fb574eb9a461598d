"""Divergences from hidden states: values, and blocks of logits."""

import math

import numpy as np
import pytest
from api.linear_heads import HEADS, HIDDEN, SIZE, TARGET, WEIGHT, of_heads, of_logits
from api.logits import TOKENS
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose

from kldiv_xp import js_div_with_logits, kl_div_with_logits, linear_kl_div
from kldiv_xp.core import evaluate_linear

pytestmark = pytest.mark.usefixtures("small_blocks")


def test_it_is_the_loss_of_the_logits_block_by_block(backend):
    mask = backend.call(lambda array: array != 0, backend.array(TOKENS))
    spoiled = np.where(TOKENS, HIDDEN, math.nan), WEIGHT, *HEADS[2:]
    options = {"temperature": 2.0}
    whole, masked = backend.call(
        lambda hidden, *others: [
            of_heads(hidden, *others[:5], reduction="none", **options),
            of_heads(*others[5:], reduction="mean", **options),
        ],
        *map(backend.array, (*HEADS, *spoiled)),
        mask,
    )
    assert_allclose(backend.read(whole), of_logits(*HEADS, reduction="none", **options), rtol=1e-12)
    expected = of_logits(*HEADS, TOKENS, reduction="mean", **options)
    assert_allclose(backend.read(masked), expected, rtol=1e-12)


def test_target_may_be_given_and_a_sample_may_be_alone(holding_backend):
    backend = holding_backend
    p = np.exp(TARGET) / np.exp(TARGET).sum(-1, keepdims=True)
    given = {"logits": TARGET, "probabilities": p, "log_probabilities": np.log(p)}
    for kind, target in given.items():
        options = {"target_is": kind, "reduction": "sum"}
        operands = map(backend.array, (HIDDEN, WEIGHT, target))
        value = backend.values(linear_kl_div, *operands, **options)
        expected = kl_div_with_logits(HIDDEN @ WEIGHT.T, target, **options)
        assert_allclose(value, expected, rtol=1e-12)
    operands = map(backend.array, (HIDDEN[0, 0], WEIGHT, TARGET[0, 0]))
    value = backend.values(linear_kl_div, *operands, reduction="none")
    assert_allclose(value, kl_div_with_logits(HIDDEN[0, 0] @ WEIGHT.T, TARGET[0, 0]), rtol=1e-12)


def test_beta_makes_it_the_loss_of_a_mixture(holding_backend):
    backend = holding_backend
    p = np.exp(TARGET) / np.exp(TARGET).sum(-1, keepdims=True)
    options = {"temperature": 2.0, "reduction": "sum"}
    for kind, target in {"logits": TARGET, "probabilities": p}.items():
        for beta in (0.3, 1.0):
            operands = map(backend.array, (HIDDEN, WEIGHT, target))
            each = {**options, "target_is": kind, "beta": beta}
            value = backend.values(linear_kl_div, *operands, **each)
            expected = js_div_with_logits(HIDDEN @ WEIGHT.T, target, **each)
            assert_allclose(value, expected, rtol=1e-12)


def test_no_logits_of_all_tokens_are_made_in_torch(monkeypatch):
    usable("torch")
    from kldiv_xp.backends.torch import linear_blocks

    torch = library("torch")
    shapes = []

    def recorded(*arguments):
        arrays = evaluate_linear.operands_of(*arguments)
        shapes.append(tuple(arrays[0].shape))
        return arrays

    monkeypatch.setattr(linear_blocks, "operands_of", recorded)
    operands = [torch.tensor(one) for one in HEADS]
    operands[1].requires_grad_()
    of_heads(*operands).backward()
    assert shapes == [(4, SIZE), (2, SIZE)]  # with the value, and not once more


def test_no_logits_of_all_tokens_are_made_in_jax():
    usable("jax")
    jax = library("jax")
    arrays = [jax.numpy.asarray(one) for one in HEADS]
    text = str(jax.make_jaxpr(jax.grad(of_heads, argnums=(0, 1)))(*arrays))
    assert f"f64[4,{SIZE}]" in text or f"f64[3,{SIZE}]" in text
    assert f"f64[6,{SIZE}]" not in text


def test_numpy_holds_a_few_blocks():
    import tracemalloc

    hidden, weight = np.ones((600, 8), "f4"), np.ones((300, 8), "f4")
    linear_kl_div(hidden, weight, hidden, target_weight=weight)  # modules and code are memory, too
    tracemalloc.start()
    linear_kl_div(hidden, weight, hidden, target_weight=weight)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 600 * 300 * 4 / 3  # of what a thread keeps, less where it has kept it before
