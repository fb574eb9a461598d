"""Tests that hold on a device as on the host; torch's tensors there try them out."""

from functools import partial

import numpy as np
import pytest
from array_libraries import HALF, library
from conftest import installed, usable
from numpy.testing import assert_allclose

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div,
    kl_div_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)

pytestmark = [
    pytest.mark.dry_run,
    pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning"),
]
EPSILON = {"float16": 2**-10, "bfloat16": 2**-7, "float32": 2**-23, "float64": 2**-52}
GIB = 1 << 30


@pytest.fixture(params=installed("torch", "torch-cuda", "cupy"))
def device(request):
    return usable(request.param)


@pytest.fixture(params=EPSILON)
def type_(request):
    return request.param


@pytest.fixture(params=[False, True], ids=["p", "log p"])
def log_target(request):
    return request.param


def operands(device, type_, log_target, shape=(64, 3001)):
    """Log-probabilities and targets with zeros, on the device and, as rounded there, on NumPy."""
    rng = np.random.default_rng(0)
    log_q, target = rng.uniform(-9, -0.1, shape), rng.uniform(0.05, 1, shape)
    target[rng.uniform(size=shape) < 0.2] = 0
    with np.errstate(divide="ignore"):
        target = np.log(target) if log_target else target
    there = [device.array(array, type_) for array in (log_q, target)]
    return there, [device.read(array).astype("float64") for array in there]


OPTIONS = [
    {"reduction": "none"},
    {"reduction": "sum"},
    {"reduction": "batchmean"},
    {"reduction": "mean"},
    {"reduction": "none", "axis": 1},
    {"reduction": "none", "axis": 0},
    {"reduction": "mean", "axis": 1},
]


def test_values_are_those_of_numpy(device, type_, log_target):
    there, here = operands(device, type_, log_target)
    working = 2**-23 if type_ in HALF else EPSILON[type_]
    for options in ({**each, "log_target": log_target} for each in OPTIONS):
        found = device.values(kl_div, *there, **options)
        bound = 4 * working * np.abs(kl_div(-np.abs(here[0]), here[1], **options)).max()
        expected = kl_div(*here, **options)
        if type_ == "float16":  # a sum may be beyond it
            expected = np.where(np.abs(expected) < 65520, expected, np.inf)
        assert_allclose(found, expected, rtol=8 * EPSILON[type_], atol=bound, err_msg=str(options))


def test_gradients_are_those_of_numpy(device, type_, log_target):
    there, here = operands(device, type_, log_target)
    for reduction in ("none", "batchmean"):
        options = {"reduction": reduction, "log_target": log_target, "upstream": 64.0}
        found = kl_div_gradient(*there, **options)
        for derivative, other in zip(found, kl_div_gradient(*here, **options), strict=True):
            assert_allclose(
                device.read(derivative), other, rtol=8 * EPSILON[type_], atol=64 * 2**-22
            )


def test_bits_are_the_same_on_repeat(device, type_, log_target):
    there, _ = operands(device, type_, log_target)
    for options in OPTIONS:
        call = partial(device.values, kl_div, *there, log_target=log_target, **options)
        assert {call().tobytes() for _ in range(5)} == {call().tobytes()}, options


OF_LOGITS = {
    "KL": (kl_div_with_logits, kl_div_with_logits_gradient),
    "JS": (js_div_with_logits, js_div_with_logits_gradient),
}


@pytest.mark.parametrize("loss", OF_LOGITS)
def test_losses_of_logits_are_those_of_numpy_and_the_same_on_repeat(device, type_, loss):
    function, gradient = OF_LOGITS[loss]
    working = 2**-23 if type_ in HALF else EPSILON[type_]
    for shape in ((64, 3001), (70, 8), (3, 128256)):
        rng = np.random.default_rng(1)
        there = [device.array(rng.normal(0, 3, shape), type_) for _ in range(2)]
        here = [device.read(array).astype("float64") for array in there]
        for options in ({"temperature": 1.0}, {"temperature": 2.5}):
            found = device.values(function, *there, reduction="none", **options)
            expected = function(*here, reduction="none", **options)
            assert_allclose(found, expected, rtol=8 * EPSILON[type_], atol=100 * working)
            again = device.values(function, *there, reduction="none", **options)
            assert found.tobytes() == again.tobytes()
            derivatives = gradient(*there, upstream=64.0, **options)
            others = gradient(*here, upstream=64.0, **options)
            for derivative, other in zip(derivatives, others, strict=True):
                assert_allclose(
                    device.read(derivative), other, rtol=8 * EPSILON[type_], atol=64 * 30 * working
                )


def test_masks_of_rows_of_logits_leave_out_what_they_do_not_select(device):
    rng = np.random.default_rng(2)
    here = [rng.normal(size=(6, 5, 70)) for _ in range(2)]
    here[0][2, 1] = np.nan
    mask = np.ones((6, 5), bool)
    mask[2, 1], mask[4, 3] = False, False
    there = [device.array(array, "float64") for array in here]
    on_device = device.array(mask.astype("float64")) > 0
    for function, gradient in OF_LOGITS.values():
        found = device.values(function, *there, where=on_device, reduction="mean")
        assert_allclose(found, function(*here, where=mask, reduction="mean"), rtol=1e-12)
        derivatives = gradient(*there, where=on_device, reduction="mean")
        for derivative, other in zip(
            derivatives, gradient(*here, where=mask, reduction="mean"), strict=True
        ):
            assert_allclose(device.read(derivative), other, rtol=1e-11, atol=1e-15)


def test_masks_leave_out_what_they_do_not_select(device):
    there, here = operands(device, "float64", False)  # noqa: FBT003 - what log_target says
    mask = np.arange(64)[:, None] % 3 > 0
    on_device = device.array(mask.astype("float64")) > 0
    options = {"reduction": "mean", "axis": 1}
    found = device.values(kl_div, *there, where=on_device, **options)
    assert_allclose(found, kl_div(*here, where=mask, **options), rtol=1e-13)


LAYOUTS = {
    "transposed": lambda array: array.T,
    "every second": lambda array: array[::2, 1::2],
    "one row": lambda array: array[3],
}


def test_strides_are_followed(device):
    for layout in LAYOUTS.values():
        there, here = operands(device, "float64", False, (40, 30))  # noqa: FBT003 - as above
        there, here = (list(map(layout, each)) for each in (there, here))
        for reduction in ("none", "sum"):
            found = device.values(kl_div, *there, reduction=reduction)
            assert_allclose(found, kl_div(*here, reduction=reduction), rtol=1e-13)


@pytest.fixture(params=["torch-cuda", "cupy"])
def large(request):
    """A device with room for two operands of 2**31 elements of 16 bits, and as much again."""
    device = usable(request.param)
    if device.library == "torch":
        free, _ = library("torch").cuda.mem_get_info()
    else:
        free, _ = library("cupy").cuda.runtime.memGetInfo()
    if free < 20 * GIB:
        pytest.skip(f"{device.name}: 20 GiB of free memory are needed; there are {free / GIB:.0f}")
    return device


def test_elements_beyond_32_bits_are_reached(large):
    """The last element alone has a term that is not 0."""
    count = 2**31 + 3
    one = large.array([1.0], "float16")
    target = library(large.library).broadcast_to(one, (count,))
    log_q = one.repeat(count)
    log_q[:-1] = 0.0
    log_q[-1] = -3.0
    assert large.values(kl_div, log_q, target, reduction="sum") == 3
    samples = large.values(kl_div, log_q[None], target[None], reduction="none", axis=1)
    assert samples.tolist() == [3]
    assert large.values(kl_div, log_q, target, reduction="none")[-1] == 3
