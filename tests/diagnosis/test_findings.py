"""Deviations that rounding explains are no findings: tolerances of sums, and of small numbers."""

import math

import numpy as np
import pytest

from kldiv_xp.diagnosis.findings import allowance, smallest_normal


@pytest.mark.parametrize(
    ("dtype", "size", "tolerance"),
    [
        ("float64", 10**6, 1e-4),
        ("float32", 10**12, 1e-4),
        ("float16", 1, 8 * 2**-10),
        ("float16", 2, 8 * 2**-10 * (1 + math.log(2))),
        ("float16", 0, 8 * 2**-10),
        ("float16", 10**6, 0.1),
    ],
)
def test_sums_are_allowed_what_their_dtype_explains(dtype, size, tolerance):
    operand = np.broadcast_to(np.zeros((), dtype), (1, size))
    assert allowance(np, operand, operand, (1,)) == pytest.approx(tolerance, rel=1e-12)
    wide = operand.astype("float64") if size < 10 else operand
    assert allowance(np, wide, operand, (1,)) == allowance(np, operand, wide, (1,))


@pytest.mark.parametrize(
    ("dtype", "expected"), [("float16", 2.0**-14), ("float32", 0.0), ("float64", 0.0)]
)
def test_underflow_is_a_matter_of_16_bits(dtype, expected):
    assert smallest_normal(np, np.zeros(1, dtype)) == expected
