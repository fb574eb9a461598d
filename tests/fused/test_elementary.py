"""Logarithms and exponentials of the compiled loops: errors in units in the last place."""

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

from kldiv_xp.fused.compiler import compiled_function
from kldiv_xp.fused.kernel_text import source_of_function
from kldiv_xp.fused.memory import HostOperand

FUNCTIONS = ("log", "exp", "log1p", "expm1", "tanh")
# Units in the last place.
LARGEST = {"log": 2, "exp": 2, "log1p": 2, "expm1": 2, "tanh": 4}
CHUNK = 1 << 20
SPECIAL = (0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 0.5, 2.0, -0.5, 1e30, -1e30, 1e-30)


def of_loop(name, values):
    """Results of a loop for each element."""
    dtype = values.dtype.name
    operands = (HostOperand("x", dtype),), (HostOperand("terms", dtype),)
    code = source_of_function(
        lambda xp, _, x: (getattr(xp, name)(x),), (), dtype, *operands, (1, 0)
    )
    kernel = compiled_function(code.text)
    values, result = np.ascontiguousarray(values), np.empty_like(values)
    step = values.itemsize
    addresses = [values.ctypes.data, result.ctypes.data]
    table = np.asarray([*addresses, 1, 0, 0, step, step], dtype="int64")
    kernel(table.ctypes.data, 0, 1, 0, 1, 0, values.size, 0, 0)
    return result


def units(found, exact, dtype):
    """Errors in units in the last place of what is exact; 0 of what is the same, or NaN too."""
    with np.errstate(all="ignore"):
        limits = np.finfo(dtype)
        unit = np.maximum(np.abs(exact), float(limits.tiny))
        unit = 2.0 ** (np.floor(np.log2(unit.astype("float64"))) - limits.nmant)
        rounded = exact.astype(dtype)
        same = (found == rounded) | (np.isnan(found) & np.isnan(exact))
        # What is rounded to inf may be the largest number, or the other way round.
        errors = np.abs(found.astype(exact.dtype) - exact) / unit
        return np.where(same, np.where(np.isfinite(exact), np.minimum(errors, 1), 0), errors)


def worst_of(name, bits):
    """Largest error over float32 with these bits."""
    values = bits.astype("uint32").view("float32")
    with np.errstate(all="ignore"):
        exact = getattr(np, name)(values.astype("float64"))
    return float(np.max(units(of_loop(name, values), exact, "float32"), initial=0))


@pytest.mark.few(2, 3)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_errors_of_a_spread_of_float32_are_small(name):
    assert worst_of(name, np.arange(0, 1 << 32, 4099)) <= LARGEST[name]


@pytest.mark.long
@pytest.mark.parametrize("name", FUNCTIONS)
def test_errors_of_all_float32_are_small(name):
    starts = range(0, 1 << 32, CHUNK)
    worst = max(worst_of(name, np.arange(start, start + CHUNK)) for start in starts)
    assert worst <= LARGEST[name]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_errors_of_float64_are_small(name):
    """Of numbers of every size, near 1 above all, by extended precision of 30 digits."""
    mpmath = pytest.importorskip("mpmath", reason="mpmath is not installed")
    rng = np.random.default_rng(5)
    values = np.concatenate(
        [
            rng.standard_normal(500) * 2.0 ** rng.integers(-60, 10, 500),
            1 + rng.standard_normal(300) * 2.0 ** rng.integers(-52, -1, 300),
            2.0 ** rng.uniform(-1074, 1023, 200),
            rng.uniform(-760, 720, 300),
            rng.uniform(-1, 1, 300),
        ]
    )
    if name == "log":
        values = np.abs(values)
    if name == "log1p":
        values = values[values > -1]
    with mpmath.workdps(40):
        found = of_loop(name, values)
        exact = [getattr(mpmath, name)(mpmath.mpf(float(value))) for value in values]
        assert max(map(unit_error, found.tolist(), exact)) <= LARGEST[name]


def unit_error(found, exact):
    """Error in units in the last place; 0 beyond the largest number and for it."""
    if np.isinf(found):
        return 0.0 if abs(exact) >= np.finfo("float64").max else np.inf
    size = max(float(abs(exact)), 2.0**-1022)
    return float(abs(exact - found)) / 2.0 ** (np.floor(np.log2(size)) - 52)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_special_values_are_those_of_numpy(name, dtype):
    values = np.asarray(SPECIAL, dtype)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(values)
    found = of_loop(name, values)
    np.testing.assert_allclose(found, expected, rtol=4 * np.finfo(dtype).eps)
    if name != "log1p":  # for which nobody needs a -0
        assert np.all(np.signbit(found) == np.signbit(expected), where=expected == 0)
