"""Axes and masks: what is summed, what is averaged, and what has no part in it."""

import numpy as np
import pytest
import reference
from array_libraries import HALF, library
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import KLDivLoss, KLDivWarning, kl_div, kl_div_gradient

RNG = np.random.default_rng(6)
SHAPE = (2, 3, 4)
LOG_Q = np.log(RNG.dirichlet(np.ones(4), (2, 3)))
P = RNG.dirichlet(np.ones(4), (2, 3))
P[0, 0] = [0, 0, 1, 0]
MASK = RNG.random(SHAPE) < 0.6
TOKENS = np.asarray([[[True], [True], [False]], [[True], [False], [False]]])
GARBAGE = [np.nan, np.inf, -np.inf, 7.0]
BOTH_SPACES = pytest.mark.parametrize("log_target", [False, True])
AXES = [-1, 1, (0, 2), (-1, 0, 1), ()]

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")


def target_in(log_target):
    with np.errstate(divide="ignore"):
        return np.log(P) if log_target else P


def terms_in(log_target):
    pairs = zip(LOG_Q.ravel(), target_in(log_target).ravel(), strict=True)
    return np.reshape([reference.term(x, t, log_target) for x, t in pairs], SHAPE)


def places(axis):
    return tuple(np.atleast_1d(np.asarray(axis, dtype=int)) % 3)


def mask_on(backend, mask):
    """Mask as an array of the backend, on the device of its other arrays."""
    values = backend.array(mask)
    return backend.call(lambda array: array != 0, values)


def spoiled(values, selected):
    """Operand with something unusable wherever nothing is selected."""
    garbage = np.resize(GARBAGE, values.shape)
    return np.where(np.broadcast_to(selected, values.shape), values, garbage)


def masked_loss(backend, function, selected, **options):
    """Result for spoiled operands under a mask."""
    log_target = options.get("log_target", False)
    operands = (spoiled(LOG_Q, selected), spoiled(target_in(log_target), selected))
    arrays = [backend.array(operand) for operand in operands]
    mask = mask_on(backend, selected)
    return backend.call(lambda x, t, m: function(x, t, where=m, **options), *arrays, mask)


@BOTH_SPACES
@pytest.mark.parametrize("axis", AXES, ids=str)
def test_terms_are_summed_over_the_axes_first(backend, axis, log_target):
    operands = backend.array(LOG_Q), backend.array(target_in(log_target))
    value = backend.values(kl_div, *operands, reduction="none", axis=axis, log_target=log_target)
    assert_allclose(value, terms_in(log_target).sum(places(axis)), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("axis", AXES, ids=str)
def test_reduction_applies_to_the_divergences_of_samples(backend, axis):
    operands = backend.array(LOG_Q), backend.array(P)
    samples = terms_in(log_target=False).sum(places(axis))
    expected = {
        "sum": samples.sum(),
        "mean": samples.mean(),
        "batchmean": samples.sum() / (samples.shape[0] if samples.ndim else 1),
    }
    values = backend.call(
        lambda x, t: [kl_div(x, t, reduction=one, axis=axis) for one in expected], *operands
    )
    for value, number in zip(values, expected.values(), strict=True):
        assert_allclose(backend.read(value), number, rtol=1e-13)


def test_mean_over_samples_does_not_warn_because_it_is_the_divergence(backend):
    operands = backend.array(LOG_Q), backend.array(P)
    with pytest.warns(KLDivWarning):
        backend.call(kl_div, *operands)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error", KLDivWarning)
        backend.call(kl_div, *operands, axis=-1)
        backend.call(KLDivLoss(axis=-1), *operands)


@BOTH_SPACES
def test_what_is_not_selected_has_no_part_whatever_it_holds(backend, reduction, log_target):
    options = {"reduction": reduction, "log_target": log_target}
    value = backend.read(masked_loss(backend, kl_div, MASK, **options))
    terms = np.where(MASK, terms_in(log_target), 0)
    divisors = {"none": 1, "sum": 1, "batchmean": 2, "mean": MASK.sum()}
    expected = (terms if reduction == "none" else terms.sum()) / divisors[reduction]
    assert_allclose(value, expected, rtol=1e-13, atol=1e-15)


@BOTH_SPACES
@pytest.mark.parametrize("selected", [TOKENS, MASK], ids=["samples", "elements"])
def test_mean_counts_the_samples_in_which_something_is_selected(backend, selected, log_target):
    terms = np.where(selected, terms_in(log_target), 0)
    count = selected.any(-1).sum()
    options = {"axis": -1, "log_target": log_target}
    value = masked_loss(backend, kl_div, selected, reduction="mean", **options)
    assert_allclose(backend.read(value), terms.sum() / count, rtol=1e-13)
    samples = masked_loss(backend, kl_div, selected, reduction="none", **options)
    assert_allclose(backend.read(samples), terms.sum(-1), rtol=1e-13, atol=1e-15)


def test_masking_samples_is_slicing_them_away(backend):
    kept = TOKENS[..., 0]
    sliced = backend.array(LOG_Q[kept]), backend.array(P[kept])
    value = masked_loss(backend, kl_div, TOKENS, reduction="mean", axis=-1)
    expected = backend.values(kl_div, *sliced, reduction="mean", axis=-1)
    assert_allclose(backend.read(value), expected, rtol=1e-14)


@pytest.mark.parametrize("axis", [None, -1])
def test_nothing_selected_costs_nothing(backend, reduction, axis):
    nothing = np.zeros(SHAPE, dtype=bool)
    value = backend.read(masked_loss(backend, kl_div, nothing, reduction=reduction, axis=axis))
    assert_array_equal(value, np.zeros(np.shape(value)))
    assert not np.signbit(value).any()
    gradient = masked_loss(backend, kl_div_gradient, nothing, reduction=reduction, axis=axis)
    for derivative in gradient:
        assert_array_equal(backend.read(derivative), np.zeros(SHAPE))


@pytest.mark.parametrize("dtype", HALF)
def test_mean_of_selected_half_precision_is_divided_before_it_is_rounded(backend, dtype):
    operands = (
        backend.array(np.full((8, 4096), -20.0), dtype),
        backend.array(np.full((8, 4096), 0.25), dtype),
    )
    rows = mask_on(backend, np.arange(8).reshape(8, 1) < 4)
    value = backend.call(
        lambda x, t, m: kl_div(x, t, reduction="mean", axis=-1, where=m), *operands, rows
    )
    assert_allclose(backend.read(value), 4096 * 0.25 * (np.log(0.25) + 20), rtol=1e-2)


def expected_derivatives(log_target):
    pairs = zip(LOG_Q.ravel(), target_in(log_target).ravel(), strict=True)
    derivatives = [reference.gradient(x, t, log_target) for x, t in pairs]
    return np.moveaxis(np.reshape(derivatives, (*SHAPE, 2)), -1, 0)


@pytest.mark.few(73, 47)
@BOTH_SPACES
@pytest.mark.parametrize("selected", [None, TOKENS, MASK], ids=["all", "samples", "elements"])
def test_gradient_of_samples_and_masks(backend, reduction, selected, log_target):
    mask = np.ones((2, 3, 1), dtype=bool) if selected is None else selected
    options = {"reduction": reduction, "axis": -1, "log_target": log_target}
    gradient = masked_loss(backend, kl_div_gradient, mask, **options)
    divisors = {"none": 1, "sum": 1, "batchmean": 2, "mean": mask.any(-1).sum()}
    for derivative, whole in zip(gradient, expected_derivatives(log_target), strict=True):
        expected = np.where(mask, whole, 0) / divisors[reduction]
        assert_allclose(backend.read(derivative), expected, rtol=1e-13, atol=1e-15)


def test_upstream_has_an_element_for_every_sample(backend):
    weights = np.arange(6.0).reshape(2, 3)
    gradient = backend.call(
        lambda x, t, u: kl_div_gradient(x, t, reduction="none", axis=-1, upstream=u),
        backend.array(LOG_Q),
        backend.array(P),
        backend.array(weights),
    )
    for derivative, whole in zip(gradient, expected_derivatives(log_target=False), strict=True):
        assert_allclose(
            backend.read(derivative), whole * weights[..., None], rtol=1e-13, atol=1e-15
        )


@BOTH_SPACES
@pytest.mark.parametrize("axis", [None, -1, (0, 2)], ids=str)
def test_autodiff_gives_the_gradient_in_closed_form(autodiff_backend, reduction, axis, log_target):
    backend = autodiff_backend
    selected = MASK if axis is None else MASK.any(axis, keepdims=True)
    arrays = [backend.array(spoiled(v, selected)) for v in (LOG_Q, target_in(log_target))]
    mask = mask_on(backend, selected)
    options = {"reduction": reduction, "axis": axis, "log_target": log_target, "where": mask}
    closed = [backend.read(g) for g in kl_div_gradient(*arrays, **options)]

    def loss(x, t):
        value = kl_div(x, t, **options)
        return value.sum() if reduction == "none" else value

    if backend.library == "torch":
        operands = [array.requires_grad_() for array in arrays]
        backend.call(loss, *operands).backward()
        by_library = [backend.read(operand.grad) for operand in operands]
    else:
        by_library = library("jax").grad(lambda *a: backend.call(loss, *a), argnums=(0, 1))(*arrays)
    for left, right in zip(by_library, closed, strict=True):
        assert_allclose(left, right, rtol=1e-14, atol=1e-15)


def test_class_remembers_the_axis_and_takes_the_mask(backend):
    operands = backend.array(LOG_Q), backend.array(P)
    mask = mask_on(backend, TOKENS)
    value = backend.call(
        lambda x, t, m: KLDivLoss(reduction="mean", axis=-1)(x, t, where=m), *operands, mask
    )
    expected = np.where(TOKENS, terms_in(log_target=False), 0).sum() / TOKENS.sum()
    assert_allclose(backend.read(value), expected, rtol=1e-13)


def test_samples_longer_than_a_block_are_summed_block_by_block(monkeypatch):
    from kldiv_xp.host import blocks

    monkeypatch.setattr(blocks, "BLOCK_BYTES", 8 * 3)
    for axis in AXES:
        value = kl_div(LOG_Q, P, reduction="none", axis=axis)
        expected = terms_in(log_target=False).sum(places(axis))
        assert_allclose(value, expected, rtol=1e-13, atol=1e-15)


def test_mask_of_samples_is_cut_into_the_blocks_of_the_operands(monkeypatch):
    from kldiv_xp.host import blocks

    expected = np.where(TOKENS, terms_in(log_target=False), 0).sum(-1)
    for elements in (1, 2, 3, 4, 7, 9):
        monkeypatch.setattr(blocks, "BLOCK_BYTES", 8 * elements)
        value = kl_div(LOG_Q, P, reduction="none", axis=-1, where=TOKENS)
        assert_allclose(value, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 0, 3)])
def test_samples_of_nothing_sum_to_zero(backend, shape):
    operands = backend.array(np.zeros(shape)), backend.array(np.zeros(shape))
    value = backend.values(kl_div, *operands, reduction="none", axis=-1)
    assert_array_equal(value, np.zeros(shape[:-1]))
