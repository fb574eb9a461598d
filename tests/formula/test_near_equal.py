"""Divergences of logits that nearly agree: right to the last digits, never negative, 0 if equal."""

import math

import numpy as np
import pytest
from array_libraries import library
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import js_div_with_logits, kl_div_with_logits

mpmath = pytest.importorskip("mpmath", reason="mpmath is not installed")

RNG = np.random.default_rng(21)
LARGEST = float(np.finfo("float32").max)
BETAS = (0.5, 0.1, 1e-4, 1e-10, 1e-17, 1e-30, 0.9999, 1 - 2**-53)
# Temperatures where the squares of the differences are no numbers of float32 need many digits.
DIGITS = 220


def distribution(logits, temperature):
    """Probabilities and their logarithms; None is the logarithm of 0."""
    logits = [mpmath.mpf(float(one)) for one in logits]
    top = max(logits)
    shifted = [None if mpmath.isinf(x) else (x - top) / temperature for x in logits]
    total = mpmath.log(mpmath.fsum(mpmath.exp(x) for x in shifted if x is not None))
    logs = [None if x is None else x - total for x in shifted]
    return [mpmath.mpf(0) if x is None else mpmath.exp(x) for x in logs], logs


def deviations(p, logs):
    """P (l - sum p l), and the sum."""
    mean = mpmath.fsum(a * b for a, b in zip(p, logs, strict=True) if a)
    return [a * (b - mean) if a else 0 for a, b in zip(p, logs, strict=True)], mean


def exact_kl(student, teacher, temperature=1.0, *, scaled=False):
    """KL of one row, and its derivatives with respect to student and teacher."""
    with mpmath.workdps(DIGITS):
        t = mpmath.mpf(temperature)
        scale = t * t if scaled else mpmath.mpf(1)
        (p, log_p), (q, log_q) = distribution(teacher, t), distribution(student, t)
        slopes, value = deviations(
            p, [0 if a is None else a - b for a, b in zip(log_p, log_q, strict=True)]
        )
        by_student = [(b - a) * scale / t for a, b in zip(p, q, strict=True)]
        return value * scale, by_student, [one * scale / t for one in slopes]


def exact_js(student, teacher, beta, temperature=1.0, *, scaled=False):
    """The same of the generalised Jensen-Shannon divergence."""
    with mpmath.workdps(DIGITS):
        t, beta = mpmath.mpf(temperature), mpmath.mpf(beta)
        scale, gamma = (t * t if scaled else mpmath.mpf(1)), 1 - beta
        (p, log_p), (q, log_q) = distribution(teacher, t), distribution(student, t)
        log_m = [
            mpmath.log(beta * a + gamma * b) if a or b else 0 for a, b in zip(p, q, strict=True)
        ]
        sides = []
        for weights, logs in ((p, log_p), (q, log_q)):
            ratios = [0 if a is None else a - b for a, b in zip(logs, log_m, strict=True)]
            sides.append(deviations(weights, ratios))
        (by_p, first), (by_q, last) = sides
        value = (beta * first + gamma * last) * scale
        return (
            value,
            [gamma * one * scale / t for one in by_q],
            [beta * one * scale / t for one in by_p],
        )


def rows(dtype, count, noises, sizes=(2, 7, 40)):
    """Students and teachers of every kind, in batches of one size."""
    rng = np.random.default_rng(5)
    for size in sizes:
        for spread in (1, 4, 12):
            for offset in (0, 0.5, 30):
                for noise in noises:
                    teacher = (spread * rng.normal(size=(count, size))).astype(dtype)
                    moved = teacher + noise * rng.normal(size=teacher.shape) + offset
                    yield moved.astype(dtype), teacher


def relative_error(found, expected):
    return max(
        float(abs(mpmath.mpf(float(a)) - b) / b) for a, b in zip(found, expected, strict=True)
    )


def l2_error(found, expected):
    """Error of a gradient, relative to its length."""
    gap = mpmath.norm([mpmath.mpf(float(a)) - b for a, b in zip(found, expected, strict=True)])
    return float(gap / mpmath.norm(expected))


@pytest.mark.parametrize("noise", [1e-5, 1e-4, 1e-2, 1, 10])
def test_kl_has_its_last_digits_right_at_every_distance(backend, dtype, noise):
    bound = {"float32": 1e-5, "float64": 1e-13}[dtype]
    students, teachers, expected = [], [], []
    for student, teacher in rows(dtype, 1, [noise], sizes=(7,)):
        value = exact_kl(student[0], teacher[0])[0]
        if value > 1e-12:
            students.append(student[0])
            teachers.append(teacher[0])
            expected.append(value)
    operands = [backend.array(np.asarray(one), dtype) for one in (students, teachers)]
    found = backend.values(kl_div_with_logits, *operands, reduction="none")
    assert relative_error(found, expected) <= bound


@pytest.mark.parametrize("noise", [1e-5, 1e-2, 1, 10])
def test_js_has_its_last_digits_right_at_every_distance_and_beta(backend, dtype, noise):
    bound = {"float32": 1e-5, "float64": 1e-13}[dtype]
    pairs = [(s[0], t[0]) for s, t in rows(dtype, 1, [noise], sizes=(7,))][:4]
    operands = [backend.array(np.asarray(one), dtype) for one in zip(*pairs, strict=True)]
    for beta in (0.5, 1e-4, 1e-17, 1 - 2**-53) if backend.name != "torch-compile" else (0.5, 0.1):
        expected = [exact_js(*pair, beta)[0] for pair in pairs]
        found = backend.values(js_div_with_logits, *operands, beta=beta, reduction="none")
        assert relative_error(found, expected) <= bound, beta


@pytest.mark.parametrize("size", [2, 7, 1000, 32000, 128256])
@pytest.mark.parametrize("spread", [1, 4, 12])
def test_float32_agrees_with_float64_for_any_vocabulary(size, spread):
    jax = pytest.importorskip("jax")
    count = max(2, min(300, 60000 // size))
    for offset in (0, 0.5, 30):
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
            in_jax = jax.jit(kl_div_with_logits, static_argnames="reduction")(
                student, teacher, reduction="none"
            )
            expected = kl_div_with_logits(*wide, reduction="none")
            expected = np.where(expected > 1e-12, expected, math.nan)
            assert np.nanmax(np.append(abs(np.asarray(in_jax) / expected - 1), 0)) <= 1e-5


@pytest.mark.parametrize("beta", [None, 0.5, 0.1, 0, 1])
def test_equal_rows_cost_exactly_nothing(backend, dtype, beta):
    function, options = (js_div_with_logits, {"beta": beta})
    if beta is None:
        function, options = kl_div_with_logits, {}
    teacher = np.round(RNG.normal(size=(300, 9)) * 64) / 16
    teacher[0, :3] = -math.inf
    for moved in (teacher, teacher + 1000):
        operands = backend.array(moved, dtype), backend.array(teacher, dtype)
        found = backend.values(function, *operands, reduction="none", **options)
        assert_array_equal(found, 0)
        assert not np.signbit(found).any()


@pytest.mark.parametrize("beta", [None, 0.5, 0.3, 1e-10])
def test_no_divergence_is_negative_and_none_beyond_its_maximum(backend, dtype, beta):
    function, options = (js_div_with_logits, {"beta": beta})
    most = math.inf
    if beta is None:
        function, options = kl_div_with_logits, {}
    else:
        most = np.asarray(-(beta * math.log(beta) + (1 - beta) * math.log1p(-beta)), dtype)
    for noise in (1e-7, 1e-4, 1, 300):
        teacher = 4 * RNG.normal(size=(200, 11))
        student = teacher + noise * RNG.normal(size=teacher.shape)
        operands = backend.array(student, dtype), backend.array(teacher, dtype)
        found = backend.values(function, *operands, reduction="none", **options)
        assert (found >= 0).all()
        assert (found <= most).all()


def test_jensen_shannon_is_symmetric_to_the_bit(backend, dtype):
    for noise in (1e-6, 1e-2, 1, 20):
        teacher = 8 * RNG.normal(size=(200, 11))
        student = teacher + noise * RNG.normal(size=teacher.shape) + 0.3
        operands = [backend.array(one, dtype) for one in (student, teacher)]
        there = backend.values(js_div_with_logits, *operands, reduction="none")
        back = backend.values(js_div_with_logits, *operands[::-1], reduction="none")
        assert_array_equal(there, back)


# Student, teacher, and KL, where mpmath cannot tell it.
SPECIAL = {
    "a millionth apart": ([0, 0], [0, 2.0**-20], None),
    "word of the student alone": ([1, 2, 3], [1, 2, -math.inf], None),
    "hardly one of the student": ([1, 2, -60], [1, 2, -math.inf], None),
    "word of the teacher alone": ([1, -math.inf], [1, 2], math.inf),
    "word of neither": ([1, 2, -math.inf], [1, 2.5, -math.inf], None),
    "whole row": ([1, 2], [-math.inf, -math.inf], math.nan),
    "whole row of the student": ([-math.inf, -math.inf], [1, 2], math.nan),
    "missing": ([1, math.nan], [1, 2], math.nan),
    "missing in the teacher": ([1, 2], [1, math.nan], math.nan),
    "infinite": ([1, 2], [1, math.inf], math.nan),
    "infinite in the student": ([1, math.inf], [1, 2], math.nan),
    "underflow": ([0, -200, 0], [0, 0, 0], None),
    "opposite": ([0, -500], [-500, 0], None),
    "beyond an exponential": ([0, -95], [-95, 0], None),
    "as low as can be": ([-3e38, -3e38], [3e38, 3e38], 0),
    "masks of finfo.min": ([1, 2, -LARGEST], [1, 2.5, -LARGEST], None),
    "mask of the teacher": ([1, 2, 3], [1, 2, -LARGEST], None),
    "one class": ([5], [-3], None),
}


@pytest.mark.parametrize("name", SPECIAL)
def test_special_rows_have_their_value(backend, name):
    student, teacher, expected = SPECIAL[name]
    if expected is None:
        expected = float(exact_kl(np.float32(student), np.float32(teacher))[0])
    operands = [backend.array([one], "float32") for one in (student, teacher)]
    found = backend.values(kl_div_with_logits, *operands, reduction="none")
    assert_allclose(found, [expected], rtol=1e-5, atol=0)


@pytest.mark.parametrize("name", SPECIAL)
def test_jensen_shannon_of_special_rows_is_bounded_or_missing(backend, name):
    student, teacher, expected = SPECIAL[name]
    operands = [backend.array([one], "float32") for one in (student, teacher)]
    for beta in (0.5, 0.25):
        found = backend.values(js_div_with_logits, *operands, beta=beta, reduction="none")
        is_missing = expected is not None and math.isnan(expected)
        assert np.isnan(found).all() == is_missing
        assert is_missing or (0 <= found <= np.float32(math.log(2))).all()


TEMPERATURES = (1e-38, 1e-20, 1e-3, 0.3, 2.0, 1e4, 1e10, 1e20, 1e38, 1e39)


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_scaled_loss_is_right_at_any_temperature(backend, temperature):
    student, teacher = np.float32([[1, 2, 3], [5, 0, -3]]), np.float32([[1, 2, 3.5], [0.1, 4, 1]])
    expected = [
        exact_kl(*pair, temperature, scaled=True)[0] for pair in zip(student, teacher, strict=True)
    ]
    operands = [backend.array(one, "float32") for one in (student, teacher)]
    found = backend.values(kl_div_with_logits, *operands, temperature=temperature, reduction="none")
    smallest = float(np.finfo("float32").smallest_normal)
    assert_allclose(found, np.asarray(expected, "float64"), rtol=1e-5, atol=smallest)


@pytest.mark.parametrize("temperature", [1e10, 1e20, 1e38, 1e39])
def test_limit_of_the_scaled_loss_is_half_the_variance(backend, temperature):
    operands = [backend.array([one], "float32") for one in ([1, 2, 3], [1, 2, 3.5])]
    for function, options, share in [
        (kl_div_with_logits, {}, 1),
        (js_div_with_logits, {"scale_by_temperature_squared": True}, 1 / 4),
        (js_div_with_logits, {"scale_by_temperature_squared": True, "beta": 0.1}, 0.09),
    ]:
        found = backend.values(function, *operands, temperature=temperature, **options)
        assert_allclose(found, 0.5 * np.var([0, 0, 0.5]) * share, rtol=1e-6)


def test_unscaled_divergence_of_a_high_temperature_is_small_but_right(backend):
    operands = [backend.array([one], "float32") for one in ([1, 2, 3], [1, 2, 3.5])]
    options = {"temperature": 1e10, "scale_by_temperature_squared": False}
    found = backend.values(kl_div_with_logits, *operands, **options)
    assert_allclose(found, 2.7777777e-22, rtol=1e-6)


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


def gradients(backend, loss, *operands):
    """Derivatives with respect to both operands, by the library's own differentiation."""
    if backend.library == "torch":
        tensors = [operand.requires_grad_() for operand in operands]
        return [backend.read(one) for one in library("torch").autograd.grad(
            backend.call(loss, *tensors), tensors
        )]  # fmt: skip
    return library("jax").grad(lambda *a: backend.call(loss, *a), argnums=(0, 1))(*operands)


@pytest.mark.parametrize("noise", [1e-6, 1e-3, 0.3, 20])
def test_gradients_of_kl_are_right_at_every_distance(autodiff_backend, dtype, noise):
    bound = {"float32": 2e-6, "float64": 1e-14}[dtype]
    pairs = [(s[0], t[0]) for s, t in rows(dtype, 1, [noise], sizes=(12,))]
    operands = [autodiff_backend.array(np.asarray(one), dtype) for one in zip(*pairs, strict=True)]
    slopes = gradients(
        autodiff_backend, lambda s, t: kl_div_with_logits(s, t, reduction="sum"), *operands
    )
    for number, pair in enumerate(pairs):
        for found, expected in zip(slopes, exact_kl(*pair)[1:], strict=True):
            assert l2_error(np.asarray(found)[number], expected) <= bound


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("noise", [1e-5, 1e-2, 1, 20])
def test_gradients_of_js_are_right_at_every_distance_and_beta(dtype, beta, noise):
    torch = pytest.importorskip("torch")
    bound = {"float32": 4e-6, "float64": 1e-14}[dtype]
    pairs = [(s[0], t[0]) for s, t in rows(dtype, 1, [noise], sizes=(12,))]
    leaves = [torch.tensor(np.asarray(one), requires_grad=True) for one in zip(*pairs, strict=True)]
    loss = js_div_with_logits(*leaves, beta=beta, reduction="sum")
    slopes = torch.autograd.grad(loss, leaves)
    smallest = float(np.finfo(dtype).smallest_normal) / float(np.finfo(dtype).eps)
    for number, pair in enumerate(pairs):
        for found, expected in zip(slopes, exact_js(*pair, beta)[1:], strict=True):
            if max(map(abs, expected)) > smallest:
                assert l2_error(found[number].numpy(), expected) <= bound


@pytest.mark.parametrize("temperature", [0.5, 4.0, 1e10, 1e38])
def test_gradients_of_the_scaled_loss_are_right_at_any_temperature(autodiff_backend, temperature):
    pairs = [(s[0], t[0]) for s, t in rows("float32", 1, [1e-3, 1], sizes=(12,))]
    operands = [
        autodiff_backend.array(np.asarray(one), "float32") for one in zip(*pairs, strict=True)
    ]
    slopes = gradients(
        autodiff_backend,
        lambda s, t: kl_div_with_logits(s, t, temperature=temperature, reduction="sum"),
        *operands,
    )
    for number, pair in enumerate(pairs):
        for found, expected in zip(
            slopes, exact_kl(*pair, temperature, scaled=True)[1:], strict=True
        ):
            assert l2_error(np.asarray(found)[number], expected) <= 2e-6


@pytest.mark.parametrize("noise", [0, 1e-3, 1])
def test_second_derivatives_are_those_of_the_softmax(noise):
    jax = pytest.importorskip("jax")
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
    for hessian in (jax.hessian(loss), jax.jacfwd(jax.jacrev(loss)), jax.jacfwd(jax.jacfwd(loss))):
        assert_allclose(hessian(jax.numpy.asarray(student)), expected, atol=1e-15)


@pytest.mark.parametrize("temperature", [1.0, 3.0])
@pytest.mark.parametrize("function", [kl_div_with_logits, js_div_with_logits])
def test_temperature_may_be_an_array_of_nearly_equal_rows(autodiff_backend, function, temperature):
    teacher = 4 * RNG.normal(size=(6, 9))
    student = teacher + 1e-6 * RNG.normal(size=teacher.shape) + 30
    operands = [autodiff_backend.array(one) for one in (student, teacher)]
    options = {"scale_by_temperature_squared": True, "reduction": "none"}
    found = autodiff_backend.call(
        lambda s, t, one: function(s, t, temperature=one, **options),
        *operands,
        autodiff_backend.array(temperature),
    )
    expected = function(student, teacher, temperature=temperature, **options)
    assert_allclose(autodiff_backend.read(found), expected, rtol=1e-12)
