"""A dtype of JAX that it does not have while x64 is off: one warning, at the user's line."""

import warnings

import numpy as np
import pytest
from array_libraries import library
from conftest import usable

from kldiv_xp import KLDivLoss, js_div_with_logits, kl_div, kl_div_gradient, kl_div_with_logits

SENTENCE = (
    "dtype=jax.numpy.float64 gives float32 while jax_enable_x64 is off: call "
    'jax.config.update("jax_enable_x64", True) at the start of the program, or pass '
    "jax.numpy.float32."
)
LOSSES = {
    "kl_div": lambda *pair, **given: kl_div(*pair, reduction="sum", **given),
    "kl_div_gradient": lambda *pair, **given: kl_div_gradient(
        *pair, reduction="sum", return_value=True, **given
    )[0],
    "KLDivLoss": lambda *pair, **given: KLDivLoss(reduction="sum", **given)(*pair),
    "kl_div_with_logits": kl_div_with_logits,
    "js_div_with_logits": js_div_with_logits,
}


@pytest.mark.few(0, 3)
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("jitted", [False, True])
def test_float64_of_jax_without_x64_is_told_once_at_the_line_of_the_user(name, jitted):
    usable("jax")
    jax, jnp = library("jax"), library("jax.numpy")
    loss = LOSSES[name]
    with jax.enable_x64(new_val=False):
        x = jnp.asarray([[0.25, 0.75]])
        for dtype in (jnp.float64, np.float64, np.dtype("float64")):
            call = lambda x, p, dtype=dtype: loss(x, p, dtype=dtype)  # noqa: E731
            call = jax.jit(call) if jitted else call
            with warnings.catch_warnings(record=True) as found:
                warnings.simplefilter("always")
                assert call(jnp.log(x), x).dtype == "float32"
            (told,) = found
            assert str(told.message) == SENTENCE
            assert (told.category, told.filename) == (UserWarning, __file__)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with jax.enable_x64(new_val=True):
            assert loss(jnp.log(x), x, dtype=jnp.float64).dtype == "float64"
        with jax.enable_x64(new_val=False):
            assert loss(jnp.log(x), x, dtype=jnp.float32).dtype == "float32"
