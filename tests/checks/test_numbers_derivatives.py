"""Losses have derivatives by a temperature and a beta that are arrays."""

import math
from functools import partial

import numpy as np
import pytest
from array_libraries import library
from checks.students import BETAS, INF, LOSSES, STUDENT, TEACHER, operands, reversed_at_one
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import js_div_with_logits, kl_div_with_logits

pytestmark = pytest.mark.filterwarnings("ignore::kldiv_xp.KLDivWarning")


def derivatives_of(backend, function, *arrays):
    """Derivatives of a function by every array, by the library's own differentiation."""
    if backend.library == "torch":
        leaves = [array.clone().requires_grad_() for array in arrays]
        backend.call(function, *leaves).backward()
        return [backend.read(leaf.grad) for leaf in leaves]
    jax = library("jax")
    gradient = jax.grad(lambda *given: backend.call(function, *given), tuple(range(len(arrays))))
    return [np.asarray(derivative) for derivative in gradient(*arrays)]


def difference(function, at, step=1e-6):
    """Derivative of a function of a number."""
    return (function(at + step) - function(at - step)) / (2 * step)


@pytest.mark.long
@LOSSES
@pytest.mark.parametrize("scaled", [False, True], ids=["bare", "scaled"])
def test_loss_has_derivatives_by_its_temperature_and_by_its_logits(autodiff_backend, loss, scaled):
    backend, options = autodiff_backend, {"scale_by_temperature_squared": scaled}

    def of_array(x, t, temperature):
        return loss(x, t, temperature=temperature, **options)

    def of_number(x, t):
        return loss(x, t, temperature=1.7, **options)

    pair = operands(backend)
    *by_logits, by_temperature = derivatives_of(backend, of_array, *pair, backend.array(1.7))
    for derivative, exact in zip(by_logits, derivatives_of(backend, of_number, *pair), strict=True):
        assert_allclose(derivative, exact, rtol=1e-12, atol=1e-15)
    on_host = np.asarray(STUDENT), np.asarray(TEACHER)
    exact = difference(lambda number: loss(*on_host, temperature=number, **options), 1.7)
    assert_allclose(by_temperature, exact, rtol=1e-7)


def test_logit_that_only_the_teacher_has_keeps_its_derivative(autodiff_backend):
    backend = autodiff_backend
    arrays = backend.array([[-INF, 1.0, 0.0]]), backend.array([[1.0, 0.5, 2.0]])

    def of_array(x, t, temperature):
        return kl_div_with_logits(x, t, temperature=temperature, reduction="sum")

    def of_number(x, t):
        return kl_div_with_logits(x, t, temperature=2.0, reduction="sum")

    found = derivatives_of(backend, of_array, *arrays, backend.array(2.0))[0]
    assert_allclose(found, derivatives_of(backend, of_number, *arrays)[0], rtol=1e-13)


@BETAS
def test_loss_has_derivatives_by_its_logits_where_beta_is_an_array(autodiff_backend, beta):
    backend = autodiff_backend
    pair = reversed_at_one(beta, operands(backend))

    def of_array(x, t, weight):
        return js_div_with_logits(x, t, beta=weight)

    def of_number(x, t):
        return js_div_with_logits(x, t, beta=beta)

    *by_logits, by_beta = derivatives_of(backend, of_array, *pair, backend.array(beta))
    for derivative, exact in zip(by_logits, derivatives_of(backend, of_number, *pair), strict=True):
        assert_allclose(derivative, exact, rtol=1e-11, atol=1e-14)
    if 0 < beta < 1:
        on_host = np.asarray(STUDENT), np.asarray(TEACHER)
        exact = difference(lambda number: js_div_with_logits(*on_host, beta=number), beta)
        assert_allclose(by_beta, exact, rtol=1e-7)


@pytest.mark.long
def test_sample_that_is_not_selected_does_not_reach_the_temperature(autodiff_backend):
    backend = autodiff_backend
    student = np.asarray(STUDENT)
    student[1] = math.nan
    mask = backend.array([[1.0], [0.0], [1.0]]) != 0
    teacher = backend.array(TEACHER)

    def loss(x, temperature):
        return kl_div_with_logits(x, teacher, where=mask, temperature=temperature, reduction="sum")

    by_input, by_temperature = derivatives_of(
        backend, loss, backend.array(student), backend.array(2.0)
    )
    assert np.isfinite(by_temperature)
    assert_array_equal(by_input[1], np.zeros(4))


@pytest.mark.long
def test_parameter_of_a_compiled_module_learns():
    usable("torch")
    torch = library("torch")

    class Distillation(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.temperature = torch.nn.Parameter(torch.tensor(1.7))

        def forward(self, x, t):
            return kl_div_with_logits(x, t, temperature=self.temperature)

    pair = operands(usable("torch"), "float32")
    torch.compiler.reset()
    derivatives = []
    for wrap in (
        lambda module: module,
        partial(torch.compile, fullgraph=True, backend="aot_eager"),
    ):
        module = Distillation()
        wrap(module)(*pair).backward()
        derivatives.append(module.temperature.grad.item())
    assert derivatives[1] == pytest.approx(derivatives[0], rel=1e-5)
    assert derivatives[0] != 0


@pytest.mark.long
@pytest.mark.parametrize("debugger", ["checkify", "debug_nans"])
def test_temperature_and_beta_that_are_arrays_make_no_nan_on_their_way(debugger):
    usable("jax")
    jax, checkify = library("jax"), library("jax.experimental.checkify")
    pair = operands(usable("jax"))
    numbers = jax.numpy.asarray(1.7), jax.numpy.asarray(0.3)

    def loss(x, t, temperature, beta):
        options = {"temperature": temperature}
        return kl_div_with_logits(x, t, **options) + js_div_with_logits(x, t, beta=beta, **options)

    derivatives = jax.grad(loss, (0, 1, 2, 3))
    if debugger == "debug_nans":
        with jax.debug_nans():
            derivatives(*pair, *numbers)
    else:
        error, _ = checkify.checkify(jax.jit(derivatives), checkify.float_checks)(*pair, *numbers)
        error.throw()
