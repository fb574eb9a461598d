"""JAX: every transformation of the loss has the derivatives of the contract."""

from functools import partial

import numpy as np
import pytest
from backends.jax_losses import BOTH_SPACES, REDUCED, SHAPE, expected, jax, jnp, loss_of, operands
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import kl_div, kl_div_gradient

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")


@pytest.mark.few(1, 5)
@BOTH_SPACES
@REDUCED
def test_value_and_gradient_together_are_those_of_the_contract(log_target, reduced):
    x, t = operands(log_target)
    parts = {"sum": 1, "batchmean": 3, "mean": 12}[reduced]
    value, by_input, by_target = expected(x, t, log_target)
    loss = loss_of(log_target, reduced)
    for function in (jax.value_and_grad(loss, (0, 1)), jax.jit(jax.value_and_grad(loss, (0, 1)))):
        found, derivatives = function(x, t)
        assert_allclose(found, value / parts, rtol=1e-14)
        assert_allclose(derivatives[0], by_input / parts, rtol=1e-14)
        assert_allclose(derivatives[1], by_target / parts, rtol=1e-13)
    assert_allclose(jax.jit(loss)(x, t), loss(x, t), rtol=1e-15)


@pytest.mark.few(1, 3)
@BOTH_SPACES
@pytest.mark.parametrize("argument", [0, 1])
def test_one_operand_alone_may_be_differentiated(log_target, argument):
    x, t = operands(log_target)
    derivative = jax.grad(loss_of(log_target), argument)(x, t)
    assert_allclose(derivative, expected(x, t, log_target)[1 + argument], rtol=1e-13)


def test_derivative_by_input_does_not_need_the_derivative_by_target():
    x, t = operands(zeros=False)
    both = jax.make_jaxpr(jax.grad(loss_of(), (0, 1)))(x, t)
    one = jax.make_jaxpr(jax.grad(loss_of(), 0))(x, t)
    assert str(one).count(" log ") < str(both).count(" log ")


@pytest.mark.few(2, 4)
@BOTH_SPACES
@REDUCED
def test_masked_terms_have_no_part_in_the_value_and_in_its_gradient(log_target, reduced):
    arrays, mask = operands(log_target), np.arange(12).reshape(SHAPE) % 5 > 0
    options = {"reduction": reduced, "log_target": log_target}
    loss = partial(kl_div, **options, where=jnp.asarray(mask))
    value, derivatives = jax.jit(jax.value_and_grad(loss, (0, 1)))(*arrays)
    on_host = [np.asarray(array) for array in arrays]
    assert_allclose(value, kl_div(*on_host, **options, where=mask), rtol=1e-14)
    for derivative, closed in zip(
        derivatives, kl_div_gradient(*on_host, **options, where=mask), strict=True
    ):
        assert_allclose(derivative, closed, rtol=1e-13)


@pytest.mark.few(1, 1)
@BOTH_SPACES
def test_forward_and_reverse_mode_agree(log_target):
    x, t = operands(log_target)
    rng = np.random.default_rng(2)
    moves = tuple(jnp.asarray(rng.normal(size=SHAPE)) for _ in range(2))
    value, moved = jax.jvp(loss_of(log_target), (x, t), moves)
    again, pull = jax.vjp(loss_of(log_target), x, t)
    derivatives = pull(jnp.asarray(1.0))
    assert value == again
    products = [
        np.sum(np.asarray(s) * np.asarray(m)) for s, m in zip(derivatives, moves, strict=True)
    ]
    assert_allclose(moved, sum(products), rtol=1e-13)
    value, along = jax.linearize(loss_of(log_target), x, t)
    assert_allclose(along(*moves), moved, rtol=1e-13)


@BOTH_SPACES
def test_upstream_derivative_scales_the_gradient(log_target):
    x, t = operands(log_target)
    _, pull = jax.vjp(loss_of(log_target), x, t)
    one, three = pull(jnp.asarray(1.0)), pull(jnp.asarray(3.0))
    for single, triple in zip(one, three, strict=True):
        assert_allclose(triple, 3 * single, rtol=1e-15)


@pytest.mark.slow
def test_hessian_is_that_of_the_formula():
    x, t = (a[0] for a in operands(zeros=False))
    (xx, xt), (tx, tt) = jax.hessian(loss_of(), (0, 1))(x, t)
    assert_array_equal(xx, np.zeros((4, 4)))
    assert_allclose(xt, -np.eye(4), atol=1e-15)
    assert_allclose(tx, -np.eye(4), atol=1e-15)
    assert_allclose(tt, np.diag(1 / np.asarray(t)), rtol=1e-14)


def test_hessian_in_log_space_is_that_of_the_formula():
    x, t = (a[0] for a in operands(log_target=True, zeros=False))
    (xx, xt), (_, tt) = jax.hessian(loss_of(log_target=True), (0, 1))(x, t)
    p, ratio = np.exp(t), np.asarray(t - x)
    assert_array_equal(xx, np.zeros((4, 4)))
    assert_allclose(xt, np.diag(-p), rtol=1e-14)
    assert_allclose(tt, np.diag(p * (ratio + 2)), rtol=1e-13)


@pytest.mark.few(1, 1)
@BOTH_SPACES
def test_hessian_is_finite_at_zero_targets(log_target):
    x, t = operands(log_target)
    x = jnp.where(jnp.isinf(x), -2.0, x)
    hessian = jax.jit(jax.hessian(loss_of(log_target), (0, 1)))(x, t)
    assert all(bool(jnp.isfinite(part).all()) for row in hessian for part in row)


@pytest.mark.few(1, 1)
@BOTH_SPACES
def test_mapped_loss_is_the_loss_of_each(log_target):
    x, t = operands(log_target)
    apart = [loss_of(log_target)(a, b) for a, b in zip(x, t, strict=True)]
    for mapped in (jax.vmap(loss_of(log_target)), jax.jit(jax.vmap(loss_of(log_target)))):
        assert_allclose(mapped(x, t), apart, rtol=1e-15)


@BOTH_SPACES
def test_one_operand_alone_may_be_mapped(log_target):
    x, t = operands(log_target)
    mapped = jax.vmap(loss_of(log_target), (None, 0))(x[0], t)
    assert_allclose(mapped, [loss_of(log_target)(x[0], row) for row in t], rtol=1e-15)


@BOTH_SPACES
def test_compiled_map_of_gradients_is_the_gradient_of_each(log_target):
    x, t = operands(log_target)
    gradient = jax.grad(loss_of(log_target), (0, 1))
    by_input, by_target = jax.jit(jax.vmap(gradient))(x, t)
    _, exact_input, exact_target = expected(x, t, log_target)
    assert_allclose(by_input, exact_input, rtol=1e-14)
    assert_allclose(by_target, exact_target, rtol=1e-13)


def test_gradient_of_a_softmax_is_the_textbook_difference():
    rng = np.random.default_rng(3)
    logits, p = jnp.asarray(rng.normal(size=SHAPE)), jnp.asarray(rng.dirichlet(np.ones(4), 3))
    p = p.at[0].set(jnp.asarray([0.0, 0.0, 1.0, 0.0]))
    gradient = jax.jit(jax.grad(lambda z: kl_div(jax.nn.log_softmax(z), p, reduction="sum")))
    assert_allclose(gradient(logits), jax.nn.softmax(logits) - p, rtol=1e-12, atol=1e-15)


def test_loss_may_be_recomputed_scanned_and_looped():
    x, t = operands(zeros=False)
    exact = expected(x, t)[1]
    remade = jax.grad(jax.checkpoint(loss_of()))(x, t)
    assert_allclose(remade, exact, rtol=1e-14)

    def scanned(x):
        return jax.lax.scan(lambda s, row: (s + loss_of()(*row), None), 0.0, (x, t))[0]

    assert_allclose(jax.grad(scanned)(x), exact, rtol=1e-14)
