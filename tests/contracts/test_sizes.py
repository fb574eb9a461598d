"""Losses of teachers on operands that are empty, have no axis, or do not know their sizes yet."""

import re

import numpy as np
import pytest
from array_libraries import BACKENDS
from conftest import usable
from numpy.testing import assert_allclose

from kldiv_xp import (
    checking,
    diagnose,
    kl_div_with_logits,
    linear_kl_div,
    sparse_kl_div_with_logits,
)

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


def of_shapes(*shapes):
    return dict(
        zip(("input", "weight", "target"), [RNG.normal(size=one) for one in shapes], strict=True)
    )


SPARSE = {"target_is": "probabilities"}


# Nothing along an axis


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
    "distribution along one, reshaped to (1,) if it has one."
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
        {"input": np.ones(1), "indices": np.asarray([0]), "target": np.asarray([1.0])}),
    "logits that are numbers": (
        kl_div_with_logits, {"input": np.asarray(1.0), "target": np.asarray(1.0)}, {}, OF_NUMBERS,
        {"input": np.ones(1), "target": np.ones(1)}),
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


# Sizes that Dask does not know yet


KNOWN = {
    "input": RNG.normal(size=(6, 3)), "weight": RNG.normal(size=(4, 3)),
    "target": RNG.normal(size=(6, 4)),
}  # fmt: skip
PART = {"indices": np.tile([0, 2], (6, 1)), "target": np.full((6, 2), 0.25)}
ROWS = np.asarray([True, True, False, True, False, True])


def lazy(array, chunks="auto"):
    return pytest.importorskip("dask.array").from_array(np.asarray(array), chunks=chunks)


def chosen(operands):
    """Operands of which Dask does not know how many samples they have, and the same of NumPy."""
    rows = lazy(ROWS, 2)
    unknown = {
        name: lazy(one, (2, *one.shape[1:]))[rows] if len(one) == len(ROWS) else lazy(one)
        for name, one in operands.items()
    }
    return unknown, {name: one[ROWS] if len(one) == 6 else one for name, one in operands.items()}


@pytest.mark.parametrize("reduction", ["sum", "none"])
@pytest.mark.parametrize(
    ("operands", "options"),
    [
        (KNOWN, {}),
        (KNOWN, {"beta": 0.5}),
        (KNOWN | PART, SPARSE),
        (KNOWN | {"target": KNOWN["input"], "target_weight": 2 * KNOWN["weight"]}, {}),
        (KNOWN | {"where": KNOWN["input"][:, :1] > 0}, {}),
    ],
)
def test_number_of_samples_need_not_be_known(operands, options, reduction):
    unknown, known = chosen(operands)
    found = linear_kl_div(**unknown, **options, reduction=reduction).compute()
    assert_allclose(found, linear_kl_div(**known, **options, reduction=reduction), rtol=1e-12)
    logits = unknown["input"] @ unknown["weight"].T
    if "indices" in operands:
        part = unknown["indices"], unknown["target"]
        found = sparse_kl_div_with_logits(logits, *part, **options, reduction=reduction)
        expected = linear_kl_div(**known, **options, reduction=reduction)
        assert_allclose(found.compute(), expected, rtol=1e-12)


def sized(name, array):
    """An operand after the remedy of an error about its sizes."""
    if name in {"input", "target", "weight", "bias"}:
        array.compute_chunk_sizes()
    return array


@pytest.mark.parametrize(
    ("place", "shape"),
    [
        ("input", "(None, 2, 3)"),
        ("input", "(6, None)"),
        ("weight", "(None, 3)"),
        ("bias", "(None,)"),
        ("target", "(None,)"),
    ],
)
def test_other_sizes_are_computed_first(place, shape):
    operands = {name: lazy(one) for name, one in KNOWN.items()} | {"bias": lazy(BIAS)}
    rows, words = lazy(ROWS), lazy(np.ones(4, bool))
    if shape == "(None, 2, 3)":
        da = pytest.importorskip("dask.array")
        pairs = {name: da.stack([operands[name]] * 2, 1)[rows] for name in ("input", "target")}
        operands |= pairs
    elif shape == "(6, None)":
        operands["input"] = operands["input"][:, lazy(np.ones(3, bool))]
    elif shape == "(None,)" and place == "target":
        operands |= {"input": operands["input"][0], "target": operands["target"][0][words]}
    else:
        operands[place] = operands[place][words]
    with pytest.raises(ValueError, match="must have sizes that are known") as caught:
        linear_kl_div(**operands, reduction="sum")
    assert str(caught.value) == (
        f"`{place}` must have sizes that are known, but for the number of rows where samples have "
        f"one axis; got {shape}: compute them first (Dask: {place}.compute_chunk_sizes())."
    )
    operands = {name: sized(name, one) for name, one in operands.items()}
    assert np.isfinite(linear_kl_div(**operands, reduction="sum").compute())


@pytest.mark.parametrize("place", ["input", "target", "indices"])
@pytest.mark.parametrize("function", [diagnose, sparse_kl_div_with_logits, linear_kl_div])
def test_a_diagnosis_computes_the_sizes_first(function, place):
    operands = {name: lazy(one) for name, one in (KNOWN | PART).items()}
    if function is sparse_kl_div_with_logits:
        del operands["weight"]
        operands["input"] = operands["input"] @ lazy(KNOWN["weight"]).T
    operands[place] = operands[place][lazy(np.ones(6, bool))]
    sizes = tuple(None if np.isnan(one) else one for one in operands[place].shape)
    with checking(), pytest.raises(ValueError, match="needs to know the shape") as caught:
        function(operands.pop("input"), **operands, **SPARSE)
    assert str(caught.value) == (
        f"A diagnosis needs to know the shape of `{place}`; got {sizes}: compute it first (Dask: "
        "compute_chunk_sizes())."
    )


# Chunks of Dask that are cut in other ways


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("loss", ["sparse", "linear", "of two models", "dense"])
def test_chunks_that_are_cut_in_other_ways_are_no_cause_of_a_warning(loss):
    rows, words = 400, 30
    x, t = RNG.normal(size=(2, rows, words))
    places, some = np.tile([0, 1], (rows, 1)), np.full((rows, 2), 0.25)
    across, along = lazy(x, (rows, 1)), lazy(t, (40, words))
    part = lazy(places, (7, 2)), lazy(some, (11, 1))
    if loss == "sparse":
        found = sparse_kl_div_with_logits(across, *part, **SPARSE)
        expected = sparse_kl_div_with_logits(x, places, some, **SPARSE)
    elif loss == "linear":
        options = SPARSE | {"indices": part[0]}
        found = linear_kl_div(across, lazy(t[:9], (2, 5)), part[1], **options)
        expected = linear_kl_div(x, t[:9], some, **options | {"indices": places})
    elif loss == "of two models":
        heads = across, lazy(t[:9], (2, 5)), along
        found = linear_kl_div(*heads, target_weight=lazy(x[:9], (9, 3)))
        expected = linear_kl_div(x, t[:9], t, target_weight=x[:9])
    else:
        found, expected = kl_div_with_logits(across, along), kl_div_with_logits(x, t)
    assert_allclose(found.compute(), expected, rtol=1e-10)


def test_libraries_are_those_that_there_are():
    assert set(LIBRARIES) <= set(BACKENDS)
    assert all(re.fullmatch(r"`\w+` must .*; got .*: .*\.", row[3]) for row in REFUSED.values())
