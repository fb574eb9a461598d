"""JAX: a temperature or beta that is an array has derivatives in closed form, of any order."""

from functools import partial

import numpy as np
import pytest

from kldiv_xp import js_div_with_logits, kl_div_with_logits

jax = pytest.importorskip("jax", reason="JAX is not installed")

import jax.numpy as jnp  # noqa: E402 - JAX may be missing

from kldiv_xp.backends.jax import rows_at_arrays  # noqa: E402 - which needs JAX

MASK = jnp.asarray([True, False, True])
LOSSES = {
    "kl": (kl_div_with_logits, (2.25,)),
    "kl, masked": (partial(kl_div_with_logits, where=MASK), (2.25,)),
    "js": (js_div_with_logits, (2.25, 0.3125)),
    "js, at an end": (js_div_with_logits, (2.25, 1.0)),
    "js, hot": (lambda x, t, b: js_div_with_logits(x, t, temperature=2.0**101, beta=b), (0.25,)),
}
EVERY_LOSS = pytest.mark.parametrize("name", LOSSES)


@pytest.fixture
def wide():
    with jax.enable_x64(new_val=True):
        yield


def operands(dtype=np.float64):
    random = np.random.default_rng(0)
    return [jnp.asarray(one, dtype) for one in random.normal(size=(2, 3, 7))]


def loss_of(name):
    """Function of operands and numbers."""
    loss, numbers = LOSSES[name]
    if name == "js, hot":
        return loss, numbers
    names = ("temperature", "beta")[: len(numbers)]
    return lambda x, t, *given: loss(x, t, **dict(zip(names, given, strict=True))), numbers


def textbook(x, t, temperature, beta=None):
    log_q, log_p = (jax.nn.log_softmax(one / temperature) for one in (x, t))
    p, q = jnp.exp(log_p), jnp.exp(log_q)
    if beta is None:
        return temperature**2 * jnp.sum(p * (log_p - log_q)) / len(x)
    log_m = jnp.log(beta * p + (1 - beta) * q)
    both = beta * p * (log_p - log_m) + (1 - beta) * q * (log_q - log_m)
    return temperature**2 * jnp.sum(both) / len(x)


@pytest.mark.long
@pytest.mark.parametrize("name", ["kl", "js"])
def test_first_and_second_derivatives_are_those_of_the_textbook(wide, name):
    loss, numbers = loss_of(name)
    given = (*operands(), *map(jnp.asarray, numbers))
    places = tuple(range(len(given)))
    for way in (jax.grad, jax.hessian):
        found, expected = (jax.jit(way(one, places))(*given) for one in (loss, textbook))
        for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.few(0, 1)
@EVERY_LOSS
def test_mapped_numbers_have_the_derivatives_of_each(name):
    loss, numbers = loss_of(name)
    student, teacher = operands(np.float32)
    places = tuple(range(2 + len(numbers)))
    way = jax.jit(jax.value_and_grad(loss, places))
    batch = [jnp.asarray([0.5 * one, one], np.float32) for one in numbers]
    mapped = jax.jit(jax.vmap(way, (None, None, *(0 for _ in numbers))))(student, teacher, *batch)
    for place in (0, 1):
        alone = way(student, teacher, *(one[place] for one in batch))
        for one, other in zip(jax.tree.leaves(mapped), jax.tree.leaves(alone), strict=True):
            np.testing.assert_allclose(one[place], other, rtol=2e-5, atol=1e-7)


@pytest.mark.slow
def test_memory_of_all_derivatives_is_less_than_of_the_formula_differentiated():
    """117 operands of a mixture, differentiated as a whole."""
    loss, numbers = loss_of("js")
    student = jnp.zeros((64, 256), np.float32)
    way = jax.jit(jax.value_and_grad(loss, (0, 1, 2, 3)))
    compiled = way.lower(student, student, *map(jnp.float32, numbers)).compile()
    memory = compiled.memory_analysis()
    if memory is not None:
        assert memory.temp_size_in_bytes < 60 * student.nbytes


@pytest.mark.few(0, 2)
@pytest.mark.parametrize("name", ["kl, masked", "js"])
def test_a_gradient_that_nobody_compiles_is_traced_once(monkeypatch, name):
    """Each of 8 x 5 logits took 0.6 s, of a mixture 2 s, and takes 10 ms."""
    loss, numbers = loss_of(name)
    given = (*operands(np.float32), *map(jnp.float32, numbers))
    gradient = jax.grad(loss, argnums=tuple(range(len(given))))
    first, traced = gradient(*given), []
    for formula in ("rows_at_once", "moves", "derivative_by_number"):
        monkeypatch.setattr(rows_at_arrays, formula, lambda *_: traced.append(1))
    again = gradient(*given)
    assert not traced
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
