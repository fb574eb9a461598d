"""Dask: chunks of size 0, along the samples and along the vocabulary, make no difference."""

import numpy as np
import pytest
from conftest import imported

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
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


@EVERY_CHUNKS
@pytest.mark.parametrize("name", LOSSES)
def test_empty_chunk_makes_no_difference(name, chunks):
    da = imported("dask.array")
    pair = [da.from_array(one).rechunk(chunks) for one in (LOGITS, TEACHER)]
    found = LOSSES[name](*pair, da.from_array(np.asarray(2.0)))
    expected = LOSSES[name](LOGITS, TEACHER, 2.0)
    np.testing.assert_allclose(found.compute(), expected, rtol=1e-12)
