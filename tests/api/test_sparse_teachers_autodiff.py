"""Sparse teachers: gradients in torch and JAX, and modes of torch."""

import math

import numpy as np
import pytest
from api.logits import TOKENS, finite_differences, mask_on
from api.sparse_teachers import INDICES, KINDS, LOG_P, STUDENT, TAILS, TEACHER, places
from array_libraries import library
from conftest import usable
from numpy.testing import assert_allclose, assert_array_equal

from kldiv_xp import sparse_kl_div_with_logits


def derivatives_of(backend, loss, *operands):
    """Gradients with respect to the first and the last operand, by the library itself."""
    if backend.library == "torch":
        torch = library("torch")
        leaves = [one.detach().requires_grad_(one.is_floating_point()) for one in operands]
        value = backend.call(loss, *leaves)
        return torch.autograd.grad(value, [leaves[0], leaves[2]])
    jax = library("jax")
    return jax.grad(lambda *a: backend.call(loss, *a), argnums=(0, 2))(*operands)


@pytest.mark.parametrize("kind", [*KINDS, "logits"])
def test_gradient_is_the_derivative_of_the_loss(autodiff_backend, kind):
    backend = autodiff_backend
    student = np.where(np.isfinite(STUDENT) & (STUDENT < 50), STUDENT, 1.0)
    student[0, 0] = TEACHER[0, 1]
    log_p = np.where(np.isfinite(LOG_P), LOG_P, -3.0)
    target = {"log_probabilities": log_p, "probabilities": np.exp(log_p), "logits": log_p + 1}[kind]
    tails = {"renormalize": 1} if kind == "logits" else {"bucket": 1, "zero": 2, "renormalize": 4}

    def loss(x, i, t):
        options = {"target_is": kind, "temperature": 2.0, "reduction": "sum"}
        return sum(
            weight * sparse_kl_div_with_logits(x, i, t, tail=tail, **options)
            for tail, weight in tails.items()
        )

    found = derivatives_of(
        backend, loss, backend.array(student), places(backend), backend.array(target)
    )
    for place, derivative in zip((0, 2), found, strict=True):
        expected = finite_differences(loss, (student, INDICES, target), place, step=1e-6)
        assert_allclose(backend.read(derivative), expected, rtol=1e-5, atol=1e-7)


def test_gradient_is_zero_where_nothing_is_selected_and_finite_in_masked_vocabularies(
    autodiff_backend,
):
    backend = autodiff_backend
    mask = mask_on(backend, TOKENS)
    student = np.where(TOKENS, STUDENT, math.nan)
    student[1, 0, np.setdiff1d(np.arange(7), INDICES[1, 0])] = -math.inf
    log_p = np.where(TOKENS, LOG_P, math.nan)
    log_p[1, 0] = np.log([0.5, 0.25, 0.25])
    by_input, by_target = derivatives_of(
        backend,
        lambda x, i, t: sparse_kl_div_with_logits(x, i, t, where=mask),
        *(backend.array(student), places(backend), backend.array(log_p)),
    )
    for derivative in (backend.read(by_input), backend.read(by_target)):
        assert np.isfinite(derivative).all()
        assert_array_equal(derivative[~TOKENS[..., 0]], 0)
    rows = backend.read(by_input)[TOKENS[..., 0]]
    assert_allclose(rows.sum(-1), 0, atol=1e-12)
    assert (np.abs(rows) > 0).any(-1).all()


def test_torch_differentiates_twice_and_gives_each_operand_its_type():
    usable("torch")
    torch = library("torch")
    student, log_p = torch.tensor(STUDENT[1, 1:]), torch.tensor(LOG_P[1, 1:])
    log_p[0, 0] = -2.0
    log_p -= 0.1
    operands = student.requires_grad_(), log_p.requires_grad_()
    indices = torch.tensor(INDICES[1, 1:])
    for tail in TAILS:
        assert torch.autograd.gradgradcheck(
            lambda x, t, tail=tail: sparse_kl_div_with_logits(x, indices, t, tail=tail), operands
        )
    narrow = [one.detach().bfloat16().requires_grad_() for one in operands]
    with torch.autocast("cpu", torch.bfloat16):
        loss = sparse_kl_div_with_logits(narrow[0], indices.int(), narrow[1])
    assert loss.dtype == torch.float32
    loss.backward()
    assert [one.grad.dtype for one in narrow] == [torch.bfloat16] * 2


def test_modes_of_torch_see_one_call():
    usable("torch")
    torch = library("torch")
    seen = []

    class Seen(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            seen.append((function, args, kwargs))
            return function(*args, **(kwargs or {}))

    operands = [torch.tensor(one) for one in (STUDENT, INDICES, LOG_P)]
    with Seen():
        value = sparse_kl_div_with_logits(*operands, tail="zero")
    ((function, args, kwargs),) = seen
    assert function is sparse_kl_div_with_logits
    assert all(map(lambda a, b: a is b, [*args, kwargs.pop("target")], operands))
    assert kwargs == {"tail": "zero"}
    assert value == sparse_kl_div_with_logits(*operands, tail="zero")
