"""Remedies for masks and sizes keep to the axes that are meant."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kldiv_xp import (
    diagnose,
    js_div,
    js_div_gradient,
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)

RNG = np.random.default_rng(0)


def refused(function, *operands, **options):
    with pytest.raises(ValueError, match=r"\.$") as caught:
        function(*operands, **options)
    return str(caught.value).partition(": ")[2]


def softmax(z, axis=-1):
    p = np.exp(z - z.max(axis=axis, keepdims=True))
    return p / p.sum(axis=axis, keepdims=True)


def divergences(x, t, axis=-1):
    """Divergence of each sample of logits."""
    p, q = softmax(t, axis), softmax(x, axis)
    return np.sum(p * (np.log(p) - np.log(q)), axis=axis)


@pytest.mark.parametrize(
    ("shape", "mask"), [((4, 1, 6), (4, 5)), ((1, 4, 6), (3, 4)), ((1, 4, 6), (3, 4, 1))]
)
def test_samples_of_a_mask_are_not_dropped_for_an_axis_of_one(shape, mask):
    x = RNG.normal(size=shape)
    samples = shape[:-1]
    assert refused(kl_div_with_logits, x, x, where=np.ones(mask, bool)) == (
        "leave it out if it has selected the operands, or tells what tokens attend to; else start "
        f"from numpy.ones({samples}, dtype=bool), and set what is left out to False."
    )


@pytest.mark.parametrize(
    ("shape", "mask"), [((4, 5), (5,)), ((4, 5), (1, 5)), ((4, 3, 5), (1, 1, 5))]
)
def test_a_mask_of_the_vocabulary_leaves_out_its_entries(shape, mask):
    x, t = RNG.normal(size=(2, *shape))
    where = np.asarray([True, True, False, True, True]).reshape(mask)
    assert refused(kl_div_with_logits, x, t, where=where) == (
        "to leave out samples pass a mask of them; to leave out single entries, make their logits "
        "-inf in both operands, e.g. numpy.where(where, input, -numpy.inf)."
    )
    both = [np.where(where, one, -np.inf) for one in (x, t)]
    kept = [one[..., where.ravel()] for one in (x, t)]
    found = kl_div_with_logits(*both, reduction="none")
    assert_allclose(found, divergences(*kept), rtol=1e-9)


def test_samples_of_two_sizes_beside_an_axis_are_cut():
    x, t = RNG.normal(size=(2, 5, 3)), RNG.normal(size=(2, 5, 4))
    assert refused(kl_div_with_logits, x, t, axis=1) == (
        "keep the same 3 entries of both along axis 2, e.g. with [:, :, :3]."
    )
    found = kl_div_with_logits(x, t[:, :, :3], axis=1, reduction="none")
    assert_allclose(found, divergences(x, t[:, :, :3], axis=1), rtol=1e-9)


def test_vocabularies_of_two_sizes_are_cut_along_their_axis():
    x, t = RNG.normal(size=(2, 5, 3)), RNG.normal(size=(2, 6, 3))
    assert refused(kl_div_with_logits, x, t, axis=1) == (
        "cut the logits of both to the shared entries with [:, :5] before any softmax, or pad "
        "those of `input` with -inf and set the same entries of `target` to -inf."
    )
    cut = kl_div_with_logits(x[:, :5], t[:, :5], axis=1, reduction="none")
    assert_allclose(cut, divergences(x, t[:, :5], axis=1), rtol=1e-9)
    padded = np.full_like(t, -np.inf)
    padded[:, :5] = x
    other = np.concatenate((t[:, :5], padded[:, 5:]), axis=1)
    found = kl_div_with_logits(padded, other, axis=1, reduction="none")
    assert_allclose(found, cut, rtol=1e-9)
    told = refused(kl_div, np.log(softmax(x, 1)), softmax(t, 1), axis=1)
    assert told.endswith(
        "or keep the shared entries of both with [:, :5] and subtract its logsumexp along axis 1 "
        "from `input`, and divide `target` by its sum along axis 1."
    )


X, T = RNG.normal(size=(2, 2, 4, 6))
UNFIT = {
    "one sample": T[:1],
    "no classes": T[..., 0],
    "five classes": T[..., :5],
    "integers": T.astype(int),
}
# What is passed, what is told of it where several axes may be meant, and where one is.
NO_AXES = {
    "text": ("1", "pass axis=1", "pass axis=1"),
    "a float": (1.0, "pass axis=1", "pass axis=1"),
    "a name": ("channels", "pass an int, axis=-1 for the last one", None),
    "a list": ([1], "pass axis=(1,)", "pass axis=1"),
    "floats": ((1.0,), "pass axis=(1,)", "pass axis=1"),
}


@pytest.mark.few(116, 64)
@pytest.mark.parametrize("fault", UNFIT)
@pytest.mark.parametrize("axis", NO_AXES)
@pytest.mark.parametrize(
    "function",
    [
        *(kl_div, js_div, kl_div_gradient, js_div_gradient, diagnose),
        *(kl_div_with_logits, js_div_with_logits, kl_div_with_logits_gradient),
        js_div_with_logits_gradient,
    ],
)
def test_an_axis_that_is_none_is_told_before_operands_that_do_not_fit(function, axis, fault):
    given, of_several, of_one = NO_AXES[axis]
    remedy = of_one if "logits" in function.__name__ and of_one else of_several
    with pytest.raises(TypeError, match=r"^`axis` must be ") as caught:
        function(X, UNFIT[fault], axis=given)
    assert str(caught.value).endswith(f"; got {given!r}: {remedy}.")
    asked = eval(remedy.partition("axis=")[2].partition(" ")[0])
    function(X, X, axis=asked)


@pytest.mark.parametrize("fault", UNFIT)
@pytest.mark.parametrize("function", [kl_div, js_div_gradient, kl_div_with_logits, diagnose])
def test_an_axis_out_of_range_is_told_before_operands_that_do_not_fit(function, fault):
    with pytest.raises(
        ValueError, match="`axis` must name axes of the operands, which have 3; got 5"
    ):
        function(X, UNFIT[fault], axis=5)
