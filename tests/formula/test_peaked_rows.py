"""Peaked rows that share little: derivatives stay finite and right, at small temperatures too."""

import numpy as np
import pytest
from conftest import usable
from formula.test_near_equal_gradients import errors, gradient_of


@pytest.mark.few(0, 3)
@pytest.mark.parametrize("beta", [None, 0.5, 0.1, 0.9, 1e-3])
@pytest.mark.parametrize("backend_name", ["numpy", "torch", "jax-jit"])
@pytest.mark.parametrize("temperature", [1.0, 0.5, 0.25, 0.05])
def test_derivatives_of_peaked_rows_are_right_at_small_temperatures(
    beta, backend_name, temperature
):
    backend, gradient = usable(backend_name), gradient_of(beta)
    options = {"temperature": temperature, "reduction": "sum"}
    rng = np.random.default_rng(0)
    pair = (10 * rng.normal(size=(2, 128, 1000))).astype("float32")
    exact = gradient(*(one.astype("float64") for one in pair), **options)
    found = backend.call(gradient, *[backend.array(one, "float32") for one in pair], **options)
    for one, expected in zip(found, exact, strict=True):
        assert errors(backend.read(one), expected).max() <= 1e-5


@pytest.mark.parametrize("beta", [0.5, 0.1, 0.9])
@pytest.mark.parametrize("backend_name", ["numpy", "torch", "jax-jit"])
def test_a_class_that_is_subnormal_in_one_row_leaves_derivatives_finite(beta, backend_name):
    backend, gradient = usable(backend_name), gradient_of(beta)
    rows = [[-9.0, 84.5, -2.5]], [[96.0, -18.5, 12.0]]
    for pair in (rows, rows[::-1]):
        operands = [backend.array(np.asarray(one), "float32") for one in pair]
        for one in backend.call(gradient, *operands, reduction="sum"):
            assert (abs(backend.read(one)) < 1e-37).all()
