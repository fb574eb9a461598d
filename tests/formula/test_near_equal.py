"""Divergences of logits that nearly agree: right to the last digits, never negative, 0 if equal."""

import math
from itertools import product

import numpy as np
import pytest
from conftest import usable
from formula.exact import exact_js, exact_kl
from formula.nearly_equal import exact_rows, pairs
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import (
    js_div_with_logits,
    kl_div_with_logits,
)

mpmath = pytest.importorskip("mpmath", reason="mpmath is not installed")

RNG = np.random.default_rng(21)
LARGEST = float(np.finfo("float32").max)
BOUNDS = {"float32": 1e-5, "float64": 1e-13}


def relative_error(found, expected, least=1e-12):
    """Largest relative error of the values that are not too small."""
    return max(
        float(abs(mpmath.mpf(float(a)) / b - 1))
        for a, b in zip(found, expected, strict=True)
        if b > least
    )


def test_kl_has_its_last_digits_right_at_every_distance(backend, dtype):
    operands = [backend.array(one, dtype) for one in pairs(dtype)]
    found = backend.values(kl_div_with_logits, *operands, reduction="none")
    assert relative_error(found, [value for value, _, _ in exact_rows(dtype)]) <= BOUNDS[dtype]


@pytest.mark.few(5, 5)
def test_js_has_its_last_digits_right_at_every_distance_and_beta(backend, dtype):
    operands = [backend.array(one, dtype) for one in pairs(dtype)]
    betas = (0.5,) if backend.name == "torch-compile" else (0.5, 1e-4, 1e-17, 1 - 2**-53)
    for beta in betas:
        found = backend.values(js_div_with_logits, *operands, beta=beta, reduction="none")
        expected = [value for value, _, _ in exact_rows(dtype, beta)]
        least = 1e-12 * min(beta, 1 - beta)
        assert relative_error(found, expected, least) <= BOUNDS[dtype], beta


@pytest.mark.few(0, 4)
@pytest.mark.parametrize(("size", "count"), [(2, 600), (300, 60), (32000, 3), (128256, 1)])
def test_float32_agrees_with_float64_for_any_vocabulary(size, count):
    for spread, offset in ((1, 0), (4, 0.5), (12, 30)):
        for noise in (1e-5, 1e-3, 0.1, 0.4, 1, 5):
            teacher = (spread * RNG.normal(size=(count, size))).astype("float32")
            student = teacher + noise * RNG.normal(size=teacher.shape) + offset
            student = student.astype("float32")
            wide = [one.astype("float64") for one in (student, teacher)]
            for function in (kl_div_with_logits, js_div_with_logits):
                expected = function(*wide, reduction="none")
                expected = np.where(expected > 1e-12, expected, math.nan)
                found = function(student, teacher, reduction="none")
                assert np.nanmax(np.append(abs(found / expected - 1), 0)) <= 1e-5
                assert (found >= 0).all()


# The graph is that of the formula, which the others compute.
UNCOMPILED = pytest.mark.only_where(lambda backend: backend != "torch-compile")


LOSSES = [(kl_div_with_logits, {}), *((js_div_with_logits, {"beta": b}) for b in (0.5, 0.1, 1))]


@UNCOMPILED
def test_equal_rows_cost_exactly_nothing(backend, dtype):
    teacher = np.round(RNG.normal(size=(300, 9)) * 64) / 16
    teacher[0, :3] = -math.inf
    for moved in (teacher, teacher + 1000):
        operands = [backend.array(one, dtype) for one in (moved, teacher)]
        for function, options in LOSSES:
            found = backend.values(function, *operands, reduction="none", **options)
            assert_array_equal(found, 0)
            assert not np.signbit(found).any()


@UNCOMPILED
def test_no_divergence_is_negative_and_none_beyond_its_maximum(backend, dtype):
    noises = np.repeat([1e-7, 1e-4, 1, 300], 100)[:, None]
    teacher = 4 * RNG.normal(size=(400, 11))
    student = teacher + noises * RNG.normal(size=teacher.shape)
    operands = [backend.array(one, dtype) for one in (student, teacher)]
    for beta in (None, 0.5, 0.3, 1e-10):
        if beta is None:
            found = backend.values(kl_div_with_logits, *operands, reduction="none")
            assert (found >= 0).all()
            continue
        most = np.asarray(-(beta * math.log(beta) + (1 - beta) * math.log1p(-beta)), dtype)
        found = backend.values(js_div_with_logits, *operands, beta=beta, reduction="none")
        assert ((found >= 0) & (found <= most)).all()
    there, back = (
        backend.values(js_div_with_logits, *pair, reduction="none")
        for pair in (operands, operands[::-1])
    )
    assert_array_equal(there, back)


# Student, teacher, and KL, where mpmath cannot tell it; two words or three.
SPECIAL = [
    ([0, 0], [0, 2.0**-20], None),
    ([1, -math.inf], [1, 2], math.inf),
    ([1, 2], [-math.inf, -math.inf], math.nan),
    ([-math.inf, -math.inf], [1, 2], math.nan),
    ([1, math.nan], [1, 2], math.nan),
    ([1, 2], [1, math.nan], math.nan),
    ([1, 2], [1, math.inf], math.nan),
    ([1, math.inf], [1, 2], math.nan),
    ([0, -500], [-500, 0], None),
    ([0, -95], [-95, 0], None),
    ([-3e38, -3e38], [3e38, 3e38], 0),
    ([1, 2, 3], [1, 2, -math.inf], None),
    ([1, 2, -60], [1, 2, -math.inf], None),
    ([1, 2, -math.inf], [1, 2.5, -math.inf], None),
    ([0, -200, 0], [0, 0, 0], None),
    ([1, 2, -LARGEST], [1, 2.5, -LARGEST], None),
    ([1, 2, 3], [1, 2, -LARGEST], None),
    ([5], [-3], None),
]


@UNCOMPILED
def test_special_rows_have_their_value(backend):
    for size in (1, 2, 3):
        rows = [row for row in SPECIAL if len(row[0]) == size]
        students, teachers = (np.asarray([row[i] for row in rows], "float32") for i in (0, 1))
        expected = [
            exact_kl(s, t)[0] if value is None else value
            for s, t, (_, _, value) in zip(students, teachers, rows, strict=True)
        ]
        operands = [backend.array(one, "float32") for one in (students, teachers)]
        found = backend.values(kl_div_with_logits, *operands, reduction="none")
        assert_allclose(found, np.asarray(expected, "float64"), rtol=1e-5, atol=0)
        for beta in (0.5, 0.25):
            found = backend.values(js_div_with_logits, *operands, beta=beta, reduction="none")
            missing = np.asarray([value is not None and math.isnan(value) for value in expected])
            assert_array_equal(np.isnan(found), missing)
            assert ((found >= 0) & (found <= np.float32(math.log(2))))[~missing].all()


@pytest.mark.few(2, 18)
@UNCOMPILED
@pytest.mark.parametrize("lowest", [-100.0, -1e4, -LARGEST, -math.inf])
def test_js_is_right_where_one_row_alone_lacks_a_class(backend, lowest):
    """Whose share of the other row is of any size."""
    shares = np.arange(-80, -10, 3.5)
    student = np.stack([shares * 0, shares, shares * 0 + 0.1, shares], axis=-1).astype("float32")
    teacher = np.where(np.asarray([1, 0, 1, 1], bool), student, np.float32(lowest))
    for beta, pair in product((0.5, 0.1), ((student, teacher), (teacher, student))):
        expected = [exact_js(*one, beta)[0] for one in zip(*pair, strict=True)]
        operands = [backend.array(one, "float32") for one in pair]
        found = backend.values(js_div_with_logits, *operands, beta=beta, reduction="none")
        assert relative_error(found, expected, 1e-30) <= 1e-6


@pytest.mark.few(1, 39)
@UNCOMPILED
@pytest.mark.parametrize("place", [3, 255, 256, 299])
def test_a_class_that_both_rows_lack_changes_nothing_wherever_it_is(backend, dtype, place):
    """Some forms look at the first classes of a row alone."""
    teacher = np.random.default_rng(place).normal(size=(8, 300)) * np.linspace(1, 12, 8)[:, None]
    noises = 3 * np.finfo(dtype).eps * np.logspace(0, 5, 8)[:, None]
    student = teacher * (1 + noises * RNG.normal(size=(8, 300)))
    pair = [np.delete(one, place, axis=-1).astype(dtype) for one in (student, teacher)]
    for function, options in LOSSES:
        without, lacking = (
            backend.values(function, *map(backend.array, rows), reduction="none", **options)
            for rows in (pair, [np.insert(one, place, -math.inf, axis=-1) for one in pair])
        )
        assert_allclose(lacking, without, rtol=BOUNDS[dtype])


@UNCOMPILED
def test_scaled_loss_is_right_at_any_temperature(backend):
    student, teacher = np.float32([[1, 2, 3], [5, 0, -3]]), np.float32([[1, 2, 3.5], [0.1, 4, 1]])
    operands = [backend.array(one, "float32") for one in (student, teacher)]
    smallest = float(np.finfo("float32").smallest_normal)
    for temperature in (1e-38, 1e-20, 0.3, 2.0, 1e4, 1e10, 1e20, 1e38, 1e39):
        expected = [
            exact_kl(*pair, temperature, scaled=True)[0]
            for pair in zip(student, teacher, strict=True)
        ]
        options = {"temperature": temperature, "reduction": "none"}
        found = backend.values(kl_div_with_logits, *operands, **options)
        assert_allclose(found, np.asarray(expected, "float64"), rtol=1e-5, atol=smallest)


@UNCOMPILED
def test_limit_of_the_scaled_loss_is_half_the_variance(backend):
    operands = [backend.array([one], "float32") for one in ([1, 2, 3], [1, 2, 3.5])]
    for temperature in (1e10, 1e39):
        for function, options, share in [
            (kl_div_with_logits, {}, 1),
            (js_div_with_logits, {}, 1 / 4),
            (js_div_with_logits, {"beta": 0.1}, 0.09),
        ]:
            options["scale_by_temperature_squared"] = True
            found = backend.values(function, *operands, temperature=temperature, **options)
            assert_allclose(found, 0.5 * np.var([0, 0, 0.5]) * share, rtol=1e-6)
    options = {"temperature": 1e10, "scale_by_temperature_squared": False}
    found = backend.values(kl_div_with_logits, *operands, **options)
    assert_allclose(found, 2.7777777e-22, rtol=1e-6)


@pytest.mark.few(2, 6)
@UNCOMPILED
def test_temperature_without_a_reciprocal_is_refused_in_one_sentence(backend):
    operands = [backend.array([one], "float32") for one in ([1, 2], [2, 1])]
    with pytest.raises(ValueError, match="reciprocal") as caught:
        kl_div_with_logits(*operands, temperature=1e-40)
    assert str(caught.value) == (
        "`temperature` must be at least 2.94e-39 where float32 is computed in, which holds no "
        "larger reciprocal; got 1e-40: multiply the logits and the temperature by the same number."
    )
    moved = [backend.array([[a * 1e20, b * 1e20]], "float32") for a, b in ([1, 2], [2, 1])]
    options = {"temperature": 1e-20, "scale_by_temperature_squared": False}
    assert np.isposinf(backend.values(kl_div_with_logits, *moved, **options))


@pytest.mark.slow
@pytest.mark.parametrize("function", [kl_div_with_logits, js_div_with_logits])
def test_temperature_may_be_an_array_of_nearly_equal_rows(function):
    backend = usable("jax-jit")
    teacher = 4 * RNG.normal(size=(6, 9))
    student = teacher + 1e-6 * RNG.normal(size=teacher.shape) + 30
    operands = [backend.array(one) for one in (student, teacher)]
    options = {"scale_by_temperature_squared": True, "reduction": "none"}
    for temperature in (1.0, 3.0):
        found = backend.call(
            lambda s, t, one: function(s, t, temperature=one, **options),
            *operands,
            backend.array(temperature),
        )
        expected = function(student, teacher, temperature=temperature, **options)
        assert_allclose(backend.read(found), expected, rtol=1e-12)
