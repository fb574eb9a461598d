"""Divergences from logits, differentiated by torch and JAX."""

import math

import numpy as np
import pytest
from api.logits import (
    DIVERGENCES,
    EVERY,
    STUDENT,
    TEACHER,
    TOKENS,
    finite_differences,
    log_softmax,
    mask_on,
)
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import js_div_with_logits, kl_div_gradient, kl_div_with_logits


def gradients(backend, loss, *operands):
    """Gradients with respect to every operand, by automatic differentiation."""
    if backend.library == "torch":
        tensors = [operand.requires_grad_() for operand in operands]
        backend.call(loss, *tensors).backward()
        return [backend.read(tensor.grad) for tensor in tensors]
    places = tuple(range(len(operands)))
    return library("jax").grad(lambda *a: backend.call(loss, *a), argnums=places)(*operands)


@pytest.mark.few(2, 3)
@EVERY
def test_gradient_is_the_derivative_of_the_loss(autodiff_backend, name):
    function, options = DIVERGENCES[name]
    options = {"temperature": 2.0, **options}
    by_library = gradients(
        autodiff_backend,
        lambda x, t: function(x, t, **options),
        autodiff_backend.array(STUDENT),
        autodiff_backend.array(TEACHER),
    )
    for place, derivative in enumerate(by_library):
        expected = finite_differences(
            lambda x, t: function(x, t, **options), (STUDENT, TEACHER), place, step=1e-5
        )
        assert_allclose(derivative, expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("kind", ["probabilities", "log_probabilities"])
def test_gradient_by_a_distribution_is_that_of_kl_div(autodiff_backend, kind):
    log_p = log_softmax(TEACHER)
    target = np.exp(log_p) if kind == "probabilities" else log_p
    by_library = gradients(
        autodiff_backend,
        lambda x, t: kl_div_with_logits(x, t, target_is=kind),
        autodiff_backend.array(STUDENT),
        autodiff_backend.array(target),
    )
    log_target = kind == "log_probabilities"
    options = {"reduction": "batchmean", "log_target": log_target}
    d_log_q, d_target = kl_div_gradient(log_softmax(STUDENT), target, **options)
    q = np.exp(log_softmax(STUDENT))
    assert_allclose(by_library[0], d_log_q - q * d_log_q.sum(-1, keepdims=True), atol=1e-13)
    assert_allclose(by_library[1], d_target, rtol=1e-11, atol=1e-13)


@EVERY
def test_gradient_is_zero_where_nothing_is_selected_and_finite_in_masked_vocabularies(
    autodiff_backend, name
):
    backend = autodiff_backend
    function, options = DIVERGENCES[name]
    student, teacher = STUDENT.copy(), TEACHER.copy()
    student[..., 1] = teacher[..., 1] = -math.inf
    spoiled = [np.where(TOKENS, logits, math.nan) for logits in (student, teacher)]
    mask = mask_on(backend, TOKENS)
    derivatives = gradients(
        backend, lambda x, t: function(x, t, where=mask, **options), *map(backend.array, spoiled)
    )
    kept = gradients(
        backend,
        lambda x, t: function(x, t, reduction="sum", **options) / 2,
        *[backend.array(logits[TOKENS[..., 0]][:, [0, 2, 3, 4]]) for logits in (student, teacher)],
    )
    for derivative, expected in zip(derivatives, kept, strict=True):
        assert_array_equal(np.asarray(derivative)[~TOKENS[..., 0]], 0)
        selected = np.asarray(derivative)[TOKENS[..., 0]]
        assert_array_equal(selected[:, 1], 0)
        assert_allclose(selected[:, [0, 2, 3, 4]], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.few(1, 4)
@EVERY
def test_torch_gradgradcheck_passes(name):
    usable("torch")
    torch = library("torch")
    function, options = DIVERGENCES[name]
    operands = [torch.tensor(a[:1, :2], requires_grad=True) for a in (STUDENT, TEACHER)]
    assert torch.autograd.gradgradcheck(lambda x, t: function(x, t, **options), operands)


# d/dt of the first component for x = [1, 2, 3] and t = [3, 2, 1], by mpmath with 50 digits.
TINY_BETAS = {
    1e-3: 5.637048056138342e-4,
    1e-6: 5.651734275633138e-7,
    1e-10: 5.651749020114246e-11,
    1e-16: 5.651749021588844e-17,
    1e-17: 5.651749021588846e-18,
    1e-300: 5.651749021588846e-301,
}


@pytest.mark.long
@pytest.mark.cases(3)
@pytest.mark.parametrize(("beta", "expected"), TINY_BETAS.items())
def test_derivative_with_respect_to_the_target_is_right_at_tiny_beta(beta, expected):
    jax, torch = pytest.importorskip("jax"), pytest.importorskip("torch")
    x, t = np.asarray([[1.0, 2.0, 3.0]]), np.asarray([[3.0, 2.0, 1.0]])
    leaf = torch.tensor(t, requires_grad=True)
    for backend in ("eager", "compiled"):
        function = js_div_with_logits
        if backend == "compiled":
            function = torch.compile(js_div_with_logits, fullgraph=True, backend="aot_eager")
        (found,) = torch.autograd.grad(function(torch.tensor(x), leaf, beta=beta), leaf)
        assert_allclose(found[0, 0], expected, rtol=1e-13)
    with jax.enable_x64(True):  # noqa: FBT003
        arrays = jax.numpy.asarray(x), jax.numpy.asarray(t)
        found = jax.grad(lambda t: js_div_with_logits(arrays[0], t, beta=beta))(arrays[1])
        assert_allclose(found[0, 0], expected, rtol=1e-13)


@pytest.mark.parametrize("gamma", [2**-10, 2**-20, 2**-33, 2**-53])
def test_derivative_with_respect_to_the_input_near_beta_of_1_mirrors_that_near_0(gamma):
    torch = pytest.importorskip("torch")
    x = torch.tensor([[3.0, 2.0, 1.0]], dtype=torch.float64, requires_grad=True)
    t = torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64, requires_grad=True)
    (near_one,) = torch.autograd.grad(js_div_with_logits(x, t.detach(), beta=1 - gamma), x)
    (near_zero,) = torch.autograd.grad(js_div_with_logits(t.detach(), x, beta=gamma), x)
    assert_allclose(near_one, near_zero, rtol=1e-13)
