"""The behaviour of torch.nn.functional.kl_div, on every backend."""

import warnings

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose

from kldiv_xp import KLDivLoss, kl_div

SHAPES = [(), (5,), (2, 5), (11, 7), (2, 3, 4), (2, 1, 3, 2)]
pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")


def torch_kl_div(log_q, target, **options):
    """Torch's own value, without its advice about 'mean'."""
    usable("torch")
    torch = library("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loss = torch.nn.functional.kl_div(torch.tensor(log_q), torch.tensor(target), **options)
    return loss.numpy()


@pytest.mark.few(113, 367)
@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_ordinary_data_give_the_value_of_torch(backend, dtype, reduction, log_target, shape):
    rng = np.random.default_rng(len(shape))
    log_q = (-rng.exponential(size=shape)).astype(dtype)
    p = rng.uniform(0.01, 1, size=shape).astype(dtype)
    target = np.asarray(np.log(p) if log_target else p)
    options = {"reduction": reduction, "log_target": log_target}
    operands = backend.array(log_q, dtype), backend.array(target, dtype)
    value = backend.values(kl_div, *operands, **options)
    # Sums of terms of either sign are compared on the scale of the terms.
    scale = np.sum(p * (np.abs(np.log(p)) + np.abs(log_q)))
    atol = 8 * np.finfo(dtype).eps * max(1.0, float(scale))
    assert_allclose(value, torch_kl_div(np.asarray(log_q), target, **options), rtol=0, atol=atol)


@pytest.mark.parametrize(
    ("left", "right"), [("float32", "float64"), ("float64", "float32"), ("float64", "float64")]
)
def test_operands_of_different_type_have_the_mean_that_torch_tests(backend, left, right):
    left = backend.array([[2, 3, 5], [3, 2, 1]], left)
    right = backend.array([[1, 2, 3], [4, 5, 6]], right)
    assert_allclose(backend.values(kl_div, left, right), -3.66249083, rtol=1e-7)


def test_log_space_and_probabilities_give_the_same_loss(backend, reduction):
    rng = np.random.default_rng(8)
    log_q, log_p = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    logs = backend.values(
        kl_div, backend.array(log_q), backend.array(log_p), reduction=reduction, log_target=True
    )
    plain = backend.values(
        kl_div, backend.array(log_q), backend.array(np.exp(log_p)), reduction=reduction
    )
    assert_allclose(logs, plain, rtol=1e-12)


@pytest.mark.parametrize("size_average", [None, True, False])
@pytest.mark.parametrize("reduce", [None, True, False])
def test_legacy_arguments_give_the_value_of_torch(backend, size_average, reduce):
    rng = np.random.default_rng(9)
    log_q, p = -rng.exponential(size=(4, 3)), rng.uniform(0.1, 1, size=(4, 3))
    options = {"size_average": size_average, "reduce": reduce}
    operands = backend.array(log_q), backend.array(p)
    expected = torch_kl_div(log_q, p, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        value = backend.values(kl_div, *operands, **options)
        remembered = backend.values(KLDivLoss(**options), *operands)
    assert_allclose(value, expected, rtol=1e-12, atol=1e-13)
    assert_allclose(remembered, expected, rtol=1e-12, atol=1e-13)


def test_shape_mismatch_raises(backend):
    with pytest.raises(ValueError, match="must have the same shape"):
        kl_div(backend.array(np.zeros((2, 3))), backend.array(np.zeros((3,))))


def test_torch_hides_the_loss_of_a_zero_target_behind_nan_and_this_package_does_not(backend):
    log_q, p = np.asarray([-np.inf, 0.0]), np.asarray([0.0, 1.0])
    assert np.isnan(torch_kl_div(log_q, p, reduction="sum"))
    operands = backend.array(log_q), backend.array(p)
    assert backend.values(kl_div, *operands, reduction="sum") == 0
