"""Losses of teachers on arrays of Dask that do not know their sizes yet."""

import numpy as np
import pytest
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
SPARSE = {"target_is": "probabilities"}
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


@pytest.mark.few(0, 1)
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
