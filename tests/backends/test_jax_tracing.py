"""JAX: the loss is traced once, and guarded without a comparison."""

import re
from functools import partial

import numpy as np
import pytest
from backends.jax_losses import BOTH_SPACES, REDUCED, SHAPE, jax, jnp, loss_of, operands
from numpy.testing import assert_allclose

from kldiv_xp import js_div, kl_div, kl_div_gradient, kl_div_with_logits, linear_kl_div

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")


class Counted:
    """Events of JAX whose name holds a word, counted in `with`."""

    def __init__(self, word):
        self.word, self.count = word, 0

    def __call__(self, event, *_, **__):
        self.count += self.word in event

    def __enter__(self):
        jax.monitoring.register_event_duration_secs_listener(self)
        return self

    def __exit__(self, *_):
        jax.monitoring.clear_event_listeners()


@REDUCED
@BOTH_SPACES
def test_trace_needs_no_value(reduced, log_target):
    shapes = [jax.ShapeDtypeStruct(SHAPE, "float32")] * 2
    loss = loss_of(log_target, reduced)
    assert jax.eval_shape(loss, *shapes).shape == ()
    assert [derivative.shape for derivative in jax.eval_shape(jax.grad(loss, (0, 1)), *shapes)] == [
        SHAPE
    ] * 2
    assert jax.make_jaxpr(loss)(*shapes).out_avals[0].dtype == np.float32


@pytest.mark.few(2, 2)
def test_second_eager_call_traces_and_compiles_nothing(reduction):
    shape = (5, 100 + len(reduction))  # which no other test has
    x, t = jnp.full(shape, -1.0), jnp.full(shape, 0.5)
    with Counted("trace") as first:
        kl_div(x, t, reduction=reduction)
    with Counted("") as second:
        kl_div(t, x, reduction=reduction)
    assert first.count > 0
    assert second.count == 0


def test_other_shapes_trace_again_and_are_remembered():
    arrays = [jnp.ones((size, 3)) for size in (11, 12)]
    for array in arrays:
        kl_div(array, array, reduction="sum")
    with Counted("") as counted:
        for array in arrays * 3:
            kl_div(array, array, reduction="sum")
    assert counted.count == 0


def hlo_of(function, *arrays):
    """Program that XLA makes of a function, for this device."""
    return jax.jit(function).lower(*arrays).compile().as_text()


@BOTH_SPACES
@pytest.mark.parametrize("axis", [None, -1], ids=["all", "rows"])
def test_program_of_sums_has_neither_a_condition_nor_a_comparison_of_elements(log_target, axis):
    """Of the sums alone a comparison is taken, for the sign of 0."""
    shapes = [jax.ShapeDtypeStruct(SHAPE, "float32")] * 2
    loss = partial(kl_div, reduction="none" if axis else "sum", log_target=log_target, axis=axis)
    text = hlo_of(loss, *shapes)
    assert not re.search(r" (conditional|while)\(", text)
    compared = re.findall(r"= pred(\[\d*\])\S* compare\(", text)
    assert compared == ["[3]" if axis else "[]"]


@pytest.mark.parametrize("platform", ["cpu", "cuda"])
def test_program_takes_one_logarithm_of_an_element(platform):
    shapes = [jax.ShapeDtypeStruct(SHAPE, "float32")] * 2
    lowered = jax.jit(loss_of()).trace(*shapes).lower(lowering_platforms=(platform,))
    assert lowered.as_text().count("stablehlo.log ") == 1


def test_terms_and_closed_gradients_have_no_condition():
    x, t = operands()
    for function in (loss_of(reduction="none"), kl_div_gradient):
        assert "conditional(" not in hlo_of(function, x, t)


def test_errors_come_before_tracing():
    x = jnp.ones(SHAPE)
    with pytest.raises(ValueError, match="shape"):
        jax.jit(loss_of())(x, x[:1])
    with pytest.raises(TypeError, match="floating"):
        jax.grad(loss_of())(x, x.astype(int))


# Losses of (input, target) that take an option as a number alone.
OF_NUMBERS = {
    "the same bits": (partial(kl_div_with_logits, reproducible=True), "temperature"),
    "blocks": (lambda x, t, **options: linear_kl_div(x, x, t @ t.T, **options), "temperature"),
    "a mixture of blocks": (
        lambda x, t, **options: linear_kl_div(x, x, t @ t.T, **options),
        "beta",
    ),
    "tables": (partial(js_div, log_input=False), "beta"),
}


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("name", OF_NUMBERS)
def test_a_number_that_is_traced_is_refused_and_the_remedy_works(name):
    loss, option = OF_NUMBERS[name]
    operands = jnp.full((2, 3), 0.25, "float32"), jnp.full((2, 3), 0.5, "float32")

    def of_number(number):
        return loss(*operands, **{option: number})

    with pytest.raises(TypeError) as caught:
        jax.jit(of_number)(0.75)
    assert f"pass float({option}), within jax.jit as one of its static_argnames" in str(
        caught.value
    )
    followed = jax.jit(of_number, static_argnames="number")(number=0.75)
    assert_allclose(followed, of_number(0.75), rtol=1e-6)
    assert_allclose(of_number(float(jnp.asarray(0.75))), followed, rtol=1e-6)
