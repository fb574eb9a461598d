"""Masks of samples: in the shape of the samples, or with size 1 in their axes."""

import numpy as np
import pytest
from conftest import usable
from numpy.testing import assert_array_equal

from kldiv_xp import (
    KLDivLoss,
    checking,
    diagnose,
    js_div_with_logits,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
)

RNG = np.random.default_rng(21)
# As many samples as entries: the number of axes alone says what a mask is.
LOGITS = RNG.normal(size=(2, 3, 3, 3))
LOG_Q, LOG_P = LOGITS - np.log(np.sum(np.exp(LOGITS), axis=-1, keepdims=True))
SELECTED = np.arange(27).reshape(3, 3, 3) % 5 < 2


def losses_of(input, target, axis, where):
    """Every loss with a mask of samples: a flat tuple of arrays."""
    options = {"log_target": True, "axis": axis, "reduction": "mean"}
    results = [
        kl_div(input, target, where=where, **options),
        kl_div(input, target, where=where, **(options | {"reduction": "none"})),
        KLDivLoss(**options)(input, target, where=where),
        *kl_div_gradient(input, target, where=where, **options),
    ]
    if isinstance(axis, int):
        options = {"axis": axis, "where": where}
        results += [
            kl_div_with_logits(input, target, reduction="mean", **options),
            kl_div_with_logits(input, target, reduction="none", **options),
            js_div_with_logits(input, target, beta=0.3, **options),
        ]
    return tuple(results)


def test_mask_with_fewer_axes_has_the_shape_of_the_samples(backend):
    operands = backend.array(LOG_Q), backend.array(LOG_P)
    for axis in (-1, 0, (0, 2), (0, 1, 2)):
        column = np.any(SELECTED, axis=axis, keepdims=True)
        wide, natural = (backend.array(one * 1.0) != 0 for one in (column, column.squeeze(axis)))

        def both(input, target, *masks, axis=axis):
            found = [losses_of(input, target, axis, where) for where in masks]
            return found[0] + found[1]

        results = [backend.read(one) for one in backend.call(both, *operands, wide, natural)]
        half = len(results) // 2
        for with_column, with_samples in zip(results[:half], results[half:], strict=True):
            assert_array_equal(with_samples, with_column)


@pytest.mark.parametrize("where", [np.asarray([True, False, True]), np.asarray([[True]] * 3)])
def test_diagnosis_and_checks_take_the_mask_that_the_loss_takes(where):
    spoiled = np.array(LOG_Q[0])
    spoiled[~where.reshape(3)] = np.nan
    for name, loss in (("log_probabilities", kl_div), ("logits", kl_div_with_logits)):
        options = {"where": where, "axis": -1}
        target = {"target_is": "log_probabilities"}
        assert not diagnose(spoiled, LOG_P[0], input_is=name, **target, **options)
        given = {"log_target": True} if loss is kl_div else target
        with checking():
            assert np.isfinite(loss(spoiled, LOG_P[0], reduction="sum", **given, **options))


def test_rows_of_a_lazy_array_that_does_not_know_their_number_have_a_mask():
    da = usable("dask") and pytest.importorskip("dask.array")
    kept = da.from_array(np.asarray([True, True, False]), chunks=2)
    rows = [da.from_array(one, chunks=(2, 3))[kept] for one in (LOG_Q[0], LOG_P[0])]
    where = da.from_array(np.asarray([False, True, True]), chunks=2)[kept]
    value = kl_div_with_logits(*rows, where=where, reduction="mean")
    expected = kl_div_with_logits(LOG_Q[0, 1:2], LOG_P[0, 1:2])
    assert np.isclose(value.compute(scheduler="synchronous"), expected)
