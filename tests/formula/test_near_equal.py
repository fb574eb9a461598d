"""Divergences of logits that nearly agree: right to the last digits, never negative, 0 if equal."""

import math
from functools import cache
from itertools import product

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from formula.exact import exact_js, exact_kl, exact_kl_by_student, l2_error
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)
from kldiv_xp.core.evaluate_rows import rows_of, slopes_of
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logits import JS, KL

mpmath = pytest.importorskip("mpmath", reason="mpmath is not installed")

RNG = np.random.default_rng(21)
LARGEST = float(np.finfo("float32").max)
BETAS = (0.5, 0.1, 1e-4, 1e-10, 1e-17, 1e-30, 0.9999, 1 - 2**-53)
BOUNDS = {"float32": 1e-5, "float64": 1e-13}


@cache
def pairs(dtype, size=7):
    """Students and teachers of every kind: flat and peaked, offset, nearly equal and far apart."""
    rng, found = np.random.default_rng(5), []
    for spread in (1, 4, 12):
        for offset in (0, 0.5, 30):
            for noise in (1e-5, 1e-4, 1e-2, 0.2, 1, 10):
                teacher = (spread * rng.normal(size=size)).astype(dtype)
                found.append((teacher + noise * rng.normal(size=size) + offset, teacher))
    return [np.asarray(one, dtype) for one in zip(*found, strict=True)]


@cache
def exact_rows(dtype, beta=None):
    """Divergences of `pairs`."""
    exact = exact_kl if beta is None else lambda *pair: exact_js(*pair, beta)
    return [exact(*pair) for pair in zip(*pairs(dtype), strict=True)]


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


def test_js_has_its_last_digits_right_at_every_distance_and_beta(backend, dtype):
    operands = [backend.array(one, dtype) for one in pairs(dtype)]
    betas = (0.5,) if backend.name == "torch-compile" else (0.5, 1e-4, 1e-17, 1 - 2**-53)
    for beta in betas:
        found = backend.values(js_div_with_logits, *operands, beta=beta, reduction="none")
        expected = [value for value, _, _ in exact_rows(dtype, beta)]
        least = 1e-12 * min(beta, 1 - beta)
        assert relative_error(found, expected, least) <= BOUNDS[dtype], beta


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


def gradients(name, dtype, function, **options):
    """Derivatives of the sum for `pairs` by both operands, by the library's own differentiation."""
    backend = usable(name)
    operands = [backend.array(one, dtype) for one in pairs(dtype)]
    if backend.library == "jax":
        loss = library("jax").grad(
            lambda *both: function(*both, reduction="sum", **options), argnums=(0, 1)
        )
        return [np.asarray(one) for one in loss(*operands)]
    leaves = [operand.requires_grad_() for operand in operands]
    loss = function(*leaves, reduction="sum", **options)
    return [one.numpy() for one in library("torch").autograd.grad(loss, leaves)]


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_gradients_are_right_at_every_distance_and_beta(name, dtype):
    bound = {"float32": 1e-6, "float64": 1e-13}[dtype]
    smallest = float(np.finfo(dtype).smallest_normal) / float(np.finfo(dtype).eps)
    for beta in (None, *BETAS) if name == "torch" else (None, 0.5, 1e-17):
        function = kl_div_with_logits if beta is None else js_div_with_logits
        slopes = gradients(name, dtype, function, **({} if beta is None else {"beta": beta}))
        for number, (_, *exact) in enumerate(exact_rows(dtype, beta)):
            for found, expected in zip(slopes, exact, strict=True):
                if max(map(abs, expected)) > smallest:
                    assert l2_error(found[number], expected) <= bound, (beta, number)


@cache
def one_sided(dtype, temperature):
    """Pairs that nearly agree but for a class that one of them alone can have."""
    rng, found = np.random.default_rng(6), []
    lows = (-np.inf, float(np.finfo(dtype).min), -1e4 * temperature, -100 * temperature)
    for low in lows:
        for spread, noise, place in ((0, 1e-4, 0), (1, 1e-6, 1), (6, 1e-4, 0), (1, 1e-2, 1)):
            teacher = spread * temperature * rng.normal(size=4)
            student = teacher + noise * temperature * rng.normal(size=4)
            (student, teacher)[place][0] = low
            found.append([np.asarray(one, dtype) for one in (student, teacher)])
    return [np.asarray(one) for one in zip(*found, strict=True)]


@pytest.mark.parametrize("temperature", [1.0, 1e5])
def test_class_of_one_side_leaves_the_gradients_of_the_others_their_digits(
    holding_backend, dtype, temperature
):
    bound = {"float32": 1e-6, "float64": 1e-13}[dtype]
    pair = one_sided(dtype, temperature)
    operands = [holding_backend.array(one, dtype) for one in pair]
    options = {"temperature": temperature, "reduction": "sum"}
    options["scale_by_temperature_squared"] = False
    of_js, of_kl = js_div_with_logits_gradient, kl_div_with_logits_gradient
    for beta in (0.5, 0.3):
        slopes = holding_backend.call(of_js, *operands, beta=beta, **options)
        for number, rows in enumerate(zip(*pair, strict=True)):
            _, *exact = exact_js(*rows, beta, temperature)
            for slope, expected in zip(slopes, exact, strict=True):
                error = l2_error(holding_backend.read(slope)[number], expected)
                assert error <= bound, (beta, number)
    by_teacher = holding_backend.read(holding_backend.call(of_kl, *operands, **options)[1])
    # The KL of a class that the student alone lacks is infinite.
    for number, rows in list(enumerate(zip(*pair, strict=True)))[1::2]:
        expected = exact_kl(*rows, temperature)[2]
        assert l2_error(by_teacher[number], expected) <= bound, number


@cache
def lopsided(dtype, temperature):
    """Pairs that nearly agree but for a class of one side, of any probability there."""
    rng, found = np.random.default_rng(3), []
    lows = (-np.inf, float(np.finfo(dtype).min), -1e30, -1e4, -100)
    highs = (-20, -15, -10, -5, 0, 3, 1e30)
    for low, high, place in product(lows, highs, (0, 1)):
        for spread, noise in ((0, 1e-6), (6, 1e-5)):
            teacher = spread * rng.normal(size=4)
            pair = [teacher + noise * rng.normal(size=4), teacher]
            pair[place][0], pair[1 - place][0] = low, high
            with np.errstate(over="ignore"):
                found.append([np.asarray(one * temperature, dtype) for one in pair])
    found = [pair for pair in found if not np.isposinf(pair).any()]
    return [np.asarray(one) for one in zip(*found, strict=True)]


@cache
def exact_by_student(dtype, temperature):
    """The derivatives of KL by these students."""
    pair = zip(*lopsided(dtype, temperature), strict=True)
    return [exact_kl_by_student(*rows, temperature) for rows in pair]


@pytest.mark.parametrize("temperature", [1.0, 1e5])
def test_class_of_one_side_leaves_the_gradient_by_the_student_its_digits(
    backend, dtype, temperature
):
    # At another temperature the quotient of a logit is rounded: of 17 units that is 1e-6.
    bound = {"float32": 1e-6 if temperature == 1 else 2e-6, "float64": 1e-13}[dtype]
    operands = [backend.array(one, dtype) for one in lopsided(dtype, temperature)]
    for scaled in (False, True):
        options = {"temperature": temperature, "scale_by_temperature_squared": scaled}
        slopes = backend.call(kl_div_with_logits_gradient, *operands, reduction="sum", **options)
        found = backend.read(slopes[0]) / (temperature**2 if scaled else 1)
        for number, expected in enumerate(exact_by_student(dtype, temperature)):
            assert l2_error(found[number], expected) <= bound, number


@pytest.mark.parametrize("temperature", [1.0, 1e5])
def test_word_that_the_student_alone_prefers_leaves_the_gradient_its_digits(dtype, temperature):
    bound, rng = {"float32": 1e-6, "float64": 1e-12}[dtype], np.random.default_rng(8)
    for size, noise, more in product((8, 64), (1e-6, 1), (1, 3, 3.5, 4, 4.5, 6)):
        teacher = 0.01 * rng.normal(size=size)
        student = teacher + noise * rng.normal(size=size)
        student[3] += more
        pair = [np.asarray(one * temperature, dtype) for one in (student, teacher)]
        for way in KL(temperature, "logits").ways(0):
            with np.errstate(all="ignore"):
                found = way(np, *(one[None] for one in pair))[0]
            if np.isfinite(found).all():
                expected = exact_kl_by_student(*pair, temperature)
                assert l2_error(found, expected) <= bound, (size, noise, more)


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_gradients_of_the_scaled_loss_are_right_at_any_temperature(name):
    for temperature in (0.5, 1e10, 1e38):
        slopes = gradients(name, "float32", kl_div_with_logits, temperature=temperature)
        for number, pair in enumerate(zip(*pairs("float32"), strict=True)):
            exact = exact_kl(*pair, temperature, scaled=True)[1:]
            for found, expected in zip(slopes, exact, strict=True):
                assert l2_error(found[number], expected) <= 2e-6, (temperature, number)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0, 1e-3, 1])
def test_second_derivatives_are_those_of_the_softmax(noise):
    usable("jax")
    jax = library("jax")
    teacher = RNG.normal(size=6)
    student = teacher + noise * RNG.normal(size=6)
    q = np.exp(student / 2) / np.exp(student / 2).sum()

    def loss(student):
        return kl_div_with_logits(
            student[None],
            jax.numpy.asarray(teacher)[None],
            temperature=2.0,
            scale_by_temperature_squared=False,
        )

    expected = (np.diag(q) - np.outer(q, q)) / 4
    for hessian in (jax.hessian(loss), jax.jacfwd(jax.jacfwd(loss))):
        assert_allclose(hessian(jax.numpy.asarray(student)), expected, atol=1e-15)


@pytest.mark.parametrize(
    "divergence",
    [JS.of(1.0, 0.5), JS.of(1.0, 0.3), JS(3.0, 0.5, 0.5, scaled=True), KL(1.0, "logits")],
    ids=str,
)
def test_plain_expression_has_the_closed_derivatives_beside_words_without_a_probability(divergence):
    usable("torch")
    torch = library("torch")
    student, teacher = torch.from_numpy(RNG.normal(size=(2, 4, 6)))
    teacher[1, 0] = teacher[2, 1] = teacher[3, 3] = -math.inf
    if isinstance(divergence, JS):
        student[2, 1] = student[3, 4] = -math.inf
    leaves = [one.requires_grad_() for one in (student, teacher)]
    xp, upstream = namespace_of(student), torch.ones(4, 1, dtype=torch.float64)
    found = torch.autograd.grad(rows_of(divergence, xp, *leaves).sum(), leaves)
    for place, slope in enumerate(found):
        closed = slopes_of(divergence, Guard.FULL, place == 1, xp, *leaves, upstream)
        torch.testing.assert_close(slope, closed.detach(), atol=1e-14, rtol=1e-12)


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
