"""Dask: lazy, quiet in its workers, and clear about sizes it does not know."""

from functools import partial

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import (
    js_div,
    js_div_gradient,
    js_div_with_logits,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)
from kldiv_xp.backends import one_chunk
from kldiv_xp.host.threads import thread_count

dask = pytest.importorskip("dask", reason="dask is not installed")
_dask = pytest.importorskip("kldiv_xp.backends.dask.backend", reason="dask is not installed")

LOG_Q = np.log([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]])
P = np.asarray([[0.4, 0.6], [0.0, 1.0], [0.5, 0.5]])


@pytest.fixture(autouse=True)
def da():
    usable("dask")
    return library("dask.array")


def unknown(da):
    """Operands whose number of rows Dask does not know."""
    log_q, p = da.from_array(LOG_Q, chunks=(2, 2)), da.from_array(P, chunks=(2, 2))
    rows = da.from_array(np.asarray([True, False, True]), chunks=2)
    return log_q[rows], p[rows]


SHAPE = (4, 6, 5)
LOGITS = np.random.default_rng(3).normal(size=(2, *SHAPE))
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=-1, keepdims=True)
MASK = np.arange(6)[:, None] % 3 > 0
LOSSES = {
    "sum": partial(kl_div, reduction="sum"),
    "terms": partial(kl_div, reduction="none"),
    "last axis": partial(kl_div, reduction="none", axis=-1),
    "first and last axis": partial(kl_div, reduction="none", axis=(0, 2)),
    "samples": partial(kl_div, reduction="mean", axis=-1),
}
DIVERGENCES = {
    "kl": partial(kl_div_with_logits, temperature=2.0, reduction="none"),
    "reverse": partial(js_div_with_logits, beta=1.0, reduction="none"),
    "js": partial(js_div_with_logits, reduction="none"),
}
CHUNKS = {
    "one": (SHAPE, SHAPE),
    "rows": ((2, 3, 5), (2, 3, 5)),
    "two of a row": ((4, 6, 3), (4, 6, 3)),
    "of unlike sizes": ((2, 6, 5), (3, 2, 2)),
}
EVERY_CHUNKS = pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
MASKED = pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])


def lazily(da, arrays, chunks):
    """Arrays of Dask in chunks of some sizes."""
    pairs = zip(arrays, chunks, strict=True)
    return [da.from_array(array, chunks=sizes) for array, sizes in pairs]


def masks(da, shape, *, masked):
    """Mask in NumPy and in Dask, or none in either."""
    if not masked:
        return None, None
    where = np.broadcast_to(MASK, shape)
    return where, da.from_array(where, chunks=(2, 4, shape[-1]))


@pytest.mark.few(8, 32)
@EVERY_CHUNKS
@MASKED
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_losses_are_those_of_numpy_in_chunks_of_any_size(da, loss, chunks, masked):
    arrays = np.log(PROBABILITIES[0]), PROBABILITIES[1]
    where, lazy = masks(da, SHAPE, masked=masked)
    result = loss(*lazily(da, arrays, chunks), where=lazy)
    expected = loss(*arrays, where=where)
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    found = result.compute(scheduler="synchronous")
    assert found.shape == expected.shape
    assert_allclose(found, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.few(1)
@EVERY_CHUNKS
@MASKED
@pytest.mark.parametrize("type_", ["float64", "float32", "float16"])
@pytest.mark.parametrize("divergence", DIVERGENCES.values(), ids=DIVERGENCES)
@pytest.mark.cases(18)
def test_divergences_of_rows_are_those_of_numpy_in_chunks_of_any_size(
    da, divergence, type_, chunks, masked
):
    arrays = LOGITS.astype(type_)
    where, lazy = masks(da, (4, 6, 1), masked=masked)
    result = divergence(*lazily(da, arrays, chunks), where=lazy)
    expected = divergence(*arrays, where=where)
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    rtol = {"float64": 1e-12, "float32": 1e-4, "float16": 2**-10}[type_]
    found = result.compute(scheduler="synchronous")
    assert found.shape == expected.shape
    assert_allclose(found, expected, rtol=rtol, atol=rtol)


@EVERY_CHUNKS
@MASKED
def test_gradient_is_that_of_numpy_in_chunks_of_any_size(da, chunks, masked):
    arrays = np.log(PROBABILITIES[0]), PROBABILITIES[1]
    where, lazy = masks(da, SHAPE, masked=masked)
    found = kl_div_gradient(*lazily(da, arrays, chunks), reduction="batchmean", where=lazy)
    closed = kl_div_gradient(*arrays, reduction="batchmean", where=where)
    for derivative, expected in zip(found, closed, strict=True):
        assert derivative.dtype == expected.dtype
        assert_allclose(derivative.compute(scheduler="synchronous"), expected, rtol=1e-13)


def test_rows_that_are_whole_take_one_task_for_each_chunk(da):
    whole = lazily(da, LOGITS, CHUNKS["rows"])
    result = kl_div_with_logits(*whole, reduction="none")
    (optimized,) = dask.optimize(result)
    # Two that cut the operands, one that computes, and its other name.
    assert len(dict(optimized.__dask_graph__())) == 4 * result.npartitions
    cut = lazily(da, LOGITS, CHUNKS["two of a row"])
    in_parts = kl_div_with_logits(*cut, reduction="none")
    assert len(in_parts.__dask_graph__().layers) > 2 * len(result.__dask_graph__().layers)


CALLS = {
    "evaluate_terms": partial(kl_div, reduction="none"),
    "evaluate_samples": partial(kl_div, reduction="none", axis=-1),
    "evaluate_loss": partial(kl_div, reduction="sum"),
    "evaluate_divergences": partial(kl_div_with_logits, reduction="sum"),
    "evaluate_derivatives": lambda *operands: kl_div_gradient(*operands, reduction="sum")[1],
    "evaluate_row_derivatives": lambda *operands: kl_div_with_logits_gradient(*operands)[1],
}


@pytest.mark.parametrize("evaluated", CALLS)
def test_a_task_is_the_call_of_its_library_with_one_thread(da, monkeypatch, evaluated):
    function, threads = getattr(one_chunk, evaluated), []

    def counted(*arguments):
        threads.append(thread_count())
        return function(*arguments)

    monkeypatch.setattr(one_chunk, evaluated, counted)
    monkeypatch.setenv("KLDIV_XP_NUM_THREADS", "4")
    lazy = lazily(da, (np.log(PROBABILITIES[0]), PROBABILITIES[1]), CHUNKS["rows"])
    CALLS[evaluated](*lazy).compute(scheduler="synchronous")
    assert threads == [1] * 4


def test_sum_and_terms_of_unknown_sizes_stay_lazy_and_right(da):
    operands = unknown(da)
    expected = kl_div(LOG_Q[::2], P[::2], reduction="none")
    terms = kl_div(*operands, reduction="none").compute(scheduler="synchronous")
    assert_array_equal(terms, expected)
    total = kl_div(*operands, reduction="sum").compute(scheduler="synchronous")
    assert_allclose(total, expected.sum(), rtol=1e-15)


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("function", [kl_div, js_div, kl_div_gradient, js_div_gradient])
def test_masks_of_samples_of_unknown_number_stay_lazy_and_right(da, function, reduction):
    where = np.asarray([True, True, False])
    given = da.from_array(where, chunks=2)[da.from_array(np.asarray([True, False, True]), chunks=2)]
    options = {"axis": -1, "reduction": reduction}
    found = function(*unknown(da), where=given, **options)
    expected = function(LOG_Q[::2], P[::2], where=where[::2], **options)
    found, expected = (one if isinstance(one, tuple) else (one,) for one in (found, expected))
    for one, other in zip(found, expected, strict=True):
        assert_allclose(one.compute(scheduler="synchronous"), other, rtol=1e-15)


def test_upstream_of_samples_of_unknown_number_stays_lazy_and_right(da):
    upstream, options = np.asarray([2.0, 0.5, -3.0]), {"axis": -1, "reduction": "none"}
    rows = da.from_array(np.asarray([True, False, True]), chunks=2)
    given = da.from_array(upstream, chunks=2)[rows]
    found = kl_div_gradient(*unknown(da), upstream=given, **options)
    expected = kl_div_gradient(LOG_Q[::2], P[::2], upstream=upstream[::2], **options)
    for one, other in zip(found, expected, strict=True):
        assert_allclose(one.compute(scheduler="synchronous"), other, rtol=1e-15)


def chosen_by(da, array, rows, width):
    """Rows of an array, whose number Dask does not know, in chunks of so many columns."""
    lazy = da.from_array(array, chunks=(3, array.shape[1]))
    return lazy[da.from_array(np.asarray(rows, dtype=bool), chunks=3)].rechunk({1: width})


LOSSES_OF_ROWS = {
    "kl_div": partial(kl_div, reduction="sum"),
    "js_div": partial(js_div, reduction="sum"),
    "kl_div_with_logits": partial(kl_div_with_logits, reduction="sum"),
    "js_div_with_logits": partial(js_div_with_logits, reduction="sum"),
    "kl_div_gradient": lambda *operands, **mask: kl_div_gradient(
        *operands, reduction="sum", **mask
    )[0],
    "with_logits_gradient": lambda *operands, **mask: kl_div_with_logits_gradient(
        *operands, reduction="sum", **mask
    )[0],
    "reproducible": partial(kl_div_with_logits, reduction="sum", reproducible=True),
    "reproducible js": partial(js_div_with_logits, reduction="sum", reproducible=True),
    "reproducible terms": partial(kl_div, reduction="sum", reproducible=True),
}
OF_ROWS = {*LOSSES_OF_ROWS} - {"kl_div", "js_div", "kl_div_gradient", "reproducible terms"}
ALL, FEW = [1] * 6, [1, 0, 0, 1, 0, 0]


@pytest.mark.few(9, 27)
@pytest.mark.parametrize("width", [5, 3], ids=["whole rows", "rows in parts"])
@pytest.mark.parametrize("other", ["target", "where"])
@pytest.mark.parametrize("name", LOSSES_OF_ROWS)
def test_rows_of_unknown_number_are_never_broadcast(da, name, other, width):
    """A chunk of one row beside one of three made the loss of a teacher that nobody has."""
    operands = np.random.default_rng(0).dirichlet(np.ones(5), size=(2, 6)).astype(np.float32)
    rows = {"target": FEW if other == "target" else ALL}
    first = chosen_by(da, operands[0], ALL, width)
    second = chosen_by(da, operands[1], rows["target"], width)
    mask = {}
    if other == "where":
        of_rows = {"axis": -1} if name in OF_ROWS else {}
        entries = np.ones((6, 1 if of_rows else 5), dtype=bool)
        mask = {"where": chosen_by(da, entries, FEW, min(width, entries.shape[1])), **of_rows}
    lazy = LOSSES_OF_ROWS[name](first, second, **mask)
    with pytest.raises(ValueError, match="whose sizes Dask does not know") as caught:
        lazy.compute(scheduler="synchronous")
    assert str(caught.value).endswith(
        "select the same rows of every operand and of the mask, x[rows], by one array of bools."
    )


def test_divisor_of_unknown_size_is_refused_in_one_sentence(da):
    with pytest.raises(ValueError, match="batchmean") as caught:
        kl_div(*unknown(da), reduction="batchmean")
    assert str(caught.value) == (
        "reduction='batchmean' divides by the size of `input`, whose shape (None, 2) is not "
        "known yet: compute it first (Dask: compute_chunk_sizes()), or use reduction='sum'."
    )


def test_threads_of_dask_do_not_leak_warnings_of_numpy(da):
    inputs = da.from_array(np.asarray([np.inf, -np.inf, -1.0, -1.0]), chunks=1)
    targets = da.from_array(np.asarray([0.5, 0.5, -0.5, np.inf]), chunks=1)
    for reduction in ("none", "sum", "batchmean"):
        value = kl_div(inputs, targets, reduction=reduction).compute(scheduler="threads")
        assert np.isnan(value).any()


@pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")
def test_result_knows_its_type_before_it_is_computed(da, reduction):
    half = da.from_array(P.astype("float16"), chunks=2)
    lazy = da.log(half)
    result = kl_div(lazy, half, reduction=reduction)
    assert result.dtype == np.float16
    assert isinstance(result._meta, np.ndarray)


class Counted:
    """An array that counts how often a part of it is loaded."""

    def __init__(self, values):
        self.values, self.loads = values, 0
        self.shape, self.dtype, self.ndim = values.shape, values.dtype, values.ndim

    def __getitem__(self, index):
        self.loads += 1
        return self.values[index]


@pytest.mark.few(1, 3)
@pytest.mark.parametrize("chunks", [(2, 6, 5), (2, 6, 2)], ids=["whole rows", "parts of rows"])
@pytest.mark.parametrize(
    "gradient",
    [partial(kl_div_gradient, reduction="sum"), kl_div_with_logits_gradient],
    ids=["tables", "logits"],
)
def test_loss_and_derivatives_computed_together_load_every_chunk_once(da, gradient, chunks):
    sources = [Counted(one) for one in (np.log(PROBABILITIES[0]), PROBABILITIES[1])]
    lazy = [da.from_array(one, chunks=chunks, asarray=False, name=False) for one in sources]
    results = gradient(*lazy, return_value=True)
    for one in sources:
        one.loads = 0  # by Dask, which asks for an empty part
    computed = dask.compute(*results, scheduler="synchronous")
    assert [one.loads for one in sources] == [array.npartitions for array in lazy]
    expected = gradient(*[one.values for one in sources], return_value=True)
    for one, other in zip(computed, expected, strict=True):
        assert_allclose(one, other, rtol=1e-12, atol=1e-15)
