"""JAX as strict as it can be set: no transfers, no promotion, no leaks, no infinities, 32 bits."""

from contextlib import ExitStack
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    linear_kl_div,
    sparse_kl_div_with_logits,
)

jax = pytest.importorskip("jax", reason="jax is not installed")
jnp = jax.numpy

RNG = np.random.default_rng(12)
Q, P = RNG.dirichlet(np.ones(4), (2, 3)).astype("float32")
P[0, 1] = 0.0
OPERANDS = {
    "log_q": np.log(Q),
    "p": P,
    "terms": RNG.uniform(size=P.shape) > 0.3,
    "samples": np.asarray([True, False, True]),
    "indices": np.asarray([[0, 2], [1, 3], [2, 0]]),
    "temperature": np.asarray(2.0, dtype="float32"),
    "states": RNG.normal(size=(3, 5)).astype("float32"),
    "layer": RNG.normal(size=(4, 5)).astype("float32"),
}


def losses(log_q, p, terms, samples, indices, temperature, states, layer):
    """Each of the losses once, with the options that add steps."""
    return {
        "sum": kl_div(log_q, p, reduction="sum", where=terms),
        "samples": kl_div(log_q, p, reduction="mean", axis=-1, where=samples),
        "generalized": kl_div(log_q, p, reduction="batchmean", generalized=True),
        "gradient": kl_div_gradient(log_q, p, reduction="batchmean", where=terms),
        "logits": kl_div_with_logits(log_q, p, where=samples, reduction="mean"),
        "softened": kl_div_with_logits(log_q, p, temperature=temperature),
        "js": js_div_with_logits(log_q, p, reduction="none"),
        "js gradient": js_div_with_logits_gradient(log_q, p, beta=0.3),
        "sparse": sparse_kl_div_with_logits(log_q, indices, log_q[..., :2]),
        "hidden": linear_kl_div(states, layer, log_q, bias=layer[:, 0], where=samples),
        "hidden sparse": linear_kl_div(
            states, layer, p[..., :2], bias=layer[:, 0], indices=indices, target_is="probabilities"
        ),
    }


def with_derivatives(*operands):
    """The losses, and the derivatives of two of them by JAX."""
    log_q, p, *others = operands
    of_terms = jax.grad(partial(kl_div, reduction="sum"), (0, 1))
    of_rows = jax.grad(kl_div_with_logits, (0, 1))
    return losses(log_q, p, *others), of_terms(log_q, p), of_rows(log_q, p)


@pytest.fixture
def strictly():
    """Every debugger and guard of JAX that both ways to call can stand."""
    with ExitStack() as stack:
        stack.enter_context(jax.numpy_dtype_promotion("strict"))
        stack.enter_context(jax.numpy_rank_promotion("raise"))
        stack.enter_context(jax.debug_nans())
        stack.enter_context(jax.debug_infs())
        yield


def assert_right(found):
    expected = losses(*OPERANDS.values())
    for name, values in expected.items():
        several = values if isinstance(values, tuple) else (values,)
        results = found[name] if isinstance(values, tuple) else (found[name],)
        for one, other in zip(results, several, strict=True):
            assert one.dtype == np.float32
            assert_allclose(one, other, rtol=2e-5, atol=1e-7, err_msg=name)


def on_device():
    return [jax.device_put(one) for one in OPERANDS.values()]


@pytest.mark.long
def test_compiled_losses_move_nothing_promote_nothing_and_leak_nothing(strictly):
    operands = on_device()
    with jax.transfer_guard("disallow"), jax.checking_leaks():
        found, *_ = jax.jit(with_derivatives)(*operands)
        jax.block_until_ready(found)
    assert_right(found)


@pytest.mark.long
def test_eager_losses_promote_nothing(strictly):
    found, *_ = with_derivatives(*on_device())
    assert_right(found)


@pytest.mark.long
def test_losses_are_of_32_bits_where_there_are_no_others(strictly):
    with jax.enable_x64(False):  # noqa: FBT003
        found, *_ = jax.jit(with_derivatives)(*on_device())
    assert_right(found)


def test_eager_losses_move_numbers_to_the_device_as_every_eager_operation_does():
    log_q, p, *_ = on_device()
    with jax.transfer_guard("disallow"):
        with pytest.raises(jax.errors.JaxRuntimeError, match="Disallowed host-to-device"):
            kl_div(log_q, p, reduction="batchmean")
        with pytest.raises(jax.errors.JaxRuntimeError, match="Disallowed host-to-device"):
            jnp.divide(log_q, 3.0)
        assert jax.jit(partial(kl_div, reduction="batchmean"))(log_q, p).shape == ()


def test_debugger_names_the_infinity_of_an_impossible_prediction():
    operands = jnp.asarray([-jnp.inf, -1.0]), jnp.asarray([0.5, 0.5])
    with jax.debug_infs(), pytest.raises(FloatingPointError, match="inf"):
        kl_div(*operands, reduction="sum")
    nothing = jnp.asarray([0.0, 0.5])
    with jax.debug_infs():
        assert jnp.isfinite(kl_div(operands[0], nothing, reduction="sum"))


@pytest.mark.few(0, 3)
@pytest.mark.parametrize("call", [kl_div_with_logits, js_div_with_logits])
def test_debugger_names_no_masked_class_beside_a_temperature_in_an_array(call):
    logits = jnp.asarray([[1.0, -jnp.inf, 2.0]]), jnp.asarray([[3.0, -jnp.inf, 2.0]])
    with jax.debug_infs():
        found = call(*logits, temperature=jnp.asarray(2.0))
    assert_allclose(found, call(*logits, temperature=2.0), rtol=1e-6)


@pytest.mark.slow
def test_debugger_names_a_masked_class_in_a_closed_form_at_an_array_unless_compiled():
    logits = jnp.asarray([[1.0, -jnp.inf, 2.0]]), jnp.asarray([[3.0, -jnp.inf, 2.0]])
    call = kl_div_with_logits_gradient
    with jax.debug_infs():
        with pytest.raises(FloatingPointError, match="inf"):
            call(*logits, temperature=jnp.asarray(2.0))
        found = jax.jit(call)(*logits, temperature=jnp.asarray(2.0))
    for one, other in zip(found, call(*logits, temperature=2.0), strict=True):
        assert_allclose(one, other, rtol=1e-6)
