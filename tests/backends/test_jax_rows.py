"""JAX: divergences of rows of logits and their derivatives."""

from functools import partial

import numpy as np
import pytest
from backends.jax_losses import jax, jnp
from numpy.testing import assert_allclose

from kldiv_xp import js_div_with_logits, kl_div_with_logits
from kldiv_xp.calls.operands import examine
from kldiv_xp.core.evaluate_rows import plain_derivatives
from kldiv_xp.formula.logits import JS, KL

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

DIVERGENCES = {
    "kl": (
        KL(2.0, "logits"),
        partial(kl_div_with_logits, temperature=2.0, scale_by_temperature_squared=False),
    ),
    "probabilities": (
        KL(1.0, "probabilities"),
        partial(kl_div_with_logits, target_is="probabilities"),
    ),
    "js": (JS.of(1.0, 0.25), partial(js_div_with_logits, beta=0.25)),
}
EVERY_DIVERGENCE = pytest.mark.parametrize(
    ("divergence", "function"), DIVERGENCES.values(), ids=DIVERGENCES
)
WEIGHTS = np.asarray([[1.0, -2.0, 3.0], [0.5, 0.25, 4.0]])


def logits(divergence, *, masked):
    """Logits, or probabilities for a target, and a mask of rows."""
    rng = np.random.default_rng(5)
    student, teacher = rng.normal(size=(2, 2, 3, 4))
    if divergence == KL(1.0, "probabilities"):
        teacher = np.exp(teacher) / np.exp(teacher).sum(-1, keepdims=True)
    return student, teacher, *([np.arange(6).reshape(2, 3, 1) % 4 > 0] if masked else [])


@pytest.mark.slow
@EVERY_DIVERGENCE
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("argnums", [(0,), (1,), (0, 1)], ids=["input", "target", "both"])
@pytest.mark.cases(2)
def test_divergences_of_rows_have_the_closed_gradient(divergence, function, masked, argnums):
    on_host = logits(divergence, masked=masked)
    x, t, *where = map(jnp.asarray, on_host)
    rows = partial(function, reduction="none", where=where[0] if masked else None)

    def weighted(x, t):
        return (rows(x, t) * WEIGHTS).sum()

    expected = function(*on_host[:2], reduction="none", where=on_host[2] if masked else None)
    assert_allclose(rows(x, t), expected, rtol=1e-13, atol=1e-15)
    wanted = (0 in argnums, 1 in argnums)
    together = examine(*on_host[:2])
    closed = plain_derivatives(together, on_host, divergence, WEIGHTS[..., None], wanted)
    for derivative in (jax.grad, lambda *given: jax.jit(jax.grad(*given))):
        derivatives = iter(derivative(weighted, argnums)(x, t))
        for one, want in zip(closed, wanted, strict=True):
            if want:
                assert_allclose(next(derivatives), one, rtol=1e-12, atol=1e-14)


def test_derivative_of_divergences_by_input_does_not_need_that_by_target():
    arrays = tuple(map(jnp.asarray, logits(KL(1.0, "logits"), masked=False)))
    both = jax.make_jaxpr(jax.grad(kl_div_with_logits, (0, 1)))(*arrays)
    one = jax.make_jaxpr(jax.grad(kl_div_with_logits, 0))(*arrays)
    assert str(one).count(" exp ") < str(both).count(" exp ")


@pytest.mark.long
@EVERY_DIVERGENCE
def test_divergences_move_along_both_operands(divergence, function):
    arrays = tuple(map(jnp.asarray, logits(divergence, masked=False)))
    moves = tuple(jnp.asarray(np.random.default_rng(8).normal(size=(2, 2, 3, 4))))
    rows = partial(function, reduction="none")
    values, moved = jax.jvp(rows, arrays, moves)
    assert_allclose(values, rows(*arrays), rtol=1e-13)
    derivatives = jax.vjp(rows, *arrays)[1](jnp.ones((2, 3)))
    products = sum(
        (derivative * move).sum(-1) for derivative, move in zip(derivatives, moves, strict=True)
    )
    assert_allclose(moved, products, rtol=1e-12)


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_value_and_gradient_take_no_more_memory_than_by_hand(temperature):
    def by_hand(x, t):
        log_q, log_p = (jax.nn.log_softmax(one / temperature) for one in (x, t))
        return jnp.mean(jnp.sum(jnp.exp(log_p) * (log_p - log_q), -1)) * temperature**2

    ours = partial(kl_div_with_logits, temperature=temperature)
    of_one = 64 * 8192 * 4
    operand = jax.ShapeDtypeStruct((64, 8192), "float32")

    def temporaries(loss):
        compiled = jax.jit(jax.value_and_grad(loss)).lower(operand, operand).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert temporaries(ours) < temporaries(by_hand) + of_one
