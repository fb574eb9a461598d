"""Lengths of sequences, and weights of samples, in the place of a mask: the remedy uses them."""

import re

import numpy as np
import pytest
from array_libraries import BACKENDS
from checks.following_remedies import RNG, log_softmax, made, softmax
from conftest import usable
from numpy.testing import assert_allclose
from words import value, words

import kldiv_xp
from kldiv_xp.checks.number_masks import ANY_NUMBERS, WEIGHTS

HIDDEN, WEIGHT = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(5, 4))
LOGITS, TEACHER = HIDDEN @ WEIGHT.T, RNG.normal(size=(2, 3, 5))
PLACES = np.broadcast_to(np.arange(5), (2, 3, 5)).copy()
LOG_Q, P = log_softmax(LOGITS), softmax(TEACHER)
KL = np.sum(P * (np.log(P) - LOG_Q), axis=-1)
LENGTHS = np.asarray([3, 2])
KEPT = np.arange(3) < LENGTHS[:, None]
HEAVY = RNG.uniform(0.1, 2.0, size=(2, 3))
START = "`where` must be a mask of bools, True at what has a part in the loss; got {dtype}: "
ANY = ANY_NUMBERS.format(x="where", ignored=-100)
CALLS = {
    "kl_div": ({"axis": -1}, LOG_Q, P),
    "kl_div_with_logits": ({}, LOGITS, TEACHER),
    "js_div_with_logits": ({"beta": 0.0}, LOGITS, TEACHER),
    "sparse_kl_div_with_logits": ({"tail": "renormalize"}, LOGITS, PLACES, TEACHER),
    "linear_kl_div": ({}, HIDDEN, WEIGHT, TEACHER),
}  # fmt: skip


def told(backend, call_name, values):
    """What is told of a mask, with the call and the operands, to be called again."""
    options, *arrays = CALLS[call_name]
    operands, where = [made(backend, one) for one in arrays], made(backend, values)
    if call_name.startswith("sparse"):
        options = options | {"target_is": "logits"}

    def call(end="", **more):
        function = getattr(kldiv_xp, call_name + end)
        return function(*operands, **options, **more)

    with pytest.raises(TypeError) as caught:
        call(where=where)
    start = START.format(dtype=where.dtype)
    assert str(caught.value).startswith(start)
    return str(caught.value).removeprefix(start), call, where


def up_to(backend, column):
    module = {"jax": "jax.numpy"}.get(backend.library, backend.library)
    device = ", device=where.device" * (backend.library in ("torch", "array_api_strict"))
    return f"{module}.arange(3{device}) < {column}"


@pytest.mark.parametrize("column", [False, True])
@pytest.mark.parametrize("call_name", CALLS)
def test_lengths_are_compared_with_the_places_of_tokens(holding_backend, call_name, column):
    """Compared with 0, as the numbers of other masks are, they select every token."""
    backend, lengths = holding_backend, LENGTHS[:, None] if column else LENGTHS
    sentence, call, where = told(backend, call_name, lengths)
    code = up_to(backend, "where" if column else "where[:, None]")
    assert sentence == f"pass {code} if it holds lengths, {ANY.removeprefix('pass ')}."
    found = call(where=value(code, where=where), reduction="mean")
    assert_allclose(backend.read(found), KL[KEPT].mean(), rtol=1e-5)


def test_lengths_beside_single_elements_are_told_too():
    sentence = "pass numpy.arange(3) < where[:, None] if it holds lengths, "
    with pytest.raises(TypeError) as caught:
        kldiv_xp.kl_div(LOG_Q, P, where=LENGTHS)
    assert sentence in str(caught.value)
    with pytest.raises(ValueError, match="where") as caught:
        kldiv_xp.kl_div(LOG_Q, P, where=KEPT)
    code = re.search(r"pass (.+)\.$", str(caught.value))[1]
    found = kldiv_xp.kl_div(LOG_Q, P, where=value(code, where=KEPT), reduction="sum")
    assert found == pytest.approx(KL[KEPT].sum())


def test_labels_of_sequences_are_no_lengths():
    with pytest.raises(TypeError) as caught:
        kldiv_xp.kl_div_with_logits(LOGITS, TEACHER, where=np.asarray([3, -100]))
    assert "lengths" not in str(caught.value)


@pytest.mark.parametrize("values", [[1, 0], [1, 1]])
def test_short_lengths_may_be_a_mask_of_sequences(values):
    """They were told as a mask alone, with which a sequence of one token counted whole."""
    sentence, call, where = told(BACKENDS["numpy"], "kl_div_with_logits", np.asarray(values))
    code = "numpy.arange(3) < where[:, None]"
    assert sentence == (
        f"pass {code} if it holds lengths, where != 0 if it is 0 at what is left out, or where == "
        "0 if it is 1 at padding."
    )
    found = call(where=value(code, where=where), reduction="sum")
    assert_allclose(found, KL[np.arange(3) < np.asarray(values)[:, None]].sum())


def test_one_integer_of_each_token_is_no_length():
    with pytest.raises(TypeError) as caught:
        kldiv_xp.kl_div_with_logits(LOGITS, TEACHER, where=np.full((2, 3), 2))
    assert str(caught.value) == START.format(dtype="int64") + f"{ANY}."


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1), (2,), (2, 1)])
@pytest.mark.parametrize("call_name", CALLS)
def test_weights_multiply_the_losses(holding_backend, call_name, shape):
    backend = holding_backend
    heavy = HEAVY if len(shape) > 1 and shape[1] == 3 else HEAVY[:, :1]
    sentence, call, where = told(backend, call_name, heavy.reshape(shape))
    code = w = "where"
    if shape == (2, 3, 1):
        code = words(backend, "reshaped", "where", shape=(2, 3))
    elif shape != (2, 3):
        inserted = {"index": ":, None", "unsqueezed": ".unsqueeze(1)"}
        column = words(backend, "inserted", "where", **inserted) if shape == (2,) else "where"
        code = words(backend, "broadcast", column, shape=(2, 3))
    made = f", make them w = {code}" * (code != "where")
    w, weights = ("w", value(code, where=where)) if made else ("where", where)
    total = words(backend, "total", w)
    assert sentence == f"{ANY}{WEIGHTS.format(made=made, w=w, total=total)}."
    expected = np.sum(KL * heavy) / np.sum(np.broadcast_to(heavy, KL.shape))
    whole = float(backend.read(value(total, **{w: weights})))
    losses = np.asarray(backend.read(call(reduction="none")))
    found = (losses * np.asarray(backend.read(weights))).sum() / whole
    assert_allclose(found, expected, rtol=1e-5)


SQUARE, OTHER = RNG.normal(size=(2, 3, 3, 5))
OF_SQUARE = np.sum(softmax(OTHER) * (log_softmax(OTHER) - log_softmax(SQUARE)), axis=-1)


@pytest.mark.parametrize("name", ["numpy", "torch"])
@pytest.mark.parametrize("is_mask", [True, False])
def test_what_fits_two_ways_is_told_by_what_is_the_same(name, is_mask):
    """The first way alone dropped other samples than those that were meant."""
    backend = usable(name)
    given = np.asarray([True, False, True]) if is_mask else HEAVY[0]
    where, x, t = (made(backend, one) for one in (given, SQUARE, OTHER))
    with pytest.raises((TypeError, ValueError)) as caught:
        kldiv_xp.kl_div_with_logits(x, t, where=where)
    places = ((":, None", (1,)), ("None, :", ())) if not is_mask else (
        (":, None, None", (1, 2)), ("None, :, None", (0, 2))
    )  # fmt: skip
    for axis, (index, axes) in zip((1, 0), places, strict=True):
        unsqueezed = "".join(f".unsqueeze({one})" for one in axes)
        code = words(backend, "inserted", "where", index=index, unsqueezed=unsqueezed)
        code = words(
            backend, "broadcast", code if axes else "where", shape=(3, 3, 1)[: 2 + is_mask]
        )
        assert f"{code} if it is the same along axis {axis}" in str(caught.value)
        weights = np.asarray(value(code, where=where)).reshape(3, 3)
        losses = np.asarray(kldiv_xp.kl_div_with_logits(x, t, reduction="none"))
        expected = OF_SQUARE * (given[:, None] if axis else given)
        assert_allclose((losses * weights).sum(), expected.sum(), rtol=1e-5)


def test_weights_multiply_the_gradients_as_what_comes_from_above():
    sentence, call, where = told(BACKENDS["numpy"], "kl_div_with_logits", HEAVY)
    assert "(of a gradient, pass upstream=where / where.sum() too)" in sentence
    upstream = value("where / where.sum()", where=where)
    found = call("_gradient", reduction="none", upstream=upstream)
    expected = (softmax(LOGITS) - P) * (HEAVY / HEAVY.sum())[..., None]
    assert_allclose(found[0] if isinstance(found, tuple) else found, expected, rtol=1e-6)


def test_weights_of_single_entries_multiply_the_terms():
    """They were told as a mask alone."""
    heavy = RNG.uniform(0.1, 2.0, size=(2, 3, 5))
    for name, operands in (("kl_div", (LOG_Q, P)), ("js_div", (LOG_Q, P))):
        function, options = getattr(kldiv_xp, name), {"beta": 0.0} if name == "js_div" else {}
        with pytest.raises(TypeError) as caught:
            function(*operands, axis=-1, where=heavy, **options)
        assert str(caught.value).endswith(
            "; if it holds weights of single entries, leave it out, pass axis=() and "
            "reduction='none', and multiply what that gives."
        )
        terms = function(*operands, axis=(), reduction="none", **options)
        # Those of the mixture are never below 0.
        more = np.exp(LOG_Q) - P if options else 0.0
        assert_allclose(heavy * terms, heavy * (P * (np.log(P) - LOG_Q) + more), rtol=1e-6)
