"""MLX: the losses under mx.grad and mx.compile, on its CPU."""

from functools import partial

import numpy as np
import pytest
from conftest import usable
from numpy.testing import assert_allclose

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)

RNG = np.random.default_rng(13)
Q, P = RNG.dirichlet(np.ones(6), (2, 5)).astype("float32")
LOG_Q = np.log(Q)
MASK = RNG.uniform(size=P.shape) > 0.3
PAIRS = {
    "kl": (kl_div, kl_div_gradient, {"reduction": "sum"}),
    "masked": (kl_div, kl_div_gradient, {"reduction": "sum", "where": MASK}),
    "log target": (kl_div, kl_div_gradient, {"reduction": "batchmean", "log_target": True}),
    "logits": (kl_div_with_logits, kl_div_with_logits_gradient, {"temperature": 2.0}),
    "js": (js_div_with_logits, js_div_with_logits_gradient, {}),
}


@pytest.fixture
def backend():
    return usable("mlx")


def operands(backend, name):
    target = np.log(P) if name == "log target" else P
    return [backend.array(one, "float32") for one in (LOG_Q, target)]


def problem(backend, name):
    """Loss and gradient with their options, and operands."""
    loss, gradient, options = PAIRS[name]
    where = {"where": backend.make(MASK, "bool")} if "where" in options else {}
    chosen = {**options, **where}
    return partial(loss, **chosen), partial(gradient, **chosen), operands(backend, name)


@pytest.mark.parametrize("name", PAIRS)
def test_derivatives_by_mlx_are_those_of_the_gradient(backend, name):
    import mlx.core as mx

    loss, gradient, arrays = problem(backend, name)
    by_mlx = mx.grad(loss, argnums=(0, 1))(*arrays)
    for one, other in zip(by_mlx, gradient(*arrays), strict=True):
        assert_allclose(backend.read(one), backend.read(other), rtol=2e-4, atol=2e-6)


@pytest.mark.long
def test_compiled_losses_and_their_derivatives_are_the_same(backend):
    import mlx.core as mx

    # Its C++ compiler takes a minute for the derivative of Jensen-Shannon.
    for name, function in (("kl", mx.grad), ("masked", mx.grad), ("logits", lambda loss: loss)):
        loss, _, arrays = problem(backend, name)
        found = mx.compile(function(loss))(*arrays)
        expected = backend.read(function(loss)(*arrays))
        assert_allclose(backend.read(found), expected, rtol=1e-5, atol=1e-7)


def test_derivative_is_0_where_the_target_is_0_and_the_input_impossible(backend):
    import mlx.core as mx

    impossible = backend.array([[-np.inf, 0.0]], "float32"), backend.array([[0.0, 1.0]], "float32")
    derivatives = mx.grad(partial(kl_div, reduction="sum"), argnums=(0, 1))(*impossible)
    assert [backend.read(one).tolist() for one in derivatives] == [[[0, -1]], [[0, 1]]]


@pytest.mark.parametrize("temperature", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("loss", [kl_div_with_logits, js_div_with_logits])
def test_gradient_does_not_depend_on_the_size_of_logits(backend, loss, temperature):
    import mlx.core as mx

    gradient = mx.grad(partial(loss, temperature=temperature), (0, 1))
    around = gradient(*operands(backend, "logits"))
    far = gradient(*(one + 96.0 for one in operands(backend, "logits")))
    for one, other in zip(around, far, strict=True):
        assert_allclose(backend.read(other), backend.read(one), rtol=1e-3, atol=1e-6)
