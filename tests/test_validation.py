"""What raises, word for word, from types, dtypes, shapes and devices alone."""

import os
import subprocess
import sys

import numpy as np
import pytest
from backends import library
from conftest import usable

from kldiv_xp import KLDivLoss, kl_div, kl_div_gradient
from kldiv_xp._validation import agree, check_array

BOTH = pytest.mark.parametrize("function", [kl_div, kl_div_gradient])


def sentence(error, function, *operands, **options):
    with pytest.raises(error) as caught:
        function(*operands, **options)
    return str(caught.value)


@BOTH
@pytest.mark.parametrize("operand", [[0.5, 0.5], 0.5, None, "text", (1.0,), {"a": 1}])
def test_operand_that_is_no_array_is_refused(backend, function, operand):
    array = backend.array([0.5, 0.5])
    remedy = "convert it with the asarray of your array library."
    kinds = f"must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...); got {type(operand).__name__}"
    assert sentence(TypeError, function, array, operand) == f"`target` {kinds}: {remedy}"
    assert sentence(TypeError, function, operand, array) == f"`input` {kinds}: {remedy}"


@BOTH
@pytest.mark.parametrize("other", ["numpy", "torch", "jax", "dask", "array-api-strict"])
def test_arrays_of_two_libraries_are_refused(backend, function, other):
    other = usable(other)
    if other.library == backend.library:
        pytest.skip(f"{backend.name} and {other.name} are one library")
    left, right = backend.array([0.5]), other.array([0.5])
    names = [f"{type(a).__module__}.{type(a).__qualname__}" for a in (left, right)]
    assert sentence(TypeError, function, left, right) == (
        f"`input` and `target` must come from one array library; got {names[0]} and {names[1]}: "
        "convert one of them, e.g. with from_dlpack."
    )


def integers(backend, dtype):
    """Array of ones of a type that make() does not know."""
    if backend.library == "torch":
        floats = backend.array([1.0])
        return floats.to(getattr(library("torch"), dtype))
    xp = library("jax.numpy" if backend.library == "jax" else backend.library)
    if backend.library == "array_api_strict":
        return xp.astype(backend.array([1.0]), getattr(xp, dtype))
    return backend.array([1.0]).astype(dtype)


@BOTH
@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "bool"])
@pytest.mark.parametrize("place", ["input", "target"])
def test_integers_and_booleans_are_refused(backend, function, dtype, place):
    good, bad = backend.array([1.0]), integers(backend, dtype)
    dtype = bad.dtype
    operands = (bad, good) if place == "input" else (good, bad)
    assert sentence(TypeError, function, *operands) == (
        f"`{place}` must have a real floating-point dtype; got {dtype}: "
        "convert it with astype(..., float32)."
    )


@BOTH
def test_complex_numbers_are_refused(backend, function):
    good, bad = backend.array([1.0]), integers(backend, "complex64")
    assert sentence(TypeError, function, good, bad) == (
        f"`target` must have a real floating-point dtype; got {bad.dtype}: "
        "take its real part with real(...)."
    )


@BOTH
@pytest.mark.parametrize("dtype", ["object", "S3", "M8[s]", [("a", "f8")]])
def test_arrays_that_hold_no_numbers_are_refused(function, dtype):
    bad = np.zeros(2, dtype=dtype)
    assert sentence(TypeError, function, np.zeros(2), bad) == (
        f"`target` must have a real floating-point dtype; got {bad.dtype}: "
        "convert it with astype(..., float32)."
    )


@BOTH
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((2, 3), (3,)),
        ((3,), (2, 3)),
        ((2, 3), (2, 3, 1)),
        ((2, 3), (3, 2)),
        ((1,), ()),
        ((2, 1), (2, 3)),
        ((2, 3), (2, 1)),
        ((0,), (1,)),
        ((300, 2), (299, 2)),
    ],
)
def test_shapes_that_differ_are_refused_even_if_they_broadcast(backend, function, left, right):
    operands = backend.array(np.zeros(left)), backend.array(np.zeros(right))
    assert sentence(ValueError, function, *operands) == (
        f"`input` and `target` must have the same shape; got {left} and {right}: nothing is "
        "broadcast silently, so call broadcast_to(...) on the smaller one."
    )


@BOTH
def test_devices_that_differ_are_refused(function):
    here = usable("array-api-strict").array([0.5])
    there = usable("array-api-strict-device1").array([0.5])
    assert sentence(ValueError, function, here, there) == (
        f"`input` and `target` must be on one device; got {here.device} and {there.device}: "
        "move one of them, e.g. with to_device."
    )


@BOTH
def test_torch_devices_that_differ_are_refused(function):
    here = usable("torch").array([0.5])
    there = here.to("meta")
    assert sentence(ValueError, function, here, there) == (
        "`input` and `target` must be on one device; got cpu and meta: "
        "move one of them, e.g. with to_device."
    )


@BOTH
@pytest.mark.parametrize("flag", [1, 0, None, "True", 1.0])
def test_log_target_must_be_a_bool(backend, function, flag):
    operand = backend.array([0.5])
    assert sentence(TypeError, function, operand, operand, log_target=flag) == (
        f"`log_target` must be True or False; got {flag!r}: pass bool(...) of it."
    )


@BOTH
def test_unknown_reduction_names_the_four(backend, function):
    operand = backend.array([0.5])
    assert sentence(ValueError, function, operand, operand, reduction="avg") == (
        "`reduction` must be one of 'none', 'mean', 'sum', 'batchmean'; got 'avg'."
    )


def test_upstream_must_have_the_shape_of_the_loss(backend):
    operand = backend.array([0.5, 0.5])
    shape = "`upstream` must have the shape of the loss, (2,) for 'none' and () otherwise; got (2,)"
    assert (
        sentence(ValueError, kl_div_gradient, operand, operand, reduction="sum", upstream=operand)
        == f"{shape} with reduction='sum': pass the derivative by the loss itself."
    )


def test_jax_devices_that_differ_are_refused_by_jax_which_names_both():
    pytest.importorskip("jax", reason="jax is not installed")
    program = """
import jax, jax.numpy as jnp
from kldiv_xp import kl_div
left, right = (jax.device_put(jnp.ones(3), device) for device in jax.devices())
try:
    kl_div(left, right, reduction="sum")
except ValueError as error:
    print(error)
"""
    environment = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "device ids [0]" in done.stdout
    assert "device ids [1]" in done.stdout


BAD_AXES = [
    ("x", TypeError, "`axis` must be None, an int or a tuple of ints; got 'x'."),
    (1.0, TypeError, "`axis` must be None, an int or a tuple of ints; got 1.0."),
    (True, TypeError, "`axis` must be None, an int or a tuple of ints; got True."),
    ([0], TypeError, "`axis` must be None, an int or a tuple of ints; got [0]."),
    (
        2,
        ValueError,
        "`axis` must name axes of the operands, which have 2; got 2: count them from 0, or from "
        "-1 at the end.",
    ),
    (
        (0, -2),
        ValueError,
        "`axis` must name each axis once; got (0, -2) for operands with 2 axes.",
    ),
]


@BOTH
@pytest.mark.parametrize(("axis", "kind", "expected"), BAD_AXES)
def test_axis_must_name_axes(backend, function, axis, kind, expected):
    operand = backend.array([[0.5, 0.5]])
    assert sentence(kind, function, operand, operand, axis=axis) == expected


def test_axis_that_is_no_int_is_refused_at_construction():
    assert sentence(TypeError, KLDivLoss, axis="x") == (
        "`axis` must be None, an int or a tuple of ints; got 'x'."
    )


@BOTH
def test_mask_must_be_of_bools(backend, function):
    operand = backend.array([0.5, 0.5])
    assert sentence(TypeError, function, operand, operand, where=operand) == (
        f"`where` must be a mask of bools; got {operand.dtype}: compare it with something, "
        "e.g. where != 0."
    )


@BOTH
def test_mask_must_fit_operands_or_samples(backend, function):
    operand = backend.array([[0.5, 0.5]] * 3)
    mask = backend.array([1.0, 1.0]) != 0
    remedy = "got (2,): add the missing axes with expand_dims(...), or broadcast it."
    assert sentence(ValueError, function, operand, operand, where=mask) == (
        f"`where` must have the shape (3, 2); {remedy}"
    )
    assert sentence(ValueError, function, operand, operand, where=mask, axis=-1) == (
        f"`where` must have the shape (3, 2) or (3, 1); {remedy}"
    )


@BOTH
def test_mask_must_come_from_the_same_library(backend, function):
    operand = backend.array([0.5, 0.5])
    message = sentence(TypeError, function, operand, operand, where=[True, False])
    assert message == (
        "`where` must be an array (NumPy, CuPy, PyTorch, JAX, Dask, ...); got list: convert it "
        "with the asarray of your array library."
    )


class WithMask(np.ndarray):
    """Has a mask, and nothing to fill it with: no masked array."""

    mask = True


def test_attribute_called_mask_makes_no_masked_array():
    check_array("input", np.ones(2).view(WithMask))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ((), (), True),
        ((300, int("300")), (int("300"), 300), True),
        ((3, None), (3, 7), True),
        ((None, 7), (3, 7), True),
        ((None, None), (3, 7), True),
        ((None, 8), (3, 7), False),
        ((3,), (3, 7), False),
        ((3, 7), (3,), False),
    ],
)
def test_shapes_agree_as_far_as_they_are_known(left, right, expected):
    assert agree(left, right) is expected
