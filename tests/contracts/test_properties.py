"""Properties of the divergence that hold for any numbers, on every backend."""

import functools

import numpy as np
import pytest
from contracts.draws import close, for_all_draws, half_of, in_space, masked, results_on, spoil
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import kl_div, kl_div_gradient

BOTH_SPACES = pytest.mark.parametrize("log_target", [False, True], ids=["p", "log p"])

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

masked_kl = functools.partial(masked, kl_div)
masked_gradient = functools.partial(masked, kl_div_gradient)


@pytest.fixture
def values(backend):
    return results_on(backend)


@BOTH_SPACES
@for_all_draws
def test_divergence_of_distributions_is_never_negative(backend, values, draw, log_target):
    log_q, log_p = draw.pair(*draw.start(backend))
    options = {"reduction": "none", "axis": -1, "log_target": log_target}
    assert (values(kl_div, log_q, in_space(log_p, log_target), **options) >= -1e-14).all()


@BOTH_SPACES
@for_all_draws
def test_divergence_of_a_distribution_from_itself_is_zero(backend, values, draw, log_target):
    _, log_p = draw.pair(*draw.start(backend))
    options = {"reduction": "none", "axis": -1, "log_target": log_target}
    rows = values(kl_div, log_p, in_space(log_p, log_target), **options)
    assert_allclose(rows, 0, atol=0 if log_target else 1e-14)


@pytest.mark.few(4, 6)
@BOTH_SPACES
@for_all_draws
def test_order_of_samples_and_of_classes_does_not_matter(backend, values, draw, log_target):
    rng, shape = draw.start(backend)
    log_q, log_p = draw.pair(rng, shape)
    operands = log_q, in_space(log_p, log_target)
    order = np.ix_(*map(rng.permutation, shape))
    options = {"reduction": "batchmean", "log_target": log_target}
    moved = [array[order] for array in operands]
    close(values(kl_div, *moved, **options), values(kl_div, *operands, **options))
    gradient = values(kl_div_gradient, *operands, **options)
    for part, permuted in zip(gradient, values(kl_div_gradient, *moved, **options), strict=True):
        close(permuted, part[order])


@pytest.mark.few(6, 4)
@BOTH_SPACES
@for_all_draws
def test_batch_is_its_samples(backend, values, draw, log_target):
    log_q, log_p = draw.pair(*draw.start(backend))
    operands = log_q, in_space(log_p, log_target)
    options = {"log_target": log_target}
    rows = values(kl_div, *operands, reduction="none", axis=-1, **options)
    alone = [
        values(kl_div, *row, reduction="sum", **options) for row in zip(*operands, strict=True)
    ]
    close(rows, alone)
    close(values(kl_div, *operands, reduction="sum", **options), sum(alone))


@pytest.mark.few(4, 6)
@BOTH_SPACES
@for_all_draws
def test_divergence_of_two_batches_joined_is_the_sum(backend, values, draw, log_target):
    rng, shape = draw.start(backend)
    pairs = [draw.pair(rng, shape) for _ in range(2)]
    pairs = [(log_q, in_space(log_p, log_target)) for log_q, log_p in pairs]
    options = {"reduction": "sum", "log_target": log_target}
    joined = [np.concatenate(arrays) for arrays in zip(*pairs, strict=True)]
    parts = [values(kl_div, *pair, **options) for pair in pairs]
    close(values(kl_div, *joined, **options), sum(parts))


@pytest.mark.few(4, 16)
@BOTH_SPACES
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@for_all_draws
def test_mask_of_elements_is_a_selection(backend, values, draw, log_target, reduction):
    rng, shape = draw.start(backend)
    log_q, log_p = draw.pair(rng, shape)
    operands = log_q, in_space(log_p, log_target)
    mask = half_of(rng, shape)
    options = {"reduction": reduction, "log_target": log_target}
    chosen = values(kl_div, *(array[mask] for array in operands), **options)
    close(values(masked_kl, *(spoil(rng, a, mask) for a in operands), mask, **options), chosen)


@pytest.mark.few(9, 11)
@BOTH_SPACES
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@for_all_draws
def test_mask_of_samples_is_a_selection(backend, values, draw, log_target, reduction):
    rng, shape = draw.start(backend)
    log_q, log_p = draw.pair(rng, shape)
    operands = log_q, in_space(log_p, log_target)
    mask = half_of(rng, (shape[0], 1))
    options = {"reduction": reduction, "log_target": log_target, "axis": -1}
    chosen = values(kl_div, *(array[mask[:, 0]] for array in operands), **options)
    close(values(masked_kl, *(spoil(rng, a, mask) for a in operands), mask, **options), chosen)


@pytest.mark.few(3)
@for_all_draws
def test_mask_of_classes_is_a_selection(backend, values, draw):
    rng, shape = draw.start(backend)
    log_q, log_p = draw.pair(rng, shape)
    operands = log_q, np.exp(log_p)
    classes = half_of(rng, shape[1:])
    mask = np.broadcast_to(classes, shape)
    options = {"reduction": "none", "axis": -1}
    chosen = values(kl_div, *(array[:, classes] for array in operands), **options)
    close(values(masked_kl, *(spoil(rng, a, mask) for a in operands), mask, **options), chosen)


@BOTH_SPACES
@for_all_draws
def test_garbage_behind_the_mask_never_reaches_the_gradient(backend, values, draw, log_target):
    rng, shape = draw.start(backend)
    log_q, log_p = draw.pair(rng, shape)
    operands = log_q, in_space(log_p, log_target)
    mask = half_of(rng, shape)
    options = {"reduction": "sum", "log_target": log_target}
    expected = values(kl_div_gradient, *operands, **options)
    spoiled = [spoil(rng, array, mask) for array in operands]
    for part, whole in zip(
        values(masked_gradient, *spoiled, mask, **options), expected, strict=True
    ):
        assert_array_equal(part[~mask], 0)
        close(part[mask], whole[mask])


@for_all_draws
def test_mixture_of_pairs_is_no_further_apart_than_they_are(backend, values, draw):
    rng, shape = draw.start(backend)
    pairs = [draw.pair(rng, shape) for _ in range(2)]
    share = rng.random()
    one, other = (values(kl_div, q, np.exp(p), reduction="none", axis=-1) for q, p in pairs)
    q, p = (share * np.exp(a) + (1 - share) * np.exp(b) for a, b in zip(*pairs, strict=True))
    mixed = values(kl_div, np.log(q), p, reduction="none", axis=-1)
    assert (mixed <= share * one + (1 - share) * other + 1e-12).all()
