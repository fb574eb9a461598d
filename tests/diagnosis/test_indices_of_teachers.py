"""Indices that a library does not read are refused by a diagnosis, in every library."""

import numpy as np
import pytest
from conftest import usable

from kldiv_xp import checking, diagnose, linear_kl_div, sparse_kl_div_with_logits

STUDENT = np.random.default_rng(0).normal(size=(2, 7))
TOP = np.log([[0.5, 0.25], [0.25, 0.5]])
REMEDY = (
    "leave a padded sample out with where=, and give a padded entry an index of its own and a "
    "probability of 0"
)
OUTSIDE = "`indices` must lie between 0 and 6, the last place of `input` along `axis`; got"
WRONG = [
    ([[0, 7], [1, 2]], f"{OUTSIDE} 7: {REMEDY}."),
    ([[0, 1], [-100, 2]], f"{OUTSIDE} -100: {REMEDY}."),
    (
        [[5, 5], [1, 2]],
        f"`indices` must name each place of a sample once; got 5 twice in one: {REMEDY}.",
    ),
]
NAMES = ["numpy", "torch", "jax", "dask", "array-api-strict", "mlx"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("indices", "sentence"), WRONG)
def test_indices_that_name_no_place_or_one_twice_are_refused_everywhere(name, indices, sentence):
    backend = usable(name)
    student, top = backend.array(STUDENT), backend.array(TOP)
    places = backend.make(np.asarray(indices), "int64")
    eye = backend.array(np.eye(7))
    given = {"indices": places, "target_is": "log_probabilities"}

    def within(loss, *operands, **options):
        with checking():
            loss(*operands, **options)

    for call in (
        lambda: diagnose(student, top, indices=places),
        lambda: diagnose(student, top, weight=eye, **given),
        lambda: within(sparse_kl_div_with_logits, student, places, top),
        lambda: within(linear_kl_div, student, eye, top, **given),
    ):
        with pytest.raises(ValueError, match="indices") as caught:
            call()
        assert str(caught.value) == sentence


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("indices", [indices for indices, _ in WRONG])
def test_samples_that_are_left_out_may_hold_any_index(name, indices):
    backend = usable(name)
    right = np.asarray([[3, 4], [1, 2]])
    kept = (np.asarray(indices) == right).all(-1) | (np.asarray(indices) == [0, 1]).all(-1)
    places = backend.make(np.asarray(indices), "int64")
    where = backend.array(kept[:, None], "bool")
    operands = backend.array(STUDENT), places, backend.array(TOP)
    found = backend.read(sparse_kl_div_with_logits(*operands, where=where, reduction="mean"))
    cut = STUDENT[kept], np.asarray(indices)[kept], TOP[kept]
    np.testing.assert_allclose(found, sparse_kl_div_with_logits(*cut), rtol=1e-5)
    assert not diagnose(operands[0], operands[2], indices=places, where=where)
