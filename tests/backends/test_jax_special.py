"""JAX: zeros, infinities and missing values, 16 bits, and operands without elements."""

import numpy as np
import pytest
import reference
from backends.jax_losses import BOTH_SPACES, jax, jnp, loss_of, operands
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import kl_div, kl_div_gradient

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")


@pytest.mark.few(1, 7)
@BOTH_SPACES
@pytest.mark.parametrize("way", ["eager", "compiled"])
def test_each_special_pair_is_as_the_contract_says(dtype, log_target, way):
    pairs = np.asarray(reference.every_pair(log_target))
    wrap = jax.jit if way == "compiled" else lambda function: function
    loss = wrap(loss_of(log_target))
    derivatives = wrap(jax.grad(loss_of(log_target), (0, 1)))
    eps = 4 * np.finfo(dtype).eps
    for x, t in pairs:
        # Among ordinary terms, whose sum is small.
        arrays = jnp.asarray([x, -1.0], dtype), jnp.asarray([t, 0.0 if log_target else 1.0], dtype)
        stored = [np.asarray(array, "float64") for array in arrays]
        exact = reference.loss(*stored, "sum", log_target)
        assert_allclose(loss(*arrays), exact, rtol=eps, atol=2 * eps)
        found = derivatives(*arrays)
        if not (np.isnan(x) or np.isnan(t)):
            exact = reference.gradient(stored[0][0], stored[1][0], log_target)
            assert_allclose([derivative[0] for derivative in found], exact, rtol=eps, atol=eps)
        assert_allclose([derivative[1] for derivative in found], (-1, 2), rtol=eps)


@pytest.mark.few(1, 1)
@BOTH_SPACES
def test_batch_of_special_rows_is_each_as_it_must_be(log_target):
    pairs = reference.every_pair(log_target)
    x, t = np.asarray(pairs).T
    rows = jnp.stack([jnp.asarray(x), jnp.full(x.shape, -1.0)], 1)
    targets = jnp.stack([jnp.asarray(t), jnp.full(t.shape, 0.3)], 1)
    values = jax.jit(jax.vmap(loss_of(log_target)))(rows, targets)
    exact = [reference.loss(*row, "sum", log_target) for row in zip(rows, targets, strict=True)]
    assert_allclose(values, exact, rtol=1e-14)


@pytest.mark.few(1, 3)
@BOTH_SPACES
@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_half_precision_is_added_up_in_float32_and_rounded_once(half, log_target):
    x, t = (array.astype(half) for array in operands(log_target))
    wide = [array.astype("float32") for array in (x, t)]
    for wrap in (lambda function: function, jax.jit):
        value = wrap(loss_of(log_target))(x, t)
        assert value.dtype == half
        assert value == loss_of(log_target)(*wide).astype(half)


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_gradient_has_the_type_of_its_operand(half):
    x, t = operands(zeros=False)
    for types in ((half, half), (half, "float32"), ("float32", half), ("float64", half)):
        arrays = x.astype(types[0]), t.astype(types[1])
        for gradient in (jax.grad(loss_of(), (0, 1)), jax.jit(jax.grad(loss_of(), (0, 1)))):
            assert [str(derivative.dtype) for derivative in gradient(*arrays)] == list(types)


@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_sum_of_half_precision_does_not_overflow_on_its_way(half):
    x, t = jnp.full((4, 40_000), -8, half), jnp.ones((4, 40_000), half)
    assert kl_div(x, t, reduction="mean") == 8


def test_half_precision_gradient_equals_the_closed_form():
    x, t = (array.astype("bfloat16") for array in operands(zeros=False))
    closed = kl_div_gradient(x, t, reduction="sum")
    for derivative, exact in zip(jax.grad(loss_of(), (0, 1))(x, t), closed, strict=True):
        assert_array_equal(derivative.astype("float32"), exact.astype("float32"))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_sum_of_nothing_is_zero_and_has_an_empty_gradient(shape):
    empty = jnp.zeros(shape)
    assert kl_div(empty, empty, reduction="sum") == 0
    assert jax.grad(loss_of())(empty, empty).shape == shape
