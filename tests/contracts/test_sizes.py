"""Losses of teachers on operands that are empty or have no axis."""

import re

import numpy as np
import pytest
from array_libraries import BACKENDS
from conftest import usable
from numpy.testing import assert_allclose

from kldiv_xp import checking, kl_div_with_logits, linear_kl_div, sparse_kl_div_with_logits

RNG = np.random.default_rng(17)
BIAS = np.asarray([0.0, 1.0, 2.0, 3.0])
PLACES, P = np.asarray([[0, 1], [2, 3]]), np.asarray([[0.25, 0.5], [0.5, 0.25]])
LIBRARIES = ("numpy", "torch", "jax", "dask")


def made(backend, values):
    """Array of a backend, of ints or bools where the values are."""
    values = np.asarray(values)
    if values.dtype == np.float64:
        return backend.array(values)
    if values.dtype == bool:
        return backend.array(values) != 0
    return backend.make(values, str(values.dtype))


def given(backend, **operands):
    return {name: made(backend, one) for name, one in operands.items()}


SPARSE = {"target_is": "probabilities"}


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("checked", [False, True], ids=["", "checked"])
@pytest.mark.parametrize("samples", [(2,), (1, 2), ()], ids=str)
def test_hidden_states_of_no_width_leave_the_bias(name, checked, samples):
    backend = usable(name)
    target = RNG.normal(size=(*samples, 4))
    head = {"input": np.ones((*samples, 0)), "weight": np.ones((4, 0)), "bias": BIAS}
    logits = np.broadcast_to(BIAS, target.shape)
    places = np.broadcast_to([1, 2], (*samples, 2))
    some = np.full((*samples, 2), 0.25)

    def losses():
        whole = linear_kl_div(**given(backend, **head, target=target), reduction="none")
        none = {**head, "target": np.ones((*samples, 0)), "target_weight": np.ones((4, 0))}
        of_two = linear_kl_div(**given(backend, **none), reduction="none")
        of_part = given(backend, **head, target=some, indices=places)
        return whole, of_two, linear_kl_div(**of_part, **SPARSE, reduction="none")

    if checked:
        with checking():
            found = losses()
    else:
        found = losses()
    expected = (
        kl_div_with_logits(logits, target, reduction="none"),
        kl_div_with_logits(logits, np.zeros_like(target), reduction="none"),
        sparse_kl_div_with_logits(logits, places, some, **SPARSE, reduction="none"),
    )
    for one, other in zip(found, expected, strict=True):
        assert_allclose(backend.read(one), other, rtol=1e-12)


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("checked", [False, True], ids=["", "checked"])
def test_no_samples_have_a_sum_of_zero(name, checked):
    backend = usable(name)
    places, some = np.zeros((0, 2), int), np.zeros((0, 2))
    head = {"input": np.ones((0, 3)), "weight": np.ones((4, 3))}

    def losses(reduction):
        part = given(backend, indices=places, target=some)
        return (
            linear_kl_div(**given(backend, **head, target=np.ones((0, 4))), reduction=reduction),
            linear_kl_div(**given(backend, **head), **part, **SPARSE, reduction=reduction),
            sparse_kl_div_with_logits(
                made(backend, np.ones((0, 4))), **part, **SPARSE, reduction=reduction
            ),
        )

    for reduction, shape in (("sum", ()), ("none", (0,))):
        if checked:
            with checking():
                found = losses(reduction)
        else:
            found = losses(reduction)
        for one in found:
            assert backend.read(one).shape == shape
            assert not backend.read(one).any()


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_gradient_by_a_bias_needs_no_hidden_states(name):
    backend = usable(name)
    target = RNG.normal(size=(2, 4))
    given_here = [made(backend, one) for one in (np.ones((2, 0)), np.ones((4, 0)), target)]

    def loss(bias):
        return linear_kl_div(*given_here, bias=bias, reduction="sum")

    if name == "torch":
        torch = __import__("torch")
        bias = made(backend, BIAS).requires_grad_()
        (found,) = torch.autograd.grad(loss(bias), bias)
    else:
        found = __import__("jax").grad(loss)(made(backend, BIAS))
    q = np.exp(BIAS) / np.exp(BIAS).sum()
    p = np.exp(target) / np.exp(target).sum(-1, keepdims=True)
    assert_allclose(backend.read(found), (q - p).sum(0), rtol=1e-10, atol=1e-14)


EMPTY = (
    "`weight` must have at least one row, which makes a logit; got the shape (0, 3), whose axis 0 "
    "is empty: leave the loss out, or pass the weight of a layer that makes logits."
)
NO_LOGIT = (
    "`input` must have at least one logit along `axis`; got the shape (2, 0), whose axis 1 is "
    "empty: leave the loss out, or name another axis."
)
NO_ENTRY = (
    "`indices` must name from 1 to 4 places of a sample, each once; got 0: pass the most probable "
    "entry of each sample at least, or leave the loss out."
)
HEAD = {"input": np.ones((2, 3)), "weight": np.ones((0, 3))}
NOTHING = {"indices": np.ones((2, 0), int), "target": np.ones((2, 0))}
OF_NUMBERS = (
    "`axis` must name axes of the operands, which have 0; got -1: pass the numbers of a "
    "distribution along one."
)
STATES = (
    "`{}` must have the hidden states of a sample along its last axis; got the shape (): pass all "
    "of them, in the shape (3,)."
)
# Function, operands, options, sentence; and what to change of them, as the sentence says.
REFUSED = {
    "no vocabulary": (linear_kl_div, HEAD | {"target": np.ones((2, 0))}, {}, EMPTY,
                      {"weight": np.ones((4, 3)), "target": np.ones((2, 4))}),
    "no vocabulary of two models": (
        linear_kl_div, HEAD | {"target": np.ones((2, 3)), "target_weight": np.ones((0, 3))}, {},
        EMPTY, {"weight": np.ones((4, 3)), "target_weight": np.ones((4, 3))}),
    "no vocabulary beside indices": (
        linear_kl_div, HEAD | NOTHING, SPARSE, EMPTY,
        {"weight": np.ones((4, 3)), "indices": PLACES, "target": P}),
    "no vocabulary of the teacher": (
        linear_kl_div, HEAD | {"target": np.ones((2, 0)), "target_weight": np.ones((0, 0))}, {},
        EMPTY, {"weight": np.ones((4, 3)), "target_weight": np.ones((4, 0))}),
    "no entries": (linear_kl_div, HEAD | NOTHING | {"weight": np.ones((4, 3))}, SPARSE, NO_ENTRY,
                   {"indices": PLACES, "target": P}),
    "no logits": (sparse_kl_div_with_logits, {"input": np.ones((2, 0))} | NOTHING, SPARSE,
                  NO_LOGIT, {"input": np.ones((2, 4)), "indices": PLACES, "target": P}),
    "no entries of logits": (
        sparse_kl_div_with_logits, {"input": np.ones((2, 4))} | NOTHING, SPARSE, NO_ENTRY,
        {"indices": PLACES, "target": P}),
    "a state that is a number": (
        linear_kl_div,
        {"input": np.asarray(1.0), "weight": np.ones((4, 3)), "target": np.ones(4)}, {},
        STATES.format("input"), {"input": np.ones(3)}),
    "a state of the teacher that is a number": (
        linear_kl_div,
        {"input": np.ones(3), "weight": np.ones((4, 3)), "target": np.asarray(1.0),
         "target_weight": np.ones((4, 3))}, {},
        STATES.format("target"), {"target": np.ones(3)}),
    "a logit that is a number": (
        sparse_kl_div_with_logits,
        {"input": np.asarray(1.0), "indices": np.asarray(0), "target": np.asarray(0.5)}, SPARSE,
        OF_NUMBERS,
        {"input": np.ones(2), "indices": np.asarray([0]), "target": np.asarray([0.5])}),
    "logits that are numbers": (
        kl_div_with_logits, {"input": np.asarray(1.0), "target": np.asarray(1.0)}, {}, OF_NUMBERS,
        {"input": np.ones(2), "target": np.ones(2)}),
}  # fmt: skip


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("checked", [False, True], ids=["", "checked"])
@pytest.mark.parametrize("row", REFUSED)
def test_nothing_along_an_axis_is_refused_in_one_sentence(name, checked, row):
    backend = usable(name)
    function, operands, options, sentence, change = REFUSED[row]

    def loss(operands):
        named = given(backend, **operands)
        first = [named.pop("input")]
        if not checked:
            return function(*first, **named, **options)
        with checking():
            return function(*first, **named, **options)

    with pytest.raises(ValueError, match="must") as caught:
        loss(operands)
    assert str(caught.value) == sentence
    assert np.isfinite(backend.read(loss(operands | change)))


def test_libraries_are_those_that_there_are():
    assert set(LIBRARIES) <= set(BACKENDS)
    assert all(re.fullmatch(r"`\w+` must .*; got .*: .*\.", row[3]) for row in REFUSED.values())
