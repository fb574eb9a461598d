"""Derivatives of divergences of logits: as vectors right to 1e-6, and in their largest entries."""

import numpy as np
import pytest
from array_libraries import library
from conftest import usable
from formula.exact import exact_kl, l2_error
from formula.nearly_equal import exact_rows, pairs

from kldiv_xp import (
    js_div_with_logits,
    js_div_with_logits_gradient,
    kl_div_with_logits,
    kl_div_with_logits_gradient,
)
from kldiv_xp.core.evaluate_rows import derivatives_of
from kldiv_xp.core.evaluate_rows import rows_of as plain_rows
from kldiv_xp.core.namespaces import namespace_of
from kldiv_xp.formula.log_probabilities import Guard
from kldiv_xp.formula.logits import JS, KL

BETAS = (0.5, 0.1, 1e-4, 1e-10, 1e-17, 1e-30, 0.9999, 1 - 2**-53)
NOISES = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.3, 1, 3, 10)
SIZES = [(2, 60), (3, 60), (7, 40), (50, 20), (1000, 2), (32000, 1), (128256, 1)]
LOSSES = {"KL": None, "JS 1/2": 0.5, "JS 0.1": 0.1, "JS 1e-4": 1e-4, "JS 1 - 2**-53": 1 - 2**-53}
LOSS = pytest.mark.parametrize("name", LOSSES)


def rows_of(size, count, seed=0):
    """Students and teachers: flat and peaked, offset, at every distance."""
    rng = np.random.default_rng([size, seed])
    for spread, offset in ((1, 0), (4, 0.5), (8, 30), (12, 0), (12, 30)):
        if size > 32000 and spread not in {4, 12}:
            continue
        for noise in NOISES:
            teacher = (spread * rng.normal(size=(count, size))).astype("float32")
            student = teacher + noise * rng.normal(size=teacher.shape) + offset
            yield student.astype("float32"), teacher


def gradient_of(beta):
    """Function to the derivatives of a loss by both operands."""
    if beta is None:
        return kl_div_with_logits_gradient
    return lambda *operands, **options: js_div_with_logits_gradient(*operands, beta=beta, **options)


def errors(found, expected):
    """Errors of rows relative to their length, which is no subnormal number."""
    gap, length = (
        np.linalg.norm(one, axis=-1) for one in (found.astype("float64") - expected, expected)
    )
    is_number = length > 1e-31
    return np.where(is_number, gap / np.where(is_number, length, 1), 0)


@pytest.mark.few(1, 2)
@LOSS
@pytest.mark.parametrize(("size", "count"), SIZES)
@pytest.mark.cases(12)
def test_derivatives_of_float32_are_within_1e_6_at_every_noise(name, size, count):
    gradient = gradient_of(LOSSES[name])
    for operands in rows_of(size, count):
        exact = gradient(*(one.astype("float64") for one in operands), reduction="sum")
        for found, expected in zip(gradient(*operands, reduction="sum"), exact, strict=True):
            assert errors(found, expected).max() <= 1e-6


@pytest.mark.few(0, 15)
@LOSS
@pytest.mark.parametrize(("size", "count"), [(50, 20), (1000, 4), (32000, 1)])
def test_nearly_uniform_rows_whose_largest_class_alone_differs_keep_their_digits(name, size, count):
    gradient, rng = gradient_of(LOSSES[name]), np.random.default_rng(size)
    for flat in (0, 1e-3, 1):
        teacher = (flat * rng.normal(size=(count, size))).astype("float32")
        top = np.arange(count), teacher.argmax(-1)
        for difference in (0.01, 1, -5, 30):
            student = teacher.copy()
            student[top] += np.float32(difference)
            wide = [one.astype("float64") for one in (student, teacher)]
            exact = gradient(*wide, reduction="sum")
            found = gradient(student, teacher, reduction="sum")
            for one, expected in zip(found, exact, strict=True):
                assert errors(one, expected).max() <= 1e-6


@pytest.mark.few(8, 12)
@LOSS
@pytest.mark.parametrize("backend_name", ["numpy", "torch", "jax-jit"])
@pytest.mark.parametrize("temperature", [0.25, 2.0])
def test_temperature_that_is_a_power_of_two_leaves_derivatives_their_digits(
    name, backend_name, temperature
):
    backend, gradient = usable(backend_name), gradient_of(LOSSES[name])
    for size in (3, 50):
        rows = list(rows_of(size, 12, seed=2))
        pair = [np.concatenate(one) * np.float32(temperature) for one in zip(*rows, strict=True)]
        options = {"temperature": temperature, "reduction": "sum"}
        exact = gradient(*(one.astype("float64") for one in pair), **options)
        operands = [backend.array(one, "float32") for one in pair]
        found = backend.call(gradient, *operands, **options)
        for one, expected in zip(found, exact, strict=True):
            assert errors(backend.read(one), expected).max() <= 1e-6


@pytest.mark.parametrize("temperature", [0.7, 1.3, 3.0, 5.0])
@pytest.mark.parametrize("widest", [2, 7.9, 8.1, 30])
def test_quotients_of_a_narrow_row_may_be_rounded(temperature, widest, monkeypatch):
    """In NumPy: up to 8 temperatures apart, logits have exponentials of the rounded quotient."""
    monkeypatch.setenv("KLDIV_XP_FUSED", "0")
    rng = np.random.default_rng(0)
    pair = rng.uniform(0, widest * temperature, (2, 50, 300)).astype("float32")
    options = {"temperature": temperature, "reduction": "sum"}
    exact = kl_div_with_logits_gradient(*pair.astype("float64"), **options)[0]
    found = kl_div_with_logits_gradient(*pair, **options)[0]
    assert errors(found, exact).max() <= 5e-7
    alone = [kl_div_with_logits_gradient(x, t, **options)[0] for x, t in zip(*pair, strict=True)]
    np.testing.assert_array_equal(found, alone)


@pytest.mark.few(3, 9)
@pytest.mark.parametrize("beta", [None, 0.5, 0.3, 0.1, 1e-3, 0.9])
@pytest.mark.parametrize("backend_name", ["torch", "jax-jit"])
@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_derivatives_of_peaked_rows_of_few_classes_keep_their_digits(
    beta, backend_name, temperature
):
    backend, gradient = usable(backend_name), gradient_of(beta)
    options = {"temperature": temperature, "reduction": "sum"}
    for size in (2, 3):
        rows = list(rows_of(size, 400, seed=3))
        pair = [np.concatenate(one) for one in zip(*rows, strict=True)]
        exact = gradient(*(one.astype("float64") for one in pair), **options)
        operands = [backend.array(one, "float32") for one in pair]
        found = backend.call(gradient, *operands, **options)
        for one, expected in zip(found, exact, strict=True):
            assert errors(backend.read(one), expected).max() <= 1e-6


@LOSS
@pytest.mark.parametrize("backend_name", ["torch", "jax-jit"])
def test_derivatives_by_the_library_are_within_1e_6_at_every_noise(name, backend_name):
    backend, beta = usable(backend_name), LOSSES[name]
    gradient = gradient_of(beta)
    rows = list(rows_of(7, 40))
    students, teachers = (np.concatenate(one) for one in zip(*rows, strict=True))
    wide = [one.astype("float64") for one in (students, teachers)]
    exact = gradient(*wide, reduction="sum")
    operands = [backend.array(one, "float32") for one in (students, teachers)]
    loss, options = kl_div_with_logits, {"reduction": "sum"}
    if beta is not None:
        loss, options = js_div_with_logits, {**options, "beta": beta}
    if backend.library == "jax":
        jax = library("jax")
        derivatives = jax.jit(jax.grad(lambda *both: loss(*both, **options), (0, 1)))(*operands)
    else:
        leaves = [one.requires_grad_() for one in operands]
        derivatives = library("torch").autograd.grad(loss(*leaves, **options), leaves)
    for found, expected in zip(derivatives, exact, strict=True):
        assert errors(np.asarray(found), expected).max() <= 1e-6


@pytest.mark.few(1)
@pytest.mark.parametrize("divergence", [KL(1.0, "logits"), JS.of(1.0, 0.5)], ids=str)
@pytest.mark.parametrize("place", [0, 1])
def test_every_form_that_gives_derivatives_gives_them_within_1e_6(divergence, place):
    gradient = gradient_of(getattr(divergence, "beta", None))
    forms = [way for _, way in divergence.attempts(place)] + divergence.ways(place)
    for size in (2, 7, 50):
        for operands in rows_of(size, 20, seed=1):
            exact = gradient(*(one.astype("float64") for one in operands), reduction="sum")[place]
            for form in forms:
                with np.errstate(all="ignore"):
                    found = form(np, *operands)
                is_given = np.isfinite(found).all(-1)
                assert (errors(found, exact)[is_given] <= 1e-6).all()


@pytest.mark.parametrize("beta", [0.5, 0.97, 1e-4, 1e-7, 1e-8, 1e-9, 1e-12])
def test_likely_classes_that_the_student_nearly_lacks_leave_the_others_their_digits(beta):
    divergence, rng = JS.of(1.0, beta), np.random.default_rng(4)
    for apart in (8, 15, 19, 22, 30, 40):
        teacher = rng.normal(size=(20, 12))
        student = teacher + rng.normal(size=teacher.shape)
        teacher[:, 6:] -= apart
        student[:, :6] -= rng.uniform(1, 2, size=(20, 1)) * apart
        operands = [one.astype("float32") for one in (student, teacher)]
        wide = [one.astype("float64") for one in operands]
        exact = divergence.target_gradient(np, *wide)
        assert errors(divergence.target_gradient(np, *operands), exact).max() <= 1e-6, apart
        exact = divergence.input_gradient(np, *wide)
        assert errors(divergence.input_gradient(np, *operands), exact).max() <= 1e-6, apart


@pytest.mark.few(2, 3)
@LOSS
def test_largest_entries_of_derivatives_of_peaked_rows_are_within_1e_4(name):
    gradient, rng = gradient_of(LOSSES[name]), np.random.default_rng(9)
    for noise in (1e-6, 1e-3, 1, 20):
        teacher = (8 * rng.normal(size=(300, 40))).astype("float32")
        student = (teacher + noise * rng.normal(size=teacher.shape) + 0.5).astype("float32")
        wide = [one.astype("float64") for one in (student, teacher)]
        exact = gradient(*wide, reduction="sum")
        for found, expected in zip(gradient(student, teacher, reduction="sum"), exact, strict=True):
            largest = abs(expected).max(-1, keepdims=True)
            is_large = (abs(expected) > 0.01 * largest) & (largest > 1e-31)
            assert (abs(found / expected - 1)[is_large] <= 1e-4).all()
            # Smaller ones may be differences of two numbers as large as the largest.
            gap = abs(found - expected) / np.where(largest > 1e-31, largest, np.inf)
            assert gap.max() <= 1e-6


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


@pytest.mark.few(0, 1)
@pytest.mark.parametrize("name", ["torch", "jax"])
def test_gradients_are_right_at_every_distance_and_beta(name, dtype):
    bound = {"float32": 1e-6, "float64": 1e-13}[dtype]
    smallest = float(np.finfo(dtype).smallest_normal) / float(np.finfo(dtype).eps)
    for beta in (None, *BETAS) if name == "torch" else (None, 0.5, 1e-17):
        function = kl_div_with_logits if beta is None else js_div_with_logits
        derivatives = gradients(name, dtype, function, **({} if beta is None else {"beta": beta}))
        for number, (_, *exact) in enumerate(exact_rows(dtype, beta)):
            for found, expected in zip(derivatives, exact, strict=True):
                if max(map(abs, expected)) > smallest:
                    assert l2_error(found[number], expected) <= bound, (beta, number)


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_gradients_of_the_scaled_loss_are_right_at_any_temperature(name):
    for temperature in (0.5, 1e10, 1e38):
        derivatives = gradients(name, "float32", kl_div_with_logits, temperature=temperature)
        for number, pair in enumerate(zip(*pairs("float32"), strict=True)):
            exact = exact_kl(*pair, temperature, scaled=True)[1:]
            for found, expected in zip(derivatives, exact, strict=True):
                assert l2_error(found[number], expected) <= 2e-6, (temperature, number)


@pytest.mark.parametrize(
    "divergence",
    [JS.of(1.0, 0.5), JS.of(1.0, 0.3), JS(3.0, 0.5, 0.5, scaled=True), KL(1.0, "logits")],
    ids=str,
)
def test_plain_expression_has_the_closed_derivatives_beside_words_without_a_probability(divergence):
    usable("torch")
    torch = library("torch")
    student, teacher = torch.from_numpy(np.random.default_rng(21).normal(size=(2, 4, 6)))
    teacher[1, 0] = teacher[2, 1] = teacher[3, 3] = -np.inf
    if isinstance(divergence, JS):
        student[2, 1] = student[3, 4] = -np.inf
    leaves = [one.requires_grad_() for one in (student, teacher)]
    xp, upstream = namespace_of(student), torch.ones(4, 1, dtype=torch.float64)
    found = torch.autograd.grad(plain_rows(divergence, xp, *leaves).sum(), leaves)
    for place, derivative in enumerate(found):
        closed = derivatives_of(divergence, Guard.FULL, place == 1, xp, *leaves, upstream)
        torch.testing.assert_close(derivative, closed.detach(), atol=1e-14, rtol=1e-12)
