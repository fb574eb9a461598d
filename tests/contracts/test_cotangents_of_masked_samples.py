"""A sample that is not selected keeps a gradient of 0, whatever a loss of one's own makes of it."""

import numpy as np
import pytest

from kldiv_xp import (
    js_div,
    js_div_with_logits,
    kl_div,
    kl_div_with_logits,
    linear_kl_div,
    sparse_kl_div_with_logits,
)

SAMPLES, CLASSES = 3, 8
MASK = np.asarray([False, True, True])
STUDENT, TEACHER = np.random.default_rng(0).normal(size=(2, SAMPLES, CLASSES)).astype(np.float32)
HEAD = np.eye(CLASSES, dtype=np.float32)
INDICES = np.asarray([[0, 1]] * SAMPLES)
FEW = np.log(np.full((SAMPLES, 2), 0.2, np.float32))
LIBRARIES = ["torch", "torch of float16", "torch.func", "jax"]

LOSSES = {
    "kl_div": lambda x, t, w, _: kl_div(x, t, log_target=True, where=w, reduction="none").sum(-1),
    "js_div": lambda x, t, w, _: js_div(x, t, log_target=True, where=w, reduction="none"),
    "kl_div_with_logits": lambda x, t, w, _: kl_div_with_logits(x, t, where=w, reduction="none"),
    "js_div_with_logits": lambda x, t, w, _: js_div_with_logits(x, t, where=w, reduction="none"),
    "sparse_kl_div_with_logits": lambda x, t, w, of: sparse_kl_div_with_logits(
        x, of(INDICES), of(FEW), where=w, reduction="none"
    ),
    "linear_kl_div": lambda x, t, w, of: linear_kl_div(
        x, of(HEAD), t, where=w, reduction="none", temperature=3.0
    ),
    "linear_kl_div of both": lambda x, t, w, of: linear_kl_div(
        x, of(HEAD), t, beta=0.5, where=w, reduction="none"
    ),
    "linear_kl_div of few": lambda x, t, w, of: linear_kl_div(
        x, of(HEAD), of(FEW), indices=of(INDICES), where=w,
        target_is="log_probabilities", reduction="none",
    ),
}  # fmt: skip


def gradient_in_jax(loss, mask, cotangent):
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    of = jax.numpy.asarray
    turned = jax.vjp(lambda x: loss(x, of(TEACHER), of(mask), of), of(STUDENT))[1]
    return np.asarray(turned(of(cotangent))[0])


def gradient_in_torch(loss, mask, cotangent, library):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    kind = torch.float16 if library == "torch of float16" else torch.float32

    def of(array):
        tensor = torch.asarray(array.copy())
        return tensor.to(kind) if tensor.is_floating_point() else tensor

    def function(x):
        return loss(x, of(TEACHER), of(mask), of)

    if library == "torch.func":
        gradient = torch.func.vjp(function, of(STUDENT))[1](of(cotangent))[0]
    else:
        student = of(STUDENT).requires_grad_()
        value = function(student)
        (gradient,) = torch.autograd.grad(value, student, of(cotangent).to(value.dtype))
    return gradient.float().numpy()


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("cotangent", [np.nan, np.inf])
@pytest.mark.parametrize("name", LOSSES)
def test_no_cotangent_of_a_sample_that_is_left_out_reaches_a_gradient(name, cotangent, library):
    mask = np.broadcast_to(MASK[:, None], STUDENT.shape) if name == "kl_div" else MASK
    cotangents = [np.asarray([one, 1.0, 1.0], np.float32) for one in (cotangent, 0.0)]
    found, expected = (
        gradient_in_jax(LOSSES[name], mask, one)
        if library == "jax"
        else gradient_in_torch(LOSSES[name], mask, one, library)
        for one in cotangents
    )
    assert np.all(found[0] == 0)
    np.testing.assert_array_equal(found, expected)
