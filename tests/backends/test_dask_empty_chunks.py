"""Dask: chunks of size 0, along the samples and along the vocabulary, make no difference."""

import numpy as np
import pytest
from conftest import imported

from kldiv_xp import (
    js_div,
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
    linear_kl_div,
    linear_kl_div_gradient,
)

LOGITS, TEACHER = np.random.default_rng(6).normal(size=(2, 4, 6))
CHUNKS = [((4,), (0, 6)), ((4,), (3, 0, 3)), ((0, 4), (3, 0, 3)), ((2, 0, 2), (6, 0)), ((0, 4), 6)]
EVERY_CHUNKS = pytest.mark.parametrize("chunks", CHUNKS, ids=str)
LOSSES = {
    "tables": lambda x, t, _: kl_div(x, abs(t), reduction="sum", axis=-1),
    "logits": lambda x, t, _: kl_div_with_logits(x, t),
    "js": lambda x, t, _: js_div_with_logits(x, t),
    "probabilities": lambda x, t, _: kl_div_with_logits(x, abs(t), target_is="probabilities"),
    "temperature": lambda x, t, two: kl_div_with_logits(x, t, temperature=two),
    "mixture": lambda x, t, two: js_div_with_logits(x, t, beta=1 / two),
    "gradient": lambda x, t, _: kl_div_with_logits_gradient(x, t)[0],
    "js, gradient": lambda x, t, _: js_div_with_logits_gradient(x, t)[1],
}


@pytest.mark.few(1, 2)
@EVERY_CHUNKS
@pytest.mark.parametrize("name", LOSSES)
def test_empty_chunk_makes_no_difference(name, chunks):
    da = imported("dask.array")
    pair = [da.from_array(one).rechunk(chunks) for one in (LOGITS, TEACHER)]
    found = LOSSES[name](*pair, da.from_array(np.asarray(2.0)))
    expected = LOSSES[name](LOGITS, TEACHER, 2.0)
    np.testing.assert_allclose(found.compute(), expected, rtol=1e-12)


MASKED = {
    "tables": lambda x, t, _, where: js_div(x, abs(t), reduction="sum", axis=-1, where=where),
    "tables, gradient": lambda x, t, above, where: kl_div_gradient(
        x, abs(t), reduction="none", axis=-1, upstream=above, where=where
    )[0],
    "logits": lambda x, t, _, where: kl_div_with_logits(x, t, where=where, reduction="mean"),
    "gradient": lambda x, t, above, where: js_div_with_logits_gradient(
        x, t, reduction="none", upstream=above, where=where
    )[0],
    "layer": lambda x, t, _, where: linear_kl_div(x, t[0], t[..., :4], where=where),
}
SINGLE = [((1, 0), (2, 2), (0, 1)), ((0, 1), (0, 4), (1, 0)), ((0, 0, 1), (4,), (0, 0, 1))]


@pytest.mark.parametrize("chunks", SINGLE, ids=str)
@pytest.mark.parametrize("name", MASKED)
def test_empty_chunk_along_an_axis_of_one_entry_is_not_repeated(name, chunks):
    da = imported("dask.array")
    x, t = LOGITS[None], TEACHER[None]
    above, where = np.arange(1.0, 5.0)[None], np.array([[[True], [False], [True], [True]]])
    pair = [da.from_array(one) for one in (x, t)]
    found = MASKED[name](
        *pair, da.from_array(above, chunks=chunks[:2]), da.from_array(where, chunks=chunks)
    )
    expected = MASKED[name](x, t, above, where)
    np.testing.assert_allclose(found.compute(), expected, rtol=1e-12)


@pytest.mark.few(1, 2)
@pytest.mark.parametrize("shape", [(0, 2), (2, 0), (0, 0)], ids=str)
@pytest.mark.parametrize("chunks", [-1, 1], ids=["in one", "in several"])
def test_layer_takes_no_samples_at_all(shape, chunks):
    da = imported("dask.array")
    states, target, weight = np.ones((*shape, 3)), np.ones((*shape, 5)), np.ones((5, 3))
    lazy = [da.from_array(one, chunks=chunks) for one in (states, weight, target)]
    assert linear_kl_div(*lazy, reduction="sum").compute() == 0
    rows, *derivatives = linear_kl_div_gradient(*lazy, reduction="none", return_value=True)
    assert rows.compute().shape == shape
    assert [one.compute().shape for one in derivatives[:2]] == [(*shape, 3), (5, 3)]
