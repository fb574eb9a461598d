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


NONE = {"reduction": "none"}
LOG_P = np.log(np.exp(TEACHER) / np.exp(TEACHER).sum(-1, keepdims=True))
TWO, THIRD = np.float32(2), np.float32(0.3)
# What all samples share, or the other side of them: where it is differentiated, and the loss.
OTHERS = {
    "target": (TEACHER, lambda y, w, of: kl_div_with_logits(of(STUDENT), y, where=w, **NONE)),
    "target of a mixture": (
        TEACHER, lambda y, w, of: js_div_with_logits(of(STUDENT), y, where=w, **NONE)
    ),
    "temperature": (TWO, lambda y, w, of: kl_div_with_logits(
        of(STUDENT), of(TEACHER), temperature=y, where=w, **NONE
    )),
    "temperature beside what is given": (TWO, lambda y, w, of: kl_div_with_logits(
        of(STUDENT), of(LOG_P), temperature=y, target_is="log_probabilities", where=w, **NONE
    )),
    "temperature of a mixture": (TWO, lambda y, w, of: js_div_with_logits(
        of(STUDENT), of(TEACHER), temperature=y, where=w, **NONE
    )),
    "beta": (THIRD, lambda y, w, of: js_div_with_logits(
        of(STUDENT), of(TEACHER), beta=y, where=w, **NONE
    )),
    "target of a part": (FEW, lambda y, w, of: sparse_kl_div_with_logits(
        of(STUDENT), of(INDICES), y, where=w, **NONE
    )),
    "temperature of a part": (TWO, lambda y, w, of: sparse_kl_div_with_logits(
        of(STUDENT), of(INDICES), of(FEW), temperature=y, where=w, **NONE
    )),
    "weight": (HEAD, lambda y, w, of: linear_kl_div(
        of(STUDENT), y, of(TEACHER), where=w, **NONE
    )),
    "bias": (STUDENT[0], lambda y, w, of: linear_kl_div(
        of(STUDENT), of(HEAD), of(TEACHER), bias=y, beta=0.5, where=w, **NONE
    )),
}  # fmt: skip


def gradient_in_jax(loss, mask, cotangent, start=STUDENT):
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    of = jax.numpy.asarray
    turned = jax.vjp(lambda x: loss(x, of(TEACHER), of(mask), of), of(start))[1]
    return np.asarray(turned(of(cotangent))[0])


def gradient_in_torch(loss, mask, cotangent, library, start=STUDENT):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    kind = torch.float16 if library == "torch of float16" else torch.float32

    def of(array):
        tensor = torch.asarray(np.array(array))
        return tensor.to(kind) if tensor.is_floating_point() else tensor

    def function(x):
        return loss(x, of(TEACHER), of(mask), of)

    if library == "torch.func":
        gradient = torch.func.vjp(function, of(start))[1](of(cotangent))[0]
    else:
        student = of(start).requires_grad_()
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


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("cotangent", [np.nan, np.inf])
@pytest.mark.parametrize("name", OTHERS)
def test_nor_that_of_anything_that_samples_share(name, cotangent, library):
    start, function = OTHERS[name]
    found, expected = (
        gradient_in_jax(lambda y, _, w, of: function(y, w, of), MASK, one, start)
        if library == "jax"
        else gradient_in_torch(lambda y, _, w, of: function(y, w, of), MASK, one, library, start)
        for one in [np.asarray([one, 1.0, 1.0], np.float32) for one in (cotangent, 0.0)]
    )
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, expected)
