"""kl_div_gradient: the closed form, on every backend."""

import inspect
import warnings

import numpy as np
import pytest
import reference
from array_libraries import HALF, library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import KLDivWarning, kl_div, kl_div_gradient

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")

RNG = np.random.default_rng(4)
LOG_Q = np.log(RNG.dirichlet(np.ones(4), 3))
P = np.append(RNG.dirichlet(np.ones(4), 2), [[0, 1, 0, 0]], axis=0)
DIVISORS = {"none": 1, "sum": 1, "batchmean": 3, "mean": 12}
BOTH_SPACES = pytest.mark.parametrize("log_target", [False, True])


def target_in(log_target):
    with np.errstate(divide="ignore"):
        return np.log(P) if log_target else P


def expected_gradient(log_target):
    pairs = zip(LOG_Q.ravel(), target_in(log_target).ravel(), strict=True)
    derivatives = [reference.gradient(x, t, log_target) for x, t in pairs]
    return np.reshape(derivatives, (*P.shape, 2))


@pytest.mark.few(18, 69)
@BOTH_SPACES
def test_gradient_of_every_reduction_zeros_included(backend, dtype, reduction, log_target):
    operands = backend.array(LOG_Q, dtype), backend.array(target_in(log_target), dtype)
    gradient = backend.call(kl_div_gradient, *operands, reduction=reduction, log_target=log_target)
    expected = expected_gradient(log_target) / DIVISORS[reduction]
    eps = 8 * np.finfo(dtype).eps
    for place, computed in enumerate(gradient):
        assert_allclose(backend.read(computed), expected[..., place], rtol=eps, atol=eps)


def test_each_gradient_has_the_type_and_device_of_its_operand(backend):
    operands = backend.array(LOG_Q, "float32"), backend.array(P, "float64")
    for gradient, operand in zip(backend.call(kl_div_gradient, *operands), operands, strict=True):
        assert type(gradient) is type(operand)
        assert gradient.dtype == operand.dtype
        assert gradient.shape == operand.shape
        if hasattr(operand, "device"):
            assert gradient.device == operand.device


def test_half_precision_is_computed_in_float32_and_rounded_once(backend):
    for dtype in set(backend.dtypes).intersection(HALF):
        halves = backend.array(LOG_Q, dtype), backend.array(P, dtype)
        singles = [backend.array(backend.read(half), "float32") for half in halves]
        exact = backend.call(kl_div_gradient, *singles)
        for gradient, single in zip(backend.call(kl_div_gradient, *halves), exact, strict=True):
            rounded = backend.read(backend.array(backend.read(single), dtype))
            assert_array_equal(backend.read(gradient), rounded)


@pytest.mark.parametrize("kind", ["number", "array"])
@pytest.mark.parametrize("axis", [None, -1, 0, (0, 1)])
def test_upstream_scales_the_gradient(backend, reduction, kind, axis):
    operands = backend.array(LOG_Q), backend.array(P)
    upstream = 3.0 if kind == "number" else backend.array(3.0)
    options = {"reduction": reduction, "axis": axis}
    plain = backend.call(kl_div_gradient, *operands, **options)
    scaled = backend.call(
        lambda x, t: kl_div_gradient(x, t, upstream=upstream, **options), *operands
    )
    for a, b in zip(plain, scaled, strict=True):
        assert_allclose(backend.read(b), 3 * backend.read(a), rtol=1e-15)


def test_upstream_scales_the_gradient_of_a_masked_mean(backend):
    operands = backend.array(LOG_Q), backend.array(P)
    mask = backend.array(np.arange(12.0).reshape(3, 4)) > 5
    options = {"reduction": "mean", "where": mask}
    upstream = backend.array(3.0)
    plain = backend.call(lambda x, t: kl_div_gradient(x, t, **options), *operands)
    scaled = backend.call(
        lambda x, t: kl_div_gradient(x, t, upstream=upstream, **options), *operands
    )
    for a, b in zip(plain, scaled, strict=True):
        assert_allclose(backend.read(b), 3 * backend.read(a), rtol=1e-15)


def test_upstream_of_unreduced_loss_has_an_element_for_every_term(backend):
    operands = backend.array(LOG_Q), backend.array(P)
    weights = np.arange(12.0).reshape(3, 4)
    upstream = backend.array(weights)
    gradient = backend.call(
        lambda x, t, u: kl_div_gradient(x, t, reduction="none", upstream=u), *operands, upstream
    )
    for place, computed in enumerate(gradient):
        expected = expected_gradient(log_target=False)[..., place] * weights
        assert_allclose(backend.read(computed), expected, rtol=1e-14, atol=1e-14)


@BOTH_SPACES
def test_torch_autograd_gives_the_same_gradient(reduction, log_target):
    backend = usable("torch")
    x, t = backend.array(LOG_Q), backend.array(target_in(log_target))
    upstream = backend.array(RNG.normal(size=P.shape if reduction == "none" else ()))
    options = {"reduction": reduction, "log_target": log_target}
    closed = kl_div_gradient(x, t, **options, upstream=upstream)
    loss = kl_div(x.requires_grad_(), t.requires_grad_(), **options)
    loss.backward(upstream)
    for gradient, operand in zip(closed, (x, t), strict=True):
        assert_allclose(gradient.detach(), operand.grad, rtol=1e-15, atol=1e-15)


@BOTH_SPACES
def test_jax_grad_gives_the_same_gradient(log_target):
    backend = usable("jax")
    operands = backend.array(LOG_Q), backend.array(target_in(log_target))
    for reduction in ("sum", "mean", "batchmean"):
        options = {"reduction": reduction, "log_target": log_target}
        closed = kl_div_gradient(*operands, **options)
        autodiff = library("jax").grad(lambda x, t: kl_div(x, t, **options), (0, 1))(*operands)  # noqa: B023 - called at once
        for a, b in zip(closed, autodiff, strict=True):
            assert_allclose(a, b, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_empty_operands_have_an_empty_gradient(backend, reduction, shape):
    operands = backend.array(np.zeros(shape)), backend.array(np.zeros(shape))
    for gradient in backend.call(kl_div_gradient, *operands, reduction=reduction):
        assert backend.read(gradient).shape == shape


def test_numpy_warnings_never_leak(reduction):
    inputs, targets = np.asarray(reference.every_pair(log_target=True)).T
    for log_target in (False, True):
        kl_div_gradient(inputs, targets, reduction=reduction, log_target=log_target)


def test_upstream_that_no_float_holds_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="a float holds") as caught:
        kl_div_gradient(np.log([0.5]), np.asarray([0.5]), reduction="sum", upstream=10**400)
    assert str(caught.value) == (
        f"`upstream` must be a number that a float holds; got {10**400}: scale it down."
    )


@pytest.mark.parametrize("reduction", ["sum", "mean", "batchmean"])
def test_reduced_loss_has_no_upstream_derivative_for_every_term(reduction):
    with pytest.raises(ValueError, match="must have the shape of the loss") as caught:
        kl_div_gradient(LOG_Q, P, reduction=reduction, upstream=np.ones((3, 4)))
    assert str(caught.value) == (
        "`upstream` must have the shape of the loss, (3, 4) for 'none' and () otherwise; got "
        f"(3, 4) with reduction={reduction!r}: pass reduction='none', or a number."
    )


def test_warning_about_the_mean_is_that_of_the_loss():
    for options in ({}, {"axis": -1}, {"reduction": "sum"}, {"where": P > 0}, {"axis": (0, 1)}):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            line = inspect.currentframe().f_lineno + 2
            for function in (kl_div, kl_div_gradient):
                function(LOG_Q, P, **options)
        texts = [str(one.message) for one in caught]
        assert texts == (2 * texts[:1] if not {"axis", "reduction"} & set(options) else [])
        assert {(one.category, one.filename, one.lineno) for one in caught} <= {
            (KLDivWarning, __file__, line)
        }
